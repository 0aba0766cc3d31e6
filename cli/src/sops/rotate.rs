//! `sops rotate`: a new data key, and with it every ciphertext anew.

use bulla_core::sops::{DataKey, Setting};
use rand_core::OsRng;

use super::decrypt::mac_policy;
use super::error::{Ended, in_core};
use super::line::Line;
use super::source::{self, Source};
use super::{keys, plan, recipients, reformat, result};
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let path = source::named(line, printer)?;
    result::check(line, false)?;
    let source = Source::of_file(line, path)?;
    result::check_type(line, &source)?;
    let shown = source.shown();
    let failed = |error| in_core(error, false).inside(&shown);
    let mut metadata = source.metadata()?;
    metadata.last_modified().map_err(failed)?;
    let mut groups = recipients::of_file(&metadata)?;
    recipients::change(line, &mut groups)?;
    let identities = keys::at_hand(printer)?;
    let threshold = plan::threshold_of(line)?.or(metadata.shamir_threshold());
    let new_key = DataKey::generate(&mut OsRng);
    metadata
        .close_data_key(&new_key, &groups, threshold, &mut OsRng)
        .map_err(|error| in_core(error, true).code(1).inside(&shown))?;
    let setting = Setting {
        mac: mac_policy(line),
        now: &plan::now(),
    };
    let rotated = source
        .store
        .rotate(
            &source.bytes,
            &identities.ring,
            &mut metadata,
            &new_key,
            setting,
            &mut OsRng,
        )
        .map_err(failed)?;
    let rotated = reformat::encrypted(line, &source, rotated, printer)?;
    result::put(line, &source, &rotated, printer)
}
