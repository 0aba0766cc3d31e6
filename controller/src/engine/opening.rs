//! From a sealed resource to the content of its Secret: where the kinds of resources differ, and the only place.

use std::time::SystemTime;

use bulla_core::envelope::Envelope;
use bulla_core::names::KeyName;
use bulla_core::recipient::KeyRing;
use bulla_core::sealed_secrets::{
    ItemError, LegacyData, MAX_OPENING_OPERATIONS, RsaKeyRing, SealedData, SealedSecret, Search,
    UnsealError,
};
use bulla_core::secret::{Outline, SecretContent, SecretPolicy};
use bulla_core::sops_secret::SopsSecret;
use bulla_core::template::Surroundings;

use super::outcome::{Effort, Verdict};
use super::request::{Request, Sealed};

/// The private keys at hand.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// For envelopes.
    pub age: KeyRing,
    /// For SealedSecrets.
    pub rsa: RsaKeyRing,
    /// For SopsSecrets: those for envelopes, and the identities that were brought for it.
    pub sops: KeyRing,
    /// Whether the deprecated `spec.data` of SealedSecrets is opened.
    pub legacy: LegacyData,
}

impl Sealed {
    /// Everything about the Secret but its data, where that is known without opening anything.
    pub(super) fn outline(&self, request: &Request) -> Option<Outline> {
        let (namespace, name) = (request.namespace(), request.name());
        match self {
            Self::Envelope(envelope) => Some(Outline::new(namespace, name, envelope.template())),
            Self::SealedSecret(sealed) => match sealed.sealed() {
                SealedData::Items(_) => {
                    let template = sealed.template();
                    Some(Outline::of_sealed_secret(namespace, name, template))
                }
                SealedData::Legacy(_) => None,
            },
        }
    }

    /// True when the Secret gets a key of this name, as far as that is known without opening anything.
    pub(super) fn makes(&self, key: &str) -> bool {
        let is = |known: &KeyName| known.as_str() == key;
        match self {
            Self::Envelope(envelope) => {
                envelope.data().keys().any(is) || envelope.template().data().keys().any(is)
            }
            Self::SealedSecret(sealed) => {
                let mut templates = sealed.template().data.iter();
                match templates.find(|(known, _)| is(known)) {
                    Some((_, template)) => template.is_some(),
                    None => sealed.keys().any(is),
                }
            }
        }
    }

    /// Opens everything, or nothing. What it took is counted, also when it failed.
    pub(super) fn open(
        &self,
        request: &Request,
        keys: &Keys,
        policy: &SecretPolicy,
        effort: &mut Effort,
    ) -> Result<SecretContent, Verdict> {
        match self {
            Self::Envelope(envelope) => open_envelope(envelope, request, &keys.age, policy, effort),
            Self::SealedSecret(sealed) => open_sealed(sealed, request, keys, policy, effort),
        }
    }
}

fn open_envelope(
    envelope: &Envelope,
    request: &Request,
    ring: &KeyRing,
    policy: &SecretPolicy,
    effort: &mut Effort,
) -> Result<SecretContent, Verdict> {
    match envelope.open_counted(ring, &mut effort.private_operations) {
        Ok(opened) => {
            effort.opened_values = opened.values().len();
            effort.opened_with = opened.opened_with().to_vec();
            let outline = Outline::new(request.namespace(), request.name(), envelope.template());
            Ok(SecretContent::new(outline, opened, policy)?)
        }
        Err(error) => Err(Verdict::Refused {
            reason: error.reason(),
            detail: error.to_string(),
        }),
    }
}

/// Opens all of a SopsSecret, or nothing. What it took is counted, also when it failed.
pub(super) fn open_several(
    sealed: &SopsSecret,
    keys: &Keys,
    policy: &SecretPolicy,
    effort: &mut Effort,
) -> Result<Vec<SecretContent>, Verdict> {
    let opened = sealed.open(&keys.sops, policy.place, &mut effort.private_operations);
    let opened = opened.map_err(|error| Verdict::Refused {
        reason: error.reason(),
        detail: error.to_string(),
    })?;
    let values = opened.templates().iter();
    effort.opened_values = values.map(|template| template.data().len()).sum();
    effort.opened_with = opened.opened_with().to_vec();
    let contents = opened.into_templates().into_iter();
    let contents = contents.map(|template| {
        SecretContent::of_sops_secret(sealed.namespace(), template, policy).map_err(Verdict::from)
    });
    contents.collect()
}

/// A sealed value does not say which key opens it: those that opened the resource before are tried first.
fn open_sealed(
    sealed: &SealedSecret,
    request: &Request,
    keys: &Keys,
    policy: &SecretPolicy,
    effort: &mut Effort,
) -> Result<SecretContent, Verdict> {
    let mut search = Search::new(&request.status().opened_with).within(MAX_OPENING_OPERATIONS);
    let unsealed = sealed.unseal(&keys.rsa, &mut search, keys.legacy);
    effort.private_operations = search.operations();
    let unsealed = unsealed.map_err(|error| {
        if let UnsealError::Items(errors) = &error {
            let mut errors = errors.0.iter();
            let unopened = errors.find(|(_, error)| **error == ItemError::NoKey);
            effort.unopened = unopened.map(|(key, _)| key.clone());
        }
        Verdict::Refused {
            reason: error.reason(),
            detail: error.to_string(),
        }
    })?;
    effort.opened_values = unsealed.values().len();
    effort.opened_with = unsealed.opened_with().to_vec();
    let mut surroundings = surroundings();
    Ok(SecretContent::of_sealed_secret_with(
        request.namespace(),
        request.name(),
        unsealed,
        policy,
        Some(&mut surroundings),
    )?)
}

/// The time, and chance. Templates of SealedSecrets may look at both; those of envelopes at neither.
fn surroundings() -> Surroundings {
    let mut seed = [0; 32];
    getrandom::getrandom(&mut seed).expect("the operating system has random bytes");
    Surroundings::new(SystemTime::now(), seed)
}
