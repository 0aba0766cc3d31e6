//! Recipients: the public half of a key, and the only text it has.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use x25519_dalek::{PublicKey, StaticSecret};

use super::key_text::{self, KeyText, TextFault};
use super::plugin::{PluginName, PluginRecipient};
use super::ssh::{Ed25519Public, RsaPublic, Tag};
use super::{Fingerprint, KeyKind, Plugin, RecipientError, Suite, xwing};

/// Whom a payload is closed for. Cheap to clone.
#[derive(Clone)]
pub struct Recipient {
    pub(super) key: Key,
    text: Arc<str>,
    comment: Option<Arc<str>>,
    fingerprint: Fingerprint,
}

/// The public key itself, checked.
#[derive(Clone)]
pub(super) enum Key {
    X25519(age::x25519::Recipient),
    MlKem768X25519(Arc<xwing::PublicKey>),
    SshEd25519(Arc<Ed25519Public>),
    SshRsa(RsaPublic),
    Plugin(PluginRecipient),
}

impl Recipient {
    pub(super) fn from_x25519(point: &[u8; 32]) -> Self {
        let text = X25519_TEXT.encode(point);
        let key = text
            .parse()
            .expect("the text of any 32 bytes parses in age");
        Self::new(Key::X25519(key), &text)
    }

    pub(super) fn from_xwing(key: xwing::PublicKey) -> Self {
        let text = XWING_TEXT.encode(key.as_bytes());
        Self::new(Key::MlKem768X25519(Arc::new(key)), &text)
    }

    pub(super) fn from_ssh_ed25519(key: Ed25519Public) -> Self {
        let text = key.text();
        Self::new(Key::SshEd25519(Arc::new(key)), &text)
    }

    pub(super) fn from_ssh_rsa(key: RsaPublic) -> Self {
        let text = key.text().to_owned();
        Self::new(Key::SshRsa(key), &text)
    }

    fn new(key: Key, text: &str) -> Self {
        let fingerprint = Fingerprint::of(text);
        Self {
            key,
            text: text.into(),
            comment: None,
            fingerprint,
        }
    }

    /// What sort of key it is.
    pub fn kind(&self) -> KeyKind {
        match &self.key {
            Key::X25519(_) => KeyKind::Native(Suite::X25519),
            Key::MlKem768X25519(_) => KeyKind::Native(Suite::MlKem768X25519),
            Key::SshEd25519(_) => KeyKind::SshEd25519,
            Key::SshRsa(_) => KeyKind::SshRsa,
            Key::Plugin(_) => KeyKind::Plugin,
        }
    }

    /// The algorithms of a key of age itself.
    pub fn suite(&self) -> Option<Suite> {
        self.kind().suite()
    }

    /// The plug-in that alone knows how to close for it.
    pub fn plugin(&self) -> Option<&PluginName> {
        match &self.key {
            Key::Plugin(recipient) => Some(&recipient.name),
            _ => None,
        }
    }

    /// The same recipient, with what runs its plug-in. Others have no use for it.
    #[must_use]
    pub fn with_plugin(mut self, plugin: Arc<dyn Plugin>) -> Self {
        if let Key::Plugin(recipient) = &mut self.key {
            recipient.runner = Some(plugin);
        }
        self
    }

    /// True when a stanza of this type may be for this key; one for an ssh key says which by its tag.
    pub(super) fn ssh_tag(&self) -> Option<Tag> {
        match &self.key {
            Key::SshEd25519(key) => Some(key.tag()),
            Key::SshRsa(key) => Some(key.tag()),
            _ => None,
        }
    }

    /// The short name of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The canonical text, as `Display` writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text with the comment that an ssh key came with. It says nothing, but SOPS compares it.
    pub fn with_comment(&self) -> String {
        match &self.comment {
            Some(comment) => format!("{} {comment}", self.text),
            None => self.text.to_string(),
        }
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        if seems_private(text) {
            return Err(RecipientError::PrivateKey);
        }
        let fault = |fault| RecipientError::of_text(text, fault);
        if text.starts_with("age1pq1") {
            let bytes = XWING_TEXT.decode(text).map_err(fault)?;
            let key = xwing::PublicKey::new(&bytes)
                .map_err(|fault| RecipientError::of_key(text, fault))?;
            Ok(Self::new(Key::MlKem768X25519(Arc::new(key)), text))
        } else if text.starts_with("age1") {
            if let Some(name) = plugin_name(text) {
                key_text::check(text, false).map_err(fault)?;
                let key = Key::Plugin(PluginRecipient { name, runner: None });
                return Ok(Self::new(key, text));
            }
            let bytes = X25519_TEXT.decode(text).map_err(fault)?;
            check_point(&bytes).map_err(|fault| RecipientError::of_key(text, fault))?;
            let key = text.parse().map_err(|_| fault(TextFault::Checksum))?;
            Ok(Self::new(Key::X25519(key), text))
        } else if SSH_KINDS.iter().any(|kind| text.starts_with(kind)) {
            ssh(text)
        } else if begins_ignoring_case(text, "age1") {
            Err(fault(TextFault::Case))
        } else {
            Err(RecipientError::Unknown)
        }
    }
}

