//! The methods of `time.Time` and of what they give.

use std::rc::Rc;

use super::{Field, Named, ON, Object};
use crate::template::error::TemplateFault as Fault;
use crate::template::functions::{Call, Function, Param, fixed};
use crate::template::time::{SECOND, Time, Zone, rounded};
use crate::template::value::Value;

/// The hidden fields of a time.
pub(super) fn fields(time: &Time) -> Vec<(&'static str, Field)> {
    let nanos = u64::from(time.nanos);
    let (wall, ext) = if time.is_reading {
        // Such a time has a second reading, which counts from the start of the process.
        let seconds = time.unix.wrapping_add(SECONDS_FROM_1885) as u64;
        (1 << 63 | (seconds << 31 >> 1) | nanos, 1)
    } else {
        (nanos, time.since_year_1())
    };
    let location = match &time.zone {
        Zone::Utc => None,
        zone => Some(Box::new(Field::Struct(
            "time.Location",
            location_fields(zone).unwrap_or_default(),
        ))),
    };
    vec![
        ("wall", Field::Of(Value::Uint(wall))),
        ("ext", Field::Of(Value::Int64(ext))),
        ("loc", Field::Pointer("*time.Location", location)),
    ]
}

/// The hidden fields of a location; none of a loaded one, whose cache depends on the clock.
pub(super) fn location_fields(zone: &Zone) -> Option<Vec<(&'static str, Field)>> {
    let number = |n| Field::Of(Value::Int64(n));
    let no = || Field::Of(Value::Bool(false));
    let (zones, transitions, cache, from, until) = match zone {
        Zone::Utc | Zone::Local => (vec![], vec![], None, 0, 0),
        Zone::Fixed(name, offset) => {
            let one = || {
                let name = Field::Of(Value::text(&**name));
                let offset = Field::Of(Value::Int((*offset).into()));
                let fields = vec![("name", name), ("offset", offset), ("isDST", no())];
                Field::Struct("time.zone", fields)
            };
            let fields = vec![
                ("when", number(i64::MIN)),
                ("index", Field::Of(Value::Byte(0))),
                ("isstd", no()),
                ("isutc", no()),
            ];
            let always = Field::Struct("time.zoneTrans", fields);
            let cache = Some(Box::new(one()));
            (vec![one()], vec![always], cache, i64::MIN, i64::MAX)
        }
        Zone::Named(..) => return None,
    };
    Some(vec![
        ("name", Field::Of(Value::text(zone.name()))),
        ("zone", Field::List("[]time.zone", zones)),
        ("tx", Field::List("[]time.zoneTrans", transitions)),
        ("extend", Field::Of(Value::text(""))),
        ("cacheStart", number(from)),
        ("cacheEnd", number(until)),
        ("cacheZone", Field::Pointer("*time.zone", cache)),
    ])
}

/// From the year that Go's readings of the clock count from, to 1970.
const SECONDS_FROM_1885: i64 = 2_682_288_000;

pub(super) const METHODS: &[Function] = &[
    fixed("Add", SPAN, |call| {
        Ok(Object::time(call.time(0)?.plus(call.duration(1)?)))
    }),
    fixed(
        "AddDate",
        &[ON, Param::Int, Param::Int, Param::Int],
        |call| {
            let time = call.time(0)?;
            let (years, months, days) = (call.int(1)?, call.int(2)?, call.int(3)?);
            Ok(Object::time(time.plus_date(years, months, days)))
        },
    ),
    fixed("After", TWO, |call| Ok(Value::Bool(order(call)?.is_gt()))),
    fixed("Before", TWO, |call| Ok(Value::Bool(order(call)?.is_lt()))),
    fixed("Compare", TWO, |call| Ok(Value::Int(order(call)? as i64))),
    fixed("Day", ONE, |call| int(call.time(0)?.civil().day)),
    fixed("Equal", TWO, |call| Ok(Value::Bool(order(call)?.is_eq()))),
    fixed("Format", &[ON, Param::Text], |call| {
        let layout = call.text(1)?;
        Ok(Value::text(
            call.time(0)?.format_bytes(layout.bytes()).as_slice(),
        ))
    }),
    fixed("GoString", ONE, |call| {
        Ok(Value::text(call.time(0)?.show_go().as_str()))
    }),
    fixed("Hour", ONE, |call| int(call.time(0)?.civil().hour)),
    fixed("In", &[ON, Param::Location], |call| {
        let zone = match call.any(1)? {
            Value::Object(Object::Location(zone)) => (*zone).clone(),
            _ => return Err(call.fail("the location is missing")),
        };
        Ok(Object::time(call.time(0)?.within(zone)))
    }),
    fixed("IsDST", ONE, |call| {
        let time = call.time(0)?;
        Ok(Value::Bool(time.zone.is_summer_time(time.unix)))
    }),
    fixed("IsZero", ONE, |call| {
        Ok(Value::Bool(call.time(0)?.is_zero()))
    }),
    fixed("Local", ONE, |call| {
        Ok(Object::time(call.time(0)?.within(Zone::Local)))
    }),
    fixed("Location", ONE, |call| {
        let zone = call.time(0)?.zone.clone();
        Ok(Value::Object(Object::Location(Rc::new(zone))))
    }),
    fixed("Minute", ONE, |call| int(call.time(0)?.civil().minute)),
    fixed("Month", ONE, |call| {
        let month = call.time(0)?.civil().month;
        Ok(Value::Named(Named::Month, month.into()))
    }),
    fixed("Nanosecond", ONE, |call| int(call.time(0)?.nanos)),
    fixed("Round", SPAN, |call| {
        let unit = call.duration(1)?;
        Ok(Object::time(call.time(0)?.at_multiple(unit, true)))
    }),
    fixed("Second", ONE, |call| int(call.time(0)?.civil().second)),
    fixed("String", ONE, |call| {
        Ok(Value::text(call.time(0)?.show().as_str()))
    }),
    fixed("Sub", TWO, |call| {
        let since = call.time(0)?.since(&*call.time(1)?);
        Ok(span(since))
    }),
    fixed("Truncate", SPAN, |call| {
        let unit = call.duration(1)?;
        Ok(Object::time(call.time(0)?.at_multiple(unit, false)))
    }),
    fixed("UTC", ONE, |call| {
        Ok(Object::time(call.time(0)?.within(Zone::Utc)))
    }),
    fixed("Unix", ONE, |call| Ok(Value::Int64(call.time(0)?.unix))),
    fixed("UnixMicro", ONE, |call| since_1970(call, 1_000_000)),
    fixed("UnixMilli", ONE, |call| since_1970(call, 1000)),
    fixed("UnixNano", ONE, |call| since_1970(call, SECOND)),
    fixed("Weekday", ONE, |call| {
        let weekday = call.time(0)?.civil().weekday;
        Ok(Value::Named(Named::Weekday, weekday.into()))
    }),
    fixed("Year", ONE, |call| {
        Ok(Value::Int(call.time(0)?.civil().year))
    }),
    fixed("YearDay", ONE, |call| int(call.time(0)?.civil().year_day)),
];

