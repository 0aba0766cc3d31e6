//! Placeholder while the controller lands.
use crate::table::Table;
pub(crate) async fn run(_: &mut Table, _: bool, _: bool) {}
