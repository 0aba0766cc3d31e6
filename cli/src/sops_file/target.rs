//! For whom a file of SOPS is closed, and what is encrypted in it: `.bulla.yaml`, or `.sops.yaml` where there is none.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bulla_core::envelope::NamedRecipient;
use bulla_core::policy::{Config, Format};
use bulla_core::recipient::{Recipient, RecipientError};
use bulla_core::sops::config::{Rule as SopsRule, Strictness};
use bulla_core::sops::{Selector, SelectorKind};

use super::config::{LocatedSops, load, search};
use super::error::SopsUsage;
use crate::cli::RecipientArgs;
use crate::config::{Configs, real_path};
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::input::is_stdin;
use crate::located::{InFile, InObject};
use crate::plugins::{self, Allowed};
use crate::printer::Printer;
use crate::shown::Shown;

/// Answers for one run.
pub(crate) struct Targets<'a> {
    configs: &'a Configs,
    asked: &'a [String],
    allowed: Allowed,
    /// By directory.
    sops: RefCell<HashMap<PathBuf, Option<Rc<LocatedSops>>>>,
}

/// The answer for one file.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// For whom: one group, or several that hold a share each.
    pub(crate) groups: Vec<Vec<Recipient>>,
    /// What recipients are called, where somebody gave them a name.
    pub(crate) names: HashMap<String, String>,
    /// How many groups it takes.
    pub(crate) threshold: Option<usize>,
    /// What the rule says of what is encrypted.
    selector: Option<(SelectorKind, String)>,
    /// True when the MAC counts encrypted values only.
    pub(crate) mac_only_encrypted: bool,
    /// Providers that the rule names keys of, and that can't be closed with here.
    pub(crate) others: Vec<&'static str>,
    /// Named by the rule, and left out by `--for`.
    left_out: Vec<String>,
}

/// There is nothing to tell whom to close for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// No configuration of either kind.
    #[error("nothing says whom to close {} for: there is no .bulla.yaml, and no .sops.yaml", Shown(.0))]
    NoConfig(PathBuf),
    /// Standard input, and no path for the rules to match.
    #[error(
        "nothing says whom to close for: rules go by the path of a file, and standard input has none"
    )]
    NoPath,
    /// A recipient of `.sops.yaml` that can't be closed for.
    #[error("a recipient can't be read")]
    Recipient(#[source] RecipientError),
    /// A rule without anybody.
    #[error("its rule for this file names nobody")]
    Nobody,
}

impl<'a> Targets<'a> {
    /// Goes by the rules, or by `--for` where it is given.
    pub(crate) fn new(configs: &'a Configs, args: &'a RecipientArgs) -> Self {
        Self {
            configs,
            asked: &args.recipients,
            allowed: Allowed::default(),
            sops: RefCell::default(),
        }
    }

    /// For whom a file is closed; `path` is what the rules see.
    ///
    /// # Errors
    /// [`TargetError`], those of finding and reading the configuration, and rules that don't fit.
    pub(crate) fn choose(&self, path: &Path, printer: &Printer) -> Result<Target, Failure> {
        let mut target = self.chosen(path, printer)?;
        // With their plug-ins, as far as the user allows them.
        for recipient in target.groups.iter_mut().flatten() {
            *recipient = plugins::equip(recipient.clone(), &self.allowed)?;
        }
        Ok(target)
    }

    fn chosen(&self, path: &Path, printer: &Printer) -> Result<Target, Failure> {
        let seen = Some(path).filter(|path| !is_stdin(path));
        let ruled = self.ruled(seen, printer);
        if self.asked.is_empty() {
            return ruled?.ok_or_else(|| match seen {
                Some(path) => TargetError::NoConfig(path.to_owned()).into(),
                None => TargetError::NoPath.into(),
            });
        }
        let located = self.configs.of(seen)?;
        let nobody = Config::default();
        let config = located.as_ref().map_or(&nobody, |located| &located.config);
        let recipients = config.resolve(self.asked)?;
        // What a rule says beside its recipients still counts.
        let ruled = ruled.ok().flatten();
        let mut target = Target::of(recipients);
        target.know(config);
        if let Some(ruled) = ruled {
            let asked = &target.groups[0];
            let missing = ruled
                .groups
                .iter()
                .flatten()
                .filter(|one| !asked.contains(one));
            target.left_out = missing.map(|one| ruled.called(one.as_str())).collect();
            target.selector = ruled.selector;
            target.mac_only_encrypted = ruled.mac_only_encrypted;
        }
        Ok(target)
    }

