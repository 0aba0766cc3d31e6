//! Whose a live Secret is.

use super::{Live, Mode, Owner, Refusal};
use crate::reason::Reason;
use crate::sealed_secrets::LiveConsent;
use crate::secret::{KEY_LABELS, Outline, REFUSED_TYPES};
use crate::sops_secret::MANAGED_ANNOTATION;

/// On a foreign Secret: the name of the resource that may take it over (`db`, or
/// `SecretEnvelope/db`). The adoption uses it up.
pub const ADOPT_ANNOTATION: &str = "bulla.dev/adopt";

/// On an adopted Secret: the uid of the resource that it belongs to. It stands in for the owner
/// reference, so that garbage collection leaves the Secret when the resource goes.
///
/// Whoever can write it could as well write [`ADOPT_ANNOTATION`], or the data itself; a template
/// can't, the prefix is reserved. A uid is never used twice, so that it means this resource and no
/// later one of the same name.
pub const ADOPTED_BY_ANNOTATION: &str = "bulla.dev/adopted-by";

/// By which signs a Secret belongs to a resource that is not its controller, or may be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consent {
    /// [`ADOPT_ANNOTATION`].
    #[default]
    Adopt,
    /// Sealed Secrets' annotations on the live Secret beside it: `managed` lets it be taken over, `patch` added to.
    SealedSecrets {
        /// The resource wants no owner reference.
        unowned: bool,
    },
    /// The annotation of sops-secrets-operator on the live Secret beside it.
    SopsSecrets {
        /// The resource takes over what nobody controls, unasked.
        enforced: bool,
    },
}

/// How a Secret belongs to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// By the controlling owner reference: it goes when the resource goes.
    Owner,
    /// By [`ADOPTED_BY_ANNOTATION`]: it stays.
    Adopted,
    /// Not at all: its own annotation lets the resource add to it. It stays as it is otherwise.
    Shared,
}

/// Proof that a live Secret belongs to the resource, as of one read. Only [`check_ownership`] and
/// [`controlled_by`] make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    uid: String,
    resource_version: String,
    claim: Claim,
    mode: Mode,
    new: bool,
}

impl Owned {
    /// The uid of the Secret: precondition of every write.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The resourceVersion of the read that checked: precondition of changes in place.
    pub fn resource_version(&self) -> &str {
        &self.resource_version
    }

    /// How it belongs to the resource; a replacement keeps that.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// How much of it is ours.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// True when it is still to be adopted.
    pub fn is_new(&self) -> bool {
        self.new
    }
}

/// Checks whose `live` is.
///
/// # Errors
///
/// A [`Refusal`] with [`Reason::NotOwned`] that says whose it is.
pub fn check_ownership(wanted: &Outline, owner: &Owner, live: &Live) -> Result<Owned, Refusal> {
    let annotation = |name: &str| live.annotations.get(name).map(String::as_str);
    let consent = match owner.consent {
        Consent::Adopt => LiveConsent::default(),
        Consent::SealedSecrets { .. } => LiveConsent::of(&live.annotations),
        Consent::SopsSecrets { enforced } => LiveConsent {
            // Two resources that both name a Secret would take it from each other for ever.
            managed: annotation(MANAGED_ANNOTATION) == Some("true") && !is_of_a_peer(live, owner)
                || enforced && is_nobodys(live),
            patch: false,
        },
    };
    let owned = |claim, new| Owned {
        uid: live.uid.clone(),
        resource_version: live.resource_version.clone(),
        claim,
        mode: if consent.patch {
            Mode::Merge
        } else {
            Mode::Whole
        },
        new,
    };
    let is_ours = |uid: &str| !owner.uid.is_empty() && uid == owner.uid;
    let adopted = annotation(ADOPTED_BY_ANNOTATION).is_some_and(is_ours);
    match &live.controller {
        Some(controller) if is_ours(&controller.uid) => Ok(owned(Claim::Owner, false)),
        None if adopted => Ok(owned(Claim::Adopted, false)),
        _ if consent.managed => Ok(owned(owner.first_claim(), true)),
        _ if annotation(ADOPT_ANNOTATION).is_some_and(|text| owner.is_named(text)) => {
            Ok(owned(Claim::Adopted, true))
        }
        _ if consent.patch => Ok(owned(Claim::Shared, false)),
        controller => {
            let (namespace, name) = (wanted.namespace(), wanted.name());
            let whose = match controller {
                Some(by) => format!("it belongs to {} `{}`", word(&by.kind), word(&by.name)),
                None => "it was not made from this resource".to_owned(),
            };
            Err(Refusal {
                reason: Reason::NotOwned,
                detail: format!("refusing to write the Secret `{namespace}/{name}`: {whose}"),
            })
        }
    }
}

/// Proof that `live` is controlled by `owner`, for deleting it when nothing names it any more; nothing for a Secret that
/// was adopted, which stays, or that is being deleted already.
pub fn controlled_by(owner: &Owner, live: &Live) -> Option<Owned> {
    let controller = live.controller.as_ref()?;
    let is_ours = !owner.uid.is_empty() && controller.uid == owner.uid;
    (is_ours && !live.deleting).then(|| Owned {
        uid: live.uid.clone(),
        resource_version: live.resource_version.clone(),
        claim: Claim::Owner,
        mode: Mode::Whole,
        new: false,
    })
}

/// Another resource of the same kind controls it.
fn is_of_a_peer(live: &Live, owner: &Owner) -> bool {
    let controller = live.controller.as_ref();
    controller.is_some_and(|controller| controller.kind == owner.kind)
}

/// No owner has it, controlling or not, no resource of ours adopted it, and losing it would lose nobody's rights.
fn is_nobodys(live: &Live) -> bool {
    live.controller.is_none()
        && !live.owned
        && !live.annotations.contains_key(ADOPTED_BY_ANNOTATION)
        && !REFUSED_TYPES.contains(&live.secret_type.as_str())
        && !KEY_LABELS
            .iter()
            .any(|label| live.labels.contains_key(*label))
}

impl Owner {
    /// How a Secret that is made for it belongs to it.
    pub fn first_claim(&self) -> Claim {
        match self.consent {
            Consent::SealedSecrets { unowned: true } => Claim::Adopted,
            _ => Claim::Owner,
        }
    }

    fn is_named(&self, text: &str) -> bool {
        match text.split_once('/') {
            Some((kind, name)) => kind == self.kind && name == self.name.as_str(),
            None => text == self.name.as_str(),
        }
    }
}

/// Somebody else's text, escaped and cut short.
fn word(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
