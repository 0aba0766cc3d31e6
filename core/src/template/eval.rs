//! Evaluating what is inside an action: pipelines, commands, fields, calls and their arguments.

use super::error::{TemplateFault as Fault, Word};
use super::exec::Run;
use super::functions::{Call, Function, Param, Run as How, truth_of};
use super::literal::Ideal;
use super::node::{Command, Operand, Pipe, Term};
use super::object::{Member, Named, Object};
use super::text::Text;
use super::value::{Element, List, Map, Value};

impl<'t> Run<'t> {
    /// The value of `pipe`, which its variables get too.
    pub(super) fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value, Fault> {
        self.at = pipe.at;
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?.inside());
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    /// Overwrites the latest variable called `name`.
    pub(super) fn assign(&mut self, name: &str, value: Value) -> Result<(), Fault> {
        self.variable(name).map(|variable| *variable = value)
    }

    /// The latest variable called `name`.
    fn variable(&mut self, name: &str) -> Result<&mut Value, Fault> {
        let mut found = self.variables.iter_mut().rev().enumerate();
        let found = found.find(|(_, (n, _))| *n == name);
        let Some((distance, (_, value))) = found else {
            return Err(Fault::UndefinedVariable(Word::new(name)));
        };
        self.heap.spend(distance / VARIABLES_PER_STEP)?;
        Ok(value)
    }

    /// The value of a command; `last` is what the one before it hands on.
    fn command(
        &mut self,
        dot: &Value,
        command: &'t Command,
        last: Option<Value>,
    ) -> Result<Value, Fault> {
        self.heap.spend(1)?;
        let [first, args @ ..] = command.operands.as_slice() else {
            return Ok(Value::Nil);
        };
        self.at = first.at;
        let arguments = !args.is_empty() || last.is_some();
        match &first.term {
            Term::Function(function) => self.call(dot, (function, command.at), None, args, last),
            Term::Nil => Err(Fault::WrongType("nil is not a command")),
            _ if arguments => self.method(dot, first, args, last),
            _ => self.operand(dot, first),
        }
    }

    /// A field with arguments: a method, of what has methods. Where there is no value to begin with, Go
    /// goes on.
    fn method(
        &mut self,
        dot: &Value,
        operand: &'t Operand,
        args: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value, Fault> {
        let (base, fields) = match &operand.term {
            Term::Field(fields) => (dot.clone(), fields),
            Term::Variable(name, fields) => (self.variable(name)?.clone(), fields),
            Term::Chain(inner, fields) => (self.operand(dot, inner)?, fields),
            _ => return Err(Fault::NotAFunction),
        };
        let Some((name, receivers)) = fields.split_last() else {
            return Err(Fault::NotAFunction);
        };
        let receiver = self.fields(base, receivers, operand.at)?;
        match member(&receiver, name) {
            Some(Member::Method(method)) => {
                self.call(dot, (method, operand.at), Some(receiver), args, last)
            }
            _ if receiver.is_nil() && !self.heap.strict => Ok(Value::Nil),
            _ => Err(Fault::NotAFunction),
        }
    }

    /// The value of an operand where nothing asks for a type.
    fn operand(&mut self, dot: &Value, operand: &'t Operand) -> Result<Value, Fault> {
        self.at = operand.at;
        match &operand.term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => Ok(Value::Nil),
            Term::Bool(b) => Ok(Value::Bool(*b)),
            Term::Number(number) => match number.ideal {
                Ideal::Int(i) => Ok(Value::Int(i)),
                Ideal::Float(f) => Ok(Value::Float(f)),
                Ideal::Complex(real, imaginary) => Ok(Value::Complex(real, imaginary)),
                Ideal::Overflow(_) => Err(Fault::WrongType("the number overflows int")),
            },
            Term::Text(text) => self.literal(text),
            Term::Field(fields) => self.fields(dot.clone(), fields, operand.at),
            Term::Variable(name, fields) => {
                let value = self.variable(name)?.clone();
                self.fields(value, fields, operand.at)
            }
            Term::Function(function) => self.call(dot, (function, operand.at), None, &[], None),
            Term::Pipe(pipe) => self.deeper(|run| run.pipeline(dot, pipe)),
            Term::Chain(inner, fields) => {
                let value = self.operand(dot, inner)?;
                self.fields(value, fields, operand.at)
            }
        }
    }

