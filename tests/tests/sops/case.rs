//! One command line with what it is given.

/// A command line, run by both programs in a directory of its own, which holds the files of `materials.rs`.
///
/// `{A}` and `{B}` stand for age recipients. SOPS_AGE_KEY_FILE names the identity of A, unless the case says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// What it is about.
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    /// Standard input.
    pub(crate) input: &'static str,
    /// Files that are there besides.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Variables that are set; an empty one is not there.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// What both say on standard error, among other things.
    pub(crate) said: &'static str,
}

impl Case {
    pub(crate) const fn new(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self {
            name,
            arguments,
            input: "",
            files: &[],
            environment: &[],
            said: "",
        }
    }

    pub(crate) const fn input(mut self, input: &'static str) -> Self {
        self.input = input;
        self
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

    pub(crate) const fn said(mut self, said: &'static str) -> Self {
        self.said = said;
        self
    }
}
