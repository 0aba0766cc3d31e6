//! One command line with what it is given.

/// A command line, run by both programs in a directory of its own.
///
/// In it lie, besides the files of the case: `tls.crt` and `tls.key` (RSA-2048), `other.key`, `expired.crt`, `ec.crt`,
/// `small.crt` (RSA-1024) and `plain.pub`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// What it is about.
    pub(crate) name: &'static str,
    /// The flags, split at blanks.
    pub(crate) arguments: &'static str,
    /// Standard input.
    pub(crate) input: &'static str,
    /// Files that are there before.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Variables that are set.
    pub(crate) environment: &'static [(&'static str, &'static str)],
}

impl Case {
    /// A case with flags and standard input alone.
    pub(crate) const fn new(
        name: &'static str,
        arguments: &'static str,
        input: &'static str,
    ) -> Self {
        Self {
            name,
            arguments,
            input,
            files: &[],
            environment: &[],
        }
    }

    pub(crate) const fn files(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.files = files;
        self
    }

    pub(crate) const fn environment(
        mut self,
        environment: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.environment = environment;
        self
    }
}

pub(crate) const SECRET: &str =
    "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {a: b}\n";
pub(crate) const PLAIN: &str = "\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b}
spec:
  encryptedData:
    old: AgA
  template:
    metadata: {name: a, namespace: b}
";
pub(crate) const COMMENTED: &str = "\
# Who made it
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b}
spec:
  encryptedData:
    old: AgA # from 2020
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
";
pub(crate) const WIDE: &str = "\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b, annotations: {sealedsecrets.bitnami.com/namespace-wide: \"true\"}}
spec: {encryptedData: {old: AgA}, template: {metadata: {name: a, namespace: b}}}
";
pub(crate) const EMPTY: &str = "\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b}
spec: {encryptedData: {}, template: {metadata: {name: a, namespace: b}}}
";
pub(crate) const TWICE: &str = "\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b}
spec: {encryptedData: {}, template: {metadata: {name: a, namespace: b}}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: c, namespace: b}
spec: {encryptedData: {}, template: {metadata: {name: c, namespace: b}}}
";
