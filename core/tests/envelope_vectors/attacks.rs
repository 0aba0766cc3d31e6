//! What somebody who can write to Git may try, and what is merely malformed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bulla_core::api::{ScopeSpec, SecretEnvelope};
use serde_json::{Value, json};

use super::{Maker, PAIRS, request, sealed};

impl Maker<'_> {
    pub(super) fn attacks(&self) {
        let base = || sealed(&request(PAIRS), &[&self.classic, &self.stranger]);
        let edit = |name: &str, reason: &str, about: &str, edit: &dyn Fn(&mut SecretEnvelope)| {
            let mut envelope = base();
            edit(&mut envelope);
            self.refused(name, reason, about, &envelope);
        };
        edit(
            "planted-data-key",
            "Malformed",
            "a data key that waits for values",
            &|e| {
                let mut planted = base().spec.data_keys.remove(0);
                planted.id = "aaaaaaaa".into();
                e.spec.data_keys.push(planted);
            },
        );
        edit(
            "duplicate-id",
            "Malformed",
            "two data keys under one id",
            &|e| {
                let twin = bulla_core::api::DataKeySpec {
                    id: e.spec.data_keys[0].id.clone(),
                    ..base().spec.data_keys.remove(0)
                };
                e.spec.data_keys.push(twin);
            },
        );
        edit(
            "duplicate-recipient",
            "Malformed",
            "closed twice for one recipient",
            &|e| {
                let twin = e.spec.data_keys[0].closed_for[0].clone();
                e.spec.data_keys[0].closed_for.push(twin);
            },
        );
        edit(
            "swapped-keys",
            "WrongKeyName",
            "two values changed places",
            &|e| {
                let password = e.spec.data["password"].clone();
                let username = e.spec.data.insert("username".into(), password).unwrap();
                e.spec.data.insert("password".into(), username);
            },
        );
        edit(
            "moved-namespace",
            "WrongPlace",
            "found in another namespace",
            &|e| e.metadata.namespace = Some("prod".into()),
        );
        edit(
            "moved-name",
            "WrongPlace",
            "found under another name",
            &|e| e.metadata.name = Some("other".into()),
        );
        edit(
            "widened-scope",
            "WrongPlace",
            "the scope was widened",
            &|e| e.spec.scope = ScopeSpec::Cluster,
        );
        edit(
            "stripped-recipient",
            "NoKey",
            "the recipient was taken out",
            &|e| drop(e.spec.data_keys[0].closed_for.remove(0)),
        );
        edit(
            "altered-template",
            "TemplateUntrusted",
            "the template shows another value",
            &|e| {
                let template = e.spec.template.as_mut().unwrap();
                template.data.insert("url".into(), "{{ .password }}".into());
            },
        );
        edit(
            "stripped-tag",
            "TemplateUntrusted",
            "the tag was taken off",
            &|e| e.spec.data_keys[0].template_tag = None,
        );
        edit(
            "wrong-commitment",
            "CommitmentMismatch",
            "the commitment is another one's",
            &|e| {
                e.spec.data_keys[0].commitment = base().spec.data_keys[0].commitment.clone();
            },
        );
        edit(
            "replayed-payload",
            "CommitmentMismatch",
            "a closed key of an earlier data key of this place",
            &|e| {
                e.spec.data_keys[0].closed_for[0] = base().spec.data_keys[0].closed_for[0].clone();
            },
        );
        edit(
            "replayed-value",
            "Damaged",
            "a value of an earlier data key of this place",
            &|e| {
                let id = e.spec.data_keys[0].id.clone();
                let other = base();
                let body = other.spec.data["password"]
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .to_owned();
                e.spec
                    .data
                    .insert("password".into(), format!("bulla1.{id}.{body}"));
            },
        );
        edit("damaged-value", "Damaged", "one bit of the tag", &|e| {
            let text = e.spec.data.get_mut("password").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&text[16..]).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            text.replace_range(16.., &URL_SAFE_NO_PAD.encode(bytes));
        });
    }

    pub(super) fn malformed(&self) {
        let base = || sealed(&request(PAIRS), &[&self.classic]);
        let edit = |name: &str, reason: &str, about: &str, edit: &dyn Fn(&mut Value)| {
            let mut envelope = serde_json::to_value(base()).unwrap();
            edit(&mut envelope);
            self.save(name, about, Some(reason), &[], envelope);
        };
        edit("plaintext", "NotSealed", "plaintext for a value", &|e| {
            e["spec"]["data"]["password"] = json!("example")
        });
        edit(
            "version-2",
            "UnknownVersion",
            "a value of a later version",
            &|e| {
                let text = e["spec"]["data"]["password"]
                    .as_str()
                    .unwrap()
                    .replacen("bulla1", "bulla2", 1);
                e["spec"]["data"]["password"] = json!(text);
            },
        );
        edit(
            "value-grammar",
            "Damaged",
            "padded base64 for a value",
            &|e| {
                let text = format!("{}==", e["spec"]["data"]["password"].as_str().unwrap());
                e["spec"]["data"]["password"] = json!(text);
            },
        );
        edit(
            "closed-key-base64",
            "Damaged",
            "a closed key with a line break",
            &|e| {
                let key = &mut e["spec"]["dataKeys"][0]["closedFor"][0]["key"];
                *key = json!(format!("{}\n", key.as_str().unwrap()));
            },
        );
        edit(
            "unknown-field",
            "Malformed",
            "a field that the format does not have",
            &|e| e["spec"]["datakeys"] = json!([1]),
        );
        edit(
            "unknown-scope",
            "Malformed",
            "a scope that the format does not have",
            &|e| e["spec"]["scope"] = json!("strict"),
        );
        edit("bad-name", "Malformed", "a name that is a path", &|e| {
            e["metadata"]["name"] = json!("../../x")
        });
        edit("bad-key-name", "Malformed", "a key that is a path", &|e| {
            let value = e["spec"]["data"]["password"].clone();
            e["spec"]["data"]["../x"] = value;
        });
        edit(
            "missing-data-key",
            "Malformed",
            "a value without its data key",
            &|e| {
                let text = e["spec"]["data"]["password"].as_str().unwrap().to_owned();
                e["spec"]["data"]["password"] = json!(format!("bulla1.aaaaaaaa.{}", &text[16..]));
            },
        );
        edit(
            "no-recipient",
            "Malformed",
            "a data key closed for nobody",
            &|e| e["spec"]["dataKeys"][0]["closedFor"] = json!([]),
        );
        edit(
            "key-in-both",
            "Malformed",
            "a key that is both value and template",
            &|e| {
                e["spec"]["template"]["data"]["password"] = json!("x");
            },
        );
        edit(
            "reserved-label",
            "Malformed",
            "a label that makes a sealing key of the Secret",
            &|e| {
                e["spec"]["template"]["metadata"]["labels"]["bulla.dev/sealing-key"] = json!("x");
            },
        );
        edit(
            "too-many-data-keys",
            "LimitExceeded",
            "33 data keys",
            &|e| {
                let one = e["spec"]["dataKeys"][0].clone();
                let ids = ('a'..='z').chain('2'..='8').map(|c| format!("aaaaaaa{c}"));
                e["spec"]["dataKeys"] = ids
                    .map(|id| {
                        let mut key = one.clone();
                        key["id"] = json!(id);
                        key
                    })
                    .collect();
                e["spec"]["dataKeys"][32]["id"] = json!("baaaaaaa");
            },
        );
    }
}
