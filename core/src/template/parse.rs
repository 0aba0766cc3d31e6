//! The parser: bodies, actions and control structures.

use std::collections::HashMap;

use super::Functions;
use super::error::{TemplateFault as Fault, Word};
use super::lex::{Kind, Token, lex};
use super::literal::unquote;
use super::node::{Bodies, Branch, Invocation, Node, Pipe, is_blank};

/// Parses `source` as the body called `name`, along with the bodies that it defines.
pub(crate) fn parse(
    name: &str,
    source: &str,
    functions: Functions,
) -> Result<Bodies, (usize, Fault)> {
    let mut parser = Parser {
        tokens: lex(source)?,
        next: 0,
        scope: Scope::default(),
        depth: 0,
        functions,
        bodies: HashMap::new(),
    };
    let parsed = parser.main(name);
    parsed.map_err(|fault| (parser.last_at(), fault))?;
    Ok(Bodies(parser.bodies))
}

pub(super) struct Parser<'s> {
    pub(super) tokens: Vec<Token<'s>>,
    pub(super) next: usize,
    pub(super) scope: Scope,
    /// How deeply structures and parentheses are nested here.
    pub(super) depth: usize,
    pub(super) functions: Functions,
    bodies: HashMap<String, Vec<Node>>,
}

/// What is known inside one body: a definition begins with a fresh one.
#[derive(Default)]
pub(super) struct Scope {
    /// The declared variables, except `$`, which is always there.
    pub(super) variables: Vec<String>,
    ranges: usize,
}

/// What ended a list of nodes.
enum Stop {
    End,
    Else,
}

