//! What closing a new value in an existing envelope vouches for without being able to check it.
//!
//! Scope and template are read from the file, and without an identity nothing tells whether somebody
//! who writes to Git has changed them. A rule's scope is a limit; beyond that, people are told.

use bulla_core::envelope::Envelope;
use bulla_core::scope::Scope;

use crate::failure::Failure;
use crate::printer::Printer;
use crate::recipients::Chosen;

/// Refuses a scope that the rule does not allow, before any value is asked for.
///
/// # Errors
/// [`PolicyError::ScopeTooWide`](bulla_core::policy::PolicyError::ScopeTooWide).
pub(crate) fn allow_scope_of(envelope: &Envelope, chosen: &Chosen) -> Result<(), Failure> {
    chosen.scope(Some(envelope.scope())).map(drop)
}

/// Says what only a person can judge: a wide scope that no rule limits, and a template that no
/// earlier data key vouches for any more.
pub(crate) fn warn(after: &Envelope, chosen: &Chosen, printer: &Printer) {
    let limited = chosen
        .rule
        .as_ref()
        .is_some_and(|rule| rule.scope().is_some());
    if after.scope() != Scope::Strict && !limited {
        printer.warn(format_args!(
            "the file says scope {}, and no rule limits it: the new value opens {}",
            after.scope(),
            after.place()
        ));
    }
    let templates = after.template();
    let shows = !templates.data().is_empty() || !templates.annotations().is_empty();
    if after.data_keys().len() == 1 && shows {
        printer.warn(format_args!(
            "no earlier data key vouches for the template any more: review `spec.template`"
        ));
    }
}
