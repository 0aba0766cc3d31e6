//! The identities that are at hand, found by fingerprint.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Closed, Fingerprint, FromReserve, Identity, Reserve, UnwrapError};

/// Identities in the order given, newest first by convention. Cloning it shares them.
#[derive(Clone, Default)]
pub struct KeyRing(Arc<Keys>);

#[derive(Default)]
struct Keys {
    identities: Vec<Identity>,
    places: HashMap<Fingerprint, usize>,
    reserve: Option<Arc<dyn Reserve>>,
}

impl KeyRing {
    /// Takes over `identities`; one that is there twice stands where it was first.
    pub fn new(identities: Vec<Identity>) -> Self {
        Self::build(identities, None)
    }

    /// The same, with keys that are asked for when none of these opens what is to be opened.
    pub fn with_reserve(identities: Vec<Identity>, reserve: Arc<dyn Reserve>) -> Self {
        Self::build(identities, Some(reserve))
    }

    fn build(mut identities: Vec<Identity>, reserve: Option<Arc<dyn Reserve>>) -> Self {
        let mut places = HashMap::with_capacity(identities.len());
        identities.retain(|identity| {
            let place = places.len();
            let fresh = !places.contains_key(&identity.fingerprint());
            if fresh {
                places.insert(identity.fingerprint(), place);
            }
            fresh
        });
        Self(Arc::new(Keys {
            identities,
            places,
            reserve,
        }))
    }

    /// Opens one of `files` with a key in reserve.
    ///
    /// # Errors
    ///
    /// Those of [`Reserve::open`].
    pub fn open_from_reserve(
        &self,
        files: &[Closed<'_>],
        max_payload: usize,
    ) -> Result<Option<FromReserve>, (usize, UnwrapError)> {
        match &self.0.reserve {
            Some(reserve) if !files.is_empty() => reserve.open(files, max_payload),
            _ => Ok(None),
        }
    }

    /// What kept keys in reserve from being had so far, a line each.
    pub fn troubles(&self) -> Vec<String> {
        let reserve = self.0.reserve.as_ref();
        reserve.map_or_else(Vec::new, |reserve| reserve.troubles())
    }

    /// The identity with this fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&Identity> {
        let place = self.0.places.get(fingerprint)?;
        self.0.identities.get(*place)
    }

    /// All identities, in the order given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Identity> {
        self.0.identities.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.identities.len()
    }

    /// True when there are none at hand, whatever is in reserve.
    pub fn is_empty(&self) -> bool {
        self.0.identities.is_empty()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Suite;
    use super::*;

    #[test]
    fn a_key_ring_can_be_shared_among_threads() {
        fn shared<T: Clone + Send + Sync + 'static>(_: T) {}
        shared(KeyRing::default());
    }

    #[test]
    fn identities_are_found_by_fingerprint_and_keep_their_order() {
        let [newest, middle, oldest] =
            [(); 3].map(|()| Identity::generate(Suite::X25519, &mut rand_core::OsRng));
        let order = [
            newest.fingerprint(),
            middle.fingerprint(),
            oldest.fingerprint(),
        ];
        let again = newest.duplicate();
        let ring = KeyRing::new(vec![newest, middle, again, oldest]);
        let found: Vec<Fingerprint> = ring.iter().map(Identity::fingerprint).collect();
        assert_eq!(found, order);
        assert_eq!(ring.len(), 3);
        for fingerprint in order {
            assert_eq!(
                ring.get(&fingerprint).map(Identity::fingerprint),
                Some(fingerprint)
            );
        }
        assert!(ring.get(&Fingerprint::of("another")).is_none());
        assert!(KeyRing::default().is_empty());
    }
}
