//! Old bytes or new ones, never others: modes, read-only files, links, full disks, and runs that are killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::killed::killed_everywhere;
use crate::support::{CANARY, Repo, has, run, secret};
use crate::world::{repo, rules, sealed};

#[test]
fn modes_links_and_line_ends_stay() {
    let repo = repo();
    let text = secret("db").replace('\n', "\r\n");
    let path = repo.write("k8s/db.yaml", &text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("db.yaml", repo.file("k8s/link.yaml")).unwrap();
    repo.bulla("seal -i k8s/link.yaml").ok();
    assert_eq!(repo.mode("k8s/db.yaml"), 0o640);
    assert!(repo.file("k8s/link.yaml").is_symlink());
    let sealed = repo.read("k8s/db.yaml");
    assert_eq!(sealed.matches('\n').count(), sealed.matches("\r\n").count());
    repo.bulla_with("set k8s/db.yaml username -I @alice", "root")
        .ok();
    rules(&repo, "prod, safe");
    repo.bulla("rewrap k8s/db.yaml -I @alice").ok();
    assert_eq!(repo.mode("k8s/db.yaml"), 0o640);
    let opened = repo.bulla("open k8s/db.yaml -I @safe").ok();
    assert_eq!(opened, text.replace("admin", "root"));
}

#[test]
fn a_file_that_is_read_only_is_replaced_and_stays_read_only() {
    let repo = repo();
    let file = sealed(&repo, "db");
    fs::set_permissions(repo.file(&file), fs::Permissions::from_mode(0o444)).unwrap();
    repo.bulla(&format!("reseal {file} -I @alice")).ok();
    assert_eq!(repo.mode(&file), 0o444);
    assert_eq!(repo.value(&file, "password"), CANARY);
}

#[test]
fn a_full_disk_leaves_every_file_as_it_was() {
    if !has("unshare") {
        return;
    }
    let repo = repo();
    for name in ["a", "b"] {
        sealed(&repo, name);
    }
    rules(&repo, "prod, alice, safe");
    let script = format!(
        "cp k8s/a.yaml k8s/b.yaml k8s/disk
         dd if=/dev/zero of=k8s/disk/full bs=1k count=60 2>/dev/null || true
         $bulla rewrap k8s/disk -I {} && exit 9
         cmp k8s/a.yaml k8s/disk/a.yaml; cmp k8s/b.yaml k8s/disk/b.yaml; ls -A k8s/disk",
        repo.path("alice.key").display()
    );
    let out = on_disk(&repo, "k8s/disk", "64k", &script);
    assert!(
        out.stderr.contains("no space left on device"),
        "{}",
        out.stderr
    );
    assert_eq!(out.ok(), "a.yaml\nb.yaml\nfull\n");
}

#[test]
fn a_run_that_is_killed_leaves_whole_files_and_the_next_one_finishes() {
    if !has("strace") {
        return;
    }
    let repo = repo();
    let files = ["a", "b"].map(|name| sealed(&repo, name));
    rules(&repo, "prod, safe");
    let line = "rewrap -R k8s -I @alice -I @safe";
    let files = files.each_ref().map(String::as_str);
    let is_done = |file: &str| is_whole(&repo, file);
    killed_everywhere(&repo, line, ("k8s", &files), is_done, || {
        repo.bulla(line).ok();
        repo.bulla("check k8s").ok();
    });
}

/// True where the new recipient opens all of it.
fn is_whole(repo: &Repo, file: &str) -> bool {
    let opened = repo.bulla(&format!("open {file} -I @safe"));
    opened.status == 0 && opened.stdout.contains(CANARY)
}
