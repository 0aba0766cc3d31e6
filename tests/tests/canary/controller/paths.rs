//! The paths, one after another; each ends when the controller has told what came of it.

use bulla_core::{
    api::{ADOPT_ANNOTATION, SecretEnvelope, TemplateMetadataSpec, secret_envelope_crd},
    reason::Reason,
    recipient::{Identity, Suite},
};
use bulla_tests::{
    Canary, Draft,
    tenant::{condition, data, is_current},
    wait::{DEADLINE, eventually, eventually_blocking},
};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    ResourceExt,
    api::{DeleteParams, PostParams},
};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::Trial;

impl Trial<'_> {
    /// A draft with the canary in both its forms.
    fn draft(&self, name: &str) -> Draft {
        let draft = self.tenant.draft(name);
        draft
            .value("bytes", self.canary.bytes())
            .value("text", self.canary.text())
    }

    /// Applies an envelope and waits until the controller has made up its mind.
    async fn settled(&self, envelope: &SecretEnvelope) -> SecretEnvelope {
        self.tenant.apply(envelope).await;
        let decided = |envelope: &SecretEnvelope| {
            is_current(envelope)
                && condition(envelope, "Ready").is_some_and(|told| told.reason != "Unknown")
        };
        self.tenant
            .until("it is decided", &envelope.name_any(), decided)
            .await
    }

    async fn create(&self, secret: Value) -> Secret {
        let secret = serde_json::from_value(secret).expect("the Secret is well-formed");
        self.tenant
            .secrets
            .create(&PostParams::default(), &secret)
            .await
            .expect("the Secret can be created")
    }

    fn base64(&self) -> Value {
        json!({"bytes": ByteString(self.canary.bytes().to_vec()), "text": ByteString(self.canary.text().into())})
    }
}

pub(super) async fn success_and_drift(trial: &Trial<'_>) {
    let draft = trial
        .draft("success")
        .templated("url", "postgres://x:{{ .text | urlquery }}@db")
        .templated(
            "quoted",
            "{{ printf \"%q\" .bytes }}{{ printf \"%x\" .text }}",
        );
    let tenant = &trial.tenant;
    let secret = tenant.deliver(&draft).await;
    assert_eq!(data(&secret)["bytes"], trial.canary.bytes());
    let expected = data(&secret);

    // Values of the canary under other keys, and where no value belongs.
    let drift = json!({"data": {"bytes": null, "text": "eA==", "copy": trial.base64()["bytes"]}});
    tenant.intrude("intruder", "success", &drift).await;
    tenant
        .until_secret("it is healed", "success", |secret| data(secret) == expected)
        .await;
    tenant.event("success", "Healed", "`intruder`").await;
    tenant
        .secrets
        .delete("success", &DeleteParams::default())
        .await
        .expect("it can be deleted");
    tenant
        .until_secret("it is there again", "success", |healed| {
            healed.uid() != secret.uid()
        })
        .await;
    // Replaced, twice: by another type, and as an immutable one.
    tenant
        .deliver(&draft.clone().of_type("example.com/other").immutable())
        .await;
    tenant
        .deliver(
            &draft
                .clone()
                .of_type("example.com/other")
                .immutable()
                .value("more", trial.canary.bytes()),
        )
        .await;
    tenant.event("success", "Replaced", "").await;
}

pub(super) async fn templates_that_fail(trial: &Trial<'_>) {
    let sources = [
        "{{ fail .text }}",
        "{{ atoi .text }}",
        "{{ index .text 9999 }}",
        "{{ index .bytes .text }}",
        "{{ slice .bytes 9999 }}",
        "{{ .text.field }}",
        "{{ call .text }}",
        "{{ lt .text 1 }}",
        "{{ template .text }}",
        "{{ template \"nobody\" .text }}",
        "{{ range .text }}{{ . | atoi }}{{ end }}",
        "{{ .text | b64dec }}",
        "{{ mustFromJson .text }}",
        "{{ fromYaml .text | toYaml }}",
        "{{ mustToDate \"2006\" .text }}",
        "{{ mustRegexFind .text .bytes }}",
        "{{ printf \"%d\" .text }}",
        "{{ .text | nobody }}",
        "{{ with $x := .bytes }}{{ $x.y.z }}{{ end }}",
        "{{ .missing }}{{ .text }}",
        "{{ .text }}{{",
    ];
    let mut failed = 0;
    for (index, source) in sources.iter().enumerate() {
        let draft = trial
            .draft(&format!("template-{index}"))
            .templated("made", source);
        let settled = trial.settled(&trial.tenant.seal(&draft)).await;
        failed += usize::from(condition(&settled, "Stalled").is_some());
    }
    assert!(failed > sources.len() / 2, "only {failed} templates failed");
}

