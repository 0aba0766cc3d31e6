//! What the API server expects of Secrets of its own types, checked before it is asked: its answer
//! may quote the data and is never passed on, so the sentence has to come from here.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::ContentError;
use crate::names::KeyName;
use crate::plaintext::Plaintext;

pub(super) fn check(
    secret_type: &str,
    data: &BTreeMap<KeyName, Plaintext>,
) -> Result<(), ContentError> {
    let Some(expected) = TYPES.iter().find(|expected| expected.name == secret_type) else {
        return Ok(());
    };
    let value = |wanted: &str| data.iter().find(|(key, _)| key.as_str() == wanted);
    let there = |wanted: &&str| value(wanted).is_some();
    let complete = match expected.needs {
        Needs::All(keys) => keys.iter().all(there),
        Needs::Any(keys) => keys.iter().any(there),
        // Parsed only to see whether it parses; the error, which may quote it, is dropped.
        Needs::Json(key) => value(key).is_some_and(|(_, value)| {
            serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(value.reveal()).is_ok()
        }),
    };
    if complete {
        Ok(())
    } else {
        let (secret_type, rule) = (expected.name, expected.rule);
        Err(ContentError::Incomplete { secret_type, rule })
    }
}

struct Type {
    name: &'static str,
    needs: Needs,
    rule: &'static str,
}

enum Needs {
    All(&'static [&'static str]),
    Any(&'static [&'static str]),
    Json(&'static str),
}

const TYPES: [Type; 5] = [
    Type {
        name: "kubernetes.io/tls",
        needs: Needs::All(&["tls.crt", "tls.key"]),
        rule: "needs the keys `tls.crt` and `tls.key`",
    },
    Type {
        name: "kubernetes.io/dockerconfigjson",
        needs: Needs::Json(".dockerconfigjson"),
        rule: "needs a JSON object under the key `.dockerconfigjson`",
    },
    Type {
        name: "kubernetes.io/dockercfg",
        needs: Needs::Json(".dockercfg"),
        rule: "needs a JSON object under the key `.dockercfg`",
    },
    Type {
        name: "kubernetes.io/basic-auth",
        needs: Needs::Any(&["username", "password"]),
        rule: "needs the key `username` or `password`",
    },
    Type {
        name: "kubernetes.io/ssh-auth",
        needs: Needs::All(&["ssh-privatekey"]),
        rule: "needs the key `ssh-privatekey`",
    },
];
