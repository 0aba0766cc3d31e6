//! `bulla inspect`: who can open what and where, told without any key.

mod pinned;
mod sealed;

use std::fmt::Write;
use std::path::Path;

use bulla_core::envelope::{Binding, DataKeyEntry, Envelope, RecipientHint};
use bulla_core::manifest::Stream;
use bulla_core::policy::{Config, Section};
use bulla_core::recipient::{Fingerprint, KeyKind};
use serde_json::{Value, json};

use crate::cli::{InspectArgs, RecipientArgs, ReportFormat, SelectArgs};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX, is_stdin};
use crate::manifest::{self, Found, Resource};
use crate::report::{columns, count, json};
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file;
use crate::sops_file::target::Targets;
use pinned::Pinned;
use sealed::SealedView;

/// Carries it out.
pub(crate) fn run(args: &InspectArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let (mut text, mut values, mut failures) = (String::new(), Vec::new(), Vec::new());
    let given = !args.identities.identity.is_empty();
    let identities = given.then(|| Identities::load(&args.identities, &session.printer));
    let identities = identities.transpose()?.filter(|keys| !keys.rsa.is_empty());
    for source in input::sources(args.inputs.iter(), true, &args.exclude.exclusion()?)? {
        match inspect(&source.path, source.found, session, identities.as_ref()) {
            Ok(inspected) => {
                for (shown, value) in inspected {
                    text += if text.is_empty() { "" } else { "\n" };
                    text += &shown;
                    values.push(value);
                }
            }
            Err(failure) => failures.push(failure),
        }
    }
    match args.output {
        ReportFormat::Text => session.printer.data(text.as_bytes())?,
        ReportFormat::Json => session
            .printer
            .data(json(&Value::Array(values)).as_bytes())?,
    }
    Failure::all(failures)?;
    Ok(ExitStatus::Done)
}

fn inspect(
    path: &Path,
    found: bool,
    session: &Session,
    identities: Option<&Identities>,
) -> Result<Vec<(String, Value)>, Failure> {
    let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
    if let Some(store) = sops_file::recognise(path, &bytes) {
        let nobody = RecipientArgs { recipients: vec![] };
        let targets = Targets::new(&session.configs, &nobody);
        let view = sops_file::inspect::View::of(path, store, &bytes, &targets)?;
        return Ok(vec![(view.text(path), view.json(path))]);
    }
    // In a directory most files have nothing to do with sealed resources.
    if found
        && !Stream::parse(&bytes)
            .is_ok_and(|stream| stream.objects().iter().any(manifest::is_resource))
    {
        return Ok(Vec::new());
    }
    let stream = manifest::parse(path, &bytes)?;
    let all = manifest::selected(path, &stream, &SelectArgs::default())?;
    let located = session
        .configs
        .of(Some(path).filter(|path| !is_stdin(path)))?;
    let config = located.as_ref().map(|located| &located.config);
    let is_sealed = |resource: &Resource<'_>| matches!(resource, Resource::Sealed(_));
    let pinned = match all.iter().any(is_sealed) {
        true => Pinned::all(located.as_deref()),
        false => vec![],
    };
    let one = |resource: &Resource<'_>| match resource {
        Resource::Envelope(found) => one(path, found, config),
        Resource::Sealed(found) => {
            let view = SealedView {
                found,
                pinned: &pinned,
                identities,
            };
            (view.text(path), view.json(path))
        }
    };
    Ok(all.iter().map(one).collect())
}

fn one(path: &Path, found: &Found<'_>, config: Option<&Config>) -> (String, Value) {
    let view = View {
        envelope: &found.envelope,
        config,
    };
    let (title, line) = (found.title(), found.object.node.place().line);
    let text = format!(
        "{}, line {line}: SecretEnvelope {title}\n{}",
        Shown(path),
        view.text()
    );
    (text, view.json(path, line))
}

/// An envelope as the configuration sees it.
struct View<'a> {
    envelope: &'a Envelope,
    config: Option<&'a Config>,
}

