//! `bulla seal` on literals and files, as `kubectl create secret generic` takes them.

use crate::support::{CANARY, Repo, run};

#[test]
fn literals_files_and_lines_become_one_envelope() {
    let repo = Repo::new();
    repo.write("tls.key", [0, 255, 10]);
    repo.write("parts/ca.crt", "CA");
    repo.write("parts/b.crt", "B");
    repo.write(
        "vars.env",
        "\u{feff}# comment\n\n  TOKEN=a=b \nFROM_OUTSIDE\n",
    );
    let mut command = repo.command();
    command.env("FROM_OUTSIDE", "outside").args(repo.words(&format!(
        "seal --name db -n shop --type example.com/x --for alice -w db.yaml --from-literal password={CANARY}=x \
         --from-file tls.key --from-file key=tls.key --from-file parts --from-env-file vars.env"
    )));
    let made = run(command, b"");
    assert_eq!(
        made.stderr,
        "sealed `db.yaml`: Secret `shop/db`, 7 values, for alice\n"
    );
    made.ok();
    let opened = repo.bulla("open db.yaml -I @alice").ok();
    for line in [
        "type: example.com/x",
        "  FROM_OUTSIDE: b3V0c2lkZQ==",
        "  TOKEN: YT1iIA==",
        "  b.crt: Qg==",
        "  ca.crt: Q0E=",
        "  key: AP8K",
        "  tls.key: AP8K",
    ] {
        assert!(opened.contains(line), "{line} in {opened}");
    }
    assert_eq!(repo.value("db.yaml", "password"), format!("{CANARY}=x"));
}

#[test]
fn rules_go_by_the_file_that_is_written_or_by_as_path() {
    let repo = Repo::new();
    let flags = "seal --name db -n shop --from-literal a=b";
    assert!(
        repo.bulla(flags)
            .fails(2)
            .contains("rules go by the path of a file")
    );
    repo.write("clusters/.keep", "");
    repo.bulla(&format!("{flags} -w clusters/db.yaml")).ok();
    assert!(repo.read("clusters/db.yaml").contains("- name: prod\n"));
    let json = repo
        .bulla(&format!("{flags} --as-path clusters/db.yaml -o json"))
        .ok();
    assert!(json.contains("\"name\": \"prod\""));
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let repo = Repo::new();
    repo.write("lines.env", format!("GOOD=1\nnot a line {CANARY}\n"));
    repo.write("big.bin", vec![0; (1 << 20) + 1]);
    for (flags, expected) in [
        ("--from-literal a=b -n shop", "a new Secret needs a name"),
        (
            "--name db --from-literal a=b",
            "a new Secret needs a namespace",
        ),
        ("--name db -n shop", "a new Secret needs values"),
        (
            "--name db -n shop --from-literal hunter2-canary",
            "`--from-literal` takes KEY=VALUE",
        ),
        (
            "--name db -n shop --from-literal a/b=hunter2-canary",
            "is not the name of a key",
        ),
        (
            "--name db -n shop --from-literal a=1 --from-literal a=2",
            "the key `a` is given twice",
        ),
        (
            "--name db -n shop --from-env-file lines.env",
            "line 2 is not KEY=VALUE",
        ),
        (
            "--name db -n shop --from-file nope",
            "no such file or directory",
        ),
        (
            "--name db -n shop --from-file big.bin",
            "it has more than 1 MiB",
        ),
        (
            "--name ../../x -n shop --from-literal a=1",
            "`--name <NAME>` does not take what it is given",
        ),
        (
            "--name db -n .. --from-literal a=1",
            "`--namespace <NAMESPACE>` does not take what it is given",
        ),
        (
            "--name db -n shop --from-literal a=1 x.yaml",
            "and a manifest was named too",
        ),
        (
            "--name db -n shop --from-literal a=1 -i",
            "and a new Secret is none",
        ),
    ] {
        let message = repo.bulla(&format!("seal --for alice {flags}")).fails(2);
        assert!(message.contains(expected), "{flags}: {message}");
    }
}

#[test]
fn what_may_be_a_value_is_not_repeated_as_a_key() {
    let repo = Repo::new();
    let new = "seal --name x -n shop --as-path clusters/x.yaml";
    let said = repo
        .bulla(&format!("{new} --from-literal {CANARY}/+=="))
        .fails(2);
    assert!(said.contains("KEY") || said.contains("key"), "{said}");
    let file = repo.write("values.env", format!("a=b\n{CANARY}/+==\n..{CANARY}=\n"));
    let said = repo
        .bulla(&format!("{new} --from-env-file {}", file.display()))
        .fails(2);
    assert!(said.contains("line 2"), "{said}");
    let file = repo.write("values.env", format!("..{CANARY}=\n"));
    let said = repo
        .bulla(&format!("{new} --from-env-file {}", file.display()))
        .fails(2);
    assert!(said.contains("line 1"), "{said}");
}
