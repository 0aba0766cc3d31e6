//! Where a value may be opened: the scope that was chosen, and the place that follows from it.

use std::fmt;
use std::str::FromStr;

use crate::names::{Namespace, ResourceName};

/// How widely a sealed value may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// This namespace and this name only.
    #[default]
    Strict,
    /// Any name in this namespace.
    Namespace,
    /// Anywhere in the cluster.
    Cluster,
}

impl Scope {
    /// The spelling of the wire format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Namespace => "Namespace",
            Self::Cluster => "Cluster",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A scope that is none of `Strict`, `Namespace` and `Cluster`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope: `Strict`, `Namespace` and `Cluster` are known")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        match text {
            "Strict" => Ok(Self::Strict),
            "Namespace" => Ok(Self::Namespace),
            "Cluster" => Ok(Self::Cluster),
            _ => Err(UnknownScope),
        }
    }
}

/// A scope with the names that it binds; the ones that it leaves open are empty.
///
/// Both sealing and opening take one, so that no value is ever closed or opened without a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    scope: Scope,
    namespace: String,
    name: String,
}

impl Place {
    /// The place of the object `namespace`/`name` under `scope`.
    pub fn new(scope: Scope, namespace: &Namespace, name: &ResourceName) -> Self {
        let namespace = match scope {
            Scope::Cluster => String::new(),
            _ => namespace.as_str().to_owned(),
        };
        let name = match scope {
            Scope::Strict => name.as_str().to_owned(),
            _ => String::new(),
        };
        Self {
            scope,
            namespace,
            name,
        }
    }

    /// Anywhere in the cluster.
    pub fn cluster() -> Self {
        Self {
            scope: Scope::Cluster,
            namespace: String::new(),
            name: String::new(),
        }
    }

    /// The scope.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The bound namespace, or `""`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The bound name, or `""`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Scope::Strict => write!(f, "`{}/{}`", self.namespace, self.name),
            Scope::Namespace => write!(f, "any name in namespace `{}`", self.namespace),
            Scope::Cluster => f.write_str("anywhere in the cluster"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_scope_leaves_names_empty() {
        let (namespace, name) = ("shop".parse().unwrap(), "db".parse().unwrap());
        let parts = |scope| {
            let place = Place::new(scope, &namespace, &name);
            (place.namespace().to_owned(), place.name().to_owned())
        };
        assert_eq!(parts(Scope::Strict), ("shop".into(), "db".into()));
        assert_eq!(parts(Scope::Namespace), ("shop".into(), String::new()));
        assert_eq!(parts(Scope::Cluster), (String::new(), String::new()));
    }
}
