//! Keys that are made: in Sealed Secrets' shape, when it is time, and not where a restore is to bring them.

use std::process::Command;

use bulla_core::api::KeyState;
use bulla_tests::{
    process,
    wait::{DEADLINE, eventually},
};
use kube::{ResourceExt, api::ListParams};

use super::{Bench, BroughtKey, LABEL, certificate};

#[tokio::test]
async fn keys_are_made_in_their_shape_and_renewed() {
    let bench = Bench::new().await;
    let flags = ["--key-size=2048", "--my-cn=hello"];
    let more = [
        "--privatekey-annotations=a=b",
        "--privatekey-labels=c=d",
        "--key-ttl=48h",
    ];
    let controller = bench.start(&[&flags[..], &more].concat());
    let first = bench.closing("").await;
    let name = first.name_any();
    assert_eq!(first.spec.bits, Some(2048));

    let secret = bench
        .home
        .get(&name)
        .await
        .expect("it has the name of its resource");
    assert!(name.starts_with("sealed-secrets-key") && name.len() == "sealed-secrets-key".len() + 5);
    assert_eq!(
        secret.metadata.generate_name.as_deref(),
        Some("sealed-secrets-key")
    );
    assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/tls"));
    assert_eq!(
        (&*secret.labels()[LABEL], &*secret.labels()["c"]),
        ("active", "d")
    );
    assert_eq!((secret.labels().len(), secret.annotations().len()), (2, 1));
    let data = secret.data.unwrap_or_default();
    assert_eq!(data.len(), 2);
    let (key, crt) = (&data["tls.key"].0, &data["tls.crt"].0);
    assert!(key.starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    assert_eq!(certificate(&first).as_bytes(), crt);
    let openssl = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new("openssl");
        command.args(arguments);
        let output = process::run(command, input);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    openssl(&["rsa", "-check", "-noout"], key);
    let modulus =
        |words: &[&str], input| openssl(&[words, &["-noout", "-modulus"]].concat(), input);
    assert_eq!(modulus(&["rsa"], key), modulus(&["x509"], crt));
    let text = openssl(&["x509", "-noout", "-text"], crt);
    for part in [
        "CN = hello",
        "CA:TRUE",
        "Encipher Only",
        "sha256WithRSAEncryption",
    ] {
        let spaceless = |text: &str| text.replace(' ', "");
        assert!(
            spaceless(&text).contains(&spaceless(part)),
            "{part}: {text}"
        );
    }
    openssl(&["x509", "-noout", "-checkend", "172000"], crt);
    bench.opens("first", &certificate(&first)).await;

    drop(controller);
    let renewing = ["--key-size=2048", "--key-renew-period=2s"];
    let controller = bench.start(&renewing);
    bench.closing(&name).await;
    drop(controller);
    // Not for ever.
    let _controller = bench.start(&["--key-renew-period=0"]);
    let second = bench.closing(&name).await;
    bench.opens("second", &certificate(&second)).await;
    bench.opens("old", &certificate(&first)).await;
    let old = bench.keys.get(&name).await.expect("the old key stays");
    assert_eq!(old.spec.state, KeyState::Active);

    // What was retired and deleted does not come back by its Secret.
    for state in ["OpenOnly", "Retired"] {
        bench.say(&name, state).await;
    }
    bench
        .cluster
        .kubectl_ok(&["delete", "sealingkey", &name, "--timeout=60s"]);
    bench.seal("retired", &certificate(&first), "hunter2");
    assert!(bench.synced("retired", "False").await.is_none());
    assert!(
        bench
            .keys
            .get_opt(&name)
            .await
            .is_ok_and(|key| key.is_none())
    );
    assert!(
        bench
            .home
            .get_opt(&name)
            .await
            .is_ok_and(|secret| secret.is_some())
    );
}

#[tokio::test]
async fn a_restore_makes_none_and_brings_back_what_was_there() {
    let bench = Bench::new().await;
    let flags = ["--require-existing-key", "--renew-check=1s"];
    let controller = bench.start(&flags);
    eventually("it says that it waits", DEADLINE, async || {
        controller
            .log()
            .contains("there is no key for SealedSecrets")
            .then_some(())
    })
    .await;
    assert!(bench.rsa_keys().await.is_empty());
    let labelled = ListParams::default().labels(LABEL);
    let secrets = bench
        .home
        .list(&labelled)
        .await
        .expect("they can be listed");
    assert!(secrets.items.is_empty(), "none is made");

    // One after the other, as `kubectl apply` brings them.
    let (old, new) = (BroughtKey::new(9000), BroughtKey::new(60));
    for (name, key) in [
        ("sealed-secrets-keyold22", &old),
        ("sealed-secrets-keynew22", &new),
    ] {
        bench.cluster.apply(&key.secret(name, "active").to_string());
        bench
            .key(name, "it is back", |key, status| {
                key.spec.state == KeyState::Active && status.closes == Some(true)
            })
            .await;
    }
    bench.opens("old", &old.certificate.to_pem()).await;
    bench.opens("new", &new.certificate.to_pem()).await;
}
