//! `bulla kubeseal` by itself; beside the real one it is tested in `tests/tests/kubeseal`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::JoinHandle;

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{CertificateRequest, RsaPrivateKey};
use rand_core::OsRng;

use crate::support::{CANARY, Repo, has, run, secret};

/// A certificate in `tls.crt` and its key in `tls.key`; returns the certificate.
fn with_certificate(repo: &Repo) -> String {
    let key = RsaPrivateKey::generate(2048).unwrap();
    let request = CertificateRequest {
        common_name: String::new(),
        not_before: Timestamp(1_700_000_000),
        not_after: Timestamp(4_000_000_000),
    };
    let certificate = request.sign(&key, &mut OsRng).unwrap().to_pem();
    repo.write("tls.crt", &certificate);
    repo.write("tls.key", key.expose_pem().unwrap().as_bytes());
    certificate
}

/// Answers one request for each of `answers`, and returns the first lines of the requests.
fn serve(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let answer = |answer: String| {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines().map(|line| line.unwrap());
            let request = lines.next().unwrap();
            lines.find(|line| line.is_empty()).unwrap();
            (&stream).write_all(answer.as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(answer).collect()
    });
    (format!("http://{address}"), server)
}

fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn sealing_offline_is_one_thread_without_a_socket_and_without_a_kubeconfig() {
    if !has("strace") {
        return;
    }
    let repo = Repo::new();
    with_certificate(&repo);
    repo.write("db.yaml", secret("db"));
    let trace = repo.path("trace");
    for line in [
        "kubeseal --cert tls.crt -f db.yaml -w sealed.yaml",
        "kubeseal --cert tls.crt -f db.yaml --merge-into sealed.yaml",
        "kubeseal --cert tls.crt --raw --from-file db.yaml -n shop --name db",
        "kubeseal --fetch-cert --cert tls.crt",
        "kubeseal --recovery-unseal --recovery-private-key tls.key -f sealed.yaml",
        "kubeseal --version",
    ] {
        let mut command = repo.around(Path::new("strace"));
        command.args(["-f", "-o"]).arg(&trace);
        command
            .args(["-e", "trace=process,network,openat,open"])
            .arg(env!("CARGO_BIN_EXE_bulla"))
            .args(repo.words(line))
            .env("KUBECONFIG", repo.path("kubeconfig"));
        let done = run(command, b"");
        assert_eq!(done.status, 0, "{line}: {}", done.stderr);
        let calls = std::fs::read_to_string(&trace).unwrap();
        assert!(calls.contains("execve("), "{calls}");
        for call in [
            "clone",
            "fork(",
            "socket(",
            "socketpair(",
            "connect(",
            "kubeconfig",
            ".kube",
        ] {
            assert!(!calls.contains(call), "{line}: {call}: {calls}");
        }
    }
}

#[test]
fn a_certificate_comes_by_http_with_a_warning_and_after_redirections() {
    let repo = Repo::new();
    let certificate = with_certificate(&repo);
    let (server, asked) = serve(vec![
        answer("302 Found\r\nLocation: /there?x=y", ""),
        answer("200 OK", &certificate),
    ]);
    let fetched = repo.bulla(&format!("kubeseal --fetch-cert --cert {server}/here"));
    assert_eq!(fetched.stdout, certificate, "{}", fetched.stderr);
    assert!(fetched.stderr.contains("not secure"), "{}", fetched.stderr);
    assert_eq!(
        asked.join().unwrap(),
        ["GET /here HTTP/1.1", "GET /there?x=y HTTP/1.1"]
    );
    let (server, _) = serve(vec![answer("200 OK", &certificate)]);
    let sealed = repo.bulla_with(&format!("kubeseal --cert {server}"), secret("db"));
    assert!(sealed.ok().contains("\"password\": \"AQ"));
}

