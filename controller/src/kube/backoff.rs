//! Delays between attempts: doubling, capped, and never in step with anybody else's.

use std::time::Duration;

/// Doubles from `first` to `cap`. Half of each delay is random.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) cap: Duration,
}

impl Backoff {
    /// How long to wait after so many failures in a row.
    pub(super) fn delay(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(30));
        jittered(self.first.saturating_mul(doubled).min(self.cap))
    }
}

/// Between half of `duration` and the whole of it.
pub(super) fn jittered(duration: Duration) -> Duration {
    let mut bytes = [0; 4];
    // Without randomness the delays are merely in step.
    let _ = getrandom::getrandom(&mut bytes);
    let fraction = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    duration.mul_f64(0.5 + fraction / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            cap: Duration::from_secs(60),
        };
        for (failures, whole) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let delay = backoff.delay(failures);
            let whole = Duration::from_secs(whole);
            assert!(
                delay >= whole / 2 && delay <= whole,
                "{failures}: {delay:?}"
            );
        }
    }
}
