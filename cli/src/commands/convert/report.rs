//! What was converted, and what was kept and why.

use std::path::{Path, PathBuf};

use bulla_core::manifest::Object;
use bulla_core::scope::Scope;
use serde_json::{Value, json};

use super::File;
use crate::cli::{ConvertArgs, ReportFormat, SealedFormat};
use crate::failure::Failure;
use crate::report::{count, json};
use crate::session::Session;
use crate::shown::Shown;

/// A resource in its new form.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) path: PathBuf,
    pub(super) line: usize,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) values: usize,
    pub(super) scope: Scope,
    /// Names, joined by commas.
    pub(super) closed_for: String,
    pub(super) notes: Vec<String>,
}

/// A resource, or a whole file, that stays as it is.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    line: Option<usize>,
    /// Kind, namespace and name.
    what: Option<(String, Option<String>, String)>,
    message: String,
    hint: Option<String>,
}

impl Done {
    /// The same, where another one in the file can't be converted.
    pub(super) fn kept_with_the_file(self) -> Kept {
        Kept {
            path: self.path,
            line: Some(self.line),
            what: Some((self.from.to_owned(), Some(self.namespace), self.name)),
            message: "another one in the file is kept, and a file is converted as a whole"
                .to_owned(),
            hint: None,
        }
    }

    fn json(&self) -> Value {
        json!({
            "path": self.path.to_string_lossy(),
            "line": self.line,
            "namespace": self.namespace,
            "name": self.name,
            "from": self.from,
            "to": self.to,
            "values": self.values,
            "scope": self.scope.as_str(),
            "closedFor": self.closed_for.split(", ").collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

impl Kept {
    pub(super) fn of_file(path: &Path, failure: &Failure) -> Self {
        let (message, hint) = failure.in_one_line();
        Self {
            path: path.to_owned(),
            line: None,
            what: None,
            message,
            hint,
        }
    }

    pub(super) fn of_object(path: &Path, object: &Object<'_>, failure: &Failure) -> Self {
        let escaped = |text: &str| text.escape_debug().to_string();
        let kind = object.kind().unwrap_or_default();
        let name = object.name().unwrap_or_default();
        Self {
            line: Some(super::line_of(object)),
            what: Some((
                kind.to_owned(),
                object.namespace().map(escaped),
                escaped(name),
            )),
            ..Self::of_file(path, failure)
        }
    }

    fn text(&self) -> String {
        let line = match self.line {
            Some(line) => format!(", line {line}"),
            None => String::new(),
        };
        let what = match &self.what {
            Some((kind, Some(namespace), name)) => format!(" {kind} `{namespace}/{name}`:"),
            Some((kind, None, name)) => format!(" {kind} `{name}`:"),
            None => String::new(),
        };
        format!("kept {}{line}:{what} {}", Shown(&self.path), self.message)
    }

    fn json(&self) -> Value {
        let what = self.what.as_ref();
        json!({
            "path": self.path.to_string_lossy(),
            "line": self.line,
            "kind": what.map(|(kind, ..)| kind),
            "namespace": what.and_then(|(_, namespace, _)| namespace.as_ref()),
            "name": what.map(|(.., name)| name),
            "message": self.message,
            "hint": self.hint,
        })
    }
}

/// Tells it: in sentences to people, as JSON to programs.
pub(super) fn tell(
    files: &[File<'_>],
    args: &ConvertArgs,
    session: &Session,
) -> Result<(), Failure> {
    let printer = &session.printer;
    let done: Vec<_> = files.iter().flat_map(|file| &file.done).collect();
    let kept: Vec<_> = files.iter().flat_map(|file| &file.kept).collect();
    if args.output == ReportFormat::Json {
        let report = json!({
            "converted": done.iter().map(|done| done.json()).collect::<Vec<_>>(),
            "kept": kept.iter().map(|kept| kept.json()).collect::<Vec<_>>(),
        });
        return printer.data(json(&report).as_bytes());
    }
    let verb = if args.dry_run {
        "would convert"
    } else {
        "converted"
    };
    for done in &done {
        printer.say(format_args!(
            "{verb} {} `{}/{}` in {}, {}, for {}",
            done.from,
            done.namespace,
            done.name,
            Shown(&done.path),
            count(done.values, "value"),
            done.closed_for
        ));
        for note in &done.notes {
            printer.warn(format_args!("`{}/{}`: {note}", done.namespace, done.name));
        }
    }
    let mut hints: Vec<&str> = Vec::new();
    for kept in &kept {
        printer.warn(kept.text());
        if let Some(hint) = kept.hint.as_deref().filter(|hint| !hints.contains(hint)) {
            hints.push(hint);
        }
    }
    for hint in hints {
        printer.say(format_args!("hint: {hint}"));
    }
    let before: usize = files.iter().map(|file| file.before).sum();
    match (done.len(), kept.len()) {
        (0, 0) if before > 0 => {
            let target = target(args.to);
            printer.say(format_args!(
                "nothing to convert: {} already",
                count(before, target)
            ));
        }
        (0, 0) => printer.say("nothing to convert"),
        (_, 0) => {}
        (done, kept) => printer.say(format_args!("{done} {verb}, {kept} kept as they are")),
    }
    if !done.is_empty() && !args.dry_run && args.to == SealedFormat::Envelope {
        printer.say("what was sealed before stays in the history of Git, for whoever holds or will break the old keys");
    }
    Ok(())
}

fn target(to: SealedFormat) -> &'static str {
    match to {
        SealedFormat::Envelope => "envelope",
        SealedFormat::SealedSecret => "SealedSecret",
        SealedFormat::Sops => "file of SOPS",
    }
}
