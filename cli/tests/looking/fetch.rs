//! `bulla key fetch`. The API server here is a few lines of the test: the real one is asked by the
//! end-to-end tests.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use bulla_core::recipient::Suite;
use serde_json::{Value, json};

use crate::support::{CANARY, Repo, Run, run};

/// Answers one request with a list of sealing keys, and returns the path that was asked for.
fn answer(status: &'static str, body: Value) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines().map(|line| line.unwrap());
        let request = lines.next().unwrap();
        lines.find(|line| line.is_empty()).unwrap();
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        (&stream).write_all((head + &body).as_bytes()).unwrap();
        request
    });
    (format!("http://{address}"), server)
}

fn key(name: &str, suite: &str, state: &str, public: &str, closes: bool) -> Value {
    let fingerprint = public
        .parse::<bulla_core::recipient::Recipient>()
        .unwrap()
        .fingerprint()
        .to_string();
    json!({
        "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": name},
        "spec": {"suite": suite, "state": state},
        "status": {"publicKey": public, "fingerprint": fingerprint, "closes": closes},
    })
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKeyList", "metadata": {}, "items": items})
}

fn fetch(repo: &Repo, server: &str, flags: &str) -> Run {
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": "test", "user": {"token": "x"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    std::fs::write(repo.beside("kubeconfig"), kubeconfig.to_string()).unwrap();
    repo.bulla(&format!("key fetch --kubeconfig ../kubeconfig {flags}"))
}

#[test]
fn the_closing_key_is_pinned_and_everything_else_stays() {
    let repo = Repo::new();
    repo.key("new", Suite::MlKem768X25519);
    repo.key("classic", Suite::X25519);
    let (old, new, classic) = (
        repo.public("prod"),
        repo.public("new"),
        repo.public("classic"),
    );
    let keys = || {
        list(vec![
            key("a", "MLKEM768-X25519", "Active", &old, false),
            key("b", "MLKEM768-X25519", "Active", &new, true),
            key("c", "X25519", "Active", &classic, true),
            json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "d"}, "spec": {"suite": "RSA", "state": "Active"}}),
        ])
    };
    let before = repo.read(".bulla.yaml");
    let (server, asked) = answer("200 OK", keys());
    fetch(&repo, &server, "--name prod").ends(0).says(&[
        "- prod fp-",
        "+ prod fp-",
        "MLKEM768-X25519",
        "pinned in",
        "rewrap",
    ]);
    let asked = asked.join().unwrap();
    assert!(
        asked.starts_with("GET /apis/bulla.dev/v1alpha1/sealingkeys"),
        "{asked}"
    );
    assert_eq!(repo.read(".bulla.yaml"), before.replace(&old, &new));

    let (server, _) = answer("200 OK", keys());
    fetch(&repo, &server, "--name prod")
        .ends(0)
        .says(&["nothing was changed"]);
    let (server, _) = answer("200 OK", keys());
    let run = fetch(&repo, &server, "--print --suite x25519").ends(0);
    assert_eq!(run.stdout, format!("{classic}\n"));
    let (server, _) = answer("200 OK", keys());
    fetch(&repo, &server, "--name other").ends(2).says(&[
        "failed to change `.bulla.yaml`",
        "is already a recipient of",
    ]);
}

#[test]
fn keys_that_contradict_themselves_are_refused() {
    let repo = Repo::new();
    let public = repo.public("mallory");
    let before = repo.read(".bulla.yaml");
    let mut wrong = key("a", "X25519", "Active", &public, true);
    wrong["status"]["fingerprint"] = "fp-0000000000000000".into();
    for (item, says) in [
        (wrong, "its fingerprint is not that of its public key"),
        (
            key("a", "MLKEM768-X25519", "Active", &public, true),
            "of another suite",
        ),
        (
            key("a", "X25519", "Compromised", &public, true),
            "no sealing key to close with",
        ),
    ] {
        let (server, _) = answer("200 OK", list(vec![item]));
        fetch(&repo, &server, "--name prod")
            .ends(4)
            .says(&[says, "hint: "]);
        assert_eq!(repo.read(".bulla.yaml"), before);
    }
}

