//! The controller at its most talkative, with a secret on every path that it has.

mod paths;
mod planted;

use bulla_tests::{
    Audit, Canary, Cluster, Controller, Deployment, Options, Tenant, deployment::NAMESPACE,
};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, api::ListParams};

use super::search::{haystacks, requests, sightings};

/// What the paths work with.
struct Trial<'a> {
    cluster: &'a Cluster,
    tenant: Tenant,
    canary: Canary,
}

#[tokio::test]
async fn no_path_shows_a_secret_and_the_search_would_have_found_it() {
    let cluster = Cluster::start(Options {
        audit: Audit::Full,
        ..Options::default()
    });
    let deployment = Deployment::install(&cluster);
    let mut first = deployment.start(&["--log-level=trace"]);
    let trial = Trial {
        cluster: &cluster,
        tenant: Tenant::new(&cluster, "canary").await,
        canary: Canary::new(),
    };

    paths::success_and_drift(&trial).await;
    paths::templates_that_fail(&trial).await;
    paths::types_that_are_refused(&trial).await;
    paths::envelopes_that_do_not_open(&trial).await;
    paths::secrets_of_others(&trial).await;
    paths::an_answer_about_the_whole_secret(&trial).await;
    let quoted = paths::an_answer_that_quotes(&trial).await;
    let plaintext = paths::plaintext_in_an_envelope(&trial).await;
    let second = deployment.start(&["--log-level=trace", "--log-format=json"]);
    first.process().term();
    paths::takeover(&trial).await;

    let controllers = [&second, &first];
    let searched = haystacks(&cluster, &controllers).await;
    assert_eq!(
        sightings(&trial.canary, &searched),
        [""; 0],
        "in {}",
        trial.tenant.namespace
    );
    for (place, text) in &searched {
        assert!(!text.is_empty(), "{place}: nothing was searched");
    }
    assert_private_keys_are_absent(&trial, &searched).await;
    let theirs = ["the audit log", "envelopes and their status"];
    assert_not_repeated(&trial, &quoted, &theirs[..1], &controllers, &searched);
    assert_not_repeated(&trial, &plaintext, &theirs, &controllers, &searched);
    for controller in controllers {
        assert!(
            !controller.log().contains("panicked"),
            "{}",
            controller.log()
        );
    }

    planted::leaks_are_found(&trial, &controllers).await;
}

/// The private halves of the sealing keys are secrets too.
async fn assert_private_keys_are_absent(trial: &Trial<'_>, searched: &[super::search::Haystack]) {
    let home = Api::<Secret>::namespaced(trial.tenant.client.clone(), NAMESPACE);
    let keys = home
        .list(&ListParams::default().labels("bulla.dev/sealing-key"))
        .await
        .expect("the keys can be listed");
    let identities = keys
        .items
        .iter()
        .filter_map(|key| key.data.as_ref()?.get("identity"));
    let mut count = 0;
    for identity in identities {
        let text = String::from_utf8(identity.0.clone()).expect("an identity is text");
        let text = text
            .lines()
            .find(|line| line.starts_with("AGE-SECRET-KEY"))
            .expect("an identity");
        // The whole of it is one word, which nothing escapes.
        let half = &text[text.len() / 2..];
        for (place, haystack) in searched {
            let found = haystack
                .windows(half.len())
                .any(|window| window.eq_ignore_ascii_case(half.as_bytes()));
            assert!(!found, "a private key is in {place}");
        }
        count += 1;
    }
    assert!(count > 0, "there is a key to look for");
}

/// Somebody else has put a secret where it can be read. The controller doesn't repeat it anywhere.
fn assert_not_repeated(
    trial: &Trial<'_>,
    canary: &Canary,
    theirs: &[&str],
    controllers: &[&Controller],
    searched: &[super::search::Haystack],
) {
    assert_eq!(sightings(canary, searched), theirs);
    let events = trial.cluster.audit_events();
    for controller in controllers {
        canary.assert_absent("requests of the controller", requests(&events, controller));
    }
}
