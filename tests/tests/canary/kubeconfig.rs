//! A broken kubeconfig, with a secret in each place that holds one: neither program repeats it.

use std::process::{Command, Output};

use base64::{Engine, engine::general_purpose::STANDARD};
use bulla_tests::programs;

use crate::trial::Trial;

/// A kubeconfig of one context, with this of the cluster and of the user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters:\n- name: test\n  cluster:\n    server: https://127.0.0.1:1\n{cluster}\
         users:\n- name: test\n  user:\n{user}\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\n"
    )
}

fn cases(core: &str) -> Vec<(&'static str, String)> {
    let with_user = |user: String| kubeconfig("", &user);
    let certificate = "    client-certificate-data: eA==\n";
    let pem = STANDARD.encode(format!(
        "-----BEGIN {core}\n{core}\n-----BEGIN PRIVATE KEY-----\n"
    ));
    let exec = |script: &str| {
        with_user(format!(
            "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      \
             command: sh\n      args: [\"-c\", '{script}', {core}]\n"
        ))
    };
    vec![
        (
            "a broken line",
            with_user(format!("    token: {core}: {core}\n")),
        ),
        ("an open quote", with_user(format!("    token: \"{core}\n"))),
        (
            "a list for a token",
            with_user(format!("    token: [{core}]\n")),
        ),
        (
            "a text for a user",
            with_user(String::new()).replace("user:\n", &format!("user: {core}\n")),
        ),
        (
            "a key given twice",
            with_user(format!("    token: {core}\n    token: {core}\n")),
        ),
        (
            "a key that is no base64",
            with_user(format!("{certificate}    client-key-data: {core}!\n")),
        ),
        (
            "a key without a certificate",
            with_user(format!("    client-key-data: {core}\n")),
        ),
        (
            "a key that is no PEM",
            with_user(format!("{certificate}    client-key-data: {pem}\n")),
        ),
        (
            "a token of two lines",
            kubeconfig("", &format!("    token: \"{core}\\n{core}\"\n")),
        ),
        (
            "an unknown way to a token",
            with_user(format!(
                "    auth-provider: {{name: \"{core}\", config: {{id-token: {core}}}}}\n"
            )),
        ),
        (
            "a command that fails and says why",
            exec(&format!("echo {core}; echo {core} >&2; exit 1")),
        ),
        (
            "a command that gives something else",
            exec(&format!("echo \"status: [{core}\"")),
        ),
    ]
}

/// What only `bulla` finds out before it waits for an API server.
fn cases_of_bulla(core: &str) -> Vec<(&'static str, String)> {
    vec![(
        "a proxy with a password",
        kubeconfig(
            &format!("    proxy-url: \"socks5://user:{core}@127.0.0.1:1\"\n"),
            "    token: x\n",
        ),
    )]
}

#[test]
fn a_broken_kubeconfig_is_not_quoted() {
    let mut trial = Trial::new();
    let core = trial
        .canary
        .text()
        .split(' ')
        .nth(1)
        .expect("the middle of the text")
        .to_owned();
    let fetch = ["key", "fetch", "--print", "--kubeconfig", "config"];
    for (what, text) in cases(&core) {
        trial.repository.write("config", &text);
        for (program, output) in [
            ("bulla", trial.repository.bulla_with_stdin(&fetch, "")),
            ("bulla-controller", controller(&trial)),
        ] {
            let what = format!("{what}: {program}");
            trial.kept(&what, &output);
            expect_failure(&mut trial, &what, &output);
        }
    }
    for (what, text) in cases_of_bulla(&core) {
        trial.repository.write("config", &text);
        let output = trial.repository.bulla_with_stdin(&fetch, "");
        trial.kept(what, &output);
        expect_failure(&mut trial, what, &output);
    }
    trial.finish();
}

/// A failure that says what it is about. Of `bulla` it is the caller's to mend, not the cluster's.
fn expect_failure(trial: &mut Trial, what: &str, output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    let code = if what.ends_with("controller") { 1 } else { 2 };
    if output.status.code() != Some(code) || !text.contains("failed to") {
        trial
            .failures
            .push(format!("{what}: {:?}: {text}", output.status));
    }
}

fn controller(trial: &Trial) -> Output {
    // One that takes the kubeconfig would wait for its API server.
    let mut command = Command::new("timeout");
    command
        .arg("60")
        .arg(programs::controller())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", trial.repository.path("home"))
        .env("KUBECONFIG", trial.repository.path("config"))
        .env("RUST_BACKTRACE", "1");
    command
        .args(["--namespace", "bulla-system", "--listen", "127.0.0.1:0"])
        .output()
        .expect("the controller can be started")
}
