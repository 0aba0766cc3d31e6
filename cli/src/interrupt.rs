//! Ctrl-C while something must be undone: the signal is noted, and the run ends at a safe point.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use crate::exit::Blame;
use crate::failure::Fault;

/// While it lives, the signals that end a program only leave a note. One at a time.
#[derive(Debug)]
pub(crate) struct Deferred {
    notes: Vec<(i32, SigId, Arc<AtomicBool>)>,
}

/// A signal asked the run to end; whatever was begun has been undone.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted(i32);

impl Deferred {
    /// Defers SIGINT, SIGTERM, SIGHUP and SIGQUIT.
    pub(crate) fn begin() -> io::Result<Self> {
        // A handler stays installed for good, so it must know what to do when nobody defers.
        if Arc::strong_count(&NOT_DEFERRED) == 1 {
            for signal in SIGNALS {
                flag::register_conditional_default(signal, Arc::clone(&NOT_DEFERRED))?;
            }
        }
        NOT_DEFERRED.store(false, Ordering::SeqCst);
        let notes = SIGNALS.into_iter().map(|signal| {
            let note = Arc::new(AtomicBool::new(false));
            let id = flag::register(signal, Arc::clone(&note))?;
            Ok((signal, id, note))
        });
        Ok(Self {
            notes: notes.collect::<io::Result<_>>()?,
        })
    }

    /// Ends the work if a signal has come since it began.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        self.noted(|_| true)
            .map_or(Ok(()), |signal| Err(Interrupted(signal)))
    }

    /// The same for signals that are meant for this program alone, and not for one in the foreground.
    pub(crate) fn check_sent(&self) -> Result<(), Interrupted> {
        self.noted(|signal| !TYPED.contains(&signal))
            .map_or(Ok(()), |signal| Err(Interrupted(signal)))
    }

    /// Forgets what was typed while another program had the terminal.
    pub(crate) fn forget_typed(&self) {
        for (_, _, note) in self
            .notes
            .iter()
            .filter(|(signal, ..)| TYPED.contains(signal))
        {
            note.store(false, Ordering::SeqCst);
        }
    }

    fn noted(&self, wanted: impl Fn(i32) -> bool) -> Option<i32> {
        let noted = |(signal, _, note): &&(i32, SigId, Arc<AtomicBool>)| {
            wanted(*signal) && note.load(Ordering::SeqCst)
        };
        self.notes.iter().find(noted).map(|(signal, ..)| *signal)
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        NOT_DEFERRED.store(true, Ordering::SeqCst);
        for (_, id, _) in &self.notes {
            low_level::unregister(*id);
        }
        // Whatever had to be undone is undone: the program ends as it would have ended then.
        if let Some(signal) = self.noted(|_| true) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}

impl Fault for Interrupted {
    fn blame(&self) -> Blame {
        Blame::Signal(self.0)
    }
}

static NOT_DEFERRED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
const SIGNALS: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];
/// What the terminal sends to every program in the foreground.
const TYPED: [i32; 2] = [SIGINT, SIGQUIT];
