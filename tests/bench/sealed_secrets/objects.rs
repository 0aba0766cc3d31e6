//! Keys and SealedSecrets to measure with.

use std::time::{SystemTime, UNIX_EPOCH};

use bulla_core::api::{SealedSecret, SealedSecretSpec};
use bulla_core::plaintext::Plaintext;
use bulla_core::rotation::Timestamp;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    CertificateRequest, Label, RsaPrivateKey, RsaPublicKey, SealedItem,
};
use futures::StreamExt as _;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

/// Objects of one measurement.
pub(super) const OBJECTS: usize = 500;
/// Values of each.
pub(super) const VALUES: usize = 4;
const CONCURRENCY: usize = 16;
const BITS: u32 = 4096;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// How long ago the first key was made. None is due for renewal: a new one would be made and tried first.
const FIRST_AGO: i64 = 3 * 24 * 3600;

/// The keys that are in place, oldest first.
#[derive(Default)]
pub(super) struct Keys(Vec<RsaPublicKey>);

impl Keys {
    /// Makes one, an hour newer than the last, and returns its Secret.
    pub(super) fn add(&mut self) -> Secret {
        let key = key();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_secs().cast_signed());
        let from = Timestamp(now - FIRST_AGO).plus(self.0.len() as u64 * HOUR);
        let request = CertificateRequest {
            common_name: String::new(),
            not_before: from,
            not_after: from.plus(3650 * DAY),
        };
        let certificate = request
            .sign(&key, &mut rand_core::OsRng)
            .expect("a certificate");
        let pem = key.expose_pem().expect("a key has a PEM form");
        self.0.push(key.public().clone());
        let secret = json!({
            "metadata": {
                "generateName": "sealed-secrets-key",
                "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"},
            },
            "type": "kubernetes.io/tls",
            "data": {"tls.crt": bytes(certificate.to_pem().as_bytes()), "tls.key": bytes(pem.as_bytes())},
        });
        serde_json::from_value(secret).expect("a Secret")
    }

    /// The newest key.
    pub(super) fn newest(&self) -> &RsaPublicKey {
        self.0.last().expect("there is a key")
    }

    /// One after the other.
    pub(super) fn nth(&self, n: usize) -> &RsaPublicKey {
        &self.0[n % self.0.len()]
    }
}

/// A private key.
pub(super) fn key() -> RsaPrivateKey {
    RsaPrivateKey::generate(BITS).expect("a key")
}

/// Puts a key Secret into a namespace.
pub(super) async fn create_key(client: &Client, namespace: &str, secret: &Secret) {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let created = api.create(&PostParams::default(), secret).await;
    created.expect("a key Secret is accepted");
}

/// Puts so many SealedSecrets into a namespace, made where it is not there.
pub(super) async fn create<'k>(
    client: &Client,
    namespace: &str,
    count: usize,
    key: impl Fn(usize) -> &'k RsaPublicKey,
) {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let object = serde_json::from_value(json!({"metadata": {"name": namespace}}));
    // It may be there.
    let _ = namespaces
        .create(&PostParams::default(), &object.expect("a namespace"))
        .await;
    let api: Api<SealedSecret> = Api::namespaced(client.clone(), namespace);
    let objects = (0..count).map(|n| object_of(namespace, n, key(n)));
    futures::stream::iter(objects.collect::<Vec<_>>())
        .for_each_concurrent(CONCURRENCY, |object| {
            let api = api.clone();
            async move {
                let created = api.create(&PostParams::default(), &object).await;
                created.expect("a SealedSecret is accepted");
            }
        })
        .await;
}

/// Seals one value of each object anew.
pub(super) async fn change_one_value<'k>(
    client: &Client,
    namespace: &str,
    key: impl Fn(usize) -> &'k RsaPublicKey,
) {
    let api: Api<SealedSecret> = Api::namespaced(client.clone(), namespace);
    let mut objects = api
        .list(&ListParams::default())
        .await
        .expect("a list")
        .items;
    objects.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    for (n, mut object) in objects.into_iter().enumerate() {
        let name = object.metadata.name.clone().expect("a name");
        let items = object.spec.encrypted_data.as_mut().expect("values");
        items.insert("key-0".to_owned(), item(namespace, &name, key(n)));
        let replaced = api.replace(&name, &PostParams::default(), &object).await;
        replaced.expect("a change is accepted");
    }
}

/// How many there are.
pub(super) async fn count(client: &Client, namespace: &str) -> usize {
    let api: Api<SealedSecret> = Api::namespaced(client.clone(), namespace);
    let list = api.list_metadata(&ListParams::default()).await;
    list.expect("a list").items.len()
}

/// Deletes SealedSecrets and Secrets of a namespace.
pub(super) async fn delete(client: &Client, namespace: &str) {
    let (delete, all) = (DeleteParams::default(), ListParams::default());
    let objects: Api<SealedSecret> = Api::namespaced(client.clone(), namespace);
    objects
        .delete_collection(&delete, &all)
        .await
        .expect("they can be deleted");
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    secrets
        .delete_collection(&delete, &all)
        .await
        .expect("they can be deleted");
}

fn object_of(namespace: &str, n: usize, key: &RsaPublicKey) -> SealedSecret {
    let name = format!("db-{n:04}");
    let items = (0..VALUES).map(|value| (format!("key-{value}"), item(namespace, &name, key)));
    let spec = SealedSecretSpec {
        template: None,
        data: None,
        encrypted_data: Some(items.collect()),
    };
    SealedSecret::new(&name, spec)
}

fn item(namespace: &str, name: &str, key: &RsaPublicKey) -> Value {
    let (namespace, name) = (namespace.parse(), name.parse());
    let place = (namespace.expect("a namespace"), name.expect("a name"));
    let label = Label::new(Scope::Strict, &place.0, &place.1);
    let value = Plaintext::from(&b"correct horse battery staple"[..]);
    let item = SealedItem::seal(key, &label, &value, &mut rand_core::OsRng);
    Value::String(item.expect("it seals").to_string())
}

fn bytes(text: &[u8]) -> ByteString {
    ByteString(text.to_vec())
}
