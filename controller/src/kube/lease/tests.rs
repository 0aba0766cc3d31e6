//! The election against a stand-in that keeps one Lease; the end-to-end tests have the real API server.

use std::convert::Infallible;
use std::sync::Mutex;

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use super::*;

#[derive(Default)]
struct Stand {
    lease: Option<Value>,
    version: u64,
}

impl Stand {
    fn answer(&mut self, method: &Method, sent: &[u8]) -> (StatusCode, Value) {
        let mut sent: Value = serde_json::from_slice(sent).unwrap_or_default();
        match (method.as_str(), &self.lease) {
            ("GET", Some(lease)) => return (StatusCode::OK, lease.clone()),
            ("GET" | "PUT", None) => return (StatusCode::NOT_FOUND, Value::Null),
            ("POST", Some(_)) => return (StatusCode::CONFLICT, Value::Null),
            ("PUT", Some(lease))
                if lease["metadata"]["resourceVersion"] != sent["metadata"]["resourceVersion"] =>
            {
                return (StatusCode::CONFLICT, Value::Null);
            }
            _ => {}
        }
        self.version += 1;
        sent["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.lease = Some(sent.clone());
        (StatusCode::OK, sent)
    }
}

fn candidate(stand: &Arc<Mutex<Stand>>, identity: &str, duration: Duration) -> Election {
    let stand = stand.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let stand = stand.clone();
        async move {
            let (parts, body) = request.into_parts();
            let sent = body.collect_bytes().await.expect("a body in memory");
            let (code, answer) = stand.lock().expect("no panic").answer(&parts.method, &sent);
            let response = Response::builder().status(code);
            Ok::<_, Infallible>(
                response
                    .body(Body::from(answer.to_string().into_bytes()))
                    .expect("a response"),
            )
        }
    });
    let options = LeaseOptions {
        namespace: "bulla-system".to_owned(),
        name: "bulla-controller".to_owned(),
        identity: identity.to_owned(),
        duration,
        renew_deadline: duration / 2,
        retry_period: duration / 4,
    };
    let rest = Rest::new(Client::new(service, "default"), Duration::from_secs(5));
    let (leading, _) = watch::channel(false);
    Election::new(
        rest,
        options,
        Arc::default(),
        leading,
        Arc::new(Metrics::new()),
    )
}

#[tokio::test]
async fn the_first_one_takes_it_and_renews_it_and_the_second_waits() {
    let stand = Arc::default();
    let long = Duration::from_secs(60);
    let (mut first, mut second) = (
        candidate(&stand, "first", long),
        candidate(&stand, "second", long),
    );
    assert!(first.round().await.unwrap().is_some());
    assert!(second.round().await.unwrap().is_none());
    assert!(first.round().await.unwrap().is_some());
    assert!(second.round().await.unwrap().is_none());
    assert_eq!(
        stand.lock().unwrap().lease.as_ref().unwrap()["spec"]["leaseTransitions"],
        0
    );
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_free_at_once() {
    let stand = Arc::default();
    let long = Duration::from_secs(60);
    let (mut first, mut second) = (
        candidate(&stand, "first", long),
        candidate(&stand, "second", long),
    );
    assert!(first.round().await.unwrap().is_some());
    first.release().await.unwrap();
    assert!(second.round().await.unwrap().is_some());
    assert!(
        first.round().await.unwrap().is_none(),
        "it has another's lease now"
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_and_its_old_holder_notices() {
    let stand = Arc::default();
    let short = Duration::from_secs(1);
    let (mut first, mut second) = (
        candidate(&stand, "first", short),
        candidate(&stand, "second", short),
    );
    assert!(first.round().await.unwrap().is_some());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while second.round().await.unwrap().is_none() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "it was never taken over"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(first.round().await.unwrap().is_none());
    assert_eq!(
        stand.lock().unwrap().lease.as_ref().unwrap()["spec"]["holderIdentity"],
        "second"
    );
}

#[tokio::test]
async fn an_answer_that_never_came_does_not_cost_the_lease() {
    let stand = Arc::default();
    let mut first = candidate(&stand, "first", Duration::from_secs(60));
    assert!(first.round().await.unwrap().is_some());
    // The renewal was carried out, and its answer was lost.
    let known = first.own.clone();
    assert!(first.round().await.unwrap().is_some());
    first.own = known;
    assert!(first.round().await.unwrap().is_some());
}
