//! Output templates: `spec.template.data`, rendered over opened values.
//!
//! The language is Go's `text/template` with the functions of sprig, to the byte.
//! The engine is ours, because three things have to hold that no other one offers together: an error
//! names its place and never a value, every rendering is bounded, and a string is bytes, so that a
//! value which is not UTF-8 passes through unchanged.
//!
//! # Guarantees
//!
//! - Output, and success or failure, are those of Go 1.26 with sprig 3.3.0, but for the differences below.
//! - No error, nor its `Debug`, holds a value, a part of the output or a literal of the source.
//! - The same template over the same values gives the same output, unless [`Rendered::varies`] says otherwise.
//! - What a rendering copies of the values is wiped: texts with their last holder, buffers when they grow.
//!
//! # Differences from Go
//!
//! - With [`MissingKeys::Refuse`] a missing key is an error, and `<no value>` is never printed.
//! - With [`Functions::Deterministic`] functions are refused at parsing when their result changes from run
//!   to run; with [`Functions::All`] time and chance come from [`Surroundings`].
//! - `keys` and `values` are sorted; an address is never printed.
//! - Bounds: 64 KiB of source, 100 levels of nesting in it and 200 while rendering, 100 levels of a value
//!   that is printed, compared or converted, 4 MiB for a text on the way, 1 MiB of output. A regular
//!   expression has 64 KiB, 100 levels, 256 groups, and 1 MiB when compiled.
//! - All templates of a resource together have 1,000,000 steps (an evaluation, an element, 64 bytes of text;
//!   what takes long takes many), and the room that the values leave in the Secret: see [`Rendering`].

mod error;
mod eval;
mod exec;
mod format;
mod functions;
mod heap;
mod keys;
mod lex;
mod literal;
mod node;
mod object;
mod parse;
mod pipeline;
mod rendering;
mod strconv;
mod surroundings;
mod text;
mod time;
mod unicode;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use crate::names::KeyName;
use crate::plaintext::Plaintext;

pub use error::{TemplateError, TemplateFault, Word};
pub(crate) use functions::regex::Expression;
pub use rendering::{Budget, Rendering};
pub use surroundings::Surroundings;

/// A template that parsed, for one key of a Secret.
pub struct Template {
    key: KeyName,
    source: String,
    bodies: node::Bodies,
}

/// How much of Go's conduct towards missing keys a rendering keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKeys {
    /// A missing key is an error, and so is an expression without a value: for envelopes.
    #[default]
    Refuse,
    /// A missing key is printed as `<no value>`, and `index` makes it empty: as Sealed Secrets does.
    AsGo,
}

/// Which functions templates may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Functions {
    /// Those that give the same result each time: for envelopes.
    #[default]
    Deterministic,
    /// Those too that look at the clock or at chance: as Sealed Secrets has it.
    All,
}

/// What a template was rendered to.
pub struct Rendered {
    /// The output.
    pub output: Plaintext,
    /// Whether the clock or chance had a part in it, so that it would be another one the next time.
    pub varies: bool,
}

/// Parses and checks the template of `key` without any value: syntax, functions, size.
///
/// # Errors
///
/// Any [`TemplateFault`] that shows in the source alone, above all `Syntax`, `UnknownFunction`,
/// `RefusedFunction` and `SourceTooLarge`.
pub fn parse(key: &KeyName, source: &str) -> Result<Template, TemplateError> {
    parse_with(key, source, Functions::Deterministic)
}

/// Parses with a choice of functions.
///
/// # Errors
///
/// As [`parse`]; with [`Functions::All`] `RefusedFunction` is left for what reads the environment or the
/// network.
pub fn parse_with(
    key: &KeyName,
    source: &str,
    functions: Functions,
) -> Result<Template, TemplateError> {
    let wrong = |(at, fault)| TemplateError::new(key, source.as_bytes(), at, fault);
    if source.len() > SOURCE_BYTES {
        return Err(wrong((0, TemplateFault::SourceTooLarge)));
    }
    let bodies = parse::parse(key.as_str(), source, functions).map_err(wrong)?;
    Ok(Template {
        key: key.clone(),
        source: source.to_owned(),
        bodies,
    })
}

impl Template {
    /// Renders over `values`, which are all that it sees. Where a resource has several templates, they share
    /// a [`Rendering`] instead.
    ///
    /// # Errors
    ///
    /// A [`TemplateFault`] with its place in the source. It never holds a value, nor the output.
    pub fn render(
        &self,
        values: &BTreeMap<KeyName, Plaintext>,
    ) -> Result<Plaintext, TemplateError> {
        let rendered = self.render_with(values, MissingKeys::Refuse, None)?;
        Ok(rendered.output)
    }

    /// Renders with a choice about missing keys, and with what comes from outside.
    ///
    /// # Errors
    ///
    /// As [`Template::render`]. Without surroundings, what asks for them fails with `NoSurroundings`.
    pub fn render_with(
        &self,
        values: &BTreeMap<KeyName, Plaintext>,
        missing: MissingKeys,
        surroundings: Option<&mut Surroundings>,
    ) -> Result<Rendered, TemplateError> {
        Rendering::new(values, missing).render(self, usize::MAX, surroundings)
    }

    /// The keys that the template names in so many words: `.x`, `$.x`, `index . "x"`.
    ///
    /// A key that is computed, or named where the dot is something else, is not among them.
    pub fn keys(&self) -> BTreeSet<String> {
        keys::keys(&self.bodies, self.key.as_str())
    }
}

/// The longest source of a template.
const SOURCE_BYTES: usize = 64 << 10;
