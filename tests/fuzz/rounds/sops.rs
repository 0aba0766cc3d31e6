//! What must hold for any bytes in any store of SOPS; for the fuzz target, and for a test over damaged vectors.

use bulla_core::manifest::Path;
use bulla_core::recipient::{Recipient, UnwrapError};
use bulla_core::sops::{
    AgeEntry, Ciphertexts, DataKey, Layout, MacPolicy, Metadata, Opener, Selector, SelectorKind,
    Setting, SopsError, Store,
};
use zeroize::Zeroizing;

/// Goes through everything that can be done to a file that a stranger wrote.
pub fn round(store: Store, selector: u8, bytes: &[u8]) {
    read(store, bytes);
    write(store, selector, bytes);
}

/// As an encrypted file: whatever it is, it is read or refused.
fn read(store: Store, bytes: &[u8]) {
    let _ = store.sites(bytes);
    let _ = store.tree(bytes);
    let Ok(metadata) = store.metadata(bytes) else {
        return;
    };
    if let Ok(same) = store.replace_metadata(bytes, &metadata) {
        assert!(
            store.metadata(&same).is_ok_and(|again| again == metadata),
            "the same block"
        );
    }
    if let Ok(opened) = store.decrypt(bytes, &Anybody, MacPolicy::Ignore) {
        let _ = store
            .tree(opened.plaintext.reveal())
            .expect("plaintext reads");
    }
}

/// As a plain file: what is closed opens to what it was, by every way.
fn write(store: Store, selector: u8, plain: &[u8]) {
    let rng = &mut Fixed;
    let selector = select(store, selector);
    let mut metadata = Metadata::new(selector.as_ref(), selector.is_none(), "3.13.3");
    let key = DataKey::generate(rng);
    let recipient: Recipient = RECIPIENT.parse().expect("a recipient");
    let closed = metadata.close_data_key(&key, &[vec![recipient]], None, rng);
    closed.expect("closed for one");
    let mut known = Ciphertexts::default();
    let Ok(file) = store.encrypt(plain, &mut metadata, &key, &mut known, NOW, rng) else {
        return;
    };
    let mut opened = store
        .decrypt(&file, &Anybody, MacPolicy::Verify)
        .expect("opens");
    let tree = store.tree(plain).expect("it was read before");
    let again = store
        .tree(opened.plaintext.reveal())
        .expect("plaintext reads");
    assert!(tree.same_values(&again), "values changed");
    if store == Store::Binary {
        assert_eq!(opened.plaintext.reveal(), plain);
        return;
    }
    let mut metadata = opened.metadata.clone();
    let plain = opened.plaintext.reveal();
    let again = store.encrypt(
        plain,
        &mut metadata,
        &key,
        &mut opened.ciphertexts,
        NOW,
        rng,
    );
    match again {
        Ok(again) => assert_eq!(
            ciphertexts(&again),
            ciphertexts(&file),
            "a ciphertext changed"
        ),
        // A file without values has nothing to select.
        Err(SopsError::NothingSelected { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: NOW,
    };
    let path: Path = match store {
        Store::Ini => ["zz", "zz"].into(),
        _ => ["zz"].into(),
    };
    if let Ok(changed) = store.set(&file, &Anybody, &path, &"x: y".into(), setting, rng) {
        let opened = store.decrypt_tree(&changed.file, &Anybody, MacPolicy::Verify);
        let opened = opened.expect("what was set opens");
        assert!(opened.tree.get(&path).is_some(), "what was set is there");
        let without = store.unset(&changed.file, &Anybody, &path, setting, rng);
        let _ = without.expect("what was set can be taken out");
    }
    if let Ok(laid_out) = store.lay_out(&file, store, &Layout::default()) {
        let opened = store.decrypt_tree(&laid_out, &Anybody, MacPolicy::Verify);
        assert!(
            opened
                .expect("another layout opens")
                .tree
                .same_values(&tree),
            "values changed"
        );
    }
}

fn select(store: Store, selector: u8) -> Option<Selector> {
    let (kind, text) = match selector % 7 {
        0 => (SelectorKind::EncryptedSuffix, "a"),
        1 => (SelectorKind::UnencryptedSuffix, "a"),
        2 => (SelectorKind::EncryptedRegex, "^[a-m]"),
        3 => (SelectorKind::UnencryptedRegex, "^[a-m]"),
        4 => (SelectorKind::EncryptedCommentRegex, "e"),
        5 => (SelectorKind::UnencryptedCommentRegex, "keep"),
        _ => return None,
    };
    (store != Store::Binary).then(|| Selector::new(kind, text).expect("compiles"))
}

/// The ciphertexts of a file in their order, but for the MAC.
fn ciphertexts(file: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(file).into_owned();
    let lines = text.lines().filter(|line| !line.contains("mac"));
    lines
        .filter(|line| line.contains("ENC["))
        .map(str::to_owned)
        .collect()
}

/// Has the data key of every file.
struct Anybody;

impl Opener for Anybody {
    fn open(&self, _: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        Ok(Some(Zeroizing::new(vec![7; 32])))
    }
}

/// Chance that is none.
struct Fixed;

impl rand_core::RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        0x0707_0707
    }

    fn next_u64(&mut self) -> u64 {
        0x0707_0707_0707_0707
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

const NOW: &str = "2026-11-21T12:00:00Z";
const RECIPIENT: &str = "age127zztklhy53zaueudc3m9rug9ca2ld4rewamrwcjua5y0rmafq2qdl4czy";
