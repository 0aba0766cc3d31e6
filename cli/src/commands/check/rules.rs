//! Which configuration counts for a file, and configurations that must not count.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bulla_core::policy::check::{Finding, FindingKind};
use bulla_core::policy::{CONFIG_BYTES_MAX, CONFIG_FILE, Config, Format};
use bulla_core::sops::config::{SOPS_CONFIG_FILE, SopsConfig, Strictness};
use bulla_core::sops::{Selector, SelectorKind};

use super::candidates::{Candidate, Candidates};
use crate::cli::{CheckArgs, RecipientArgs};
use crate::config::{Configs, Located};
use crate::failure::Failure;
use crate::git::{Entry, WorkTree, from_here};
use crate::input::is_stdin;
use crate::located::InFile;
use crate::printer::Printer;
use crate::session::Session;
use crate::sops_file::target::{Target, Targets};

/// Answers for one run.
pub(super) enum Rules<'a> {
    /// Outside of Git, or with `--config`: looked up for each file as other commands do.
    Lookup(&'a Configs, Box<Targets<'a>>, &'a Printer),
    /// The configurations of a work tree, an index or a revision.
    Tree(Vec<InTree>, Vec<Finding>, Vec<SopsInTree>),
}

/// A `.sops.yaml` of a tree: its directory, and what it says.
type SopsInTree = (PathBuf, Rc<SopsConfig>);

/// What `.sops.yaml` says of a file.
pub(super) type SopsRuling = Result<Target, String>;

/// What a rule of `.sops.yaml` wants encrypted.
pub(super) struct Wanted {
    /// Its number, from 1.
    pub(super) rule: usize,
    /// What it selects.
    pub(super) selector: Selector,
}

/// A configuration that counts.
pub(super) enum Ruling {
    /// As other commands find it.
    Found(Rc<Located>),
    /// Of a work tree, an index or a revision.
    InTree(Rc<Config>),
}

impl Deref for Ruling {
    type Target = Config;

    fn deref(&self) -> &Config {
        match self {
            Self::Found(located) => &located.config,
            Self::InTree(config) => config,
        }
    }
}

/// An outermost configuration.
pub(super) struct InTree {
    /// Its directory from the top of the work tree.
    directory: PathBuf,
    /// Nothing when it can't be obeyed.
    config: Option<Rc<Config>>,
}

impl<'a> Rules<'a> {
    fn lookup(session: &'a Session) -> Self {
        let targets = Targets::new(&session.configs, &NOBODY);
        Self::Lookup(&session.configs, Box::new(targets), &session.printer)
    }

    /// Finds and reads the configurations.
    pub(super) fn find(
        args: &'a CheckArgs,
        session: &'a Session,
        candidates: &Candidates,
    ) -> Result<Self, Failure> {
        let printer = &session.printer;
        let tree = match (&args.config_from, &candidates.tree) {
            _ if session.configs.named().is_some() => return Ok(Self::lookup(session)),
            (Some(_), None) => WorkTree::here()?,
            (None, None) => return Ok(Self::lookup(session)),
            (_, Some(tree)) => tree.clone(),
        };
        let texts = match &args.config_from {
            Some(revision) => {
                let entries = tree.tree(revision, &[])?;
                let texts = of_entries(&tree, &entries)?;
                if !texts.iter().any(|(path, _)| is_config(path)) {
                    let note = "recipients are not checked";
                    printer.warn(format_args!(
                        "`{}` has no {CONFIG_FILE}: {note}",
                        revision.escape_debug()
                    ));
                }
                texts
            }
            None if args.staged => of_entries(&tree, &candidates.staged)?,
            None => of_files(&tree)?,
        };
        if texts.is_empty() && args.config_from.is_none() {
            printer.say(format_args!(
                "there is no {CONFIG_FILE}: recipients are not checked"
            ));
        }
        Ok(Self::of_texts(&tree, texts))
    }

