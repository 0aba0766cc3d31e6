//! The resource definitions: generated from the types, with what a derive can't say.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::{SealingKey, SecretEnvelope};
use crate::envelope::{
    MAX_CLOSED_KEY_BYTES, MAX_DATA_KEYS, MAX_FORMER_RECIPIENTS, MAX_RECIPIENTS, MAX_SPEC_BYTES,
    MAX_TEMPLATES, MAX_VALUES,
};

/// Every definition, in the order in which they are applied. The last two are those of others,
/// Sealed Secrets and sops-secrets-operator: they are applied only where that compatibility is asked for.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![
        sealing_key_crd(),
        secret_envelope_crd(),
        super::sealed_secret_crd(),
        super::sops_secret_crd(),
    ]
}

/// The definition of `SecretEnvelope`: the API server itself refuses a value that is not sealed.
pub fn secret_envelope_crd() -> CustomResourceDefinition {
    edited(SecretEnvelope::crd(), |spec| {
        let data = &mut spec["properties"]["data"];
        data["maxProperties"] = json!(MAX_VALUES);
        data["additionalProperties"]["maxLength"] = json!(MAX_SPEC_BYTES);
        // On the map and without a pattern: an error that quotes the value would show plaintext.
        data["x-kubernetes-validations"] = json!([{
            "rule": "self.all(k, self[k].startsWith('bulla1.') && size(self[k]) >= 96)",
            "message": "refusing plaintext: every value must be sealed (`bulla seal`, `bulla set`)",
            "reason": "FieldValueForbidden",
        }]);
        let keys = &mut spec["properties"]["dataKeys"];
        keys["maxItems"] = json!(MAX_DATA_KEYS);
        list_map(keys, "id");
        let key = &mut keys["items"]["properties"];
        key["id"]["pattern"] = json!("^[a-z][a-z2-7]{7}$");
        key["commitment"]["maxLength"] = json!(43);
        key["templateTag"]["maxLength"] = json!(43);
        let closed = &mut key["closedFor"];
        closed["minItems"] = json!(1);
        closed["maxItems"] = json!(MAX_RECIPIENTS);
        list_map(closed, "recipient");
        recipient_limits(&mut closed["items"]["properties"]);
        closed["items"]["properties"]["key"]["maxLength"] =
            json!(MAX_CLOSED_KEY_BYTES.div_ceil(3) * 4);
        let formerly = &mut key["formerly"];
        formerly["maxItems"] = json!(MAX_FORMER_RECIPIENTS);
        list_map(formerly, "recipient");
        recipient_limits(&mut formerly["items"]["properties"]);
        spec["properties"]["template"]["properties"]["data"]["maxProperties"] =
            json!(MAX_TEMPLATES);
    })
}

/// The definition of `SealingKey`: states only go forward, the suite never changes.
pub fn sealing_key_crd() -> CustomResourceDefinition {
    edited(SealingKey::crd(), |spec| {
        spec["x-kubernetes-validations"] = json!([
            {"rule": "self.suite == oldSelf.suite", "message": "the suite of a key can't be changed"},
            {
                "rule": "(self.suite == 'RSA') == has(self.bits)",
                "message": "`bits` belongs to RSA keys, and to them only",
            },
            {
                "rule": "self.state == oldSelf.state || self.state == 'Compromised' \
                         || (oldSelf.state == 'Active' && self.state == 'OpenOnly') \
                         || (oldSelf.state == 'OpenOnly' && self.state == 'Retired') \
                         || (oldSelf.state == 'OpenOnly' && self.state == 'Active' && self.suite == 'RSA')",
                "message": "a key goes from Active to OpenOnly to Retired (an RSA key that came later from OpenOnly to \
                            Active, too), and from anywhere to Compromised for good",
            },
        ]);
        spec["properties"]["bits"]["minimum"] = json!(2048);
        spec["properties"]["bits"]["maximum"] = json!(8192);
    })
}

fn recipient_limits(properties: &mut Value) {
    properties["name"]["maxLength"] = json!(63);
    properties["name"]["pattern"] = json!("^[A-Za-z0-9][A-Za-z0-9._@-]*$");
    properties["recipient"]["pattern"] = json!("^fp-[0-9a-f]{16}$");
}

fn list_map(list: &mut Value, key: &str) {
    list["x-kubernetes-list-type"] = json!("map");
    list["x-kubernetes-list-map-keys"] = json!([key]);
}

/// Applies `edit` to the schema of `spec`, and what both definitions have in common.
fn edited(
    crd: CustomResourceDefinition,
    edit: impl FnOnce(&mut Value),
) -> CustomResourceDefinition {
    let mut json = serde_json::to_value(crd).expect("a definition serializes");
    json["metadata"]["annotations"] = json!({
        // Deleting a definition deletes every resource of it.
        "helm.sh/resource-policy": "keep",
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    });
    let schema = &mut json["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    edit(&mut schema["properties"]["spec"]);
    let status = &mut schema["properties"]["status"];
    // A wait on kstatus must not pass before the controller has looked.
    status["default"] = json!({"observedGeneration": -1});
    list_map(&mut status["properties"]["conditions"], "type");
    serde_json::from_value(json).expect("the edits keep the shape of a definition")
}