#[test]
fn a_cluster_that_does_not_answer_ends_with_4() {
    let repo = Repo::new();
    fetch(&repo, "http://127.0.0.1:1", "--name prod")
        .ends(4)
        .says(&["failed to reach the cluster", "refused", "hint: "]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    fetch(&repo, &server, "--name prod --request-timeout 1")
        .ends(4)
        .says(&["did not answer within 1 second"]);
    let status = |code, message| json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
    let (server, _) = answer("403 Forbidden", status(403, "sealingkeys is forbidden"));
    fetch(&repo, &server, "--name prod")
        .ends(4)
        .says(&["sealingkeys is forbidden", "bulla-key-reader"]);
    let (server, _) = answer(
        "404 Not Found",
        status(404, "the server could not find the requested resource"),
    );
    fetch(&repo, &server, "--name prod")
        .ends(4)
        .says(&["bulla install"]);
}

#[test]
fn a_kubeconfig_that_is_not_there_is_the_callers_to_mend() {
    let repo = Repo::new();
    repo.bulla("key fetch --name prod --kubeconfig nothing")
        .ends(2)
        .says(&["kubeconfig", "`nothing`", "hint: "]);
    fetch(&repo, "http://127.0.0.1:1", "--name prod --context nowhere")
        .ends(2)
        .says(&["nowhere"]);
    repo.bulla("key fetch").ends(2).says(&["--name"]);
    // In a list the files that are not there don't count, as for kubectl.
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    let list = format!("/nothing:{}", repo.beside("kubeconfig").display());
    command
        .args(["key", "fetch", "--name", "prod"])
        .env("KUBECONFIG", list);
    run(command, "").ends(4);
}

#[test]
fn a_kubeconfig_that_can_t_be_used_is_the_callers_to_mend_and_is_not_quoted() {
    let repo = Repo::new();
    let user = |user: Value| {
        json!({
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": "http://127.0.0.1:1"}}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        })
        .to_string()
    };
    for (kubeconfig, says) in [
        (
            format!("users:\n- name: x\n  user:\n    token: {CANARY}: x\n"),
            "line 4, column ",
        ),
        (user(json!({"token": [CANARY]})), "line 1, column "),
        (
            user(json!({"client-certificate-data": "eA==", "client-key-data": CANARY})),
            "client certificate and key can't be used",
        ),
        (
            user(json!({"client-certificate-data": "eA==", "client-key": "nothing"})),
            "nothing` can't be read",
        ),
        (
            user(
                json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
                "command": "sh", "args": ["-c", format!("echo {CANARY} >&2; exit 3")]}}),
            ),
            "the command that gives the user's token ended with an error",
        ),
        ("{}".to_owned(), "it names no current context"),
    ] {
        std::fs::write(repo.beside("kubeconfig"), kubeconfig).unwrap();
        repo.bulla("key fetch --name prod --kubeconfig ../kubeconfig")
            .ends(2)
            .says(&["failed to use the kubeconfig", says, "hint: "]);
    }
}

#[test]
fn a_store_gives_its_key_at_work_or_not() {
    let repo = Repo::new();
    std::fs::create_dir(repo.beside("store")).unwrap();
    let first = repo
        .bulla("key fetch --store ../store --print")
        .ends(0)
        .stdout;
    assert!(first.starts_with("age1pq1"));
    assert_eq!(
        repo.bulla("key fetch --store ../store --print")
            .ends(0)
            .stdout,
        first
    );
    repo.bulla("key fetch --store ../store --name prod")
        .ends(0)
        .says(&["- prod", "+ prod"]);
    assert!(repo.read(".bulla.yaml").contains(first.trim()));
    repo.bulla("key fetch --store ../nothing --print")
        .ends(2)
        .says(&["store"]);
}

#[test]
fn fetching_leaves_no_store_behind_in_a_directory_of_other_things() {
    let repo = Repo::new();
    repo.bulla("key fetch --store . --print")
        .ends(2)
        .says(&["there is no store in `.`", "bulla store --once"]);
    assert!(!repo.file(".bulla").exists());
}
