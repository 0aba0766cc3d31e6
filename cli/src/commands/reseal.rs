//! `bulla reseal`: every value anew, under one fresh data key.

use std::path::Path;

use bulla_core::envelope::{Envelope, SealError};

use super::rework::{self, Work};
use crate::cli::ResealArgs;
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
pub(crate) fn run(args: &ResealArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let work = Reseal {
        accept_template: args.accept_template,
        session,
        notes: vec![],
    };
    rework::run(&args.rework, session, work)
}

struct Reseal<'a> {
    accept_template: bool,
    session: &'a Session,
    notes: Vec<String>,
}

impl Work for Reseal<'_> {
    const DOING: &'static str = "resealing";
    const ACTION: Action = Action::Reseal;

    fn on(
        &mut self,
        path: &Path,
        found: &Found<'_>,
        chosen: &Chosen,
        identities: &Identities,
    ) -> Result<Option<Envelope>, Failure> {
        let (envelope, mut rng) = (&found.envelope, self.session.rng());
        let resealed = if self.accept_template {
            envelope.reseal_with_template(&identities.ring, &chosen.recipients, &mut rng)
        } else {
            envelope
                .open(&identities.ring)
                .map_err(SealError::Open)
                .and_then(|opened| envelope.reseal(&opened, &chosen.recipients, &mut rng))
        };
        let resealed = resealed.map_err(|error| {
            let node = manifest::node_of_seal(found, &error);
            found.error(path, node, identities.explain_seal(envelope, error))
        })?;
        let values = resealed.data().len();
        let plural = if values == 1 { "" } else { "s" };
        self.notes.push(format!(
            "{} in {}, {values} value{plural}, for {}",
            found.title(),
            Shown(path),
            chosen.names()
        ));
        Ok(Some(resealed))
    }

    const RENEWAL: Renewal = Renewal::All;

    fn on_sealed(&mut self, path: &Path, title: &str, how: Option<&str>) {
        self.notes
            .extend(how.map(|how| format!("{title} in {}, {how}", Shown(path))));
    }

    fn report(&self, session: &Session, dry_run: bool, others: usize) {
        let verb = if dry_run { "would reseal" } else { "resealed" };
        for note in &self.notes {
            session.printer.say(format_args!("{verb} {note}"));
        }
        if self.notes.is_empty() && others == 0 {
            session.printer.say("there is nothing to reseal");
        }
    }
}
