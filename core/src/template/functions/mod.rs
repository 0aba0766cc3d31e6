//! The functions: which there are, what they take, and which are refused.

mod builtin;
mod cases;
mod choice;
mod compare;
mod dates;
mod decimal;
mod dicts;
mod encoding;
mod equal;
mod json;
mod keys;
mod lists;
mod merge;
mod number;
mod passwords;
mod paths;
mod random;
pub(crate) mod regex;
mod search;
mod semver;
mod series;
mod strings;
mod url;
mod words;

use super::Functions;
use super::error::{TemplateFault as Fault, Word};
use super::heap::Heap;
use super::text::Text;
use super::value::{Map, Value};

pub(crate) use builtin::truth_of;
pub(crate) use regex::Compiled;

/// A function that templates can call.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// The parameters; the last one of `rest` may come any number of times.
    pub(crate) fixed: &'static [Param],
    pub(crate) rest: Option<Param>,
    pub(crate) run: Run,
}

/// How a function is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// `and` and `or` evaluate no more arguments than they need.
    And,
    Or,
    Call(fn(&mut Call<'_>) -> Result<Value, Fault>),
}

/// The Go type of a parameter: it decides which arguments fit, and what a literal means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Param {
    Bool,
    Int,
    Float,
    /// `uint32`
    Uint32,
    Text,
    /// `map[string]interface {}`
    Dict,
    /// `[]interface {}`
    List,
    /// `[]uint8`
    Bytes,
    /// `time.Time`
    Time,
    /// `time.Duration`
    Duration,
    /// `*time.Location`
    Location,
    /// `*semver.Version`
    Version,
    /// Sprig's `certificate`
    Certificate,
    /// `interface {}`
    Any,
    /// `reflect.Value`: like `Any`, but nothing is lost about where the value comes from.
    Reflect,
}

impl Param {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Int => "an int",
            Self::Float => "a float64",
            Self::Uint32 => "an int that is not negative",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Bytes => "a list of bytes",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::Location => "a location",
            Self::Version => "a version",
            Self::Certificate => "a certificate",
            Self::Dict => "a dict",
            Self::Any | Self::Reflect => "any value",
        }
    }
}

/// One call: arguments that fit the parameters, and the heap.
pub(crate) struct Call<'a> {
    pub(crate) name: &'static str,
    pub(crate) heap: &'a mut Heap,
    pub(crate) args: Vec<Value>,
}

impl Call<'_> {
    pub(crate) fn text(&self, n: usize) -> Result<Text, Fault> {
        match self.args.get(n) {
            Some(Value::Text(text)) => Ok(text.clone()),
            _ => Err(self.mismatch(Param::Text)),
        }
    }

    pub(crate) fn int(&self, n: usize) -> Result<i64, Fault> {
        match self.args.get(n) {
            Some(Value::Int(int)) => Ok(*int),
            _ => Err(self.mismatch(Param::Int)),
        }
    }

    fn bool(&self, n: usize) -> Result<bool, Fault> {
        match self.args.get(n) {
            Some(Value::Bool(b)) => Ok(*b),
            _ => Err(self.mismatch(Param::Bool)),
        }
    }

    fn dict(&self, n: usize) -> Result<Map, Fault> {
        match self.args.get(n) {
            Some(Value::Map(map)) => Ok(*map),
            _ => Err(self.mismatch(Param::Dict)),
        }
    }

    pub(crate) fn any(&self, n: usize) -> Result<Value, Fault> {
        self.args
            .get(n)
            .cloned()
            .ok_or(Fault::ArgumentCount(self.name))
    }

    /// The arguments from `n` on.
    fn rest(&self, n: usize) -> &[Value] {
        self.args.get(n..).unwrap_or(&[])
    }

    pub(crate) fn mismatch(&self, expected: Param) -> Fault {
        Fault::ArgumentType {
            function: self.name,
            expected: expected.describe(),
        }
    }

    pub(crate) fn fail(&self, why: &'static str) -> Fault {
        Fault::Function {
            name: self.name,
            why,
        }
    }
}

/// The function called `name`, if `functions` has it.
pub(crate) fn find(name: &str, functions: Functions) -> Result<&'static Function, Fault> {
    if let Some(found) = TABLES.iter().copied().flatten().find(|f| f.name == name) {
        return Ok(found);
    }
    for (why, table) in VARYING {
        if let Some(found) = table.iter().find(|f| f.name == name) {
            return match functions {
                Functions::All => Ok(found),
                Functions::Deterministic => Err(Fault::RefusedFunction {
                    name: found.name,
                    why,
                }),
            };
        }
    }
    match REFUSED.iter().find(|n| **n == name) {
        Some(name) => Err(Fault::RefusedFunction {
            name,
            why: "it reads the environment or the network",
        }),
        None => Err(Fault::UnknownFunction(Word::new(name))),
    }
}

/// Declares a function of as many parameters as listed.
pub(crate) const fn fixed(
    name: &'static str,
    fixed: &'static [Param],
    run: fn(&mut Call<'_>) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        fixed,
        rest: None,
        run: Run::Call(run),
    }
}

/// Declares a function that takes any number of `rest` behind the listed parameters.
const fn variadic(
    name: &'static str,
    fixed: &'static [Param],
    rest: Param,
    run: fn(&mut Call<'_>) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        fixed,
        rest: Some(rest),
        run: Run::Call(run),
    }
}

/// Sprig's come first: its `slice` hides Go's.
const TABLES: &[&[Function]] = &[
    choice::FUNCTIONS,
    dates::SPANS,
    decimal::FUNCTIONS,
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    equal::FUNCTIONS,
    json::FUNCTIONS,
    keys::FUNCTIONS,
    lists::FUNCTIONS,
    merge::FUNCTIONS,
    number::FUNCTIONS,
    passwords::FUNCTIONS,
    paths::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    series::FUNCTIONS,
    strings::FUNCTIONS,
    words::FUNCTIONS,
    url::FUNCTIONS,
    cases::FUNCTIONS,
    builtin::FUNCTIONS,
    compare::FUNCTIONS,
];

/// What would make one Secret differ from the next: why, and the functions.
const VARYING: &[(&str, &[Function])] = &[
    (RANDOM, random::FUNCTIONS),
    (RANDOM, passwords::VARYING),
    (RANDOM, keys::VARYING),
    (
        "its result depends on the time or the time zone",
        dates::FUNCTIONS,
    ),
];

const RANDOM: &str = "its result is random, and would differ each time";

/// What sprig has, and Sealed Secrets leaves out too.
const REFUSED: &[&str] = &["env", "expandenv", "getHostByName"];
