//! Full disks and read-only directories, in a mount namespace of their own.

use std::path::Path;

use crate::support::{CANARY, Repo, has, on_disk, run, secret};

#[test]
fn a_full_disk_is_found_out_before_anything_is_replaced() {
    if !has("unshare") {
        return;
    }
    let repo = Repo::new();
    let large = secret("a").replace(CANARY, &"x".repeat(30_000));
    repo.write("a.yaml", secret("a"));
    repo.write("b.yaml", &large);
    let out = on_disk(
        &repo,
        DISK,
        "100k",
        "cp a.yaml b.yaml clusters/disk; dd if=/dev/zero of=clusters/disk/full bs=1k count=30 2>/dev/null
         $bulla seal -i -R clusters && exit 9
         echo status=$?
         cmp a.yaml clusters/disk/a.yaml; cmp b.yaml clusters/disk/b.yaml; ls -A clusters/disk",
    );
    assert!(
        out.stderr.contains(
            "failed to write `clusters/disk/b.yaml`\n  caused by: no space left on device"
        ),
        "{}",
        out.stderr
    );
    assert!(
        out.stderr
            .contains("hint: make room on the disk; nothing was changed"),
        "{}",
        out.stderr
    );
    assert_eq!(out.ok(), "status=2\na.yaml\nb.yaml\nfull\n");
}

#[test]
fn a_read_only_file_system_and_directory() {
    if !has("unshare") {
        return;
    }
    let repo = Repo::new();
    repo.write("a.yaml", secret("a"));
    let out = on_disk(
        &repo,
        DISK,
        "1m",
        "cp a.yaml clusters/disk; mount -o remount,ro clusters/disk
         $bulla seal -i clusters/disk/a.yaml && exit 9
         echo status=$?
         cmp a.yaml clusters/disk/a.yaml; ls -A clusters/disk",
    );
    assert!(
        out.stderr.contains("caused by: read-only file system"),
        "{}",
        out.stderr
    );
    assert_eq!(out.ok(), "status=2\na.yaml\n");
}

#[test]
fn a_directory_that_may_not_be_written_to() {
    // Root may write anywhere; another user may not.
    let repo = Repo::new();
    let file = repo.write("clusters/db.yaml", secret("db"));
    if !rustix::process::geteuid().is_root() {
        std::fs::set_permissions(
            file.parent().unwrap(),
            std::os::unix::fs::PermissionsExt::from_mode(0o555),
        )
        .unwrap();
        let message = repo.bulla("seal -i clusters/db.yaml").fails(2);
        assert!(message.contains("permission denied"), "{message}");
        std::fs::set_permissions(
            file.parent().unwrap(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
    }
    assert_eq!(repo.read("clusters/db.yaml"), secret("db"));
}

#[test]
fn of_many_files_none_is_replaced_when_the_last_one_can_t_be() {
    if !has("unshare") {
        return;
    }
    let repo = Repo::new();
    let names: Vec<_> = (0..300)
        .map(|nth| format!("clusters/a{nth:03}.yaml"))
        .collect();
    for name in &names {
        repo.write(name, secret("a"));
    }
    repo.write("a.yaml", secret("a"));
    let out = on_disk(
        &repo,
        DISK,
        "1m",
        "cp a.yaml clusters/disk; mount -o remount,ro clusters/disk
         $bulla seal -i -R clusters && exit 9
         echo status=$?",
    );
    assert!(
        out.stderr
            .contains("failed to write `clusters/disk/a.yaml`"),
        "{}",
        out.stderr
    );
    assert_eq!(out.ok(), "status=2\n");
    for name in &names {
        assert_eq!(repo.read(name), secret("a"), "{name}");
    }
    assert_eq!(repo.names("clusters").len(), names.len() + 1);
}

#[test]
fn a_run_has_more_directories_than_files_may_be_open() {
    let repo = Repo::new();
    let names: Vec<_> = (0..300)
        .map(|nth| format!("clusters/{nth:03}/a.yaml"))
        .collect();
    for name in &names {
        repo.write(name, secret("a"));
    }
    let seal = |limit: &str| {
        let mut command = repo.around(Path::new("sh"));
        let bulla = env!("CARGO_BIN_EXE_bulla");
        command.args([
            "-c",
            &format!("ulimit {limit} 250; exec {bulla} seal -i -R clusters"),
        ]);
        run(command, b"")
    };
    let message = seal("-n").fails(2);
    assert!(message.contains("too many open files"), "{message}");
    for name in &names {
        assert_eq!(repo.read(name), secret("a"), "{name}");
    }
    seal("-Sn").ok();
    for name in &names {
        assert!(repo.read(name).contains("kind: SecretEnvelope"), "{name}");
    }
    assert_eq!(repo.names("clusters/000"), ["a.yaml"]);
}

const DISK: &str = "clusters/disk";
