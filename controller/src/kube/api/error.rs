//! What can go wrong between here and the API server: a closed list without any of the server's words.
//!
//! The server's answer to a write can quote what was written (a Secret's data, a plaintext that the schema refused), so
//! of an error answer only the status code and the machine-readable reason are ever read.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

/// A request that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// 404.
    #[error("it does not exist")]
    NotFound,
    /// 409 of a create: another object has this name.
    #[error("it exists already")]
    AlreadyExists,
    /// 409: a uid or a resource version that is not the live one's.
    #[error("it was changed meanwhile")]
    Conflict,
    /// 410: the resource version is too old to list or watch from.
    #[error("the resource version is too old")]
    Expired,
    /// 400, 413 or 422: the API server will not take this object as it is.
    #[error("the API server rejects the object (HTTP {code})")]
    Invalid {
        /// The status code.
        code: u16,
    },
    /// 401 or 403: permissions, a quota, a namespace that is being deleted, an admission policy.
    #[error("the API server forbids it (HTTP {code})")]
    Forbidden {
        /// The status code.
        code: u16,
    },
    /// 429, or a 5xx that says when to come back.
    #[error("the API server asks to come back later")]
    Busy {
        /// How long it asked to wait.
        after: Option<Duration>,
    },
    /// Any other status.
    #[error("the API server failed (HTTP {code})")]
    Server {
        /// The status code.
        code: u16,
    },
    /// No answer in time; a write may or may not have happened.
    #[error("the API server did not answer in time")]
    TimedOut,
    /// No connection, or one that broke.
    #[error("the API server can't be reached")]
    Unreachable,
    /// The answer is not what the API promises.
    #[error("the API server's answer can't be read")]
    Unreadable,
    /// The answer is longer than was asked for; what had come of it is dropped.
    #[error("the API server's answer is too long")]
    TooLong,
    /// The lease ran out before the request had left.
    #[error("this replica does not hold the lease any more")]
    NoLease,
}

impl ApiError {
    /// The bounded word for metrics.
    pub(crate) fn category(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::AlreadyExists | Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::Invalid { .. } => "invalid",
            Self::Forbidden { .. } => "forbidden",
            Self::Busy { .. } => "busy",
            Self::Server { .. } => "server",
            Self::TimedOut => "timeout",
            Self::Unreachable => "unreachable",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too-long",
            Self::NoLease => "no-lease",
        }
    }

    /// Reads an error answer: the code, and `reason` where it tells two cases of one code apart.
    pub(crate) fn of_answer(code: StatusCode, retry_after: Option<&str>, body: &[u8]) -> Self {
        let after = retry_after
            .and_then(|text| text.parse().ok())
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        match code.as_u16() {
            404 => Self::NotFound,
            409 if reason(body).as_deref() == Some("AlreadyExists") => Self::AlreadyExists,
            409 => Self::Conflict,
            410 => Self::Expired,
            code @ (400 | 413 | 422) => Self::Invalid { code },
            code @ (401 | 403) => Self::Forbidden { code },
            429 => Self::Busy { after },
            500.. if after.is_some() => Self::Busy { after },
            code => Self::Server { code },
        }
    }
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        if let kube::Error::Api(status) = &error {
            let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::BAD_GATEWAY);
            return Self::of_answer(code, None, b"");
        }
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(current) = cause {
            if current.is::<crate::kube::api::fence::NoLease>() {
                return Self::NoLease;
            }
            // An `io::Error` hides its inner error from `source`.
            let inner = current
                .downcast_ref::<std::io::Error>()
                .and_then(|error| error.get_ref());
            if inner.is_some_and(|inner| inner.is::<crate::kube::api::fence::NoLease>()) {
                return Self::NoLease;
            }
            cause = current.source();
        }
        match error {
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => Self::Unreadable,
            _ => Self::Unreachable,
        }
    }
}

/// The longest time that is waited because somebody asked for it: whoever stands between may ask for anything.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The `reason` of a `metav1.Status`, a bounded CamelCase word; its `message` is not looked at.
fn reason(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Status {
        reason: Option<String>,
    }
    serde_json::from_slice::<Status>(body).ok()?.reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_not_kept() {
        let body = br#"{"kind":"Status","reason":"Invalid","code":422,"message":"data.password: \"hunter2\""}"#;
        let error = ApiError::of_answer(StatusCode::UNPROCESSABLE_ENTITY, None, body);
        assert_eq!(error, ApiError::Invalid { code: 422 });
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn two_kinds_of_conflict_are_told_apart() {
        let of = |reason: &str| {
            let body = format!(r#"{{"reason":"{reason}"}}"#);
            ApiError::of_answer(StatusCode::CONFLICT, None, body.as_bytes())
        };
        assert_eq!(of("AlreadyExists"), ApiError::AlreadyExists);
        assert_eq!(of("Conflict"), ApiError::Conflict);
    }

    #[test]
    fn a_busy_server_says_for_how_long() {
        let error = ApiError::of_answer(StatusCode::SERVICE_UNAVAILABLE, Some("3"), b"");
        assert_eq!(
            error,
            ApiError::Busy {
                after: Some(Duration::from_secs(3))
            }
        );
        let error = ApiError::of_answer(
            StatusCode::TOO_MANY_REQUESTS,
            Some("18446744073709551615"),
            b"",
        );
        let after = Some(LONGEST_WAIT);
        assert_eq!(error, ApiError::Busy { after });
        let error = ApiError::of_answer(StatusCode::INTERNAL_SERVER_ERROR, None, b"no JSON");
        assert_eq!(error, ApiError::Server { code: 500 });
    }
}
