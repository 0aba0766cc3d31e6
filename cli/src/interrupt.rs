//! Ctrl-C while something must be undone: the signal is noted, and the run ends at a safe point.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::exit::Blame;
use crate::failure::Fault;

/// While it lives, the signals that end a program only leave a note.
#[derive(Debug)]
pub(crate) struct Deferred {
    signals: Vec<(i32, SigId, Arc<AtomicBool>)>,
}

/// A signal asked the run to end; whatever was begun has been undone.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted(pub(crate) i32);

impl Deferred {
    /// Defers SIGINT, SIGTERM and SIGHUP.
    pub(crate) fn begin() -> io::Result<Self> {
        let signals = [SIGINT, SIGTERM, SIGHUP].into_iter().map(|signal| {
            let note = Arc::new(AtomicBool::new(false));
            let id = signal_hook::flag::register(signal, Arc::clone(&note))?;
            Ok((signal, id, note))
        });
        Ok(Self {
            signals: signals.collect::<io::Result<_>>()?,
        })
    }

    /// Ends the work if a signal has come since it began.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        let noted = self
            .signals
            .iter()
            .find(|(_, _, note)| note.load(Ordering::Relaxed));
        noted.map_or(Ok(()), |(signal, ..)| Err(Interrupted(*signal)))
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        for (signal, id, note) in &self.signals {
            signal_hook::low_level::unregister(*id);
            // One that came too late for the last check still ends the program.
            if note.load(Ordering::Relaxed) {
                let _ = signal_hook::low_level::emulate_default_handler(*signal);
            }
        }
    }
}

impl Fault for Interrupted {
    fn blame(&self) -> Blame {
        Blame::Signal(self.0)
    }
}
