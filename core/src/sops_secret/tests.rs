//! Resources closed by the file formats of this crate, changed as somebody without the data key can change them.

use rand_core::OsRng;
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::reason::Reason;
use crate::recipient::{Identity, KeyRing, Suite};
use crate::sops::{Ciphertexts, DataKey, Metadata, Selector, SelectorKind, Store};

const CANARY: &str = "hunter2";

fn identity() -> Identity {
    Identity::generate(Suite::X25519, &mut OsRng)
}

/// A resource that makes `db` and `tls`, with the place if that is given.
fn plain(place: Option<&str>) -> Json {
    let mut templates = vec![
        json!({
            "name": "db", "labels": {"app": "shop"}, "annotations": {"note": "n"},
            "stringData": {"password": CANARY, "empty": ""}, "data": {"binary": "AP8=\n"},
        }),
        json!({"name": "other", "type": "example.com/x", "stringData": {"password": "x"}}),
    ];
    templates.extend(
        place.map(|place| json!({"name": "x-bulla-place", "stringData": {PLACE_KEY: place}})),
    );
    json!({"spec": {"secretTemplates": templates}})
}

/// Closes it with the selector that sops-secrets-operator's users take.
fn close(plain: &Json, key: &DataKey, identity: &Identity) -> Json {
    let selector = Selector::new(SelectorKind::EncryptedSuffix, "Templates").unwrap();
    close_by(plain, key, identity, &selector)
}

fn close_by(plain: &Json, key: &DataKey, identity: &Identity, selector: &Selector) -> Json {
    let mut metadata = Metadata::new(Some(selector), false, "3.13.3");
    let group = vec![identity.recipient().clone()];
    metadata
        .close_data_key(key, &[group], None, &mut OsRng)
        .unwrap();
    let closed = Store::Json.encrypt(
        plain.to_string().as_bytes(),
        &mut metadata,
        key,
        &mut Ciphertexts::default(),
        "2026-11-21T12:00:00Z",
        &mut OsRng,
    );
    serde_json::from_slice(&closed.unwrap()).unwrap()
}

/// The object at `place`, as the API server has it.
fn at(place: &str, object: &Json) -> Result<SopsSecret, SopsSecretError> {
    let (namespace, name) = place.split_once('/').unwrap();
    let texts = |value: &Json| {
        let pairs = value.as_object().into_iter().flatten();
        let text = |(key, value): (&String, &Json)| (key.clone(), value.as_str().unwrap().into());
        pairs.map(text).collect()
    };
    let templates = object["spec"]["secretTemplates"].as_array().unwrap().iter();
    let template = |template: &Json| Template {
        name: template["name"].as_str().unwrap().to_owned(),
        secret_type: template["type"].as_str().map(str::to_owned),
        labels: texts(&template["labels"]),
        annotations: texts(&template["annotations"]),
        data: texts(&template["data"]),
        string_data: texts(&template["stringData"]),
    };
    let block: Map<String, Json> = object["sops"].as_object().unwrap().clone();
    SopsSecret::new(
        (namespace.parse().unwrap(), name.parse().unwrap()),
        Metadata::of_resource(block),
        templates.map(template).collect(),
    )
}

fn open(
    place: &str,
    object: &Json,
    identity: &Identity,
    rule: PlaceRule,
) -> (Result<OpenedSopsSecret, SopsSecretError>, usize) {
    let mut operations = 0;
    let ring = KeyRing::new(vec![identity.duplicate()]);
    let opened = at(place, object).and_then(|it| it.open(&ring, rule, &mut operations));
    (opened, operations)
}

fn reason(place: &str, object: &Json, identity: &Identity, rule: PlaceRule) -> Reason {
    let error = open(place, object, identity, rule).0.expect_err("refused");
    let text = format!("{error} {error:?}");
    assert!(!text.contains(CANARY), "{text}");
    error.reason()
}

