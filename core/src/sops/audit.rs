//! What can be told of an encrypted file without any key: which values are closed, and which should be.

use super::cipher::is_closed;
use super::error::{At, SopsError};
use super::file::Store;
use super::metadata::Metadata;
use super::selector::Selector;
use super::site::{Site, SiteState, sites};
use super::walk::{Scalar, Step, Walk};

/// A file as anybody can see it.
pub struct Audit {
    /// Its block.
    pub metadata: Metadata,
    /// Values that are encrypted, in their order.
    pub closed: Vec<At>,
    /// Values that the selector wants encrypted, and that are readable.
    pub readable: Vec<At>,
    /// Values that begin like ciphertexts and are none.
    pub malformed: Vec<At>,
    /// How many values stay plaintext by the selector.
    pub plain: usize,
}

impl Store {
    /// Looks at an encrypted file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; `NotEncrypted` where it has no block.
    pub fn audit(self, file: &[u8]) -> Result<Audit, SopsError> {
        let mut audit = Audit {
            metadata: self.metadata(file)?,
            closed: Vec::new(),
            readable: Vec::new(),
            malformed: Vec::new(),
            plain: 0,
        };
        for site in self.sites(file)?.into_iter().filter(|site| !site.comment) {
            match (site.state, site.selected) {
                (SiteState::Closed(_), true) => audit.closed.push(site.at),
                (SiteState::Malformed, true) => audit.malformed.push(site.at),
                (SiteState::Plain, true) => audit.readable.push(site.at),
                (SiteState::Empty, _) => {}
                (_, false) => audit.plain += 1,
            }
        }
        Ok(audit)
    }

    /// Which values of a file that is not encrypted the selector names.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn selected(self, file: &[u8], selector: &Selector) -> Result<Vec<At>, SopsError> {
        if self == Self::Binary {
            return Ok(Vec::new());
        }
        let all = self.read(file, |body| Ok(sites(body.steps(), Some(selector))))?;
        let exposed = all.into_iter().filter(Site::is_exposed);
        Ok(exposed.map(|site| site.at).collect())
    }
}

impl Store {
    /// The encrypted values of a file, as they are written, by what people call their places.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn ciphertexts(self, file: &[u8]) -> Result<Vec<(String, String)>, SopsError> {
        let format = |steps: &[Step<'_>]| {
            let (mut walk, mut found) = (Walk::new(None), Vec::new());
            for step in steps {
                match step {
                    Step::Open(key, ..) => walk.open(key.as_deref()),
                    Step::Close => walk.close(),
                    Step::Comment(..) => {}
                    Step::Leaf(key, value, ..) => {
                        walk.enter(key.as_deref());
                        let text = value.as_ref().and_then(Scalar::as_text);
                        if let Some(text) = text.filter(|text| is_closed(text)) {
                            found.push((walk.at().to_string(), text.to_owned()));
                        }
                        walk.leave();
                    }
                }
            }
            found
        };
        self.read(file, |body| Ok(format(body.steps())))
    }
}

impl Audit {
    /// True where the block has a MAC.
    pub fn has_mac(&self) -> bool {
        self.metadata.mac().is_some_and(is_closed)
    }
}
