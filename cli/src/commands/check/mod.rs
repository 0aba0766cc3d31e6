//! `bulla check`: plaintext, damage, and envelopes that are closed for others than the rules say.

mod candidates;
mod report;
mod rules;
mod sops;

use std::borrow::Cow;
use std::path::Path;

use bulla_core::manifest::Stream;
use bulla_core::policy::check::{Finding, FindingKind, Severity, Subject, check};

use crate::cli::CheckArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::input::is_manifest;
use crate::session::Session;
use crate::sops_file;
use candidates::{Candidate, Candidates};
use report::Report;
use rules::Rules;

/// Carries it out.
pub(crate) fn run(args: &CheckArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let candidates = Candidates::find(args)?;
    let rules = Rules::find(args, session, &candidates)?;
    let mut report = Report::new(args);
    report.findings.extend(rules.findings());
    candidates.each(|candidate, bytes| look_at(candidate, bytes, &rules, &mut report))?;
    report.print(&session.printer)
}

fn look_at(
    candidate: &Candidate,
    bytes: &[u8],
    rules: &Rules<'_>,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    report.files += 1;
    let path = candidate.shown.as_path();
    report.findings.extend(private_key(path, bytes));
    if let Some(store) = sops_file::recognise(path, bytes) {
        return sops::look_at(candidate, store, bytes, rules, report);
    }
    if let Some(finding) = sops::plaintext(candidate, bytes, rules)? {
        report.findings.push(finding);
        report.concerned += 1;
        return Ok(());
    }
    if !(candidate.named || is_manifest(path) && mentions_secrets(bytes)) {
        return Ok(());
    }
    let shown = candidate.shown.to_string_lossy();
    let stream = match Stream::parse(bytes) {
        Ok(stream) => stream,
        Err(error) => {
            match Unread::of(candidate, bytes) {
                Unread::Template => report
                    .skipped
                    .push((shown.into_owned(), "a template of Helm")),
                Unread::NoManifest => report.skipped.push((shown.into_owned(), "not a manifest")),
                Unread::Manifest => report.findings.push(Finding::unreadable(&shown, &error)),
            }
            return Ok(());
        }
    };
    let before = report.findings.len();
    let ruled = rules.of(candidate)?;
    let subject = Subject {
        shown: &shown,
        rule_path: ruled.as_ref().map(|(_, path)| path.as_str()),
        stream: &stream,
    };
    report
        .findings
        .extend(check(subject, ruled.as_ref().map(|(config, _)| &**config)));
    let refused = report.findings[before..]
        .iter()
        .any(|finding| finding.severity() == Severity::Error);
    report.concerned += usize::from(refused || stream.objects().iter().any(concerns));
    Ok(())
}

/// A private key of age in clear, whatever the file is otherwise. Docs speak of the prefix alone; a key goes on.
fn private_key(path: &Path, bytes: &[u8]) -> Option<Finding> {
    let is_key = |window: &[u8]| {
        let rest = window.strip_prefix(PRIVATE_KEY.as_bytes());
        let rest = rest.map(|rest| rest.strip_prefix(b"PQ-").unwrap_or(rest));
        rest.is_some_and(|rest| rest.iter().all(u8::is_ascii_alphanumeric))
    };
    let mut windows = bytes.windows(PRIVATE_KEY.len() + KEY_CHARACTERS_MIN);
    let at = windows.position(is_key)?;
    let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    Some(Finding {
        kind: FindingKind::PrivateKey,
        path: path.to_string_lossy().into_owned(),
        place: None,
        key: None,
        message: format!("line {line} holds a private key of age, and opens what is closed for it"),
        hint: "take it out of the repository; make a new one with `bulla key generate`, and change every value that it opened".to_owned(),
    })
}

fn concerns(object: &bulla_core::manifest::Object<'_>) -> bool {
    crate::manifest::is_envelope(object) || crate::manifest::is_secret(object)
}

/// False only for a file that can't say `Secret` in any way: an escape needs a backslash, other encodings zero bytes.
fn mentions_secrets(bytes: &[u8]) -> bool {
    contains(bytes, b"Secret") || bytes.contains(&b'\\') || bytes.contains(&0)
}

/// ASCII out of UTF-16 and UTF-32, as far as it matters for what a file says; `kubectl` reads the first.
fn without_zeroes(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes.contains(&0) {
        true => bytes.iter().copied().filter(|byte| *byte != 0).collect(),
        false => bytes.into(),
    }
}

const PRIVATE_KEY: &str = "AGE-SECRET-KEY-";
const KEY_CHARACTERS_MIN: usize = 40;

/// What a file is that no parser reads.
enum Unread {
    /// Text that Helm makes manifests of.
    Template,
    /// Something else that happens to be called `.json` or `.yaml`.
    NoManifest,
    /// A manifest that is broken, with whatever is in it.
    Manifest,
}

impl Unread {
    fn of(candidate: &Candidate, bytes: &[u8]) -> Self {
        let in_templates = candidate
            .shown
            .components()
            .any(|part| part.as_os_str() == Path::new("templates"));
        let text = without_zeroes(bytes);
        let says = |word: &[u8]| contains(&text, word);
        if candidate.named {
            Self::Manifest
        } else if says(b"{{") && (in_templates || !says(b"bulla.dev/")) {
            Self::Template
        } else if says(b"apiVersion") && says(b"kind") && says(b"Secret") {
            Self::Manifest
        } else {
            Self::NoManifest
        }
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    let Some((first, rest)) = word.split_first() else {
        return true;
    };
    let mut left = bytes;
    while let Some(at) = left.iter().position(|byte| byte == first) {
        left = &left[at + 1..];
        if left.starts_with(rest) {
            return true;
        }
    }
    false
}