#[test]
fn answers_that_are_no_certificate_are_errors() {
    let repo = Repo::new();
    for (answer, words) in [
        (answer("404 Not Found", "nothing"), "404 Not Found"),
        (answer("200 OK", "<html>"), "no PEM block"),
        (
            answer("200 OK", &"x".repeat((1 << 20) + 1)),
            "more than 1 MiB",
        ),
        (
            answer("302 Found\r\nLocation: gopher://x/y", ""),
            "scheme `gopher`",
        ),
        (answer("302 Found", ""), "302"),
        (String::new(), "cannot fetch certificate"),
    ] {
        let (server, _) = serve(vec![answer]);
        let run = repo.bulla_with(&format!("kubeseal --cert {server}"), secret("db"));
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        run.fails(1);
    }
    for (url, words) in [
        ("https://user:secret@127.0.0.1:1/", "credentials"),
        ("https://127.0.0.1:1/", "efused"),
        ("http://", "malformed"),
    ] {
        let message = repo
            .bulla_with(&format!("kubeseal --cert {url}"), secret("db"))
            .fails(1);
        assert!(message.contains(words), "{url}: {message}");
    }
}

#[test]
fn the_proxy_of_the_environment_is_asked() {
    let repo = Repo::new();
    let (proxy, asked) = serve(vec![answer("502 Bad Gateway", "")]);
    let mut command = repo.command();
    command
        .args([
            "kubeseal",
            "--fetch-cert",
            "--cert",
            "https://cert.example/x",
        ])
        .env("https_proxy", &proxy);
    let failed = run(command, b"");
    assert_eq!(failed.status, 1, "{}", failed.stderr);
    assert_eq!(asked.join().unwrap(), ["CONNECT cert.example:443 HTTP/1.1"]);
}

#[test]
fn both_names_and_both_helps() {
    let repo = Repo::new();
    let help = repo.bulla("kubeseal --help").ok();
    assert!(help.contains("Usage: bulla kubeseal"), "{help}");
    for flag in [
        "--merge-into <FILE>",
        "--as-group <NAME>",
        "--allow-expired-cert",
    ] {
        assert!(help.contains(flag), "{flag}: {help}");
    }
    assert!(!help.contains("--rotate"), "{help}");
    let version = repo.bulla("kubeseal --version").ok();
    assert!(
        version.starts_with("kubeseal version: 0.40.0+bulla."),
        "{version}"
    );
    let usage = repo.bulla("kubeseal --bogus").fails(2);
    assert!(usage.contains("--bogus"), "{usage}");
    assert!(repo.bulla("--help").ok().contains("bulla kubeseal"));
}

#[test]
fn completion_and_manual_page() {
    let repo = Repo::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = repo
            .bulla(&format!("completion {shell} --program kubeseal"))
            .ok();
        assert!(
            script.contains("kubeseal") && script.contains("recovery-private-key"),
            "{shell}"
        );
        assert!(
            repo.bulla(&format!("completion {shell}"))
                .ok()
                .contains("recovery-private-key")
        );
    }
    repo.bulla("man pages").ok();
    let names = repo.names("pages");
    assert!(names.contains(&"kubeseal.1".to_owned()), "{names:?}");
    let page = repo.read("pages/kubeseal.1");
    assert!(
        page.contains("merge\\-into") && page.contains("Exit codes"),
        "{page}"
    );
    let completed = repo.bulla("__complete kubeseal --recovery-p").ok();
    assert!(
        completed.starts_with("--recovery-private-key\t"),
        "{completed}"
    );
}

/// Values stay out of messages on every way to an error.
#[test]
fn no_message_repeats_a_value() {
    let repo = Repo::new();
    with_certificate(&repo);
    for input in [
        secret("db").replace("stringData", "data"),
        secret("db").replace("stringData:", "stringData: ["),
        secret("db").replace("  username: admin", "  username: admin: x"),
        secret("db").replace("password: ", "password: !tag "),
        secret("db").replace("kind: Secret", "kind: ConfigMap"),
        secret("db") + &format!("  password: {CANARY}\n"),
        secret("db").replace("password: ", "\"a b\": "),
    ] {
        repo.bulla_with("kubeseal --cert tls.crt", &input).fails(1);
    }
}
