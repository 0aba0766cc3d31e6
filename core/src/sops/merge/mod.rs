//! Three versions of an encrypted file merged by value, as Git asks for it.
//!
//! # Guarantees
//!
//! - A value that one side changed is that side's; one that both changed otherwise is a conflict. What is handed out
//!   was read again and says just that.
//! - Values that didn't change keep their ciphertexts, and the text around them is merged by lines. Where those don't go
//!   together, the values are written into our text, and comments of theirs around them are left out.
//! - With the data key, every MAC is verified before anything is merged, and the result has a new one.
//! - Without it a file comes out only where no more than one side changed the MAC, so that it still holds.
//! - Where the sides have different data keys the result has neither, but one of its own: whoever renewed the key wanted
//!   the old one out of use, and the other one may be known to more people than the block names.
//! - A recipient that one side took off is off. One that our side added is on; one that only their side names is on only
//!   where somebody decided for their side: nobody else lets their recipients read our values.
//! - What is encrypted on a side does not become plaintext.

mod block;
mod by_values;
mod lines;
mod values;

use std::collections::HashSet;

use rand_core::RngCore;

use crate::plaintext::Plaintext;

use super::cipher::DataKey;
use super::error::{At, SopsError};
use super::file::{Decrypted, Store};
use super::keys::{Opener, beginning};
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy};
use super::site::SiteState;
use block::Blocks;
use lines::Ways;

/// A side of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// That of the current branch.
    Ours,
    /// That of the branch that is merged into it.
    Theirs,
}

/// The versions of a file.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'v> {
    /// What both sides began with; empty where both added the file.
    pub base: &'v [u8],
    /// On the current branch.
    pub ours: &'v [u8],
    /// On the other one.
    pub theirs: &'v [u8],
}