/// A recipient of a data key.
struct Opener {
    fingerprint: Fingerprint,
    /// The name by the configuration, with its section.
    known: Option<(String, Section)>,
    /// What the file calls it.
    in_file: String,
    /// What the data key is closed with, whatever the hints say.
    kind: Result<Option<KeyKind>, String>,
}

impl Opener {
    fn name(&self) -> String {
        match &self.known {
            Some((name, _)) => name.clone(),
            None => self.in_file.clone(),
        }
    }

    fn note(&self, has_config: bool) -> String {
        match (&self.known, &self.kind) {
            (_, Err(why)) => format!("damaged: {why}"),
            (Some((name, section)), _) if *name != self.in_file => {
                format!("{section}; the file calls it `{}`", self.in_file)
            }
            (Some((_, section)), _) => section.to_string(),
            (None, _) if has_config => {
                "not in .bulla.yaml: the name is what the file says".to_owned()
            }
            (None, _) => "the name is what the file says".to_owned(),
        }
    }

    fn kind_text(&self) -> String {
        match self.kind {
            Ok(Some(kind)) => kind.to_string(),
            Ok(None) => "plug-in".to_owned(),
            Err(_) => "unknown".to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.known.as_ref().map(|(name, _)| name),
            "nameInFile": self.in_file,
            "section": self.known.as_ref().map(|(_, section)| section.as_str()),
            "recipient": self.fingerprint.to_string(),
            "suite": self.kind.as_ref().ok().and_then(|kind| *kind).map(|kind| kind.to_string()),
            "postQuantum": self.kind.as_ref().ok().and_then(|kind| *kind).map(KeyKind::is_post_quantum),
        })
    }
}

