//! The API server's audit log: what was really asked of it, by whom.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::Cluster;

impl Cluster {
    /// Returns the requests that the API server has written down so far, oldest first.
    ///
    /// A request is written when its response is complete, which its client may see a moment earlier: await it.
    ///
    /// # Panics
    ///
    /// If the log cannot be parsed.
    pub fn audit_events(&self) -> Vec<AuditEvent> {
        let log = fs::read_to_string(self.audit_log()).unwrap_or_default();
        // The last line may be half written.
        let complete = log.rfind('\n').map_or("", |end| &log[..end]);
        complete
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("failed to parse the audit log: {error}"))
            })
            .collect()
    }

    /// Returns the file of the audit log, in which a canary may be looked for.
    pub fn audit_log(&self) -> PathBuf {
        self.servers.audit_log()
    }
}

/// One request as the API server wrote it down.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// `ResponseComplete`, or for watches `ResponseStarted` first.
    pub stage: String,
    /// When the API server received the request: RFC 3339 in UTC with microseconds, so that texts compare as times do.
    pub request_received_timestamp: String,
    /// When this stage was reached, in the same form.
    pub stage_timestamp: String,
    /// The verb, such as `get`, `list`, `watch`, `create`, `patch`.
    pub verb: String,
    /// The path and query.
    #[serde(rename = "requestURI")]
    pub request_uri: String,
    /// Who asked.
    pub user: AuditUser,
    /// The client's own name for itself.
    #[serde(default)]
    pub user_agent: String,
    /// What was asked for; not there for paths like `/readyz`.
    pub object_ref: Option<ObjectReference>,
    /// How it was answered.
    #[serde(default)]
    pub response_status: AuditStatus,
    /// The body of the request, where the policy has it written down.
    pub request_object: Option<Value>,
    /// The body of the response, where the policy has it written down.
    pub response_object: Option<Value>,
}

impl AuditEvent {
    /// Tells whether the request was a write of this resource (plural, such as `secrets`).
    pub fn writes(&self, resource: &str) -> bool {
        let write = matches!(
            self.verb.as_str(),
            "create" | "update" | "patch" | "delete" | "deletecollection"
        );
        write
            && self
                .object_ref
                .as_ref()
                .is_some_and(|object| object.resource == resource)
    }

    /// Tells whether the request was a write of any resource.
    pub fn is_write(&self) -> bool {
        self.object_ref
            .as_ref()
            .is_some_and(|object| self.writes(&object.resource))
    }

    /// Tells whether the request was answered with success.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.response_status.code)
    }
}

/// The user of a request.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AuditUser {
    /// Such as `admin` or `system:serviceaccount:bulla-system:bulla-controller`.
    pub username: String,
    /// What the authenticator knows besides, such as the token that was used.
    #[serde(default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

impl AuditUser {
    /// Tells whether the ServiceAccount's token with this id (`jti`) was used.
    pub fn used_token(&self, id: &str) -> bool {
        let credentials = self.extra.get("authentication.kubernetes.io/credential-id");
        credentials.is_some_and(|ids| ids.iter().any(|text| text.strip_prefix("JTI=") == Some(id)))
    }
}

/// The status of a response.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AuditStatus {
    /// The HTTP status code.
    #[serde(default)]
    pub code: u16,
}

/// What a request was about; what does not apply is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// The plural name of the resource.
    pub resource: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The API group, empty for the core one.
    pub api_group: String,
    /// Such as `status`.
    pub subresource: String,
}
