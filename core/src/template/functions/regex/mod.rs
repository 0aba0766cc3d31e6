//! Sprig's regular expressions, with Go's syntax and Go's way of going through a text.

mod class;
mod replace;
mod syntax;

use std::collections::BTreeMap;
use std::rc::Rc;

use regex_automata::meta;
use regex_automata::util::captures::Captures;
use regex_automata::{Input, Span};
use zeroize::Zeroizing;

use super::Param::{Int, Text as Word};
use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;
use crate::template::text::Text;
use crate::template::unicode;
use crate::template::value::{Element, List, Value};
use syntax::Wrong;

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
    engine: meta::Regex,
    names: Vec<String>,
    /// What a search over 64 bytes costs, in steps.
    price: usize,
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
        // The limit is Rust's as well as Go's: folding case makes large classes of single letters.
        if pattern.len() > PATTERN_BYTES {
            return Err(call
                .fail("the regular expression is longer than 64 KiB")
                .into());
        }
        call.heap
            .spend(COMPILE_STEPS + pattern.len() * STEPS_PER_PATTERN_BYTE)?;
        let text = std::str::from_utf8(pattern.bytes()).map_err(|_| Bad::Syntax)?;
        let parsed = syntax::parse(text).map_err(|wrong| match wrong {
            Wrong::Syntax => Bad::Syntax,
            Wrong::Limit => call
                .fail("the regular expression is nested too deeply")
                .into(),
        })?;
        let config = meta::Config::new()
            .nfa_size_limit(Some(NFA_BYTES))
            .hybrid_cache_capacity(CACHE_BYTES)
            .onepass(false)
            .utf8_empty(true);
        let engine = meta::Builder::new()
            .configure(config)
            .build_from_hir(&parsed.hir);
        let engine =
            engine.map_err(|_| call.fail("the regular expression takes too much memory"))?;
        let price = 1 + engine.memory_usage() / BYTES_PER_PRICE;
        call.heap.spend(price)?;
        let regex = Rc::new(Self {
            engine,
            names: parsed.names,
            price,
        });
        call.heap.regexes.insert(pattern.clone(), regex.clone());
        Ok(regex)
    }

    /// The first match from `at` on, with its groups.
    fn search(
        &self,
        heap: &mut Heap,
        subject: &Subject<'_>,
        at: usize,
        found: &mut Captures,
    ) -> Result<Option<Span>, Fault> {
        let input = Input::new(subject.text()).span(subject.inner(at)..subject.text().len());
        self.engine.search_captures(&input, found);
        let span = found.get_match().map(|m| m.span());
        let end = span.map_or(subject.text().len(), |span| span.end);
        let passed = end.saturating_sub(input.start());
        heap.spend(1 + passed / 64 * self.price)?;
        Ok(span.map(|span| subject.outer(span)))
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
        let mut found = self.engine.create_captures();
        let span = self.search(heap, &Subject::new(text.as_bytes()), at, &mut found)?;
        Ok(span.map(|_| (0..self.names.len()).map(|n| found.get_group(n)).collect()))
    }

    /// Go's way through a text: at most `limit` matches, no empty one right after another match.
    fn each(
        &self,
        heap: &mut Heap,
        subject: &Subject<'_>,
        limit: usize,
    ) -> Result<Vec<Span>, Fault> {
        let mut found = self.engine.create_captures();
        let (mut spans, mut at, mut previous) = (Vec::new(), 0, None);
        while spans.len() < limit && at <= subject.len() {
            let Some(span) = self.search(heap, subject, at, &mut found)? else {
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

/// A text to search. Go reads each byte that is not UTF-8 as U+FFFD, and so it is spelled here.
struct Subject<'t> {
    original: &'t [u8],
    /// Where bytes are respelled; otherwise the original is UTF-8.
    spelled: Option<Zeroizing<String>>,
    /// Where bytes were respelled, in the text: each is two bytes longer than it was.
    respelled: Vec<usize>,
}

impl<'t> Subject<'t> {
    fn new(original: &'t [u8]) -> Self {
        let mut respelled = Vec::new();
        let spelled = match std::str::from_utf8(original) {
            Ok(_) => None,
            Err(_) => {
                let mut text = Zeroizing::new(String::with_capacity(3 * original.len()));
                for (_, c, width) in unicode::chars(original) {
                    if c == char::REPLACEMENT_CHARACTER && width == 1 {
                        respelled.push(text.len());
                    }
                    text.push(c);
                }
                Some(text)
            }
        };
        Self {
            original,
            spelled,
            respelled,
        }
    }

    fn text(&self) -> &[u8] {
        self.spelled
            .as_ref()
            .map_or(self.original, |text| text.as_bytes())
    }

    fn len(&self) -> usize {
        self.original.len()
    }

    /// The place in the text of a place in the original.
    fn inner(&self, at: usize) -> usize {
        let (mut low, mut high) = (0, self.respelled.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.respelled[middle] - 2 * middle < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        at + 2 * low
    }

    fn outer(&self, span: Span) -> Span {
        let place = |at: usize| at - 2 * self.respelled.partition_point(|r| *r < at);
        Span::from(place(span.start)..place(span.end))
    }
}

fn matches(call: &mut Call<'_>) -> Result<bool, Bad> {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    let regex = Regex::of(call, &pattern)?;
    let mut found = regex.engine.create_captures();
    let subject = Subject::new(text.bytes());
    Ok(regex.search(call.heap, &subject, 0, &mut found)?.is_some())
}

fn find(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    let regex = Regex::of(call, &pattern).map_err(|bad| bad.fault(call))?;
    let mut found = regex.engine.create_captures();
    let span = regex.search(call.heap, &Subject::new(text.bytes()), 0, &mut found)?;
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
const STEPS_PER_PATTERN_BYTE: usize = 1;
/// The largest program that an expression may become.
const NFA_BYTES: usize = 1 << 20;
const CACHE_BYTES: usize = 1 << 20;
/// A search over a larger program costs more for each byte of the text.
const BYTES_PER_PRICE: usize = 16 << 10;
/// The capacity with which Go begins to collect matches.
const FOUND_CAPACITY: usize = 10;