impl View<'_> {
    fn text(&self) -> String {
        let envelope = self.envelope;
        let mut text = String::new();
        let mut line = |name: &str, content: &str| {
            let _ = writeln!(text, "  {name:<10}{content}");
        };
        line(
            "opens in",
            &format!("{} (scope {})", envelope.place(), envelope.scope()),
        );
        let names: Vec<&str> = envelope.data().keys().map(|key| key.as_str()).collect();
        line("values", &format!("{}: {}", names.len(), names.join(", ")));
        line("template", &self.template());
        for entry in envelope.data_keys() {
            let used = envelope
                .data()
                .iter()
                .filter(|(_, value)| value.data_key() == &entry.id);
            let used: Vec<&str> = used.map(|(key, _)| key.as_str()).collect();
            line(
                "data key",
                &format!("{} closes {}", entry.id, used.join(", ")),
            );
            let rows: Vec<_> = self
                .openers(entry)
                .iter()
                .map(|opener| self.row(opener))
                .collect();
            for row in columns(&rows) {
                line("", &row);
            }
            for hint in &entry.formerly {
                line(
                    "",
                    &format!("formerly {} ({})", self.name_of(hint), hint.fingerprint),
                );
            }
        }
        line("weakest", &self.weakest());
        text
    }

    fn row(&self, opener: &Opener) -> [String; 4] {
        let note = opener.note(self.config.is_some());
        [
            opener.name(),
            opener.fingerprint.to_string(),
            opener.kind_text(),
            note,
        ]
    }

    fn template(&self) -> String {
        let template = self.envelope.template();
        let mut parts = Vec::new();
        parts.extend(
            template
                .secret_type()
                .map(|kind| format!("type {}", kind.escape_debug())),
        );
        parts.extend(
            template
                .immutable()
                .map(|immutable| format!("immutable {immutable}")),
        );
        for (what, number) in [
            ("label", template.labels().len()),
            ("annotation", template.annotations().len()),
        ] {
            parts.extend((number > 0).then(|| count(number, what)));
        }
        let keys: Vec<&str> = template.data().keys().map(|key| key.as_str()).collect();
        parts.extend((!keys.is_empty()).then(|| format!("templated keys {}", keys.join(", "))));
        let bound = match self.envelope.binding() {
            Binding::Template => "bound to the values",
            Binding::None => {
                "NOT bound to the values: whoever can write the resource can change it"
            }
        };
        let what = if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        };
        format!("{what}; {bound}")
    }

    fn openers(&self, entry: &DataKeyEntry) -> Vec<Opener> {
        let opener = |closed: &bulla_core::envelope::ClosedFor| {
            let fingerprint = closed.recipient.fingerprint;
            let known = self.config.and_then(|config| config.party_of(&fingerprint));
            Opener {
                fingerprint,
                known: known.map(|(party, _)| (party.name.to_string(), party.section)),
                in_file: closed.recipient.name.to_string(),
                kind: closed.key.kind().map_err(|error| error.to_string()),
            }
        };
        entry.closed_for.iter().map(opener).collect()
    }

    fn name_of(&self, hint: &RecipientHint) -> String {
        let known = self
            .config
            .and_then(|config| config.party_of(&hint.fingerprint));
        known.map_or_else(
            || hint.name.to_string(),
            |(party, _)| party.name.to_string(),
        )
    }

    /// Classic recipients: what is closed for one can be kept until it can be broken.
    fn classic(&self) -> Vec<Opener> {
        let mut classic: Vec<Opener> = Vec::new();
        for opener in self
            .envelope
            .data_keys()
            .iter()
            .flat_map(|entry| self.openers(entry))
        {
            // What only a plug-in knows is not counted on.
            let is_classic =
                matches!(opener.kind, Ok(kind) if !kind.is_some_and(KeyKind::is_post_quantum));
            if is_classic
                && !classic
                    .iter()
                    .any(|known| known.fingerprint == opener.fingerprint)
            {
                classic.push(opener);
            }
        }
        classic
    }

    fn weakest(&self) -> String {
        let classic = self.classic();
        if classic.is_empty() {
            return "every recipient is post-quantum".to_owned();
        }
        let shown = |opener: &Opener| format!("{} ({})", opener.name(), opener.kind_text());
        let names: Vec<_> = classic.iter().map(shown).collect();
        format!("{}: not post-quantum", names.join(", "))
    }

    fn json(&self, path: &Path, line: usize) -> Value {
        let envelope = self.envelope;
        let data_keys: Vec<_> = envelope
            .data_keys()
            .iter()
            .map(|entry| self.data_key_json(entry))
            .collect();
        let template = envelope.template();
        json!({
            "kind": "SecretEnvelope",
            "path": path.to_string_lossy(),
            "line": line,
            "namespace": envelope.namespace().as_str(),
            "name": envelope.name().as_str(),
            "scope": envelope.scope().as_str(),
            "values": envelope.data().keys().map(|key| key.as_str()).collect::<Vec<_>>(),
            "template": {
                "bound": envelope.binding() == Binding::Template,
                "type": template.secret_type(),
                "immutable": template.immutable(),
                "labels": template.labels().keys().collect::<Vec<_>>(),
                "annotations": template.annotations().keys().collect::<Vec<_>>(),
                "keys": template.data().keys().map(|key| key.as_str()).collect::<Vec<_>>(),
            },
            "dataKeys": data_keys,
            "weakest": self.classic().iter().map(Opener::json).collect::<Vec<_>>(),
            "postQuantum": self.classic().is_empty(),
        })
    }

    fn data_key_json(&self, entry: &DataKeyEntry) -> Value {
        let used = self
            .envelope
            .data()
            .iter()
            .filter(|(_, value)| value.data_key() == &entry.id);
        let former = |hint: &RecipientHint| json!({"name": self.name_of(hint), "recipient": hint.fingerprint.to_string()});
        json!({
            "id": entry.id.as_str(),
            "values": used.map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
            "closedFor": self.openers(entry).iter().map(Opener::json).collect::<Vec<_>>(),
            "formerly": entry.formerly.iter().map(former).collect::<Vec<_>>(),
        })
    }
}
