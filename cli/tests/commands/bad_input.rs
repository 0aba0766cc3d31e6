//! Inputs that must be refused: a clear error, a hint, the right exit code, and nothing written.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{CANARY, Repo, done, run, secret};

#[test]
fn each_bad_file_is_named_with_its_place_and_left_as_it_is() {
    let repo = Repo::new();
    let with = |from: &str, to: &str| secret("db").replace(from, to).into_bytes();
    let data = |line: &str| with("stringData:", &format!("data:\n  {line}\nstringData:"));
    let mut invalid = secret("db").into_bytes();
    invalid.extend_from_slice(b"  x: \xff\n");
    let bomb: String = (1..30)
        .map(|n| format!("a{n}: &a{n} [*a{p}, *a{p}, *a{p}]\n", p = n - 1))
        .collect();
    let bomb = format!("a0: &a0 [x]\n{bomb}{}metadata2: *a29\n", secret("db"));
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "the file is empty"),
        (
            "comments",
            b"# nothing\n---\n# here\n".to_vec(),
            "the file is empty",
        ),
        (
            "binary",
            vec![0x7f, b'E', b'L', b'F', 0, 0, 0xff],
            "line 1, column 7: not UTF-8",
        ),
        ("invalid UTF-8", invalid, "line 9, column 6: not UTF-8"),
        (
            "deep",
            format!("a: {}", "[".repeat(10_000)).into_bytes(),
            "nested deeper than",
        ),
        (
            "deep JSON",
            format!("{{\"a\": {}", "[".repeat(10_000)).into_bytes(),
            "nested deeper than",
        ),
        ("alias bomb", bomb.into_bytes(), "unknown field `a0`"),
        (
            "broken",
            with("metadata:", "metadata: ["),
            "line 5, column 12",
        ),
        (
            "ambiguous",
            with("username: admin", "username: no"),
            "line 8, column 13: `stringData.username` is read as",
        ),
        (
            "number",
            with("username: admin", "username: 0777"),
            "line 8, column 13",
        ),
        (
            "duplicate",
            with("username: admin", "password: admin"),
            "line 8, column 3: this mapping has the same key twice",
        ),
        (
            "base64",
            data(&format!("cert: {CANARY}!")),
            "line 7, column 9: `data.cert` is not standard base64",
        ),
        (
            "null",
            with("username: admin", "username:"),
            "`stringData.username` has no value",
        ),
        (
            "key name",
            with("username:", "../../x:"),
            "line 8, column 3: a key of `stringData` is refused",
        ),
        (
            "name",
            with("name: db", "name: ../../x"),
            "its name is refused by the API server",
        ),
        (
            "namespace",
            with("namespace: shop", "namespace: ../x"),
            "its namespace is refused by the API server",
        ),
        ("no name", with("  name: db\n", ""), "it has no name"),
        (
            "generated",
            with("name: db", "generateName: db-"),
            "it has no name",
        ),
        (
            "indentation",
            with("type", "type")
                .into_iter()
                .chain(*b"lables: {a: b}\n")
                .collect(),
            "unknown field `lables`",
        ),
        (
            "reserved",
            with(
                "metadata:",
                "metadata:\n  labels: {bulla.dev/sealing-key: x}",
            ),
            "reserved label or annotation",
        ),
        (
            "label",
            with("metadata:", "metadata:\n  labels: {app: my shop}"),
            "malformed label or annotation `app`",
        ),
        (
            "SecretList",
            b"apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n".to_vec(),
            "line 4",
        ),
    ];
    for (what, bytes, expected) in table {
        let path = repo.write("clusters/db.yaml", &bytes);
        let run = repo.bulla("seal -i clusters/db.yaml");
        assert_eq!(run.status, 2, "{what}: {}", run.stderr);
        let message = run.fails(2);
        assert!(message.contains("clusters/db.yaml"), "{what}: {message}");
        assert!(message.contains(expected), "{what}: {message}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what}");
        assert_eq!(repo.names("clusters"), ["db.yaml"], "{what}");
        let told = repo.bulla("seal clusters/db.yaml --for alice").fails(2);
        assert!(!told.is_empty());
    }
}