pub(super) async fn types_that_are_refused(trial: &Trial<'_>) {
    let types = [
        "kubernetes.io/service-account-token",
        "kubernetes.io/dockerconfigjson",
        "kubernetes.io/dockercfg",
        "kubernetes.io/tls",
        "kubernetes.io/basic-auth",
        "kubernetes.io/ssh-auth",
        "bootstrap.kubernetes.io/token",
    ];
    for (index, secret_type) in types.iter().enumerate() {
        let draft = trial.draft(&format!("type-{index}")).of_type(secret_type);
        let draft = draft
            .value(".dockerconfigjson", trial.canary.text())
            .value(".dockercfg", trial.canary.bytes());
        trial.settled(&trial.tenant.seal(&draft)).await;
    }
}

pub(super) async fn envelopes_that_do_not_open(trial: &Trial<'_>) {
    let tenant = &trial.tenant;
    let draft = trial.draft("unopened").templated("made", "{{ .text }}");
    let good = tenant.seal(&draft);
    tenant.apply(&good).await;
    tenant.ready("unopened").await;
    let changed = |change: &dyn Fn(&mut SecretEnvelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        envelope
    };
    let annotations = [("shown".to_owned(), "{{ .text }}".to_owned())];
    let metadata = TemplateMetadataSpec {
        annotations: annotations.into(),
        ..Default::default()
    };
    let elsewhere = Identity::generate(Suite::X25519, &mut OsRng);
    let refused = [
        (Reason::WrongPlace, {
            let mut moved = tenant.seal(&draft.clone().in_namespace("elsewhere"));
            moved.metadata.namespace = Some(tenant.namespace.clone());
            moved
        }),
        (Reason::WrongKeyName, {
            let swap = |envelope: &mut SecretEnvelope| {
                let bytes = envelope.spec.data["bytes"].clone();
                let text = envelope.spec.data.insert("text".to_owned(), bytes);
                envelope
                    .spec
                    .data
                    .insert("bytes".to_owned(), text.expect("there is a text"));
            };
            changed(&swap)
        }),
        (Reason::TemplateUntrusted, {
            changed(&|envelope| {
                let template = envelope.spec.template.as_mut().expect("it has a template");
                template.metadata = Some(metadata.clone());
            })
        }),
        (Reason::CommitmentMismatch, {
            let other = tenant.seal(&draft).spec.data_keys[0].commitment.clone();
            changed(&|envelope| envelope.spec.data_keys[0].commitment = other.clone())
        }),
        (
            Reason::NoKey,
            draft.seal_for(&[elsewhere.recipient().clone()]),
        ),
    ];
    for (reason, envelope) in refused {
        tenant.apply(&envelope).await;
        tenant.refused("unopened", reason).await;
    }
}

pub(super) async fn secrets_of_others(trial: &Trial<'_>) {
    let tenant = &trial.tenant;
    trial
        .create(json!({"metadata": {"name": "foreign"}, "data": trial.base64()}))
        .await;
    tenant.apply(&tenant.seal(&trial.draft("foreign"))).await;
    tenant.refused("foreign", Reason::NotOwned).await;
    let adopt = json!({"metadata": {"annotations": {ADOPT_ANNOTATION: "foreign"}}});
    tenant.intrude("admin", "foreign", &adopt).await;
    tenant.ready("foreign").await;
}

pub(super) async fn an_answer_about_the_whole_secret(trial: &Trial<'_>) {
    let tenant = &trial.tenant;
    // The answer of a policy that gives no reason has the object's own shape, as that of validation.
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "unlabelled"},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]},
            ]},
            "matchConditions": [{"name": "it", "expression": "object.metadata.name == 'label'"}],
            "validations": [{"expression": "false"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "unlabelled"}, "spec": {"policyName": "unlabelled", "validationActions": ["Deny"]},
    });
    let both = json!({"apiVersion": "v1", "kind": "List", "items": [policy, binding]});
    trial.cluster.apply(&both.to_string());
    let probe = json!({"metadata": {"name": "label"}});
    let probe: Secret = serde_json::from_value(probe).expect("a Secret");
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    eventually("the policy is in force", DEADLINE, async || {
        tenant.secrets.create(&dry, &probe).await.err()
    })
    .await;
    tenant.apply(&tenant.seal(&trial.draft("label"))).await;
    tenant.refused("label", Reason::Rejected).await;
}

