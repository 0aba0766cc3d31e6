//! Offline commands start no thread and no process, open no socket and look at no kubeconfig.

use std::path::Path;

use crate::support::{Repo, has, run, secret};

#[test]
fn seal_is_one_thread_without_a_socket() {
    if !has("strace") {
        return;
    }
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    let file = repo.envelope("other");
    let trace = repo.path("trace");
    for line in [
        "seal -i clusters/db.yaml".to_owned(),
        format!("open {file} -I @alice"),
        format!("set {file} key --literal x"),
        format!("reseal {file} -I @alice"),
        "rewrap -R clusters".to_owned(),
    ] {
        let mut command = repo.around(Path::new("strace"));
        command.args(["-f", "-o"]).arg(&trace);
        command
            .args(["-e", "trace=process,network,openat,open"])
            .arg(env!("CARGO_BIN_EXE_bulla"));
        command
            .args(repo.words(&line))
            .env("KUBECONFIG", repo.path("kubeconfig"));
        run(command, b"").ok();
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
fn core_dumps_are_off() {
    if !has("strace") {
        return;
    }
    let repo = Repo::new();
    let trace = repo.path("trace");
    for words in [&["--version"][..], &["kubeseal", "--version"]] {
        let mut command = repo.around(Path::new("strace"));
        command
            .arg("-o")
            .arg(&trace)
            .args(["-e", "trace=prlimit64,setrlimit"]);
        command.arg(env!("CARGO_BIN_EXE_bulla")).args(words);
        run(command, b"").ok();
        let calls = std::fs::read_to_string(&trace).unwrap();
        assert!(calls.contains("RLIMIT_CORE, {rlim_cur=1,"), "{calls}");
    }
}
