//! Keys, and files that the real sops encrypted, made once for all cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_tests::{peers, process};
use rand_core::OsRng;

/// Whose keys there are.
pub(crate) struct Materials {
    /// The public keys of A and B.
    pub(crate) recipients: [String; 2],
    /// Names and bytes.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

pub(crate) fn materials() -> &'static Materials {
    static MATERIALS: OnceLock<Materials> = OnceLock::new();
    MATERIALS.get_or_init(make)
}

fn make() -> Materials {
    let identities = [(); 2].map(|()| Identity::generate(Suite::X25519, &mut OsRng));
    let recipients = identities.each_ref().map(|key| key.recipient().to_string());
    let [a, b] = identities
        .each_ref()
        .map(|key| identity_file_text(key, "").to_string());
    let mut files: BTreeMap<String, Vec<u8>> = PLAIN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect();
    files.insert("p.bin".to_owned(), b"blob\x00\xff\n".to_vec());
    files.insert("both.txt".to_owned(), format!("{a}{b}").into_bytes());
    files.insert("a.txt".to_owned(), a.into_bytes());
    files.insert("b.txt".to_owned(), b.into_bytes());
    let place = tempfile::tempdir().unwrap();
    for (name, bytes) in &files {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    let [a, b] = recipients.each_ref().map(String::as_str);
    let both = format!("{a},{b}");
    let groups = format!(
        "creation_rules: [{{shamir_threshold: 2, key_groups: [{{age: [{a}]}}, {{age: [{b}]}}]}}]"
    );
    fs::write(place.path().join("groups.sops.yaml"), groups).unwrap();
    for (name, plain, flags) in [
        ("e.yaml", "p.yaml", &["--age", a][..]),
        ("e.json", "p.json", &["--age", a]),
        ("e.env", "p.env", &["--age", a]),
        ("e.ini", "p.ini", &["--age", a]),
        ("ecomments.ini", "comments.ini", &["--age", a]),
        ("ebehind.yaml", "behind.yaml", &["--age", a]),
        ("e.bin", "p.bin", &["--age", a]),
        ("emulti.yaml", "multi.yaml", &["--age", a]),
        ("ecomments.yaml", "comments.yaml", &["--age", a]),
        ("eflat.yaml", "flat.yaml", &["--age", a]),
        ("eflat.json", "flat.json", &["--age", a]),
        ("enames.yaml", "names.yaml", &["--age", a]),
        ("emarks.json", "marks.json", &["--age", a]),
        ("ebeside.yaml", "beside.yaml", &["--age", a]),
        ("eab.yaml", "p.yaml", &["--age", &both]),
        ("eb.yaml", "p.yaml", &["--age", b]),
        (
            "eregex.yaml",
            "p.yaml",
            &["--age", a, "--encrypted-regex", "^m$"],
        ),
        ("eshamir.yaml", "p.yaml", &["--config", "groups.sops.yaml"]),
    ] {
        let config: &[&str] = match flags {
            ["--config", file] => &["--config", file],
            _ => &[],
        };
        let flags = if config.is_empty() { flags } else { &[] };
        let encrypted = theirs(
            place.path(),
            &[config, &["encrypt"], flags, &[plain]].concat(),
        );
        files.insert(name.to_owned(), encrypted);
    }
    let maconly = [
        "--mac-only-encrypted",
        "-e",
        "--age",
        a,
        "--encrypted-regex",
        "^m$",
        "p.yaml",
    ];
    files.insert("emaconly.yaml".to_owned(), theirs(place.path(), &maconly));
    let sound = String::from_utf8(files["e.yaml"].clone()).unwrap();
    let first = |name: &str| {
        let text = String::from_utf8(files[name].clone()).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    let foreign = sound.replace(&first("e.yaml"), &first("eab.yaml"));
    // As 3.13.0 and 3.13.1 wrote them.
    let ini = String::from_utf8(files["e.ini"].clone()).unwrap();
    files.insert(
        "xslashes.ini".to_owned(),
        ini.replace("\\n", "\\\\n").into_bytes(),
    );
    let pgp = "    pgp:\n        - created_at: \"2026-11-21T12:00:00Z\"\n          enc: |-\n            -----BEGIN PGP MESSAGE-----\n\n            x\n            -----END PGP MESSAGE-----\n          fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n    unencrypted_suffix:";
    let mixed = sound.replace("    unencrypted_suffix:", pgp);
    files.insert("epgp.yaml".to_owned(), mixed.into_bytes());
    files.insert("xforeign.yaml".to_owned(), foreign.into_bytes());
    for (name, text) in damaged(&sound) {
        assert_ne!(text, sound, "{name}");
        files.insert(name.to_owned(), text.into_bytes());
    }
    for (name, sound) in [("xbehind.json", "e.json"), ("xbehind.bin", "e.bin")] {
        let more = [&files[sound][..], b"{\"b\": 2}\n"].concat();
        files.insert(name.to_owned(), more);
    }
    let binary = String::from_utf8(files["e.bin"].clone()).unwrap();
    let data = binary.lines().find(|line| line.contains("\"data\""));
    let data = format!("{}\n", data.unwrap());
    for (name, text) in [
        (
            "xmore.bin",
            binary.replace(&data, &format!("{data}\t\"z\": \"q\",\n")),
        ),
        ("xnodata.bin", binary.replace(&data, "")),
    ] {
        files.insert(name.to_owned(), text.into_bytes());
    }
    let dotenv = String::from_utf8(files["e.env"].clone()).unwrap();
    files.insert(
        "xwindows.env".to_owned(),
        dotenv.replace('\n', "\r\n").into_bytes(),
    );
    Materials { recipients, files }
}

/// Ways in which an encrypted file can be wrong.
fn damaged(sound: &str) -> Vec<(&'static str, String)> {
    let line = |start: &str| {
        let mut lines = sound.lines();
        lines
            .find(|line| line.starts_with(start))
            .unwrap()
            .to_owned()
    };
    let (first, second) = {
        let mut items = sound.lines().filter(|line| line.starts_with("    - ENC"));
        (
            items.next().unwrap().to_owned(),
            items.next().unwrap().to_owned(),
        )
    };
    let swapped = sound
        .replace(&first, "\u{1}")
        .replace(&second, &first)
        .replace('\u{1}', &second);
    let a = line("a: ");
    let moved = a.replace("a: ", "c: ");
    let tag = a.find("tag:").unwrap() + 4;
    let garbled = format!("{}AAAA{}", &a[..tag], &a[tag + 4..]);
    vec![
        ("xswapped.yaml", swapped),
        ("xmoved.yaml", sound.replace(&line("c: "), &moved)),
        ("xgarbled.yaml", sound.replace(&a, &garbled)),
        ("xplain.yaml", sound.replace(&a, "a: b")),
        ("xgone.yaml", sound.replace(&format!("{a}\n"), "")),
        (
            "xnomac.yaml",
            sound.replace(&format!("{}\n", line("    mac: ")), ""),
        ),
        ("xnokeys.yaml", sound.replace("    age:", "    elsewhere:")),
        (
            "xnotime.yaml",
            sound.replace(&format!("{}\n", line("    lastmodified: ")), ""),
        ),
        (
            "xarmor.yaml",
            sound.replace("-----BEGIN AGE", "-----BEGIN EGA"),
        ),
        (
            "xtime.yaml",
            sound.replace(
                &line("    lastmodified: "),
                &line("    lastmodified: ").replace('"', ""),
            ),
        ),
        (
            "xalias.yaml",
            sound
                .replace(&a, &a.replace("a: ", "a: &x "))
                .replace(&line("c: "), "c: *x"),
        ),
        ("xjunk.yaml", sound.replace(&a, &format!("{a}junk"))),
        (
            "xblock.yaml",
            sound.replace(&a, &a.replace("a: ", "a: >\n  ")),
        ),
        (
            "xnoversion.yaml",
            sound.replace(&format!("{}\n", line("    version: ")), ""),
        ),
        (
            "xmaconlyno.yaml",
            sound.replace("    version:", "    mac_only_encrypted: no\n    version:"),
        ),
        (
            "xnobody.yaml",
            sound.replace(&format!("{}\n", line("          recipient: ")), ""),
        ),
        (
            "xkmstime.yaml",
            sound.replace(
                "    unencrypted_suffix:",
                "    kms:\n        - arn: arn:aws:kms:x\n          created_at: 5\n          enc: x\n    unencrypted_suffix:",
            ),
        ),
        (
            "xmaconlyno.yaml",
            sound.replace("    version:", "    mac_only_encrypted: no\n    version:"),
        ),
        (
            "xtwoselectors.yaml",
            sound.replace("    version:", "    encrypted_suffix: x\n    version:"),
        ),
    ]
}

fn theirs(place: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(peers::sops());
    command
        .env_clear()
        .env("HOME", place.join("home"))
        .args(arguments)
        .current_dir(place);
    let output = process::run(command, b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output.stdout
}

/// As sops itself lays them out, so that its own output is the same.
const PLAIN: &[(&str, &str)] = &[
    (
        "p.yaml",
        "a: b\nc: 1\nl:\n    - 1\n    - two\nm:\n    k: v\n    e: \"\"\nt: true\n",
    ),
    (
        "p.json",
        "{\n\t\"a\": \"b\",\n\t\"c\": 1,\n\t\"l\": [\n\t\t1,\n\t\t\"two\"\n\t],\n\t\"m\": {\n\t\t\"k\": \"v\"\n\t}\n}\n",
    ),
    ("p.env", "A=b\n#comment\nB=c d\n"),
    ("p.ini", "[s]\na = b\n\n[t]\nc = d\n"),
    ("behind.yaml", "a: b # two\nc: d\n"),
    (
        "comments.ini",
        "; first\nd = 1\n\n; about s\n[s]\n; about a\na = b\n; about b\nb = c\n",
    ),
    ("multi.yaml", "a: b\n---\nc: d\n"),
    (
        "comments.yaml",
        "# head\na: b\n# above\nc:\n    # inside\n    d: e\n",
    ),
    (
        "flat.yaml",
        "s: text\ni: 7\nf: 1.5\ng: 1e+09\nb: true\nd: 2020-01-02T00:00:00Z\ne: \"\"\nz: null\n",
    ),
    (
        "flat.json",
        "{\n\t\"s\": \"text\",\n\t\"f\": 2.5,\n\t\"z\": null\n}\n",
    ),
    ("names.yaml", "\"a=b\": x\n"),
    ("marks.json", "{\n\t\"a\": \"<&>\"\n}\n"),
    ("beside.yaml", "a: b # beside\nc: 1\n"),
];
