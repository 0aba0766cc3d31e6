//! Paths as sops writes them: `["users"][0]`.

use bulla_core::manifest::Path;

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;

/// The path of `--extract`; an empty one is the whole file.
pub(super) fn path_of(line: &Line) -> Result<Option<Path>, Ended> {
    let Some(text) = line.text(Flag::Extract)? else {
        return Ok(None);
    };
    match path(text) {
        Some((path, "")) => Ok(Some(path)),
        _ => Err(CommandError::ExtractPath.into()),
    }
}

/// Reads a path at the beginning of a text; with it comes what follows.
pub(super) fn path(text: &str) -> Option<(Path, &str)> {
    let mut path = Path::default();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let quote = inner
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\''));
        match quote {
            Some(quote) => {
                let inner = &inner[1..];
                let end = inner.find(&format!("{quote}]"))?;
                path = path.join(&inner[..end]);
                rest = &inner[end + 2..];
            }
            None => {
                let end = inner.find(']')?;
                let index: usize = inner[..end].parse().ok()?;
                path = path.join(index);
                rest = &inner[end + 1..];
            }
        }
    }
    (!path.0.is_empty()).then_some((path, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_keys_in_quotes_and_positions_without() {
        let keys = Path::from(["a"]).join(0).join("b]c");
        assert_eq!(path("[\"a\"][0]['b]c'] 1"), Some((keys, " 1")));
        assert_eq!(path("[\"\"]"), Some((Path::from([""]), "")));
        for wrong in ["", "a", "[a]", "[\"a\"", "[\"a']", "[-1]", "[]"] {
            assert_eq!(path(wrong), None, "{wrong}");
        }
    }
}
