//! With which certificate a file is sealed: the pinned one of the cluster that its rule names, or `--cert`.

use std::path::Path;
use std::rc::Rc;

use bulla_core::names::RecipientName;
use bulla_core::policy::{CONFIG_BYTES_MAX, Config, Party, Rule};
use bulla_core::rotation::Timestamp;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{Certificate, Expiry, RsaPublicKey};

use super::error::CertificateError;
use crate::cli::{CertificateArgs, RecipientArgs};
use crate::config::{Configs, Located};
use crate::failure::Failure;
use crate::input::{self, is_stdin};
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

/// Answers for one run which certificate each file is sealed with.
pub(crate) struct Certificates<'a> {
    configs: &'a Configs,
    asked: &'a [String],
    args: &'a CertificateArgs,
}

/// The answer for one file.
pub(crate) struct SealedFor {
    /// The key.
    pub(crate) key: RsaPublicKey,
    /// Whose it is, for telling people.
    pub(crate) name: RecipientName,
    /// Named by the rule, and unable to open a SealedSecret.
    left_out: Vec<RecipientName>,
    rule: Option<Rule>,
}

impl<'a> Certificates<'a> {
    /// Goes by the rules, or by `--for` or `--cert` where one of them is given.
    pub(crate) fn new(
        configs: &'a Configs,
        recipients: &'a RecipientArgs,
        args: &'a CertificateArgs,
    ) -> Self {
        Self {
            configs,
            asked: &recipients.recipients,
            args,
        }
    }

    /// What a file is sealed with; `path` is what the rules see.
    ///
    /// # Errors
    /// [`CertificateError`], those of finding the configuration, and [`PolicyError`](bulla_core::policy::PolicyError).
    pub(crate) fn choose(&self, path: &Path) -> Result<SealedFor, Failure> {
        let path = Some(path).filter(|path| !is_stdin(path));
        let located = self.configs.of(path)?;
        let explicit = self.args.cert.is_some() || !self.asked.is_empty();
        let rule = match (&located, path) {
            (Some(located), Some(path)) if explicit => located
                .relative(path)
                .ok()
                .and_then(|path| located.config.rule_for(&path).ok()),
            (Some(located), Some(path)) => Some(located.config.rule_for(&located.relative(path)?)?),
            (None, Some(path)) if !explicit => {
                return Err(CertificateError::NoConfig(path.to_owned()).into());
            }
            (_, None) if !explicit => return Err(CertificateError::NoPath.into()),
            _ => None,
        };
        let names = match &located {
            Some(located) => Some(Rc::clone(located)),
            None => self.configs.of(None)?,
        };
        let (name, key) = match &self.args.cert {
            Some(file) => self.named_file(file, names.as_deref())?,
            None => self.of_cluster(rule, names.as_deref())?,
        };
        if let Some(rule) = rule {
            rule.allow_rsa(&name, key.fingerprint())?;
        }
        let left_out = rule.map(|rule| {
            let others = rule.parties().iter().filter(|party| party.name != name);
            others.map(|party| party.name.clone()).collect()
        });
        Ok(SealedFor {
            key,
            name,
            left_out: left_out.unwrap_or_default(),
            rule: rule.cloned(),
        })
    }

    /// A certificate that is pinned has its name there; another one is called by its fingerprint.
    fn named_file(
        &self,
        file: &Path,
        located: Option<&Located>,
    ) -> Result<(RecipientName, RsaPublicKey), Failure> {
        let key = self.key_of(file)?;
        let pinned = |party: &&Party| {
            let certificate = party.certificate.as_deref();
            let file = certificate.and_then(|file| Some(located?.beside(file)));
            file.and_then(|file| read_certificate(&file).ok())
                .is_some_and(|certificate| certificate.key() == &key)
        };
        let party = located.and_then(|located| located.config.parties().iter().find(pinned));
        let name = match party {
            Some(party) => party.name.clone(),
            None => key
                .fingerprint()
                .to_string()
                .parse()
                .expect("a fingerprint is a valid name"),
        };
        Ok((name, key))
    }

    fn of_cluster(
        &self,
        rule: Option<&Rule>,
        located: Option<&Located>,
    ) -> Result<(RecipientName, RsaPublicKey), Failure> {
        let nobody = Config::default();
        let config = located.map_or(&nobody, |located| &located.config);
        let party = match (self.asked, rule) {
            ([], Some(rule)) => rule.sealed_for()?,
            ([], None) => return Err(CertificateError::NoPath.into()),
            ([name], _) => config
                .party(name.trim())
                .filter(|party| party.certificate.is_some())
                .ok_or_else(|| CertificateError::NotACluster(name.escape_debug().to_string()))?,
            _ => return Err(CertificateError::Several.into()),
        };
        let file = located
            .zip(party.certificate.as_deref())
            .map(|(located, file)| located.beside(file));
        match file {
            Some(file) => Ok((party.name.clone(), self.key_of(&file)?)),
            None => Err(CertificateError::NotACluster(party.name.to_string()).into()),
        }
    }

    fn key_of(&self, file: &Path) -> Result<RsaPublicKey, Failure> {
        let certificate = read_certificate(file)?;
        let expiry = match self.args.allow_expired {
            true => Expiry::Ignore,
            false => Expiry::Refuse,
        };
        let key = certificate
            .key_for_sealing(now(), expiry)
            .map_err(|error| InFile::new("use", file, CertificateError::Expired(error)))?;
        Ok(key.clone())
    }
}

impl SealedFor {
    /// The scope of new values: what is asked for where the rule allows it, or the rule's.
    ///
    /// # Errors
    /// [`PolicyError::ScopeTooWide`](bulla_core::policy::PolicyError::ScopeTooWide).
    pub(crate) fn scope(&self, asked: Option<Scope>) -> Result<Scope, Failure> {
        match &self.rule {
            Some(rule) => Ok(rule.allow_scope(asked)?),
            None => Ok(asked.unwrap_or_default()),
        }
    }

    /// True when the rule says how wide a scope may be.
    pub(crate) fn limits_scope(&self) -> bool {
        let rule = self.rule.as_ref();
        rule.is_some_and(|rule| rule.scope().is_some())
    }

    /// Says who can't open it although the rule names them.
    pub(crate) fn warn_of_left_out(&self, path: &Path, printer: &Printer) {
        if !self.left_out.is_empty() {
            let names: Vec<&str> = self.left_out.iter().map(RecipientName::as_str).collect();
            printer.warn(format_args!(
                "{} is not sealed for {}, whom its rule names: a SealedSecret has one key",
                Shown(path),
                names.join(", ")
            ));
        }
    }
}

/// Reads a certificate.
///
/// # Errors
/// A file that can't be read, [`CertificateError::Unusable`].
pub(crate) fn read_certificate(file: &Path) -> Result<Certificate, Failure> {
    let bytes = input::read(file, CONFIG_BYTES_MAX)?.bytes;
    Certificate::from_pem(&bytes)
        .map_err(|error| InFile::new("use", file, CertificateError::Unusable(error)).into())
}

/// The time of this machine.
pub(crate) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_second())
}
