//! The cluster's own key: sealed for it on a machine, exported by our controller, opened by Flux.

use bulla_core::{
    api::SealingKey,
    recipient::{Identity, Recipient, Suite, parse_identity_file},
    sops::Store,
};
use bulla_tests::{
    Cluster, Deployment, Options, Repository,
    flux::{Kustomization, RUNTIME_NAMESPACE},
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{Api, Client, api::ListParams};
use serde_json::{Value, json};

use crate::support::{FALLBACK, Team, encrypted, key_pair, shared};

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: hunter2}\n";
const EXPORT: &str = "--export-age-secret=flux-system/bulla-age";

/// The public half of the key that closes, and the name of its resource.
async fn closing(client: &Client) -> (String, Recipient) {
    let keys = Api::<SealingKey>::all(client.clone());
    eventually("there is a key that closes", DEADLINE, async || {
        let keys = keys.list(&ListParams::default()).await.ok()?;
        keys.into_iter().find_map(|key| {
            let status = key.status.filter(|status| status.closes == Some(true))?;
            let recipient = status.public_key?.parse().ok()?;
            Some((key.metadata.name?, recipient))
        })
    })
    .await
}

/// The identities in the exported Secret, once `enough` says so.
async fn exported(
    client: &Client,
    enough: impl Fn(&[Identity]) -> bool,
) -> (Secret, Vec<Identity>) {
    let secrets = Api::<Secret>::namespaced(client.clone(), RUNTIME_NAMESPACE);
    eventually("the keys are exported", DEADLINE, async || {
        let secret = secrets.get_opt(FALLBACK).await.ok()??;
        let entries = data(&secret).into_iter();
        let identities: Vec<_> = entries
            .flat_map(|(name, text)| {
                assert!(name.ends_with(".agekey"), "{name}");
                let text = String::from_utf8(text).expect("UTF-8");
                parse_identity_file(&text).expect("an identity file")
            })
            .collect();
        enough(&identities).then_some((secret, identities))
    })
    .await
}

#[tokio::test]
async fn flux_opens_what_is_closed_for_the_clusters_own_key() {
    let shared = shared();
    let client = shared.flux.cluster().client().await;
    let (_, recipient) = closing(&client).await;
    assert_eq!(recipient.suite(), Some(Suite::MlKem768X25519));
    // Published, and so exported already.
    let (_, identities) = exported(&client, |_| true).await;
    assert!(
        identities
            .iter()
            .any(|identity| *identity.recipient() == recipient)
    );

    // No keys of the team's own: Flux takes those of `--sops-age-secret`.
    let team = Team::new("flux-circle", &[]).await;
    let file = encrypted(Store::Yaml, SECRET, &recipient);
    let kustomization = Kustomization::new(&team.namespace, "shop").file("db.yaml", &file);
    assert_eq!(shared.flux.deliver(&kustomization).await, Ok(()));
    let secret = team.secret("db").await.expect("the Secret is there");
    assert_eq!(secret["a"], b"hunter2");
}

#[tokio::test]
async fn a_developer_seals_for_the_cluster_and_flux_applies_it() {
    let shared = shared();
    let team = Team::new("flux-developer", &[]).await;
    let cluster = shared.flux.cluster();
    // There is a key to fetch.
    closing(&cluster.client().await).await;
    let repository = Repository::new().with_reader_of(cluster, &team.namespace);
    repository.bulla_ok(&["init", "--cluster", "prod", "--fetch"]);
    let config = repository.read(".bulla.yaml");
    let rule = "    for: [prod]\n";
    assert!(config.contains(rule), "{config}");
    let sops = format!("{rule}    format: sops\n    encryptedRegex: ^(data|stringData)$\n");
    repository.write(".bulla.yaml", config.replace(rule, &sops));
    repository.write("db.yaml", SECRET);
    repository.bulla_ok(&["seal", "-i", "db.yaml"]);
    let sealed = repository.read("db.yaml");
    assert!(
        sealed.contains("ENC[") && !sealed.contains("hunter2"),
        "{sealed}"
    );
    repository.bulla_ok(&["check"]);
    let kustomization = Kustomization::new(&team.namespace, "shop").file("db.yaml", &sealed);
    assert_eq!(shared.flux.deliver(&kustomization).await, Ok(()));
    let secret = team.secret("db").await.expect("the Secret is there");
    assert_eq!(secret["a"], b"hunter2");
}

