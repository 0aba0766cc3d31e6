//! Files of SOPS among those that `check` looks at.

use std::path::Path;

use bulla_core::manifest::Stream;
use bulla_core::policy::check::{self, Finding};
use bulla_core::sops::Store;

use super::candidates::Candidate;
use super::report::Report;
use super::rules::Rules;
use crate::failure::Failure;
use crate::input::is_config;
use crate::sops_file::check::{Ruled, Subject, findings, plaintext as plaintext_in, plaintext_by};
use crate::sops_file::store_of;

/// Looks at an encrypted file.
pub(super) fn look_at(
    candidate: &Candidate,
    store: Store,
    bytes: &[u8],
    rules: &Rules<'_>,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let shown = candidate.shown.to_string_lossy();
    let ruling = rules.of(candidate)?;
    let subject = Subject {
        shown: &shown,
        store,
        bytes,
        config: ruling.as_ref().map(|(config, _)| &**config),
    };
    let mut found = match &ruling {
        Some((config, path)) => findings(&subject, &Ruled::Bulla(config.rule_for(path))),
        None => match rules.sops_of(candidate)? {
            None => findings(&subject, &Ruled::Nothing),
            Some(target) => findings(
                &subject,
                &Ruled::Sops(target.as_ref().map_err(Clone::clone)),
            ),
        },
    };
    // What else the file holds: a Secret that nobody closed, for example.
    if matches!(store, Store::Yaml | Store::Json)
        && let Ok(stream) = Stream::parse(bytes)
    {
        let subject = check::Subject {
            shown: &shown,
            rule_path: None,
            stream: &stream,
        };
        let is_new = |other: &Finding| found.iter().all(|one| one.place != other.place);
        let others: Vec<_> = check::check(subject, None)
            .into_iter()
            .filter(is_new)
            .collect();
        found.extend(others);
    }
    report.concerned += 1;
    report.findings.extend(found);
    Ok(())
}

/// What a rule of `.bulla.yaml` wants encrypted by SOPS, or of `.sops.yaml` where that counts, and is not.
pub(super) fn plaintext(
    candidate: &Candidate,
    bytes: &[u8],
    rules: &Rules<'_>,
) -> Result<Option<Finding>, Failure> {
    if !rules.has_sops() {
        return Ok(None);
    }
    let shown = candidate.shown.to_string_lossy();
    let subject = |config| Subject {
        shown: &shown,
        store: store_of(Path::new(&*shown), bytes),
        bytes,
        config,
    };
    let Some((config, path)) = rules.of(candidate)? else {
        let wanted = match is_config(&candidate.shown) {
            true => None,
            false => rules.sops_wanted(candidate)?,
        };
        return Ok(wanted.and_then(|wanted| {
            let rule = format!("rule {} of .sops.yaml", wanted.rule);
            plaintext_by(&subject(None), &rule, &wanted.selector)
        }));
    };
    let Ok(rule) = config.rule_for(&path) else {
        return Ok(None);
    };
    Ok(plaintext_in(&subject(Some(&config)), rule))
}