    fn ruled(&self, path: Option<&Path>, printer: &Printer) -> Result<Option<Target>, Failure> {
        let Some(path) = path else { return Ok(None) };
        if let Some(located) = self.configs.of(Some(path))? {
            let rule = located.config.rule_for(&located.relative(path)?)?;
            rule.allow_format(Format::Sops)?;
            let mut target = Target::of(rule.everyone()?);
            target.know(&located.config);
            let regex = rule.encrypted_regex();
            target.selector = regex.map(|text| (SelectorKind::EncryptedRegex, text.to_owned()));
            return Ok(Some(target));
        }
        let Some(located) = self.sops_config(path, printer)? else {
            return Ok(None);
        };
        let in_file = |error: Box<dyn Fault>| InFile::new("use", &located.file, error);
        let rule = located.config.rule_for(&located.relative(path)?);
        let rule = rule.map_err(|error| in_file(Box::new(error)))?;
        Target::of_sops(&rule)
            .map(Some)
            .map_err(|failure| failure.located(|error| in_file(error).into()))
    }

    /// The `.sops.yaml` for a file: the nearest one upward, within its Git work tree.
    pub(crate) fn sops_config(
        &self,
        path: &Path,
        printer: &Printer,
    ) -> Result<Option<Rc<LocatedSops>>, Failure> {
        let mut directory = real_path(path)?;
        directory.pop();
        if let Some(known) = self.sops.borrow().get(&directory) {
            return Ok(known.clone());
        }
        let top = directory
            .ancestors()
            .find(|above| above.join(".git").exists());
        let search = search(&directory, top);
        for misnamed in &search.misnamed {
            printer.warn(format_args!(
                "{} is not read: the configuration of sops is called .sops.yaml",
                Shown(misnamed)
            ));
        }
        let load = |file: PathBuf| match load(&file, Strictness::Strict) {
            Ok(located) => Ok(Rc::new(located)),
            Err(error) => Err(error.of(&file)),
        };
        let found = search.found.map(load).transpose()?;
        let mut known = self.sops.borrow_mut();
        known.insert(directory, found.clone());
        Ok(found)
    }

    /// What a recipient is called by the configuration around a file.
    pub(crate) fn name_of(&self, path: &Path, recipient: &str) -> Option<String> {
        let seen = Some(path).filter(|path| !is_stdin(path));
        let located = self.configs.of(seen).ok().flatten()?;
        let known = recipient.parse::<Recipient>().ok()?;
        let (party, _) = located.config.party_of(&known.fingerprint())?;
        Some(party.name.to_string())
    }
}

