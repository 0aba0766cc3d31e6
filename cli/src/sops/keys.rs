//! What opens files: the identities at hand, where sops looks for them.

use bulla_core::sops::SopsError;

use super::error::{CommandError, Ended, in_core_with};
use super::grammar::Flag;
use super::line::Line;
use crate::identities::Identities;
use crate::printer::Printer;

/// The identities. A file that was named and can't be read ends as a file that can't be opened.
pub(super) fn at_hand(printer: &Printer) -> Result<Identities, Ended> {
    Identities::as_sops(printer).map_err(|failure| Ended::from(failure).code(128))
}

/// Says what kept keys from being had, where nothing opened.
pub(super) fn explained(error: SopsError, identities: &Identities) -> Ended {
    let mut troubles = Vec::new();
    if let SopsError::NoDataKey { .. } = error {
        troubles.push(format!(
            "keys were looked for in {}",
            identities.looked_in()
        ));
        troubles.extend(identities.troubles());
    }
    in_core_with(error, false, troubles)
}

/// Checks `--decryption-order`: age is all that is tried, whatever its place.
pub(super) fn check_order(line: &Line) -> Result<(), Ended> {
    let Some(order) = line.text(Flag::DecryptionOrder)? else {
        return Ok(());
    };
    let mut seen = Vec::new();
    for kind in order.split(',').map(str::trim) {
        if seen.contains(&kind) {
            return Err(CommandError::OrderTwice(kind.to_owned()).into());
        }
        seen.push(kind);
    }
    Ok(())
}
