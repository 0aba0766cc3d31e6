//! Which keys a template names, as far as its source tells.

use std::collections::BTreeSet;

use super::node::{Bodies, Command, Node, Operand, Pipe, Term};

/// The keys that `bodies` names, from the body called `name` on.
pub(crate) fn keys<'t>(bodies: &'t Bodies, name: &'t str) -> BTreeSet<String> {
    let mut search = Search {
        bodies,
        pending: Vec::new(),
        visited: BTreeSet::new(),
        keys: BTreeSet::new(),
    };
    search.pending.push((name, true));
    while let Some((name, root)) = search.pending.pop() {
        search.body(name, root);
    }
    search.keys
}

struct Search<'t> {
    bodies: &'t Bodies,
    pending: Vec<(&'t str, bool)>,
    /// Bodies that were searched, with and without the values as their dot.
    visited: BTreeSet<(&'t str, bool)>,
    keys: BTreeSet<String>,
}

/// Where an expression stands: whether its dot, and its `$`, are the values.
#[derive(Clone, Copy)]
struct Here {
    dot: bool,
    dollar: bool,
}

impl<'t> Search<'t> {
    /// Searches a body whose dot is the values, if `root`.
    fn body(&mut self, name: &str, root: bool) {
        let Some((name, nodes)) = self.bodies.0.get_key_value(name) else {
            return;
        };
        if self.visited.insert((name, root)) {
            self.nodes(
                nodes,
                Here {
                    dot: root,
                    dollar: root,
                },
            );
        }
    }

    fn nodes(&mut self, nodes: &'t [Node], here: Here) {
        for node in nodes {
            match node {
                Node::Text(_) | Node::Break | Node::Continue => {}
                Node::Action(pipe) => self.pipe(pipe, here),
                Node::If(branch) => {
                    self.pipe(&branch.pipe, here);
                    self.nodes(&branch.body, here);
                    self.nodes(branch.otherwise.as_deref().unwrap_or(&[]), here);
                }
                Node::With(branch) | Node::Range(branch) => {
                    self.pipe(&branch.pipe, here);
                    let with = matches!(node, Node::With(_));
                    let dot = with && is_root(&branch.pipe, here);
                    self.nodes(&branch.body, Here { dot, ..here });
                    self.nodes(branch.otherwise.as_deref().unwrap_or(&[]), here);
                }
                Node::Template(invocation) => {
                    let pipe = invocation.pipe.as_ref();
                    if let Some(pipe) = pipe {
                        self.pipe(pipe, here);
                    }
                    let root = pipe.is_some_and(|pipe| is_root(pipe, here));
                    self.pending.push((&invocation.name, root));
                }
            }
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe, here: Here) {
        for command in &pipe.commands {
            self.command(command, here);
        }
    }

    fn command(&mut self, command: &'t Command, here: Here) {
        if let [first, item, key, ..] = command.operands.as_slice()
            && let (Term::Function(function), Term::Text(key)) = (&first.term, &key.term)
            && function.name == "index"
            && names_root(item, here)
            && let Ok(key) = std::str::from_utf8(key)
        {
            self.keys.insert(key.to_owned());
        }
        for operand in &command.operands {
            self.operand(operand, here);
        }
    }

    fn operand(&mut self, operand: &'t Operand, here: Here) {
        match &operand.term {
            Term::Field(fields) if here.dot => self.keys.extend(fields.first().cloned()),
            Term::Variable(name, fields) if name == "$" && here.dollar => {
                self.keys.extend(fields.first().cloned());
            }
            Term::Pipe(pipe) => self.pipe(pipe, here),
            Term::Chain(inner, fields) => {
                if let Term::Pipe(pipe) = &inner.term
                    && is_root(pipe, here)
                {
                    self.keys.extend(fields.first().cloned());
                }
                self.operand(inner, here);
            }
            _ => {}
        }
    }
}

/// Whether the value of `pipe` is the values themselves.
fn is_root(pipe: &Pipe, here: Here) -> bool {
    match pipe.commands.as_slice() {
        [command] => match command.operands.as_slice() {
            [operand] => names_root(operand, here),
            _ => false,
        },
        _ => false,
    }
}

fn names_root(operand: &Operand, here: Here) -> bool {
    match &operand.term {
        Term::Dot => here.dot,
        Term::Variable(name, fields) => name == "$" && fields.is_empty() && here.dollar,
        Term::Pipe(pipe) => is_root(pipe, here),
        _ => false,
    }
}
