//! Values of a running template, with the Go types that decide what they may be used for.

use super::object::{Named, Object};
use super::text::Text;

/// A value of one of the Go types that templates meet. Lists and maps live in the [`super::heap::Heap`].
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
    /// `uint64`, a number of a version
    Uint(u64),
    /// An integer of a type of Go's `time`
    Named(Named, i64),
    /// `uint8`, a byte of a string
    Byte(u8),
    /// `float64`
    Float(f64),
    /// `complex128`
    Complex(f64, f64),
    Text(Text),
    List(List),
    Map(Map),
    Object(Object),
}

/// A Go slice: a window on a place of the heap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    /// `None` for a nil slice.
    pub(super) at: Option<usize>,
    pub(super) start: usize,
    pub(super) len: usize,
    /// How far a slice of this one may reach, as in Go.
    pub(super) capacity: usize,
    pub(crate) of: Element,
}

/// The element type of a slice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Any,
    Text,
    Int,
    /// `uint8`
    Byte,
    /// `[]interface {}`, of which `chunk` makes a list
    List,
}

/// A Go map with string keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Map {
    /// `None` for a nil map.
    pub(super) at: Option<usize>,
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
            Self::Uint(_) => "uint64",
            Self::Named(named, _) => named.type_name(),
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::List(list) => list.of.list_name(),
            Self::Map(map) if map.of_text => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::Object(object) => object.type_name(),
        }
    }

    /// The name of the Go kind.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil | Self::NilInterface => "invalid",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Named(named, _) => named.kind_name(),
            Self::Object(object) if object.is_pointer() => "ptr",
            Self::Object(_) => "struct",
            other => other.type_name(),
        }
    }
}

impl Element {
    /// The element that nothing was assigned to.
    pub(super) fn zero(self) -> Value {
        match self {
            Self::Any => Value::Nil,
            Self::Text => Value::text(""),
            Self::Int => Value::Int(0),
            Self::Byte => Value::Byte(0),
            Self::List => Value::List(List::NIL),
        }
    }

    /// The capacity that Go's `append` chooses when `len` elements exceed `capacity`.
    pub(super) fn grown(self, capacity: usize, len: usize) -> usize {
        let mut wanted = capacity;
        if len > 2 * capacity {
            wanted = len;
        } else if capacity < 256 {
            wanted = 2 * capacity;
        } else {
            while wanted < len {
                wanted += (wanted + 3 * 256) >> 2;
            }
        }
        let (width, pointers) = match self {
            Self::Any | Self::Text => (16, true),
            Self::Int => (8, false),
            Self::Byte => (1, false),
            Self::List => (24, true),
        };
        // Go's allocator keeps a header of eight bytes in larger blocks with pointers.
        let header = if pointers && wanted * width > 512 {
            8
        } else {
            0
        };
        let bytes = wanted * width + header;
        let class = SIZE_CLASSES
            .iter()
            .find(|class| usize::from(**class) >= bytes);
        let block = class.map_or(bytes.next_multiple_of(8192), |class| {
            usize::from(*class) - header
        });
        block / width
    }

    fn list_name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Text => "[]string",
            Self::Int => "[]int",
            Self::Byte => "[]uint8",
            Self::List => "[][]interface {}",
        }
    }
}

impl List {
    pub(crate) const NIL: Self = Self {
        at: None,
        start: 0,
        len: 0,
        capacity: 0,
        of: Element::Any,
    };

    pub(crate) fn len(self) -> usize {
        self.len
    }

    pub(crate) fn capacity(self) -> usize {
        self.capacity
    }

    pub(crate) fn is_nil(self) -> bool {
        self.at.is_none()
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

/// The block sizes of Go's allocator.
#[rustfmt::skip]
const SIZE_CLASSES: [u16; 67] = [
    8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
    512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
    5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480,
    21760, 24576, 27264, 28672, 32768,
];
