//! Random commands on one file, by the two tools in turns; each reads every value after the other.

use std::collections::BTreeMap;

use bulla_core::manifest::Path;
use bulla_core::sops::{DataKey, MacPolicy, Setting, Store};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::random::Random;
use crate::real::{Real, ring};
use crate::trial::{NOW, Trial};
use crate::values::{outline, values};
use crate::{flat, json, selectors, yaml};

const SETTING: Setting<'_> = Setting {
    mac: MacPolicy::Verify,
    now: NOW,
};

#[test]
fn files_that_both_change_in_turns_stay_readable_to_both() {
    let seed = std::env::var("SOPS_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(crate::trial::SEED);
    eprintln!("changes: SOPS_SEED={seed}");
    let mut random = Random::new(seed);
    let mut turns = BTreeMap::<_, usize>::new();
    for nth in 0..32 {
        let (store, plain) = match nth % 6 {
            0 | 1 => (Store::Yaml, yaml::file(&mut random, false).into_bytes()),
            2 => (Store::Json, json::file(&mut random).into()),
            3 => (Store::Dotenv, flat::dotenv(&mut random).into()),
            4 => (Store::Ini, flat::ini(&mut random).into()),
            _ => (Store::Binary, flat::binary(&mut random)),
        };
        let trial = Trial {
            store,
            selector: None,
            mac_only: selectors::mac_only(&mut random),
            plain,
        };
        let real = Real::new(store, None, trial.mac_only);
        let Ok(mut file) = trial.encrypt() else {
            continue;
        };
        if real.decrypt(&file).is_err() {
            // What they can't read at all is told by the other tests.
            continue;
        }
        let mut done = Vec::new();
        for _ in 0..5 {
            let change = Change::any(&mut random, store);
            let ours = random.one_in(2);
            let changed = if ours {
                change.ours(store, &file)
            } else {
                change.theirs(&real, &file)
            };
            done.push(format!(
                "{} {change:?}",
                if ours { "ours" } else { "theirs" }
            ));
            let Some(changed) = changed else { continue };
            file = changed;
            *turns.entry(format!("{store:?}")).or_default() += 1;
            let said = |what: String| {
                format!(
                    "{what}\nafter {done:#?}\n{}\n{}",
                    String::from_utf8_lossy(&trial.plain),
                    String::from_utf8_lossy(&file)
                )
            };
            let printed = match real.decrypt(&file) {
                // Some files of their own they can't read: a text `<<` as a key comes out as a merge.
                Err(_) if !ours => break,
                printed => printed.unwrap_or_else(|error| panic!("{}", said(error))),
            };
            let opened = store.decrypt(&file, &ring(), MacPolicy::Verify);
            let opened = opened.unwrap_or_else(|error| panic!("{}", said(error.to_string())));
            let here = values(store, opened.plaintext.reveal());
            match values(store, &printed) {
                // What they print they can't always read themselves.
                Err(_) if real.encrypt(&printed).is_err() => {}
                there => assert!(here == there, "{}", said(format!("{here:?}\n{there:?}"))),
            }
        }
    }
    eprintln!("changes: {turns:?}");
    assert_eq!(turns.len(), 5, "a store took no turns: {turns:?}");
}

#[derive(Debug)]
enum Change {
    Set(Vec<&'static str>, Value),
    Unset(Vec<&'static str>),
    Rotate,
}

impl Change {
    fn any(random: &mut Random, store: Store) -> Self {
        let mut path = vec![random.pick(&["k1", "k2", "new", "k3", "KEY0"])];
        match store {
            Store::Ini => path.insert(0, random.pick(&["sec", "data", "sec.sub"])),
            Store::Binary => path = vec!["data"],
            _ => {}
        }
        let flat = [json!("text"), json!("yes"), json!("two\nlines"), json!("")];
        let deep = [
            json!(5),
            json!(1.5),
            json!(true),
            json!(null),
            json!({"x": 1, "y": [1.5, "z"]}),
            json!([]),
        ];
        let all: Vec<&Value> = match store {
            Store::Dotenv | Store::Ini => flat.iter().collect(),
            // Nothing is a file that has no ciphertext at all.
            Store::Binary => flat.iter().take(3).collect(),
            _ => flat.iter().chain(&deep).collect(),
        };
        match random.below(5) {
            0 if store != Store::Binary => Self::Unset(path),
            1 => Self::Rotate,
            _ => Self::Set(path, random.pick(&all).clone()),
        }
    }

    fn ours(&self, store: Store, file: &[u8]) -> Option<Vec<u8>> {
        let (ring, rng) = (ring(), &mut OsRng);
        match self {
            Self::Set(keys, value) => {
                let changed = store.set(file, &ring, &path(keys), value, SETTING, rng);
                let changed = changed.unwrap_or_else(|error| {
                    panic!("{self:?}: {error}\n{}", String::from_utf8_lossy(file))
                });
                let tree = store
                    .decrypt_tree(&changed.file, &ring, MacPolicy::Verify)
                    .unwrap()
                    .tree;
                assert!(tree.get(&path(keys)).is_some(), "{}", outline(&tree));
                Some(changed.file)
            }
            Self::Unset(keys) => store
                .unset(file, &ring, &path(keys), SETTING, rng)
                .ok()
                .map(|changed| changed.file),
            Self::Rotate => {
                let mut metadata = store.metadata(file).unwrap();
                let key = DataKey::generate(rng);
                let recipients = [ring
                    .iter()
                    .map(|identity| identity.recipient().clone())
                    .collect()];
                metadata
                    .close_data_key(&key, &recipients, None, rng)
                    .unwrap();
                Some(
                    store
                        .rotate(file, &ring, &mut metadata, &key, SETTING, rng)
                        .unwrap(),
                )
            }
        }
    }

    fn theirs(&self, real: &Real, file: &[u8]) -> Option<Vec<u8>> {
        let shown =
            |keys: &[&str]| -> String { keys.iter().map(|key| format!("[\"{key}\"]")).collect() };
        match self {
            Self::Set(keys, value) => {
                let behind = [&*shown(keys), &value.to_string()];
                real.change(&["set"], file, &behind).ok()
            }
            Self::Unset(keys) => real.change(&["unset"], file, &[&shown(keys)]).ok(),
            Self::Rotate => real.change(&["rotate", "-i"], file, &[]).ok(),
        }
    }
}

fn path(keys: &[&'static str]) -> Path {
    keys.iter()
        .fold(Path::default(), |path, key| path.join(*key))
}
