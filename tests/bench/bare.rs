//! A client that makes the controller's writes without opening anything, from bodies prepared beforehand.

use std::time::Instant;

use bulla_core::api::SecretEnvelope;
use futures::StreamExt as _;
use http::Request;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ListParams, PostParams};
use kube::client::Body;
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

/// The same number at a time as the controller by default.
const CONCURRENCY: usize = 16;
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Which writes are made.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Writes {
    All,
    Secrets,
}

/// The three writes for one envelope.
pub(crate) struct Bodies([(&'static str, String, &'static str, String); 3]);

/// Copies the envelopes of `from` into `to`, and prepares the writes that the controller made for them.
pub(crate) async fn bodies(client: &Client, from: &str, to: &str) -> Vec<Bodies> {
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    let namespace = serde_json::from_value(json!({"metadata": {"name": to}})).expect("a namespace");
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .expect("a namespace");
    let made: Api<SecretEnvelope> = Api::namespaced(client.clone(), from);
    let copies: Api<SecretEnvelope> = Api::namespaced(client.clone(), to);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), from);
    let events: Api<Event> = Api::namespaced(client.clone(), from);
    let event = events
        .list(&ListParams::default())
        .await
        .expect("events")
        .items
        .remove(0);
    let mut out = Vec::new();
    for envelope in made.list(&ListParams::default()).await.expect("envelopes") {
        let name = envelope.name_any();
        let mut copy = SecretEnvelope::new(&name, envelope.spec.clone());
        copy.metadata.namespace = Some(to.to_owned());
        let copy = copies
            .create(&PostParams::default(), &copy)
            .await
            .expect("a copy");
        let uid = copy.metadata.uid.expect("a uid");
        let mut secret =
            serde_json::to_value(secrets.get(&name).await.expect("its Secret")).expect("JSON");
        for field in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "managedFields",
        ] {
            secret["metadata"]
                .as_object_mut()
                .expect("an object")
                .remove(field);
        }
        secret["metadata"]["namespace"] = json!(to);
        secret["metadata"]["ownerReferences"][0]["uid"] = json!(uid);
        let status = json!({"metadata": {"uid": uid}, "status": envelope.status});
        let event = renamed(&event, to, &name, &uid);
        let (core, own) = (
            format!("/api/v1/namespaces/{to}"),
            format!("/apis/bulla.dev/v1alpha1/namespaces/{to}"),
        );
        out.push(Bodies([
            (
                "POST",
                format!("{core}/secrets?fieldManager=bulla"),
                "application/json",
                secret.to_string(),
            ),
            (
                "PATCH",
                format!("{own}/secretenvelopes/{name}/status?fieldManager=bulla"),
                "application/merge-patch+json",
                status.to_string(),
            ),
            (
                "POST",
                format!("/apis/events.k8s.io/v1/namespaces/{to}/events"),
                "application/json",
                event.to_string(),
            ),
        ]));
    }
    out
}

fn renamed(event: &Event, namespace: &str, name: &str, uid: &str) -> Value {
    let mut event = serde_json::to_value(event).expect("JSON");
    event["metadata"] = json!({"namespace": namespace, "name": format!("{name}.0123456789abcdef")});
    event["regarding"]["namespace"] = json!(namespace);
    event["regarding"]["name"] = json!(name);
    event["regarding"]["uid"] = json!(uid);
    for field in [
        "deprecatedFirstTimestamp",
        "deprecatedLastTimestamp",
        "deprecatedCount",
        "deprecatedSource",
    ] {
        event.as_object_mut().expect("an object").remove(field);
    }
    event
}

/// Makes the writes and returns how many envelopes a second that is.
pub(crate) async fn rate(client: &Client, bodies: &[Bodies], writes: Writes) -> f64 {
    let start = Instant::now();
    futures::stream::iter(bodies)
        .for_each_concurrent(CONCURRENCY, |Bodies(requests)| async move {
            for (method, uri, content_type, body) in requests {
                let request = Request::builder()
                    .method(*method)
                    .uri(uri)
                    .header("content-type", *content_type)
                    .header("accept", METADATA_ONLY)
                    .body(Body::from(body.clone().into_bytes()))
                    .expect("a request");
                let response = client.send(request).await.expect("an answer");
                assert!(
                    response.status().is_success(),
                    "{method} {uri}: {}",
                    response.status()
                );
                response.into_body().collect_bytes().await.expect("a body");
                if writes == Writes::Secrets {
                    break;
                }
            }
        })
        .await;
    bodies.len() as f64 / start.elapsed().as_secs_f64()
}

/// Deletes the Secrets and the envelopes that the writes were made for.
pub(crate) async fn clear_all(client: &Client, namespace: &str) {
    clear(client, namespace).await;
    let envelopes: Api<SecretEnvelope> = Api::namespaced(client.clone(), namespace);
    envelopes
        .delete_collection(&Default::default(), &ListParams::default())
        .await
        .expect("they can be deleted");
}

/// Deletes the Secrets, so that they can be made again.
pub(crate) async fn clear(client: &Client, namespace: &str) {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    secrets
        .delete_collection(&Default::default(), &ListParams::default())
        .await
        .expect("they can be deleted");
}
