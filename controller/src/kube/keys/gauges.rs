//! The gauges of every sealing key.

use bulla_core::api::{KeyState, KeySuite, KeyUse};

use crate::engine::{now, parse_time};
use crate::kube::cluster::Cluster;
use crate::kube::mirror::SeenSealingKey;
use crate::kube::telemetry::metrics::KeyGauge;

/// Age and use of every key, by what its status says.
pub(crate) fn gauges(cluster: &Cluster) -> Vec<KeyGauge> {
    let now = now();
    let gauge = |key: &SeenSealingKey| {
        let (status, spec) = (&key.status, key.spec?);
        let made = parse_time(status.not_before.as_deref()?).ok()?;
        let nothing = KeyUse {
            resources: 0,
            values: 0,
        };
        let used_by = status.used_by.unwrap_or(nothing);
        Some(KeyGauge {
            fingerprint: status.fingerprint.clone()?,
            suite: match spec.suite {
                KeySuite::MlKem768X25519 => "MLKEM768-X25519",
                KeySuite::X25519 => "X25519",
                KeySuite::Rsa => "RSA",
            },
            state: state_text(spec.state),
            age_seconds: now.0.saturating_sub(made.0),
            resources: used_by.resources.into(),
            values: used_by.values.into(),
        })
    };
    let keys = cluster.sealing_keys.all();
    keys.iter().filter_map(|key| gauge(key)).collect()
}

/// The state as its resource spells it.
pub(super) fn state_text(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "Active",
        KeyState::OpenOnly => "OpenOnly",
        KeyState::Retired => "Retired",
        KeyState::Compromised => "Compromised",
    }
}
