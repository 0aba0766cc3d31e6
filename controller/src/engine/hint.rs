//! What a person can do about a refusal: by reason, and by kind of resource where the way differs.

use bulla_core::api::SEALED_SECRET;
use bulla_core::reason::Reason;

use super::Request;

/// The hint of the one table, but for SealedSecrets, where other commands help.
pub(super) fn hint(request: &Request, reason: Reason) -> &'static str {
    if request.owner().kind != SEALED_SECRET {
        return reason.hint();
    }
    match reason {
        Reason::Malformed | Reason::Damaged => {
            "restore the SealedSecret from Git, or seal the values anew with `kubeseal`"
        }
        Reason::NotSealed => "seal the value with `kubeseal`",
        Reason::NoKey => {
            "seal it anew with the certificate that `kubeseal --fetch-cert` shows, or bring the old key back"
        }
        Reason::WrongPlace => {
            "seal it for this place, or give the SealedSecret the annotation of the scope that it was sealed with"
        }
        Reason::TemplateError => "mend `spec.template.data`",
        Reason::NotOwned => {
            "delete the Secret, or annotate it with `sealedsecrets.bitnami.com/managed: \"true\"`"
        }
        other => other.hint(),
    }
}