#[test]
fn it_opens_at_its_place_by_one_private_operation() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let object = close(&plain(Some("shop/secrets")), &key, &identity);
    assert!(!object["spec"].to_string().contains(CANARY));
    let (opened, operations) = open("shop/secrets", &object, &identity, PlaceRule::Require);
    let opened = opened.unwrap();
    assert!(opened.is_bound());
    assert_eq!(operations, 1);
    assert_eq!(opened.opened_with(), [identity.fingerprint()]);
    // The template of the place makes no Secret.
    let [db, other] = opened.templates() else {
        panic!("two Secrets")
    };
    let value = |key: &str| db.data()[&key.parse().unwrap()].reveal().to_vec();
    assert_eq!(value("password"), CANARY.as_bytes());
    assert_eq!((value("empty"), value("binary")), (vec![], vec![0, 0xff]));
    assert_eq!((db.name().as_str(), other.name().as_str()), ("db", "other"));
    assert_eq!(db.labels["app"], "shop");
    assert_eq!(other.secret_type.as_deref(), Some("example.com/x"));
}

#[test]
fn a_place_beside_other_values_counts_and_reaches_no_secret() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let mut object = plain(None);
    object["spec"]["secretTemplates"][1]["stringData"][PLACE_KEY] = json!("shop/secrets");
    let object = close(&object, &key, &identity);
    let opened = open("shop/secrets", &object, &identity, PlaceRule::Require);
    let opened = opened.0.unwrap();
    let keys: Vec<_> = opened.templates()[1].data().keys().collect();
    assert!(opened.is_bound());
    assert_eq!(keys, [&"password".parse().unwrap()]);
}

#[test]
fn a_copy_does_not_open_elsewhere_whatever_is_done_to_its_place() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let object = close(&plain(Some("shop/secrets")), &key, &identity);
    let template = "/spec/secretTemplates/2/stringData";
    type Forgery = fn(&mut Json);
    let forgeries: [(&str, Reason, Forgery); 9] = [
        ("copied", Reason::WrongPlace, |_| {}),
        ("taken out", Reason::NoPlace, |texts| {
            texts.as_object_mut().unwrap().remove(PLACE_KEY);
        }),
        ("under another key", Reason::NoPlace, |texts| {
            let text = texts[PLACE_KEY].take();
            *texts = json!({"bulla.dev.place.": text});
        }),
        ("plain", Reason::NotSealed, |texts| {
            texts[PLACE_KEY] = json!("evil/secrets");
        }),
        ("empty", Reason::NotSealed, |texts| {
            texts[PLACE_KEY] = json!("")
        }),
        ("cut", Reason::Damaged, |texts| {
            texts[PLACE_KEY] = json!("ENC[AES256_GCM,data:oYyi]");
        }),
        ("of another data key", Reason::Damaged, |texts| {
            let (key, identity) = (DataKey::generate(&mut OsRng), super::tests::identity());
            let evil = close(&plain(Some("evil/secrets")), &key, &identity);
            texts[PLACE_KEY] = evil["spec"]["secretTemplates"][2]["stringData"][PLACE_KEY].clone();
        }),
        ("of another type", Reason::Malformed, |texts| {
            let text = texts[PLACE_KEY].as_str().unwrap();
            texts[PLACE_KEY] = json!(text.replace("type:str", "type:comment"));
        }),
        ("of another type, and bytes", Reason::WrongPlace, |texts| {
            let text = texts[PLACE_KEY].as_str().unwrap();
            texts[PLACE_KEY] = json!(text.replace("type:str", "type:bytes"));
        }),
    ];
    for (what, expected, forge) in forgeries {
        let mut forged = object.clone();
        forge(forged.pointer_mut(template).unwrap());
        let found = reason("evil/secrets", &forged, &identity, PlaceRule::Require);
        assert_eq!(found, expected, "{what}");
    }
    // Another value of the same file, under the key of the place.
    let mut forged = object.clone();
    let value = forged["spec"]["secretTemplates"][0]["stringData"]["password"].clone();
    forged.pointer_mut(template).unwrap()[PLACE_KEY] = value;
    let found = reason("evil/secrets", &forged, &identity, PlaceRule::Require);
    assert_eq!(found, Reason::Damaged);
    // Under another name in the same namespace as well.
    let found = reason("shop/others", &object, &identity, PlaceRule::Optional);
    assert_eq!(found, Reason::WrongPlace);
}

