//! What `bulla check` finds in files of SOPS, without any key.

use std::path::Path;

use bulla_core::manifest::{Kind, Node, Path as NodePath, Place, Stream, Style};
use bulla_core::policy::check::{Finding, FindingKind};
use bulla_core::policy::{Config, Format, PolicyError, Rule};
use bulla_core::recipient::Recipient;
use bulla_core::sops::config::is_disguised_dotenv;
use bulla_core::sops::{At, Audit, Difference, Selector, SelectorKind, SopsError, Store};
use bulla_core::sops_secret::{Stands, placings};

use super::target::{Target, beginning};
use super::wanted::{is_manifest, selected};

/// A file to look at.
pub(crate) struct Subject<'a> {
    /// What findings and hints call it.
    pub(crate) shown: &'a str,
    pub(crate) store: Store,
    pub(crate) bytes: &'a [u8],
    /// For the names of recipients.
    pub(crate) config: Option<&'a Config>,
}

/// What a configuration says of the file.
pub(crate) enum Ruled<'a> {
    /// There is none.
    Nothing,
    /// A rule of `.bulla.yaml`, or why there is none.
    Bulla(Result<&'a Rule, PolicyError>),
    /// A rule of `.sops.yaml`, or what is wrong with it.
    Sops(Result<&'a Target, String>),
}

/// All findings of one file.
pub(crate) fn findings(subject: &Subject<'_>, ruled: &Ruled<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(subject);
    match subject.store.audit(subject.bytes) {
        Ok(audit) => {
            findings.audit(&audit);
            findings.rule(&audit, ruled);
            findings.places();
        }
        Err(error) => findings.unreadable(&error),
    }
    let name = Path::new(subject.shown).file_name().unwrap_or_default();
    if is_disguised_dotenv(&name.to_string_lossy()) {
        findings.add(
            FindingKind::DisguisedDotenv,
            None,
            "sops takes a file of this name for binary: only the end of a name counts",
            "rename it so that it ends in `.env`, and encrypt it again",
        );
    }
    findings.all
}

/// Findings in a file that a rule wants encrypted, and that is not.
pub(crate) fn plaintext(subject: &Subject<'_>, rule: &Rule) -> Option<Finding> {
    if rule.format() != Format::Sops || subject.bytes.trim_ascii().is_empty() {
        return None;
    }
    let called = format!("the rule `{}`", rule.path());
    refused(subject, &called, || {
        selected(rule, subject.store, subject.bytes)
    })
}

/// The same by a selector; manifests are left to those who know what holds secrets in them.
pub(crate) fn plaintext_by(
    subject: &Subject<'_>,
    rule: &str,
    selector: &Selector,
) -> Option<Finding> {
    if subject.bytes.trim_ascii().is_empty() || is_manifest(subject.store, subject.bytes) {
        return None;
    }
    refused(subject, rule, || {
        let selected = subject.store.selected(subject.bytes, selector);
        selected.unwrap_or_default()
    })
}

fn refused(subject: &Subject<'_>, rule: &str, selected: impl Fn() -> Vec<At>) -> Option<Finding> {
    let name = Path::new(subject.shown).file_name().unwrap_or_default();
    if is_disguised_dotenv(&name.to_string_lossy()) {
        let mut findings = Findings::new(subject);
        let message = format!(
            "refusing plaintext: {rule} wants this file encrypted, and sops takes its name for binary"
        );
        let hint = "rename it so that it ends in `.env`; then `bulla seal -i` encrypts it";
        findings.add(FindingKind::DisguisedDotenv, None, message, hint);
        return findings.all.pop();
    }
    let selected = selected();
    let (first, more) = (selected.first()?, selected.len() - 1);
    let mut findings = Findings::new(subject);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let message = format!("refusing plaintext: {rule} wants {first}{more} encrypted");
    let hint = format!("`bulla seal -i {}` encrypts it", quoted(subject.shown));
    findings.add(
        FindingKind::PlaintextValue,
        findings.place(first),
        message,
        hint,
    );
    findings.all.pop()
}

struct Findings<'a> {
    subject: &'a Subject<'a>,
    stream: Option<Stream>,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let stream = match subject.store {
            Store::Yaml | Store::Json => Stream::parse(subject.bytes).ok(),
            _ => None,
        };
        Self {
            subject,
            stream,
            all: Vec::new(),
        }
    }

    fn add(
        &mut self,
        kind: FindingKind,
        place: Option<Place>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.all.push(Finding {
            kind,
            path: self.subject.shown.to_owned(),
            place,
            key: None,
            message: message.into(),
            hint: hint.into(),
        });
    }

    fn unreadable(&mut self, error: &SopsError) {
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            message = format!("{message}: {source}");
        }
        let hint = error.hint().unwrap_or("restore it from Git");
        self.add(FindingKind::DamagedEnvelope, None, message, hint);
    }

    fn audit(&mut self, audit: &Audit) {
        for at in &audit.readable {
            let message = format!(
                "refusing plaintext: {at} is readable, and its selector wants it encrypted"
            );
            let shown = quoted(self.subject.shown);
            let hint = format!(
                "open it with `bulla sops decrypt --ignore-mac {shown}` and encrypt it again; whoever could read the repository may have seen the value"
            );
            self.add(FindingKind::PlaintextValue, self.place(at), message, hint);
        }
        for at in &audit.malformed {
            let message = format!("{at} begins like a ciphertext, and is none");
            self.add(
                FindingKind::DamagedEnvelope,
                self.place(at),
                message,
                "restore it from Git",
            );
        }
        if audit.closed.is_empty() && audit.readable.is_empty() && audit.plain > 0 {
            let selector = audit
                .metadata
                .selector()
                .map_or("", |found| found.kind().name());
            self.add(
                FindingKind::PlaintextValue,
                self.block(selector).or_else(|| self.block("")),
                format!("no value of this file is encrypted: `{selector}` selects none"),
                "correct the selector, and encrypt the file again",
            );
        }
        if !audit.has_mac() {
            self.add(
                FindingKind::SopsBlock,
                self.block(""),
                "the file has no MAC: nobody can tell whether its values were changed",
                "restore it from Git",
            );
        }
        match audit.metadata.last_modified() {
            Err(error) => {
                self.add(
                    FindingKind::SopsBlock,
                    self.block("lastmodified"),
                    error.to_string(),
                    "restore it from Git",
                );
            }
            Ok(_) if self.is_bare_time() => self.add(
                FindingKind::SopsBlock,
                self.block("lastmodified"),
                "`lastmodified` has no quotes: sops 3.13 and later refuse the file",
                "put it into double quotes",
            ),
            Ok(_) => {}
        }
    }

    /// Another selector than the rule's decides of the next value: nobody signs it, so whoever writes the file can change it.
    fn selector(&mut self, audit: &Audit, ruled: &Ruled<'_>) {
        let wanted = match ruled {
            Ruled::Bulla(Ok(rule)) => rule
                .encrypted_regex()
                .map(|text| (SelectorKind::EncryptedRegex, text)),
            Ruled::Sops(Ok(target)) => target.selector(),
            _ => None,
        };
        let Ok(found) = audit.metadata.selector() else {
            return;
        };
        let name = found.kind().name();
        if wanted.is_some_and(|wanted| wanted != (found.kind(), found.text())) {
            self.add(
                FindingKind::SopsBlock,
                self.block(name).or_else(|| self.block("")),
                format!("`{name}` of this file is not the rule's: new values could stay readable"),
                "restore it from Git; or open the file with `bulla sops decrypt`, and seal it again by the rule",
            );
        }
    }

    fn rule(&mut self, audit: &Audit, ruled: &Ruled<'_>) {
        self.selector(audit, ruled);
        let difference = match ruled {
            Ruled::Nothing => return,
            Ruled::Bulla(Err(error)) => {
                return self.add(FindingKind::NoRule, None, error.to_string(), error.hint());
            }
            Ruled::Bulla(Ok(rule)) => match wanted(rule) {
                Err((kind, error)) => return self.add(kind, None, error.to_string(), error.hint()),
                Ok(recipients) => audit.metadata.difference(&[recipients], None),
            },
            Ruled::Sops(Err(message)) => {
                return self.add(
                    FindingKind::NoRule,
                    None,
                    message.clone(),
                    "mend `.sops.yaml`, or move the file to where a rule matches it",
                );
            }
            Ruled::Sops(Ok(target)) => audit.metadata.difference(&target.groups, target.threshold),
        };
        if !difference.is_none() {
            let hint = format!("`bulla rewrap {}`", quoted(self.subject.shown));
            self.add(
                FindingKind::WrongRecipients,
                self.block("age").or_else(|| self.block("")),
                self.told(&difference),
                hint,
            );
        }
    }

    /// `bulla-controller` opens a SopsSecret only where it was encrypted for.
    fn places(&mut self) {
        let placings = self.stream.as_ref().map(placings).unwrap_or_default();
        for placing in placings {
            let shown = quoted(self.subject.shown);
            let (message, hint) = match placing.put.map(|put| put.there) {
                Some(Some(Stands::Closed)) => continue,
                Some(Some(Stands::Plain)) => (
                    "the place of the SopsSecret stands in plaintext: who can write the file can move it",
                    "let the selector match `stringData`, and encrypt the file again".to_owned(),
                ),
                Some(None) => (
                    "the SopsSecret says nowhere where it belongs: whoever copies it to another namespace opens it there",
                    format!(
                        "`bulla reseal {shown}` adds its place, without which `bulla-controller` refuses it unless it runs with `--sops-require-place=false`"
                    ),
                ),
                None => (
                    "the SopsSecret names no namespace, so that it can have no place",
                    format!(
                        "write `metadata.namespace` with `bulla sops edit {shown}`, then `bulla reseal {shown}` adds its place"
                    ),
                ),
            };
            self.add(FindingKind::NoPlace, Some(placing.resource), message, hint);
        }
    }

    fn told(&self, difference: &Difference) -> String {
        let called = |one: &String| {
            let known = one.parse::<Recipient>().ok();
            let party = known.and_then(|known| {
                let (party, _) = self.subject.config?.party_of(&known.fingerprint())?;
                Some(party.name.to_string())
            });
            party.unwrap_or_else(|| beginning(one))
        };
        let list = |what: &str, all: &[String]| {
            let names: Vec<_> = all.iter().map(called).collect();
            (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
        };
        let parts = [
            list("it is not closed for", &difference.missing),
            list(
                "it is closed for others than its rule names:",
                &difference.surplus,
            ),
            difference
                .regrouped
                .then(|| "its key groups are not those of its rule".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// Where a value stands.
    fn place(&self, at: &At) -> Option<Place> {
        let document = self
            .stream
            .as_ref()?
            .documents()
            .nth(at.document.checked_sub(1)?)?;
        document.root?.find(&at.path).map(Node::place)
    }

    /// Where a field of the block stands, or the block itself.
    fn block(&self, field: &str) -> Option<Place> {
        self.node(field).map(Node::place)
    }

    fn node(&self, field: &str) -> Option<Node<'_>> {
        let root = self
            .stream
            .as_ref()?
            .documents()
            .find_map(|document| document.root)?;
        match field {
            "" => root.find(&NodePath::from(["sops"])),
            field => root.find(&NodePath::from(["sops", field])),
        }
    }

    fn is_bare_time(&self) -> bool {
        let node = self.node("lastmodified");
        self.subject.store == Store::Yaml
            && node.is_some_and(|node| node.kind() == Kind::Scalar(Style::Plain))
    }
}

fn wanted(rule: &Rule) -> Result<Vec<Recipient>, (FindingKind, PolicyError)> {
    rule.allow_format(Format::Sops)
        .map_err(|error| (FindingKind::OtherFormat, error))?;
    let everyone = rule.everyone().map_err(|error| match error {
        PolicyError::NotPostQuantum { .. } => (FindingKind::NotPostQuantum, error),
        error => (FindingKind::UnsupportedRule, error),
    })?;
    Ok(everyone.into_iter().map(|named| named.recipient).collect())
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
