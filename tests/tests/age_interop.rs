//! age's own programs and our recipients: each reads what the other wrote.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bulla_core::recipient::{
    Identity, Recipient, SshKey, Suite, UnwrapError, identity_file_text, parse_identity_file,
    unwrap, wrap,
};
use bulla_tests::peers;

const PAYLOADS: [&[u8]; 3] = [b"", b"a payload of no importance\n", &[0x5a; 4096]];
const SUITES: [Suite; 2] = [Suite::X25519, Suite::MlKem768X25519];

#[test]
fn age_opens_what_we_close() {
    let directory = tempfile::tempdir().expect("a directory");
    for suite in SUITES {
        let (key_file, identity) = keygen(suite);
        let path = directory.path().join(format!("{suite}.txt"));
        std::fs::write(&path, key_file).expect("a key file");
        let arguments = ["-d", "-i", &path.to_string_lossy()];
        for payload in PAYLOADS {
            // No header is like another: the age crate greases it.
            for _ in 0..16 {
                let file = wrap(identity.recipient(), payload).expect("a valid recipient");
                let opened = run(peers::age(), &arguments, &file);
                assert_eq!(opened.as_deref(), Ok(payload), "{suite}");
            }
        }
    }
}

#[test]
fn we_open_what_age_closes() {
    for suite in SUITES {
        let (_, identity) = keygen(suite);
        let (_, other) = keygen(suite);
        let (recipient, second) = (identity.recipient().as_str(), other.recipient().as_str());
        for payload in PAYLOADS {
            let file = run(peers::age(), &["-r", recipient], payload).expect("age closes it");
            let opened = unwrap(&identity, &file, payload.len()).expect("it is closed for us");
            assert_eq!(opened.as_slice(), payload, "{suite}");
            assert_eq!(
                unwrap(&other, &file, payload.len()),
                Err(UnwrapError::NoMatch)
            );
        }
        let two = ["-r", recipient, "-r", second];
        let two = run(peers::age(), &two, b"x").expect("age closes it");
        let refused = Err(UnwrapError::ManyRecipients { recipients: 2 });
        assert_eq!(unwrap(&identity, &two, 10), refused);
        let armored = run(peers::age(), &["-a", "-r", recipient], b"x").expect("age closes it");
        assert_eq!(unwrap(&identity, &armored, 10), Err(UnwrapError::Armored));
    }
}

#[test]
fn key_files_are_alike() {
    for suite in SUITES {
        let (theirs, identity) = keygen(suite);
        let created = theirs.lines().next().expect("a first line");
        let created = created.strip_prefix("# created: ").expect("the time");
        let ours = identity_file_text(&identity, created);
        assert!(*ours == theirs, "{suite}: age-keygen writes another file");
        let recipient = run(peers::age_keygen(), &["-y"], ours.as_bytes());
        let expected = format!("{}\n", identity.recipient());
        assert_eq!(recipient.as_deref(), Ok(expected.as_bytes()), "{suite}");
    }
}

#[test]
fn age_closes_nothing_for_the_recipients_that_we_refuse() {
    // Two points of low order, a mistyped recipient, a short one.
    for text in [
        "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",
        "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8",
    ] {
        assert!(text.parse::<Recipient>().is_err(), "{text}");
        assert!(run(peers::age(), &["-r", text], b"x").is_err(), "{text}");
    }
}

/// Keys of `ssh-keygen`'s making, in both directions; age opens with the key file itself.
#[test]
fn keys_of_ssh_are_used_alike() {
    let folder = tempfile::tempdir().expect("a directory");
    for (kind, arguments) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
        ("rsa-pem", &["-t", "rsa", "-b", "3072", "-m", "PEM"]),
    ] {
        let path = folder.path().join(kind);
        let file = path.to_string_lossy();
        let arguments = [arguments, &["-q", "-N", "", "-C", "a comment", "-f", &file]].concat();
        run("ssh-keygen", &arguments, b"").expect("ssh-keygen makes a key");
        let line = std::fs::read_to_string(folder.path().join(format!("{kind}.pub")));
        let line = line.expect("the public half");
        let recipient: Recipient = line.trim_end().parse().expect("a recipient");
        let text = std::fs::read(&path).expect("the private half");
        let Ok(SshKey::Open(identity)) = SshKey::parse(&text) else {
            panic!("{kind} has no passphrase");
        };
        assert_eq!(identity.recipient(), &recipient);
        for payload in PAYLOADS {
            let ours = wrap(&recipient, payload).expect("a valid recipient");
            let opened = run(peers::age(), &["-d", "-i", &file], &ours);
            assert_eq!(opened.as_deref(), Ok(payload), "{kind}");
            for recipient in [line.trim_end(), recipient.as_str()] {
                let theirs = run(peers::age(), &["-r", recipient], payload).expect("age closes");
                let opened = unwrap(&identity, &theirs, payload.len()).expect("it is ours");
                assert_eq!(opened.as_slice(), payload, "{kind}");
            }
        }
        // What we write of a key is a key to age, too.
        let again = folder.path().join(format!("{kind}-again"));
        std::fs::write(&again, identity.expose_text().as_bytes()).expect("a key file");
        let ours = wrap(&recipient, b"x").expect("a valid recipient");
        let opened = run(peers::age(), &["-d", "-i", &again.to_string_lossy()], &ours);
        assert_eq!(opened.as_deref(), Ok(&b"x"[..]), "{kind}");
    }
    for (kind, bits) in [("rsa", "1024"), ("ecdsa", "256")] {
        let path = folder.path().join(format!("{kind}-{bits}"));
        let file = path.to_string_lossy();
        let arguments = ["-q", "-t", kind, "-b", bits, "-N", "", "-f", &file];
        run("ssh-keygen", &arguments, b"").expect("ssh-keygen makes a key");
        let line = std::fs::read_to_string(folder.path().join(format!("{kind}-{bits}.pub")));
        let line = line.expect("the public half");
        assert!(line.trim_end().parse::<Recipient>().is_err(), "{line}");
        assert!(run(peers::age(), &["-r", line.trim_end()], b"x").is_err());
    }
}

/// A key file of age's own making, and the identity in it.
fn keygen(suite: Suite) -> (String, Identity) {
    let flags: &[&str] = if suite.is_post_quantum() {
        &["-pq"]
    } else {
        &[]
    };
    let text = run(peers::age_keygen(), flags, b"").expect("age-keygen makes a key");
    let text = String::from_utf8(text).expect("a key file is text");
    let identity = parse_identity_file(&text).expect("we read it").remove(0);
    assert_eq!(identity.suite(), Some(suite));
    (text, identity)
}

/// Runs a program and gives what it printed, or what it complained about.
fn run(program: impl AsRef<Path>, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let mut child = Command::new(program.as_ref())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the peer starts");
    // A program that fails early does not read its input.
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input).ok();
    drop(stdin);
    let output = child.wait_with_output().expect("the peer ends");
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
