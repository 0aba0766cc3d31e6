//! The flags of Sealed Secrets' controller: all of them, and what `--update-status=false` and `--skip-recreate` do; and two
//! replicas at once.

use std::process::{Command, Output};

use bulla_core::api::{KeySuite, SealingKey};
use bulla_tests::{
    Cluster, Options, http, peers, programs,
    sealed_secrets::{NAMESPACE, SealedSecrets, SealedTenant},
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{DeleteParams, ListParams},
};
use serde_json::json;

use super::OLD_KEY;

/// Name and type of each flag, out of what the real controller says of itself.
fn their_flags() -> Vec<(String, String, String)> {
    let help = Command::new(peers::sealed_secrets_controller())
        .arg("--help")
        .output()
        .expect("it runs");
    let help = String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).into_owned();
    let flags = help.lines().filter_map(|line| {
        let (name, rest) = line.trim_start().strip_prefix("--")?.split_once(' ')?;
        // A boolean has no word for its type.
        let kind = rest.split(' ').next().filter(|kind| !kind.is_empty());
        let default = rest.split_once("(default \"");
        let default = default.map_or("", |(_, rest)| rest.trim_end_matches("\")"));
        let words = [name, kind.unwrap_or("bool"), default];
        let [name, kind, default] = words.map(str::to_owned);
        (name != "version").then_some((name, kind, default))
    });
    flags.collect()
}

/// Runs ours where no cluster is.
fn run(flags: &[&str], variable: Option<(&str, &str)>) -> Output {
    Command::new(programs::controller())
        .arg("--sealed-secrets")
        .args(flags)
        .env_clear()
        .env("KUBECONFIG", "/nowhere")
        .envs(variable)
        .output()
        .expect("it runs")
}

#[test]
fn every_flag_of_theirs_is_taken_and_a_wrong_variable_stops_the_start() {
    let flags = their_flags();
    assert!(flags.len() >= 30, "{flags:?}");
    for (name, kind, default) in flags {
        let value = match &*kind {
            "bool" => "true",
            "int" => "2048",
            "float32" => "-1",
            "duration" => "2m0s",
            _ => &default,
        };
        let taken = run(&[&format!("--{name}={value}"), "--version"], None);
        let said = String::from_utf8_lossy(&taken.stderr);
        assert!(taken.status.success(), "--{name}={value}: {said}");
        // Any text is a name, or a selector of the API server's.
        if ["additional-namespaces", "label-selector", "my-cn"].contains(&&*name) {
            continue;
        }
        let variable = format!("SEALED_SECRETS_{}", name.to_uppercase().replace('-', "_"));
        let refused = run(&[], Some((&variable, "?")));
        let said = String::from_utf8_lossy(&refused.stderr);
        let named = said.contains(&format!("--{name}")) || said.contains(&variable);
        assert!(!refused.status.success() && named, "{variable}: {said}");
    }
}

async fn made(tenant: &SealedTenant, name: &str, values: &[(&str, &str)]) {
    let sealed = tenant.seal_for(OLD_KEY, &tenant.secret_of(name, values), &[]);
    tenant.apply(&sealed).await;
    is_there(tenant, name, values[0].1).await;
}

/// No status tells of it.
async fn is_there(tenant: &SealedTenant, name: &str, value: &str) {
    let what = format!("the Secret `{name}` is there");
    let wanted = |secret: &Secret| data(secret)["a"] == value.as_bytes();
    tenant.until_secret(&what, name, wanted).await;
}

#[tokio::test]
async fn the_status_and_deleted_secrets_are_left_alone_when_flags_say_so() {
    let cluster = Cluster::start(Options::default());
    let flags = ["--update-status=false", "--skip-recreate"];
    let mut ours = SealedSecrets::start(&cluster, &[OLD_KEY], &flags);
    let tenant = ours.tenant("flags").await;
    made(&tenant, "db", &[("a", "1")]).await;
    let edit = json!({"stringData": {"a": "edited"}});
    tenant.patch(&tenant.secrets, "db", &edit).await;
    is_there(&tenant, "db", "1").await;

    let gone = DeleteParams::default();
    tenant.secrets.delete("db", &gone).await.expect("it goes");
    for number in 0..3 {
        made(&tenant, &format!("witness-{number}"), &[("a", "b")]).await;
    }
    let secret = tenant.secrets.get_opt("db").await.expect("an answer");
    assert!(secret.is_none(), "it stays away");
    made(&tenant, "db", &[("a", "2")]).await;

    tenant.secrets.delete("db", &gone).await.expect("it goes");
    ours.controller.process().kill();
    let (_again, _) = ours.start_another(&flags);
    is_there(&tenant, "db", "2").await;
    for sealed in tenant
        .sealed
        .list(&ListParams::default())
        .await
        .expect("a list")
    {
        let conditions = sealed.status.map(|status| status.conditions);
        assert!(conditions.unwrap_or_default().is_empty());
    }
}

/// Two that start at once make one key, hand out the same certificate, and one goes on where the other ends.
#[tokio::test]
async fn two_replicas_make_one_key_and_take_over_from_each_other_62_1646() {
    let cluster = Cluster::start(Options::default());
    let flags = ["--key-size=2048"];
    let mut ours = SealedSecrets::start(&cluster, &[], &flags);
    let (another, endpoints) = ours.start_another(&flags);
    let certificate = |at| {
        let (code, text) = http::get(at, "/v1/cert.pem").expect("an answer");
        (code == 200).then_some(text)
    };
    let same = eventually("both hand out a certificate", DEADLINE, async || {
        let (one, other) = (certificate(ours.endpoints)?, certificate(endpoints)?);
        (one == other).then_some(one)
    })
    .await;
    let tenant = ours.tenant("replicas").await;
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "1")]), &[]);
    tenant.deliver(&sealed).await;

    ours.controller.process().kill();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &same).expect("it can be written");
    let cert = file.path().display().to_string();
    let secret = tenant.secret_of("later", &[("a", "1")]);
    let later = tenant.seal(&secret, &["--cert", &cert]);
    tenant.deliver(&later).await;
    assert_eq!(certificate(endpoints).as_deref(), Some(&*same));
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let keys = keys
        .list(&ListParams::default())
        .await
        .expect("a list")
        .items;
    let rsa = keys.iter().filter(|key| key.spec.suite == KeySuite::Rsa);
    assert_eq!(rsa.count(), 1, "one key was made");
    let secrets = Api::<Secret>::namespaced(tenant.client.clone(), NAMESPACE);
    let labelled = ListParams::default().labels("sealedsecrets.bitnami.com/sealed-secrets-key");
    let secrets = secrets.list(&labelled).await.expect("a list").items;
    assert_eq!(secrets.len(), 1);
    drop(another);
}
