//! Globs of rules, and whether one leaves anything to another.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

/// The longest glob that is read.
const GLOB_BYTES_MAX: usize = 1024;

/// Which files a rule is for. `**` crosses `/`, `*` and `?` do not, `{a,b}` and `[ab]` choose.
#[derive(Clone)]
pub struct PathGlob {
    text: String,
    matcher: GlobMatcher,
}

impl PathGlob {
    /// Reads a glob.
    ///
    /// # Errors
    /// The rule that it breaks, for people: it is not a glob, or can't match any relative path.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > GLOB_BYTES_MAX {
            return Err(format!("it has more than {GLOB_BYTES_MAX} bytes"));
        }
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.starts_with('/') {
            return Err("it begins with `/`".to_owned());
        }
        if text.ends_with('/') {
            return Err("it ends with `/`: for all files of a directory, write `/**`".to_owned());
        }
        if text
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..")
        {
            return Err("it has an empty part, `.` or `..`".to_owned());
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let matcher = glob
            .map_err(|error| error.kind().to_string())?
            .compile_matcher();
        Ok(Self {
            text: text.to_owned(),
            matcher,
        })
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when `path` is one of the files. It is relative, with `/` between parts; one with
    /// empty parts, `.` or `..` is none.
    pub fn matches(&self, path: &str) -> bool {
        let plain = path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
        plain && self.matcher.is_match(path)
    }

    /// True when it certainly matches every path that `later` matches. Classes and choices are
    /// compared as they are written, so that some hidden rules go unseen, and none is seen that is not there.
    pub fn covers(&self, later: &Self) -> bool {
        let (ours, theirs): (Vec<_>, Vec<_>) = (
            self.text.split('/').collect(),
            later.text.split('/').collect(),
        );
        let any = |part: &&str| *part == "**";
        match ours.split_last() {
            // At the end `**` stands for one part or more.
            Some((&"**", ours)) => {
                (0..theirs.len()).any(|end| covers(ours, &theirs[..end], any, covers_part))
            }
            _ => covers(&ours, &theirs, any, covers_part),
        }
    }
}

fn covers_part(our: &&str, their: &&str) -> bool {
    let opaque = |part: &str| part.contains(['[', ']', '{', '}', '\\']);
    if our == their || *our == "*" && *their != "**" {
        return true;
    }
    if *their == "**" || opaque(our) || opaque(their) {
        return false;
    }
    let (our, their): (Vec<_>, Vec<_>) = (our.chars().collect(), their.chars().collect());
    let one = |our: &char, their: &char| our == their || *our == '?' && *their != '*';
    covers(&our, &their, |c| *c == '*', one)
}

/// Matches a pattern against another one, whose own wildcards are symbols that only `any` takes in
/// (any number of symbols), or `one` (a single one). The usual way with one point to go back to: no pattern takes long.
fn covers<T>(
    ours: &[T],
    theirs: &[T],
    any: impl Fn(&T) -> bool,
    one: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut our, mut their, mut back) = (0, 0, None);
    while their < theirs.len() {
        match ours.get(our) {
            Some(symbol) if any(symbol) => {
                back = Some((our, their));
                our += 1;
            }
            Some(symbol) if one(symbol, &theirs[their]) => {
                our += 1;
                their += 1;
            }
            _ => match &mut back {
                Some((star, taken)) => {
                    *taken += 1;
                    (our, their) = (*star + 1, *taken);
                }
                None => return false,
            },
        }
    }
    ours[our..].iter().all(any)
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathGlob({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> PathGlob {
        PathGlob::parse(text).unwrap()
    }

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        let table = [
            ("clusters/prod/**", "clusters/prod/db.yaml", true),
            ("clusters/prod/**", "clusters/prod/a/b/db.yaml", true),
            ("clusters/prod/**", "clusters/prod", false),
            ("clusters/prod/**", "clusters/production/db.yaml", false),
            ("*.yaml", "db.yaml", true),
            ("*.yaml", "a/db.yaml", false),
            ("**/values*.enc.yaml", "values.enc.yaml", true),
            ("**/values*.enc.yaml", "a/b/values-prod.enc.yaml", true),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/b/c", false),
            ("a/**/c", "a/c", true),
            ("{a,b}/x", "b/x", true),
            ("**", "a/b", true),
            ("**", "../a", false),
            ("**", "a/../b", false),
            ("**", "/a", false),
            ("**", "./a", false),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(glob(pattern).matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn globs_that_match_nothing_are_refused() {
        for bad in [
            "",
            "/a",
            "./a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            "a[",
            "{a",
            &"a".repeat(2000),
        ] {
            assert!(PathGlob::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_covered_leaves_nothing_over() {
        let table = [
            ("**", "a/b", true),
            ("a", "a", true),
            ("a/**", "a/b", true),
            ("a/**", "a/b/**", true),
            ("a/**", "a/**/b", true),
            ("a/**", "a", false),
            ("a/**", "ab/**", false),
            ("a/**", "**", false),
            ("a/b/**", "a/**", false),
            ("**/x", "a/b/x", true),
            ("**/x", "**/x", true),
            ("**/x", "a/**/x", true),
            ("**/x", "a/y", false),
            ("*.yaml", "a*.yaml", true),
            ("a*.yaml", "*.yaml", false),
            ("*.yaml", "a/*.yaml", false),
            ("?.yaml", "a.yaml", true),
            ("?.yaml", "*.yaml", false),
            ("a?c", "a?c", true),
            ("*", "**", false),
            ("*/x", "**/x", false),
            ("{a,b}/x", "{a,b}/x", true),
            ("{a,b}/x", "a/x", false), // true, and not seen
            ("a/**/*.yaml", "a/b/c.yaml", true),
            ("**/a/**", "x/a/y", true),
            ("**/a/**", "x/a", false),
        ];
        for (ours, theirs, expected) in table {
            assert_eq!(
                glob(ours).covers(&glob(theirs)),
                expected,
                "{ours} over {theirs}"
            );
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let (stars, letters) = ("*a".repeat(500), format!("{}b", "a".repeat(1000)));
        assert!(!glob(&stars).covers(&glob(&letters)));
        let (stars, parts) = (
            ["**/a"; 200].join("/"),
            format!("{}/b", ["a"; 400].join("/")),
        );
        assert!(!glob(&stars).covers(&glob(&parts)));
    }
}
