//! The definition of `SopsSecret`: that of sops-secrets-operator, with what our controller adds.
//!
//! Written out rather than derived: it has to accept what theirs accepts, to the field.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

/// The definition: a superset of theirs in `status`, and in `sops`, where nothing is pruned that SOPS wrote. Our
/// controller works under theirs too, and theirs under ours.
pub fn sops_secret_crd() -> CustomResourceDefinition {
    let crd = json!({
        "metadata": {
            "name": "sopssecrets.isindir.github.com",
            // Deleting a definition deletes every resource of it.
            "annotations": {
                "helm.sh/resource-policy": "keep",
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            },
        },
        "spec": {
            "group": "isindir.github.com",
            "names": {
                "kind": "SopsSecret",
                "listKind": "SopsSecretList",
                "plural": "sopssecrets",
                "shortNames": ["sops"],
                "singular": "sopssecret",
            },
            "scope": "Namespaced",
            "versions": [
                // A definition can't be replaced by one without the versions that were ever stored.
                older("v1alpha1"),
                older("v1alpha2"),
                {
                    "name": "v1alpha3",
                    "served": true,
                    "storage": true,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [
                        {"name": "Status", "type": "string", "jsonPath": ".status.message"},
                        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
                        {"name": "Reason", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].reason"},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ],
                    "schema": {"openAPIV3Schema": {
                        "description": "Secrets in a file of SOPS.",
                        "type": "object",
                        "properties": {
                            "apiVersion": {"type": "string"},
                            "kind": {"type": "string"},
                            "metadata": {"type": "object"},
                            "sops": {
                                "description": "Who can open it, and what is encrypted in it, as SOPS wrote it.",
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": true,
                            },
                            "spec": spec(),
                            "status": status(),
                        },
                    }},
                },
            ],
        },
    });
    serde_json::from_value(crd).expect("it has the shape of a definition")
}

fn older(name: &str) -> Value {
    let any = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "name": name,
        "served": true,
        "storage": false,
        "deprecated": true,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {
            "type": "object",
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "sops": any(),
                "spec": any(),
                "status": any(),
            },
        }},
    })
}

fn spec() -> Value {
    let texts = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": {"type": "string"},
        })
    };
    json!({
        "description": "What is made.",
        "type": "object",
        "required": ["secretTemplates"],
        "properties": {
            "enforceOwnership": {
                "description": "Takes over Secrets of these names that nobody controls.",
                "type": "boolean",
            },
            "enforce_namespace": {
                "description": "Whether `namespace` must be that of the object. It is not authenticated: a place is.",
                "type": "boolean",
            },
            "namespace": {
                "description": "The namespace that it was meant for.",
                "type": "string",
            },
            "secretTemplates": {
                "description": "A Secret each.",
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "annotations": texts("Annotations of the Secret."),
                        "data": texts("Values in base64."),
                        "labels": texts("Labels of the Secret."),
                        "name": {"description": "The name of the Secret.", "type": "string"},
                        "stringData": texts(
                            "Values as they are. One of them may be the place: under `bulla.dev.place`, \
                             `namespace/name` of this object, encrypted like the others.",
                        ),
                        "type": {"description": "The type of the Secret.", "type": "string"},
                    },
                },
            },
            "suspend": {
                "description": "Leaves the Secrets as they are.",
                "type": "boolean",
            },
        },
    })
}

fn status() -> Value {
    let text = |description: &str| json!({"description": description, "type": "string"});
    let number = |description: &str, format: &str| json!({"description": description, "type": "integer", "format": format});
    json!({
        "description": "What the controller last saw and did.",
        "type": "object",
        "properties": {
            "message": text("As sops-secrets-operator words it."),
            "conditions": {
                "description": "`Ready`, with `Stalled` or `Reconciling` beside it, for kstatus; `Unbound` where it \
                                says nowhere where it belongs; `Suspended`.",
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "items": {
                    "type": "object",
                    "required": ["lastTransitionTime", "message", "reason", "status", "type"],
                    "properties": {
                        "lastTransitionTime": text("When the status last changed, RFC 3339."),
                        "message": text("A sentence for people; never a value."),
                        "observedGeneration": number("The generation that this was observed for.", "int64"),
                        "reason": text("A CamelCase word."),
                        "status": {"description": "Whether it holds.", "type": "string", "enum": ["True", "False", "Unknown"]},
                        "type": text("`Ready`, `Stalled`, `Reconciling`, `Unbound`, `Suspended`."),
                    },
                },
            },
            "observedGeneration": number("The generation that was last looked at.", "int64"),
            "lastHandledReconcileAt": text("The last `reconcile.fluxcd.io/requestedAt` that was acted on."),
            "secrets": number("How many Secrets it makes.", "int32"),
            "applied": text("The record of what was applied: HMACs under a key that only the controller has."),
            "refused": text("The record of what did not open: an HMAC as well."),
        },
    })
}
