//! What was opened once stays open for the run: each distinct data key is unwrapped once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bulla_core::recipient::UnwrapError;
use bulla_core::sops::{AgeEntry, Opener};
use zeroize::Zeroizing;

/// An opener that remembers, for threads that work on many files side by side.
pub(crate) struct KeptKeys<'o, O> {
    opener: &'o O,
    known: Mutex<HashMap<String, Slot>>,
}

/// Held while its answer is being found, so that nobody else asks for the same.
type Slot = Arc<Mutex<Option<Option<Zeroizing<Vec<u8>>>>>>;

impl<'o, O: Opener> KeptKeys<'o, O> {
    pub(crate) fn new(opener: &'o O) -> Self {
        Self {
            opener,
            known: Mutex::default(),
        }
    }
}

impl<O> KeptKeys<'_, O> {
    /// Errors are not kept: who could not be asked may be there the next time.
    fn once<E>(
        &self,
        enc: String,
        open: impl FnOnce() -> Result<Option<Zeroizing<Vec<u8>>>, E>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, E> {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(enc).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = &*slot {
            return Ok(answer.clone());
        }
        let answer = open()?;
        *slot = Some(answer.clone());
        Ok(answer)
    }
}

impl<O: Opener> Opener for KeptKeys<'_, O> {
    fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
        self.once(entry.enc.clone(), || self.opener.open(entry))
    }

    /// All entries of a group at once: who asks for what is in reserve asks when nothing at hand opens any of them.
    fn open_any(
        &self,
        entries: &[AgeEntry],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, (usize, UnwrapError)> {
        let group: Vec<&str> = entries.iter().map(|entry| entry.enc.as_str()).collect();
        self.once(group.join("\n"), || self.opener.open_any(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counting(AtomicUsize);

    impl Opener for Counting {
        fn open(&self, entry: &AgeEntry) -> Result<Option<Zeroizing<Vec<u8>>>, UnwrapError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            match entry.enc.as_str() {
                "damaged" => Err(UnwrapError::NotAge),
                "theirs" => Ok(None),
                enc => Ok(Some(enc.as_bytes().to_vec().into())),
            }
        }
    }

    #[test]
    fn each_entry_is_asked_for_once_by_however_many_threads() {
        let counting = Counting(AtomicUsize::new(0));
        let kept = KeptKeys::new(&counting);
        let entry = |enc: &str| AgeEntry {
            recipient: "age1".to_owned(),
            enc: enc.to_owned(),
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for enc in ["one", "two", "theirs"] {
                        let found = kept.open(&entry(enc)).unwrap();
                        assert_eq!(found.is_none(), enc == "theirs");
                    }
                });
            }
        });
        assert_eq!(counting.0.load(Ordering::SeqCst), 3);
        assert!(kept.open(&entry("damaged")).is_err());
        assert!(kept.open(&entry("damaged")).is_err());
        assert_eq!(counting.0.load(Ordering::SeqCst), 5);
    }
}
