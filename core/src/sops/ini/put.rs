//! New values, keys and sections in an encrypted file, and those that are taken out of it.

use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::manifest::{Edit, Path, Step};
use crate::sops::body::Put;
use crate::sops::dotenv::FLAT;
use crate::sops::error::SopsError;
use crate::sops::value::{Value, json_text};

use super::read::{BLOCK, DEFAULT, Section};
use super::{Ini, text};

/// The file with another value at `["SECTION"]["key"]`, or another section, or without it.
pub(in crate::sops) fn put(
    file: &[u8],
    path: &Path,
    value: Option<&Json>,
) -> Result<Put, SopsError> {
    let missing = || SopsError::NoSuchPath { path: path.clone() };
    let place = Place {
        ini: Ini::read(file)?,
        path,
    };
    let (edit, at) = match (&path.0[..], value) {
        ([Step::Key(section), ..], _) if section == BLOCK => return Err(missing()),
        ([Step::Key(section), Step::Key(key)], value) => place.pair(section, key, value)?,
        ([Step::Key(section)], None) => {
            let found = place.section(section).ok_or_else(missing)?;
            let above = found.notes.lines.first();
            let start = above.map_or(found.span.start, |line| line.start);
            let text = String::new();
            let span = start..found.span.end;
            (Edit { span, text }, path.clone())
        }
        ([Step::Key(section)], Some(Json::Object(map))) => {
            let pairs = map.iter().map(|(key, value)| place.new_pair(key, value));
            let pairs: Vec<(String, String)> = pairs.collect::<Result<_, _>>()?;
            (place.whole(section, &pairs)?, path.clone())
        }
        ([Step::Key(_)], Some(_)) => {
            return Err(place.unwritable("only sections have a form in this format"));
        }
        _ => return Err(missing()),
    };
    let out = place.ini.spliced(vec![edit])?;
    Ok(Put {
        file: Zeroizing::new(out.as_bytes().to_vec()),
        at: (&at).into(),
    })
}

/// A file, and where in it something is put.
struct Place<'p> {
    ini: Ini<'p>,
    path: &'p Path,
}

impl<'p> Place<'p> {
    fn section(&self, name: &str) -> Option<&Section<'p>> {
        self.ini.sections.iter().find(|found| found.name == name)
    }

    /// One value, with where it is new: at a section that was made for it.
    fn pair(
        &self,
        section: &str,
        key: &str,
        value: Option<&Json>,
    ) -> Result<(Edit, Path), SopsError> {
        let value = value.map(|value| self.value(value)).transpose()?;
        let found = self.section(section);
        let pair = found.and_then(|found| found.pairs.iter().find(|pair| pair.key == key));
        let edit = match (found, pair, value) {
            (_, Some(pair), Some(value)) => Edit {
                span: pair.span.clone(),
                text: value,
            },
            (Some(found), Some(pair), None) => {
                // Comments above it are about it, and would be joined to those of the next key.
                let above = pair.notes.lines.first();
                let edit = Edit {
                    span: above.map_or(pair.line.start, |line| line.start)..pair.line.end,
                    text: String::new(),
                };
                // Keys before all sections are a section as long as there are any.
                let last = section == DEFAULT && found.pairs.len() == 1;
                let at = if last {
                    [section].into()
                } else {
                    self.path.clone()
                };
                return Ok((edit, at));
            }
            (_, _, None) => {
                let path = self.path.clone();
                return Err(SopsError::NoSuchPath { path });
            }
            (Some(found), None, Some(value)) => {
                let key = self.key(key)?;
                Edit {
                    span: found.end..found.end,
                    text: format!("{key} = {value}{}", self.ini.line_end()),
                }
            }
            (None, None, Some(value)) => {
                let edit = self.whole(section, &[(self.key(key)?, value)])?;
                return Ok((edit, [section].into()));
            }
        };
        Ok((edit, self.path.clone()))
    }

    /// All pairs of a section, in place of those that it has.
    fn whole(&self, name: &str, pairs: &[(String, String)]) -> Result<Edit, SopsError> {
        let (source, line_end) = (self.ini.source, self.ini.line_end());
        let lines = text::aligned(pairs, line_end).concat();
        if let Some(found) = self.section(name) {
            let header = &source[found.span.start..];
            let start = match header.trim_start().starts_with('[') {
                true => header
                    .find('\n')
                    .map_or(source.len(), |end| found.span.start + end + 1),
                false => found.span.start,
            };
            return Ok(Edit {
                span: start..found.end.max(start),
                text: lines,
            });
        }
        if name == DEFAULT {
            // Above all sections, where it needs no name.
            let at = source.len() - source.trim_start_matches('\u{feff}').len();
            return Ok(Edit {
                span: at..at,
                text: lines + line_end,
            });
        }
        if !text::is_section(name) {
            return Err(self.unwritable(UNREADABLE));
        }
        let at = self.ini.blocks().next();
        let at = at.map_or(source.len(), |block| block.start);
        let section = text::section(name, pairs, line_end);
        Ok(Edit {
            span: at..at,
            text: section + line_end,
        })
    }

    fn new_pair(&self, key: &str, value: &Json) -> Result<(String, String), SopsError> {
        Ok((self.key(key)?, self.value(value)?))
    }

    fn value(&self, value: &Json) -> Result<String, SopsError> {
        let text = json_text(value).ok_or_else(|| self.unwritable(FLAT))?;
        text::value(&Value::text(text.as_bytes()))
            .ok_or_else(|| self.unwritable("the value has no form in this format"))
    }

    fn key(&self, key: &str) -> Result<String, SopsError> {
        text::key(key).ok_or_else(|| self.unwritable(UNREADABLE))
    }

    fn unwritable(&self, rule: &'static str) -> SopsError {
        SopsError::Unwritable {
            path: self.path.clone(),
            rule,
        }
    }
}

