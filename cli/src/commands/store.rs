//! `bulla store`: the controller on a directory, for hosts without Kubernetes.

use std::borrow::Cow;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bulla_controller::directory::{DirectoryStore, Options, Report, StoreError, WatchOptions};
use bulla_controller::engine::{Drift, Outcome, Verdict};
use bulla_core::api::SealingKey;
use bulla_core::recipient::Suite;
use bulla_core::rotation::Policy;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::StoreArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::printer::Printer;
use crate::session::Session;
use crate::shown::Shown;

/// Carries it out.
pub(crate) fn run(args: &StoreArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let printer = &session.printer;
    let directory = &args.directory;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| InFile::io("make", directory, error))?;
    let keys = Policy {
        renew_period: args.renew_days.saturating_mul(SECONDS_OF_A_DAY),
        require_existing_key: args.require_existing_key,
        ..Policy::default()
    };
    let options = Options {
        keys,
        ..Options::default()
    };
    let mut store = match DirectoryStore::open(directory, options) {
        Err(StoreError::Locked { .. }) if args.once && args.renew_key => {
            return ask(directory, keys.suite, printer);
        }
        opened => opened?,
    };
    if args.renew_key {
        let key = store.renew_now()?;
        printer.say(format_args!(
            "made sealing key {}",
            key.metadata.name.unwrap_or_default()
        ));
    }
    if args.once {
        let report = store.reconcile_once(&args.from)?;
        return Ok(tell(&report, printer));
    }
    watch(&mut store, args, printer)
}

/// Lets the process that works on the store make the key; passes it makes anyway.
fn ask(directory: &Path, suite: Suite, printer: &Printer) -> Result<ExitStatus, Failure> {
    let name = DirectoryStore::ask_for_key(directory, suite)?;
    let until = Instant::now() + ANSWER_WITHIN;
    while Instant::now() < until {
        let keys = DirectoryStore::published_keys(directory)?;
        let named = |key: &&SealingKey| key.metadata.name.as_deref() == Some(name.as_str());
        let status = keys.iter().find(named).and_then(|key| key.status.as_ref());
        if status.is_some_and(|status| status.public_key.is_some()) {
            printer.say(format_args!(
                "made sealing key {name}, by the store that is at work there"
            ));
            return Ok(ExitStatus::Done);
        }
        std::thread::sleep(ASK_AGAIN);
    }
    printer.say(format_args!(
        "the store that is at work there was asked for sealing key {name}; it makes at most one an hour"
    ));
    Ok(ExitStatus::Done)
}

fn watch(
    store: &mut DirectoryStore,
    args: &StoreArgs,
    printer: &Printer,
) -> Result<ExitStatus, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| InFile::io("watch", &args.from, error))?;
    }
    printer.say(format_args!(
        "watching {}; Ctrl-C ends it",
        Shown(&args.from)
    ));
    let mut last = None;
    store.watch(
        &args.from,
        WatchOptions::default(),
        &stop,
        |pass| match pass {
            Ok(report) => {
                // What goes on being wrong is said once.
                let wrong = complaints(&report);
                if !report.is_quiet() || last.as_ref() != Some(&wrong) {
                    tell(&report, printer);
                }
                last = Some(wrong);
            }
            Err(error) => {
                Failure::from(error).print();
                last = None;
            }
        },
    )?;
    Ok(ExitStatus::Done)
}

/// Says what a pass did; the status is that of the gravest resource.
fn tell(report: &Report, printer: &Printer) -> ExitStatus {
    for key in &report.keys_made {
        printer.say(format_args!("made sealing key {key}"));
    }
    let mut unchanged = 0;
    for resource in &report.resources {
        let place = format!("{}/{}", resource.namespace, resource.name);
        match &resource.outcome {
            Outcome {
                verdict: Verdict::Ready,
                action: Some(action),
                drift,
                ..
            } => {
                let why = drift.as_ref().map(drifted).unwrap_or_default();
                printer.say(format_args!(
                    "{} {place}{why}",
                    action.as_str().to_lowercase()
                ));
            }
            Outcome {
                verdict: Verdict::Ready,
                action: None,
                ..
            } => unchanged += 1,
            Outcome {
                verdict: Verdict::Suspended,
                ..
            } => printer.say(format_args!("suspended {place}")),
            _ => {}
        }
    }
    for (namespace, name) in &report.removed {
        printer.say(format_args!("removed {namespace}/{name}"));
    }
    if unchanged > 0 {
        printer.say(format_args!(
            "{} unchanged",
            crate::report::count(unchanged, "Secret")
        ));
    }
    for complaint in complaints(report) {
        printer.warn(complaint);
    }
    status(report)
}

fn drifted(drift: &Drift) -> String {
    format!(": {}", drift.sentence())
}

/// What is wrong, one line each.
fn complaints(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in &report.resources {
        let place = format!("{}/{}", resource.namespace, resource.name);
        lines.extend(match &resource.outcome.verdict {
            Verdict::Ready | Verdict::Suspended => None,
            Verdict::Refused { reason, detail } => {
                Some(format!("{place}: {reason}: {detail}; {}", reason.hint()))
            }
            Verdict::Waiting => Some(format!("{place}: the old Secret is being taken away")),
            Verdict::Failed(error) => Some(format!("{place}: {error}")),
        });
        if let Err(error) = resource.outcome.reported {
            lines.push(format!("{place}: its status was not written: {error}"));
        }
    }
    for problem in &report.problems {
        lines.push(format!("{}: {}", Shown(&problem.file), problem.message));
    }
    lines.extend(report.blocked.map(|block| block.to_string()));
    lines
}

fn status(report: &Report) -> ExitStatus {
    let of = |outcome: &Outcome| match &outcome.verdict {
        Verdict::Ready | Verdict::Suspended => ExitStatus::Done,
        Verdict::Refused { reason, .. } => Blame::from(*reason).into(),
        Verdict::Waiting | Verdict::Failed(_) => ExitStatus::Usage,
    };
    let gravest = report
        .resources
        .iter()
        .map(|resource| of(&resource.outcome))
        .max();
    let gravest = gravest.unwrap_or(ExitStatus::Done);
    if report.is_clean() {
        gravest
    } else {
        gravest.max(ExitStatus::Findings)
    }
}

impl Fault for StoreError {
    fn blame(&self) -> Blame {
        match self {
            Self::TooSoon { .. } | Self::Blocked(_) | Self::Insecure { .. } => Blame::Policy,
            _ => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Locked { .. } => {
                "a `bulla store --watch` is at work there; it does all that `--once` does"
            }
            Self::Insecure { .. } => {
                "`chmod 700 DIR/.bulla`, and see who could read the keys in it so far"
            }
            Self::Sources { .. } => {
                "`--from DIR` names the directory of manifests; nothing was removed"
            }
            Self::Blocked(_) => "the keys lie in DIR/.bulla/keys",
            _ => return None,
        }))
    }
}

/// A store at work looks at its files within a fraction of a second.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(20);
const SECONDS_OF_A_DAY: u64 = 24 * 3600;
