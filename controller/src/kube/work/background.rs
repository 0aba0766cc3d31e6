//! One thread for private operations that somebody asks for from outside, or that only make a message better.
//!
//! It runs at a lower priority of the system's, so that reconciling goes first on every processor, and does one job at a
//! time, so that no caller takes more than one processor. What is asked for goes before what is idle.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The way to the thread. It ends with this.
pub(crate) struct Background(Arc<Shared>);

/// Which jobs go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Somebody waits for the answer.
    Asked,
    /// Nobody does.
    Idle,
}

/// A job that was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotDone {
    /// Too many wait already.
    #[error("too much work is waiting already")]
    Busy,
    /// It panicked: a bug in the handling of one input.
    #[error("the work failed")]
    Failed,
}

/// What is to be done, and for whom.
struct Job {
    run: Box<dyn FnOnce() + Send>,
    is_abandoned: Box<dyn Fn() -> bool + Send>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    asked: VecDeque<Job>,
    idle: VecDeque<Job>,
    ended: bool,
}

impl Background {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let worker = shared.clone();
        std::thread::Builder::new()
            .name("background".to_owned())
            .spawn(move || {
                // Of this thread alone, as Linux has it. Without it all works too, only less politely.
                let _ = rustix::process::nice(NICENESS);
                while let Some(job) = worker.next() {
                    // It has its own way to say that it failed: by dropping what it would have answered with.
                    let _ = catch_unwind(AssertUnwindSafe(job.run));
                }
            })?;
        Ok(Self(shared))
    }

    /// Does a job, and waits for it. One whose caller has gone meanwhile is not begun.
    ///
    /// # Errors
    /// [`NotDone`] by variant.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        urgency: Urgency,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let (answer, answered) = oneshot::channel();
        // Dropped with this future, so that whoever has gone takes up no place.
        let caller = Arc::new(());
        let waits = Arc::downgrade(&caller);
        let job = Job {
            run: Box::new(move || {
                if !answer.is_closed() {
                    let _ = answer.send(job());
                }
            }),
            is_abandoned: Box::new(move || waits.strong_count() == 0),
        };
        {
            let mut waiting = self.0.waiting();
            let (queue, limit) = match urgency {
                Urgency::Asked => (&mut waiting.asked, ASKED_MAX),
                Urgency::Idle => (&mut waiting.idle, IDLE_MAX),
            };
            if queue.len() >= limit {
                queue.retain(|job| !(job.is_abandoned)());
            }
            if queue.len() >= limit {
                return Err(NotDone::Busy);
            }
            queue.push_back(job);
        }
        self.0.wake.notify_one();
        let answered = answered.await.map_err(|_| NotDone::Failed);
        drop(caller);
        answered
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.waiting().ended = true;
        self.0.wake.notify_one();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, waited for; nothing at the end.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            if waiting.ended {
                return None;
            }
            let job = waiting.asked.pop_front();
            if let Some(job) = job.or_else(|| waiting.idle.pop_front()) {
                return Some(job);
            }
            waiting = self
                .wake
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

const NICENESS: i32 = 10;
/// Requests that wait. Behind so many the answer would come too late.
const ASKED_MAX: usize = 32;
/// Diagnoses that wait: every resource of a cluster may have lost its key at once.
const IDLE_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_for_goes_before_what_is_idle_and_a_panic_ends_one_job_only() {
        let background = Background::start().expect("a thread");
        let (open, opened) = mpsc::channel::<()>();
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let order = order.clone();
            move || order.lock().expect("no test panics with it").push(name)
        };
        let gate = background.run(Urgency::Idle, move || opened.recv().is_ok());
        let idle = background.run(Urgency::Idle, note("idle"));
        let broken = background.run(Urgency::Asked, || panic!("a bug"));
        let asked = background.run(Urgency::Asked, note("asked"));
        let opening = async move {
            // Every other one was put into the queue before this is polled.
            open.send(()).expect("the gate waits");
        };

        let (gate, idle, broken, asked, ()) = tokio::join!(gate, idle, broken, asked, opening);

        assert_eq!((gate, idle, asked), (Ok(true), Ok(()), Ok(())));
        let broken: Result<(), NotDone> = broken;
        assert_eq!(broken, Err(NotDone::Failed));
        assert_eq!(
            *order.lock().expect("no test panics with it"),
            ["asked", "idle"]
        );
    }

    #[tokio::test]
    async fn a_job_whose_caller_has_gone_is_not_begun_and_too_many_are_refused() {
        let background = Background::start().expect("a thread");
        let (open, opened) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let gate = background.run(Urgency::Asked, move || {
            let _ = begun.send(());
            opened.recv().is_ok()
        });
        let mut gate = std::pin::pin!(gate);
        tokio::select! {
            biased;
            _ = &mut gate => unreachable!("it waits"),
            _ = has_begun => {}
        }
        let (ran, has_run) = mpsc::channel();
        let mut callers = Vec::new();
        for _ in 0..ASKED_MAX {
            let ran = ran.clone();
            callers.push(Box::pin(
                background.run(Urgency::Asked, move || ran.send(())),
            ));
        }
        for caller in &mut callers {
            assert!(futures::poll!(caller).is_pending());
        }
        let refused = background.run(Urgency::Asked, || ()).await;
        assert_eq!(refused, Err(NotDone::Busy));

        drop((callers, ran));
        let next = background.run(Urgency::Asked, || ());
        let opening = async { open.send(()).expect("the gate waits") };
        let (next, gate, ()) = tokio::join!(next, gate, opening);
        assert_eq!((next, gate), (Ok(()), Ok(true)));
        assert!(has_run.recv().is_err(), "none of them was begun");
    }
}
