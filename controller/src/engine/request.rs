//! A sealed resource, as the engine reconciles it.

use std::io::{self, Write};

use aws_lc_rs::digest;
use bulla_core::api::{
    self as api, API_VERSION, ConditionStatus, ObjectMeta, REQUESTED_AT_ANNOTATION, SEALED_SECRET,
    SEALED_SECRETS_API_VERSION, SECRET_ENVELOPE, SOPS_SECRET, SOPS_SECRETS_API_VERSION,
    SUSPEND_ANNOTATION, SecretEnvelope,
};
use bulla_core::envelope::{Envelope, EnvelopeError};
use bulla_core::names::{NameError, Namespace, ResourceName};
use bulla_core::plan::{Consent, Owner};
use bulla_core::reason::Reason;
use bulla_core::sealed_secrets::{SealedSecret, SealedSecretError};
use bulla_core::sops_secret::{SopsSecret, SopsSecretError};

use super::Status;
use super::applied::Record;

/// One resource, parsed once. A resource that does not parse is a request too: it is reported on.
#[derive(Debug)]
pub struct Request {
    namespace: Namespace,
    owner: Owner,
    generation: i64,
    holds: Result<Holds, Fault>,
    spec: SpecDigest,
    suspended: bool,
    requested_at: Option<String>,
    status: Status,
}

/// What a resource makes.
#[derive(Debug)]
pub enum Holds {
    /// One Secret, of its own name.
    Secret(Sealed),
    /// Secrets whose names are known once it is opened.
    Secrets(SopsSecret),
}

/// What makes one Secret. Every kind takes the same way from here.
#[derive(Debug)]
pub enum Sealed {
    /// A `SecretEnvelope`.
    Envelope(Envelope),
    /// A `SealedSecret`.
    SealedSecret(SealedSecret),
}

/// Why a resource can't be opened, whatever the keys: it does not parse, or its reader refused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The bounded word.
    pub reason: Reason,
    /// The sentence; never a value.
    pub detail: String,
}

impl From<SealedSecretError> for Fault {
    fn from(error: SealedSecretError) -> Self {
        Self {
            reason: error.reason(),
            detail: error.to_string(),
        }
    }
}

impl From<SopsSecretError> for Fault {
    fn from(error: SopsSecretError) -> Self {
        Self {
            reason: error.reason(),
            detail: error.to_string(),
        }
    }
}

impl From<EnvelopeError> for Fault {
    fn from(error: EnvelopeError) -> Self {
        Self {
            reason: error.reason(),
            detail: error.to_string(),
        }
    }
}

/// SHA-256 of the spec as it is stored; input to the records, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecDigest([u8; 32]);

/// A resource that can't even be reported on: it has no identity.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The field is missing.
    #[error("`metadata.{0}` is missing")]
    Missing(&'static str),
    /// The field is no name.
    #[error("malformed field `metadata.{field}`")]
    Name {
        /// Which one.
        field: &'static str,
        /// Which rule it breaks.
        #[source]
        source: NameError,
    },
}

impl Request {
    /// Takes what is needed out of a `SecretEnvelope`. Its status must not be older than the last
    /// one that the world reported.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when it has no valid namespace, name or uid.
    pub fn from_envelope(wire: &SecretEnvelope) -> Result<Self, RequestError> {
        Self::new(
            &wire.metadata,
            (API_VERSION, SECRET_ENVELOPE, Consent::Adopt),
            Envelope::try_from(wire)
                .map(|envelope| Holds::Secret(Sealed::Envelope(envelope)))
                .map_err(Fault::from),
            SpecDigest::of(&wire.spec),
        )
        .map(|request| request.with_status(wire.status.clone().unwrap_or_default().into()))
    }

    /// Takes what is needed out of a `SealedSecret`; its status comes by [`Request::with_status`].
    ///
    /// # Errors
    ///
    /// [`RequestError`] when it has no valid namespace, name or uid.
    pub fn from_sealed_secret(wire: &api::SealedSecret) -> Result<Self, RequestError> {
        let sealed = SealedSecret::try_from(wire);
        let unowned = sealed
            .as_ref()
            .is_ok_and(|sealed| sealed.template().skips_owner_reference());
        // The scope is no part of the spec, and a change of it is a change of the resource.
        let scope = sealed.as_ref().ok().map(|sealed| sealed.scope().as_str());
        Self::new(
            &wire.metadata,
            (
                SEALED_SECRETS_API_VERSION,
                SEALED_SECRET,
                Consent::SealedSecrets { unowned },
            ),
            sealed
                .map(|sealed| Holds::Secret(Sealed::SealedSecret(sealed)))
                .map_err(Fault::from),
            SpecDigest::of(&(scope, &wire.spec)),
        )
    }

