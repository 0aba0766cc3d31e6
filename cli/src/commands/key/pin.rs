//! Public keys written into `.bulla.yaml`, comments and everything else kept.

use std::borrow::Cow;

use bulla_core::manifest::{ManifestError, Stream};
use bulla_core::names::RecipientName;
use bulla_core::policy::{Config, ConfigError};
use bulla_core::recipient::{Fingerprint, Recipient};
use serde_json::{Map, Value, json};

use crate::exit::Blame;
use crate::failure::Fault;

/// A configuration that was not changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PinError {
    /// None to write to.
    #[error("there is no .bulla.yaml here")]
    NoConfig,
    /// It can't be edited.
    #[error("it can't be edited")]
    Manifest(#[source] ManifestError),
    /// With the key it would not be one that is obeyed.
    #[error("with the new key it would not be valid")]
    Invalid(#[source] ConfigError),
    /// Its `clusters` is no mapping.
    #[error("`clusters` in it is not a mapping")]
    Clusters,
}

/// What a pin changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Public keys that come.
    pub(super) added: Vec<Fingerprint>,
    /// Public keys that go.
    pub(super) removed: Vec<Fingerprint>,
}

/// The text of a configuration in which `cluster` has just these public keys.
pub(super) fn pinned(
    text: &str,
    cluster: &RecipientName,
    keys: &[Recipient],
) -> Result<(String, Changed), PinError> {
    let before = Config::parse(text).map_err(PinError::Invalid)?;
    let old = before
        .party(cluster.as_str())
        .map(|party| party.recipients.clone())
        .unwrap_or_default();
    let only_in = |one: &[Recipient], other: &[Recipient]| {
        one.iter()
            .filter(|key| !other.contains(key))
            .map(Recipient::fingerprint)
            .collect()
    };
    let changed = Changed {
        added: only_in(keys, &old),
        removed: only_in(&old, keys),
    };
    if changed == Changed::default() {
        return Ok((text.to_owned(), changed));
    }
    let stream = Stream::parse(text.as_bytes()).map_err(PinError::Manifest)?;
    let desired = match stream.objects().first() {
        Some(object) => {
            let mut desired = object.node.to_value().map_err(PinError::Manifest)?;
            set(&mut desired, cluster, keys)?;
            Some(desired)
        }
        None => None,
    };
    let new = match &desired {
        Some(desired) => stream
            .rewrite(0, desired, &[])
            .map_err(PinError::Manifest)?
            .to_string(),
        // Comments only, or nothing at all.
        None => {
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            let keys: String = keys.iter().map(|key| format!("      - {key}\n")).collect();
            format!("{text}{end}clusters:\n  {cluster}:\n    recipients:\n{keys}")
        }
    };
    Config::parse(&new).map_err(PinError::Invalid)?;
    Ok((new, changed))
}

/// The text of a configuration in which `cluster` has its certificate in this file.
pub(super) fn with_certificate(
    text: &str,
    cluster: &RecipientName,
    file: &str,
) -> Result<String, PinError> {
    let before = Config::parse(text).map_err(PinError::Invalid)?;
    let pinned = before.party(cluster.as_str());
    if pinned.and_then(|party| party.certificate.as_deref()) == Some(file) {
        return Ok(text.to_owned());
    }
    let stream = Stream::parse(text.as_bytes()).map_err(PinError::Manifest)?;
    let new = match stream.objects().first() {
        Some(object) => {
            let mut desired = object.node.to_value().map_err(PinError::Manifest)?;
            entry(&mut desired, cluster)?.insert("certificate".to_owned(), file.into());
            stream
                .rewrite(0, &desired, &[])
                .map_err(PinError::Manifest)?
                .to_string()
        }
        // Comments only, or nothing at all.
        None => {
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            format!("{text}{end}clusters:\n  {cluster}:\n    certificate: {file}\n")
        }
    };
    Config::parse(&new).map_err(PinError::Invalid)?;
    Ok(new)
}

