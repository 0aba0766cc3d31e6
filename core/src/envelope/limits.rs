//! The limits of an envelope, which the schema of the resource repeats.

/// Data keys in one envelope.
pub const MAX_DATA_KEYS: usize = 32;
/// Recipients of one data key.
pub const MAX_RECIPIENTS: usize = 32;
/// Former recipients that one data key remembers.
pub const MAX_FORMER_RECIPIENTS: usize = 256;
/// Bytes of one closed data key, before base64.
pub const MAX_CLOSED_KEY_BYTES: usize = 8 * 1024;
/// Values in one envelope.
pub const MAX_VALUES: usize = 256;
/// Templated keys in one envelope.
pub const MAX_TEMPLATES: usize = 256;
/// Bytes of one value before it is sealed.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;
/// Bytes of a whole `spec`.
pub const MAX_SPEC_BYTES: usize = 768 * 1024;
/// Data keys from which on tools suggest `reseal`, which brings an envelope back to one.
pub const RESEAL_SUGGESTED_AT: usize = 8;