    fn literal(&mut self, text: &[u8]) -> Result<Value, Fault> {
        self.heap.spend_bytes(text.len())?;
        Ok(Value::text(text))
    }

    /// Follows `.a.b` from `value`.
    fn fields(&mut self, mut value: Value, fields: &[String], at: usize) -> Result<Value, Fault> {
        for name in fields {
            self.at = at;
            self.heap.spend(1)?;
            value = match value {
                Value::Map(map) => self.field(map, name)?,
                Value::Nil if self.heap.strict => {
                    return Err(Fault::MissingKey(Some(Word::new(name))));
                }
                Value::Nil => Value::Nil,
                value => match member(&value, name) {
                    Some(Member::Field(field)) => field,
                    Some(Member::Method(method)) => {
                        self.call(&Value::Nil, (method, at), Some(value), &[], None)?
                    }
                    None => return Err(Fault::NoField(Word::new(name))),
                },
            };
        }
        Ok(value)
    }

    fn field(&self, map: Map, name: &str) -> Result<Value, Fault> {
        self.heap.spend_bytes(name.len())?;
        match self.heap.entries(map).get(&Text::from(name)) {
            Some(value) => Ok(value.element()),
            None if self.heap.strict => Err(Fault::MissingKey(Some(Word::new(name)))),
            None => Ok(Value::Nil),
        }
    }

