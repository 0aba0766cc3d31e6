//! Sprig's regular expressions, with Go's syntax and Go's way of going through a text.

mod class;
mod engine;
mod expression;
mod replace;
mod subject;
mod syntax;

use std::collections::BTreeMap;
use std::rc::Rc;

use regex_automata::Span;

use super::Param::{Int, Text as Word};
use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::text::Text;
use crate::template::unicode;
use crate::template::value::{Element, List, Value};
use engine::Engine;
use subject::Subject;
use syntax::Wrong;

pub(crate) use expression::Expression;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("regexMatch", TWO, |call| match matches(call) {
        // As sprig has it, what does not compile does not match.
        Err(Bad::Syntax) => Ok(Value::Bool(false)),
        Err(Bad::Fault(fault)) => Err(fault),
        Ok(found) => Ok(Value::Bool(found)),
    }),
    fixed("mustRegexMatch", TWO, |call| {
        let found = matches(call);
        found.map(Value::Bool).map_err(|bad| bad.fault(call))
    }),
    fixed("regexFind", TWO, find),
    fixed("mustRegexFind", TWO, find),
    fixed("regexFindAll", TWO_AND_COUNT, find_all),
    fixed("mustRegexFindAll", TWO_AND_COUNT, find_all),
    fixed("regexReplaceAll", THREE, |call| replace::all(call, true)),
    fixed("mustRegexReplaceAll", THREE, |call| {
        replace::all(call, true)
    }),
    fixed("regexReplaceAllLiteral", THREE, |call| {
        replace::all(call, false)
    }),
    fixed("mustRegexReplaceAllLiteral", THREE, |call| {
        replace::all(call, false)
    }),
    fixed("regexSplit", TWO_AND_COUNT, split),
    fixed("mustRegexSplit", TWO_AND_COUNT, split),
];

const TWO: &[Param] = &[Word, Word];
const THREE: &[Param] = &[Word, Word, Word];
const TWO_AND_COUNT: &[Param] = &[Word, Word, Int];

/// Compiled expressions of one rendering, by their source.
pub(crate) type Compiled = BTreeMap<Text, Rc<Regex>>;

/// A compiled expression.
pub(crate) struct Regex {
    engine: Engine,
    names: Vec<String>,
}

/// Why an expression cannot be used.
enum Bad {
    Syntax,
    Fault(Fault),
}

impl Bad {
    fn fault(self, call: &Call<'_>) -> Fault {
        match self {
            Self::Syntax => call.fail("this is not a regular expression"),
            Self::Fault(fault) => fault,
        }
    }
}

impl From<Fault> for Bad {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Regex {
    /// Compiles `pattern`, or finds it compiled.
    fn of(call: &mut Call<'_>, pattern: &Text) -> Result<Rc<Self>, Bad> {
        if let Some(found) = call.heap.regexes.get(pattern) {
            return Ok(found.clone());
        }
        if pattern.len() > PATTERN_BYTES {
            let why = "the regular expression is longer than 64 KiB";
            return Err(call.fail(why).into());
        }
        call.heap.spend(COMPILE_STEPS + pattern.len())?;
        let text = std::str::from_utf8(pattern.bytes()).map_err(|_| Bad::Syntax)?;
        let parsed = syntax::parse(text).map_err(|wrong| match wrong {
            Wrong::Syntax => Bad::Syntax,
            Wrong::Limit => call.fail("the regular expression is too large").into(),
        })?;
        call.heap.spend(parsed.work / WORK_PER_STEP)?;
        let engine = Engine::new(call.heap, &parsed.hir)?;
        let engine = engine.ok_or_else(|| call.fail("the regular expression is too large"))?;
        let regex = Rc::new(Self {
            engine,
            names: parsed.names,
        });
        if call.heap.regexes.len() == KEPT {
            call.heap.regexes.clear();
        }
        call.heap.regexes.insert(pattern.clone(), regex.clone());
        Ok(regex)
    }

    /// The first match from `at` on.
    fn search(
        &self,
        heap: &mut Heap,
        subject: &Subject<'_>,
        at: usize,
    ) -> Result<Option<Span>, Fault> {
        let span = self.engine.find(heap, subject.text(), subject.inner(at))?;
        Ok(span.map(|span| subject.outer(span)))
    }

    /// The groups of a match.
    fn groups_of(
        &self,
        heap: &mut Heap,
        subject: &Subject<'_>,
        span: Span,
    ) -> Result<Vec<Option<Span>>, Fault> {
        let inner = subject.inner(span.start)..subject.inner(span.end);
        let groups = self.engine.groups(heap, subject.text(), inner.into())?;
        Ok(groups
            .into_iter()
            .map(|span| span.map(|span| subject.outer(span)))
            .collect())
    }

