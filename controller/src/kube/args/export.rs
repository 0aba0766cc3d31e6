//! The Secret that `--export-age-secret` names.

use std::fmt;
use std::str::FromStr;

use bulla_core::names::{Namespace, ResourceName};

/// A Secret by its namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTarget {
    pub(in crate::kube) namespace: Namespace,
    pub(in crate::kube) name: ResourceName,
}

impl FromStr for ExportTarget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').ok_or(SHAPE)?;
        Ok(Self {
            namespace: parts.0.parse().map_err(|_| SHAPE)?,
            name: parts.1.parse().map_err(|_| SHAPE)?,
        })
    }
}

impl fmt::Display for ExportTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

const SHAPE: &str = "it must be NAMESPACE/NAME, such as flux-system/sops-age";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_and_a_name_are_both_needed() {
        let target: ExportTarget = "flux-system/sops-age".parse().expect("a target");
        assert_eq!(target.to_string(), "flux-system/sops-age");
        for wrong in [
            "",
            "/",
            "sops-age",
            "/sops-age",
            "flux-system/",
            "a/b/c",
            "A/b",
            "a/B",
        ] {
            assert_eq!(wrong.parse::<ExportTarget>(), Err(SHAPE), "{wrong}");
        }
    }
}
