//! How a new file is closed: for whom, and what in it. Flags and variables come before the rule.

use std::path::Path;

use bulla_core::recipient::Recipient;
use bulla_core::sops::config::{Rule, is_disguised_dotenv};
use bulla_core::sops::{Ciphertexts, DataKey, Metadata, Selector, SelectorKind, SopsError, Store};
use rand_core::OsRng;

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::recipients;
use super::rules::Rules;
use crate::printer::Printer;
use crate::shown::Shown;

/// For whom, and what.
pub(super) struct Plan {
    groups: Vec<Vec<Recipient>>,
    threshold: Option<usize>,
    selector: Option<Selector>,
    mac_only_encrypted: bool,
}

impl Plan {
    /// The plan for a file of that name.
    pub(super) fn new(line: &Line, name: &Path, printer: &Printer) -> Result<Self, Ended> {
        let named = recipients::of_line(line)?;
        let selector = selector_of(line)?;
        let rules = Rules::find(line, printer)?;
        let rule = rules.rule_for(name)?;
        let groups = match (&rule, named.is_empty()) {
            (_, false) => vec![named],
            (Some(rule), true) => {
                let groups = rule.groups.iter().map(recipients::of_group);
                groups.collect::<Result<_, _>>()?
            }
            (None, true) => return Err(CommandError::NobodyNamed.into()),
        };
        if groups.iter().any(Vec::is_empty) {
            return Err(CommandError::NoKeys.into());
        }
        let threshold = threshold_of(line)?;
        let (rule_threshold, rule_selector, rule_mac) = match rule {
            Some(rule) => (rule.threshold, rule.selector, rule.mac_only_encrypted),
            None => (None, None, false),
        };
        Ok(Self {
            groups,
            threshold: threshold.or(rule_threshold),
            selector: selector.or(rule_selector),
            mac_only_encrypted: line.has(Flag::MacOnlyEncrypted) || rule_mac,
        })
    }

    /// The plan for a file that is closed again, by another rule: its own selector stands in where the rule has none.
    pub(super) fn again(
        groups: Vec<Vec<Recipient>>,
        rule: Rule,
        selector: Option<Selector>,
        mac_only_encrypted: bool,
    ) -> Self {
        Self {
            groups,
            threshold: rule.threshold,
            selector: rule.selector.or(selector),
            mac_only_encrypted: rule.mac_only_encrypted || mac_only_encrypted,
        }
    }

    /// A block for a new file, and the data key that is closed in it.
    pub(super) fn begin(&self, store: Store) -> Result<(Metadata, DataKey), Ended> {
        let default = Selector::default_suffix();
        // Binary files are one value: nothing is selected in them.
        let selector = match store {
            Store::Binary => None,
            _ => Some(self.selector.as_ref().unwrap_or(&default)),
        };
        let mac_only = self.mac_only_encrypted && selector.is_some();
        let mut metadata = Metadata::new(selector, mac_only, WRITTEN_VERSION);
        let key = DataKey::generate(&mut OsRng);
        metadata
            .close_data_key(&key, &self.groups, self.threshold, &mut OsRng)
            .map_err(|error| in_core(error, true).code(1))?;
        Ok((metadata, key))
    }

    /// Closes a whole file.
    pub(super) fn close(&self, store: Store, file: &[u8]) -> Result<Vec<u8>, Ended> {
        let (mut metadata, key) = self.begin(store)?;
        let mut none = Ciphertexts::default();
        store
            .encrypt(file, &mut metadata, &key, &mut none, &now(), &mut OsRng)
            .map_err(|error| in_core(error, true))
    }
}

/// Says that a file is one value to sops, though its name says otherwise.
pub(super) fn warn_of_disguise(name: &Path, store: Store, printer: &Printer) {
    let file = name.file_name().unwrap_or_default().to_string_lossy();
    if store == Store::Binary && is_disguised_dotenv(&file) {
        printer.warn(format_args!(
            "{} is binary to sops, one value as a whole: `--input-type dotenv` keeps its keys",
            Shown(name)
        ));
    }
}

/// The number of `--shamir-secret-sharing-threshold`.
pub(super) fn threshold_of(line: &Line) -> Result<Option<usize>, Ended> {
    let number = line.number(Flag::ShamirThreshold)?;
    Ok(usize::try_from(number).ok().filter(|number| *number > 0))
}

fn selector_of(line: &Line) -> Result<Option<Selector>, Ended> {
    let flags = [
        (SelectorKind::UnencryptedSuffix, Flag::UnencryptedSuffix),
        (SelectorKind::EncryptedSuffix, Flag::EncryptedSuffix),
        (SelectorKind::UnencryptedRegex, Flag::UnencryptedRegex),
        (SelectorKind::EncryptedRegex, Flag::EncryptedRegex),
        (
            SelectorKind::UnencryptedCommentRegex,
            Flag::UnencryptedCommentRegex,
        ),
        (
            SelectorKind::EncryptedCommentRegex,
            Flag::EncryptedCommentRegex,
        ),
    ];
    let mut given = Vec::new();
    for (kind, flag) in flags {
        given.push((kind, line.text(flag)?.unwrap_or_default()));
    }
    Selector::only(given).map_err(|error| {
        let code = match error {
            SopsError::ManySelectors { .. } => 8,
            _ => 1,
        };
        in_core(error, true).code(code)
    })
}

/// The time, as files have it.
pub(super) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What files say of their writer: the format is that of this version.
const WRITTEN_VERSION: &str = "3.13.3";
