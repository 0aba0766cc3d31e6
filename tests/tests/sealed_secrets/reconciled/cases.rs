//! What is done with both.

use bulla_tests::sealed_secrets::key_secret;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::super::{FOREIGN_KEY, NEW_KEY};
use super::{Case, Side};

macro_rules! case {
    ($name:literal, $side:ident, $run:expr) => {
        Case {
            name: $name,
            run: |$side| Box::pin(async move { $run }),
        }
    };
}

pub(super) const CASES: [Case; 34] = [
    case!(
        "values, type, labels and annotations of the template",
        side,
        {
            let template = json!({"type": "example.com/x", "metadata": {"labels": {"l": "1"},
            "annotations": {"a": "2"}}, "data": {"url": "x://{{ .password }}"}});
            side.made(&with_template(side, "plain", template)).await
        }
    ),
    case!("name and namespace of the template", side, {
        let template = json!({"metadata": {"name": "other", "namespace": "elsewhere"}});
        side.made(&with_template(side, "named", template)).await
    }),
    case!("finalizers of the template", side, {
        let template = json!({"metadata": {"finalizers": ["example.com/wait"]}});
        let made = side.made(&with_template(side, "final", template)).await;
        let none = json!({"metadata": {"finalizers": null}});
        side.tenant
            .patch(&side.tenant.secrets, "final", &none)
            .await;
        made
    }),
    case!("labels of the SealedSecret itself", side, {
        let mut object = side.sealed("labelled", &[("password", "hunter2")]);
        object["metadata"]["labels"] = json!({"own": "1"});
        side.made(&object).await
    }),
    case!("a template without values", side, {
        let mut object = side.sealed("empty", &[("password", "hunter2")]);
        object["spec"] = json!({"encryptedData": {}, "template": {"data": {"a": "b"}}});
        side.made(&object).await
    }),
    case!(
        "a template of the name of a value, null, and a missing key",
        side,
        {
            let template =
                json!({"data": {"password": "x", "url": "{{ .password }}{{ .missing }}"}});
            let first = side.made(&with_template(side, "null", template)).await;
            let template = json!({"data": {"password": null, "url": "{{ .password }}"}});
            format!(
                "{first}, then {}",
                side.made(&with_template(side, "null", template)).await
            )
        }
    ),
    case!("a template that fails with a value", side, {
        let template = json!({"data": {"x": "{{ fail .password }}"}});
        side.looked_at(&with_template(side, "oracle", template))
            .await;
        match side.message("oracle").await.contains("hunter2") {
            true => "the value is in the status".to_owned(),
            false => "the status names key, line and column".to_owned(),
        }
    }),
    case!("a template that does not parse", side, {
        side.made(&with_template(
            side,
            "broken",
            json!({"data": {"x": "{{ if }}"}}),
        ))
        .await
    }),
    case!("a value that no key opens", side, {
        let mut object = side.sealed("elsewhere", &[("password", "hunter2")]);
        object["metadata"]["name"] = json!("unopened");
        object["spec"]["template"] = json!({});
        side.looked_at(&object).await;
        side.message("unopened").await
    }),
    case!("a value that lies under another name", side, {
        let mut object = side.sealed("before", &[("password", "hunter2")]);
        object["metadata"]["name"] = json!("after");
        side.looked_at(&object).await;
        let says = async || {
            side.message("after")
                .await
                .contains("is sealed for `NAMESPACE/before`")
        };
        told(
            side.comes_to(says).await,
            "says where it belongs",
            "says that no key opens it",
        )
    }),
    case!("a value that is no base64", side, {
        let mut object = side.sealed("garbage", &[("password", "hunter2")]);
        object["spec"]["encryptedData"]["password"] = json!("hunter2!");
        side.made(&object).await
    }),
    case!(
        "a value of two keys by its name in base64 with line breaks",
        side,
        {
            let mut object = side.sealed("wrapped", &[("password", "hunter2")]);
            let value = object["spec"]["encryptedData"]["password"]
                .as_str()
                .unwrap_or_default();
            let (start, end) = value.split_at(64);
            object["spec"]["encryptedData"]["password"] = json!(format!("{start}\r\n{end}\n"));
            side.made(&object).await
        }
    ),
    case!("`cluster-wide: \"True\"`", side, {
        let mut object = side.sealed_with(
            "loud",
            &[("password", "hunter2")],
            &["--scope=cluster-wide"],
        );
        object["metadata"]["annotations"] =
            json!({"sealedsecrets.bitnami.com/cluster-wide": "True"});
        side.made(&object).await
    }),
    case!("the annotation of the scope, added later", side, {
        let mut object = side.sealed_with(
            "later",
            &[("password", "hunter2")],
            &["--scope=namespace-wide"],
        );
        object["metadata"]["annotations"] = json!({});
        side.looked_at(&object).await;
        side.calms_down().await;
        let wide = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/namespace-wide": "true"}}});
        side.tenant.patch(&side.tenant.sealed, "later", &wide).await;
        let opens = async || side.data("later").await == "password=hunter2";
        told(side.comes_to(opens).await, "opens", "is passed over")
    }),
    case!("a value that is taken out of the SealedSecret", side, {
        side.made(&side.sealed("fewer", &[("a", "1"), ("b", "2")]))
            .await;
        side.made(&side.sealed("fewer", &[("a", "1")])).await
    }),
    case!("a Secret that somebody edits", side, {
        side.made(&side.sealed("edited", &[("a", "1")])).await;
        let edit = json!({"stringData": {"a": "2", "more": "3"}});
        side.tenant
            .patch(&side.tenant.secrets, "edited", &edit)
            .await;
        let healed = async || side.data("edited").await == "a=1";
        told(side.comes_to(healed).await, "is put back", "stays edited")
    }),
    case!("a Secret that somebody deletes", side, {
        side.made(&side.sealed("deleted", &[("a", "1")])).await;
        side.tenant
            .secrets
            .delete("deleted", &DeleteParams::default())
            .await
            .expect("it goes");
        let healed = async || side.data("deleted").await == "a=1";
        told(side.comes_to(healed).await, "comes back", "stays away")
    }),
    case!("a Secret of somebody else", side, {
        side.secret("foreign", &json!({}), &json!({"theirs": "1"}));
        side.made(&side.sealed("foreign", &[("a", "1")])).await
    }),
    case!("a Secret of somebody else that goes", side, {
        side.secret("going", &json!({}), &json!({"theirs": "1"}));
        side.looked_at(&side.sealed("going", &[("a", "1")])).await;
        side.calms_down().await;
        side.tenant
            .secrets
            .delete("going", &DeleteParams::default())
            .await
            .expect("it goes");
        let made = async || side.data("going").await == "a=1";
        told(
            side.comes_to(made).await,
            "is replaced by ours at once",
            "is not missed",
        )
    }),
    case!("a Secret that is `managed`", side, {
        let managed = json!({"sealedsecrets.bitnami.com/managed": "true"});
        side.secret("managed", &managed, &json!({"theirs": "1"}));
        side.made(&side.sealed("managed", &[("a", "1")])).await
    }),
    case!("a Secret that is to be patched", side, {
        let patch = json!({"sealedsecrets.bitnami.com/patch": "true"});
        side.secret("patched", &patch, &json!({"theirs": "1", "a": "0"}));
        let first = side
            .made(&side.sealed("patched", &[("a", "1"), ("b", "2")]))
            .await;
        let then = side.made(&side.sealed("patched", &[("a", "3")])).await;
        format!("{first}, then {then}")
    }),
    case!("a Secret that is to be patched and managed", side, {
        let both = json!({"sealedsecrets.bitnami.com/patch": "true",
            "sealedsecrets.bitnami.com/managed": "true"});
        side.secret("both", &both, &json!({"theirs": "1"}));
        side.made(&side.sealed("both", &[("a", "1")])).await
    }),
    case!("`skip-set-owner-references` in the template", side, {
        let skip = json!({"metadata": {"annotations":
            {"sealedsecrets.bitnami.com/skip-set-owner-references": "true"}}});
        side.looked_at(&with_template(side, "orphan", skip.clone()))
            .await;
        let mut object = with_template(side, "orphan", skip);
        object["spec"]["encryptedData"] =
            side.sealed("orphan", &[("a", "new")])["spec"]["encryptedData"].clone();
        side.made(&object).await
    }),
    case!(
        "a change that leaves the Secret as it is, without a type in the template",
        side,
        {
            side.looked_at(&side.sealed("same", &[("a", "1")])).await;
            let before = side.tenant.secret("same").await.metadata.resource_version;
            let mut again = side.sealed("same", &[("a", "1")]);
            again["spec"]["template"] = json!({"metadata": {"name": "same"}});
            side.looked_at(&again).await;
            let after = side.tenant.secret("same").await.metadata.resource_version;
            told(before == after, "writes nothing", "writes the Secret")
        }
    ),
    case!("another type", side, {
        side.made(&with_template(
            side,
            "typed",
            json!({"type": "example.com/x"}),
        ))
        .await;
        side.made(&with_template(
            side,
            "typed",
            json!({"type": "example.com/y"}),
        ))
        .await
    }),
    case!("a change of an immutable Secret", side, {
        let mut object = side.sealed("fixed", &[("a", "1")]);
        object["spec"]["template"] = json!({"immutable": true});
        side.made(&object).await;
        object["spec"]["encryptedData"] =
            side.sealed("fixed", &[("a", "2")])["spec"]["encryptedData"].clone();
        side.made(&object).await
    }),
    case!("a ServiceAccount token", side, {
        let mut template = json!({"type": "kubernetes.io/service-account-token"});
        template["metadata"] =
            json!({"annotations": {"kubernetes.io/service-account.name": "default"}});
        side.looked_at(&with_template(side, "token", template))
            .await;
        told(side.data("token").await == "none", "is refused", "is made")
    }),
    case!("a Secret that would be a key of Sealed Secrets", side, {
        let template = json!({"metadata": {"labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}});
        side.looked_at(&with_template(side, "planted", template))
            .await;
        told(
            side.data("planted").await == "none",
            "is refused",
            "is made",
        )
    }),
    case!("the conditions", side, {
        let sealed = side.looked_at(&side.sealed("told", &[("a", "1")])).await;
        let told = sealed.status.expect("a status").conditions.into_iter();
        told.map(|told| told.type_).collect::<Vec<_>>().join(", ")
    }),
    case!("the condition `Synced` when all is well", side, {
        let sealed = side.looked_at(&side.sealed("well", &[("a", "1")])).await;
        let told = bulla_tests::sealed_secrets::synced(&sealed)
            .expect("it is told")
            .clone();
        assert_eq!(told.message.unwrap_or_default(), "");
        format!(
            "{}, reason {}",
            told.status,
            told.reason.unwrap_or("none".to_owned())
        )
    }),
    case!("Events when all is well", side, {
        side.looked_at(&side.sealed("event", &[("a", "1")])).await;
        format!("Unsealed: {}", side.tenant.event("event", "Unsealed").await)
    }),
    case!("`spec.data` beside `spec.encryptedData`", side, {
        let mut object = side.sealed("two-forms", &[("a", "1")]);
        object["spec"]["data"] = object["spec"]["encryptedData"]["a"].clone();
        side.made(&object).await
    }),
    case!("a key that comes while it runs", side, {
        let secret = side.tenant.secret_of("early", &[("a", "1")]);
        side.looked_at(&side.tenant.seal_for(FOREIGN_KEY, &secret, &[]))
            .await;
        side.calms_down().await;
        let mut key = key_secret(FOREIGN_KEY);
        key["metadata"]["namespace"] = json!(side.home);
        side.cluster.apply(&key.to_string());
        let opens = async || side.data("early").await == "a=1";
        told(
            side.comes_to(opens).await,
            "opens what waits for it",
            "opens nothing until a restart",
        )
    }),
    case!("a key that is called compromised while it runs", side, {
        let name = format!("sealed-secrets-key-{NEW_KEY}");
        let label = "sealedsecrets.bitnami.com/sealed-secrets-key=compromised";
        side.cluster.kubectl_ok(&[
            "label",
            "--overwrite",
            "secret",
            &name,
            label,
            "-n",
            &side.home,
        ]);
        side.calms_down().await;
        let secret = side.tenant.secret_of("stolen", &[("a", "1")]);
        side.looked_at(&side.tenant.seal_for(NEW_KEY, &secret, &[]))
            .await;
        told(
            side.data("stolen").await == "none",
            "opens nothing",
            "opens until a restart",
        )
    }),
];

fn with_template(side: &Side<'_>, name: &str, template: Value) -> Value {
    let mut object = side.sealed(name, &[("password", "hunter2")]);
    object["spec"]["template"] = template;
    object
}

fn told(holds: bool, yes: &str, no: &str) -> String {
    if holds { yes } else { no }.to_owned()
}
