//! The log: one line each to stderr, safe at every level.
//!
//! Libraries are held to warnings whatever the level: at `debug`, kube's client prints error answers, which quote what
//! was written, and at `trace` others print headers. kube's client is held to nothing at all, because its warnings about
//! an answer that doesn't parse hold the answer.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::kube::args::LogFormat;

/// Sends events to stderr, ours from `level` on.
pub(crate) fn start(format: LogFormat, level: LevelFilter) {
    let subscriber = tracing_subscriber::registry().with(filter(level));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            subscriber.with(lines.with_ansi(colored)).init();
        }
        LogFormat::Json => subscriber.with(lines.json().flatten_event(true)).init(),
    }
    std::panic::set_hook(Box::new(|info| {
        // The payload may be formatted from anything: the place says enough.
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("bulla", level)
        .with_target("kube_client", LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn no_library_speaks_below_a_warning() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("bulla_controller::kube::work", &Level::TRACE));
        for library in [
            "hyper",
            "hyper_util::client",
            "rustls",
            "tower",
            "h2",
            "axum",
            "tokio",
        ] {
            assert!(!filter.would_enable(library, &Level::INFO), "{library}");
            assert!(filter.would_enable(library, &Level::WARN), "{library}");
        }
        assert!(!filter.would_enable("kube_client::client", &Level::ERROR));
    }

    #[test]
    fn a_quiet_level_quiets_the_libraries_too() {
        assert!(!filter(LevelFilter::ERROR).would_enable("hyper", &Level::WARN));
    }
}
