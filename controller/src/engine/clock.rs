//! Times as the API writes them: RFC 3339 in UTC, to the second.

use bulla_core::rotation::Timestamp;

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time in RFC 3339")]
pub struct TimeError;

/// Reads the clock.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_second())
}

/// `2026-11-21T12:00:00Z`.
pub fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.0)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}

/// Reads a time; fractions of a second are dropped.
///
/// # Errors
///
/// [`TimeError`].
pub fn parse_time(text: &str) -> Result<Timestamp, TimeError> {
    let time: jiff::Timestamp = text.parse().map_err(|_| TimeError)?;
    Ok(Timestamp(time.as_second()))
}