fn set(desired: &mut Value, cluster: &RecipientName, keys: &[Recipient]) -> Result<(), PinError> {
    let keys: Vec<_> = keys.iter().map(Recipient::as_str).collect();
    entry(desired, cluster)?.insert("recipients".to_owned(), json!(keys));
    Ok(())
}

/// What the configuration says of a cluster, made where it is not there.
fn entry<'v>(
    desired: &'v mut Value,
    cluster: &RecipientName,
) -> Result<&'v mut Map<String, Value>, PinError> {
    let clusters = desired
        .as_object_mut()
        .ok_or(PinError::Clusters)?
        .entry("clusters")
        .or_insert(Value::Null);
    if clusters.is_null() {
        *clusters = json!({});
    }
    let entry = clusters
        .as_object_mut()
        .ok_or(PinError::Clusters)?
        .entry(cluster.as_str())
        .or_insert_with(|| json!({}));
    entry.as_object_mut().ok_or(PinError::Clusters)
}

impl Fault for PinError {
    fn blame(&self) -> Blame {
        match self {
            Self::NoConfig => Blame::Caller,
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NoConfig => {
                Some("`bulla init --cluster NAME --fetch` writes one with the key".into())
            }
            Self::Manifest(error) => error.hint().map(Cow::Borrowed),
            Self::Invalid(error) => Some(error.hint().into()),
            Self::Clusters => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bulla_core::recipient::{Identity, Suite};
    use rand_core::OsRng;

    use super::*;

    fn key() -> Recipient {
        Identity::generate(Suite::X25519, &mut OsRng)
            .recipient()
            .clone()
    }

    fn pin(text: &str, keys: &[Recipient]) -> (String, Changed) {
        pinned(text, &"prod".parse().unwrap(), keys).unwrap()
    }

    #[test]
    fn comments_and_other_entries_stay() {
        let (old, new, safe) = (key(), key(), key());
        let text = format!(
            "# our keys\nclusters:\n  prod: # in Frankfurt\n    recipients:\n      - {old} # 2024\n    certificate: x.pem\nrecovery:\n  safe: {{recipients: [{safe}]}}\nrules:\n  - path: '**' # everything\n    for: [prod, safe]\n"
        );
        let (pinned, changed) = pin(&text, std::slice::from_ref(&new));
        assert_eq!(
            changed,
            Changed {
                added: vec![new.fingerprint()],
                removed: vec![old.fingerprint()]
            }
        );
        for kept in [
            "# our keys\n",
            "prod: # in Frankfurt",
            "certificate: x.pem",
            "- path: '**' # everything",
        ] {
            assert!(pinned.contains(kept), "{kept}\n{pinned}");
        }
        assert!(!pinned.contains(old.as_str()), "{pinned}");
        assert_eq!(
            Config::parse(&pinned)
                .unwrap()
                .party("prod")
                .unwrap()
                .recipients,
            std::slice::from_ref(&new)
        );
        assert_eq!(pin(&pinned, &[new]).1, Changed::default());
    }

    #[test]
    fn a_cluster_is_added_to_whatever_is_there() {
        for text in [
            "",
            "# nothing yet",
            "# nothing\n",
            "rules: []\n",
            "clusters: {}\n",
            "clusters:\n",
            "people: {}\n",
        ] {
            let new = key();
            let (pinned, _) = pin(text, std::slice::from_ref(&new));
            assert_eq!(
                Config::parse(&pinned)
                    .expect(&pinned)
                    .party("prod")
                    .unwrap()
                    .recipients,
                [new]
            );
            assert!(
                pinned.contains(text.trim_end_matches("clusters: {}\n").trim_end()),
                "{pinned}"
            );
        }
    }

    #[test]
    fn a_name_of_somebody_else_is_refused() {
        let text = format!("people: {{prod: {{recipients: [{}]}}}}\n", key());
        let refused = pinned(&text, &"prod".parse().unwrap(), &[key()]);
        assert!(matches!(
            refused,
            Err(PinError::Invalid(ConfigError::NameTaken { .. }))
        ));
    }
}
