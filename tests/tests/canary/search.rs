//! The one search: everything that may be read by somebody who may not read Secrets.

use bulla_tests::{Canary, Cluster, Controller, cluster::AuditEvent};
use kube::Client;
use serde_json::Value;

/// A place, and what is written there.
pub(super) type Haystack = (&'static str, Vec<u8>);

/// Collects all that can be searched.
pub(super) async fn haystacks(cluster: &Cluster, controllers: &[&Controller]) -> Vec<Haystack> {
    let client = cluster.client().await;
    let logs = controllers
        .iter()
        .map(|controller| controller.log())
        .collect::<String>();
    let metrics: String = controllers
        .iter()
        .filter_map(|controller| controller.get("/metrics"))
        .map(|(_, text)| text)
        .collect();
    let audit = std::fs::read(cluster.audit_log()).expect("there is an audit log");
    let mut haystacks = vec![
        ("the logs", logs.into_bytes()),
        ("the metrics", metrics.into_bytes()),
        ("the audit log", audit),
    ];
    for (place, path) in LISTS {
        haystacks.push((place, list(&client, path).await));
    }
    haystacks
}

/// Names the places where a canary is found.
pub(super) fn sightings(canary: &Canary, haystacks: &[Haystack]) -> Vec<&'static str> {
    let found = |(place, text): &Haystack| (!canary.find(text).is_empty()).then_some(*place);
    haystacks.iter().filter_map(found).collect()
}

/// Keeps of the audit log what a controller asked for, without the API server's answers: for secrets that somebody
/// wrote where they can be read, and that nobody is to repeat.
pub(super) fn requests(events: &[AuditEvent], controller: &Controller) -> Vec<u8> {
    let asked = events.iter().filter(|event| controller.asked(event));
    let lines = asked.map(|event| {
        let body = event
            .request_object
            .as_ref()
            .map_or_else(String::new, Value::to_string);
        format!("{} {}\n{body}\n", event.verb, event.request_uri)
    });
    lines.collect::<String>().into_bytes()
}

/// What the API server answers: of Secrets the metadata only, as an annotation can hold a value too.
async fn list(client: &Client, path: &str) -> Vec<u8> {
    let metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let request = http::Request::get(path);
    let request = match path {
        SECRETS => request.header(http::header::ACCEPT, metadata),
        _ => request,
    };
    let request = request
        .body(Vec::new())
        .expect("the request is well-formed");
    let answer = client.request_text(request).await;
    answer.expect("the objects can be listed").into_bytes()
}

const SECRETS: &str = "/api/v1/secrets";
const LISTS: [(&str, &str); 6] = [
    ("Events", "/apis/events.k8s.io/v1/events"),
    ("Events of the core group", "/api/v1/events"),
    (
        "envelopes and their status",
        "/apis/bulla.dev/v1alpha1/secretenvelopes",
    ),
    (
        "sealing keys and their status",
        "/apis/bulla.dev/v1alpha1/sealingkeys",
    ),
    ("Leases", "/apis/coordination.k8s.io/v1/leases"),
    ("metadata of Secrets", SECRETS),
];
