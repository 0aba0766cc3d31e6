//! `bulla key fetch`: the public keys of a cluster or of a store, pinned in `.bulla.yaml` for review.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bulla_controller::directory::{DirectoryStore, Options, StoreError};
use bulla_core::api::{KeyState, SealingKey};
use bulla_core::policy::{Config, Party};
use bulla_core::recipient::{Recipient, Suite};

use super::pin::{PinError, pinned};
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::{ClusterArgs, KeyFetchArgs};
use crate::cluster;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::printer::Printer;
use crate::session::Session;
use crate::shown::Shown;

/// No public key to pin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// No `SealingKey` closes.
    #[error("there is no sealing key to close with{}", .0.map(|suite| format!(" of suite {suite}")).unwrap_or_default())]
    NoKey(Option<Suite>),
    /// A resource that contradicts itself.
    #[error("refusing sealing key `{name}`: {why}")]
    Wrong {
        /// The resource.
        name: String,
        /// What it contradicts.
        why: &'static str,
    },
    /// A directory with other things in it.
    #[error("there is no store in {}", Shown(.0))]
    NoStore(PathBuf),
    /// The store has it, and does not give it.
    #[error("the store does not give its keys")]
    Store(#[source] StoreError),
}

/// Carries it out.
pub(crate) fn run(args: &KeyFetchArgs, session: &Session) -> Result<ExitStatus, Failure> {
    if args.certificate {
        return super::certificate::run(args, session);
    }
    let suite = args.suite.map(Suite::from);
    let keys = match &args.store {
        Some(directory) => of_store(directory, suite)?,
        None => of_cluster(&args.cluster, suite)?,
    };
    let printer = &session.printer;
    let Some(name) = args.name.as_ref().filter(|_| !args.print) else {
        let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
        printer.data(text.as_bytes())?;
        return Ok(ExitStatus::Done);
    };
    let located = session.configs.of(None)?.ok_or(PinError::NoConfig)?;
    let text = std::fs::read_to_string(&located.file)
        .map_err(|error| InFile::io("read", &located.file, error))?;
    let (new, changed) =
        pinned(&text, name, &keys).map_err(|error| InFile::new("change", &located.file, error))?;
    let path = located.file.as_path();
    replace(&[Replacement {
        path,
        bytes: new.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    if changed.added.is_empty() && changed.removed.is_empty() {
        printer.say(format_args!(
            "`{name}` has its key already; nothing was changed"
        ));
        return Ok(ExitStatus::Done);
    }
    for fingerprint in &changed.removed {
        printer.say(format_args!("- {name} {fingerprint}"));
    }
    for key in keys
        .iter()
        .filter(|key| changed.added.contains(&key.fingerprint()))
    {
        printer.say(format_args!(
            "+ {name} {} {}",
            key.fingerprint(),
            key.kind()
        ));
    }
    tell_what_next(path, changed.removed.is_empty(), printer);
    let config = Config::parse(&new).map_err(PinError::Invalid)?;
    let is_it = |party: &Party| party.name == *name;
    if !config
        .rules()
        .iter()
        .any(|rule| rule.parties().iter().any(is_it))
    {
        printer.say(format_args!(
            "note: no rule in it is for `{name}` yet; under `rules`:\n  - path: 'clusters/{name}/**'\n    for: [{name}]"
        ));
    }
    Ok(ExitStatus::Done)
}

fn tell_what_next(path: &Path, first: bool, printer: &Printer) {
    let rewrap = if first {
        ""
    } else {
        "; `bulla rewrap -R .` closes what is there for the new key"
    };
    printer.say(format_args!(
        "pinned in {}: review and commit it{rewrap}",
        Shown(path)
    ));
}

/// The public keys that a running cluster wants to be closed for.
///
/// # Errors
/// The cluster can't be reached, or says nothing usable.
pub(crate) fn of_cluster(
    args: &ClusterArgs,
    suite: Option<Suite>,
) -> Result<Vec<Recipient>, Failure> {
    Ok(to_close_with(&cluster::sealing_keys(args)?, suite)?)
}

/// The public keys of a store. What it has published is read without its lock, so that a store at
/// work is not disturbed; one that has nothing to close with yet makes its first key.
fn of_store(directory: &Path, suite: Option<Suite>) -> Result<Vec<Recipient>, Failure> {
    let published = match DirectoryStore::published_keys(directory) {
        Ok(keys) => keys,
        Err(StoreError::Open { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            may_become_a_store(directory)?;
            Vec::new()
        }
        Err(error) => return Err(FetchError::Store(error).into()),
    };
    match to_close_with(&published, None) {
        Err(FetchError::NoKey(_)) => {}
        _ => return Ok(to_close_with(&published, suite)?),
    }
    let store = DirectoryStore::open(directory, Options::default());
    let keys = store.and_then(|mut store| store.sealing_keys());
    Ok(to_close_with(&keys.map_err(FetchError::Store)?, suite)?)
}

/// Private keys are not left behind in whatever directory somebody mistyped.
fn may_become_a_store(directory: &Path) -> Result<(), Failure> {
    let mut entries =
        fs::read_dir(directory).map_err(|error| InFile::io("open the store", directory, error))?;
    let foreign = entries.any(|entry| {
        entry.is_ok_and(|entry| entry.file_name() != bulla_controller::directory::HOME)
    });
    if foreign {
        return Err(FetchError::NoStore(directory.to_owned()).into());
    }
    Ok(())
}

/// Those that close: of the suite asked for, or the post-quantum ones where there are any. A classic
/// key beside them would only make everything as weak as itself.
///
/// One of each suite: in the middle of a renewal two say that they close, and the newer one is meant.
fn to_close_with(keys: &[SealingKey], suite: Option<Suite>) -> Result<Vec<Recipient>, FetchError> {
    let mut found: Vec<Recipient> = Vec::new();
    let mut newest_first: Vec<&SealingKey> = keys.iter().collect();
    newest_first.sort_by_key(|key| Reverse(age(key)));
    for key in newest_first {
        let status = key.status.clone().unwrap_or_default();
        if key.spec.state != KeyState::Active || status.closes != Some(true) {
            continue;
        }
        let (Some(expected), Some(text)) = (key.spec.suite.age(), &status.public_key) else {
            continue;
        };
        let name = || {
            key.metadata
                .name
                .clone()
                .unwrap_or_default()
                .escape_debug()
                .to_string()
        };
        let wrong = |why| FetchError::Wrong { name: name(), why };
        let recipient: Recipient = text
            .parse()
            .map_err(|_| wrong("its public key can't be read"))?;
        if recipient.suite() != Some(expected) {
            return Err(wrong("its public key is of another suite"));
        }
        if status
            .fingerprint
            .is_none_or(|fingerprint| fingerprint != recipient.fingerprint().to_string())
        {
            return Err(wrong("its fingerprint is not that of its public key"));
        }
        if !found.iter().any(|newer| newer.suite() == recipient.suite()) {
            found.push(recipient);
        }
    }
    let strong = found.iter().any(|key| key.kind().is_post_quantum());
    found.retain(|key| match suite {
        Some(suite) => key.suite() == Some(suite),
        None => key.kind().is_post_quantum() || !strong,
    });
    if found.is_empty() {
        Err(FetchError::NoKey(suite))
    } else {
        Ok(found)
    }
}

/// The order in which the controller looks for the newest key: by notBefore, creation, uid.
pub(super) fn age(key: &SealingKey) -> (Option<&str>, Option<String>, Option<&str>) {
    let metadata = &key.metadata;
    let created = metadata.creation_timestamp.as_ref();
    let not_before = key
        .status
        .as_ref()
        .and_then(|status| status.not_before.as_deref());
    (
        // RFC 3339 in UTC, to the second, as the controller writes them: the order of the texts is that of the times.
        not_before,
        created.map(|created| created.0.to_string()),
        metadata.uid.as_deref(),
    )
}

impl Fault for FetchError {
    fn blame(&self) -> Blame {
        match self {
            Self::NoKey(_) | Self::Wrong { .. } => Blame::Cluster,
            Self::NoStore(_) => Blame::Caller,
            Self::Store(error) => error.blame(),
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NoKey(_) => Some(
                "`kubectl get sealingkeys`, or the files in DIR/.bulla/keys of a store, show what there is"
                    .into(),
            ),
            Self::Wrong { .. } => {
                Some("somebody changed its status: see `kubectl get sealingkey -o yaml`".into())
            }
            Self::Store(StoreError::Locked { .. }) => {
                Some("wait until the store has made its first key".into())
            }
            Self::NoStore(_) => Some("`bulla store --once DIR` makes one".into()),
            Self::Store(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bulla_core::recipient::Identity;
    use rand_core::OsRng;
    use serde_json::json;

    use super::*;

    fn key(uid: &str, created: &str, not_before: &str) -> SealingKey {
        let recipient = Identity::generate(Suite::X25519, &mut OsRng)
            .recipient()
            .clone();
        let key = json!({
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey",
            "metadata": {"name": uid, "uid": uid, "creationTimestamp": created},
            "spec": {"suite": "X25519", "state": "Active"},
            "status": {
                "publicKey": recipient.as_str(), "fingerprint": recipient.fingerprint().to_string(),
                "notBefore": not_before, "closes": true,
            },
        });
        serde_json::from_value(key).expect("a sealing key")
    }

    #[test]
    fn of_two_that_close_the_newer_one_is_meant() {
        let (old, new) = ("2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z");
        let pairs = [
            [key("b", new, old), key("a", old, new)],
            [key("b", old, new), key("a", new, new)],
            [key("a", new, new), key("b", new, new)],
        ];
        for [loser, winner] in pairs {
            let public_key = winner.status.clone().and_then(|status| status.public_key);
            for keys in [[loser.clone(), winner.clone()], [winner, loser]] {
                let found = to_close_with(&keys, None).expect("there is one");
                let found: Vec<_> = found.iter().map(Recipient::as_str).collect();
                assert_eq!(found, [public_key.as_deref().expect("it has one")]);
            }
        }
    }
}
