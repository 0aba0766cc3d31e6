//! A world in memory with any number of Secrets, and a resource that makes several.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bulla_core::api::{ConditionStatus, ObjectMeta, SopsSecret};
use bulla_core::names::ResourceName;
use bulla_core::plan::{Live, Owned, Write};
use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::secret::SecretContent;
use bulla_core::sops::{Ciphertexts, DataKey, Metadata, Selector, SelectorKind, Store};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::super::super::*;
use super::super::memory::{duplicate, ready, written};

/// Secrets by name.
#[derive(Default)]
pub(super) struct Shelf(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) secrets: BTreeMap<String, Live>,
    /// What is done next to a Secret of this name fails.
    failing: Vec<(&'static str, WorldError)>,
    calls: Vec<String>,
    reports: Vec<Report>,
    version: u64,
}

impl State {
    fn fails(&mut self, name: &str) -> Option<WorldError> {
        let place = self.failing.iter().position(|(it, _)| *it == name)?;
        Some(self.failing.remove(place).1)
    }
}

impl Shelf {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

impl World for Shelf {
    async fn peek(&self, _: &Request, name: &ResourceName) -> Result<Option<Seen>, WorldError> {
        Ok(self.with(|state| state.secrets.get(name.as_str()).map(Seen::from)))
    }

    async fn observe(&self, _: &Request, name: &ResourceName) -> Result<Option<Live>, WorldError> {
        Ok(self.with(|state| {
            state.calls.push(format!("observe {name}"));
            state.secrets.get(name.as_str()).map(duplicate)
        }))
    }

    async fn apply(
        &self,
        request: &Request,
        write: &Write,
        content: &SecretContent,
    ) -> Result<Seen, WorldError> {
        let name = content.outline().name().to_string();
        self.with(|state| {
            state.calls.push(format!("apply {name}"));
            if let Some(error) = state.fails(&name) {
                return Err(error);
            }
            let there = state.secrets.get(&name).map(Seen::from);
            let claim = match (write, &there) {
                (Write::Create, None) => request.owner().first_claim(),
                (Write::Update(owned) | Write::Adopt(owned), Some(seen))
                    if *seen == Seen::from(owned) =>
                {
                    owned.claim()
                }
                _ => return Err(WorldError::Conflict),
            };
            state.version += 1;
            let mut live = written(request, content, claim);
            live.uid = there.map_or_else(|| format!("s{}", state.version), |seen| seen.uid);
            live.resource_version = state.version.to_string();
            let seen = Seen::from(&live);
            state.secrets.insert(name, live);
            Ok(seen)
        })
    }

    async fn children(&self, request: &Request) -> Result<Vec<Child>, WorldError> {
        let is_child = |live: &Live| {
            let controller = live.controller.as_ref();
            controller.is_some_and(|it| it.uid == request.owner().uid)
        };
        Ok(self.with(|state| {
            let secrets = state.secrets.iter().filter(|(_, live)| is_child(live));
            let child = |(name, live): (&String, &Live)| Child {
                name: name.parse().unwrap(),
                seen: Seen::from(live),
                adopted: false,
            };
            secrets.map(child).collect()
        }))
    }

    async fn remove(
        &self,
        _: &Request,
        name: &ResourceName,
        owned: &Owned,
    ) -> Result<(), WorldError> {
        self.with(|state| {
            state.calls.push(format!("remove {name}"));
            if let Some(error) = state.fails(name.as_str()) {
                return Err(error);
            }
            let live = state.secrets.get(name.as_str()).map(Seen::from);
            if live != Some(Seen::from(owned)) {
                return Err(WorldError::Conflict);
            }
            state.secrets.remove(name.as_str());
            Ok(())
        })
    }

    async fn report(&self, _: &Request, report: &Report) -> Result<(), WorldError> {
        self.with(|state| state.reports.push(report.clone()));
        Ok(())
    }
}

pub(super) struct Bench {
    pub(super) world: Shelf,
    identity: Identity,
    pub(super) wire: SopsSecret,
    pub(super) status: Status,
    pub(super) engine: Engine,
}

impl Bench {
    /// A resource that makes Secrets of these names, with the same value in each.
    pub(super) fn new(names: &[&str]) -> Self {
        let identity = Identity::generate(Suite::X25519, &mut OsRng);
        Self {
            world: Shelf::default(),
            wire: closed(names, &identity),
            identity,
            status: Status::default(),
            engine: super::super::engine(7),
        }
    }

    pub(super) fn names(&mut self, names: &[&str]) {
        self.wire = closed(names, &self.identity);
    }

    pub(super) fn run(&mut self) -> Outcome {
        let request = Request::from_sops_secret(&self.wire).unwrap();
        let request = request.with_status(self.status.clone());
        let ring = KeyRing::new(vec![self.identity.duplicate()]);
        let keys = Keys {
            sops: ring,
            ..Keys::default()
        };
        self.world.with(|state| state.calls.clear());
        let reconcile = self
            .engine
            .reconcile(&self.world, &request, &keys, Timestamp(0));
        let outcome = ready(reconcile);
        for report in self.world.with(|state| std::mem::take(&mut state.reports)) {
            let shown = format!("{report:?}");
            assert!(!shown.contains(super::super::CANARY), "{shown}");
            if let Some(status) = report.status {
                self.status = status;
            }
        }
        outcome
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.world.with(|state| state.calls.clone())
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.world
            .with(|state| state.secrets.keys().cloned().collect())
    }

    pub(super) fn fail(&self, name: &'static str, error: WorldError) {
        self.world.with(|state| state.failing.push((name, error)));
    }

    pub(super) fn is_ready(&self) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|it| it.type_ == "Ready" && it.status == ConditionStatus::True)
    }
}

pub(super) fn closed(names: &[&str], identity: &Identity) -> SopsSecret {
    let template =
        |name: &&str| json!({"name": name, "stringData": {"password": super::super::CANARY}});
    let mut templates: Vec<Value> = names.iter().map(template).collect();
    templates.push(json!({"name": "p", "stringData": {"bulla.dev.place": "shop/secrets"}}));
    let plain = json!({"spec": {"secretTemplates": templates}});
    let key = DataKey::generate(&mut OsRng);
    let selector = Selector::new(SelectorKind::EncryptedSuffix, "Templates").unwrap();
    let mut metadata = Metadata::new(Some(&selector), false, "3.13.3");
    let group = vec![identity.recipient().clone()];
    metadata
        .close_data_key(&key, &[group], None, &mut OsRng)
        .unwrap();
    let closed = Store::Json.encrypt(
        plain.to_string().as_bytes(),
        &mut metadata,
        &key,
        &mut Ciphertexts::default(),
        "2026-11-21T12:00:00Z",
        &mut OsRng,
    );
    let mut wire: SopsSecret = serde_json::from_slice(&closed.unwrap()).unwrap();
    wire.metadata = ObjectMeta {
        namespace: Some("shop".into()),
        name: Some("secrets".into()),
        uid: Some("2a1f".into()),
        generation: Some(1),
        ..ObjectMeta::default()
    };
    wire
}
