//! Ends a run before its nth change of the disk without any tidying up, or lets that change and all
//! later ones fail; or lets somebody else act just then.

use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe};

thread_local!(static FAULT: Cell<Option<(Fault, usize)>> = const { Cell::new(None) });

thread_local!(static ACT: Cell<Option<(usize, Act)>> = const { Cell::new(None) });

type Act = Box<dyn FnOnce()>;

#[derive(Clone, Copy)]
enum Fault {
    Kill,
    Fail,
    Failed,
}

/// Runs until `steps` changes were made; nothing when it was killed before its end.
pub(in super::super) fn kill_after<T>(steps: usize, run: impl FnOnce() -> T) -> Option<T> {
    FAULT.set(Some((Fault::Kill, steps)));
    let ended = panic::catch_unwind(AssertUnwindSafe(run));
    FAULT.set(None);
    ended.ok()
}

/// Runs with a disk that takes `steps` changes and no more; says whether it needed more.
pub(in super::super) fn fail_after<T>(steps: usize, run: impl FnOnce() -> T) -> (T, bool) {
    FAULT.set(Some((Fault::Fail, steps)));
    let output = run();
    let failed = matches!(FAULT.take(), Some((Fault::Failed, _)));
    (output, failed)
}

/// Does `act` just before the nth change of the disk that `run` makes, as another process would; says
/// whether it came to that.
pub(in super::super) fn act_before<T>(
    steps: usize,
    act: impl FnOnce() + 'static,
    run: impl FnOnce() -> T,
) -> (T, bool) {
    ACT.set(Some((steps, Box::new(act))));
    let output = run();
    (output, ACT.take().is_none())
}

pub(super) fn step() -> io::Result<()> {
    match ACT.take() {
        Some((0, act)) => act(),
        Some((left, act)) => ACT.set(Some((left - 1, act))),
        None => {}
    }
    match FAULT.get() {
        // Not through the panic hook: it would print every one of them.
        Some((Fault::Kill, 0)) => panic::resume_unwind(Box::new("killed")),
        Some((Fault::Fail, 0) | (Fault::Failed, _)) => {
            FAULT.set(Some((Fault::Failed, 0)));
            Err(io::ErrorKind::StorageFull.into())
        }
        Some((fault, left)) => {
            FAULT.set(Some((fault, left - 1)));
            Ok(())
        }
        None => Ok(()),
    }
}
