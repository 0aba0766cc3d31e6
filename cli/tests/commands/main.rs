//! Whole commands: what they print, what they write, how they end.

mod bad_input;
mod create;
mod edit;
mod interrupted;
mod no_room;
mod offline;
mod open;
mod place;
mod rework;
mod seal;
mod set;
mod support;
mod terminal;
