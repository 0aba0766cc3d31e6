//! The definition of `SealedSecret`: that of Sealed Secrets v0.40, with what our controller adds.
//!
//! Written out rather than derived: it has to accept what theirs accepts, to the field.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

/// The definition: a superset of theirs in `status`, and in the values of `spec.template.data`, which
/// may be null. Our controller works under theirs too, and theirs under ours.
pub fn sealed_secret_crd() -> CustomResourceDefinition {
    let crd = json!({
        "metadata": {
            "name": "sealedsecrets.bitnami.com",
            // Deleting a definition deletes every resource of it.
            "annotations": {
                "helm.sh/resource-policy": "keep",
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            },
        },
        "spec": {
            "group": "bitnami.com",
            "names": {
                "kind": "SealedSecret",
                "listKind": "SealedSecretList",
                "plural": "sealedsecrets",
                "singular": "sealedsecret",
            },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Status", "type": "string", "jsonPath": ".status.conditions[0].message"},
                    {"name": "Synced", "type": "string", "jsonPath": ".status.conditions[0].status"},
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
                "schema": {"openAPIV3Schema": {
                    "description": "A Secret that is safe to commit: its values are sealed with the \
                                    public key of the controller.",
                    "type": "object",
                    "required": ["spec"],
                    "properties": {
                        "apiVersion": {"type": "string"},
                        "kind": {"type": "string"},
                        "metadata": {"type": "object"},
                        "spec": spec(),
                        "status": status(),
                    },
                }},
            }],
        },
    });
    serde_json::from_value(crd).expect("it has the shape of a definition")
}

fn spec() -> Value {
    json!({
        "description": "What is sealed, and what the Secret gets besides.",
        "type": "object",
        "required": ["encryptedData"],
        "properties": {
            "data": {
                "description": "Deprecated: a whole Secret in one sealed value. Use `encryptedData`.",
                "type": "string",
                "format": "byte",
            },
            "encryptedData": {
                "description": "Sealed values, by the key that they get in the Secret.",
                "type": "object",
                "additionalProperties": {"type": "string"},
                "x-kubernetes-preserve-unknown-fields": true,
            },
            "template": {
                "description": "What the Secret gets besides its values.",
                "type": "object",
                "properties": {
                    "data": {
                        "description": "Templates over the opened values, by the key that they make. \
                                        Null takes the sealed value of that name out of the Secret.",
                        "type": "object",
                        "nullable": true,
                        "additionalProperties": {"type": "string", "nullable": true},
                    },
                    "immutable": {
                        "description": "Whether the data of the Secret can't be changed.",
                        "type": "boolean",
                    },
                    "metadata": {
                        "description": "Metadata of the Secret; its name and namespace are those of this object.",
                        "type": "object",
                        "nullable": true,
                        "x-kubernetes-preserve-unknown-fields": true,
                        "properties": {
                            "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                            "finalizers": {"type": "array", "items": {"type": "string"}},
                            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                            "name": {"type": "string"},
                            "namespace": {"type": "string"},
                        },
                    },
                    "type": {"description": "The type of the Secret.", "type": "string"},
                },
            },
        },
    })
}

fn status() -> Value {
    let text = |description: &str| json!({"description": description, "type": "string"});
    let time = |description: &str| json!({"description": description, "type": "string", "format": "date-time"});
    json!({
        "description": "What the controller last saw and did.",
        "type": "object",
        "properties": {
            "conditions": {
                "description": "`Synced` first, which columns and dashboards read by its place; \
                                then `Ready`, `Reconciling`, `Stalled` for kstatus.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["status", "type"],
                    "properties": {
                        "lastTransitionTime": time("When the status last changed."),
                        "lastUpdateTime": time("When the condition was last written."),
                        "message": text("A sentence for people."),
                        "observedGeneration": {
                            "description": "The generation that this was observed for.",
                            "type": "integer",
                            "format": "int64",
                        },
                        "reason": text("A CamelCase word."),
                        "status": text("`True`, `False` or `Unknown`."),
                        "type": text("`Synced`, `Ready`, `Reconciling`, `Stalled`."),
                    },
                },
            },
            "observedGeneration": {
                "description": "The generation that was last looked at.",
                "type": "integer",
                "format": "int64",
            },
            "lastHandledReconcileAt": text("The last `reconcile.fluxcd.io/requestedAt` that was acted on."),
            "keys": {
                "description": "How many keys the Secret has.",
                "type": "integer",
                "format": "int32",
            },
            "applied": text("The record of what was applied: an HMAC under a key that only the controller has."),
            "refused": text("The record of what did not open: an HMAC as well."),
            "openedWith": {
                "description": "Fingerprints of the keys that opened the values, to be tried first.",
                "type": "array",
                "items": {"type": "string"},
            },
        },
    })
}
