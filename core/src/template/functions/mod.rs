//! The functions: which there are, what they take, and which are refused.

mod builtin;
mod cases;
mod choice;
mod compare;
mod dicts;
mod encoding;
mod equal;
mod json;
mod lists;
mod number;
mod paths;
mod search;
mod series;
mod strings;
mod url;
mod words;

use super::error::{TemplateFault as Fault, Word};
use super::heap::Heap;
use super::text::Text;
use super::value::{Map, Value};

pub(crate) use builtin::truth_of;

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
    Text,
    /// `map[string]interface {}`
    Dict,
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
            Self::Text => "a string",
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
    fn text(&self, n: usize) -> Result<Text, Fault> {
        match self.args.get(n) {
            Some(Value::Text(text)) => Ok(text.clone()),
            _ => Err(self.mismatch(Param::Text)),
        }
    }

    fn int(&self, n: usize) -> Result<i64, Fault> {
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

    fn any(&self, n: usize) -> Result<Value, Fault> {
        self.args
            .get(n)
            .cloned()
            .ok_or(Fault::ArgumentCount(self.name))
    }

    /// The arguments from `n` on.
    fn rest(&self, n: usize) -> &[Value] {
        self.args.get(n..).unwrap_or(&[])
    }

    fn mismatch(&self, expected: Param) -> Fault {
        Fault::ArgumentType {
            function: self.name,
            expected: expected.describe(),
        }
    }

    fn fail(&self, why: &'static str) -> Fault {
        Fault::Function {
            name: self.name,
            why,
        }
    }
}

/// The function called `name`.
pub(crate) fn find(name: &str) -> Result<&'static Function, Fault> {
    if let Some(found) = TABLES.iter().copied().flatten().find(|f| f.name == name) {
        return Ok(found);
    }
    for (why, names) in REFUSED {
        if let Some(name) = names.iter().find(|n| **n == name) {
            return Err(Fault::RefusedFunction { name, why });
        }
    }
    match UNSUPPORTED.iter().find(|n| **n == name) {
        Some(name) => Err(Fault::UnsupportedFunction(name)),
        None => Err(Fault::UnknownFunction(Word::new(name))),
    }
}

/// Declares a function of as many parameters as listed.
const fn fixed(
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
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    equal::FUNCTIONS,
    json::FUNCTIONS,
    lists::FUNCTIONS,
    number::FUNCTIONS,
    paths::FUNCTIONS,
    series::FUNCTIONS,
    strings::FUNCTIONS,
    words::FUNCTIONS,
    url::FUNCTIONS,
    cases::FUNCTIONS,
    builtin::FUNCTIONS,
    compare::FUNCTIONS,
];

/// What would make one Secret differ from the next, or reach out of the template.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "its result is random, and would differ each time",
        &[
            "randAlphaNum",
            "randAlpha",
            "randAscii",
            "randNumeric",
            "randInt",
            "randBytes",
            "shuffle",
            "uuidv4",
            "bcrypt",
            "htpasswd",
            "encryptAES",
            "genPrivateKey",
            "genCA",
            "genCAWithKey",
            "genSelfSignedCert",
            "genSelfSignedCertWithKey",
            "genSignedCert",
            "genSignedCertWithKey",
        ],
    ),
    (
        "its result depends on the time or the time zone",
        &[
            "now",
            "ago",
            "date",
            "dateInZone",
            "date_in_zone",
            "dateModify",
            "date_modify",
            "mustDateModify",
            "must_date_modify",
            "htmlDate",
            "htmlDateInZone",
            "toDate",
            "mustToDate",
            "unixEpoch",
        ],
    ),
    (
        "it reads the environment or the network",
        &["env", "expandenv", "getHostByName"],
    ),
    ("no value is a function", &["call"]),
];

/// Deterministic functions of sprig that are still to come.
const UNSUPPORTED: &[&str] = &[
    "add1f",
    "addf",
    "subf",
    "mulf",
    "divf",
    "buildCustomCert",
    "decryptAES",
    "derivePassword",
    "duration",
    "durationRound",
    "merge",
    "mergeOverwrite",
    "mustMerge",
    "mustMergeOverwrite",
    "mustRegexFind",
    "mustRegexFindAll",
    "mustRegexMatch",
    "mustRegexReplaceAll",
    "mustRegexReplaceAllLiteral",
    "mustRegexSplit",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "regexSplit",
    "semver",
    "semverCompare",
];
