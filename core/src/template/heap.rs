//! The memory of a rendering, and the account of the work that it does.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::error::TemplateFault as Fault;
use super::functions::Compiled;
use super::surroundings::Chance;
use super::text::Text;
use super::time::Time;
use super::value::{Element, List, Map, Value};

/// Where lists and maps live, and the account of the work done.
///
/// They are freed together when the rendering ends, so that a list which holds itself neither
/// outlives it nor takes a deep stack to drop.
pub(crate) struct Heap {
    lists: Vec<Vec<Value>>,
    /// The first one is the root, which the templates of a resource share.
    maps: Vec<Rc<BTreeMap<Text, Value>>>,
    empty: BTreeMap<Text, Value>,
    /// What is left, for all templates of a resource.
    steps: Rc<Cell<usize>>,
    /// Whether a missing key is an error rather than nothing.
    pub(crate) strict: bool,
    /// The values that the template is rendered over.
    pub(crate) root: Map,
    pub(crate) regexes: Compiled,
    chance: Option<Chance>,
    /// Whether the result depends on the time or on chance.
    pub(crate) varies: bool,
}

impl Heap {
    /// A heap whose root holds `values`, for a rendering that takes from `steps`.
    pub(crate) fn new(
        values: Rc<BTreeMap<Text, Value>>,
        steps: Rc<Cell<usize>>,
        strict: bool,
        chance: Option<Chance>,
    ) -> Self {
        Self {
            lists: Vec::new(),
            maps: vec![values],
            empty: BTreeMap::new(),
            steps,
            strict,
            root: Map {
                at: Some(0),
                of_text: true,
            },
            regexes: Compiled::new(),
            chance,
            varies: false,
        }
    }

    /// What is random; a rendering that has nothing of the kind refuses.
    pub(crate) fn chance(&mut self) -> Result<&mut Chance, Fault> {
        self.varies = true;
        self.chance.as_mut().ok_or(Fault::NoSurroundings)
    }

    /// The time of the rendering.
    pub(crate) fn now(&mut self) -> Result<Time, Fault> {
        self.chance().map(|chance| chance.now())
    }

    /// Counts work: one step for an evaluation, or for an element.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), Fault> {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.map(drop).ok_or(Fault::TooManySteps)
    }

    /// Counts the work on `bytes` of text.
    pub(crate) fn spend_bytes(&self, bytes: usize) -> Result<(), Fault> {
        self.spend(bytes / BYTES_PER_STEP)
    }

    /// Counts passing over `items` without doing much to any of them.
    pub(crate) fn spend_items(&self, items: usize) -> Result<(), Fault> {
        self.spend(items / ITEMS_PER_STEP)
    }

    /// A list of exactly `items`.
    pub(crate) fn list(&mut self, of: Element, items: Vec<Value>) -> Result<List, Fault> {
        let capacity = items.len();
        self.list_of_capacity(of, items, capacity)
    }

    /// A list of bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<Value, Fault> {
        let items = bytes.iter().copied().map(Value::Byte).collect();
        self.list(Element::Byte, items).map(Value::List)
    }

    /// What a list of bytes holds.
    pub(crate) fn bytes_of(&self, list: List) -> Zeroizing<Vec<u8>> {
        let bytes = self.items(list).iter().filter_map(|item| match item {
            Value::Byte(byte) => Some(*byte),
            _ => None,
        });
        let mut out = Zeroizing::new(Vec::with_capacity(list.len()));
        out.extend(bytes);
        out
    }

    /// A list that Go makes by appending all but the first `exact` items one by one.
    pub(crate) fn appended(
        &mut self,
        of: Element,
        exact: usize,
        items: Vec<Value>,
    ) -> Result<List, Fault> {
        let mut capacity = exact;
        for len in exact + 1..=items.len() {
            if len > capacity {
                capacity = of.grown(capacity, len);
            }
        }
        self.list_of_capacity(of, items, capacity)
    }

    pub(crate) fn list_of_capacity(
        &mut self,
        of: Element,
        items: Vec<Value>,
        capacity: usize,
    ) -> Result<List, Fault> {
        self.spend(1 + items.len())?;
        let len = items.len();
        self.lists.push(items);
        Ok(List {
            at: Some(self.lists.len() - 1),
            start: 0,
            len,
            capacity,
            of,
        })
    }

    /// `list[from:to]`, sharing its elements. As in Go it may reach beyond the length, up to the capacity.
    pub(crate) fn slice(&mut self, list: List, from: usize, to: usize) -> Option<List> {
        if from > to || to > list.capacity {
            return None;
        }
        if let Some(at) = list.at {
            let needed = (list.start + to).max(self.lists[at].len());
            self.lists[at].resize(needed, list.of.zero());
        }
        let (start, capacity) = (list.start + from, list.capacity - from);
        Some(List {
            start,
            len: to - from,
            capacity,
            ..list
        })
    }

    pub(crate) fn items(&self, list: List) -> &[Value] {
        match list.at {
            Some(at) => &self.lists[at][list.start..list.start + list.len],
            None => &[],
        }
    }

    pub(crate) fn items_mut(&mut self, list: List) -> &mut [Value] {
        match list.at {
            Some(at) => &mut self.lists[at][list.start..list.start + list.len],
            None => &mut [],
        }
    }

    pub(crate) fn element(&self, list: List, index: usize) -> Option<Value> {
        self.items(list).get(index).map(Value::element)
    }

    pub(crate) fn map(
        &mut self,
        of_text: bool,
        entries: BTreeMap<Text, Value>,
    ) -> Result<Map, Fault> {
        self.spend(1 + entries.len())?;
        self.maps.push(Rc::new(entries));
        Ok(Map {
            at: Some(self.maps.len() - 1),
            of_text,
        })
    }

    pub(crate) fn entries(&self, map: Map) -> &BTreeMap<Text, Value> {
        map.at.map_or(&self.empty, |at| &self.maps[at])
    }

    /// The entries for a change; none of a nil map, which Go refuses to change, nor of the root: it is a
    /// `map[string]string`, which no function changes, and shared.
    pub(crate) fn entries_mut(&mut self, map: Map) -> Option<&mut BTreeMap<Text, Value>> {
        map.at.and_then(|at| Rc::get_mut(&mut self.maps[at]))
    }
}

/// How much work the templates of a resource may do: evaluations, elements, and 64 bytes of text each.
pub(crate) const STEPS: usize = 1_000_000;
const BYTES_PER_STEP: usize = 64;
const ITEMS_PER_STEP: usize = 8;
