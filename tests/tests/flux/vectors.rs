//! Vectors of any form, as files of a generator: what Flux makes of them is what sops makes of them.

use std::fmt::Write;

use crate::support::{Team, flux, text, vector};

/// Each becomes byte for byte what `sops decrypt` prints.
const FILES: [&str; 24] = [
    "kitchen.yaml",
    "unencrypted_types.yaml",
    "bools.yaml",
    "times.yaml",
    "empties.yaml",
    "list_comments.yaml",
    "comments.yaml",
    "multidoc.yaml",
    "anchors.yaml",
    "tags.yaml",
    "k8s_regex.yaml",
    "k8s_unregex.yaml",
    "enc_suffix.yaml",
    "unenc_suffix.yaml",
    "unenc_comment.yaml",
    "types.json",
    "simple.json",
    "flat.env",
    "full.ini",
    "blob.bin",
    "emptyblob.bin",
    "text.txt",
    "shamir.yaml",
    "multi_recipient.yaml",
];

fn encrypted(file: &str) -> Vec<u8> {
    let (name, end) = file.rsplit_once('.').expect("a vector has an ending");
    vector(&format!("{name}.enc.{end}"))
}

fn decrypted(file: &str) -> Vec<u8> {
    let (name, end) = file.rsplit_once('.').expect("a vector has an ending");
    vector(&format!("{name}.dec.{end}"))
}

fn generator(files: &[&str]) -> String {
    let mut text = "secretGenerator:\n  - name: files\n    options: {disableNameSuffixHash: true}\n    files:\n".to_owned();
    for file in files {
        let _ = writeln!(text, "      - {file}");
    }
    text
}

#[tokio::test]
async fn flux_makes_of_vectors_what_sops_makes_of_them() {
    let names = ["age-x25519", "age-x25519-b", "age-pq"];
    let keys = names.map(|name| text(&format!("{name}.txt")));
    let keys = [("a", keys[0].as_str()), ("b", &keys[1]), ("pq", &keys[2])];
    let team = Team::new("flux-vectors", &keys).await;
    let mut kustomization = team
        .kustomization("vectors")
        .file("kustomization.yaml", generator(&FILES));
    for file in FILES {
        kustomization = kustomization.file(file, encrypted(file));
    }
    assert_eq!(flux().deliver(&kustomization).await, Ok(()));
    let secret = team.secret("files").await.expect("it is generated");
    for file in FILES {
        let found = String::from_utf8_lossy(&secret[file]);
        assert_eq!(found, String::from_utf8_lossy(&decrypted(file)), "{file}");
        assert_eq!(secret[file], decrypted(file), "{file}");
    }
}

/// A vector in which nothing but the way of writing differs from what sops writes.
const OTHERS: [(&str, &str); 4] = [
    ("old_style_metadata", PLAIN),
    (
        "reformat_ok_2",
        "# plain comment added\na: x # plain inline\nb:\n    c: \"y\"\n    l:\n        - 1\n        - z\n# tail\n",
    ),
    (
        "reformat_ok_7",
        "a: x\nb:\n    c: \"y\"\n    l:\n        # plain list comment\n        - 1\n        - z\n",
    ),
    // Two items changed places, which nothing but the MAC tells.
    (
        "bad_swapped_list",
        "a: x\nb:\n    c: \"y\"\n    l:\n        - z\n        - 1\n",
    ),
];
const PLAIN: &str = "a: x\nb:\n    c: \"y\"\n    l:\n        - 1\n        - z\n";

#[tokio::test]
async fn flux_takes_files_that_are_written_in_other_ways() {
    let team = Team::new("flux-others", &[("age", &text("age-x25519.txt"))]).await;
    for (name, expected) in OTHERS {
        assert_eq!(one(&team, name).await, Ok(expected.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn what_flux_does_not_take_we_never_write() {
    let team = Team::new("flux-untaken", &[("age", &text("age-x25519.txt"))]).await;
    // Without a MAC it is no encrypted file to Flux, and the Secret holds the ciphertext.
    let file = text("bad_nomac.enc.yaml");
    assert_eq!(one(&team, "bad_nomac").await, Ok(file));
    let error = one(&team, "quirk_unquoted_lastmodified").await;
    let error = error.expect_err("a time is no text");
    assert!(
        error.contains("'lastmodified' expected type 'string'"),
        "{error}"
    );
}

/// What becomes of a vector as the only file of a Secret.
async fn one(team: &Team, name: &str) -> Result<String, String> {
    let kustomization = team
        .kustomization("file")
        .file("kustomization.yaml", generator(&["file.yaml"]))
        .file("file.yaml", vector(&format!("{name}.enc.yaml")));
    flux().deliver(&kustomization).await?;
    let secret = team.secret("files").await.expect("it is generated");
    Ok(String::from_utf8_lossy(&secret["file.yaml"]).into_owned())
}
