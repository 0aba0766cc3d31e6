//! Go's syntax of regular expressions, read into the form that `regex-automata` compiles.
//!
//! Rust's own syntax differs in what `\d`, `\w`, `\s` and `\b` mean, in classes, flags, escapes and
//! limits, so that Go's is read here and nothing is translated as text.

use regex_syntax::hir::{self, Class, Hir, Look};

use super::class::Set;

mod escape;
mod repeat;

/// Why a text is no regular expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Go refuses it too.
    Syntax,
    /// It exceeds a bound of ours.
    Limit,
}

/// A parsed expression, with the names of its groups, of which the first is the whole match.
pub(super) struct Parsed {
    pub(super) hir: Hir,
    pub(super) names: Vec<String>,
    /// What reading it took, in ranges of characters.
    pub(super) work: usize,
}

/// Reads `pattern` with Go's flags for `regexp.Compile`.
pub(super) fn parse(pattern: &str) -> Result<Parsed, Wrong> {
    let mut parser = Parser {
        text: pattern,
        at: 0,
        flags: Flags::default(),
        names: vec![String::new()],
        work: 0,
    };
    let node = parser.alternation(0)?;
    if parser.at < pattern.len() {
        return Err(Wrong::Syntax);
    }
    Ok(Parsed {
        hir: node.hir,
        names: parser.names,
        work: parser.work,
    })
}

struct Parser<'p> {
    text: &'p str,
    at: usize,
    flags: Flags,
    names: Vec<String>,
    work: usize,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    lines: bool,
    dot_newline: bool,
    lazy: bool,
}

/// A part of the expression, with what Go's bound on repetitions asks for.
struct Node {
    hir: Hir,
    /// The largest product of nested counts.
    repeats: u64,
}

impl Node {
    fn new(hir: Hir) -> Self {
        Self { hir, repeats: 1 }
    }
}

