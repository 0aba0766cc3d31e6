//! The format of Sealed Secrets: its keys, its values, its resource.
//!
//! What the public `kubeseal` (v0.40) seals opens here, and the other way round; docs/sealed-secrets.md
//! lists where the two differ on purpose.
//!
//! # Guarantees
//!
//! - Private operations run in constant time, in aws-lc-rs, and are counted.
//! - No error holds a value, a part of one, or a private key.
//!
//! # Caveats
//!
//! - The format does not bind a value to its key name, nor the template to the values, and it does
//!   not say who sealed: an envelope does the first two.
//! - RSA-OAEP and the making of keys draw their own randomness, in the library.

mod annotations;
mod backup;
mod certificate;
mod diagnose;
mod error;
mod item;
mod key_ring;
mod label;
mod legacy;
mod migrate;
mod output;
pub(crate) mod pem;
mod private_key;
mod public_key;
mod render;
mod reseal;
mod resource;
pub mod rotation;
mod seal;
mod self_signed;
mod template;
mod unseal;

pub use annotations::{
    CLUSTER_WIDE_ANNOTATION, LiveConsent, MANAGED_ANNOTATION, NAMESPACE_WIDE_ANNOTATION,
    PATCH_ANNOTATION, SKIP_SET_OWNER_REFERENCES_ANNOTATION, scope_annotation, scope_of,
};
pub use backup::{BackupError, KeyBackup, SkippedKey};
pub use certificate::{Certificate, Expired, Expiry};
pub use diagnose::{Diagnosis, MAX_DIAGNOSIS_OPERATIONS, diagnose};
pub use error::{MAX_RSA_BITS, MIN_RSA_BITS, RsaKeyError};
pub use item::{ItemError, MAX_ITEM_BYTES, SealItemError, SealedItem};
pub use key_ring::{MAX_OPENING_OPERATIONS, RsaKeyRing, Search};
pub use label::Label;
pub use legacy::LegacyFault;
pub use migrate::{EnvelopeParts, MigrateError, SealedSecretParts};
pub(crate) use output::{is_base_60, is_printable};
pub use output::{to_json, to_yaml};
pub use private_key::RsaPrivateKey;
pub use public_key::{RsaPublicKey, SshFingerprint, SshFingerprintError};
pub use render::RenderedSecret;
pub use resource::{MAX_ITEMS, SealedData, SealedSecret, SealedSecretError};
pub use seal::{SealSecretError, SecretToSeal};
pub use self_signed::CertificateRequest;
pub use template::{MAX_TEMPLATES, SecretTemplate};
pub use unseal::{ItemErrors, LegacyData, UnsealError, Unsealed};
