//! What can be done to a file, in the words of each program.

use serde_json::Value;

/// A command, as all programs have it in one way or another.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Set(String, &'static str),
    Unset(String, bool),
    Rotate,
    /// By rules that were written before.
    UpdateKeys,
    /// The mark in the file becomes another one.
    Edit(String),
    EditNothing,
    EditFails,
    Extract(String),
    Status,
    Env,
    File,
    /// Out of the file, and in again.
    Again,
    EncryptTwice,
    /// A second group of keys, which goes again.
    Groups(String),
    Wrong(&'static [&'static str]),
}

/// Who carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The real sops.
    Theirs,
    /// `bulla` called as `sops`.
    Ours,
    /// Commands of `bulla` itself.
    Bulla,
}

pub(crate) const TOOLS: [Tool; 3] = [Tool::Theirs, Tool::Ours, Tool::Bulla];

/// One call of a program.
pub(crate) struct Call {
    /// By the commands of `bulla` itself, or as `sops`.
    pub(crate) by_bulla: bool,
    pub(crate) words: Vec<String>,
    pub(crate) editor: Option<String>,
}

impl Step {
    /// The row that it counts for.
    pub(crate) fn row(&self) -> &'static str {
        match self {
            Self::Set(..) => "set",
            Self::Unset(..) => "unset",
            Self::Rotate => "rotate",
            Self::UpdateKeys => "updatekeys",
            Self::Edit(_) => "edit",
            Self::EditNothing => "edit of nothing",
            Self::EditFails => "edit that fails",
            Self::Extract(_) => "extract",
            Self::Status => "filestatus",
            Self::Env => "exec-env",
            Self::File => "exec-file",
            Self::Again => "decrypt and encrypt",
            Self::EncryptTwice => "encrypt twice",
            Self::Groups(_) => "groups",
            Self::Wrong(_) => "wrong words",
        }
    }

    /// Whether what it prints is compared, and the file stays.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::Extract(_) | Self::Status | Self::Env | Self::File
        )
    }

    /// The calls, one after the other; none where this program has no such command.
    pub(crate) fn calls(&self, tool: Tool, name: &str) -> Vec<Call> {
        match tool {
            Tool::Theirs | Tool::Ours => self.as_sops(name),
            Tool::Bulla => self.as_bulla(name),
        }
    }

    fn as_sops(&self, name: &str) -> Vec<Call> {
        let edit = |editor: &str| Call {
            editor: Some(editor.to_owned()),
            ..sops(&["edit", name])
        };
        match self {
            Self::Set(path, value) => vec![sops(&["set", name, path, value])],
            Self::Unset(path, true) => vec![sops(&["unset", "--idempotent", name, path])],
            Self::Unset(path, false) => vec![sops(&["unset", name, path])],
            Self::Rotate => vec![sops(&["rotate", "-i", name])],
            Self::UpdateKeys => vec![sops(&["updatekeys", "-y", name])],
            Self::Edit(mark) => vec![edit(&format!("sed -i s/mark[0-9]*/{mark}/"))],
            Self::EditNothing => vec![edit("true")],
            Self::EditFails => vec![edit("false")],
            Self::Extract(path) => vec![sops(&["decrypt", "--extract", path, name])],
            Self::Status => vec![sops(&["filestatus", name])],
            Self::Env => vec![sops(&["exec-env", name, "echo \"$note|$Q|$k0|$k1|$k2\""])],
            Self::File if name.ends_with(".bin") => vec![sops(&["exec-file", name, "cat {}"])],
            Self::File => vec![sops(&[
                "exec-file",
                "--output-type",
                "json",
                name,
                "cat {}",
            ])],
            Self::Again => vec![
                sops(&["decrypt", "-i", name]),
                sops(&["encrypt", "-i", name]),
            ],
            Self::EncryptTwice => vec![sops(&["encrypt", "-i", name])],
            Self::Groups(recipient) => vec![
                sops(&["groups", "add", "-i", "-f", name, "--age", recipient]),
                sops(&["decrypt", name]),
                sops(&[
                    "groups",
                    "delete",
                    "-i",
                    "--shamir-secret-sharing-threshold",
                    "1",
                    "-f",
                    name,
                    "1",
                ]),
            ],
            Self::Wrong(words) => {
                let words: Vec<&str> = words
                    .iter()
                    .map(|word| if *word == "FILE" { name } else { word })
                    .collect();
                vec![sops(&words)]
            }
        }
    }

    fn as_bulla(&self, name: &str) -> Vec<Call> {
        let edit = |editor: &str| Call {
            editor: Some(editor.to_owned()),
            ..bulla(&["edit", name])
        };
        match self {
            // To `bulla` a binary file has no keys.
            Self::Set(..) if name.ends_with(".bin") => Vec::new(),
            Self::Set(path, value) => match serde_json::from_str(value).unwrap() {
                Value::String(text) => vec![bulla(&["set", name, path, "--literal", &text])],
                _ => Vec::new(),
            },
            Self::Unset(path, false) => vec![bulla(&["unset", name, path])],
            Self::Rotate => vec![bulla(&["reseal", name])],
            Self::UpdateKeys => vec![bulla(&["rewrap", name])],
            Self::Edit(mark) => vec![edit(&format!("sed -i s/mark[0-9]*/{mark}/"))],
            Self::EditFails => vec![edit("false")],
            Self::Again => vec![sops(&["decrypt", "-i", name]), bulla(&["seal", "-i", name])],
            _ => Vec::new(),
        }
    }
}

fn sops(words: &[&str]) -> Call {
    Call {
        by_bulla: false,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        editor: None,
    }
}

fn bulla(words: &[&str]) -> Call {
    Call {
        by_bulla: true,
        ..sops(words)
    }
}
