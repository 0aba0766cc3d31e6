//! Whom to close for: what the rules of `.bulla.yaml` say, or `--for`, and never what a file says of itself.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bulla_core::envelope::NamedRecipient;
use bulla_core::names::RecipientName;
use bulla_core::policy::{Config, Rule};
use bulla_core::scope::Scope;

use crate::cli::RecipientArgs;
use crate::config::{Configs, Located};
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::input::is_stdin;
use crate::plugins::{self, Allowed};
use crate::printer::Printer;
use crate::shown::Shown;

/// Answers for one run whom each file is closed for.
#[derive(Debug)]
pub(crate) struct Chooser<'a> {
    configs: &'a Configs,
    asked: &'a [String],
    allowed: Allowed,
}

/// The answer for one file.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Whom to close for; never empty.
    pub(crate) recipients: Vec<NamedRecipient>,
    /// Named by the rule, and left out by `--for`.
    pub(crate) left_out: Vec<RecipientName>,
    pub(crate) rule: Option<Rule>,
}

/// There is nothing to tell whom to close for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoiceError {
    /// No configuration.
    #[error("nothing says whom to close {} for: there is no .bulla.yaml", Shown(.0))]
    NoConfig(PathBuf),
    /// Standard input, and no path for the rules to match.
    #[error(
        "nothing says whom to close for: rules go by the path of a file, and standard input has none"
    )]
    NoPath,
}

impl<'a> Chooser<'a> {
    /// Goes by the rules, or by `--for` where it is given.
    pub(crate) fn new(configs: &'a Configs, args: &'a RecipientArgs) -> Self {
        Self {
            configs,
            asked: &args.recipients,
            allowed: Allowed::default(),
        }
    }

    /// Whom a file is closed for; `path` is what the rules see.
    ///
    /// # Errors
    /// [`ChoiceError`], those of finding the configuration, and [`PolicyError`](bulla_core::policy::PolicyError).
    pub(crate) fn choose(&self, path: Option<&Path>) -> Result<Chosen, Failure> {
        let path = path.filter(|path| !is_stdin(path));
        let located = self.configs.of(path)?;
        if !self.asked.is_empty() {
            return self.asked_for(located, path);
        }
        match (located, path) {
            (Some(located), Some(path)) => {
                let rule = located.config.rule_for(&located.relative(path)?)?;
                Ok(Chosen {
                    recipients: self.equipped(rule.recipients()?)?,
                    left_out: vec![],
                    rule: Some(rule.clone()),
                })
            }
            (_, None) => Err(ChoiceError::NoPath.into()),
            (None, Some(path)) => Err(ChoiceError::NoConfig(path.to_owned()).into()),
        }
    }

    /// Looks at `--for` where nothing may turn out to be closed: a wrong name is wrong there, too.
    ///
    /// # Errors
    /// As for [`Self::choose`], of what `--for` says by itself.
    pub(crate) fn check_asked(&self, path: Option<&Path>) -> Result<(), Failure> {
        if !self.asked.is_empty() {
            let located = self.configs.of(path.filter(|path| !is_stdin(path)))?;
            self.resolved(located)?;
        }
        Ok(())
    }

    /// Names are those of the current directory where the file lies outside of any repository.
    fn resolved(&self, located: Option<Rc<Located>>) -> Result<Vec<NamedRecipient>, Failure> {
        let names = match located {
            Some(located) => Some(located),
            None => self.configs.of(None)?,
        };
        let nobody = Config::default();
        let config = names.as_ref().map_or(&nobody, |located| &located.config);
        Ok(config.resolve(self.asked)?)
    }

    /// With their plug-ins, as far as the user allows them. A name in a repository runs nothing by itself.
    fn equipped(&self, recipients: Vec<NamedRecipient>) -> Result<Vec<NamedRecipient>, Failure> {
        let equip = |named: NamedRecipient| {
            let recipient = plugins::equip(named.recipient, &self.allowed)?;
            let name = named.name;
            Ok(NamedRecipient { name, recipient })
        };
        recipients.into_iter().map(equip).collect()
    }

    /// `--for` counts without a configuration too, as long as it needs no names; where a rule
    /// matches, what the rule demands is still demanded.
    fn asked_for(
        &self,
        located: Option<Rc<Located>>,
        path: Option<&Path>,
    ) -> Result<Chosen, Failure> {
        let recipients = self.resolved(located.clone())?;
        let rule = match (&located, path) {
            (Some(located), Some(path)) => located
                .relative(path)
                .ok()
                .and_then(|path| located.config.rule_for(&path).ok()),
            _ => None,
        };
        if let Some(rule) = rule {
            rule.allow_recipients(&recipients)?;
        }
        let left_out = rule
            .map(|rule| rule.left_out(&recipients))
            .unwrap_or_default();
        Ok(Chosen {
            recipients: self.equipped(recipients)?,
            left_out,
            rule: rule.cloned(),
        })
    }
}

impl Chosen {
    /// The scope of new envelopes: what is asked for where the rule allows it, or the rule's.
    ///
    /// # Errors
    /// [`PolicyError::ScopeTooWide`](bulla_core::policy::PolicyError::ScopeTooWide).
    pub(crate) fn scope(&self, asked: Option<Scope>) -> Result<Scope, Failure> {
        match &self.rule {
            Some(rule) => Ok(rule.allow_scope(asked)?),
            None => Ok(asked.unwrap_or_default()),
        }
    }

    /// The names, for telling people.
    pub(crate) fn names(&self) -> String {
        let mut names: Vec<&str> = self
            .recipients
            .iter()
            .map(|named| named.name.as_str())
            .collect();
        names.dedup();
        names.join(", ")
    }

    /// Says whom `--for` has left out.
    pub(crate) fn warn_of_left_out(&self, path: &Path, printer: &Printer) {
        if !self.left_out.is_empty() {
            let names: Vec<&str> = self.left_out.iter().map(RecipientName::as_str).collect();
            let names = names.join(", ");
            printer.warn(format_args!(
                "{} is not closed for {names}, whom its rule names",
                Shown(path)
            ));
        }
    }
}

impl Fault for ChoiceError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoConfig(_) => {
                "`bulla init` writes one; `--for age1…` names a public key for this run"
            }
            Self::NoPath => "give `--as-path PATH`, or name somebody: `--for NAME`",
        }))
    }
}
