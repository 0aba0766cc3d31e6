//! The parsed form of a template.

use std::collections::HashMap;

use super::functions::Function;
use super::literal::Number;

/// All the bodies of one source: the main one and what `define` and `block` add.
pub(crate) struct Bodies(pub(crate) HashMap<String, Vec<Node>>);

/// A piece of a body.
pub(crate) enum Node {
    Text(Box<[u8]>),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Invocation),
    Break,
    Continue,
}

/// `if`, `with` or `range`.
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Option<Vec<Node>>,
}

/// `{{ template "name" pipeline }}`; a `block` leaves one behind.
pub(crate) struct Invocation {
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands, each of which hands its value on, and the variables that get the last one.
pub(crate) struct Pipe {
    pub(crate) at: usize,
    pub(crate) variables: Vec<String>,
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// Operands beside each other; never empty.
pub(crate) struct Command {
    pub(crate) at: usize,
    pub(crate) operands: Vec<Operand>,
}

/// One operand and its place.
pub(crate) struct Operand {
    pub(crate) at: usize,
    pub(crate) term: Term,
}

/// What an operand can be.
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Box<[u8]>),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`: the name with its `$`, then the fields.
    Variable(String, Vec<String>),
    Function(&'static Function),
    Pipe(Box<Pipe>),
    /// `(…).a.b`
    Chain(Box<Operand>, Vec<String>),
}

/// True for a body of nothing but blanks, which a later definition of the same name replaces.
pub(crate) fn is_blank(body: &[Node]) -> bool {
    body.iter().all(|node| match node {
        // `bytes.TrimSpace` trims Unicode spaces.
        Node::Text(text) => {
            super::unicode::chars(text).all(|(_, c, _)| super::unicode::is_space(c))
        }
        _ => false,
    })
}