    /// Takes what is needed out of a `SopsSecret`; its status comes by [`Request::with_status`].
    ///
    /// # Errors
    ///
    /// [`RequestError`] when it has no valid namespace, name or uid.
    pub fn from_sops_secret(wire: &api::SopsSecret) -> Result<Self, RequestError> {
        let enforced = wire.spec.enforce_ownership == Some(true);
        let request = Self::new(
            &wire.metadata,
            (
                SOPS_SECRETS_API_VERSION,
                SOPS_SECRET,
                Consent::SopsSecrets { enforced },
            ),
            SopsSecret::try_from(wire)
                .map(Holds::Secrets)
                .map_err(Fault::from),
            SpecDigest::of(&(&wire.spec, &wire.sops)),
        )?;
        Ok(Self {
            suspended: request.suspended || wire.spec.suspend == Some(true),
            ..request
        })
    }

    fn new(
        metadata: &ObjectMeta,
        (api_version, kind, consent): (&str, &str, Consent),
        holds: Result<Holds, Fault>,
        spec: SpecDigest,
    ) -> Result<Self, RequestError> {
        let text = |field, value: &Option<String>| {
            let filled = value.clone().filter(|text| !text.is_empty());
            filled.ok_or(RequestError::Missing(field))
        };
        let wrong = |field| move |source| RequestError::Name { field, source };
        let annotation = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
        let namespace = text("namespace", &metadata.namespace)?;
        let name: ResourceName = text("name", &metadata.name)?
            .parse()
            .map_err(wrong("name"))?;
        Ok(Self {
            namespace: namespace.parse().map_err(wrong("namespace"))?,
            owner: Owner {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                name,
                uid: text("uid", &metadata.uid)?,
                consent,
            },
            generation: metadata.generation.unwrap_or_default(),
            holds,
            spec,
            suspended: annotation(SUSPEND_ANNOTATION).is_some_and(|text| text == "true"),
            requested_at: annotation(REQUESTED_AT_ANNOTATION),
            status: Status::default(),
        })
    }

    /// The same request, refused for a reason that its reader found: two files that define it.
    #[must_use]
    pub fn refused(mut self, fault: impl Into<Fault>) -> Self {
        self.holds = Err(fault.into());
        self
    }

    /// The same request with another status, for a world that keeps it elsewhere.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The namespace of the resource and of its Secret.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name of the resource, and of its Secret where it makes one.
    pub fn name(&self) -> &ResourceName {
        &self.owner.name
    }

    /// The resource, as an owner reference names it.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// `metadata.generation`.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// What it holds, or what is wrong with it.
    pub fn holds(&self) -> Result<&Holds, &Fault> {
        self.holds.as_ref()
    }

    /// Whether it is of a kind that makes several Secrets, even if it does not parse.
    pub fn makes_several(&self) -> bool {
        self.owner.kind == SOPS_SECRET
    }

    /// The status before this reconcile.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// True when its Secret is to be left alone.
    pub fn suspended(&self) -> bool {
        self.suspended
    }

    /// The value of `reconcile.fluxcd.io/requestedAt`.
    pub fn requested_at(&self) -> Option<&str> {
        self.requested_at.as_deref()
    }

    /// True when somebody asked for a reconcile since the last one: then records don't count.
    pub fn forced(&self) -> bool {
        self.requested_at.is_some() && self.requested_at != self.status.last_handled_reconcile_at
    }

    /// True when that is what the status says.
    pub(super) fn was_refused_for(&self, reason: Reason) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|told| told.type_ == "Ready" && told.reason == reason.as_str())
    }

    /// True when the status says that this generation was applied.
    pub(super) fn is_applied(&self) -> bool {
        let mut conditions = self.status.conditions.iter();
        self.status.observed_generation == Some(self.generation)
            && conditions.any(|told| told.type_ == "Ready" && told.status == ConditionStatus::True)
    }

    /// The record of what was applied, where there is one that reads.
    pub(super) fn record(&self) -> Option<Record> {
        self.status.applied.as_deref()?.parse().ok()
    }

    /// The records of what was applied, one for each Secret; none where one of them does not read.
    pub(super) fn records(&self) -> Vec<Record> {
        let texts = self.status.applied.iter().flat_map(|text| text.split(','));
        let records: Result<Vec<Record>, _> = texts.map(str::parse).collect();
        records.unwrap_or_default()
    }

    pub(super) fn spec(&self) -> &SpecDigest {
        &self.spec
    }
}

impl SpecDigest {
    fn of(spec: &impl serde::Serialize) -> Self {
        let mut hasher = Hasher(digest::Context::new(&digest::SHA256));
        serde_json::to_writer(&mut hasher, spec).expect("a spec serializes");
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hasher.0.finish().as_ref());
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

struct Hasher(digest::Context);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
