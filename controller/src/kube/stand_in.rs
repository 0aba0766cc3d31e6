//! An API server for unit tests: keeps what it is sent, writes down what it was asked, and fails where it is told to.
//!
//! It stands in where the order of writes matters, which the real one (in the end-to-end tests) can't be held still for.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::api::fence::{Fence, Moment};
use super::api::rest::{FencedRest, Rest};
use super::backoff::Backoff;
use super::cluster::{Beginning, Cluster};
use super::kind::restraint::Restraint;
use super::mirror::{Feed, Mirror, Mirrored};
use super::telemetry::metrics::Metrics;
use super::watch::Change;

/// The server's side.
#[derive(Default)]
pub(super) struct StandIn {
    /// Objects by path.
    pub(super) objects: BTreeMap<String, Value>,
    /// Method, path and body of every request; of a rehearsal the path has `?dryRun` behind it.
    pub(super) asked: Vec<(Method, String, Value)>,
    /// A request whose path has this in it fails.
    pub(super) failing: Option<&'static str>,
    /// What admission says to every new object, if it refuses it.
    pub(super) refusing: Option<StatusCode>,
    version: u64,
}

/// Both sides.
pub(super) struct Stand {
    pub(super) server: Arc<Mutex<StandIn>>,
    pub(super) cluster: Arc<Cluster>,
}

impl Stand {
    /// A server that is empty, and a process that holds the lease.
    pub(super) fn new() -> Self {
        let server: Arc<Mutex<StandIn>> = Arc::default();
        let answering = server.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = answering.clone();
            async move {
                let (parts, body) = request.into_parts();
                let sent = body.collect_bytes().await.expect("a body in memory");
                let sent = serde_json::from_slice(&sent).unwrap_or_default();
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                let query = parts.uri.query().unwrap_or_default();
                let (code, answer) = server.answer(&parts.method, parts.uri.path(), query, sent);
                let response = Response::builder().status(code);
                let body = Body::from(answer.to_string().into_bytes());
                Ok::<_, Infallible>(response.body(body).expect("a response"))
            }
        });
        let fence = Arc::new(Fence::default());
        fence.open_until(Moment::now().plus(Duration::from_secs(3600)));
        let open = Rest::new(Client::new(service, "default"), Duration::from_secs(5));
        let cluster = Cluster::new(Beginning {
            namespace: "bulla-system".to_owned(),
            identity: "stand-in".to_owned(),
            fenced: FencedRest::new(open.clone(), fence),
            open,
            with_sealed_secrets: false,
            with_sops_secrets: false,
            restraint: Restraint::default(),
            retries: Backoff {
                first: Duration::from_secs(1),
                cap: Duration::from_secs(1),
            },
            metrics: Metrics::new(),
            namespaces_watched: 1,
        });
        Self {
            server,
            cluster: Arc::new(cluster),
        }
    }

    /// Asks or changes the server.
    pub(super) fn server<T>(&self, look: impl FnOnce(&mut StandIn) -> T) -> T {
        look(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts objects onto the server, and into the cache, which is complete from then on.
    pub(super) fn put<T: Mirrored>(
        &self,
        mirror: &Arc<Mirror<T>>,
        collection: &str,
        objects: &[Value],
    ) {
        let mut feed = Feed::new(mirror.clone(), "");
        feed.receive(Change::Begin);
        for object in objects {
            let name = object["metadata"]["name"].as_str().expect("a name");
            let object = self.server(|server| server.keep(format!("{collection}/{name}"), object));
            let object = serde_json::from_value(object).expect("an object of this kind");
            feed.receive(Change::Listed(object));
        }
        feed.receive(Change::Synced);
    }
}

impl StandIn {
    fn keep(&mut self, path: String, object: &Value) -> Value {
        self.version += 1;
        let mut object = object.clone();
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("uid-{}", self.version));
        }
        self.objects.insert(path, object.clone());
        object
    }

    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        sent: Value,
    ) -> (StatusCode, Value) {
        let dry = query.contains("dryRun=All");
        let shown = format!("{path}{}", if dry { "?dryRun" } else { "" });
        self.asked.push((method.clone(), shown, sent.clone()));
        if self.failing.is_some_and(|failing| path.contains(failing)) {
            return (StatusCode::INTERNAL_SERVER_ERROR, Value::Null);
        }
        let object = path.strip_suffix("/status").unwrap_or(path);
        match (method.as_str(), self.objects.get(object).cloned()) {
            ("POST", _) => {
                // As the real one: what is said of the object comes before that its name is taken.
                if let Some(code) = self.refusing {
                    return (code, json!({"reason": "Forbidden"}));
                }
                let name = sent["metadata"]["name"].as_str().unwrap_or_default();
                let path = format!("{path}/{name}");
                if self.objects.contains_key(&path) {
                    return (StatusCode::CONFLICT, json!({"reason": "AlreadyExists"}));
                }
                if dry {
                    return (StatusCode::CREATED, sent);
                }
                (StatusCode::CREATED, self.keep(path, &sent))
            }
            (_, None) => (StatusCode::NOT_FOUND, Value::Null),
            ("GET", Some(known)) => (StatusCode::OK, known),
            ("DELETE", Some(_)) => {
                self.objects.remove(object);
                (StatusCode::OK, json!({}))
            }
            (_, Some(mut known)) => {
                let of = |object: &Value, name: &str| object["metadata"][name].clone();
                let differs =
                    |name| !of(&sent, name).is_null() && of(&sent, name) != of(&known, name);
                if differs("uid") || differs("resourceVersion") {
                    return (StatusCode::CONFLICT, json!({"reason": "Conflict"}));
                }
                merge(&mut known, &sent);
                (StatusCode::OK, self.keep(object.to_owned(), &known))
            }
        }
    }
}

/// RFC 7386.
fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            object.as_object_mut().map(|object| object.remove(name));
        } else {
            merge(&mut object[name], value);
        }
    }
}
