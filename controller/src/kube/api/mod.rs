//! The way to the API server: connections, requests, and what can go wrong with them.
//!
//! Whatever only one leader may do takes the way behind the [`fence`]; reading, watching and the lease have one of
//! their own, which needs no lease.

pub(super) mod error;
pub(super) mod fence;
pub(super) mod rest;
pub(super) mod transport;
