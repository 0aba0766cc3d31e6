//! Findings in manifests: plaintext, damage, and whatever the configuration says otherwise.
//!
//! # Guarantees
//!
//! - No finding holds a value, a part of one, or its length.
//! - Every finding of a file is reported, not the first one only.
//!
//! # Caveats
//!
//! - The recipients of an envelope are hints that whoever wrote it could choose: a data key that
//!   was closed for somebody else under the fingerprint of the right one shows only when it is opened.
//! - An envelope that passes may still not open: only a holder of a key can tell.

mod envelope;
mod finding;
mod sealed_secret;
mod secret;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use finding::{Finding, FindingKind, Severity};

use super::config::Config;
use super::error::{ConfigError, PolicyError};
use crate::api::{
    API_VERSION, GROUP, PLAIN_ANNOTATION, SEALED_SECRET, SEALED_SECRETS_API_VERSION,
    SECRET_ENVELOPE,
};
use crate::manifest::{Kind, ManifestError, Node, Object, Place, Stream, Style};
use crate::template::Budget;

/// A file to look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What findings and hints call it.
    pub shown: &'a str,
    /// Its path for the rules; nothing where no configuration is in force.
    pub rule_path: Option<&'a str>,
    /// Its content.
    pub stream: &'a Stream,
}

/// All findings of one file, in the order of the file.
pub fn check(subject: Subject<'_>, config: Option<&Config>) -> Vec<Finding> {
    let rule = config
        .zip(subject.rule_path)
        .map(|(config, path)| config.rule_for(path));
    let mut findings = Findings {
        shown: subject.shown,
        all: Vec::new(),
        budget: Budget::default(),
    };
    for object in subject.stream.objects() {
        if object.is("v1", "Secret") {
            secret::check(&object, rule.as_ref(), &mut findings);
        } else if object.is(API_VERSION, SECRET_ENVELOPE) {
            envelope::check(&object, config, rule.as_ref(), &mut findings);
        } else if object.is(SEALED_SECRETS_API_VERSION, SEALED_SECRET) {
            sealed_secret::check(&object, rule.as_ref(), &mut findings);
        } else if object.kind() == Some(SECRET_ENVELOPE) && of_our_group(&object) {
            findings.add(
                FindingKind::DamagedEnvelope,
                object.node.place(),
                "the envelope is of an API version that this program does not know",
                "a newer bulla made it: upgrade this program",
            );
        }
    }
    findings.all.sort_by_key(|finding| finding.place);
    findings.all
}

impl Finding {
    /// A manifest that can't be read. `shown` is what it is called.
    pub fn unreadable(shown: &str, error: &ManifestError) -> Self {
        let text = error.to_string();
        // The message begins with its place, which stands in the finding already.
        let message = text
            .split_once(": ")
            .map_or(text.as_str(), |(_, rest)| rest);
        Self {
            kind: FindingKind::UnreadableManifest,
            path: shown.to_owned(),
            place: Some(error.at()),
            key: None,
            message: format!("the manifest can't be read: {message}"),
            hint: error
                .hint()
                .unwrap_or("mend it, or take it out of the repository")
                .to_owned(),
        }
    }

    /// A configuration that is not obeyed.
    pub fn invalid_config(shown: &str, error: &ConfigError) -> Self {
        let place = error.at().map(|at| Place {
            document: 1,
            line: at.line,
            column: at.column,
        });
        let text = error.to_string();
        let mut message = match error.at() {
            Some(at) => text
                .trim_start_matches(&at.to_string())
                .trim_start_matches(": ")
                .to_owned(),
            None => text,
        };
        if let Some(source) = std::error::Error::source(error) {
            let colon = if message.is_empty() { "" } else { ": " };
            message = format!("{message}{colon}{source}");
        }
        let (kind, hint) = (FindingKind::InvalidConfig, error.hint().to_owned());
        Self {
            kind,
            path: shown.to_owned(),
            place,
            key: None,
            message,
            hint,
        }
    }