    fn of_texts(tree: &WorkTree, texts: Vec<(PathBuf, Vec<u8>)>) -> Self {
        let (sops_texts, mut texts): (Vec<_>, Vec<_>) = texts
            .into_iter()
            .partition(|(path, _)| is_called(path, SOPS_CONFIG_FILE));
        texts.sort_by_key(|(path, _)| (path.components().count(), path.clone()));
        let (mut configs, mut findings) = (Vec::<InTree>::new(), Vec::new());
        for (path, bytes) in texts {
            let shown = |path: &Path| from_here(tree.top(), path).to_string_lossy().into_owned();
            let directory = path.parent().unwrap_or(Path::new("")).to_owned();
            if let Some(outer) = configs
                .iter()
                .find(|outer| directory.starts_with(&outer.directory))
            {
                let outer = shown(&outer.directory.join(CONFIG_FILE));
                findings.push(Finding::nested_config(&shown(&path), &outer));
                continue;
            }
            // What is not UTF-8 is not YAML either, and says so with its place.
            let config = Config::parse(&String::from_utf8_lossy(&bytes));
            let config = config
                .map_err(|error| findings.push(Finding::invalid_config(&shown(&path), &error)));
            configs.push(InTree {
                directory,
                config: config.ok().map(Rc::new),
            });
        }
        let mut sops = Vec::new();
        for (path, bytes) in sops_texts {
            let directory = path.parent().unwrap_or(Path::new("")).to_owned();
            // Where `.bulla.yaml` counts, the other one is between its authors and sops.
            if configs
                .iter()
                .any(|outer| directory.starts_with(&outer.directory))
            {
                continue;
            }
            let shown = from_here(tree.top(), &path).to_string_lossy().into_owned();
            match SopsConfig::parse(&bytes, Strictness::Strict) {
                Ok(config) => sops.push((directory, Rc::new(config))),
                Err(error) => findings.push(Finding {
                    kind: FindingKind::InvalidConfig,
                    path: shown,
                    place: error.at(),
                    key: None,
                    message: error.to_string(),
                    hint: error.hint().to_owned(),
                }),
            }
        }
        Self::Tree(configs, findings, sops)
    }

    /// What the nearest `.sops.yaml` says of a file that no `.bulla.yaml` is for; nothing where there is none.
    pub(super) fn sops_of(&self, candidate: &Candidate) -> Result<Option<SopsRuling>, Failure> {
        self.asked_of_sops(candidate, sops_ruling)
    }

    /// The same for a file that is not encrypted, where the rule says which files or which keys it is for.
    pub(super) fn sops_wanted(&self, candidate: &Candidate) -> Result<Option<Wanted>, Failure> {
        Ok(self.asked_of_sops(candidate, wanted)?.flatten())
    }

    fn asked_of_sops<T>(
        &self,
        candidate: &Candidate,
        ask: impl Fn(&SopsConfig, &str) -> T,
    ) -> Result<Option<T>, Failure> {
        match self {
            Self::Lookup(..) if is_stdin(&candidate.shown) => Ok(None),
            Self::Lookup(_, targets, printer) => {
                let Some(located) = targets.sops_config(&candidate.shown, printer)? else {
                    return Ok(None);
                };
                let path = located.relative(&candidate.shown)?;
                Ok(Some(ask(&located.config, &path)))
            }
            Self::Tree(.., sops) => {
                let Some(path) = &candidate.in_tree else {
                    return Ok(None);
                };
                let nearest = path
                    .ancestors()
                    .skip(1)
                    .find_map(|above| sops.iter().find(|(directory, _)| directory == above));
                Ok(nearest.map(|(directory, config)| {
                    let below = path.strip_prefix(directory).unwrap_or(path);
                    ask(config, &with_slashes(below))
                }))
            }
        }
    }

    /// True where any rule may be for files of SOPS.
    pub(super) fn has_sops(&self) -> bool {
        match self {
            Self::Lookup(..) => true,
            Self::Tree(configs, _, sops) => {
                let mut rules = configs
                    .iter()
                    .flat_map(|in_tree| &in_tree.config)
                    .flat_map(|config| config.rules());
                !sops.is_empty() || rules.any(|rule| rule.format() == Format::Sops)
            }
        }
    }