#[test]
fn a_huge_file_is_refused_before_it_is_read() {
    let repo = Repo::new();
    let path = repo.write("clusters/db.yaml", "");
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    let message = repo.bulla("seal -i clusters/db.yaml").fails(2);
    assert!(message.contains("it has more than 16 MiB"), "{message}");
    let mut command = repo.command();
    command.args(["open"]).stdin(fs::File::open(&path).unwrap());
    let piped = done(command.output().unwrap());
    assert!(piped.fails(2).contains("standard input"));
}

#[test]
fn a_missing_file_a_directory_and_a_device() {
    let repo = Repo::new();
    repo.write("clusters/empty/.keep", "");
    for (line, expected) in [
        (
            "seal nope.yaml --for alice",
            "failed to read `nope.yaml`\n  caused by: no such file or directory",
        ),
        (
            "seal clusters/empty --for alice",
            "it holds no `.yaml`, `.yml` or `.json` file",
        ),
        ("set clusters/empty key", "it is a directory"),
        ("seal -i /dev/null --for alice", "the file is empty"),
        (
            "seal -i - --for alice",
            "standard input can't be replaced in place",
        ),
        (
            "seal - - --for alice",
            "standard input can be read only once",
        ),
        ("seal", "the file is empty"),
        (
            "seal --for alice --output out.yaml",
            "invalid value 'out.yaml'",
        ),
        ("seal --scope everything", "invalid value 'everything'"),
        ("no-such-command", "unrecognized subcommand"),
        ("", "Usage: bulla"),
    ] {
        let message = repo.bulla(line).fails(2);
        assert!(message.contains(expected), "{line}: {message}");
    }
    let mut command = repo.command();
    command.args(["seal", "--for", "alice", "-w", "/dev/full"]);
    let message = run(command, secret("db").as_bytes()).fails(2);
    assert!(message.contains("it is not a regular file"), "{message}");
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let repo = Repo::new();
    let mut command = repo.command();
    command.args(["seal", "\u{1b}[2J.yaml"]);
    let message = run(command, b"").fails(2);
    assert!(!message.contains('\u{1b}'), "{message}");
}

#[test]
fn a_full_or_closed_standard_output() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let open = |stdout: Stdio| {
        let mut command = repo.command();
        command
            .args(repo.words(&format!("open {file} -I @alice")))
            .stdin(Stdio::null());
        command.stdout(stdout).stderr(Stdio::piped());
        done(command.output().unwrap())
    };
    let full = open(
        fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap()
            .into(),
    );
    let message = full.fails(2);
    assert!(
        message.contains("standard output`\n  caused by: no space left on device"),
        "{message}"
    );
    // A reader that has gone is no error, and not worth a word.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = open(writer.into());
    assert_eq!((closed.status, closed.stderr.as_str()), (0, ""));
    // Talk that nobody hears is no error either.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = repo.command();
    command
        .args(["seal", "--for", "alice"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(secret("db").as_bytes())
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn an_alias_bomb_is_not_expanded() {
    let repo = Repo::new();
    let bomb: String = (1..30)
        .map(|n| format!("a{n}: &a{n} [*a{p}, *a{p}, *a{p}]\n", p = n - 1))
        .collect();
    // In a document that does not concern the command it does no harm, and stays.
    let beside = format!("{}---\na0: &a0 [x]\n{bomb}", secret("db"));
    repo.write("clusters/db.yaml", &beside);
    repo.bulla("seal -i clusters/db.yaml").ok();
    let sealed = repo.read("clusters/db.yaml");
    assert!(sealed.ends_with(&bomb));
    let inside = sealed.replace("---\n", "");
    repo.write("clusters/db.yaml", &inside);
    let message = repo.bulla("open clusters/db.yaml -I @alice").fails(2);
    assert!(message.contains("aliases repeat more than"), "{message}");
    assert_eq!(repo.read("clusters/db.yaml"), inside);
}