    /// Compiles an expression of this program.
    pub(super) fn known(call: &mut Call<'_>, pattern: &str) -> Result<Rc<Self>, Fault> {
        Self::of(call, &Text::from(pattern)).map_err(|bad| bad.fault(call))
    }

    /// Where the first match from `at` on and its groups are.
    pub(super) fn groups(
        &self,
        heap: &mut Heap,
        text: &str,
        at: usize,
    ) -> Result<Option<Vec<Option<Span>>>, Fault> {
        heap.spend_bytes(text.len())?;
        let subject = Subject::new(text.as_bytes());
        match self.search(heap, &subject, at)? {
            Some(span) => self.groups_of(heap, &subject, span).map(Some),
            None => Ok(None),
        }
    }

    /// Go's way through a text: at most `limit` matches, no empty one right after another match.
    fn each(
        &self,
        heap: &mut Heap,
        subject: &Subject<'_>,
        limit: usize,
    ) -> Result<Vec<Span>, Fault> {
        let (mut spans, mut at, mut previous) = (Vec::new(), 0, None);
        while spans.len() < limit && at <= subject.original.len() {
            let Some(span) = self.search(heap, subject, at)? else {
                break;
            };
            let mut accepted = true;
            if span.end == at {
                accepted = previous != Some(span.start);
                at += unicode::decode(&subject.original[at..]).1.max(1);
            } else {
                at = span.end;
            }
            previous = Some(span.end);
            if accepted {
                spans.push(span);
            }
        }
        Ok(spans)
    }
}

fn matches(call: &mut Call<'_>) -> Result<bool, Bad> {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    let regex = Regex::of(call, &pattern)?;
    let subject = Subject::new(text.bytes());
    Ok(regex.search(call.heap, &subject, 0)?.is_some())
}

fn find(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    let regex = Regex::of(call, &pattern).map_err(|bad| bad.fault(call))?;
    let span = regex.search(call.heap, &Subject::new(text.bytes()), 0)?;
    let bytes = span.map_or(&[][..], |span| &text.bytes()[span.start..span.end]);
    Ok(Value::text(bytes))
}

fn find_all(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (pattern, text, limit) = (call.text(0)?, call.text(1)?, call.int(2)?);
    let regex = Regex::of(call, &pattern).map_err(|bad| bad.fault(call))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let spans = regex.each(call.heap, &Subject::new(text.bytes()), limit)?;
    let of_text = List {
        of: Element::Text,
        ..List::NIL
    };
    if spans.is_empty() {
        return Ok(Value::List(of_text));
    }
    let piece = |span: &Span| Value::text(&text.bytes()[span.start..span.end]);
    let mut capacity = FOUND_CAPACITY;
    while capacity < spans.len() {
        capacity = Element::Text.grown(capacity, capacity + 1);
    }
    let items = spans.iter().map(piece).collect();
    let list = call.heap.list_of_capacity(Element::Text, items, capacity)?;
    Ok(Value::List(list))
}

fn split(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (pattern, text, limit) = (call.text(0)?, call.text(1)?, call.int(2)?);
    let regex = Regex::of(call, &pattern).map_err(|bad| bad.fault(call))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Value::List(List {
            of: Element::Text,
            ..List::NIL
        }));
    }
    if pattern.len() > 0 && text.len() == 0 {
        let list = call.heap.list(Element::Text, vec![Value::text("")])?;
        return Ok(Value::List(list));
    }
    let spans = regex.each(call.heap, &Subject::new(text.bytes()), limit)?;
    let (mut pieces, mut from, mut to) = (Vec::new(), 0, 0);
    for span in &spans {
        if pieces.len() + 1 == limit {
            break;
        }
        to = span.start;
        if span.end != 0 {
            pieces.push(Value::text(&text.bytes()[from..to]));
        }
        from = span.end;
    }
    if to != text.len() {
        pieces.push(Value::text(&text.bytes()[from..]));
    }
    let mut capacity = spans.len();
    while capacity < pieces.len() {
        capacity = Element::Text.grown(capacity, capacity + 1);
    }
    let list = call
        .heap
        .list_of_capacity(Element::Text, pieces, capacity)?;
    Ok(Value::List(list))
}

/// The longest expression.
const PATTERN_BYTES: usize = 64 << 10;
/// What compiling costs, beside the size of what comes out.
const COMPILE_STEPS: usize = 100;
const WORK_PER_STEP: usize = 100;
/// How many expressions are kept.
const KEPT: usize = 16;
/// The capacity with which Go begins to collect matches.
const FOUND_CAPACITY: usize = 10;
