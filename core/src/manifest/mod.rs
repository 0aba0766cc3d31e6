//! Manifests read and edited by spans, for every command that touches a YAML or JSON file.
//!
//! [`Stream::parse`] reads a file of documents and keeps where each node stands; [`Stream::objects`]
//! gives the Kubernetes objects in it, those inside of `kind: List` too. [`read_secret`] reads a
//! Secret exactly as the API server would, or refuses. [`Rewriter`] turns objects into other objects
//! with the smallest edits, and reads the result again before it hands it out; it is the one way in
//! this code base to change a manifest. [`splice`] is for readers that know the spans themselves.
//!
//! # Guarantees
//!
//! - Bytes outside of an edit stay as they were; other objects read the same afterwards, or nothing is returned.
//! - No error, and no `Debug`, shows a scalar's content. Keys are shown, in paths.
//! - Work is linear in the input; size, depth and number of nodes are bounded, aliases are not expanded beyond a budget.
//!
//! It opens no file, and knows no kind of object but Secret.

mod builder;
mod emit;
mod error;
mod json;
pub(crate) mod lex;
mod node;
mod object;
mod path;
mod plain;
mod resolve;
mod rewrite;
mod secret;
mod splice;
mod stream;
mod timestamp;
mod tree;
mod value;
mod yaml;

pub(crate) use emit::{double_quoted, fits_literal, string_in_style};
pub use emit::{emit, emit_json};
pub use error::{ManifestError, Place};
pub use node::{Kind, Node, Style};
pub use object::Object;
pub use path::{Path, Step};
pub(crate) use resolve::{Resolved, resolve};
pub(crate) use rewrite::Passed;
pub use rewrite::{Move, Rewriter};
pub use secret::{Field, SecretSource, SecretValue, decode_data, read_secret};
pub use splice::{Edit, splice};
pub use stream::{Document, Format, Stream};
pub(crate) use timestamp::Timestamp;
