//! `bulla key fetch --certificate`. The API server here is a few lines of the test.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::json;

use crate::keys::repo;
use crate::support::{CANARY, Repo, Run, secret};

/// Answers so many requests in turn, and returns what was asked for.
fn answer(answers: Vec<(&'static str, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let serve = |(status, body): (&str, String)| {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines().map(|line| line.unwrap());
            let request = lines.next().unwrap();
            lines.find(|line| line.is_empty()).unwrap();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            (&stream).write_all((head + &body).as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(serve).collect()
    });
    (format!("http://{address}"), server)
}

fn fetch(repo: &Repo, server: &str, flags: &str) -> Run {
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": "test", "user": {"token": "x"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    std::fs::write(repo.path("kubeconfig"), kubeconfig.to_string()).unwrap();
    repo.bulla(&format!(
        "key fetch --kubeconfig ../kubeconfig --certificate {flags}"
    ))
}

fn not_there() -> (&'static str, String) {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "not there", "reason": "NotFound", "code": 404});
    ("404 Not Found", status.to_string())
}

#[test]
fn the_certificate_of_the_other_controller_is_pinned_and_seals() {
    let repo = repo();
    let certificate = repo.read("keys/prod.pem");
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "sealed-secrets", "namespace": "infra"},
        "spec": {"ports": [{"name": "http", "port": 8080}]},
    });
    let all = || {
        let noise = format!("hello\n{certificate}more\n");
        vec![
            not_there(),
            ("200 OK", service.to_string()),
            ("200 OK", noise),
        ]
    };
    let flags = "--name staging --controller-name sealed-secrets --controller-namespace infra";
    let (server, asked) = answer(all());
    let run = fetch(&repo, &server, flags);
    assert!(run.stderr.contains("+ staging fp-"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("pinned in `keys/staging.pem` and `.bulla.yaml`: review and commit both"),
        "{}",
        run.stderr
    );
    run.ok();
    let asked = asked.join().unwrap();
    assert!(
        asked[0].starts_with("GET /apis/bulla.dev/v1alpha1/sealingkeys"),
        "{asked:?}"
    );
    assert!(
        asked[1].starts_with("GET /api/v1/namespaces/infra/services/sealed-secrets "),
        "{asked:?}"
    );
    assert!(
        asked[2].starts_with(
            "GET /api/v1/namespaces/infra/services/http:sealed-secrets:http/proxy/v1/cert.pem "
        ),
        "{asked:?}"
    );
    assert_eq!(repo.read("keys/staging.pem"), certificate);
    assert!(repo.read(".bulla.yaml").contains("keys/staging.pem"));

    repo.write("clusters/db.yaml", secret("db"));
    repo.bulla("seal -i clusters/db.yaml --format sealed-secret --for staging")
        .ok();
    assert_eq!(
        repo.bulla("open clusters/db.yaml -k password -I @prod-rsa")
            .ok(),
        CANARY
    );

    let (server, _asked) = answer(all());
    let again = fetch(&repo, &server, flags);
    assert_eq!(
        again.stderr,
        "`staging` has its certificate already; nothing was changed\n"
    );
    let (server, _asked) = answer(all());
    let printed = fetch(
        &repo,
        &server,
        "--print --controller-name sealed-secrets --controller-namespace infra",
    )
    .ok();
    assert_eq!(printed, certificate);
}

#[test]
fn a_sealing_key_comes_first_and_what_is_no_certificate_is_refused() {
    let repo = repo();
    let key = |public: &str| {
        let key = json!({
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "metadata": {"name": "rsa"},
            "spec": {"suite": "RSA", "state": "Active"}, "status": {"publicKey": public, "closes": true},
        });
        let list = json!({"apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKeyList", "metadata": {}, "items": [key]});
        ("200 OK", list.to_string())
    };
    let certificate = repo.read("keys/prod.pem");
    let (server, asked) = answer(vec![key(&certificate)]);
    let run = fetch(&repo, &server, "--name prod");
    assert_eq!(
        run.stderr,
        "`prod` has its certificate already; nothing was changed\n"
    );
    assert_eq!(asked.join().unwrap().len(), 1);
    let before = repo.read(".bulla.yaml");
    let (server, _asked) = answer(vec![key("<html>")]);
    let message = fetch(&repo, &server, "--name prod").fails(4);
    assert!(
        message.contains("refusing what the cluster gave"),
        "{message}"
    );
    let (server, _asked) = answer(vec![not_there(), not_there()]);
    let message = fetch(&repo, &server, "--name prod").fails(4);
    assert!(
        message.contains("Service `kube-system/sealed-secrets-controller`"),
        "{message}"
    );
    assert_eq!(
        (repo.read(".bulla.yaml"), repo.read("keys/prod.pem")),
        (before, certificate)
    );
}
