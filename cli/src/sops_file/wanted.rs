//! What rules want encrypted in a file that is not.

use bulla_core::manifest::Stream;
use bulla_core::policy::{Format, Rule};
use bulla_core::sops::{At, Selector, SelectorKind, Store};

/// True for a file found in a directory that a rule for SOPS is about: `encryptedRegex` selects something in it, or it is
/// of dotenv or INI. Secrets are sealed anyway; what else Kubernetes reads holds no secret.
pub(crate) fn wants_encrypted(rule: &Rule, store: Store, bytes: &[u8]) -> bool {
    rule.format() == Format::Sops && !selected(rule, store, bytes).is_empty()
}

/// Which values a rule of `.bulla.yaml` selects.
pub(super) fn selected(rule: &Rule, store: Store, bytes: &[u8]) -> Vec<At> {
    if is_manifest(store, bytes) {
        return Vec::new();
    }
    let tree = matches!(store, Store::Yaml | Store::Json);
    let selector = match rule.encrypted_regex() {
        Some(text) => Selector::new(SelectorKind::EncryptedRegex, text).ok(),
        None => (!tree).then(Selector::default_suffix),
    };
    let selected = selector.map(|selector| store.selected(bytes, &selector));
    selected.and_then(Result::ok).unwrap_or_default()
}

/// True for what Kubernetes reads.
pub(super) fn is_manifest(store: Store, bytes: &[u8]) -> bool {
    let tree = matches!(store, Store::Yaml | Store::Json);
    let stream = Stream::parse(bytes).ok().filter(|_| tree);
    let mut objects = stream.iter().flat_map(Stream::objects);
    objects.any(|object| object.kind().is_some() && object.api_version().is_some())
}
