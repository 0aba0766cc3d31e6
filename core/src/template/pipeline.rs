//! The parser of what is inside an action: pipelines, commands and operands.

use super::error::{TemplateFault as Fault, Word};
use super::functions;
use super::lex::Kind;
use super::literal::{Number, unquote};
use super::node::{Command, Operand, Pipe, Term};
use super::parse::{Context, Parser};

impl Parser<'_> {
    /// Declarations, then commands between `|`, up to `end`.
    pub(super) fn pipeline(&mut self, context: Context, end: Kind) -> Result<Pipe, Fault> {
        let at = self.peek_non_space().at;
        let mut pipe = Pipe {
            at,
            variables: Vec::new(),
            assigns: false,
            commands: Vec::new(),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.peek_non_space();
            match token.kind {
                kind if kind == end => {
                    self.next();
                    break;
                }
                Kind::Bool | Kind::Char | Kind::Complex | Kind::Dot | Kind::Field => {}
                Kind::Identifier | Kind::Number | Kind::Nil | Kind::Raw | Kind::Quoted => {}
                Kind::Variable | Kind::LeftParen => {}
                _ => {
                    self.next();
                    return Err(Fault::Syntax("unexpected token in a command"));
                }
            }
            pipe.commands.push(self.command()?);
        }
        if pipe.commands.is_empty() {
            return Err(Fault::Syntax("missing value"));
        }
        let stages = pipe.commands.iter().skip(1);
        let constant = |term: &Term| {
            matches!(
                term,
                Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_)
            )
        };
        if stages
            .filter_map(|c| c.operands.first())
            .any(|o| constant(&o.term))
        {
            return Err(Fault::Syntax(
                "a value stands where the pipeline needs a function",
            ));
        }
        Ok(pipe)
    }

    /// `$x :=`, `$x =`, and in a `range` `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: Context) -> Result<(), Fault> {
        loop {
            let start = self.next;
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let next = self.peek_non_space().kind;
            match next {
                Kind::Assign | Kind::Declare => pipe.assigns = next == Kind::Assign,
                Kind::Comma => {}
                _ => {
                    self.next = start;
                    return Ok(());
                }
            }
            self.next();
            pipe.variables.push(variable.text.to_owned());
            self.scope.variables.push(variable.text.to_owned());
            if next != Kind::Comma {
                return Ok(());
            }
            if context != Context::Range || pipe.variables.len() > 1 {
                return Err(Fault::Syntax("too many declarations"));
            }
            let follows = self.peek_non_space().kind;
            if !matches!(
                follows,
                Kind::Variable | Kind::RightDelim | Kind::RightParen
            ) {
                return Err(Fault::Syntax("range can only initialize variables"));
            }
        }
    }

    /// Operands with spaces between them, up to `|` or the end of the pipeline.
    fn command(&mut self) -> Result<Command, Fault> {
        let at = self.peek_non_space().at;
        let mut operands = Vec::new();
        loop {
            self.peek_non_space();
            operands.extend(self.operand()?);
            match self.peek().kind {
                Kind::Space => {
                    self.next();
                }
                Kind::RightDelim | Kind::RightParen => break,
                Kind::Pipe => {
                    self.next();
                    break;
                }
                _ => {
                    self.next();
                    return Err(Fault::Syntax("unexpected token in an operand"));
                }
            }
        }
        if operands.is_empty() {
            return Err(Fault::Syntax("empty command"));
        }
        Ok(Command { at, operands })
    }

    /// A term and the fields behind it; nothing when the next token is no term.
    fn operand(&mut self) -> Result<Option<Operand>, Fault> {
        let Some(operand) = self.term()? else {
            return Ok(None);
        };
        let at = operand.at;
        let mut more = Vec::new();
        while self.peek().kind == Kind::Field {
            more.push(self.next().text[1..].to_owned());
        }
        if more.is_empty() {
            return Ok(Some(operand));
        }
        let term = match operand.term {
            Term::Field(mut fields) => {
                fields.append(&mut more);
                Term::Field(fields)
            }
            Term::Variable(name, mut fields) => {
                fields.append(&mut more);
                Term::Variable(name, fields)
            }
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                return Err(Fault::Syntax("unexpected `.` after a value"));
            }
            _ => Term::Chain(Box::new(operand), more),
        };
        Ok(Some(Operand { at, term }))
    }

    fn term(&mut self) -> Result<Option<Operand>, Fault> {
        let token = self.peek_non_space();
        self.next();
        let term = match token.kind {
            Kind::Identifier => Term::Function(functions::find(token.text, self.functions)?),
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                if token.text != "$" && !self.scope.variables.iter().any(|v| v == token.text) {
                    return Err(Fault::UndefinedVariable(Word::new(token.text)));
                }
                Term::Variable(token.text.to_owned(), Vec::new())
            }
            Kind::Field => Term::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => Term::Bool(token.text == "true"),
            Kind::Char => Term::Number(Number::parse_char(token.text)?),
            Kind::Complex => Term::Number(Number::parse_complex(token.text)?),
            Kind::Number => Term::Number(Number::parse(token.text)?),
            Kind::Quoted | Kind::Raw => Term::Text(unquote(token.text)?),
            Kind::LeftParen => {
                self.deeper()?;
                let pipe = self.pipeline(Context::Command, Kind::RightParen)?;
                self.depth -= 1;
                Term::Pipe(Box::new(pipe))
            }
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Operand { at: token.at, term }))
    }
}
