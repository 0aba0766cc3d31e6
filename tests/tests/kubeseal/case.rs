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
