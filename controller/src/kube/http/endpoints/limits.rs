//! How much may be asked for: by one address, and by all of them together. No header has a say.
//!
//! Through the API server's proxy everybody comes from one address, so that its callers share one allowance; a pod that
//! asks directly has its own, and can't use up that of others before all of them together reach the overall limit.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The limit of one endpoint.
pub(super) struct Limit {
    rate: f64,
    burst: f64,
    state: Mutex<State>,
}

struct State {
    all: Bucket,
    callers: HashMap<IpAddr, Bucket>,
}

/// A token bucket.
#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Limit {
    /// So many requests a second of each address, and so many more at once.
    pub(super) fn new(rate: u32, burst: u32, now: Instant) -> Self {
        let (rate, burst) = (f64::from(rate), f64::from(burst) + 1.0);
        let all = Bucket {
            tokens: burst * ALL_FACTOR,
            at: now,
        };
        Self {
            rate,
            burst,
            state: Mutex::new(State {
                all,
                callers: HashMap::new(),
            }),
        }
    }

    /// Takes a request of `peer` into account.
    ///
    /// # Errors
    /// It is one too many; after this time it is not.
    pub(super) fn admit(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = caller(peer);
        if !state.callers.contains_key(&caller) && state.callers.len() >= CALLERS_MAX {
            // Those who have their whole allowance are as good as unknown.
            let (rate, burst) = (self.rate, self.burst);
            state
                .callers
                .retain(|_, bucket| bucket.filled(now, rate, burst) < burst);
        }
        let known = state.callers.get(&caller).copied();
        let mut own = known.unwrap_or(Bucket {
            tokens: self.burst,
            at: now,
        });
        own.take(now, self.rate, self.burst)?;
        state
            .all
            .take(now, self.rate * ALL_FACTOR, self.burst * ALL_FACTOR)?;
        // When the table is full of busy ones, the overall limit alone holds the newcomers.
        if known.is_some() || state.callers.len() < CALLERS_MAX {
            state.callers.insert(caller, own);
        }
        Ok(())
    }
}

impl Bucket {
    fn filled(&self, now: Instant, rate: f64, burst: f64) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.tokens + passed * rate).min(burst)
    }

    fn take(&mut self, now: Instant, rate: f64, burst: f64) -> Result<(), Duration> {
        let tokens = self.filled(now, rate, burst);
        if tokens < 1.0 {
            let wait = (1.0 - tokens) / rate;
            return Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX));
        }
        *self = Self {
            tokens: tokens - 1.0,
            at: now,
        };
        Ok(())
    }
}

/// The caller behind an address: of IPv6 a whole network, which anybody has as many addresses of as he likes.
fn caller(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        other => other.to_canonical(),
    }
}

/// All callers together may do so much more than one.
const ALL_FACTOR: f64 = 4.0;
const CALLERS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn limit() -> (Limit, Instant) {
        let now = Instant::now();
        (Limit::new(2, 2, now), now)
    }

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let (limit, now) = limit();
        let admitted = (0..10).filter(|_| limit.admit(v4(1), now).is_ok()).count();
        assert_eq!(admitted, 3);
        let wait = limit.admit(v4(1), now).expect_err("it is one too many");
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
        assert!(limit.admit(v4(1), now + wait).is_ok());
        assert!(limit.admit(v4(1), now + wait).is_err());
        assert!(limit.admit(v4(2), now).is_ok(), "another one has its own");
    }

    #[test]
    fn many_addresses_together_have_a_limit_too() {
        let (limit, now) = limit();
        let admitted = (0..=255).filter(|last| limit.admit(v4(*last), now).is_ok());
        assert_eq!(admitted.count(), 12);
    }

    #[test]
    fn the_addresses_of_one_network_are_one_caller() {
        let (limit, now) = limit();
        let of = |last: u16| IpAddr::from([0xfd00, 0, 0, 1, 0, 0, 0, last]);
        let admitted = (0..100).filter(|last| limit.admit(of(*last), now).is_ok());
        assert_eq!(admitted.count(), 3);
    }

    #[test]
    fn the_table_of_callers_does_not_grow_without_end() {
        let limit = Limit::new(1_000_000, 0, Instant::now());
        let now = Instant::now();
        for number in 0..3 * CALLERS_MAX as u32 {
            let address = IpAddr::from((10 << 24 | number).to_be_bytes());
            // Refused or not: they are looked at.
            let _ = limit.admit(address, now + Duration::from_secs(number.into()));
        }
        let state = limit.state.lock().expect("no test panics with it");
        assert!(state.callers.len() <= CALLERS_MAX);
    }
}