pub(super) const LOCATION_METHODS: &[Function] =
    &[fixed("String", ONE, |call| match call.any(0)? {
        Value::Object(Object::Location(zone)) => Ok(Value::text(zone.name())),
        _ => Err(call.fail("there is no location")),
    })];

pub(super) const DURATION_METHODS: &[Function] = &[
    fixed("Abs", ONE, |call| {
        Ok(span(call.duration(0)?.saturating_abs()))
    }),
    fixed("Hours", ONE, |call| in_units(call, 3600 * SECOND)),
    fixed("Microseconds", ONE, |call| {
        Ok(Value::Int64(call.duration(0)? / 1000))
    }),
    fixed("Milliseconds", ONE, |call| {
        Ok(Value::Int64(call.duration(0)? / 1_000_000))
    }),
    fixed("Minutes", ONE, |call| in_units(call, 60 * SECOND)),
    fixed("Nanoseconds", ONE, |call| {
        Ok(Value::Int64(call.duration(0)?))
    }),
    fixed("Round", SPAN, |call| {
        Ok(span(rounded(call.duration(0)?, call.duration(1)?)))
    }),
    fixed("Truncate", SPAN, |call| {
        let (duration, unit) = (call.duration(0)?, call.duration(1)?);
        Ok(span(if unit > 0 {
            duration - duration % unit
        } else {
            duration
        }))
    }),
    fixed("Seconds", ONE, |call| in_units(call, SECOND)),
    NAME_METHODS_STRING,
];

pub(super) const NAME_METHODS: &[Function] = &[NAME_METHODS_STRING];

const NAME_METHODS_STRING: Function = fixed("String", ONE, |call| match call.any(0)? {
    Value::Named(named, value) => Ok(Value::text(named.show(value).as_str())),
    _ => Err(call.fail("there is nothing to show")),
});

const ONE: &[Param] = &[ON];
const TWO: &[Param] = &[ON, Param::Time];
const SPAN: &[Param] = &[ON, Param::Duration];

fn order(call: &Call<'_>) -> Result<std::cmp::Ordering, Fault> {
    let (a, b) = (call.time(0)?, call.time(1)?);
    Ok((a.unix, a.nanos).cmp(&(b.unix, b.nanos)))
}

fn span(nanos: i64) -> Value {
    Value::Named(Named::Duration, nanos)
}

fn int(value: impl Into<i64>) -> Result<Value, Fault> {
    Ok(Value::Int(value.into()))
}

fn since_1970(call: &Call<'_>, units: i64) -> Result<Value, Fault> {
    let time = call.time(0)?;
    let part = i64::from(time.nanos) / (SECOND / units);
    Ok(Value::Int64(
        time.unix.wrapping_mul(units).wrapping_add(part),
    ))
}

fn in_units(call: &Call<'_>, unit: i64) -> Result<Value, Fault> {
    let duration = call.duration(0)?;
    let whole = (duration / unit) as f64;
    Ok(Value::Float(whole + (duration % unit) as f64 / unit as f64))
}

impl Call<'_> {
    pub(crate) fn time(&self, n: usize) -> Result<Rc<Time>, Fault> {
        match self.args.get(n) {
            Some(Value::Object(Object::Time(time))) => Ok(time.clone()),
            _ => Err(self.mismatch(Param::Time)),
        }
    }

    fn duration(&self, n: usize) -> Result<i64, Fault> {
        match self.args.get(n) {
            Some(Value::Named(Named::Duration, nanos)) => Ok(*nanos),
            _ => Err(self.mismatch(Param::Duration)),
        }
    }
}
