//! What a person can do about a refusal: by reason, and by kind of resource where the way differs.

use bulla_core::api::{SEALED_SECRET, SOPS_SECRET};
use bulla_core::reason::Reason;

use super::Request;

/// The hint of the one table, but for SealedSecrets, where other commands help.
pub(super) fn hint(request: &Request, reason: Reason) -> &'static str {
    match request.owner().kind.as_str() {
        SEALED_SECRET => of_sealed_secret(reason),
        SOPS_SECRET => of_sops_secret(reason),
        _ => reason.hint(),
    }
}

fn of_sops_secret(reason: Reason) -> &'static str {
    match reason {
        Reason::Malformed | Reason::Damaged => {
            "restore the SopsSecret from Git, or encrypt it anew with `sops`"
        }
        Reason::NotSealed => "encrypt it with `sops`; its selector has to cover the value",
        Reason::NoKey => {
            "`sops updatekeys` or `bulla rewrap` with a public key that `kubectl get sealingkeys` shows, or bring the \
             identity in a Secret labelled `bulla.dev/age-identities`"
        }
        Reason::WrongPlace => "encrypt a file of its own for this namespace and name",
        Reason::NotOwned => "delete the Secret, or annotate it with `sopssecret/managed: \"true\"`",
        other => other.hint(),
    }
}

fn of_sealed_secret(reason: Reason) -> &'static str {
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
