//! `bulla open` of files of SOPS: in other formats, and some of their Secrets.

use crate::support::{CANARY, secret};
use crate::world::{repo, sealed, values};

#[test]
fn secrets_are_chosen_by_name_and_written_as_asked() {
    let repo = repo();
    let two = format!("# two\n{}---\n{}", secret("a"), secret("b"));
    repo.write("k8s/two.yaml", &two);
    repo.bulla("seal -i k8s/two.yaml").ok();
    assert_eq!(repo.bulla("open k8s/two.yaml -I @alice").ok(), two);
    let one = repo.bulla("open k8s/two.yaml --name b -I @alice").ok();
    assert!(
        one.contains("name: b") && !one.contains("  name: a\n"),
        "{one}"
    );
    assert_eq!(one.matches(CANARY).count(), 1);
    let value = "open k8s/two.yaml -n shop --name b --key username -I @alice";
    assert_eq!(repo.bulla(value).ok(), "admin");
    let message = repo.bulla("open k8s/two.yaml --key username -I @alice");
    let message = message.fails(2);
    assert!(
        message.contains("several Secrets: `shop/a`, `shop/b`"),
        "{message}"
    );
    let message = repo.bulla("open k8s/two.yaml --name c -I @alice").fails(2);
    assert!(message.contains("it holds `shop/a`, `shop/b`"), "{message}");
    // In a directory the others are passed over.
    sealed(&repo, "c");
    repo.write("k8s/a.env", "A=1\n");
    repo.bulla("seal -i k8s/a.env").ok();
    let found = repo.bulla("open -R k8s --name c -I @alice").ok();
    assert_eq!(found.matches("kind: Secret").count(), 1, "{found}");
    repo.bulla("open -R k8s --name nobody -I @alice").fails(2);

    let json = repo
        .bulla("open k8s/two.yaml --name b -o json -I @alice")
        .ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["stringData"]["password"], CANARY);
    let env = repo
        .bulla("open k8s/two.yaml --name b -o env -I @alice")
        .ok();
    assert_eq!(env, format!("password='{CANARY}'\nusername='admin'\n"));
}

#[test]
fn files_without_secrets_are_written_as_asked_too() {
    let repo = repo();
    repo.write("env/a.env", "A=it's\nB=2\n");
    repo.write("env/c.ini", "top = t\n");
    repo.write("env/v.yaml", values());
    repo.write("env/flat.json", "{\"A\": \"x\", \"N\": 1, \"T\": true}\n");
    repo.bulla("seal -i env/a.env env/c.ini env/v.yaml env/flat.json")
        .ok();
    for (line, expected) in [
        ("env/a.env -o env", "A='it'\\''s'\nB='2'\n"),
        (
            "env/a.env -o json",
            "{\n  \"A\": \"it's\",\n  \"B\": \"2\"\n}\n",
        ),
        ("env/a.env -o yaml", "A: it's\nB: \"2\"\n"),
        ("env/c.ini -o env", "top='t'\n"),
        ("env/flat.json -o yaml", "A: x\n\"N\": 1\nT: true\n"),
    ] {
        let opened = repo.bulla(&format!("open {line} -I @alice")).ok();
        assert_eq!(opened.trim_end(), expected.trim_end(), "{line}");
    }
    let env = repo.bulla("open env/flat.json -o env -I @alice").ok();
    assert!(env.contains("A='x'\nN='1'\n"), "{env}");
    let message = repo.bulla("open env/v.yaml -o env -I @alice").fails(2);
    assert!(
        message.contains("key `image` holds more than one value"),
        "{message}"
    );
    let message = repo.bulla("open env/a.env --name x -I @alice").fails(2);
    assert!(
        message.contains("means nothing for files of SOPS"),
        "{message}"
    );
    // Joined in one language.
    let all = repo
        .bulla("open env/a.env env/flat.json -o yaml -I @alice")
        .ok();
    assert!(all.contains("---\nA: x\n"), "{all}");
}