impl<'s> Parser<'s> {
    fn main(&mut self, name: &str) -> Result<(), Fault> {
        let mut body = Vec::new();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let start = self.next;
                self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.next = start;
            }
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::Stop(Stop::End) => return Err(Fault::Syntax("unexpected `{{end}}`")),
                Item::Stop(Stop::Else) => return Err(Fault::Syntax("unexpected `{{else}}`")),
            }
        }
        self.add(name.to_owned(), body)
    }

    /// `{{define "name"}} … {{end}}`, from behind the keyword.
    fn definition(&mut self) -> Result<(), Fault> {
        let name = self.template_name()?;
        self.expect_right_delim()?;
        let outer = std::mem::take(&mut self.scope);
        let body = self.closed_list()?;
        self.scope = outer;
        self.add(name, body)
    }

    /// A blank body neither replaces another one nor counts as a second definition.
    fn add(&mut self, name: String, body: Vec<Node>) -> Result<(), Fault> {
        match self.bodies.get(&name) {
            Some(old) if !is_blank(old) => {
                if !is_blank(&body) {
                    return Err(Fault::DuplicateTemplate(Word::new(&name)));
                }
            }
            _ => {
                self.bodies.insert(name, body);
            }
        }
        Ok(())
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Result<(Vec<Node>, Stop), Fault> {
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Stop(stop) => return Ok((nodes, stop)),
            }
        }
        Err(Fault::Syntax("an action is not closed by `{{end}}`"))
    }

    /// Nodes up to `{{end}}`.
    fn closed_list(&mut self) -> Result<Vec<Node>, Fault> {
        match self.list()? {
            (nodes, Stop::End) => Ok(nodes),
            (_, Stop::Else) => Err(Fault::Syntax("unexpected `{{else}}`")),
        }
    }

    fn text_or_action(&mut self) -> Result<Item, Fault> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text.as_bytes().into()))),
            Kind::LeftDelim => self.action(),
            _ => Err(Fault::Syntax("unexpected token in input")),
        }
    }

    fn action(&mut self) -> Result<Item, Fault> {
        let start = self.next;
        let node = match self.next_non_space().kind {
            Kind::Block => self.block()?,
            Kind::Break => self.loop_exit(Node::Break)?,
            Kind::Continue => self.loop_exit(Node::Continue)?,
            Kind::Else => {
                if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
                    self.expect_right_delim()?;
                }
                return Ok(Item::Stop(Stop::Else));
            }
            Kind::End => {
                self.expect_right_delim()?;
                return Ok(Item::Stop(Stop::End));
            }
            Kind::If => Node::If(self.branch(Control::If)?),
            Kind::Range => Node::Range(self.branch(Control::Range)?),
            Kind::With => Node::With(self.branch(Control::With)?),
            Kind::Template => self.invocation()?,
            _ => {
                self.next = start;
                Node::Action(self.pipeline(Context::Command, Kind::RightDelim)?)
            }
        };
        Ok(Item::Node(node))
    }

    fn loop_exit(&mut self, node: Node) -> Result<Node, Fault> {
        self.expect_right_delim()?;
        if self.scope.ranges == 0 {
            return Err(Fault::Syntax(
                "`{{break}}` or `{{continue}}` outside `{{range}}`",
            ));
        }
        Ok(node)
    }

    /// `if`, `with` and `range`, from behind the keyword.
    fn branch(&mut self, control: Control) -> Result<Branch, Fault> {
        self.deeper()?;
        let declared = self.scope.variables.len();
        let pipe = self.pipeline(control.context(), Kind::RightDelim)?;
        let ranges = self.scope.ranges;
        self.scope.ranges += usize::from(control == Control::Range);
        let (body, stop) = self.list()?;
        self.scope.ranges = ranges;
        let otherwise = match stop {
            Stop::End => None,
            Stop::Else => Some(self.otherwise(control)?),
        };
        self.scope.variables.truncate(declared);
        self.depth -= 1;
        Ok(Branch {
            pipe,
            body,
            otherwise,
        })
    }

    /// What follows `{{else`: a list, or another `if` or `with` that shares this one's `{{end}}`.
    fn otherwise(&mut self, control: Control) -> Result<Vec<Node>, Fault> {
        match (control, self.peek().kind) {
            (Control::If, Kind::If) => {
                self.next();
                Ok(vec![Node::If(self.branch(control)?)])
            }
            (Control::With, Kind::With) => {
                self.next();
                Ok(vec![Node::With(self.branch(control)?)])
            }
            _ => self.closed_list(),
        }
    }

    /// `{{block "name" pipeline}} … {{end}}`: a definition and its use.
    fn block(&mut self) -> Result<Node, Fault> {
        self.deeper()?;
        let at = self.peek_non_space().at;
        let name = self.template_name()?;
        let pipe = self.pipeline(Context::Command, Kind::RightDelim)?;
        let outer = std::mem::take(&mut self.scope);
        let body = self.closed_list()?;
        self.scope = outer;
        self.add(name.clone(), body)?;
        self.depth -= 1;
        Ok(Node::Template(Invocation {
            at,
            name,
            pipe: Some(pipe),
        }))
    }

    /// `{{template "name"}}` with or without a pipeline.
    fn invocation(&mut self) -> Result<Node, Fault> {
        let at = self.peek_non_space().at;
        let name = self.template_name()?;
        let pipe: Option<Pipe> = match self.peek_non_space().kind {
            Kind::RightDelim => {
                self.next_non_space();
                None
            }
            _ => Some(self.pipeline(Context::Command, Kind::RightDelim)?),
        };
        Ok(Node::Template(Invocation { at, name, pipe }))
    }

    fn template_name(&mut self) -> Result<String, Fault> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Quoted | Kind::Raw => {
                let name = unquote(token.text)?;
                String::from_utf8(name.into())
                    .map_err(|_| Fault::Syntax("the name of a template is not UTF-8"))
            }
            _ => Err(Fault::Syntax(
                "the name of a template must be a quoted string",
            )),
        }
    }

    fn expect_right_delim(&mut self) -> Result<(), Fault> {
        match self.next_non_space().kind {
            Kind::RightDelim => Ok(()),
            _ => Err(Fault::Syntax("expected `}}`")),
        }
    }

    pub(super) fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > NESTING {
            Err(Fault::TooDeep)
        } else {
            Ok(())
        }
    }

    /// The next token; the end of the source repeats itself.
    pub(super) fn next(&mut self) -> Token<'s> {
        let token = self.peek();
        self.next += 1;
        token
    }

    pub(super) fn peek(&self) -> Token<'s> {
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    pub(super) fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    /// The next token that is no space; the spaces before it are gone.
    pub(super) fn peek_non_space(&mut self) -> Token<'s> {
        while self.peek().kind == Kind::Space {
            self.next += 1;
        }
        self.peek()
    }

    /// Where the last token begins that was read.
    fn last_at(&self) -> usize {
        self.tokens[self.next.saturating_sub(1).min(self.tokens.len() - 1)].at
    }
}

/// What a list is made of.
enum Item {
    Node(Node),
    Stop(Stop),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    With,
    Range,
}

impl Control {
    fn context(self) -> Context {
        if self == Self::Range {
            Context::Range
        } else {
            Context::Command
        }
    }
}

/// Where a pipeline stands: `range` alone may declare two variables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Command,
    Range,
}

/// How deeply control structures and parentheses may be nested in a source.
const NESTING: usize = 100;