#[test]
fn a_selector_that_leaves_the_place_out_does_not_make_a_plain_one_count() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let object = close(&plain(Some("shop/secrets")), &key, &identity);
    for (selector, text, plain, expected) in [
        (
            "encrypted_suffix",
            "password",
            "evil/secrets",
            Reason::NotSealed,
        ),
        (
            "encrypted_regex",
            "^password$",
            "evil/secrets",
            Reason::NotSealed,
        ),
        (
            "unencrypted_regex",
            "place|name",
            "evil/secrets",
            Reason::NotSealed,
        ),
        (
            "encrypted_comment_regex",
            "x",
            "evil/secrets",
            Reason::NotSealed,
        ),
        (
            "encrypted_suffix",
            "nothing",
            "evil/secrets",
            Reason::NotSealed,
        ),
    ] {
        let mut forged = object.clone();
        let block = forged["sops"].as_object_mut().unwrap();
        block.remove("encrypted_suffix");
        block.insert(selector.to_owned(), json!(text));
        forged["spec"]["secretTemplates"][2] =
            json!({"name": "x", "stringData": {PLACE_KEY: plain}});
        let found = reason("evil/secrets", &forged, &identity, PlaceRule::Require);
        assert_eq!(found, expected, "{selector}: {text}");
    }
}

#[test]
fn two_places_are_refused_unopened() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let mut object = close(&plain(Some("shop/secrets")), &key, &identity);
    let template = object["spec"]["secretTemplates"][2].clone();
    object["spec"]["secretTemplates"]
        .as_array_mut()
        .unwrap()
        .push(template);
    let (opened, operations) = open("shop/secrets", &object, &identity, PlaceRule::Require);
    assert_eq!(opened.unwrap_err().reason(), Reason::Malformed);
    assert_eq!(operations, 0);
}

#[test]
fn without_a_place_it_opens_only_where_none_is_asked_for() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let object = close(&plain(None), &key, &identity);
    let (opened, operations) = open("shop/secrets", &object, &identity, PlaceRule::Require);
    assert_eq!(opened.unwrap_err().reason(), Reason::NoPlace);
    assert_eq!(operations, 0, "nothing is opened for that");
    let (opened, _) = open("evil/secrets", &object, &identity, PlaceRule::Optional);
    assert!(!opened.unwrap().is_bound());
}

#[test]
fn the_selectors_of_others_work_and_the_place_is_under_them() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    for (kind, text) in [
        (SelectorKind::EncryptedRegex, "^(data|stringData)$"),
        (SelectorKind::EncryptedSuffix, "ata"),
        (
            SelectorKind::UnencryptedRegex,
            "^(apiVersion|kind|metadata|name|app)$",
        ),
        (SelectorKind::UnencryptedSuffix, "_unencrypted"),
    ] {
        let selector = Selector::new(kind, text).unwrap();
        let object = close_by(&plain(Some("shop/secrets")), &key, &identity, &selector);
        let (opened, _) = open("shop/secrets", &object, &identity, PlaceRule::Require);
        let opened = opened.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(opened.templates().len(), 2);
        let found = reason("evil/secrets", &object, &identity, PlaceRule::Require);
        assert_eq!(found, Reason::WrongPlace);
    }
}