impl Parser<'_> {
    /// Branches up to the end or a closing parenthesis.
    fn alternation(&mut self, depth: usize) -> Result<Node, Wrong> {
        if depth > DEPTH {
            return Err(Wrong::Limit);
        }
        let (mut branches, mut repeats) = (Vec::new(), 1);
        loop {
            let branch = self.concatenation(depth)?;
            repeats = repeats.max(branch.repeats);
            branches.push(branch.hir);
            if !self.take("|") {
                break;
            }
        }
        Ok(Node {
            hir: Hir::alternation(branches),
            repeats,
        })
    }

    fn concatenation(&mut self, depth: usize) -> Result<Node, Wrong> {
        let mut nodes: Vec<Node> = Vec::new();
        // Whether the last thing read was a repetition, which must not be repeated itself.
        let mut repeated = false;
        while let Some(c) = self.peek() {
            let mut repeats = false;
            match c {
                '|' | ')' => break,
                '(' if self.rest().starts_with("(?") => nodes.extend(self.group_or_flags(depth)?),
                '(' => {
                    self.at += 1;
                    nodes.push(self.group(depth, Some(String::new()))?);
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    let bounds = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(&mut nodes, repeated, bounds, false)?;
                    repeats = true;
                }
                '{' => match self.counts() {
                    Some((bounds, len)) => {
                        let bounds = bounds.ok_or(Wrong::Syntax)?;
                        self.at += len;
                        self.repeat(&mut nodes, repeated, bounds, true)?;
                        repeats = true;
                    }
                    None => {
                        self.at += 1;
                        nodes.push(self.literal('{')?);
                    }
                },
                '^' => {
                    self.at += 1;
                    let look = if self.flags.lines {
                        Look::StartLF
                    } else {
                        Look::Start
                    };
                    nodes.push(Node::new(Hir::look(look)));
                }
                '$' => {
                    self.at += 1;
                    let look = if self.flags.lines {
                        Look::EndLF
                    } else {
                        Look::End
                    };
                    nodes.push(Node::new(Hir::look(look)));
                }
                '.' => {
                    self.at += 1;
                    let mut set = Set::default();
                    if !self.flags.dot_newline {
                        set.add(0x0a, 0x0a);
                    }
                    nodes.push(self.node(&set.negated())?);
                }
                '[' => {
                    let set = self.class()?;
                    nodes.push(self.node(&set)?);
                }
                '\\' => self.escaped(&mut nodes)?,
                c => {
                    self.at += c.len_utf8();
                    nodes.push(self.literal(c)?);
                }
            }
            repeated = repeats;
        }
        let repeats = nodes.iter().map(|n| n.repeats).max().unwrap_or(1);
        let hir = Hir::concat(nodes.into_iter().map(|n| n.hir).collect());
        Ok(Node { hir, repeats })
    }

    /// What stands between parentheses; with a name it captures.
    fn group(&mut self, depth: usize, name: Option<String>) -> Result<Node, Wrong> {
        let index = self.names.len();
        let captures = name.is_some();
        self.names.extend(name);
        if self.names.len() > GROUPS {
            return Err(Wrong::Limit);
        }
        let node = self.alternation(depth + 1)?;
        if !self.take(")") {
            return Err(Wrong::Syntax);
        }
        if !captures {
            return Ok(node);
        }
        let capture = hir::Capture {
            index: index as u32,
            name: None,
            sub: Box::new(node.hir),
        };
        Ok(Node {
            hir: Hir::capture(capture),
            repeats: node.repeats,
        })
    }

    /// A group whose flags end with it.
    fn scoped(&mut self, depth: usize, name: Option<String>, flags: Flags) -> Result<Node, Wrong> {
        let outer = std::mem::replace(&mut self.flags, flags);
        let node = self.group(depth, name)?;
        self.flags = outer;
        Ok(node)
    }

    /// What begins with `(?`: a named group, a group with flags, or flags alone.
    fn group_or_flags(&mut self, depth: usize) -> Result<Option<Node>, Wrong> {
        for open in ["(?P<", "(?<"] {
            if let Some(rest) = self.rest().strip_prefix(open) {
                let (name, _) = rest.split_once('>').ok_or(Wrong::Syntax)?;
                let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
                if name.is_empty() || !name.chars().all(is_word) {
                    return Err(Wrong::Syntax);
                }
                let name = name.to_owned();
                self.at += open.len() + name.len() + 1;
                return self.scoped(depth, Some(name), self.flags).map(Some);
            }
        }
        self.at += 2;
        let mut flags = self.flags;
        let (mut on, mut any) = (true, false);
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            let flag = match c {
                'i' => &mut flags.fold,
                'm' => &mut flags.lines,
                's' => &mut flags.dot_newline,
                'U' => &mut flags.lazy,
                '-' if on => {
                    (on, any) = (false, false);
                    continue;
                }
                ':' | ')' if on || any => {
                    if c == ':' {
                        return self.scoped(depth, None, flags).map(Some);
                    }
                    self.flags = flags;
                    return Ok(None);
                }
                _ => break,
            };
            (*flag, any) = (on, true);
        }
        Err(Wrong::Syntax)
    }

    /// What begins with a backslash, outside of a class.
    fn escaped(&mut self, nodes: &mut Vec<Node>) -> Result<(), Wrong> {
        let look = match self.rest().as_bytes().get(1) {
            Some(b'A') => Look::Start,
            Some(b'z') => Look::End,
            Some(b'b') => Look::WordAscii,
            Some(b'B') => Look::WordAsciiNegate,
            Some(b'Q') => {
                let rest = &self.rest()[2..];
                let (quoted, len) = match rest.find("\\E") {
                    Some(end) => (&rest[..end], end + 2),
                    None => (rest, rest.len()),
                };
                let quoted = quoted.to_owned();
                for c in quoted.chars() {
                    nodes.push(self.literal(c)?);
                }
                self.at += 2 + len;
                return Ok(());
            }
            _ => {
                if let Some(set) = self.named_set()? {
                    nodes.push(self.node(&set)?);
                } else {
                    let code = self.escape()?;
                    nodes.push(self.code(code)?);
                }
                return Ok(());
            }
        };
        self.at += 2;
        nodes.push(Node::new(Hir::look(look)));
        Ok(())
    }

    fn literal(&mut self, c: char) -> Result<Node, Wrong> {
        self.code(u32::from(c))
    }

    fn code(&mut self, code: u32) -> Result<Node, Wrong> {
        let set = self.cased(Set::from(code..=code))?;
        self.node(&set)
    }

    fn node(&mut self, set: &Set) -> Result<Node, Wrong> {
        self.count(set.len())?;
        Ok(Node::new(Hir::class(Class::Unicode(set.unicode()))))
    }

    /// With the other cases, where case does not count.
    fn cased(&mut self, set: Set) -> Result<Set, Wrong> {
        if !self.flags.fold {
            return Ok(set);
        }
        if let Some(folded) = set.folded_ascii() {
            return Ok(folded);
        }
        self.count(FOLD_WORK)?;
        Ok(set.folded())
    }

    fn count(&mut self, work: usize) -> Result<(), Wrong> {
        self.work += work;
        if self.work > WORK {
            Err(Wrong::Limit)
        } else {
            Ok(())
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.rest().starts_with(word);
        self.at += if taken { word.len() } else { 0 };
        taken
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
}

/// How deeply groups may be nested.
const DEPTH: usize = 100;
/// How many groups may capture.
const GROUPS: usize = 256;
/// How many ranges of characters may be gone through.
const WORK: usize = 5_000_000;
/// What it takes to find the other cases of a set.
const FOLD_WORK: usize = 3000;
