//! Sealing keys in a directory.

use bulla_core::api::KeyState;
use bulla_core::rotation::Block;

use super::*;

const DAY: i64 = 24 * 3600;

fn later(days: i64) -> Timestamp {
    Timestamp(NOW.0 + days * DAY)
}

/// Changes a `SealingKey` as a person would.
fn edit(bench: &Bench, name: &str, from: &str, to: &str) {
    let path = bench.at(".bulla/keys").join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn the_first_key_is_post_quantum_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let none = DirectoryStore::published_keys(dir.path());
    assert!(matches!(none, Err(StoreError::Open { .. })));
    let mut store = DirectoryStore::open(dir.path(), Options::default()).unwrap();
    let recipients = store.recipients().unwrap();
    assert_eq!(recipients.len(), 1);
    assert_eq!(recipients[0].suite(), Some(Suite::MlKem768X25519));
    let keys = store.sealing_keys().unwrap();
    assert_eq!(keys.len(), 1, "made once");
    let status = keys[0].status.as_ref().unwrap();
    assert_eq!(status.closes, Some(true));
    assert_eq!(status.public_key.as_deref(), Some(recipients[0].as_str()));
    let name = keys[0].metadata.name.as_deref().unwrap();
    let file = store.keys_path().join(format!("{name}.txt"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# created: 20") && text.contains("\n# public key: age1pq1"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&store.keys_path())), (0o600, 0o700));
    assert!(!format!("{store:?} {keys:?}").contains("SECRET-KEY"));
    let published = DirectoryStore::published_keys(dir.path()).unwrap();
    assert_eq!(published, keys, "beside the process that holds the lock");
}

#[test]
fn a_key_is_renewed_by_its_period_and_the_older_one_goes_on_opening() {
    let mut bench = Bench::applied();
    assert!(bench.pass_at(later(29)).keys_made.is_empty());
    let report = bench.pass_at(later(30));
    assert_eq!((report.keys_made.len(), report.recipients.len()), (1, 1));
    assert!(bench.pass_at(later(30)).keys_made.is_empty());
    fs::remove_dir_all(bench.at("shop")).unwrap();
    assert_eq!(action(&bench.pass_at(later(30))), Some(Action::Healed));
    let keys = bench.store().rotate(later(30)).unwrap().resources;
    let closes: Vec<_> = keys
        .iter()
        .map(|k| k.status.as_ref().unwrap().closes)
        .collect();
    assert_eq!(closes, [Some(true), Some(false)], "newest first");
}

#[test]
fn a_key_is_made_on_demand_once_an_hour() {
    let mut bench = Bench::applied();
    let made = bench.store().renew_now().unwrap();
    assert!(matches!(
        bench.store().renew_now(),
        Err(StoreError::TooSoon { .. })
    ));
    let keys = bench.store().sealing_keys().unwrap();
    assert_eq!(keys.len(), 2);
    let closing = keys
        .iter()
        .find(|k| k.status.as_ref().unwrap().closes == Some(true));
    assert_eq!(closing.unwrap().metadata.name, made.metadata.name);
}

#[test]
fn a_sealing_key_written_by_hand_asks_for_one() {
    let mut bench = Bench::applied();
    let text = "apiVersion: bulla.dev/v1alpha1\nkind: SealingKey\nmetadata: {name: mine}\n\
                spec: {suite: MLKEM768-X25519, state: Active}\n";
    fs::write(bench.at(".bulla/keys/mine.yaml"), text).unwrap();
    let report = bench.pass();
    assert_eq!(report.keys_made, ["mine"]);
    let suites: Vec<_> = report.recipients.iter().map(Recipient::suite).collect();
    assert_eq!(suites, [Suite::X25519, Suite::MlKem768X25519].map(Some));
    assert!(bench.at(".bulla/keys/mine.txt").exists());
    assert!(bench.pass().keys_made.is_empty());
}

#[test]
fn a_request_that_became_the_key_that_was_due_does_not_count_as_one() {
    let mut bench = Bench::applied();
    let ask = |bench: &Bench, name: &str| {
        let text = format!(
            "apiVersion: bulla.dev/v1alpha1\nkind: SealingKey\nmetadata: {{name: {name}}}\n\
             spec: {{suite: X25519, state: Active}}\n"
        );
        fs::write(bench.at(&format!(".bulla/keys/{name}.yaml")), text).unwrap();
    };
    ask(&bench, "due");
    assert_eq!(bench.pass_at(later(30)).keys_made, ["due"]);
    // Within the hour: only those that were asked for wait for each other.
    ask(&bench, "mine");
    assert_eq!(bench.pass_at(later(30)).keys_made, ["mine"]);
    ask(&bench, "more");
    assert!(bench.pass_at(later(30)).keys_made.is_empty());
}

#[test]
fn states_are_acted_on_without_a_restart() {
    let mut bench = Bench::applied();
    let name = bench.store().rotate(NOW).unwrap().resources[0]
        .metadata
        .name
        .clone()
        .unwrap();
    edit(&bench, &name, "state: Active", "state: Compromised");
    let report = bench.pass();
    assert_eq!(
        report.keys_made.len(),
        1,
        "there is none left to close with"
    );
    assert_eq!(word(&report), "Ready", "what was opened stays");
    fs::remove_file(bench.at("shop/db")).unwrap();
    assert_eq!(word(&bench.pass()), "NoKey");
    edit(&bench, &name, "state: Compromised", "state: OpenOnly");
    assert_eq!(action(&bench.pass()), Some(Action::Healed));
}

#[test]
fn a_restored_identity_file_is_a_key() {
    let mut bench = Bench::applied();
    let name = bench.store().rotate(NOW).unwrap().resources[0]
        .metadata
        .name
        .clone()
        .unwrap();
    fs::remove_file(bench.at(".bulla/keys").join(format!("{name}.yaml"))).unwrap();
    fs::remove_file(bench.at("shop/db")).unwrap();
    let report = bench.pass();
    assert!(
        report.keys_made.is_empty() && report.is_clean(),
        "{report:?}"
    );
    assert_eq!(bench.read("shop/db/password"), CANARY);
    let key = &bench.store().rotate(NOW).unwrap().resources[0];
    assert_eq!(key.spec.state, KeyState::Active);
    let not_before = key.status.as_ref().unwrap().not_before.clone();
    assert_eq!(
        not_before,
        Some(crate::engine::rfc3339(NOW)),
        "from its comment"
    );
}

#[test]
fn a_store_that_waits_for_a_restore_makes_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options();
    options.keys.require_existing_key = true;
    let mut store = DirectoryStore::open(dir.path(), options).unwrap();
    let error = store.recipients().unwrap_err();
    assert!(matches!(
        error,
        StoreError::Blocked(Block::RequireExistingKey)
    ));
    assert!(store.sealing_keys().unwrap().is_empty());
}

#[test]
fn keys_that_can_not_be_trusted_are_refused_and_no_new_one_is_made() {
    type Harm = fn(&Bench, &str);
    let harms: [(&str, Harm); 7] = [
        ("does not belong to", |bench, name| {
            let other =
                bulla_core::recipient::Identity::generate(Suite::X25519, &mut rand_core::OsRng);
            let file = bench.at(".bulla/keys").join(format!("{name}.txt"));
            fs::write(file, other.expose_text().as_bytes()).unwrap();
        }),
        ("private half is not there", |bench, name| {
            fs::remove_file(bench.at(".bulla/keys").join(format!("{name}.txt"))).unwrap();
        }),
        ("of another suite", |bench, name| {
            edit(bench, name, "suite: X25519", "suite: MLKEM768-X25519");
        }),
        ("RSA", |bench, name| {
            edit(bench, name, "suite: X25519", "suite: RSA")
        }),
        ("spec.state", |bench, name| {
            edit(bench, name, "state: Active", "state: Actve")
        }),
        ("line ", |bench, name| edit(bench, name, "spec:", "spec: [")),
        ("name of the file", |bench, name| {
            edit(bench, name, &format!("name: {name}"), "name: other");
        }),
    ];
    for (message, harm) in harms {
        let mut bench = Bench::applied();
        let name = bench.store().rotate(NOW).unwrap().resources[0]
            .metadata
            .name
            .clone()
            .unwrap();
        harm(&bench, &name);
        let report = bench.pass();
        assert!(report.keys_made.is_empty(), "{message}");
        let problem = report.problems[0].to_string();
        assert!(problem.contains(message), "{problem}");
        assert!(!problem.contains("AGE-SECRET"), "{problem}");
        assert!(matches!(
            bench.store().renew_now(),
            Err(StoreError::UnreadableKey)
        ));
    }
}

#[test]
fn a_private_key_that_others_can_read_is_closed_and_said() {
    let mut bench = Bench::applied();
    let name = bench.store().rotate(NOW).unwrap().resources[0]
        .metadata
        .name
        .clone()
        .unwrap();
    let file = bench.at(".bulla/keys").join(format!("{name}.txt"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let report = bench.pass();
    assert!(report.problems[0].to_string().contains("others could read"));
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(bench.pass().is_clean());
}

#[test]
fn a_key_from_the_future_is_not_used() {
    let mut bench = Bench::applied();
    let report = bench.pass_at(later(-2));
    assert_eq!(report.keys_made.len(), 1);
    assert_eq!(word(&report), "Ready");
    assert!(matches!(
        report.outcome("shop", "db").unwrap().verdict,
        Verdict::Ready
    ));
}

#[test]
fn a_key_that_was_asked_for_beside_a_store_at_work_is_made_at_its_next_pass() {
    let mut bench = Bench::applied();
    // The lock is held all the while.
    let name = DirectoryStore::ask_for_key(&bench.root(), Suite::X25519).unwrap();
    let asked = |keys: &[SealingKey]| {
        let named = |key: &&SealingKey| key.metadata.name.as_deref() == Some(name.as_str());
        let key = keys.iter().find(named).unwrap();
        key.status.as_ref().and_then(|status| status.closes)
    };
    let published = || DirectoryStore::published_keys(&bench.root()).unwrap();
    assert_eq!(asked(&published()), None);
    let report = bench.pass_at(Timestamp(NOW.0 + 60));
    assert_eq!(report.keys_made, [name.to_string()]);
    let published = DirectoryStore::published_keys(&bench.root()).unwrap();
    assert_eq!(asked(&published), Some(true));
    assert!(DirectoryStore::ask_for_key(&bench.git(), Suite::X25519).is_err());
}
