//! Where `set`, `unset` and `open --key` find a value, and what is no place for one.

use crate::support::{CANARY, Repo, secret};
use crate::world::{line, repo, sealed, values};

/// Nothing is set: the command ends so, says this, and the file stays.
fn refuses(repo: &Repo, file: &str, arguments: &str, status: i32, says: &str) {
    let before = repo.read(file);
    let command = format!("set {file} {arguments} -I @alice");
    let message = repo.bulla_with(&command, CANARY).fails(status);
    assert!(message.contains(says), "{command}: {message}");
    assert_eq!(repo.read(file), before, "{command}");
}

#[test]
fn a_value_of_a_secret_goes_into_that_secret_or_nowhere() {
    let repo = repo();
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n";
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  \
                metadata: {name: db, namespace: shop}\n  stringData: {password: hunter2-canary}\n";
    repo.write("k8s/second.yaml", format!("{config}---\n{}", secret("db")));
    repo.write("k8s/list.yaml", list);
    repo.write(
        "k8s/two.yaml",
        format!("{}---\n{}", secret("a"), secret("b")),
    );
    repo.bulla("seal -i k8s/second.yaml k8s/list.yaml k8s/two.yaml")
        .ok();
    let db = sealed(&repo, "db");
    for (file, arguments, says) in [
        (
            "k8s/second.yaml",
            "password --name c",
            "no Secret of that name and namespace: it holds `shop/db`",
        ),
        (
            "k8s/two.yaml",
            "password",
            "several Secrets: `shop/a`, `shop/b`",
        ),
        (
            "k8s/two.yaml",
            "password -n shop",
            "several Secrets: `shop/a`, `shop/b`",
        ),
        (&db, "password --name other", "no Secret of that name"),
        (&db, "password -n other", "no Secret of that name"),
    ] {
        refuses(&repo, file, arguments, 2, says);
        let before = repo.read(file);
        let unset = format!("unset {file} {arguments} -I @alice");
        assert!(repo.bulla(&unset).fails(2).contains(says), "{unset}");
        assert_eq!(repo.read(file), before);
    }
    for (file, chosen) in [
        ("k8s/two.yaml", "--name a"),
        ("k8s/two.yaml", "--name b -n shop"),
        ("k8s/second.yaml", ""),
        ("k8s/list.yaml", "--name db"),
    ] {
        let before = repo.read(file);
        let opened = repo.bulla(&format!("open {file} -I @alice")).ok();
        let at = |key: &str| format!("open {file} --key {key} {chosen} -I @alice");
        for (key, value) in [("password", "changed"), ("token", "added")] {
            let set = format!("set {file} {key} {chosen} -I @alice");
            repo.bulla_with(&set, value).ok();
            assert_eq!(repo.bulla(&at(key)).ok(), value, "{set}");
        }
        assert!(!repo.read(file).contains("changed"));
        let now = repo.bulla(&format!("open {file} -I @alice")).ok();
        assert_eq!(now.matches("changed").count(), 1, "{now}");
        repo.bulla(&format!("unset {file} token {chosen} -I @alice"))
            .ok();
        repo.bulla(&at("token")).fails(2);
        // Nothing else is another one.
        let same = |text: &str| text.matches("ENC[").count();
        assert_eq!(same(&repo.read(file)), same(&before));
        let back = format!("set {file} password --literal {CANARY} {chosen} -I @alice");
        assert_eq!(repo.bulla(&back).status, 0);
        assert_eq!(repo.bulla(&format!("open {file} -I @alice")).ok(), opened);
    }
    // Values of other kinds, in the one document that has the key.
    repo.write(
        "env/many.yaml",
        "a: {x: 1}\n---\nb: {x: 2}\n---\nb: {y: 3}\n",
    );
    repo.bulla("seal -i env/many.yaml").ok();
    repo.bulla_with("set env/many.yaml [\"b\"][\"y\"] -I @alice", "new")
        .ok();
    let opened = repo.bulla("open env/many.yaml -I @alice").ok();
    assert!(
        opened.contains("b: {x: 2}") && opened.contains("y: \"new\""),
        "{opened}"
    );
    refuses(&repo, "env/many.yaml", "b", 2, "several documents");
    repo.write("env/plain.yaml", values());
    repo.write("env/a.env", "A=b\n");
    repo.bulla("seal -i env/plain.yaml env/a.env").ok();
    refuses(&repo, "env/plain.yaml", "top --name db", 2, "no Secret");
    refuses(&repo, "env/a.env", "A --name db", 2, "means nothing");
}

#[test]
fn nothing_that_the_selector_leaves_out_is_written() {
    let repo = repo();
    repo.write("app/values.yaml", values());
    repo.write("app/secret.yaml", secret("db"));
    repo.bulla("seal -i app/values.yaml app/secret.yaml").ok();
    for (file, key) in [
        ("app/values.yaml", "top"),
        ("app/values.yaml", "[\"db\"][\"hosts\"][1]"),
        ("app/values.yaml", "[\"db\"][\"port\"]"),
        ("app/values.yaml", "db.password"),
        ("app/secret.yaml", "username"),
        ("app/secret.yaml", "new"),
    ] {
        refuses(&repo, file, key, 5, "encrypted_regex `^(password|token)$`");
        refuses(&repo, file, key, 5, "`bulla sops set` changes plain values");
    }
    refuses(
        &repo,
        "app/values.yaml",
        "db.password",
        5,
        "its path is `'[\"db\"][\"password\"]'`",
    );
    let set = "set app/values.yaml [\"db\"][\"token\"] -I @alice";
    repo.bulla_with(set, CANARY).ok();
    let text = repo.read("app/values.yaml");
    assert!(line(&text, "token:").contains("ENC[") && !text.contains(CANARY));
    repo.bulla_with("set app/secret.yaml password -I @alice", "new")
        .ok();
    assert_eq!(repo.value("app/secret.yaml", "password"), "new");
}

