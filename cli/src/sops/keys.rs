//! What opens files: the identities at hand, where sops looks for them.

use bulla_core::recipient::KeyRing;

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;
use crate::identities::Identities;
use crate::printer::Printer;

/// The identities. One that can't be read ends as a file that can't be opened.
pub(super) fn ring(printer: &Printer) -> Result<KeyRing, Ended> {
    let found = Identities::as_sops(printer);
    Ok(found
        .map_err(|failure| Ended::from(failure).code(128))?
        .ring)
}

/// Checks `--decryption-order`: age is all that is tried, whatever its place.
pub(super) fn check_order(line: &Line) -> Result<(), Ended> {
    let Some(order) = line.text(Flag::DecryptionOrder)? else {
        return Ok(());
    };
    let mut seen = Vec::new();
    for kind in order.split(',').map(str::trim) {
        if !KEY_TYPES.contains(&kind) {
            return Err(CommandError::Order(kind.to_owned()).into());
        }
        if seen.contains(&kind) {
            return Err(CommandError::OrderTwice(kind.to_owned()).into());
        }
        seen.push(kind);
    }
    Ok(())
}

const KEY_TYPES: [&str; 7] = [
    "age", "pgp", "kms", "gcp_kms", "hckms", "azure_kv", "hc_vault",
];
