//! Whole commands that look, set up and show: what they print, what they write, how they end.

mod check;
mod check_sources;
mod demo;
mod fetch;
mod init;
mod inspect;
mod keys;
mod setup;
mod store;
mod support;
mod verify;
