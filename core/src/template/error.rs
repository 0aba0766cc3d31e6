//! What can be wrong with a template, and where: never a value, an output or a piece of either.

use std::fmt;

use crate::names::KeyName;

/// A template that does not parse or render: the key that it is for, the place in its source, the fault.
///
/// A fault holds text of three origins only: words of this program, and names of functions, fields,
/// variables and templates as the source spells them. Literals of the source are left out too, since
/// a password that was pasted into a template is as secret as one that was sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{key}`, line {line}, column {column}: {fault}")]
pub struct TemplateError {
    key: KeyName,
    line: usize,
    column: usize,
    fault: TemplateFault,
}

impl TemplateError {
    /// The error of `fault` at the byte `at` of `source`.
    pub(crate) fn new(key: &KeyName, source: &[u8], at: usize, fault: TemplateFault) -> Self {
        let before = &source[..at.min(source.len())];
        let line_start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |n| n + 1);
        Self {
            key: key.clone(),
            line: 1 + before.iter().filter(|b| **b == b'\n').count(),
            column: 1 + before.len() - line_start,
            fault,
        }
    }

    /// The key of the Secret that the template is for.
    pub fn key(&self) -> &KeyName {
        &self.key
    }

    /// The line of the source, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The byte within the line, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    pub fn fault(&self) -> &TemplateFault {
        &self.fault
    }
}

/// One way of being wrong. The texts are this program's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// The source is longer than 64 KiB.
    #[error("the template is longer than 64 KiB")]
    SourceTooLarge,
    /// The source breaks a rule of the syntax.
    #[error("{0}")]
    Syntax(&'static str),
    /// No function has this name.
    #[error("unknown function `{0}`")]
    UnknownFunction(Word),
    /// A function that sprig has and templates of secrets must not use.
    #[error("refusing to call `{name}`: {why}")]
    RefusedFunction {
        /// The name.
        name: &'static str,
        /// The reason.
        why: &'static str,
    },
    /// A variable that is not declared where it is used.
    #[error("undefined variable `{0}`")]
    UndefinedVariable(Word),
    /// `{{ template }}` of a name that nothing defines.
    #[error("template `{0}` is not defined")]
    UndefinedTemplate(Word),
    /// Two definitions of one name.
    #[error("template `{0}` is defined twice")]
    DuplicateTemplate(Word),
    /// No value has the key; it is named where the source spells it out.
    #[error("no value has the key{}", .0.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default())]
    MissingKey(Option<Word>),
    /// A field of something that has no fields.
    #[error("`.{0}` asks for a field of something that has none")]
    NoField(Word),
    /// An action that would print `<no value>`.
    #[error("there is nothing to print: the expression has no value")]
    NoValue,
    /// The time or something random is asked for in a rendering that has neither.
    #[error("the result would change from run to run")]
    NoSurroundings,
    /// An argument that is given to something that takes none.
    #[error("an argument is given to something that is not a function")]
    NotAFunction,
    /// Too few or too many arguments.
    #[error("wrong number of arguments for `{0}`")]
    ArgumentCount(&'static str),
    /// An argument of another type than the function takes.
    #[error("wrong type of argument for `{function}`, which takes {expected}")]
    ArgumentType {
        /// The function.
        function: &'static str,
        /// The type that it takes.
        expected: &'static str,
    },
    /// An expression whose type does not fit where it stands.
    #[error("{0}")]
    WrongType(&'static str),
    /// A function that does not work on what it was given.
    #[error("`{name}` failed: {why}")]
    Function {
        /// The function.
        name: &'static str,
        /// The reason, in general terms.
        why: &'static str,
    },
    /// `fail` was called; what it says may be a value.
    #[error("the template calls `fail`")]
    Failed,
    /// The work exceeds the bound.
    #[error("rendering takes too many steps")]
    TooManySteps,
    /// Templates, parentheses or values are nested too deeply.
    #[error("nested too deeply")]
    TooDeep,
    /// A text on the way exceeds 4 MiB.
    #[error("a function makes a text longer than 4 MiB")]
    TextTooLarge,
    /// The output exceeds 1 MiB.
    #[error("the output is longer than 1 MiB")]
    OutputTooLarge,
    /// The output exceeds what the values and the other templates leave of a Secret.
    #[error("the Secret would be larger than 1 MiB")]
    NoRoom,
}

/// A name as the source of a template spells it, shown escaped and cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    /// Keeps what is shown of `name`.
    pub(crate) fn new(name: &str) -> Self {
        let mut shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        if name.chars().count() > 64 {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