    /// Calls a function, or a method on `receiver`. With it comes where it is blamed for what goes wrong.
    fn call(
        &mut self,
        dot: &Value,
        (function, at): (&'static Function, usize),
        receiver: Option<Value>,
        operands: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Value, Fault> {
        let count = usize::from(receiver.is_some()) + operands.len() + usize::from(last.is_some());
        let least = function.fixed.len();
        if count < least || (count > least && function.rest.is_none()) {
            return Err(Fault::ArgumentCount(function.name));
        }
        match function.run {
            How::And => self.until(dot, operands, last, false),
            How::Or => self.until(dot, operands, last, true),
            How::Call(run) => {
                let args = self.arguments(dot, function, receiver, operands, last)?;
                let read = args.iter().map(size).sum();
                self.heap.spend_bytes(read)?;
                self.at = at;
                let mut call = Call {
                    name: function.name,
                    heap: &mut self.heap,
                    args,
                };
                let value = run(&mut call).map_err(|fault| named(fault, operands))?;
                self.heap.spend_bytes(size(&value))?;
                Ok(value)
            }
        }
    }

    /// `and` and `or`: the first argument whose truth is `wanted`, or else the last one.
    fn until(
        &mut self,
        dot: &Value,
        operands: &'t [Operand],
        last: Option<Value>,
        wanted: bool,
    ) -> Result<Value, Fault> {
        let mut value = Value::Nil;
        for operand in operands {
            value = self.argument(dot, Param::Reflect, "and", operand)?;
            if truth_of(&self.heap, &value) == wanted {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn arguments(
        &mut self,
        dot: &Value,
        function: &'static Function,
        receiver: Option<Value>,
        operands: &'t [Operand],
        last: Option<Value>,
    ) -> Result<Vec<Value>, Fault> {
        let mut args = Vec::with_capacity(operands.len() + 2);
        let params = function.fixed.iter().chain(function.rest.iter().cycle());
        let mut params = params.copied().skip(usize::from(receiver.is_some()));
        args.extend(receiver);
        for operand in operands {
            let param = params.next().ok_or(Fault::ArgumentCount(function.name))?;
            args.push(self.argument(dot, param, function.name, operand)?);
        }
        if let Some(value) = last {
            let param = params.next().ok_or(Fault::ArgumentCount(function.name))?;
            args.push(fit(value, param, function.name)?);
        }
        Ok(args)
    }

    /// An argument for `param`, whose type decides what a literal means.
    fn argument(
        &mut self,
        dot: &Value,
        param: Param,
        function: &'static str,
        operand: &'t Operand,
    ) -> Result<Value, Fault> {
        self.heap.spend(1)?;
        self.at = operand.at;
        let any = matches!(param, Param::Any | Param::Reflect);
        let mismatch = Fault::ArgumentType {
            function,
            expected: param.describe(),
        };
        match (&operand.term, param) {
            (Term::Bool(_) | Term::Number(_) | Term::Text(_), _) if any => {
                self.operand(dot, operand)
            }
            (Term::Bool(b), Param::Bool) => Ok(Value::Bool(*b)),
            (Term::Text(text), Param::Text) => self.literal(text),
            (Term::Number(number), Param::Int) => number.int.map(Value::Int).ok_or(mismatch),
            (Term::Number(number), Param::Float) => number.float.map(Value::Float).ok_or(mismatch),
            (Term::Number(number), Param::Uint32) => {
                let number = number.unsigned().ok_or(mismatch)?;
                Ok(Value::Uint(u64::from(number as u32)))
            }
            (Term::Number(number), Param::Duration) => {
                let nanos = number.int.ok_or(mismatch)?;
                Ok(Value::Named(Named::Duration, nanos))
            }
            (Term::Bool(_) | Term::Number(_) | Term::Text(_), _) => Err(mismatch),
            _ => {
                let value = self.operand(dot, operand)?;
                self.at = operand.at;
                fit(value, param, function)
            }
        }
    }
}

/// `value` as an argument for `param`, if Go would assign it.
fn fit(value: Value, param: Param, function: &'static str) -> Result<Value, Fault> {
    match (value, param) {
        (value, Param::Any) => Ok(value.inside()),
        (value, Param::Reflect) => Ok(value),
        (Value::Nil, Param::Dict) => Ok(Value::Map(Map::NIL)),
        (Value::Nil, Param::List) => Ok(Value::List(List::NIL)),
        (Value::Nil, Param::Bytes) => Ok(Value::List(List {
            of: Element::Byte,
            ..List::NIL
        })),
        (value @ Value::List(list), Param::Bytes) if list.of == Element::Byte => Ok(value),
        (value @ Value::List(list), Param::List) if list.of == Element::Any => Ok(value),
        (value @ Value::Named(Named::Duration, _), Param::Duration)
        | (value @ Value::Object(Object::Time(_)), Param::Time)
        | (value @ Value::Object(Object::Location(_)), Param::Location)
        | (value @ Value::Object(Object::Version(_)), Param::Version)
        | (value @ Value::Object(Object::Certificate(_)), Param::Certificate) => Ok(value),
        (value @ Value::Bool(_), Param::Bool) => Ok(value),
        (value @ Value::Int(_), Param::Int) => Ok(value),
        (value @ Value::Float(_), Param::Float) => Ok(value),
        (value @ Value::Text(_), Param::Text) => Ok(value),
        (Value::Map(map), Param::Dict) if !map.of_text => Ok(Value::Map(map)),
        _ => Err(Fault::ArgumentType {
            function,
            expected: param.describe(),
        }),
    }
}

/// The field or method called `name` of what is neither a map nor nothing.
fn member(value: &Value, name: &str) -> Option<Member> {
    match value {
        Value::Object(object) => object.member(name),
        Value::Named(named, _) => named.member(name),
        _ => None,
    }
}

/// The bytes of text that a call reads or makes, for the account of work.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Object(object) => object.bytes(),
        _ => 0,
    }
}

/// Names the missing key of `index` when the template spells it out.
fn named(fault: Fault, operands: &[Operand]) -> Fault {
    let mut literals = operands.iter().filter_map(|operand| match &operand.term {
        Term::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    });
    match (fault, literals.next(), literals.next()) {
        (Fault::MissingKey(None), Some(name), None) => Fault::MissingKey(Some(Word::new(name))),
        (fault, ..) => fault,
    }
}

/// How many variables are passed over for one step of work.
const VARIABLES_PER_STEP: usize = 16;