const UNREADABLE: &str = "the name would read as something else";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(file: &str, path: &[&str], value: Option<Json>) -> Option<String> {
        let steps = path.iter().map(|step| Step::Key((*step).to_owned()));
        let put = put(file.as_bytes(), &Path(steps.collect()), value.as_ref()).ok()?;
        Some(String::from_utf8(put.file.to_vec()).expect("text"))
    }

    #[test]
    fn sections_and_keys_come_and_go_with_their_comments() {
        let file = "; top\r\nd = 1\r\n\r\n; about s\r\n[s]\r\n; about a\r\na = b\r\nc = d\r\n";
        for (path, value, expected) in [
            (
                &["s"][..],
                Some(json!({"x": true, "long": 2})),
                "; top\r\nd = 1\r\n\r\n; about s\r\n[s]\r\nx    = true\r\nlong = 2\r\n",
            ),
            (&["s"], None, "; top\r\nd = 1\r\n\r\n"),
            (
                &["s", "a"],
                None,
                "; top\r\nd = 1\r\n\r\n; about s\r\n[s]\r\nc = d\r\n",
            ),
            (
                &["DEFAULT", "d"],
                None,
                "\r\n; about s\r\n[s]\r\n; about a\r\na = b\r\nc = d\r\n",
            ),
        ] {
            assert_eq!(after(file, path, value).as_deref(), Some(expected));
        }
        let section = after(
            "[s]\na = b\n\n[sops]\nversion = 1\n",
            &["n", "k=1"],
            Some(json!("v")),
        );
        assert_eq!(
            section.as_deref(),
            Some("[s]\na = b\n\n[n]\n`k=1` = v\n\n[sops]\nversion = 1\n")
        );
        let before = after("[s]\na = b\n", &["DEFAULT"], Some(json!({"n": 1})));
        assert_eq!(before.as_deref(), Some("n = 1\n\n[s]\na = b\n"));
    }

    #[test]
    fn what_would_read_as_something_else_is_refused() {
        let file = "[s]\na = b\n";
        for (path, value) in [
            (&["s"][..], Some(json!("text"))),
            (&["s"], Some(json!({"a": {"b": 1}}))),
            (&["s", "a", "b"], Some(json!("text"))),
            (&["s", "; a"], Some(json!("text"))),
            (&["s", "a`="], Some(json!("text"))),
            (&["n\n", "a"], Some(json!("text"))),
            (&["sops", "mac"], Some(json!("text"))),
            (&["s", "z"], None),
            (&["DEFAULT"], None),
            (&[], Some(json!("text"))),
        ] {
            assert_eq!(after(file, path, value), None, "{path:?}");
        }
    }
}
