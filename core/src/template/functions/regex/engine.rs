//! Searching, with an account of the work.
//!
//! Lazy automata go through a text byte by byte, and what they read and build is counted as they do: a
//! search for the leftmost match may read to the end of the text, whatever it finds.

use std::cell::RefCell;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures, pikevm};
use regex_automata::{Anchored, Input, MatchKind, Span};
use regex_syntax::hir::Hir;

use crate::template::error::TemplateFault as Fault;
use crate::template::heap::Heap;

/// An expression, compiled to find the end of a match, then its start, then its groups.
pub(super) struct Engine {
    forward: Automaton,
    backward: Automaton,
    groups: pikevm::PikeVM,
    states: usize,
}

struct Automaton {
    dfa: DFA,
    cache: RefCell<Cache>,
    /// What a state costs, by its size.
    price: usize,
}

impl Engine {
    /// Compiles; `None` where it takes too much memory.
    pub(super) fn new(heap: &mut Heap, hir: &Hir) -> Result<Option<Self>, Fault> {
        let config = thompson::Config::new()
            .nfa_size_limit(Some(NFA_BYTES))
            .shrink(false);
        let compile = |config: thompson::Config| {
            let compiled = NFA::compiler().configure(config).build_from_hir(hir);
            compiled.ok()
        };
        let plain = config.clone().which_captures(WhichCaptures::None);
        let Some(nfa) = compile(config) else {
            return Ok(None);
        };
        heap.spend_bytes(3 * nfa.memory_usage())?;
        let (ahead, back) = (compile(plain.clone()), compile(plain.reverse(true)));
        let automata = ahead.zip(back).and_then(|(ahead, back)| {
            let forward = Automaton::new(ahead, MatchKind::LeftmostFirst)?;
            Some((forward, Automaton::new(back, MatchKind::All)?))
        });
        let states = nfa.states().len();
        let groups = pikevm::PikeVM::new_from_nfa(nfa).ok();
        Ok(automata
            .zip(groups)
            .map(|((forward, backward), groups)| Self {
                forward,
                backward,
                groups,
                states,
            }))
    }

    /// The leftmost match from `at` on; as Go looks at characters, none lies inside of one.
    pub(super) fn find(
        &self,
        heap: &mut Heap,
        text: &[u8],
        mut at: usize,
    ) -> Result<Option<Span>, Fault> {
        let is_boundary = |at: usize| text.get(at).is_none_or(|b| !matches!(b, 0x80..=0xbf));
        loop {
            let input = Input::new(text).span(at..text.len());
            let Some(end) = self.forward.ahead(heap, &input)? else {
                return Ok(None);
            };
            let input = input.span(at..end).anchored(Anchored::Yes);
            let start = self.backward.back(heap, &input)?.unwrap_or(end);
            if start < end || is_boundary(start) {
                return Ok(Some(Span { start, end }));
            }
            at = end + 1;
        }
    }

    /// The groups of the match at `span`, which is the first of them.
    pub(super) fn groups(
        &self,
        heap: &mut Heap,
        text: &[u8],
        span: Span,
    ) -> Result<Vec<Option<Span>>, Fault> {
        let work = span.len().saturating_add(1).saturating_mul(self.states);
        heap.spend(1 + work / THREADS_PER_STEP)?;
        let mut cache = self.groups.create_cache();
        let mut slots = vec![None; self.groups.get_nfa().group_info().slot_len()];
        let input = Input::new(text).span(span).anchored(Anchored::Yes);
        self.groups.search_slots(&mut cache, &input, &mut slots);
        let group = |slots: &[Option<usize>]| match slots {
            [Some(start), Some(end)] => Some(Span::from(*start..*end)),
            _ => None,
        };
        let index =
            |slot: &Option<regex_automata::util::primitives::NonMaxUsize>| slot.map(|at| at.get());
        let slots: Vec<Option<usize>> = slots.iter().map(index).collect();
        Ok(slots.chunks(2).map(group).collect())
    }
}

