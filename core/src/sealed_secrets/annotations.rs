//! The annotations of Sealed Secrets. Each counts with the value `true` and no other.

use std::collections::BTreeMap;

use crate::scope::Scope;

/// On a SealedSecret, or on a Secret that is to be sealed: open anywhere in the cluster.
pub const CLUSTER_WIDE_ANNOTATION: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// In the same places: open under any name in the namespace.
pub const NAMESPACE_WIDE_ANNOTATION: &str = "sealedsecrets.bitnami.com/namespace-wide";
/// On a live Secret: a SealedSecret of its name may take it over.
pub const MANAGED_ANNOTATION: &str = "sealedsecrets.bitnami.com/managed";
/// On a live Secret: a SealedSecret of its name adds to it and leaves the rest.
pub const PATCH_ANNOTATION: &str = "sealedsecrets.bitnami.com/patch";
/// In a template: the Secret gets no owner reference.
pub const SKIP_SET_OWNER_REFERENCES_ANNOTATION: &str =
    "sealedsecrets.bitnami.com/skip-set-owner-references";

/// What the annotations of a live Secret allow the SealedSecret of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveConsent {
    /// It may be taken over: overwritten, and owned from then on.
    pub managed: bool,
    /// Keys, labels and annotations may be added to it; what else is there stays.
    pub patch: bool,
}

impl LiveConsent {
    /// Reads the annotations of a live Secret.
    pub fn of(annotations: &BTreeMap<String, String>) -> Self {
        Self {
            managed: is_set(annotations, MANAGED_ANNOTATION),
            patch: is_set(annotations, PATCH_ANNOTATION),
        }
    }
}

/// The scope that annotations ask for; the cluster wins where both are set.
pub fn scope_of(annotations: &BTreeMap<String, String>) -> Scope {
    if is_set(annotations, CLUSTER_WIDE_ANNOTATION) {
        Scope::Cluster
    } else if is_set(annotations, NAMESPACE_WIDE_ANNOTATION) {
        Scope::Namespace
    } else {
        Scope::Strict
    }
}

/// The annotation that says `scope`; none for the strict one.
pub fn scope_annotation(scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::Strict => None,
        Scope::Namespace => Some(NAMESPACE_WIDE_ANNOTATION),
        Scope::Cluster => Some(CLUSTER_WIDE_ANNOTATION),
    }
}

pub(super) fn is_set(annotations: &BTreeMap<String, String>, name: &str) -> bool {
    annotations.get(name).is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn only_true_counts_and_the_cluster_wins() {
        let cluster = |value| annotations(&[(CLUSTER_WIDE_ANNOTATION, value)]);
        assert_eq!(scope_of(&cluster("true")), Scope::Cluster);
        for other in ["True", "1", "yes", "", " true"] {
            assert_eq!(scope_of(&cluster(other)), Scope::Strict, "{other}");
        }
        let both = annotations(&[
            (CLUSTER_WIDE_ANNOTATION, "true"),
            (NAMESPACE_WIDE_ANNOTATION, "true"),
        ]);
        assert_eq!(scope_of(&both), Scope::Cluster);
        let second = annotations(&[
            (CLUSTER_WIDE_ANNOTATION, "false"),
            (NAMESPACE_WIDE_ANNOTATION, "true"),
        ]);
        assert_eq!(scope_of(&second), Scope::Namespace);
        for scope in [Scope::Strict, Scope::Namespace, Scope::Cluster] {
            let pairs: Vec<_> = scope_annotation(scope)
                .map(|name| (name, "true"))
                .into_iter()
                .collect();
            assert_eq!(scope_of(&annotations(&pairs)), scope);
        }
    }

    #[test]
    fn a_live_secret_consents_by_its_own_annotations() {
        let consent = LiveConsent::of(&annotations(&[
            (MANAGED_ANNOTATION, "true"),
            (PATCH_ANNOTATION, "TRUE"),
        ]));
        assert!(consent.managed && !consent.patch);
    }
}