/// What is wrong with a public key whose text is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Point,
    EncapsulationKey,
}

/// Refuses points that leave no secret to share, and second spellings of a point: age mixes the spelling into the
/// key, so that the owner, who knows the reduced one, could not open the file.
pub(super) fn check_point(point: &[u8]) -> Result<(), KeyFault> {
    let point: [u8; 32] = point.try_into().map_err(|_| KeyFault::Point)?;
    let reduced = point[31] < 0x7f
        || point[31] == 0x7f && (point[1..31].iter().any(|byte| *byte != 0xff) || point[0] < 0xed);
    // Any scalar serves: all of them are multiples of the cofactor.
    let shared = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(point));
    if reduced && shared.was_contributory() {
        Ok(())
    } else {
        Err(KeyFault::Point)
    }
}

/// True for identities of age and its plug-ins and for PEM private keys, wherever in the text they stand.
fn seems_private(text: &str) -> bool {
    ["SECRET-KEY", "AGE-PLUGIN-", "PRIVATE KEY"]
        .iter()
        .any(|mark| {
            let mut windows = text.as_bytes().windows(mark.len());
            windows.any(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
        })
}

/// The name in a recipient `age1NAME1…` of a plug-in or of hardware.
fn plugin_name(text: &str) -> Option<PluginName> {
    let (kind, _) = text.rsplit_once('1')?;
    let name = kind.strip_prefix("age1")?.parse().ok()?;
    // An X25519 recipient in which a letter was read as the digit 1 has another separator, too.
    let mistyped = text.len() == X25519_TEXT_CHARACTERS && key_text::check(text, false).is_err();
    (!mistyped).then_some(name)
}

/// Reads a line of `id_ed25519.pub`: kind, key, comment.
fn ssh(text: &str) -> Result<Recipient, RecipientError> {
    let mut words = text.splitn(3, [' ', '\t']);
    let (kind, key) = (words.next().unwrap_or_default(), words.next());
    let Some(kind) = ["ssh-ed25519", "ssh-rsa"]
        .into_iter()
        .find(|known| *known == kind)
    else {
        let kind = kind.chars().take(40).flat_map(char::escape_debug).collect();
        return Err(RecipientError::Unsupported { kind });
    };
    let fault = |rule| RecipientError::Ssh { kind, rule };
    let key = key.ok_or_else(|| fault("its key is missing"))?;
    if key.len() > SSH_KEY_CHARACTERS_MAX {
        return Err(fault("its key is too long"));
    }
    let wire = BASE64_STANDARD.decode(key);
    let wire = wire.map_err(|_| fault("its key is not base64, or was cut short"))?;
    let malformed = || fault("its key is malformed");
    let mut recipient = match kind {
        "ssh-ed25519" => Ed25519Public::of_wire(&wire)
            .map(Recipient::from_ssh_ed25519)
            .ok_or_else(malformed)?,
        _ => RsaPublic::of_wire(&wire)
            .ok_or_else(malformed)?
            .map(Recipient::from_ssh_rsa)
            .map_err(RecipientError::Rsa)?,
    };
    let comment = words
        .next()
        .map(str::trim)
        .filter(|comment| !comment.is_empty());
    if let Some(comment) = comment {
        if comment.len() > SSH_COMMENT_BYTES_MAX || comment.chars().any(char::is_control) {
            return Err(fault(
                "its comment is too long, or has characters that can't be shown",
            ));
        }
        recipient.comment = Some(comment.into());
    }
    Ok(recipient)
}

/// The canonical text in what a file calls a recipient, where only the comment of an ssh key may be too much.
pub(crate) fn without_comment(text: &str) -> &str {
    let Some((kind, rest)) = text.split_once(' ').filter(|_| text.starts_with("ssh-")) else {
        return text;
    };
    let key = rest.split([' ', '\t']).next().unwrap_or_default();
    &text[..kind.len() + 1 + key.len()]
}

pub(super) fn begins_ignoring_case(text: &str, prefix: &str) -> bool {
    let beginning = text.as_bytes().get(..prefix.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix.as_bytes()))
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl Hash for Recipient {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({} {})", self.kind(), self.fingerprint)
    }
}

const X25519_TEXT_CHARACTERS: usize = 62;
const X25519_TEXT: KeyText = KeyText {
    prefix: "age",
    bytes: 32,
    capitals: false,
};
const XWING_TEXT: KeyText = KeyText {
    prefix: "age1pq",
    bytes: xwing::PUBLIC_KEY_BYTES,
    capitals: false,
};
const SSH_KINDS: [&str; 4] = ["ssh-", "sk-ssh-", "sk-ecdsa-", "ecdsa-sha2-"];
/// RSA of 8192 bits has 1400.
const SSH_KEY_CHARACTERS_MAX: usize = 2048;
const SSH_COMMENT_BYTES_MAX: usize = 1024;
