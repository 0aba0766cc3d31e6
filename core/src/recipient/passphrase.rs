//! Files of identities under a passphrase, as `age -p` makes them of the output of `age-keygen`.

use std::io::Read as _;

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::dearmor;
use super::header::{Header, HeaderError};
use super::identity_file::IDENTITY_FILE_BYTES_MAX;

/// An age file under a passphrase, binary or armored. Nothing of it was opened.
#[derive(Debug, Clone)]
pub struct LockedIdentityFile(Vec<u8>);

/// Why a passphrase opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Not the passphrase, or the file was changed.
    #[error("the passphrase is another one")]
    Passphrase,
    /// More work than a person would ask for.
    #[error("its passphrase takes too much work and memory: at most 2^{WORK_FACTOR_MAX} is done")]
    WorkFactor,
    /// Damaged, or more than it should be.
    #[error("the age file is damaged, or larger than key files are")]
    Damaged,
}

impl LockedIdentityFile {
    /// `None` for what is no age file under a passphrase.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let file = match Header::read(bytes) {
            Err(HeaderError::Armored) => dearmor(str::from_utf8(bytes).ok()?)?,
            _ => bytes.to_vec(),
        };
        let header = Header::read(&file).ok()?;
        let locked = header.stanzas.iter().any(|stanza| stanza.kind == "scrypt");
        locked.then_some(Self(file))
    }

    /// Opens the file. It takes a second, as whoever made it wanted.
    ///
    /// # Errors
    ///
    /// [`PassphraseError`] by variant.
    pub fn unlock(&self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, PassphraseError> {
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
        identity.set_max_work_factor(WORK_FACTOR_MAX);
        let decryptor =
            age::Decryptor::new_buffered(&*self.0).map_err(|_| PassphraseError::Damaged)?;
        let identity: &dyn age::Identity = &identity;
        let reader = decryptor
            .decrypt([identity].into_iter())
            .map_err(|error| match error {
                age::DecryptError::ExcessiveWork { .. } => PassphraseError::WorkFactor,
                age::DecryptError::DecryptionFailed
                | age::DecryptError::KeyDecryptionFailed
                | age::DecryptError::NoMatchingKeys => PassphraseError::Passphrase,
                _ => PassphraseError::Damaged,
            })?;
        // Its final size from the start: a vector that grows leaves copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(self.0.len() + 1));
        let limit = IDENTITY_FILE_BYTES_MAX as u64 + 1;
        reader
            .take(limit)
            .read_to_end(&mut text)
            .map_err(|_| PassphraseError::Damaged)?;
        match text.len() {
            length if length > IDENTITY_FILE_BYTES_MAX => Err(PassphraseError::Damaged),
            _ => Ok(text),
        }
    }
}

/// 2^20 takes a gibibyte of memory; `age` makes files with 2^18.
const WORK_FACTOR_MAX: u8 = 20;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn locked(work_factor: u8, text: &[u8]) -> Vec<u8> {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("correct horse"));
        recipient.set_work_factor(work_factor);
        let recipient: &dyn age::Recipient = &recipient;
        let encryptor = age::Encryptor::with_recipients([recipient].into_iter());
        let mut writer = encryptor
            .and_then(|encryptor| Ok(encryptor.wrap_output(Vec::new())?))
            .expect("a passphrase");
        writer.write_all(text).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn a_passphrase_opens_its_file_in_either_form() {
        let file = locked(4, b"# keys\n");
        for form in [file.clone(), super::super::armor(&file).into_bytes()] {
            let locked = LockedIdentityFile::read(&form).expect("a file under a passphrase");
            let opened = locked.unlock("correct horse");
            assert_eq!(opened.as_deref().map(Vec::as_slice), Ok(&b"# keys\n"[..]));
            assert_eq!(locked.unlock("horse"), Err(PassphraseError::Passphrase));
        }
        let mut damaged = file;
        *damaged.last_mut().expect("a payload") ^= 1;
        let damaged = LockedIdentityFile::read(&damaged).expect("a file under a passphrase");
        assert_eq!(
            damaged.unlock("correct horse"),
            Err(PassphraseError::Damaged)
        );
    }

    #[test]
    fn work_is_bounded() {
        let text = String::from_utf8_lossy(&locked(2, b"")).into_owned();
        let header = text.find("---").expect("a header");
        let more = text[..header].replacen(" 2\n", " 21\n", 1);
        let file = [more.as_bytes(), &locked(2, b"")[header..]].concat();
        let locked = LockedIdentityFile::read(&file).expect("a file under a passphrase");
        assert_eq!(
            locked.unlock("correct horse"),
            Err(PassphraseError::WorkFactor)
        );
    }

    #[test]
    fn other_files_are_none() {
        for other in [
            &b""[..],
            b"# created: \nAGE-SECRET-KEY-1",
            b"age-encryption.org/v1\n",
        ] {
            assert!(LockedIdentityFile::read(other).is_none());
        }
    }
}
