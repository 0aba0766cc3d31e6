//! The record of what was applied, kept in the resource's status: `v1.` and base64url of two MACs.
//!
//! - `content = HMAC-SHA-256[record key](resource uid, spec, policy, the Secret as written)`
//! - `state = HMAC-SHA-256[record key](resource uid, spec, policy, content, Secret uid, Secret resourceVersion)`
//!
//! A Secret with the resourceVersion of `state` was not touched since: nothing is read. One with
//! another resourceVersion is read once and compared with `content`: nothing is opened. Whoever
//! reads the status learns nothing of a value, not even whether a guess is right: the key is the
//! controller's. With another key, or after a change of this format, every resource is opened once.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bulla_core::plaintext::Plaintext;
use bulla_core::reason::Reason;
use bulla_core::secret::{Outline, SecretContent, SecretPolicy};
use bulla_core::sops_secret::PlaceRule;
use zeroize::Zeroizing;

use super::{Keys, Request, Seen};

/// The controller's key for its records.
pub struct RecordKey(hmac::Key);

/// What was applied last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    content: ContentMac,
    state: [u8; MAC_BYTES],
}

/// A keyed digest of what a Secret should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentMac([u8; MAC_BYTES]);

/// A text that is not a record, or one of another format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a record of what was applied")]
pub struct RecordError;

const PREFIX: &str = "v1.";
/// HMAC-SHA-256, cut to 128 bits: two of them go into every status.
const MAC_BYTES: usize = 16;
const CONTENT_LABEL: &[u8] = b"bulla.dev/applied/v1/content";
const STATE_LABEL: &[u8] = b"bulla.dev/applied/v1/state";
const REFUSAL_LABEL: &[u8] = b"bulla.dev/applied/v1/refusal";

impl RecordKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// Takes over 32 random bytes that nobody else has.
    pub fn new(bytes: Zeroizing<[u8; Self::BYTES]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()))
    }

    /// The digest of what is to be written.
    pub(super) fn content(
        &self,
        policy: &SecretPolicy,
        request: &Request,
        content: &SecretContent,
    ) -> ContentMac {
        let data = content.data().iter();
        let data = data.map(|(key, value)| (key.as_str(), value));
        self.content_of(policy, request, content.outline(), data)
    }

    /// The digest of what would have been written, had it been `outline` and `data`.
    pub(super) fn content_of<'a>(
        &self,
        policy: &SecretPolicy,
        request: &Request,
        outline: &Outline,
        data: impl Iterator<Item = (&'a str, &'a Plaintext)>,
    ) -> ContentMac {
        let mut mac = Mac::new(self, CONTENT_LABEL);
        mac.field(request.owner().uid.as_bytes());
        mac.field(request.spec().bytes());
        flags(&mut mac, policy, request);
        if request.makes_several() {
            // Of two Secrets with the same content, nobody shall see that they have.
            mac.field(outline.name().as_str().as_bytes());
        }
        mac.field(outline.secret_type().as_bytes());
        mac.flag(outline.immutable());
        for map in [outline.labels(), outline.annotations()] {
            mac.count(map.len());
            for (name, value) in map {
                mac.field(name.as_bytes());
                mac.field(value.as_bytes());
            }
        }
        for (key, value) in data {
            mac.field(key.as_bytes());
            // Into a MAC, under a key that only the controller has.
            mac.field(value.reveal());
        }
        ContentMac(mac.finish())
    }

    /// The record of a refusal that took private keys to find out. The same resource with the same keys is refused for
    /// the same reason by the same program, so that there is nothing to try again.
    pub(super) fn refusal(
        &self,
        policy: &SecretPolicy,
        request: &Request,
        keys: &Keys,
        (reason, detail): (Reason, &str),
    ) -> String {
        let mut mac = Mac::new(self, REFUSAL_LABEL);
        mac.field(request.owner().uid.as_bytes());
        mac.field(request.namespace().as_str().as_bytes());
        mac.field(request.name().as_str().as_bytes());
        mac.field(request.spec().bytes());
        flags(&mut mac, policy, request);
        mac.field(env!("CARGO_PKG_VERSION").as_bytes());
        let age = keys.age.iter().map(|key| key.fingerprint().to_string());
        let rsa = keys.rsa.iter().map(|key| key.fingerprint().to_string());
        let sops = keys.sops.iter().map(|key| key.fingerprint().to_string());
        let sops = sops.filter(|_| request.makes_several());
        let fingerprints: BTreeSet<String> = age.chain(rsa).chain(sops).collect();
        mac.count(fingerprints.len());
        for fingerprint in &fingerprints {
            mac.field(fingerprint.as_bytes());
        }
        mac.field(reason.as_str().as_bytes());
        mac.field(detail.as_bytes());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(mac.finish()))
    }

    /// The record of a Secret that holds `content`.
    pub(super) fn record(
        &self,
        policy: &SecretPolicy,
        request: &Request,
        content: ContentMac,
        seen: &Seen,
    ) -> Record {
        let mut mac = Mac::new(self, STATE_LABEL);
        mac.field(request.owner().uid.as_bytes());
        mac.field(request.spec().bytes());
        flags(&mut mac, policy, request);
        mac.field(&content.0);
        mac.field(seen.uid.as_bytes());
        mac.field(seen.resource_version.as_bytes());
        let state = mac.finish();
        Record { content, state }
    }
}

impl Record {
    /// True when nothing changed since: neither the resource nor its Secret.
    pub(super) fn is_of(
        &self,
        key: &RecordKey,
        policy: &SecretPolicy,
        request: &Request,
        seen: &Seen,
    ) -> bool {
        let expected = key.record(policy, request, self.content, seen);
        constant_time::verify_slices_are_equal(&expected.state, &self.state).is_ok()
    }

    /// True when this is what was applied.
    pub(super) fn has_content(&self, content: &ContentMac) -> bool {
        constant_time::verify_slices_are_equal(&content.0, &self.content.0).is_ok()
    }
}

/// An HMAC over fields, each with its length, so that no two lists of fields read alike.
struct Mac(hmac::Context);

impl Mac {
    fn new(key: &RecordKey, label: &[u8]) -> Self {
        let mut mac = Self(hmac::Context::with_key(&key.0));
        mac.field(label);
        mac
    }

    fn count(&mut self, count: usize) {
        self.0.update(&(count as u64).to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn flag(&mut self, flag: bool) {
        self.field(&[u8::from(flag)]);
    }

    fn finish(self) -> [u8; MAC_BYTES] {
        let mut out = [0; MAC_BYTES];
        out.copy_from_slice(&self.0.sign().as_ref()[..MAC_BYTES]);
        out
    }
}

/// What of the policy decides about a resource of this kind.
fn flags(mac: &mut Mac, policy: &SecretPolicy, request: &Request) {
    mac.flag(policy.allow_special_types);
    if request.makes_several() {
        mac.flag(policy.place == PlaceRule::Require);
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.content.0, self.state].concat();
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Record {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let text = text.strip_prefix(PREFIX).ok_or(RecordError)?;
        let mut bytes = [[0; MAC_BYTES]; 2];
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, bytes.as_flattened_mut())
            .map_err(|_| RecordError)?;
        let [content, state] = bytes;
        (length == 2 * MAC_BYTES)
            .then_some(Self {
                content: ContentMac(content),
                state,
            })
            .ok_or(RecordError)
    }
}

/// The key shows nothing of itself.
impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey(redacted)")
    }
}
