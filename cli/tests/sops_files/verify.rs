//! `verify` and `diff` against a commit, without any key.

use crate::support::{Repo, secret};
use crate::world::{repo, rules, sealed};

fn git(repo: &Repo, line: &str) {
    let mut git = repo.around(std::path::Path::new("git"));
    let name = ["-c", "user.name=a", "-c", "user.email=a@b"];
    let output = git.args(name).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn committed() -> (Repo, String) {
    let repo = repo();
    let file = sealed(&repo, "db");
    git(&repo, "add -A");
    git(&repo, "commit -qm a");
    (repo, file)
}

#[test]
fn values_and_recipients_that_changed_are_told_by_name() {
    let (repo, file) = committed();
    let out = repo.bulla("verify --against HEAD");
    assert!(out.stderr.contains("no envelope differs"), "{}", out.stderr);
    out.ok();
    repo.bulla_with(&format!("set {file} username -I @alice"), "root")
        .ok();
    repo.bulla_with(&format!("set {file} token -I @alice"), "t")
        .ok();
    let out = repo.bulla("verify --against HEAD");
    assert_eq!(out.status, 1);
    for part in [
        "changed    `stringData.username`\n",
        "new        `stringData.token`\n",
    ] {
        assert!(out.stdout.contains(part), "{}", out.stdout);
    }
    assert!(!out.stdout.contains("password"), "{}", out.stdout);
    assert!(
        out.stderr.contains("1 file of SOPS differs from `HEAD`"),
        "{}",
        out.stderr
    );
    let json = repo.bulla("verify --against HEAD -o json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["values"]["changed"][0], "`stringData.username`");
}

#[test]
fn a_rewrap_is_proved_to_change_no_value() {
    let (repo, file) = committed();
    rules(&repo, "prod, alice, safe");
    repo.bulla(&format!("rewrap {file} -I @alice")).ok();
    let out = repo.bulla("verify --against HEAD");
    for part in [
        "  recipients added safe (fp-",
        "no value changed: 2 values byte for byte as before",
    ] {
        assert!(out.stdout.contains(part), "{}", out.stdout);
    }
    assert!(
        out.stderr.contains("and no value changed"),
        "{}",
        out.stderr
    );
}

#[test]
fn plaintext_before_and_after_is_told() {
    let (repo, file) = committed();
    repo.write("k8s/late.yaml", secret("late"));
    git(&repo, "add -A");
    git(&repo, "commit -qm plain");
    repo.bulla("seal -i k8s/late.yaml").ok();
    let text = repo.read(&file);
    let line = crate::world::line(&text, "username:");
    repo.write(&file, text.replace(&line, "  username: plain"));
    let out = repo.bulla("verify --against HEAD").stdout;
    assert!(out.contains("was readable"), "{out}");
    assert!(
        out.contains("`stringData.username` readable, and should be encrypted"),
        "{out}"
    );
    std::fs::remove_file(repo.file(&file)).unwrap();
    let out = repo.bulla("verify --against HEAD").stdout;
    assert!(out.contains("a file of SOPS is gone"), "{out}");
}

#[test]
fn diff_reveals_the_lines_that_differ() {
    let (repo, file) = committed();
    repo.bulla_with(&format!("set {file} username -I @alice"), "root")
        .ok();
    repo.write("k8s/late.yaml", secret("late"));
    repo.bulla("seal -i k8s/late.yaml").ok();
    let out = repo.bulla("diff").stdout;
    assert!(!out.contains("root") && !out.contains("admin"), "{out}");
    let run = repo.bulla("diff --reveal -I @alice");
    assert_eq!(run.status, 1, "{}", run.stderr);
    git(&repo, "add -N .");
    let run = repo.bulla("diff --reveal -I @alice");
    assert_eq!(run.status, 1, "{}", run.stderr);
    for part in [
        "    -  username: admin\n    +  username: root\n",
        "    +  username: admin\n",
        "      name: late\n".trim_start(),
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    // Who can't open them is told so, and sees what anybody sees.
    let run = repo.bulla("diff --reveal -I @safe");
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(!run.stdout.contains("root"), "{}", run.stdout);
    assert!(
        run.stdout.contains("`stringData.username`"),
        "{}",
        run.stdout
    );
}