    /// What is wrong with the configurations themselves.
    pub(super) fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Lookup(..) => Vec::new(),
            Self::Tree(_, findings, _) => findings.clone(),
        }
    }

    /// The configuration for a file, and the path that its rules see.
    pub(super) fn of(&self, candidate: &Candidate) -> Result<Option<(Ruling, String)>, Failure> {
        match self {
            Self::Lookup(..) if is_stdin(&candidate.shown) => Ok(None),
            Self::Lookup(configs, ..) => match configs.of(Some(&candidate.shown))? {
                Some(located) => {
                    let path = located.relative(&candidate.shown)?;
                    Ok(Some((Ruling::Found(located), path)))
                }
                None => Ok(None),
            },
            Self::Tree(configs, ..) => {
                let Some(path) = &candidate.in_tree else {
                    return Ok(None);
                };
                let found = configs.iter().find_map(|outer| {
                    let below = path.strip_prefix(&outer.directory).ok()?;
                    Some((outer.config.clone()?, below))
                });
                Ok(found.map(|(config, below)| (Ruling::InTree(config), with_slashes(below))))
            }
        }
    }
}

/// The configurations among the files of a revision or of the index.
fn of_entries(tree: &WorkTree, entries: &[Entry]) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let entries: Vec<_> = entries
        .iter()
        .filter(|entry| is_config(&entry.path))
        .cloned()
        .collect();
    let contents = tree.contents(&entries, CONFIG_BYTES_MAX + 1)?;
    // One that is too large is refused as such when it is parsed.
    let bytes =
        |content: Option<Vec<u8>>| content.unwrap_or_else(|| vec![b' '; CONFIG_BYTES_MAX + 1]);
    Ok(entries
        .into_iter()
        .map(|entry| entry.path)
        .zip(contents.into_iter().map(bytes))
        .collect())
}

/// The configurations in the work tree; the one at its top counts even when Git ignores it.
fn of_files(tree: &WorkTree) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let mut paths: Vec<_> = tree
        .files(&[])?
        .into_iter()
        .filter(|path| is_config(path))
        .collect();
    for name in [CONFIG_FILE, SOPS_CONFIG_FILE] {
        if !paths.contains(&name.into()) {
            paths.push(name.into());
        }
    }
    let mut texts = Vec::new();
    for path in paths {
        let file = tree.top().join(&path);
        if file.is_file() {
            let shown = from_here(tree.top(), &path);
            let bytes = std::fs::read(&file).map_err(|error| InFile::io("read", &shown, error))?;
            texts.push((path, bytes));
        }
    }
    Ok(texts)
}

fn is_config(path: &Path) -> bool {
    is_called(path, CONFIG_FILE) || is_called(path, SOPS_CONFIG_FILE)
}

fn is_called(path: &Path, name: &str) -> bool {
    path.file_name() == Some(OsStr::new(name))
}

fn sops_ruling(config: &SopsConfig, path: &str) -> SopsRuling {
    let rule = config.rule_for(path).map_err(|error| error.to_string())?;
    Target::of_sops(&rule).map_err(|failure| failure.in_one_line().0)
}

/// What the rule of a path wants encrypted. A rule for every file there is wants something only where it names keys:
/// most of those files were never meant.
fn wanted(config: &SopsConfig, path: &str) -> Option<Wanted> {
    let rule = config.rule_for(path).ok()?;
    let names_keys = rule.selector.as_ref().is_some_and(|selector| {
        matches!(
            selector.kind(),
            SelectorKind::EncryptedRegex
                | SelectorKind::EncryptedSuffix
                | SelectorKind::EncryptedCommentRegex
        )
    });
    if !names_keys {
        let extension = Path::new(path).extension().unwrap_or_default();
        let anywhere = Path::new(ANY_FILE).with_extension(extension);
        let anywhere = config.rule_for(&anywhere.to_string_lossy());
        if anywhere.is_ok_and(|other| other.number == rule.number) {
            return None;
        }
    }
    Some(Wanted {
        rule: rule.number,
        selector: rule.selector.unwrap_or_else(Selector::default_suffix),
    })
}

/// A name that nobody writes a rule for.
const ANY_FILE: &str = "0bulla0/0any0";

static NOBODY: RecipientArgs = RecipientArgs {
    recipients: Vec::new(),
};

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
