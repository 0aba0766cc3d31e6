//! What the controller tells people and machines: Events, the log, metrics.

pub(super) mod events;
pub(super) mod logging;
pub(super) mod metrics;
