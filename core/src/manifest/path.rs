//! The way to a node, from the top of its document or object.

use std::fmt;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a sequence, from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The way to a node; keys are shown escaped and cut, values never occur in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The path with one more step.
    pub fn join(&self, step: impl Into<Step>) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step.into());
        Self(steps)
    }

    /// What is left of this path below `parent`.
    pub(super) fn below(&self, parent: &Self) -> Option<&[Step]> {
        self.0.strip_prefix(parent.0.as_slice())
    }
}

impl<S: Into<Step>, const N: usize> From<[S; N]> for Path {
    fn from(steps: [S; N]) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<Step>> FromIterator<S> for Path {
    fn from_iter<I: IntoIterator<Item = S>>(steps: I) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }
}

/// Written as `spec.data["tls.crt"]`; the whole document is `.`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_word(key) && nth == 0 => f.write_str(key)?,
                Step::Key(key) if is_word(key) => write!(f, ".{key}")?,
                Step::Key(key) => {
                    let shown: String = key.chars().take(SHOWN_CHARACTERS).collect();
                    let cut = if shown.len() < key.len() { "…" } else { "" };
                    write!(f, "[{shown:?}{cut}]")?;
                }
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    (1..=SHOWN_CHARACTERS).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

const SHOWN_CHARACTERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_people_write_them() {
        assert_eq!(
            Path::from(["spec", "data", "tls.crt"]).to_string(),
            r#"spec.data["tls.crt"]"#
        );
        assert_eq!(
            Path::from(["items"]).join(2).join("kind").to_string(),
            "items[2].kind"
        );
        let hostile = Path::from(["\u{1b}[31m"]).to_string();
        assert!(!hostile.contains('\u{1b}'), "{hostile}");
    }
}