    /// A configuration below `outermost`.
    pub fn nested_config(shown: &str, outermost: &str) -> Self {
        Self {
            kind: FindingKind::NestedConfig,
            path: shown.to_owned(),
            place: None,
            key: None,
            message: format!(
                "refusing a second configuration: `{outermost}` is the one that counts"
            ),
            hint: format!("move its rules to `{outermost}` and delete it"),
        }
    }

    /// How grave it is.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }
}

/// The findings of one file so far.
struct Findings<'a> {
    shown: &'a str,
    all: Vec<Finding>,
    /// What looking at the templates of the file may take.
    budget: Budget,
}

impl Findings<'_> {
    fn add(
        &mut self,
        kind: FindingKind,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(kind, place, None, message.into(), hint.into());
    }

    fn add_key(
        &mut self,
        kind: FindingKind,
        place: Place,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(
            kind,
            place,
            Some(shown_key(key)),
            message.into(),
            hint.into(),
        );
    }

    fn push(
        &mut self,
        kind: FindingKind,
        place: Place,
        key: Option<String>,
        message: String,
        hint: String,
    ) {
        let path = self.shown.to_owned();
        self.all.push(Finding {
            kind,
            path,
            place: Some(place),
            key,
            message,
            hint,
        });
    }

    fn has(&self, kind: FindingKind) -> bool {
        self.all.iter().any(|finding| finding.kind == kind)
    }
}

/// The rule that a file falls under; nothing without a configuration.
type FoundRule<'r> = Option<&'r Result<&'r super::rule::Rule, PolicyError>>;

/// The entries of a mapping with those that merge keys bring in, as kubectl reads them: plaintext
/// does not hide there. One that is written out comes before one that is merged.
fn entries(node: Node<'_>) -> Vec<(Node<'_>, Node<'_>)> {
    let (mut all, mut seen, mut pending) = (Vec::new(), BTreeSet::new(), vec![node.resolved()]);
    while let Some(node) = pending.pop() {
        // A source that several merge keys name is there once.
        if !seen.insert(node.span().start) {
            continue;
        }
        for (key, value) in node.entries() {
            match key.kind() {
                Kind::Scalar(Style::Plain) if key.text() == Some("<<") => {
                    pending.push(value.resolved());
                    pending.extend(value.items().map(Node::resolved));
                }
                _ => all.push((key, value)),
            }
        }
    }
    all
}

/// The value of a field, also where a merge key brings it in.
fn field<'s>(node: Node<'s>, name: &str) -> Option<Node<'s>> {
    let mut all = entries(node).into_iter();
    all.find(|(key, _)| key.text() == Some(name))
        .map(|(_, value)| value)
}

/// Keys that the resource's annotation declares to be plain on purpose.
fn declared_plain(object: &Object<'_>) -> Vec<String> {
    let annotation = object
        .metadata("annotations")
        .and_then(|all| all.get(PLAIN_ANNOTATION));
    let text = annotation.and_then(|node| node.text()).unwrap_or_default();
    text.split(',')
        .map(|key| key.trim().to_owned())
        .filter(|key| !key.is_empty())
        .collect()
}

fn of_our_group(object: &Object<'_>) -> bool {
    object
        .api_version()
        .is_some_and(|version| version.split('/').next() == Some(GROUP))
}

/// `db` or `shop/db`, in backquotes.
fn called(object: &Object<'_>) -> String {
    let part = |text: Option<&str>| text.map(shown_key);
    match (part(object.namespace()), part(object.name())) {
        (Some(namespace), Some(name)) => format!("`{namespace}/{name}`"),
        (None, Some(name)) => format!("`{name}`"),
        _ => "without a name".to_owned(),
    }
}

/// A name out of a file, escaped and cut short: it may be hostile.
fn shown_key(key: &str) -> String {
    let mut shown: String = key.chars().take(64).flat_map(char::escape_debug).collect();
    if key.chars().count() > 64 {
        shown.push('…');
    }
    shown
}

/// A path as a word of a command line that can be copied.
fn quoted(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+@%=:,".contains(&b);
    if !path.is_empty() && path.bytes().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
