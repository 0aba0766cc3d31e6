//! `bulla key list`: whom the configuration knows.

use bulla_core::policy::{Party, Rule};
use serde_json::{Value, json};

use crate::cli::{KeyListArgs, ReportFormat};
use crate::commands::key::pin::PinError;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::report::{columns, json};
use crate::session::Session;

/// Carries it out.
pub(crate) fn run(args: &KeyListArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let located = session.configs.of(None)?.ok_or(PinError::NoConfig)?;
    let (parties, rules) = (located.config.parties(), located.config.rules());
    let text = match args.output {
        ReportFormat::Text => text(parties, rules),
        ReportFormat::Json => json(
            &parties
                .iter()
                .map(|party| party_json(party, rules))
                .collect(),
        ),
    };
    session.printer.data(text.as_bytes())?;
    if parties.is_empty() {
        session
            .printer
            .say("no keys are pinned: `bulla key fetch --name CLUSTER` reads those of a cluster");
    }
    Ok(ExitStatus::Done)
}

fn text(parties: &[Party], rules: &[Rule]) -> String {
    if parties.is_empty() {
        return String::new();
    }
    let mut rows = vec![["NAME", "SECTION", "SUITE", "FINGERPRINT", "RULES"].map(str::to_owned)];
    for party in parties {
        let row = |suite: String, fingerprint: String| {
            let rules = used_by(party, rules).to_string();
            [
                party.name.to_string(),
                party.section.to_string(),
                suite,
                fingerprint,
                rules,
            ]
        };
        for recipient in &party.recipients {
            rows.push(row(
                recipient.kind().to_string(),
                recipient.fingerprint().to_string(),
            ));
        }
        for kind in &party.unsupported {
            rows.push(row(kind.clone(), "(not supported yet)".to_owned()));
        }
        if let Some(certificate) = &party.certificate {
            rows.push(row(
                "certificate".to_owned(),
                certificate.escape_debug().to_string(),
            ));
        }
    }
    columns(&rows).join("\n") + "\n"
}

fn party_json(party: &Party, rules: &[Rule]) -> Value {
    let recipient = |recipient: &bulla_core::recipient::Recipient| {
        json!({
            "publicKey": recipient.as_str(),
            "fingerprint": recipient.fingerprint().to_string(),
            "suite": recipient.kind().to_string(),
            "postQuantum": recipient.kind().is_post_quantum(),
        })
    };
    json!({
        "name": party.name.as_str(),
        "section": party.section.as_str(),
        "recipients": party.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "unsupported": party.unsupported,
        "certificate": party.certificate,
        "rules": used_by(party, rules),
    })
}

fn used_by(party: &Party, rules: &[Rule]) -> usize {
    let names_it = |rule: &&Rule| rule.parties().iter().any(|named| named.name == party.name);
    rules.iter().filter(names_it).count()
}
