//! SOPS' files: values closed under a data key, a MAC over all of them, and a block that says who can open it.
//!
//! A [`Store`] reads and writes one format. [`Store::decrypt`] is the one door to plaintext: every value and the
//! MAC are verified before any of it leaves. [`Store::encrypt`] changes the bytes of the values that the
//! selector names, and adds the block; everything else stays as it was written, and what did not change keeps
//! its ciphertext. Both read their result again and compare it before they hand it out.
//!
//! # Caveats
//!
//! - The format has no sender: whoever has the recipients' public keys can make a valid file.
//! - The MAC covers neither the block nor null, empty collections and keys of values that stay plaintext.
//! - Entries of other key providers are kept as they are, and open nothing here.

mod audit;
mod binary;
mod body;
mod change;
mod cipher;
mod close;
pub mod config;
mod document;
mod dotenv;
mod drawn;
mod emit;
mod error;
mod file;
mod flat;
mod ini;
mod keys;
mod leaves;
mod mac;
mod merge;
mod metadata;
mod open;
mod renew;
mod rewrap;
mod selector;
mod shamir;
mod shown_block;
mod site;
mod spot;
#[cfg(test)]
mod tests;
mod tree;
mod value;
mod walk;

pub use audit::Audit;
pub use change::{Changed, Setting};
pub use cipher::{ClosedValue, DataKey, is_closed};
pub use document::place_of;
pub use emit::Layout;
pub use error::{At, SopsError};
pub use file::{Decrypted, DecryptedTree, Store};
pub use keys::Opener;
pub use leaves::{Leaf, Leaves};
pub use merge::{MergeError, Side, Versions};
pub use metadata::{AgeEntry, KeyGroup, Metadata};
pub use open::{Ciphertexts, MacPolicy};
pub use rewrap::Difference;
pub use selector::{Selector, SelectorKind};
pub use site::{Site, SiteState};
pub use spot::Spot;
pub use tree::{Child, Comment, Item, Tree};
pub use value::{Kind, Value, ValueFault};
