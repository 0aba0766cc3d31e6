//! The cluster that the tests share, and files of SOPS as `bulla` writes them.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use bulla_core::{
    recipient::{Identity, Recipient, Suite, identity_file_text},
    sops::{Ciphertexts, DataKey, Metadata, Selector, SelectorKind, Store},
};
use bulla_tests::{
    Cluster, Controller, Deployment, Flux,
    flux::{Kustomization, RUNTIME_NAMESPACE},
    target,
    tenant::data,
};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
};
use rand_core::OsRng;

/// The Secret of `--sops-age-secret`, to which our controller exports.
pub(crate) const FALLBACK: &str = "bulla-age";

/// A cluster with both controllers.
pub(crate) struct Shared {
    pub(crate) flux: Flux<'static>,
    _controller: Controller,
}

pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let cluster = Cluster::shared();
        let flux = Flux::start(cluster, FALLBACK);
        let deployment = Deployment::install_from(cluster, "deploy/overlays/flux");
        let export = format!("--export-age-secret={RUNTIME_NAMESPACE}/{FALLBACK}");
        Shared {
            flux,
            _controller: deployment.start(&[&export]),
        }
    })
}

pub(crate) fn flux() -> &'static Flux<'static> {
    &shared().flux
}

/// A namespace with keys for Flux in the Secret `keys`.
pub(crate) struct Team {
    pub(crate) namespace: String,
    secrets: Api<Secret>,
}

impl Team {
    pub(crate) async fn new(prefix: &str, keys: &[(&str, &str)]) -> Self {
        let cluster = flux().cluster();
        let namespace = cluster.fresh_namespace(prefix);
        let secrets = Api::namespaced(cluster.client().await, &namespace);
        let entries = keys.iter().map(|(name, text)| {
            let bytes = ByteString(text.as_bytes().to_vec());
            (format!("{name}.agekey"), bytes)
        });
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some("keys".to_owned()),
                ..ObjectMeta::default()
            },
            data: Some(entries.collect()),
            ..Secret::default()
        };
        let created = secrets.create(&PostParams::default(), &secret).await;
        created.expect("the keys can be created");
        Self { namespace, secrets }
    }

    /// Begins a Kustomization that decrypts with the team's keys.
    pub(crate) fn kustomization(&self, name: &str) -> Kustomization {
        Kustomization::new(&self.namespace, name).keys("keys")
    }

    /// Returns the data of a Secret, if there is one.
    pub(crate) async fn secret(&self, name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
        let found = self.secrets.get_opt(name).await;
        let found = found.expect("Secrets can be read");
        found.as_ref().map(data)
    }
}

/// A key pair with its identity file.
pub(crate) fn key_pair(suite: Suite) -> (Recipient, String) {
    let identity = Identity::generate(suite, &mut OsRng);
    let text = identity_file_text(&identity, "2026-11-21T12:00:00Z");
    (identity.recipient().clone(), text.to_string())
}

/// Encrypts a file for one recipient, by the selector that Flux' users have.
pub(crate) fn encrypted(store: Store, plain: impl AsRef<[u8]>, recipient: &Recipient) -> Vec<u8> {
    let selector = match store {
        Store::Yaml | Store::Json => Selector::new(SelectorKind::EncryptedRegex, DATA),
        _ => Ok(Selector::default_suffix()),
    };
    let selector = (store != Store::Binary).then_some(selector.expect("the selector compiles"));
    let key = DataKey::generate(&mut OsRng);
    let mut block = Metadata::new(selector.as_ref(), false, "3.13.3");
    block
        .close_data_key(&key, &[vec![recipient.clone()]], None, &mut OsRng)
        .expect("the data key is closed");
    let mut none = Ciphertexts::default();
    let now = "2026-11-21T12:00:00Z";
    store
        .encrypt(plain.as_ref(), &mut block, &key, &mut none, now, &mut OsRng)
        .unwrap_or_else(|error| panic!("failed to encrypt: {error}"))
}

/// Reads a file of the shared vectors.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = target::workspace().join(Path::new("core/tests/vectors/sops").join(name));
    fs::read(&path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

/// Reads a text among the shared vectors.
pub(crate) fn text(name: &str) -> String {
    String::from_utf8(vector(name)).expect("it is text")
}

const DATA: &str = "^(data|stringData)$";