#[test]
fn bytes_stay_out_of_a_field_that_the_selector_leaves_out() {
    let repo = repo();
    let recipient = repo.recipient("alice");
    repo.write(
        ".sops.yaml",
        format!("creation_rules: [{{age: {recipient}, encrypted_regex: ^stringData$}}]\n"),
    );
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    repo.write("db.yaml", secret("db"));
    repo.bulla("seal -i db.yaml").ok();
    let before = repo.read("db.yaml");
    let message = repo
        .bulla_with("set db.yaml blob -I @alice", b"\xff\x00")
        .fails(5);
    assert!(message.contains("encrypted_regex `^stringData$`"));
    assert_eq!(repo.read("db.yaml"), before);
}

#[test]
fn one_value_does_not_replace_all_below_a_key() {
    let repo = repo();
    repo.write("env/values.yaml", values());
    repo.bulla("seal -i env/values.yaml").ok();
    for key in ["db", "image", "[\"db\"][\"hosts\"]"] {
        refuses(&repo, "env/values.yaml", key, 2, "a mapping or a list");
    }
    let through = "[\"db\"][\"password\"][\"x\"]";
    refuses(&repo, "env/values.yaml", through, 2, "nothing at");
}

#[test]
fn new_keys_are_names_that_their_readers_take() {
    let repo = repo();
    let db = sealed(&repo, "db");
    for key in ["a/b", "..", "[\"stringData\"][\"password\"]", "ä"] {
        refuses(&repo, &db, key, 2, "not the name of a key of a Secret");
    }
    repo.write("env/a.env", "A=b\n2=c\n");
    repo.bulla("seal -i env/a.env").ok();
    for key in ["MY-KEY!", "1A", "[\"a!b\"]", "export/A"] {
        refuses(&repo, "env/a.env", key, 2, "an environment variable");
    }
    for key in ["_NEW.x-y", "2"] {
        repo.bulla_with(&format!("set env/a.env {key} -I @alice"), "new")
            .ok();
        assert_eq!(repo.value("env/a.env", key), "new");
    }
}

#[test]
fn keys_of_ini_stand_in_sections() {
    let repo = repo();
    repo.write(
        "env/c.ini",
        "top = t\n[dev]\npassword = devs\n[prod]\npassword = prods\nuser = u\n",
    );
    repo.bulla("seal -i env/c.ini").ok();
    for (key, value) in [
        ("[\"prod\"][\"password\"]", "prods"),
        ("[\"dev\"][\"password\"]", "devs"),
        ("[\"DEFAULT\"][\"top\"]", "t"),
        ("top", "t"),
    ] {
        assert_eq!(repo.value("env/c.ini", key), value, "{key}");
    }
    let before = repo.read("env/c.ini");
    for key in ["password", "user"] {
        for command in ["open env/c.ini --key", "set env/c.ini", "unset env/c.ini"] {
            let command = format!("{command} {key} -I @alice");
            let message = repo.bulla_with(&command, "x").fails(2);
            assert!(message.contains("name both: `'[\""), "{command}: {message}");
        }
    }
    let nothing = repo
        .bulla("open env/c.ini --key [\"dev\"][\"user\"] -I @alice")
        .fails(2);
    assert!(nothing.contains("nothing under that key"), "{nothing}");
    let nothing = repo
        .bulla("unset env/c.ini [\"dev\"][\"user\"] -I @alice")
        .fails(2);
    assert!(nothing.contains("nothing under that key"), "{nothing}");
    assert_eq!(repo.read("env/c.ini"), before);
    let run = repo.bulla_with("set env/c.ini [\"dev\"][\"user\"] -I @alice", "new");
    assert!(run.stderr.contains("(a new key)"), "{}", run.stderr);
    run.ok();
    assert_eq!(repo.value("env/c.ini", "[\"dev\"][\"user\"]"), "new");
    assert_eq!(repo.value("env/c.ini", "[\"prod\"][\"user\"]"), "u");
}

#[test]
fn an_empty_pipe_empties_no_value() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let envelope = repo.envelope("db");
    for file in [&file, &envelope] {
        let before = repo.read(file);
        for (arguments, stdin) in [("", ""), ("--trim-newline", ""), ("--trim-newline", "\n")] {
            let set = format!("set {file} password {arguments} -I @alice");
            let message = repo.bulla_with(&set, stdin).fails(2);
            assert!(message.contains("`--literal ''`"), "{set}: {message}");
        }
        assert_eq!(&repo.read(file), &before);
        repo.bulla(&format!("set {file} password --literal= -I @alice"))
            .ok();
        assert_eq!(repo.value(file, "password"), "");
    }
}
