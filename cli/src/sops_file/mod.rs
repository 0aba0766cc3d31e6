//! Files of SOPS under Bulla's own commands, and what the `sops` personality shares with them.

pub(crate) mod config;
