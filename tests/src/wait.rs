//! Waiting for a condition, with a deadline. The one place where a test's time passes without work.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

use kube::{Api, runtime::wait::Condition};
use serde::de::DeserializeOwned;

/// Waits until `condition` yields something, and returns that.
///
/// # Panics
///
/// If it yields nothing before the deadline; the message says `what` was waited for.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let polling = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    match tokio::time::timeout(deadline, polling).await {
        Ok(value) => value,
        Err(_) => panic!("waited {deadline:?} in vain until {what}"),
    }
}

/// Waits like [`eventually`], outside of async code.
///
/// # Panics
///
/// If the condition yields nothing before the deadline.
pub fn eventually_blocking<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    match poll(deadline, &mut condition) {
        Some(value) => value,
        None => panic!("waited {deadline:?} in vain until {what}"),
    }
}

/// Waits by a watch until a Kubernetes object satisfies `condition`; returns the object, if it exists by then.
///
/// # Panics
///
/// If it does not before the deadline, or the watch fails for good.
pub async fn until<K>(
    what: &str,
    deadline: Duration,
    api: Api<K>,
    name: &str,
    condition: impl Condition<K>,
) -> Option<K>
where
    K: Clone + Debug + Send + DeserializeOwned + kube::Resource + 'static,
{
    let watching = kube::runtime::wait::await_condition(api, name, condition);
    match tokio::time::timeout(deadline, watching).await {
        Ok(Ok(object)) => object,
        Ok(Err(error)) => panic!("failed to wait until {what}: {error}"),
        Err(_) => panic!("waited {deadline:?} in vain until {what}"),
    }
}

/// Calls `condition` until it yields something or the deadline has passed.
pub(crate) fn poll<T>(deadline: Duration, condition: &mut dyn FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = condition() {
            return Some(value);
        }
        if started.elapsed() >= deadline {
            return None;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// For conditions that need no other: long for a loaded machine, and never reached where all is well.
pub const DEADLINE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(25);
