//! `bulla rewrap`: the same data keys for other recipients; values stay byte for byte.

use std::collections::BTreeSet;
use std::path::Path;

use bulla_core::envelope::{Envelope, RecipientHint};

use super::rework::{self, Work};
use crate::cli::RewrapArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::manifest::{self, Found};
use crate::recipients::Chosen;
use crate::sealed_secret::Renewal;
use crate::session::Session;
use crate::shown::Shown;
use crate::sops_file::rework::Action;

/// Carries it out.
pub(crate) fn run(args: &RewrapArgs, session: &Session) -> Result<ExitStatus, Failure> {
    rework::run(&args.rework, session, Rewrap::default())
}

#[derive(Default)]
struct Rewrap {
    notes: Vec<String>,
    unchanged: usize,
    removed: BTreeSet<String>,
}

impl Work for Rewrap {
    const DOING: &'static str = "rewrapping";
    const ACTION: Action = Action::Rewrap;

    fn on(
        &mut self,
        path: &Path,
        found: &Found<'_>,
        chosen: &Chosen,
        identities: &Identities,
    ) -> Result<Option<Envelope>, Failure> {
        let rewrapped = found
            .envelope
            .rewrap(&identities.ring, &chosen.recipients)
            .map_err(|error| {
                let node = manifest::node_of_seal(found, &error);
                found.error(path, node, identities.explain_seal(&found.envelope, error))
            })?;
        if rewrapped.envelope == found.envelope {
            self.unchanged += 1;
            return Ok(None);
        }
        let parts = [
            part("added", &rewrapped.added),
            part("removed", &rewrapped.removed),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let what = if parts.is_empty() {
            "renamed recipients".to_owned()
        } else {
            parts.join("; ")
        };
        self.notes
            .push(format!("{} in {}: {what}", found.title(), Shown(path)));
        self.removed.extend(rewrapped.removed.iter().map(shown));
        Ok(Some(rewrapped.envelope))
    }

    const RENEWAL: Renewal = Renewal::Older;

    fn on_sealed(&mut self, path: &Path, title: &str, how: Option<&str>) {
        match how {
            Some(how) => self
                .notes
                .push(format!("{title} in {}: sealed {how}", Shown(path))),
            None => self.unchanged += 1,
        }
    }

    fn report(&self, session: &Session, dry_run: bool, others: usize) {
        let verb = if dry_run { "would rewrap" } else { "rewrapped" };
        for note in &self.notes {
            session.printer.say(format_args!("{verb} {note}"));
        }
        if self.notes.is_empty() && others == 0 {
            let why = match self.unchanged {
                0 => "there is no sealed resource".to_owned(),
                1 => "1 resource is closed for the right recipients already".to_owned(),
                more => format!("{more} resources are closed for the right recipients already"),
            };
            session
                .printer
                .say(format_args!("nothing to rewrap: {why}"));
        }
        if !self.removed.is_empty() {
            let names: Vec<&str> = self.removed.iter().map(String::as_str).collect();
            session.printer.warn(format_args!(
                "{} could read these values and may have kept them: change them at their source, then seal the new ones with `bulla set` or `bulla edit`",
                names.join(", ")
            ));
        }
    }
}

fn part(verb: &str, hints: &[RecipientHint]) -> Option<String> {
    let names: Vec<_> = hints.iter().map(shown).collect();
    (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
}

fn shown(hint: &RecipientHint) -> String {
    format!("{} ({})", hint.name, hint.fingerprint)
}
