//! Into what, and for whom, the Secrets of a file are sealed.

use std::collections::BTreeMap;
use std::path::Path;

use bulla_core::envelope::{Binding, Envelope};
use bulla_core::manifest::{Move, SecretSource};
use bulla_core::policy::Format;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{SecretTemplate, scope_of};
use serde_json::Value;

use super::Sealer;
use crate::cli::SealedFormat;
use crate::failure::Failure;
use crate::input::is_stdin;
use crate::manifest::secret::{Conversion, Manner};
use crate::recipients::Chosen;
use crate::sealed_secret::{CertificateError, Making, SealedFor, into_encrypted_data};
use crate::sops_file::error::SopsUsage;

/// What a file's Secrets become.
pub(super) enum Target {
    /// Envelopes, closed for these.
    Envelopes(Chosen),
    /// SealedSecrets, sealed with this certificate.
    SealedSecrets(SealedFor),
}

/// A Secret after sealing.
pub(super) struct SealedOne {
    /// The whole resource.
    pub(super) resource: Value,
    /// Where the comments of the Secret belong now.
    pub(super) moves: Vec<Move>,
    /// `` `shop/db` ``.
    pub(super) title: String,
    /// How many values it has.
    pub(super) values: usize,
}

impl Sealer<'_> {
    /// Asks the flags, and then the rules.
    pub(super) fn target(&self, path: &Path) -> Result<Target, Failure> {
        let (seen, printer) = (self.seen(path), &self.session.printer);
        match self.format(seen)? {
            SealedFormat::Envelope if self.args.certificate.cert.is_some() => {
                Err(CertificateError::OtherFormat.into())
            }
            SealedFormat::Envelope => {
                let chosen = self.chooser.choose(Some(seen))?;
                chosen.warn_of_left_out(seen, printer);
                Ok(Target::Envelopes(chosen))
            }
            // Files are sealed whole before any Secret is looked for in them.
            SealedFormat::Sops => Err(SopsUsage::Joined.into()),
            SealedFormat::SealedSecret if self.args.unbound_template => {
                Err(CertificateError::NeverBound.into())
            }
            SealedFormat::SealedSecret => {
                let sealed_for = self.certificates.choose(seen)?;
                sealed_for.warn_of_left_out(seen, printer);
                Ok(Target::SealedSecrets(sealed_for))
            }
        }
    }

    /// What the flags say, or the rule.
    pub(super) fn format(&self, seen: &Path) -> Result<SealedFormat, Failure> {
        if let Some(format) = self.args.format {
            return Ok(format);
        }
        if self.args.certificate.cert.is_some() {
            return Ok(SealedFormat::SealedSecret);
        }
        let seen = Some(seen).filter(|path| !is_stdin(path));
        let located = self.session.configs.of(seen)?;
        if let (None, Some(path), true) =
            (&located, seen, self.args.recipients.recipients.is_empty())
        {
            let printer = &self.session.printer;
            let sops = self.targets.sops_config(path, printer)?;
            // Whoever has rules for sops and none for bulla works with sops.
            return Ok(match sops {
                Some(_) => SealedFormat::Sops,
                None => SealedFormat::Envelope,
            });
        }
        let rule = located.as_ref().zip(seen).and_then(|(located, path)| {
            let relative = located.relative(path).ok()?;
            located.config.rule_for(&relative).ok()
        });
        Ok(match rule.map(bulla_core::policy::Rule::format) {
            Some(Format::SealedSecret) => SealedFormat::SealedSecret,
            Some(Format::Sops) => SealedFormat::Sops,
            _ => SealedFormat::Envelope,
        })
    }

    /// Seals one Secret.
    pub(super) fn seal_one(
        &self,
        secret: SecretSource,
        target: &Target,
    ) -> Result<SealedOne, Failure> {
        match target {
            Target::Envelopes(chosen) => self.envelope(secret, chosen),
            Target::SealedSecrets(sealed_for) => self.sealed_secret(secret, sealed_for),
        }
    }

    fn envelope(&self, secret: SecretSource, chosen: &Chosen) -> Result<SealedOne, Failure> {
        let scope = chosen.scope(self.args.scope.map(Into::into))?;
        let conversion = Conversion::new(secret, &self.manner(scope))?;
        let request = &conversion.request;
        let envelope = Envelope::seal(request, &chosen.recipients, &mut self.session.rng())?;
        let (resource, moves) = conversion.resource(&envelope);
        Ok(SealedOne {
            resource,
            moves,
            title: format!("`{}/{}`", envelope.namespace(), envelope.name()),
            values: envelope.data().len(),
        })
    }

    /// As `kubeseal` does, the annotations of Sealed Secrets on the Secret say the scope and what becomes of it.
    fn sealed_secret(
        &self,
        mut secret: SecretSource,
        sealed_for: &SealedFor,
    ) -> Result<SealedOne, Failure> {
        let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut secret.annotations)
                .into_iter()
                .partition(|(name, _)| name.starts_with(PREFIX));
        secret.annotations = others;
        let annotated = Some(scope_of(&own)).filter(|scope| *scope != Scope::Strict);
        let asked = self.args.scope.map(Into::into).or(annotated);
        let scope = sealed_for.scope(asked)?;
        let conversion = Conversion::new(secret, &self.manner(scope))?;
        let request = &conversion.request;
        let mut template = SecretTemplate::from(&request.template);
        let is_scope = |name: &str| {
            SCOPES
                .iter()
                .any(|scope| name == format!("{PREFIX}{scope}"))
        };
        template
            .annotations
            .extend(own.into_iter().filter(|(name, _)| !is_scope(name)));
        let making = Making {
            namespace: &request.namespace,
            name: &request.name,
            scope,
            metadata: conversion.metadata.clone(),
            values: &request.values,
            template: &template,
        };
        let resource = making.seal(&sealed_for.key, &mut self.session.rng())?;
        let title = format!("`{}/{}`", request.namespace, request.name);
        let values = request.values.len();
        let mut moves = conversion.moves;
        into_encrypted_data(&mut moves);
        Ok(SealedOne {
            resource,
            moves,
            title,
            values,
        })
    }

    fn manner(&self, scope: Scope) -> Manner {
        Manner {
            namespace: self.args.namespace.clone(),
            scope,
            binding: match self.args.unbound_template {
                true => Binding::None,
                false => Binding::Template,
            },
        }
    }
}

impl Target {
    /// Whom for, for telling people.
    pub(super) fn names(&self) -> String {
        match self {
            Self::Envelopes(chosen) => chosen.names(),
            Self::SealedSecrets(sealed_for) => sealed_for.name.to_string(),
        }
    }
}

const PREFIX: &str = "sealedsecrets.bitnami.com/";
const SCOPES: [&str; 2] = ["cluster-wide", "namespace-wide"];