#[tokio::test]
async fn renewal_and_compromise_reach_the_exported_secret_with_no_more_rights_than_are_said() {
    let cluster = Cluster::start(Options::default());
    let deployment = Deployment::install_from(&cluster, "deploy/namespaced");
    cluster.kubectl_ok(&["create", "namespace", RUNTIME_NAMESPACE]);
    let rules = bulla_tests::target::workspace().join("deploy/overlays/flux/rbac.yaml");
    cluster.kubectl_ok(&["apply", "-f", &rules.display().to_string()]);
    let client = cluster.client().await;

    // Somebody else's Secret has the name: it stays, and the keys are used all the same.
    let (_, theirs) = key_pair(Suite::X25519);
    let foreign = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"age.agekey": theirs},
        "metadata": {"name": FALLBACK, "namespace": RUNTIME_NAMESPACE},
    });
    cluster.apply(&foreign.to_string());
    let watched = format!("--watch-namespaces={RUNTIME_NAMESPACE}-watched");
    cluster.kubectl_ok(&[
        "create",
        "namespace",
        &format!("{RUNTIME_NAMESPACE}-watched"),
    ]);
    let controller = deployment.start(&[EXPORT, &watched]);
    let (first, recipient) = closing(&client).await;
    let events = Api::<Event>::namespaced(client.clone(), RUNTIME_NAMESPACE);
    let told = async |reason: &str| {
        eventually("an Event tells of it", DEADLINE, async || {
            let events = events.list(&ListParams::default()).await.ok()?.items;
            let mut events = events.into_iter();
            events.find(|event| event.reason.as_deref() == Some(reason))
        })
        .await
    };
    assert_eq!(told("NotOwned").await.type_.as_deref(), Some("Warning"));
    let (secret, _) = exported(&client, |_| true).await;
    assert_eq!(data(&secret)["age.agekey"], theirs.as_bytes());
    let metrics = controller.metrics();
    let text = metrics.text();
    assert!(
        text.contains("bulla_export_failures_total{reason=\"not-owned\"}"),
        "{text}"
    );

    // Out of the way, it makes place for ours.
    cluster.kubectl_ok(&["delete", "secret", FALLBACK, "-n", RUNTIME_NAMESPACE]);
    let holds = |recipient: &Recipient| {
        let recipient = recipient.clone();
        move |found: &[Identity]| {
            found
                .iter()
                .any(|identity| *identity.recipient() == recipient)
        }
    };
    let (secret, identities) = exported(&client, holds(&recipient)).await;
    assert_eq!(identities.len(), 1);
    let owner = &secret.metadata.owner_references.expect("it has owners")[0];
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("SealingKey", first.as_str())
    );
    told("Exported").await;

    // A second key beside it, then the first one is compromised.
    let asked = json!({
        "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "second"},
        "spec": {"suite": "X25519", "state": "Active"},
    });
    cluster.apply(&asked.to_string());
    let of_suite =
        |suite| move |found: &[Identity]| found.iter().any(|key| key.suite() == Some(suite));
    let (_, identities) = exported(&client, of_suite(Suite::X25519)).await;
    assert_eq!(identities.len(), 2);
    let compromised = r#"{"spec":{"state":"Compromised"}}"#;
    cluster.kubectl_ok(&[
        "patch",
        "sealingkey",
        &first,
        "--type=merge",
        "-p",
        compromised,
    ]);
    let gone = |found: &[Identity]| !holds(&recipient)(found);
    exported(&client, gone).await;
    // Its successor comes by itself.
    exported(&client, of_suite(Suite::MlKem768X25519)).await;

    // Nothing of the keys is told anywhere.
    let (_, identities) = exported(&client, |found| found.len() == 2).await;
    let told: Value =
        serde_json::to_value(events.list(&ListParams::default()).await.expect("events"))
            .expect("JSON");
    let log = controller.log();
    for identity in identities {
        let text = identity.expose_text().to_string();
        let told = told.to_string();
        for place in [&log, &told, &controller.metrics().text().to_owned()] {
            assert!(!place.contains(&*text) && !place.contains("AGE-SECRET-KEY"));
        }
    }
}

#[tokio::test]
async fn the_overlay_exports_to_the_secret_that_its_rules_name() {
    let arguments = "jsonpath={.spec.template.spec.containers[0].args}";
    let shown = shared().flux.cluster().kubectl_ok(&[
        "get",
        "deployment",
        "bulla-controller",
        "-n",
        "bulla-system",
        "-o",
        arguments,
    ]);
    assert_eq!(shown, format!("[\"{EXPORT}\"]"));
}
