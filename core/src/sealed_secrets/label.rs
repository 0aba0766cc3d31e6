//! The OAEP label: what binds a sealed value to a place.

use std::fmt;

use crate::names::{Namespace, ResourceName};
use crate::scope::{Place, Scope};

/// `<namespace>/<name>`, `<namespace>`, or nothing: by scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(Place);

impl Label {
    /// The label of the object `namespace`/`name` under `scope`.
    pub fn new(scope: Scope, namespace: &Namespace, name: &ResourceName) -> Self {
        Self(Place::new(scope, namespace, name))
    }

    /// The label of what may be opened anywhere in the cluster; no place is asked for.
    pub fn cluster() -> Self {
        Self(Place::cluster())
    }

    /// The place that it binds to.
    pub fn place(&self) -> &Place {
        &self.0
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self.0.scope() {
            Scope::Strict => format!("{}/{}", self.0.namespace(), self.0.name()).into_bytes(),
            Scope::Namespace => self.0.namespace().as_bytes().to_vec(),
            Scope::Cluster => Vec::new(),
        }
    }
}

impl From<Place> for Label {
    fn from(place: Place) -> Self {
        Self(place)
    }
}

/// As the place shows itself.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_kubeseals() {
        let (namespace, name) = ("shop".parse().unwrap(), "db".parse().unwrap());
        let bytes = |scope| Label::new(scope, &namespace, &name).bytes();
        assert_eq!(bytes(Scope::Strict), b"shop/db");
        assert_eq!(bytes(Scope::Namespace), b"shop");
        assert_eq!(bytes(Scope::Cluster), b"");
        assert_eq!(Label::cluster().bytes(), b"");
    }
}