/// A policy quotes what it refuses, to the test too: that answer is in the audit log. Returns what it quoted.
pub(super) async fn an_answer_that_quotes(trial: &Trial<'_>) -> Canary {
    let tenant = &trial.tenant;
    let quoted = Canary::new();
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "quoter"},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]},
            ]},
            "matchConditions": [{"name": "it", "expression": "object.metadata.name == 'quoted'"}],
            "validations": [{
                "expression": "false", "reason": "Forbidden",
                "messageExpression": "'I will not have ' + string(object.data.text)",
            }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "quoter"}, "spec": {"policyName": "quoter", "validationActions": ["Deny"]},
    });
    trial.cluster.apply(
        &json!({"apiVersion": "v1", "kind": "List", "items": [policy, binding]}).to_string(),
    );
    let probe = json!({"metadata": {"name": "quoted"}, "stringData": {"text": quoted.text()}});
    let probe: Secret = serde_json::from_value(probe).expect("a Secret");
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let refusal = eventually("the policy is in force", DEADLINE, async || {
        tenant.secrets.create(&dry, &probe).await.err()
    })
    .await;
    assert!(
        !quoted.find(refusal.to_string().as_bytes()).is_empty(),
        "{refusal}"
    );
    let draft = tenant
        .draft("quoted")
        .value("text", quoted.text())
        .value("bytes", quoted.bytes());
    let waiting = trial.settled(&tenant.seal(&draft)).await;
    assert_eq!(
        condition(&waiting, "Ready").expect("it is told").reason,
        "Forbidden"
    );
    tenant.event("quoted", "Forbidden", "").await;
    trial.cluster.kubectl_ok(&[
        "delete",
        "validatingadmissionpolicybinding,validatingadmissionpolicy",
        "quoter",
    ]);
    tenant
        .envelopes
        .delete("quoted", &DeleteParams::default())
        .await
        .expect("it can be deleted");
    quoted
}

/// Another controller takes over, and is asked to open again what it finds.
pub(super) async fn takeover(trial: &Trial<'_>) {
    let drift = json!({"data": {"copy": trial.base64()["bytes"]}});
    trial.tenant.intrude("intruder", "foreign", &drift).await;
    trial
        .tenant
        .until_secret("it is healed", "foreign", |secret| {
            !data(secret).contains_key("copy")
        })
        .await;
}

/// An envelope with plaintext, as if the definition had once allowed it; returns the plaintext.
pub(super) async fn plaintext_in_an_envelope(trial: &Trial<'_>) -> Canary {
    let plaintext = Canary::new();
    let definition = |lax: bool| {
        let mut definition =
            serde_json::to_value(secret_envelope_crd()).expect("a definition is JSON");
        if lax {
            let schema =
                &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
            schema["spec"] =
                json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        }
        trial.cluster.apply(&definition.to_string());
    };
    let tenant = &trial.tenant;
    let mut plain = tenant.seal(&tenant.draft("plain").value("text", "x"));
    plain
        .spec
        .data
        .insert("text".to_owned(), plaintext.text().to_owned());
    plain.spec.data_keys[0].closed_for[0].name = plaintext.text().to_owned();
    let mut odd = serde_json::to_value(&plain).expect("an envelope is JSON");
    odd["metadata"]["name"] = json!("odd");
    odd["spec"]["dataKeys"] = json!(plaintext.text());
    odd["spec"][plaintext.text()] = json!(plaintext.text());
    definition(true);
    for object in [
        serde_json::to_value(&plain).expect("an envelope is JSON"),
        odd,
    ] {
        eventually_blocking("the lax definition is in force", DEADLINE, || {
            let created = trial
                .cluster
                .kubectl_with_stdin(&["create", "-f", "-"], &object.to_string());
            created.status.success().then_some(())
        });
    }
    definition(false);
    let namespace = format!("--namespace={}", tenant.namespace);
    for name in ["senv/plain", "senv/odd"] {
        let stalled = [
            "wait",
            "--for=condition=Stalled",
            "--timeout=60s",
            &namespace,
            name,
        ];
        trial.cluster.kubectl_ok(&stalled);
    }
    plaintext
}
