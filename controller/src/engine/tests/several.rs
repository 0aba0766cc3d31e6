//! Resources that make several Secrets: each is planned by itself, and the resource has one verdict.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bulla_core::api::{ConditionStatus, ObjectMeta, SopsSecret};
use bulla_core::names::ResourceName;
use bulla_core::plan::{Live, Owned, Write};
use bulla_core::reason::Reason;
use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::secret::SecretContent;
use bulla_core::sops::{Ciphertexts, DataKey, Metadata, Selector, SelectorKind, Store};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::super::*;
use super::memory::{duplicate, ready, written};

/// Secrets by name.
#[derive(Default)]
struct Shelf(Mutex<State>);

#[derive(Default)]
struct State {
    secrets: BTreeMap<String, Live>,
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
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
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

struct Bench {
    world: Shelf,
    identity: Identity,
    wire: SopsSecret,
    status: Status,
    engine: Engine,
}

impl Bench {
    /// A resource that makes Secrets of these names, with the same value in each.
    fn new(names: &[&str]) -> Self {
        let identity = Identity::generate(Suite::X25519, &mut OsRng);
        Self {
            world: Shelf::default(),
            wire: closed(names, &identity),
            identity,
            status: Status::default(),
            engine: super::engine(7),
        }
    }

    fn names(&mut self, names: &[&str]) {
        self.wire = closed(names, &self.identity);
    }

    fn run(&mut self) -> Outcome {
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
            assert!(!shown.contains(super::CANARY), "{shown}");
            if let Some(status) = report.status {
                self.status = status;
            }
        }
        outcome
    }

    fn calls(&self) -> Vec<String> {
        self.world.with(|state| state.calls.clone())
    }

    fn secrets(&self) -> Vec<String> {
        self.world
            .with(|state| state.secrets.keys().cloned().collect())
    }

    fn fail(&self, name: &'static str, error: WorldError) {
        self.world.with(|state| state.failing.push((name, error)));
    }

    fn is_ready(&self) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|it| it.type_ == "Ready" && it.status == ConditionStatus::True)
    }
}