impl Target {
    fn of(recipients: Vec<NamedRecipient>) -> Self {
        let name =
            |named: &NamedRecipient| (named.recipient.as_str().to_owned(), named.name.to_string());
        let names = recipients.iter().map(name).collect();
        let group = recipients.into_iter().map(|named| named.recipient);
        Self {
            groups: vec![group.collect()],
            names,
            threshold: None,
            selector: None,
            mac_only_encrypted: false,
            others: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Whom a rule of `.sops.yaml` names.
    ///
    /// # Errors
    /// [`TargetError::Recipient`] with its place, [`TargetError::Nobody`].
    pub(crate) fn of_sops(rule: &SopsRule) -> Result<Self, Failure> {
        let mut target = Self::of(Vec::new());
        target.groups.clear();
        for group in &rule.groups {
            let mut recipients: Vec<Recipient> = Vec::with_capacity(group.age.len());
            for key in &group.age {
                let recipient: Recipient = key.text.parse().map_err(|error| {
                    InObject::new(key.at.to_string(), TargetError::Recipient(error))
                })?;
                if !recipients.contains(&recipient) {
                    recipients.push(recipient);
                }
            }
            target.groups.push(recipients);
            let others = group.others.iter().map(|key| key.provider.name());
            target.others.extend(others);
        }
        target.others.sort_unstable();
        target.others.dedup();
        if target.others.is_empty() && target.groups.iter().any(Vec::is_empty) {
            return Err(TargetError::Nobody.into());
        }
        let selector = rule.selector.as_ref();
        target.selector = selector.map(|found| (found.kind(), found.text().to_owned()));
        target.threshold = rule.threshold.filter(|_| target.groups.len() > 1);
        target.mac_only_encrypted = rule.mac_only_encrypted;
        Ok(target)
    }

    /// Whoever leaves has a name as well.
    fn know(&mut self, config: &Config) {
        for party in config.parties() {
            let names = party.recipients.iter();
            let names = names.map(|one| (one.as_str().to_owned(), party.name.to_string()));
            self.names.extend(names);
        }
    }

    /// The selector that the rule names.
    pub(crate) fn selector(&self) -> Option<(SelectorKind, &str)> {
        let said = self.selector.as_ref();
        said.map(|(kind, text)| (*kind, text.as_str()))
    }

    /// The selector of the rule; where it says nothing, what fits the file.
    pub(crate) fn selector_or(&self, default: Option<(SelectorKind, &str)>) -> Option<Selector> {
        let (kind, text) = self.selector().or(default)?;
        Selector::new(kind, text).ok()
    }

    /// Refuses a rule that names keys of other providers, where the data key is new.
    pub(crate) fn refuse_others(&self) -> Result<(), SopsUsage> {
        match self.others.is_empty() {
            true => Ok(()),
            false => Err(SopsUsage::RuleOfOthers(self.others.join(", "))),
        }
    }

    /// What a recipient is called: its name, or its beginning.
    pub(crate) fn called(&self, recipient: &str) -> String {
        let known = recipient.parse::<Recipient>();
        let bare = known.as_ref().map_or(recipient, Recipient::as_str);
        let name = self.names.get(bare).cloned();
        name.unwrap_or_else(|| beginning(recipient))
    }

    /// Everyone, for telling people.
    pub(crate) fn everyone(&self) -> String {
        let all = self.groups.iter().flatten();
        let mut names: Vec<_> = all.map(|one| self.called(one.as_str())).collect();
        names.dedup();
        names.join(", ")
    }

    /// Says whom `--for` has left out.
    pub(crate) fn warn_of_left_out(&self, path: &Path, printer: &Printer) {
        if !self.left_out.is_empty() {
            printer.warn(format_args!(
                "{} is not closed for {}, whom its rule names",
                Shown(path),
                self.left_out.join(", ")
            ));
        }
    }
}

/// The beginning of a public key, by which people know it.
pub(crate) fn beginning(recipient: &str) -> String {
    let shown = recipient.chars().take(BEGINNING_CHARACTERS);
    let cut = recipient.chars().nth(BEGINNING_CHARACTERS).map(|_| '…');
    shown.flat_map(char::escape_debug).chain(cut).collect()
}

impl Fault for TargetError {
    fn blame(&self) -> Blame {
        match self {
            Self::Recipient(_) | Self::Nobody => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoConfig(_) => {
                "`bulla init` writes a .bulla.yaml; `--for age1…` names a public key for this run"
            }
            Self::NoPath => "give `--as-path PATH`, or name somebody: `--for NAME`",
            Self::Recipient(_) => "copy the whole public key; entries are separated by commas",
            Self::Nobody => "name a recipient in it: `age: age1…`",
        }))
    }
}

const BEGINNING_CHARACTERS: usize = 20;
