//! Random commands on one file, by the two tools in turns; each reads every value after the other.

use bulla_core::manifest::Path;
use bulla_core::sops::{DataKey, MacPolicy, Setting, Store};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::random::Random;
use crate::real::{Real, ring};
use crate::trial::{NOW, Trial, outline, values};
use crate::{flat, json, yaml};

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
    for nth in 0..24 {
        let (store, plain) = match nth % 4 {
            0 | 1 => (Store::Yaml, yaml::file(&mut random)),
            2 => (Store::Json, json::file(&mut random)),
            _ => (Store::Dotenv, flat::dotenv(&mut random)),
        };
        let trial = Trial {
            store,
            selector: None,
            plain,
        };
        let real = Real::new(store, None);
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
            let said = |what: String| {
                format!(
                    "{what}\nafter {done:#?}\n{}\n{}",
                    trial.plain,
                    String::from_utf8_lossy(&file)
                )
            };
            let printed = real
                .decrypt(&file)
                .unwrap_or_else(|error| panic!("{}", said(error)));
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
}

#[derive(Debug)]
enum Change {
    Set(&'static str, Value),
    Unset(&'static str),
    Rotate,
}

impl Change {
    fn any(random: &mut Random, store: Store) -> Self {
        let key = random.pick(&["k1", "k2", "new", "k3", "KEY0"]);
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
            Store::Dotenv => flat.iter().collect(),
            _ => flat.iter().chain(&deep).collect(),
        };
        match random.below(5) {
            0 => Self::Unset(key),
            1 => Self::Rotate,
            _ => Self::Set(key, random.pick(&all).clone()),
        }
    }

    fn ours(&self, store: Store, file: &[u8]) -> Option<Vec<u8>> {
        let (ring, rng) = (ring(), &mut OsRng);
        match self {
            Self::Set(key, value) => {
                let changed = store.set(file, &ring, &Path::from([*key]), value, SETTING, rng);
                let changed = changed.unwrap_or_else(|error| {
                    panic!("{self:?}: {error}\n{}", String::from_utf8_lossy(file))
                });
                let tree = store
                    .decrypt_tree(&changed.file, &ring, MacPolicy::Verify)
                    .unwrap()
                    .tree;
                assert!(
                    tree.get(&Path::from([*key])).is_some(),
                    "{}",
                    outline(&tree)
                );
                Some(changed.file)
            }
            Self::Unset(key) => store
                .unset(file, &ring, &Path::from([*key]), SETTING, rng)
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
        match self {
            Self::Set(key, value) => {
                let path = format!("[\"{key}\"]");
                real.change(&["set"], file, &[&path, &value.to_string()])
                    .ok()
            }
            Self::Unset(key) => real
                .change(&["unset"], file, &[&format!("[\"{key}\"]")])
                .ok(),
            Self::Rotate => real.change(&["rotate", "-i"], file, &[]).ok(),
        }
    }
}
