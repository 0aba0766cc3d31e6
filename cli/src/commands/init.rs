//! `bulla init`: a commented `.bulla.yaml`, at the top of the work tree.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bulla_core::policy::{CONFIG_FILE, Config, ConfigError, PathGlob};

use super::key;
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::InitArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::git::{WorkTree, from_here};
use crate::located::InFile;
use crate::session::Session;
use crate::shown::Shown;

/// A configuration that is not written.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("refusing to overwrite {}", Shown(.0))]
    Exists(PathBuf),
    #[error("`{}` is not a name and a public key", .0.escape_debug())]
    NoKey(String),
    #[error("`--fetch` reads the key of one cluster: name it with `--cluster NAME`")]
    FetchWhich,
    #[error("the path `{}` is not a glob: {}", .0.escape_debug(), .1)]
    Path(String, String),
    #[error("`{}` is named twice", .0.escape_debug())]
    Twice(String),
    #[error("a name or public key is not valid")]
    Config(#[source] ConfigError),
}

/// Carries it out.
pub(crate) fn run(args: &InitArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let file = target(session)?;
    PathGlob::parse(&args.path).map_err(|why| InitError::Path(args.path.clone(), why))?;
    let draft = Draft::new(args)?;
    let text = draft.text(&args.path);
    Config::parse(&text).map_err(InitError::Config)?;
    let printer = &session.printer;
    if args.print {
        printer.data(text.as_bytes())?;
        return Ok(ExitStatus::Done);
    }
    replace(&[Replacement {
        path: &file,
        bytes: text.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    printer.say(format_args!("wrote {}\n{NEXT}", Shown(&file)));
    if draft.is_only_for_clusters() {
        printer.say(ONLY_CLUSTERS);
    }
    Ok(ExitStatus::Done)
}

/// Where it goes; another one, here or further out, is never replaced or hidden.
fn target(session: &Session) -> Result<PathBuf, Failure> {
    if let Some(named) = session.configs.named() {
        return if named.exists() {
            Err(InitError::Exists(named.to_owned()).into())
        } else {
            Ok(named.to_owned())
        };
    }
    let here = Path::new(".");
    let tree = WorkTree::around(here).map_err(|error| InFile::io("find", here, error))?;
    let file = match &tree {
        Some(tree) => from_here(tree.top(), Path::new(CONFIG_FILE)),
        None => PathBuf::from(CONFIG_FILE),
    };
    if file.symlink_metadata().is_ok() {
        return Err(InitError::Exists(file).into());
    }
    match session.configs.of(None)? {
        Some(located) => Err(InitError::Exists(located.file.clone()).into()),
        None => Ok(file),
    }
}

/// Names with their public keys, by section.
struct Draft {
    clusters: Vec<(String, Vec<String>)>,
    people: Vec<(String, Vec<String>)>,
    recovery: Vec<(String, Vec<String>)>,
}

impl Draft {
    fn new(args: &InitArgs) -> Result<Self, Failure> {
        let mut clusters = Vec::new();
        let mut to_fetch = Vec::new();
        for text in &args.cluster {
            match text.split_once('=') {
                None if args.fetch => to_fetch.push(text.clone()),
                _ => clusters.push(pair(text)?),
            }
        }
        match (args.fetch, to_fetch.pop(), to_fetch.is_empty()) {
            (false, None, _) => {}
            (true, Some(name), true) => {
                let keys = key::of_cluster(&args.at, None)?;
                clusters.push((name, keys.iter().map(ToString::to_string).collect()));
            }
            _ => return Err(InitError::FetchWhich.into()),
        }
        let pairs = |texts: &[String]| {
            texts
                .iter()
                .map(|text| pair(text))
                .collect::<Result<Vec<_>, _>>()
        };
        let draft = Self {
            clusters: joined(clusters),
            people: joined(pairs(&args.person)?),
            recovery: joined(pairs(&args.recovery)?),
        };
        let mut seen = BTreeSet::new();
        if let Some((name, _)) = draft.everyone().find(|(name, _)| !seen.insert(name)) {
            return Err(InitError::Twice(name.clone()).into());
        }
        Ok(draft)
    }

    /// True where nobody outside of the clusters could open a file.
    fn is_only_for_clusters(&self) -> bool {
        !self.clusters.is_empty() && self.people.is_empty() && self.recovery.is_empty()
    }

    fn everyone(&self) -> impl Iterator<Item = &(String, Vec<String>)> {
        let sections = [&self.clusters, &self.people, &self.recovery];
        sections.into_iter().flatten()
    }

    fn text(&self, path: &str) -> String {
        let mut text = HEAD.to_owned();
        let sections = [
            ("clusters", CLUSTERS, &self.clusters),
            ("people", PEOPLE, &self.people),
            ("recovery", RECOVERY, &self.recovery),
        ];
        for (section, about, entries) in sections {
            let _ = write!(text, "\n{about}");
            if entries.is_empty() {
                let _ = write!(
                    text,
                    "# {section}:\n#   {}:\n#     recipients: [age1…]\n",
                    example(section)
                );
                continue;
            }
            let _ = writeln!(text, "{section}:");
            for (name, keys) in entries {
                let _ = writeln!(text, "  {name}:\n    recipients:");
                for key in keys {
                    let _ = writeln!(text, "      - {key}");
                }
            }
        }
        let names: Vec<_> = self.everyone().map(|(name, _)| name.as_str()).collect();
        let _ = write!(text, "\n{RULES}");
        let rule = match names.is_empty() {
            true => format!(
                "# rules:\n#   - path: {}\n#     for: [prod, safe]\n",
                quoted(path)
            ),
            false => format!(
                "rules:\n  - path: {}\n    for: [{}]\n",
                quoted(path),
                names.join(", ")
            ),
        };
        text + &rule + OPTIONS
    }
}

/// A name that is given several times has several keys.
fn joined(pairs: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    let mut joined: Vec<(String, Vec<String>)> = Vec::new();
    for (name, keys) in pairs {
        match joined.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(keys),
            None => joined.push((name, keys)),
        }
    }
    joined
}

fn pair(text: &str) -> Result<(String, Vec<String>), InitError> {
    let parts = text
        .split_once('=')
        .filter(|(name, key)| !name.is_empty() && !key.is_empty());
    // Names and keys are put into YAML as they are: nothing but what they can be made of may pass.
    let plain = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.@ +/".contains(&b))
    };
    match parts {
        Some((name, key)) if plain(name) && plain(key) => {
            Ok((name.to_owned(), vec![key.to_owned()]))
        }
        // What was given may be a private key: only the name is repeated.
        _ => Err(InitError::NoKey(
            text.split('=').next().unwrap_or_default().to_owned(),
        )),
    }
}

fn example(section: &str) -> &'static str {
    match section {
        "clusters" => "prod",
        "people" => "alice",
        _ => "safe",
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Fault for InitError {
    fn blame(&self) -> Blame {
        match self {
            Self::Config(_) => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Exists(_) => {
                Some("edit it, or add a cluster's key: `bulla key fetch --name CLUSTER`".into())
            }
            Self::NoKey(_) => Some(
                "give both: `NAME=age1…`; `bulla key show FILE --public` prints a public key"
                    .into(),
            ),
            Self::Twice(_) => {
                Some("a cluster, a person and a recovery key each have a name of their own".into())
            }
            Self::FetchWhich => Some("`bulla init --cluster prod --fetch --context prod`".into()),
            Self::Path(..) => Some("paths are relative to .bulla.yaml: `clusters/prod/**`".into()),
            Self::Config(error) => Some(error.hint().into()),
        }
    }
}

const HEAD: &str = "\
# Whom Bulla closes secrets for. Review changes to this file like code: whoever stands here can read
# what is sealed from then on. Public keys only; private ones never belong into a repository.
";
const CLUSTERS: &str = "\
# Clusters, with the public halves of their sealing keys. `bulla key fetch --name prod` writes them.
";
const PEOPLE: &str = "\
# People who can open what is sealed, on their own machines. `bulla key generate` makes a key.
";
const RECOVERY: &str = "\
# A key that is kept offline, for the day when all others are lost.
";
const RULES: &str = "\
# Whom each file is closed for. The first rule that matches counts; a file without one is refused.
# In a path `**` crosses directories and `*` does not.
";
const OPTIONS: &str = "\
#     postQuantum: required   # refuse classic recipients
#     scope: Strict           # or Namespace, or Cluster: where values may be opened at most
";
const ONLY_CLUSTERS: &str = "\
note: only the cluster can open what is sealed now, and nobody can `rewrap` it when the cluster's key is renewed:
  add yourself or a recovery key to `people`, `recovery` and the rule, with a public key of `bulla key generate`";
const NEXT: &str = "\
next:
  bulla seal -i FILE         close the Secrets in a manifest
  bulla check                find what must not be committed
  bulla git install          check before every commit; diffs and merges of sealed files";