impl Automaton {
    fn new(nfa: NFA, kind: MatchKind) -> Option<Self> {
        let price = 1 + nfa.states().len() / STATES_PER_PRICE;
        let config = DFA::config()
            .match_kind(kind)
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let cache = RefCell::new(dfa.create_cache());
        Some(Self { dfa, cache, price })
    }

    /// Where the leftmost match ends.
    fn ahead(&self, heap: &mut Heap, input: &Input<'_>) -> Result<Option<usize>, Fault> {
        let cache = &mut *self.cache.borrow_mut();
        let mut meter = Meter::new(cache, self.price);
        let mut state = self
            .dfa
            .start_state_forward(cache, input)
            .map_err(unusable)?;
        let mut found = None;
        for at in input.start()..input.end() {
            let byte = input.haystack()[at];
            state = self.dfa.next_state(cache, state, byte).map_err(unusable)?;
            if state.is_tagged() {
                if state.is_match() {
                    found = Some(at);
                } else if state.is_dead() {
                    meter.pass(heap, cache)?;
                    meter.settle(heap, cache)?;
                    return Ok(found);
                }
            }
            meter.pass(heap, cache)?;
        }
        let last = self.dfa.next_eoi_state(cache, state).map_err(unusable)?;
        if last.is_match() {
            found = Some(input.end());
        }
        meter.settle(heap, cache)?;
        Ok(found)
    }

    /// Where the longest match begins that ends where the input does.
    fn back(&self, heap: &mut Heap, input: &Input<'_>) -> Result<Option<usize>, Fault> {
        let cache = &mut *self.cache.borrow_mut();
        let mut meter = Meter::new(cache, self.price);
        let mut state = self
            .dfa
            .start_state_reverse(cache, input)
            .map_err(unusable)?;
        let mut found = None;
        for at in (input.start()..input.end()).rev() {
            let byte = input.haystack()[at];
            state = self.dfa.next_state(cache, state, byte).map_err(unusable)?;
            meter.pass(heap, cache)?;
            if state.is_match() {
                found = Some(at + 1);
            } else if state.is_dead() {
                meter.settle(heap, cache)?;
                return Ok(found);
            }
        }
        // What stands before the input decides whether it begins a line or a word.
        let before = input.start().checked_sub(1).map(|at| input.haystack()[at]);
        let last = match before {
            Some(byte) => self.dfa.next_state(cache, state, byte),
            None => self.dfa.next_eoi_state(cache, state),
        };
        if last.map_err(unusable)?.is_match() {
            found = Some(input.start());
        }
        meter.settle(heap, cache)?;
        Ok(found)
    }
}

/// Counts the bytes that an automaton reads, and the memory that its new states take.
struct Meter {
    bytes: usize,
    built: usize,
    price: usize,
}

impl Meter {
    fn new(cache: &Cache, price: usize) -> Self {
        let built = Self::built(cache);
        Self {
            bytes: 0,
            built,
            price,
        }
    }

    fn built(cache: &Cache) -> usize {
        cache.clear_count() * CACHE_BYTES + cache.memory_usage()
    }

    fn pass(&mut self, heap: &mut Heap, cache: &Cache) -> Result<(), Fault> {
        self.bytes += 1;
        if self.bytes == BYTES_PER_CHECK {
            self.settle(heap, cache)?;
        }
        Ok(())
    }

    fn settle(&mut self, heap: &mut Heap, cache: &Cache) -> Result<(), Fault> {
        let built = Self::built(cache);
        let states = built.saturating_sub(self.built) / 64 * self.price;
        heap.spend(1 + self.bytes / 64 + states)?;
        (self.bytes, self.built) = (0, built);
        Ok(())
    }
}

/// Automata without a bound on their patience do not give up.
fn unusable<E>(_: E) -> Fault {
    Fault::Function {
        name: "regex",
        why: "the expression could not be run",
    }
}

/// The largest program that an expression may become.
const NFA_BYTES: usize = 1 << 20;
/// What the states of an automaton may take before they are forgotten.
const CACHE_BYTES: usize = 1 << 20;
const BYTES_PER_CHECK: usize = 1024;
const STATES_PER_PRICE: usize = 256;
const THREADS_PER_STEP: usize = 64;
