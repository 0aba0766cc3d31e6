//! Published vectors of the post-quantum suite, for the parts that cannot be reached from outside.

use sha3::Shake128;
use sha3::digest::{ExtendableOutput, XofReader};
use zeroize::Zeroizing;

use super::derive::HpkeContext;
use super::xwing::{PublicKey, SecretKey, Unusable};

/// draft-connolly-cfrg-xwing-kem, appendix C: seeds and randomness are the output of SHAKE-128 over nothing.
#[test]
fn xwing_shares_the_secrets_of_the_draft() {
    let mut stream = Shake128::default().finalize_xof();
    for secret in [
        "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
        "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
        "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
    ] {
        let (mut seed, mut randomness) = ([0; 32], Zeroizing::new([0; 64]));
        stream.read(&mut seed);
        stream.read(&mut *randomness);
        let key = SecretKey::from_seed(&seed);
        let public = PublicKey::new(key.public().as_bytes()).expect("a generated key is valid");
        let (encapsulated, sent) = public.encapsulate(&randomness).expect("a valid key");
        let received = key.decapsulate(&encapsulated).expect("a valid ciphertext");
        assert_eq!(sent.as_bytes(), received.as_bytes());
        assert_eq!(sent.as_bytes().as_slice(), hex(secret));
    }
}

/// draft-ietf-hpke-pq, the vector of exactly this suite.
#[test]
fn hpke_derives_the_keys_of_the_draft() {
    let vector = include_str!("../../tests/vectors/recipient/hpke_mlkem768x25519.json");
    let vector: serde_json::Value = serde_json::from_str(vector).expect("the vector is JSON");
    let field = |name: &str| hex(vector[name].as_str().expect("the field is there"));

    let key = SecretKey::from_seed(&field("skRm").try_into().expect("32 bytes"));
    assert_eq!(key.public().as_bytes().as_slice(), field("pkRm"));
    let encapsulated = field("enc").try_into().expect("1120 bytes");
    let shared = key.decapsulate(&encapsulated).expect("a valid ciphertext");
    assert_eq!(shared.as_bytes().as_slice(), field("shared_secret"));
    let context = HpkeContext::new(shared.as_bytes(), &field("info"));
    assert_eq!(context.key_and_nonce(), (field("key"), field("base_nonce")));
}

#[test]
fn a_low_order_share_is_unusable() {
    let key = SecretKey::from_seed(&[7; 32]);
    let (mut encapsulated, _) = key
        .public()
        .encapsulate(&Zeroizing::new([9; 64]))
        .expect("a valid key");
    encapsulated[1088..].fill(0);
    assert_eq!(key.decapsulate(&encapsulated).err(), Some(Unusable));
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits
        .map(|pair| {
            u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex digits")
        })
        .collect()
}
