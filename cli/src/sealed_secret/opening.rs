//! SealedSecrets opened with the keys at hand, and what to say when none of them does.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use bulla_core::names::{Namespace, ResourceName};
use bulla_core::reason::Reason;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    Diagnosis, ItemError, Label, LegacyData, RsaKeyRing, SealedData, SealedItem, SealedSecret,
    Search, UnsealError, Unsealed, diagnose,
};

use super::FoundSealed;
use crate::exit::Blame;
use crate::failure::Fault;
use crate::identities::Identities;

/// A SealedSecret that was not opened.
#[derive(Debug)]
pub(crate) struct Closed {
    error: Box<UnsealError>,
    diagnosis: Option<Box<Diagnosis>>,
    keys: usize,
    looked_in: String,
}

impl FoundSealed<'_> {
    /// Opens every value with the private keys at hand.
    ///
    /// # Errors
    /// [`Closed`]: which values don't open, and for which place they were sealed where that can be told.
    pub(crate) fn unseal(&self, identities: &Identities) -> Result<Unsealed, Closed> {
        unseal(&self.sealed, identities).map_err(|closed| Closed {
            diagnosis: unopened(self, &closed.error)
                .and_then(|item| diagnosis(self, item, &identities.rsa))
                .map(Box::new),
            ..closed
        })
    }
}

/// Opens one that is no longer in a file, with nothing to tell where else it may belong.
///
/// # Errors
/// [`Closed`].
pub(crate) fn unseal(sealed: &SealedSecret, identities: &Identities) -> Result<Unsealed, Closed> {
    let opened = sealed.unseal(&identities.rsa, &mut Search::default(), LegacyData::Accept);
    opened.map_err(|error| Closed {
        diagnosis: None,
        error: Box::new(error),
        keys: identities.rsa.len(),
        looked_in: identities.looked_in(),
    })
}

/// The first value for which there is no key here.
fn unopened<'f>(found: &'f FoundSealed<'_>, error: &UnsealError) -> Option<&'f SealedItem> {
    match (found.sealed.sealed(), error) {
        (SealedData::Items(items), UnsealError::Items(errors)) => {
            let mut closed = errors.0.iter();
            let (key, _) = closed.find(|(_, error)| matches!(error, ItemError::NoKey))?;
            items.get(key)?.as_ref().ok()
        }
        (SealedData::Legacy(item), UnsealError::Legacy(ItemError::NoKey)) => item.as_ref().ok(),
        _ => None,
    }
}

/// For which place a value was sealed, as far as the keys at hand and what the object says of itself tell.
pub(crate) fn diagnosis(
    found: &FoundSealed<'_>,
    item: &SealedItem,
    ring: &RsaKeyRing,
) -> Option<Diagnosis> {
    let candidates = candidates(found);
    let diagnosis = diagnose(item, &found.sealed.label(), &candidates, ring);
    diagnosis.sealed_for.is_some().then_some(diagnosis)
}

/// The other scopes of its place, and those of the place that its template has kept.
fn candidates(found: &FoundSealed<'_>) -> Vec<Label> {
    let name = found.sealed.name();
    let in_template = |field: &str| {
        let path = format!("/spec/template/metadata/{field}");
        found.value.pointer(&path)?.as_str()
    };
    let other_name: Option<ResourceName> = in_template("name").and_then(|text| text.parse().ok());
    let other: Option<Namespace> = in_template("namespace").and_then(|text| text.parse().ok());
    let mut labels = vec![Label::cluster()];
    for namespace in found.sealed.namespace().into_iter().chain(&other) {
        labels.push(Label::new(Scope::Namespace, namespace, name));
        for name in [Some(name), other_name.as_ref()].into_iter().flatten() {
            labels.push(Label::new(Scope::Strict, namespace, name));
        }
    }
    labels
}

/// Where private keys of Sealed Secrets come from.
pub(crate) const fn ring_hint() -> &'static str {
    "give a backup of the controller's keys: `--identity FILE`, as `kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` writes it"
}

impl Closed {
    /// The bounded word for it.
    pub(crate) fn reason(&self) -> Reason {
        match &self.diagnosis {
            Some(_) => Reason::WrongPlace,
            None => self.error.reason(),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys == 0 && self.error.reason() == Reason::NoKey {
            return write!(
                f,
                "no private key of Sealed Secrets is at hand\nkeys were looked for in {}",
                self.looked_in
            );
        }
        match &self.diagnosis {
            Some(diagnosis) => write!(f, "{}\nit was {diagnosis}", self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

impl Error for Closed {}

impl Fault for Closed {
    fn blame(&self) -> Blame {
        self.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self.reason() {
            Reason::NoKey => ring_hint(),
            Reason::WrongPlace => {
                "put name, namespace and annotations back as they were when it was sealed, or seal its values anew"
            }
            reason => reason.hint(),
        }))
    }
}
