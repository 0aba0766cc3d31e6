//! `bulla inspect` on SealedSecrets.

use snapbox::{assert_data_eq, str};

use crate::keys::{LONG_AGO, pin, repo, sealed};
use crate::support::secret;

#[test]
fn what_can_be_told_without_a_key_and_with_one() {
    let repo = repo();
    sealed(&repo, "clusters/db.yaml", &secret("db"));
    let text = repo.bulla("inspect clusters/db.yaml").ok();
    assert_data_eq!(
        &text,
        str![[r#"
`clusters/db.yaml`, line 1: SealedSecret `shop/db`
  opens in  `shop/db` (scope Strict)
  values    2: password, username
  template  none; bound to nothing
  sealed by an RSA key of 2048 bits: password, username
            perhaps prod (`keys/prod.pem`, fp-[..])
            which key of that size it was can't be told without the private half

"#]]
    );
    let text = repo.bulla("inspect clusters/db.yaml -I @prod-rsa").ok();
    assert!(text.contains("  opens     password: with fp-"), "{text}");
    assert!(text.contains(", the pinned one of prod\n"), "{text}");
    let json = repo
        .bulla("inspect clusters/db.yaml -o json -I @prod-rsa")
        .ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["kind"], "SealedSecret");
    assert_eq!(json[0]["sealedBy"][0]["bits"], 2048);
    assert_eq!(json[0]["sealedBy"][0]["perhaps"][0]["name"], "prod");
    assert!(json[0]["opened"]["password"]["opensWith"].is_string());
}

#[test]
fn everything_that_is_wrong_is_said() {
    let repo = repo();
    pin(&repo, "old", LONG_AGO);
    sealed(&repo, "clusters/db.yaml", &secret("db"));
    let text = repo.read("clusters/db.yaml");
    let value = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("username: "))
        .unwrap();
    let wrong = text
        .replacen("  namespace: shop\n", "  namespace: prod\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: \"True\"\n", 1)
        .replace(value, &value[..40])
        .replacen("  encryptedData:\n", "  encryptedData:\n    plain: hunter2\n    zeros: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 1)
        .replacen("  template:\n", "  template:\n    data: {broken: '{{', plain: x}\n", 1);
    repo.write("clusters/db.yaml", wrong);
    let text = repo.bulla("inspect clusters/db.yaml -I @prod-rsa").ok();
    for expected in [
        "value `plain`: illegal base64 data at input byte",
        "value `username`: it is too short for a sealed value\n",
        "value `zeros`: its length prefix says a key of 0 bits",
        "counts with the value `true` only, and says `True`\n",
        "its template says namespace `shop`: what counts is `prod`",
        "closed    password: sealed for `shop/db`, found in `prod/db`\n",
        "the template of `plain` never counts",
        "the pinned certificate of old (`keys/old.pem`) has expired\n",
        "`broken`",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
