//! Values of a running template, with the Go types that decide what they may be used for.

use std::collections::BTreeMap;

use super::error::TemplateFault as Fault;
use super::text::Text;

/// A value of one of the Go types that templates meet. Lists and maps live in the [`Heap`].
#[derive(Clone)]
pub(crate) enum Value {
    /// No value at all: what a pipeline makes of nil, or a missing key.
    Nil,
    /// An element of type `interface {}` that holds nothing; as an argument it is typed, `Nil` is not.
    NilInterface,
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `uint8`, a byte of a string
    Byte(u8),
    /// `float64`
    Float(f64),
    /// `complex128`
    Complex(f64, f64),
    Text(Text),
    List(List),
    Map(Map),
}

/// A Go slice: a window on a place of the heap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    /// `None` for a nil slice.
    at: Option<usize>,
    start: usize,
    len: usize,
    pub(crate) of: Element,
}

/// The element type of a slice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Any,
    Text,
    Int,
    /// `[]interface {}`, of which `chunk` makes a list
    List,
}

/// A Go map with string keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Map {
    /// `None` for a nil map.
    at: Option<usize>,
    /// Whether it is a `map[string]string` rather than a `map[string]interface {}`.
    pub(crate) of_text: bool,
}

impl Value {
    pub(crate) fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// The value inside an interface: nothing is nothing, typed or not.
    pub(crate) fn inside(self) -> Self {
        match self {
            Self::NilInterface => Self::Nil,
            other => other,
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::NilInterface)
    }

    /// The value as an element of a list or map: of type `interface {}` when there is nothing.
    pub(crate) fn element(&self) -> Self {
        if self.is_nil() {
            Self::NilInterface
        } else {
            self.clone()
        }
    }

    /// The name of the Go type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil | Self::NilInterface => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::List(list) => list.of.list_name(),
            Self::Map(map) if map.of_text => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// The name of the Go kind.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil | Self::NilInterface => "invalid",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            other => other.type_name(),
        }
    }
}

impl Element {
    fn list_name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Text => "[]string",
            Self::Int => "[]int",
            Self::List => "[][]interface {}",
        }
    }
}

impl List {
    pub(crate) const NIL: Self = Self {
        at: None,
        start: 0,
        len: 0,
        of: Element::Any,
    };

    pub(crate) fn len(self) -> usize {
        self.len
    }

    pub(crate) fn is_nil(self) -> bool {
        self.at.is_none()
    }

    /// `list[from:to]`, sharing its elements; `None` when out of range.
    pub(crate) fn slice(self, from: usize, to: usize) -> Option<Self> {
        let fits = from <= to && to <= self.len;
        fits.then(|| Self {
            start: self.start + from,
            len: to - from,
            ..self
        })
    }
}

impl Map {
    pub(crate) const NIL: Self = Self {
        at: None,
        of_text: false,
    };

    pub(crate) fn is_nil(self) -> bool {
        self.at.is_none()
    }
}

/// Where lists and maps live, and the account of the work done.
///
/// They are freed together when the rendering ends, so that a list which holds itself neither
/// outlives it nor takes a deep stack to drop.
pub(crate) struct Heap {
    lists: Vec<Vec<Value>>,
    maps: Vec<BTreeMap<Text, Value>>,
    empty: BTreeMap<Text, Value>,
    steps: usize,
    /// Whether a missing key is an error rather than nothing.
    pub(crate) strict: bool,
    /// The values that the template is rendered over.
    pub(crate) root: Map,
}

impl Heap {
    /// A heap whose root holds `values`.
    pub(crate) fn new(values: BTreeMap<Text, Value>, strict: bool) -> Self {
        Self {
            lists: Vec::new(),
            maps: vec![values],
            empty: BTreeMap::new(),
            steps: 0,
            strict,
            root: Map {
                at: Some(0),
                of_text: true,
            },
        }
    }

    /// Counts work: one step for an evaluation, or for an element.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS {
            Err(Fault::TooManySteps)
        } else {
            Ok(())
        }
    }

    /// Counts the work on `bytes` of text.
    pub(crate) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.spend(bytes / BYTES_PER_STEP)
    }

    pub(crate) fn list(&mut self, of: Element, items: Vec<Value>) -> Result<List, Fault> {
        self.spend(1 + items.len())?;
        let len = items.len();
        self.lists.push(items);
        Ok(List {
            at: Some(self.lists.len() - 1),
            start: 0,
            len,
            of,
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
        self.maps.push(entries);
        Ok(Map {
            at: Some(self.maps.len() - 1),
            of_text,
        })
    }

    pub(crate) fn entries(&self, map: Map) -> &BTreeMap<Text, Value> {
        map.at.map_or(&self.empty, |at| &self.maps[at])
    }

    /// The entries for a change; none of a nil map, which Go refuses to change.
    pub(crate) fn entries_mut(&mut self, map: Map) -> Option<&mut BTreeMap<Text, Value>> {
        map.at.map(|at| &mut self.maps[at])
    }
}

/// How much work a rendering may do: evaluations, elements, and 64 bytes of text each.
const STEPS: usize = 1_000_000;
const BYTES_PER_STEP: usize = 64;