#[test]
fn what_is_wrong_with_a_resource_has_its_reason() {
    let (key, identity) = (DataKey::generate(&mut OsRng), identity());
    let good = plain(Some("shop/secrets"));
    let object = close(&good, &key, &identity);
    let check = |what: &str, object: &Json, expected: Reason| {
        let found = reason("shop/secrets", object, &identity, PlaceRule::Require);
        assert_eq!(found, expected, "{what}");
    };
    type Change = fn(&mut Json);
    let closed: [(&str, Reason, Change); 5] = [
        ("plaintext", Reason::NotSealed, |it| {
            it["stringData"]["password"] = json!(CANARY)
        }),
        ("a ciphertext of another key", Reason::Damaged, |it| {
            it["stringData"]["moved"] = it["stringData"]["password"].clone();
        }),
        ("a damaged ciphertext", Reason::Damaged, |it| {
            let text = it["stringData"]["password"].as_str().unwrap();
            it["stringData"]["password"] = json!(text.replacen("data:", "data:AAAA", 1));
        }),
        ("a reserved label", Reason::Malformed, |it| {
            it["labels"]["bulla.dev/x"] = json!("x")
        }),
        ("a key that is none", Reason::Malformed, |it| {
            it["stringData"]["a/b"] = json!("")
        }),
    ];
    for (what, expected, change) in closed {
        let mut object = object.clone();
        change(&mut object["spec"]["secretTemplates"][0]);
        check(what, &object, expected);
    }
    let before: [(&str, Reason, Change); 5] = [
        ("a name that is none", Reason::Malformed, |it| {
            it["name"] = json!("hunter2_")
        }),
        ("a name twice", Reason::Malformed, |it| {
            it["name"] = json!("other")
        }),
        ("base64 that is none", Reason::Malformed, |it| {
            it["data"]["a"] = json!("hunter2!")
        }),
        ("a key twice", Reason::Malformed, |it| {
            it["data"]["password"] = json!("AA==")
        }),
        ("a place in `data`", Reason::Malformed, |it| {
            it["data"][PLACE_KEY] = json!("AA==")
        }),
    ];
    for (what, expected, change) in before {
        let mut object = good.clone();
        change(&mut object["spec"]["secretTemplates"][0]);
        check(what, &close(&object, &key, &identity), expected);
    }
    let stranger = super::tests::identity();
    let found = reason("shop/secrets", &object, &stranger, PlaceRule::Require);
    assert_eq!(found, Reason::NoKey);
    let mut many = good.clone();
    many["spec"]["secretTemplates"] = json!(vec![json!({"name": "x"}); MAX_SECRETS + 1]);
    many["sops"] = json!({"age": []});
    check("too many", &many, Reason::LimitExceeded);
}

#[test]
fn a_file_that_names_somebody_else_opens_all_the_same_within_a_bound() {
    let (key, ours) = (DataKey::generate(&mut OsRng), identity());
    let mut object = close(&plain(Some("shop/secrets")), &key, &ours);
    object["sops"]["age"][0]["recipient"] = json!(identity().recipient().as_str());
    let (opened, operations) = open("shop/secrets", &object, &ours, PlaceRule::Require);
    assert!(opened.is_ok());
    assert_eq!(operations, 1);
    // A hostile one: many entries, many keys.
    let entry = close(&plain(None), &key, &identity())["sops"]["age"][0].clone();
    object["sops"]["age"] = json!(vec![entry; 40]);
    let ring = KeyRing::new((0..5).map(|_| identity()).collect());
    let mut operations = 0;
    let resource = at("shop/secrets", &object).unwrap();
    assert!(
        resource
            .open(&ring, PlaceRule::Require, &mut operations)
            .is_err()
    );
    assert_eq!(operations, 64);
}

#[test]
fn entries_that_name_our_recipient_cost_no_more_than_others() {
    let (key, ours, other) = (DataKey::generate(&mut OsRng), identity(), identity());
    let mut object = close(&plain(None), &key, &other);
    let mut entry = object["sops"]["age"][0].take();
    entry["recipient"] = json!(ours.recipient().as_str());
    object["sops"]["age"] = Json::Array(vec![entry.clone(); 200]);
    let (opened, operations) = open("shop/secrets", &object, &ours, PlaceRule::Optional);
    assert_eq!(opened.map(drop).unwrap_err().reason(), Reason::NoKey);
    assert_eq!(operations, 64);
    object["sops"]["age"] = Json::Array(vec![entry; 257]);
    let (opened, operations) = open("shop/secrets", &object, &ours, PlaceRule::Optional);
    let reason = opened.map(drop).unwrap_err().reason();
    assert_eq!((reason, operations), (Reason::LimitExceeded, 0));
}