/// Why versions were not merged. No value is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A version that can't be read or opened.
    #[error("{side}")]
    Version {
        /// Which one.
        side: &'static str,
        /// What is wrong.
        #[source]
        source: SopsError,
    },
    /// Values that both sides changed.
    #[error("both sides changed {}", listed(.0))]
    Values(Vec<At>),
    /// Recipients that only their side names.
    #[error("their side lets others read the file: {}", beginnings(.0))]
    Recipients(Vec<String>),
    /// What a side has encrypted, and would be plaintext.
    #[error("it would come out in plaintext, and is encrypted on a side: {}", listed(.0))]
    Exposed(Vec<At>),
    /// A field of the block that can't be merged.
    #[error("the sides differ in `{}` of the `sops` block", .0.escape_debug())]
    Block(String),
    /// Both sides changed values, and the data key is not at hand.
    #[error("both sides changed values, and no identity at hand renews the MAC")]
    NoKey(#[source] SopsError),
    /// The values go together, and the text around them does not.
    #[error("the values go together, but the lines around them do not")]
    Layout,
    /// The merged file could not be closed.
    #[error("failed to close the merged file")]
    Close(#[source] SopsError),
}

impl Store {
    /// Merges, with what opens the data key or without it; `favour` settles conflicts. `now` is the time, in RFC 3339
    /// and UTC.
    ///
    /// # Errors
    ///
    /// [`MergeError`] by variant.
    pub fn merge(
        self,
        versions: Versions<'_>,
        opener: &impl Opener,
        favour: Option<Side>,
        now: &str,
        rng: &mut impl RngCore,
    ) -> Result<Vec<u8>, MergeError> {
        let Versions { base, ours, theirs } = versions;
        if ours == theirs || base == theirs {
            return Ok(ours.to_vec());
        }
        if base == ours {
            return Ok(theirs.to_vec());
        }
        let merged = match self.opened(versions, opener) {
            Ok(opened) => self.merge_opened(&opened, favour, now, rng),
            Err(MergeError::Version {
                source: source @ SopsError::NoDataKey { .. },
                ..
            }) => self.merge_closed(versions, source, favour),
            Err(error) => Err(error),
        }?;
        self.refuse_exposed(versions, &merged)?;
        Ok(merged)
    }

    /// A comment can say what is encrypted, and one side's lines can take it away from the other side's value.
    fn refuse_exposed(self, versions: Versions<'_>, merged: &[u8]) -> Result<(), MergeError> {
        let mut closed = HashSet::new();
        for (side, file) in [(OURS, versions.ours), (THEIRS, versions.theirs)] {
            let sites = self.sites(file);
            let sites = sites.map_err(|source| MergeError::Version { side, source })?;
            let of_side = sites.into_iter().filter(|site| {
                !site.comment && !matches!(site.state, SiteState::Plain | SiteState::Empty)
            });
            closed.extend(of_side.map(|site| site.at.to_string()));
        }
        let sites = self.sites(merged).map_err(MergeError::Close)?;
        let exposed = sites.into_iter().filter(|site| {
            !site.comment && site.state == SiteState::Plain && closed.contains(&site.at.to_string())
        });
        let exposed: Vec<_> = exposed.map(|site| site.at).collect();
        match exposed.is_empty() {
            true => Ok(()),
            false => Err(MergeError::Exposed(exposed)),
        }
    }

    fn opened(self, versions: Versions<'_>, opener: &impl Opener) -> Result<Opened, MergeError> {
        let open = |side, file, policy| {
            let opened = self.decrypt(file, opener, policy);
            opened.map_err(|source| MergeError::Version { side, source })
        };
        Ok(Opened {
            base: match versions.base {
                [] => None,
                base => match open(BASE, base, MacPolicy::Ignore) {
                    Ok(opened) => Some(Base::Encrypted(Box::new(opened))),
                    // Both sides encrypted it.
                    Err(MergeError::Version {
                        source: SopsError::NotEncrypted,
                        ..
                    }) => Some(Base::Plain(Plaintext::from(base))),
                    Err(error) => return Err(error),
                },
            },
            ours: open(OURS, versions.ours, MacPolicy::Verify)?,
            theirs: open(THEIRS, versions.theirs, MacPolicy::Verify)?,
        })
    }

    fn merge_opened(
        self,
        opened: &Opened,
        favour: Option<Side>,
        now: &str,
        rng: &mut impl RngCore,
    ) -> Result<Vec<u8>, MergeError> {
        let Opened { base, ours, theirs } = opened;
        let (base_text, base_block) = match base {
            None => (&b""[..], None),
            Some(Base::Plain(text)) => (text.reveal(), None),
            Some(Base::Encrypted(opened)) => (opened.plaintext.reveal(), Some(&opened.metadata)),
        };
        let texts = [
            base_text,
            ours.plaintext.reveal(),
            theirs.plaintext.reveal(),
        ];
        let merged = self.merge_text(texts, favour, Rest::Written)?;
        let blocks = Blocks {
            base: base_block,
            ours: &ours.metadata,
            theirs: &theirs.metadata,
        };
        let own;
        let (holder, key, mut known) = if ours.data_key.bytes() == theirs.data_key.bytes() {
            let mut known = ours.ciphertexts.duplicate();
            known.append(theirs.ciphertexts.duplicate());
            (Some(Side::Ours), &ours.data_key, known)
        } else {
            own = DataKey::generate(rng);
            (None, &own, Ciphertexts::default())
        };
        let block = blocks.merge(holder, favour)?;
        let mut block = block.complete(key).map_err(MergeError::Close)?;
        self.encrypt(&merged, &mut block, key, &mut known, now, rng)
            .map_err(MergeError::Close)
    }

    /// Merges what can be merged by ciphertexts alone.
    fn merge_closed(
        self,
        versions: Versions<'_>,
        no_key: SopsError,
        favour: Option<Side>,
    ) -> Result<Vec<u8>, MergeError> {
        let Versions { base, ours, theirs } = versions;
        let block = |side, file| {
            let block = self.metadata(file);
            block.map_err(|source| MergeError::Version { side, source })
        };
        let [of_base, of_ours, of_theirs] =
            [(BASE, base), (OURS, ours), (THEIRS, theirs)].map(|(side, file)| block(side, file));
        let (Ok(of_base), of_ours, of_theirs) = (of_base, of_ours?, of_theirs?) else {
            return Err(MergeError::NoKey(no_key));
        };
        let changed = |block: &Metadata| block.mac() != of_base.mac();
        let renewed = |block: &Metadata| {
            let kept = of_base.key_groups() == block.key_groups();
            changed(block) && !kept
        };
        let writer = match (changed(&of_ours), changed(&of_theirs)) {
            (true, true) => return Err(MergeError::NoKey(no_key)),
            (_, false) => Side::Ours,
            (false, true) => Side::Theirs,
        };
        let (written, other) = match writer {
            Side::Ours => (&of_ours, &of_theirs),
            Side::Theirs => (&of_theirs, &of_ours),
        };
        // It may have another data key by now, which the other side's age files don't hold.
        if renewed(written) && of_base.key_groups() != other.key_groups() {
            return Err(MergeError::NoKey(no_key));
        }
        let blocks = Blocks {
            base: Some(&of_base),
            ours: &of_ours,
            theirs: &of_theirs,
        };
        let mut merged = blocks.merge(Some(writer), favour)?.metadata;
        if let (Some(mac), Ok(time)) = (written.mac(), written.last_modified()) {
            merged.set_mac(&time, mac.to_owned());
        }
        // Under one block the files differ by their values alone.
        let under = |side, file| {
            let file = self.replace_metadata(file, &of_ours);
            file.map_err(|source| MergeError::Version { side, source })
        };
        let [base, ours, theirs] = [
            under(BASE, base)?,
            under(OURS, ours)?,
            under(THEIRS, theirs)?,
        ];
        // The MAC is over the values in their order, and stays that of its writer.
        let file = self.merge_text([&base, &ours, &theirs], favour, Rest::Refused)?;
        self.replace_metadata(&file, &merged)
            .map_err(MergeError::Close)
    }

    /// Merges texts by lines, and sees to it that the values are those of a merge by value.
    fn merge_text(
        self,
        [base, ours, theirs]: [&[u8]; 3],
        favour: Option<Side>,
        rest: Rest,
    ) -> Result<Vec<u8>, MergeError> {
        let tree = |side, text| {
            let tree = self.tree(text);
            tree.map_err(|source| MergeError::Version { side, source })
        };
        let trees = [(BASE, base), (OURS, ours), (THEIRS, theirs)];
        let [of_base, of_ours, of_theirs] = trees.map(|(side, text)| tree(side, text));
        let (of_ours, of_theirs) = (of_ours?, of_theirs?);
        let of_base = match base {
            [] => Default::default(),
            _ => of_base?,
        };
        let wanted = values::merge(&of_base, &of_ours, &of_theirs, favour);
        let wanted = wanted.map_err(MergeError::Values)?;
        for (text, tree) in [(ours, &of_ours), (theirs, &of_theirs)] {
            if values::are(&wanted, tree) && (self == Self::Binary || base.is_empty()) {
                return Ok(text.to_vec());
            }
        }
        let texts = [base, ours, theirs].map(std::str::from_utf8);
        let [Ok(base), Ok(ours), Ok(theirs)] = texts else {
            return Err(MergeError::Layout);
        };
        let common = base.is_empty().then(|| lines::common(ours, theirs));
        let base = common.as_ref().map_or(base, |common| common.as_str());
        for in_a_row in [true, false] {
            let merged = lines::merge(base, ours, theirs, Ways { favour, in_a_row });
            let found = merged.filter(|text| {
                let tree = self.tree(text.as_bytes());
                tree.is_ok_and(|tree| values::are(&wanted, &tree))
            });
            if let Some(text) = found {
                return Ok(text.as_bytes().to_vec());
            }
        }
        let written = match rest {
            Rest::Written => by_values::written(self, ours.as_bytes(), &of_ours, &wanted),
            Rest::Refused => None,
        };
        let found = written.filter(|text| {
            let tree = self.tree(text);
            tree.is_ok_and(|tree| values::are(&wanted, &tree))
        });
        found.map(|text| text.to_vec()).ok_or(MergeError::Layout)
    }
}

/// What becomes of values that go together where their lines don't.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// They are written into our text.
    Written,
    /// The merge stops.
    Refused,
}

struct Opened {
    base: Option<Base>,
    ours: Decrypted,
    theirs: Decrypted,
}

enum Base {
    Encrypted(Box<Decrypted>),
    Plain(Plaintext),
}

fn listed(places: &[At]) -> String {
    some_of(places, At::to_string)
}

fn beginnings(recipients: &[String]) -> String {
    some_of(recipients, |recipient| beginning(recipient))
}

fn some_of<T>(all: &[T], show: impl Fn(&T) -> String) -> String {
    let shown: Vec<_> = all.iter().take(SHOWN).map(show).collect();
    let more = match all.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod tests;

const BASE: &str = "the version that both began with";
const OURS: &str = "our version";
const THEIRS: &str = "their version";
/// So many places are named.
const SHOWN: usize = 5;
