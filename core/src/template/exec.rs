//! Carrying a template out: walking its nodes and writing what they make.

use super::error::{TemplateFault as Fault, Word};
use super::format;
use super::functions::truth_of;
use super::heap::Heap;
use super::node::{Bodies, Branch, Invocation, Node, Pipe};
use super::text::Buffer;
use super::value::Value;

/// One rendering.
pub(crate) struct Run<'t> {
    bodies: &'t Bodies,
    pub(super) heap: Heap,
    out: Buffer,
    /// Declared variables, the latest last; the first one is `$`.
    pub(super) variables: Vec<(&'t str, Value)>,
    /// The byte of the source that is being carried out, for errors.
    pub(super) at: usize,
    depth: usize,
}

/// What comes after a node.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'t> Run<'t> {
    /// Renders the body called `name` over the root of `heap` to at most `room` bytes. An error comes with its place.
    pub(crate) fn render(
        bodies: &'t Bodies,
        name: &str,
        heap: Heap,
        room: usize,
    ) -> Result<(Vec<u8>, bool), (usize, Fault)> {
        let root = Value::Map(heap.root);
        let mut run = Self {
            bodies,
            heap,
            out: Buffer::with_limit(room.min(OUTPUT_BYTES)),
            variables: vec![("$", root.clone())],
            at: 0,
            depth: 0,
        };
        let body = bodies.0.get(name).map_or(&[][..], Vec::as_slice);
        match run.walk(&root, body) {
            Ok(_) => Ok((run.out.into_bytes(), run.heap.varies)),
            Err(fault) => Err((run.at, fault)),
        }
    }

    fn walk(&mut self, dot: &Value, nodes: &'t [Node]) -> Result<Flow, Fault> {
        for node in nodes {
            self.heap.spend(1)?;
            let flow = match node {
                Node::Text(text) => self.write(text)?,
                Node::Action(pipe) => self.action(dot, pipe)?,
                Node::If(branch) => self.either(dot, branch, false)?,
                Node::With(branch) => self.either(dot, branch, true)?,
                Node::Range(branch) => self.range(dot, branch)?,
                Node::Template(invocation) => self.invoke(dot, invocation)?,
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn write(&mut self, text: &[u8]) -> Result<Flow, Fault> {
        self.out.extend(text);
        self.within_bounds()
    }

    fn within_bounds(&self) -> Result<Flow, Fault> {
        match self.out.is_over() {
            false => Ok(Flow::On),
            true if self.out.limit() < OUTPUT_BYTES => Err(Fault::NoRoom),
            true => Err(Fault::OutputTooLarge),
        }
    }

    /// Prints the value of `pipe`, unless it goes to a variable.
    fn action(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Flow, Fault> {
        let value = self.pipeline(dot, pipe)?;
        if !pipe.variables.is_empty() {
            return Ok(Flow::On);
        }
        self.at = pipe.at;
        match &value {
            Value::Nil | Value::NilInterface if self.heap.strict => return Err(Fault::NoValue),
            Value::Nil | Value::NilInterface => self.out.extend(b"<no value>"),
            Value::Text(text) => self.out.extend(text.bytes()),
            value => {
                let before = self.out.len();
                format::print(&self.heap, value, &mut self.out)?;
                self.heap.spend_bytes(self.out.len() - before)?;
            }
        }
        self.within_bounds()
    }

    /// `if`, and `with`, which hands its value on as the dot.
    fn either(&mut self, dot: &Value, branch: &'t Branch, with: bool) -> Result<Flow, Fault> {
        let declared = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if truth_of(&self.heap, &value) {
            self.deeper(|run| run.walk(if with { &value } else { dot }, &branch.body))?
        } else {
            self.otherwise(dot, branch)?
        };
        self.variables.truncate(declared);
        Ok(flow)
    }

    fn otherwise(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow, Fault> {
        match &branch.otherwise {
            Some(nodes) => self.deeper(|run| run.walk(dot, nodes)),
            None => Ok(Flow::On),
        }
    }

    fn range(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow, Fault> {
        let outer = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        self.at = branch.pipe.at;
        let any = match value {
            Value::Int(count) | Value::Int64(count) => {
                let of = |n| {
                    if let Value::Int(_) = value {
                        Value::Int(n)
                    } else {
                        Value::Int64(n)
                    }
                };
                self.count(branch, count, of)?
            }
            Value::Uint(count) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                self.count(branch, count, |n| Value::Uint(n as u64))?
            }
            Value::Named(named, count) => self.count(branch, count, |n| Value::Named(named, n))?,
            Value::Byte(count) => self.count(branch, count.into(), |n| Value::Byte(n as u8))?,
            Value::List(list) => self.each(branch, list.len(), |heap, n| {
                Some((Value::Int(n as i64), heap.element(list, n)?))
            })?,
            Value::Map(map) => {
                // What the loop changes in the map is not visited.
                let entries = self.heap.entries(map);
                self.heap.spend(entries.len())?;
                let entries = entries.iter();
                let entries: Vec<_> = entries.map(|(k, v)| (k.clone(), v.element())).collect();
                self.each(branch, entries.len(), |_, n| {
                    let (key, value) = entries.get(n)?;
                    Some((Value::Text(key.clone()), value.clone()))
                })?
            }
            Value::Nil | Value::NilInterface => false,
            _ => {
                return Err(Fault::WrongType(
                    "range cannot iterate over a value of this type",
                ));
            }
        };
        let flow = match any {
            true => Flow::On,
            false => self.otherwise(dot, branch)?,
        };
        self.variables.truncate(outer);
        // A `break` in `else` ends this loop, although nothing loops.
        Ok(if flow == Flow::Break { Flow::On } else { flow })
    }

    fn count(
        &mut self,
        branch: &'t Branch,
        count: i64,
        of: impl Fn(i64) -> Value,
    ) -> Result<bool, Fault> {
        if branch.pipe.variables.len() > 1 {
            return Err(Fault::WrongType("range over an integer has one variable"));
        }
        let len = usize::try_from(count).unwrap_or(0);
        self.each(branch, len, |_, n| Some((Value::Nil, of(n as i64))))
    }

    /// Walks the body for each index and element that `item` gives; whether there were any.
    fn each(
        &mut self,
        branch: &'t Branch,
        len: usize,
        item: impl Fn(&Heap, usize) -> Option<(Value, Value)>,
    ) -> Result<bool, Fault> {
        let inner = self.variables.len();
        for n in 0..len {
            self.heap.spend(1)?;
            let Some((index, element)) = item(&self.heap, n) else {
                continue;
            };
            self.bind(&branch.pipe, index, &element)?;
            let flow = self.deeper(|run| run.walk(&element, &branch.body))?;
            self.variables.truncate(inner);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(len > 0)
    }

    /// Sets the variables of a `range` for one round.
    fn bind(&mut self, pipe: &'t Pipe, index: Value, element: &Value) -> Result<(), Fault> {
        let values = match pipe.variables.len() {
            0 => return Ok(()),
            1 => vec![element.clone()],
            _ => vec![index, element.clone()],
        };
        let first = self.variables.len() - pipe.variables.len().min(self.variables.len());
        for (n, (name, value)) in pipe.variables.iter().zip(values).enumerate() {
            if pipe.assigns {
                self.assign(name, value)?;
            } else {
                self.variables[first + n].1 = value;
            }
        }
        Ok(())
    }

    fn invoke(&mut self, dot: &Value, invocation: &'t Invocation) -> Result<Flow, Fault> {
        self.at = invocation.at;
        let Some(body) = self.bodies.0.get(&invocation.name) else {
            return Err(Fault::UndefinedTemplate(Word::new(&invocation.name)));
        };
        let dot = match &invocation.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        // A body sees no variables of its caller.
        let outer = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let flow = self.deeper(|run| run.walk(&dot, body))?;
        self.variables = outer;
        Ok(flow)
    }

    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth == DEPTH {
            return Err(Fault::TooDeep);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

/// How deeply structures, templates and parentheses may be nested while rendering.
const DEPTH: usize = 200;

/// The longest output, as long as a value may be.
pub(crate) const OUTPUT_BYTES: usize = 1 << 20;
