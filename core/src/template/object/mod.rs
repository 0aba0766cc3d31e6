//! What sprig gives out besides texts, numbers and containers: times, versions, certificates.

mod encoded;
mod moment;
mod version;

use std::rc::Rc;

use super::functions::{Function, Param};
use super::text::Text;
use super::time::{MONTHS, Time, WEEKDAYS, Zone, show_duration};
use super::value::Value;

pub(crate) use version::{Version, by_prerelease};

/// A value of a Go type with methods or fields.
#[derive(Clone)]
pub(crate) enum Object {
    /// `time.Time`
    Time(Rc<Time>),
    /// `*time.Location`
    Location(Rc<Zone>),
    /// `*semver.Version`
    Version(Rc<Version>),
    /// `semver.Version`, which methods of the other one return.
    Changed(Rc<Version>),
    /// Sprig's `certificate`
    Certificate(Rc<Certificate>),
}

/// A certificate and its key, both in PEM.
pub(crate) struct Certificate {
    pub(crate) cert: Text,
    pub(crate) key: Text,
}

/// An integer with a name for each value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Month,
    Weekday,
    Duration,
}

impl Object {
    pub(crate) fn time(time: Time) -> Value {
        Value::Object(Self::Time(Rc::new(time)))
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Time(_) => "time.Time",
            Self::Location(_) => "*time.Location",
            Self::Version(_) => "*semver.Version",
            Self::Changed(_) => "semver.Version",
            Self::Certificate(_) => "sprig.certificate",
        }
    }

    /// The type of what holds the fields.
    pub(crate) fn struct_name(&self) -> &'static str {
        self.type_name().trim_start_matches('*')
    }

    pub(crate) fn is_pointer(&self) -> bool {
        matches!(self, Self::Location(_) | Self::Version(_))
    }

    /// The text in it, for the account of work.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Time(_) | Self::Location(_) => 0,
            Self::Version(version) | Self::Changed(version) => version.bytes(),
            Self::Certificate(certificate) => certificate.cert.len() + certificate.key.len(),
        }
    }

    /// What its `String` method gives; a certificate has none.
    pub(crate) fn show(&self) -> Option<String> {
        Some(match self {
            Self::Time(time) => time.show(),
            Self::Location(zone) => zone.name().to_owned(),
            Self::Version(version) | Self::Changed(version) => version.show(),
            Self::Certificate(_) => return None,
        })
    }

    /// Its fields as `fmt` goes through them; none where that would show addresses.
    pub(crate) fn fields(&self) -> Option<Vec<(&'static str, Field)>> {
        let text = |text: &Text| Field::Of(Value::Text(text.clone()));
        match self {
            Self::Certificate(certificate) => Some(vec![
                ("Cert", text(&certificate.cert)),
                ("Key", text(&certificate.key)),
            ]),
            Self::Version(version) | Self::Changed(version) => Some(version.fields()),
            Self::Time(time) => Some(moment::fields(time)),
            Self::Location(zone) => moment::location_fields(zone),
        }
    }

    /// Go's `==`.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Time(a), Self::Time(b)) => {
                a.is(b) && a.zone.is(&b.zone) && a.is_reading == b.is_reading
            }
            (Self::Location(a), Self::Location(b)) => a.is(b),
            (Self::Version(a), Self::Version(b)) => Rc::ptr_eq(a, b),
            (Self::Changed(a), Self::Changed(b)) => a == b,
            (Self::Certificate(a), Self::Certificate(b)) => a.cert == b.cert && a.key == b.key,
            _ => false,
        }
    }

    /// `reflect.DeepEqual`, which looks behind pointers.
    pub(crate) fn deep_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Version(a), Self::Version(b)) => a == b,
            _ => self.equals(other),
        }
    }

    /// What sprig's `deepCopy` makes of it, which copies no hidden fields but those of times.
    pub(crate) fn copied(&self) -> Self {
        match self {
            Self::Version(_) => Self::Version(Rc::default()),
            Self::Changed(_) => Self::Changed(Rc::default()),
            other => other.clone(),
        }
    }

    /// The field or method called `name`, if there is one.
    pub(crate) fn member(&self, name: &str) -> Option<Member> {
        if let Self::Certificate(certificate) = self {
            return match name {
                "Cert" => Some(Member::Field(Value::Text(certificate.cert.clone()))),
                "Key" => Some(Member::Field(Value::Text(certificate.key.clone()))),
                _ => None,
            };
        }
        let tables: &[&'static [Function]] = match self {
            Self::Time(_) => &[moment::METHODS, encoded::METHODS],
            Self::Location(_) => &[moment::LOCATION_METHODS],
            Self::Version(_) => &[version::METHODS, version::POINTER_METHODS],
            Self::Changed(_) => &[version::METHODS],
            Self::Certificate(_) => &[],
        };
        method(tables, name)
    }
}

impl Named {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Month => "time.Month",
            Self::Weekday => "time.Weekday",
            Self::Duration => "time.Duration",
        }
    }

    pub(crate) fn kind_name(self) -> &'static str {
        match self {
            Self::Month | Self::Weekday => "int",
            Self::Duration => "int64",
        }
    }

    pub(crate) fn show(self, value: i64) -> String {
        let of = |names: &[&str], from: i64, what: &str| {
            let name = usize::try_from(value - from)
                .ok()
                .and_then(|n| names.get(n).copied());
            name.map_or_else(|| format!("%!{what}({value})"), str::to_owned)
        };
        match self {
            Self::Month => of(&MONTHS, 1, "Month"),
            Self::Weekday => of(&WEEKDAYS, 0, "Weekday"),
            Self::Duration => show_duration(value),
        }
    }

    pub(crate) fn member(self, name: &str) -> Option<Member> {
        let methods = match self {
            Self::Duration => moment::DURATION_METHODS,
            Self::Month | Self::Weekday => moment::NAME_METHODS,
        };
        method(&[methods], name)
    }
}

/// What a field holds.
pub(crate) enum Field {
    Of(Value),
    /// A list of the type; with nothing in it, it was never made.
    List(&'static str, Vec<Self>),
    Struct(&'static str, Vec<(&'static str, Self)>),
    /// A pointer of the type; to nothing, or to a struct.
    Pointer(&'static str, Option<Box<Self>>),
}

/// What stands behind a name.
pub(crate) enum Member {
    Field(Value),
    /// Its first parameter is what it is called on.
    Method(&'static Function),
}

fn method(tables: &[&'static [Function]], name: &str) -> Option<Member> {
    let mut methods = tables.iter().copied().flatten();
    methods
        .find(|method| method.name == name)
        .map(Member::Method)
}

/// The parameter that a method is called on.
const ON: Param = Param::Reflect;