fn closed(names: &[&str], identity: &Identity) -> SopsSecret {
    let template = |name: &&str| json!({"name": name, "stringData": {"password": super::CANARY}});
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

#[test]
fn each_secret_is_made_once_and_a_restart_opens_nothing() {
    let mut bench = Bench::new(&["a", "b"]);
    let outcome = bench.run();
    assert_eq!(outcome.verdict, Verdict::Ready);
    assert_eq!(outcome.effort.private_operations, 1);
    let done: Vec<_> = outcome.writes.iter().map(|it| it.action).collect();
    assert_eq!(done, [Action::Created, Action::Created]);
    assert_eq!(
        (bench.secrets(), bench.status.keys),
        (vec!["a".into(), "b".into()], Some(2))
    );
    bench.engine = super::engine(7);
    let outcome = bench.run();
    assert_eq!(
        (outcome.verdict, outcome.effort),
        (Verdict::Ready, Effort::default())
    );
    assert!(bench.calls().is_empty());
    // Another key of the records: opened once, and nothing is written.
    bench.engine = super::engine(8);
    let outcome = bench.run();
    assert_eq!(outcome.effort.private_operations, 1);
    assert_eq!(bench.calls(), ["observe a", "observe b"]);
}

#[test]
fn a_failure_of_one_secret_does_not_keep_the_others_and_is_tried_again() {
    for (error, requeue) in [
        (WorldError::Forbidden, Requeue::Backoff),
        (WorldError::Unavailable, Requeue::Backoff),
        (WorldError::Rejected, Requeue::OnChange),
    ] {
        let mut bench = Bench::new(&["a", "b", "c"]);
        bench.fail("b", error);
        let outcome = bench.run();
        assert_eq!(outcome.requeue(), requeue, "{error:?}");
        assert_eq!(bench.secrets(), ["a", "c"]);
        assert!(!bench.is_ready());
        let outcome = bench.run();
        assert_eq!(outcome.verdict, Verdict::Ready);
        assert_eq!(bench.secrets(), ["a", "b", "c"]);
        assert!(bench.is_ready());
    }
    // One that lost the lease does nothing more.
    let mut bench = Bench::new(&["a", "b"]);
    bench.fail("a", WorldError::Stopped);
    assert_eq!(bench.run().requeue(), Requeue::Stop);
    assert!(bench.secrets().is_empty());
}

#[test]
fn a_foreign_secret_is_refused_each_time_beside_the_good_ones() {
    let mut bench = Bench::new(&["a", "b"]);
    let foreign = Live {
        uid: "f".into(),
        ..Live::default()
    };
    bench
        .world
        .with(|state| state.secrets.insert("b".into(), foreign));
    for _ in 0..2 {
        let outcome = bench.run();
        let refused = matches!(
            outcome.verdict,
            Verdict::Refused {
                reason: Reason::NotOwned,
                ..
            }
        );
        assert!(refused && !bench.is_ready());
    }
    bench.world.with(|state| state.secrets.remove("b"));
    assert_eq!(bench.run().verdict, Verdict::Ready);
}

#[test]
fn what_is_no_longer_named_is_removed_by_proof_and_only_when_all_opened() {
    let mut bench = Bench::new(&["a", "b", "c"]);
    bench.run();
    bench.names(&["a"]);
    let good = bench.wire.clone();
    if let Some(texts) = &mut bench.wire.spec.secret_templates[0].string_data {
        texts.insert("password".into(), "plain".into());
    }
    let outcome = bench.run();
    assert!(matches!(
        outcome.verdict,
        Verdict::Refused {
            reason: Reason::NotSealed,
            ..
        }
    ));
    assert_eq!(bench.secrets(), ["a", "b", "c"]);
    // Told again without opening it.
    assert_eq!(bench.run().effort, Effort::default());
    bench.wire = good;
    bench.fail("b", WorldError::Conflict);
    bench.fail("c", WorldError::Unavailable);
    assert_eq!(bench.run().requeue(), Requeue::Backoff);
    assert_eq!(bench.secrets(), ["a", "c"]);
    let outcome = bench.run();
    assert_eq!(
        (outcome.verdict, bench.secrets()),
        (Verdict::Ready, vec!["a".to_owned()])
    );
    assert_eq!(outcome.writes[0].action, Action::Removed);
}

#[test]
fn drift_is_put_right_where_it_is_and_nowhere_else() {
    let mut bench = Bench::new(&["a", "b"]);
    bench.run();
    bench.world.with(|state| {
        let live = state.secrets.get_mut("b").unwrap();
        live.resource_version = "77".into();
        live.data.clear();
        live.changed_by = Some("kubectl-edit".into());
    });
    let outcome = bench.run();
    assert_eq!(bench.calls(), ["observe b", "apply b"]);
    assert_eq!(outcome.writes[0].action, Action::Healed);
    bench.world.with(|state| state.secrets.remove("a"));
    let outcome = bench.run();
    assert_eq!(bench.calls(), ["apply a"]);
    assert!(outcome.writes[0].drift.as_ref().unwrap().deleted);
    assert!(bench.run().writes.is_empty());
}

#[test]
fn records_of_others_and_records_that_are_too_few_do_not_hold() {
    let mut bench = Bench::new(&["a", "b"]);
    bench.run();
    let good = bench.status.clone();
    let applied = good.applied.clone().unwrap();
    let (a, _) = applied.split_once(',').unwrap();
    for (applied, keys) in [
        (a.to_owned(), Some(1)),
        (a.to_owned(), Some(2)),
        (format!("{a},{a}"), Some(2)),
        (format!("{applied},{a}"), Some(3)),
        (format!("{applied},x"), Some(2)),
        (String::new(), Some(0)),
        (applied.clone(), None),
    ] {
        bench.status = Status {
            applied: Some(applied.clone()),
            keys,
            ..good.clone()
        };
        let outcome = bench.run();
        assert_eq!(outcome.effort.private_operations, 1, "{applied}");
        assert!(outcome.writes.is_empty());
    }
}

#[test]
fn a_suspended_resource_is_left_alone_and_its_status_says_so() {
    let mut bench = Bench::new(&["a"]);
    bench.run();
    bench.wire.spec.suspend = Some(true);
    bench.world.with(|state| state.secrets.clear());
    assert_eq!(bench.run().verdict, Verdict::Suspended);
    let suspended = |bench: &Bench| {
        bench
            .status
            .conditions
            .iter()
            .any(|it| it.type_ == "Suspended")
    };
    assert!(suspended(&bench) && bench.calls().is_empty());
    bench.wire.spec.suspend = None;
    assert_eq!(bench.run().verdict, Verdict::Ready);
    assert!(!suspended(&bench));
    assert_eq!(bench.secrets(), ["a"]);
}
