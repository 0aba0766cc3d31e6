//! Three texts merged by their lines.
//!
//! Lines that change side by side are no conflict here, as they are to Git: one value is one line. What comes out is
//! only a proposal: the caller reads it and compares its values.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};
use zeroize::Zeroizing;

use super::Side;

/// How conflicts of lines are settled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    /// Whose lines are taken where both sides changed the same.
    pub(super) favour: Option<Side>,
    /// Whether lines that both sides put into the same place follow each other, and lines that either took out are out.
    pub(super) in_a_row: bool,
}

/// Merges; nothing where both sides changed the same lines and nobody is favoured.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, ways: Ways) -> Option<Zeroizing<String>> {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| lines(text));
    let ours = Changes::between(&base, &ours);
    let theirs = Changes::between(&base, &theirs);
    let mut merged = Zeroizing::new(String::new());
    let (mut left, mut right) = (&ours.hunks[..], &theirs.hunks[..]);
    let mut at = 0;
    while let Some(first) = first_of(left, right) {
        let group = Group::around(first, left, right);
        let (of_ours, rest_left) = left.split_at(group.ours);
        let (of_theirs, rest_right) = right.split_at(group.theirs);
        push(&mut merged, &base[at..group.range.start]);
        let one = ours.text(&base, &group.range, of_ours);
        let other = theirs.text(&base, &group.range, of_theirs);
        if of_theirs.is_empty() || !of_ours.is_empty() && one == other {
            push(&mut merged, &one);
        } else if of_ours.is_empty() {
            push(&mut merged, &other);
        } else if ways.in_a_row {
            let both = [(&ours, of_ours), (&theirs, of_theirs)];
            push(&mut merged, &union(&base, &group.range, both, ways.favour));
        } else {
            push(
                &mut merged,
                match ways.favour? {
                    Side::Ours => &one,
                    Side::Theirs => &other,
                },
            );
        }
        (at, left, right) = (group.range.end, rest_left, rest_right);
    }
    push(&mut merged, &base[at..]);
    Some(merged)
}

/// The lines that two texts have in common: what two files that were added on their own may have begun with.
pub(super) fn common(ours: &str, theirs: &str) -> Zeroizing<String> {
    let [ours, theirs] = [ours, theirs].map(lines);
    let mut common = Zeroizing::new(String::new());
    for op in capture_diff_slices(Algorithm::Patience, &ours, &theirs) {
        let (tag, range, _) = op.as_tag_tuple();
        if tag == similar::DiffTag::Equal {
            push(&mut common, &ours[range]);
        }
    }
    common
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn push(merged: &mut String, lines: &[&str]) {
    for line in lines {
        // The last line of a text may have no end.
        if !merged.is_empty() && !merged.ends_with('\n') {
            merged.push('\n');
        }
        merged.push_str(line);
    }
}

/// Lines of the base in whose place other lines stand.
#[derive(Debug, Clone)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

/// What a side has changed.
struct Changes<'t> {
    lines: &'t [&'t str],
    /// In the order of the base.
    hunks: Vec<Hunk>,
}

impl<'t> Changes<'t> {
    fn between(base: &[&str], lines: &'t [&'t str]) -> Self {
        let mut hunks: Vec<Hunk> = Vec::new();
        for hunk in capture_diff_slices(Algorithm::Patience, base, lines)
            .iter()
            .filter_map(changed)
        {
            match hunks.last_mut() {
                Some(last)
                    if last.base.end == hunk.base.start && last.side.end == hunk.side.start =>
                {
                    last.base.end = hunk.base.end;
                    last.side.end = hunk.side.end;
                }
                _ => hunks.push(hunk),
            }
        }
        let hunks = hunks
            .into_iter()
            .flat_map(|hunk| by_keys(base, lines, hunk));
        Self {
            lines,
            hunks: hunks.collect(),
        }
    }

    /// The side's lines for a part of the base, in which it has changed `hunks`.
    fn text(&self, base: &[&'t str], range: &Range<usize>, hunks: &[Hunk]) -> Vec<&'t str> {
        let (mut text, mut at) = (Vec::new(), range.start);
        for hunk in hunks {
            text.extend_from_slice(&base[at..hunk.base.start]);
            text.extend_from_slice(&self.lines[hunk.side.clone()]);
            at = hunk.base.end;
        }
        text.extend_from_slice(&base[at..range.end]);
        text
    }
}

/// A part of the base with what both sides did to it.
fn union<'t>(
    base: &[&'t str],
    range: &Range<usize>,
    [ours, theirs]: [(&Changes<'t>, &[Hunk]); 2],
    favour: Option<Side>,
) -> Vec<&'t str> {
    let put = |(changes, hunks): (&Changes<'t>, &[Hunk]), at: usize| {
        let hunks = hunks.iter().filter(|hunk| hunk.base.start == at);
        let lines = hunks.flat_map(|hunk| &changes.lines[hunk.side.clone()]);
        lines.copied().collect::<Vec<_>>()
    };
    let takes_out = |(_, hunks): (&Changes<'t>, &[Hunk]), at: usize| {
        hunks.iter().any(|hunk| hunk.base.contains(&at))
    };
    let mut text = Vec::new();
    for at in range.start..=range.end {
        let (mut one, mut other) = (put(ours, at), put(theirs, at));
        if one == other {
            other.clear();
        }
        let (kept, dropped) = match favour {
            Some(Side::Ours) => (&one, &mut other),
            Some(Side::Theirs) => (&other, &mut one),
            None => (&Vec::new(), &mut other),
        };
        let keys: Vec<_> = kept.iter().map(|line| key(line)).collect();
        dropped.retain(|line| !keys.contains(&key(line)));
        text.append(&mut one);
        text.append(&mut other);
        let line = base[..range.end].get(at);
        let stays = !takes_out(ours, at) && !takes_out(theirs, at);
        text.extend(line.filter(|_| stays));
    }
    text
}

fn changed(op: &DiffOp) -> Option<Hunk> {
    let (tag, base, side) = op.as_tag_tuple();
    (tag != similar::DiffTag::Equal).then_some(Hunk { base, side })
}

/// Takes a hunk to pieces: a line in whose place one of the same key stands is a change of its own.
fn by_keys(base: &[&str], lines: &[&str], hunk: Hunk) -> Vec<Hunk> {
    let keys = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| key(line).to_owned())
            .collect::<Vec<_>>()
    };
    let (old, new) = (
        keys(&base[hunk.base.clone()]),
        keys(&lines[hunk.side.clone()]),
    );
    let mut pieces: Vec<Hunk> = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &old, &new) {
        let (tag, mut old, mut new) = op.as_tag_tuple();
        old = old.start + hunk.base.start..old.end + hunk.base.start;
        new = new.start + hunk.side.start..new.end + hunk.side.start;
        if tag != similar::DiffTag::Equal {
            match pieces.last_mut() {
                // A value that takes several lines now.
                Some(Hunk {
                    base: replaced,
                    side,
                }) if goes_on(base, lines, replaced, &new) => {
                    (replaced.end, side.end) = (old.end, new.end);
                }
                _ => pieces.push(Hunk {
                    base: old,
                    side: new,
                }),
            }
            continue;
        }
        let pairs = old.zip(new).filter(|(old, new)| base[*old] != lines[*new]);
        pieces.extend(pairs.map(|(old, new)| Hunk {
            base: old..old + 1,
            side: new..new + 1,
        }));
    }
    pieces
}

/// True for new lines behind a line that was changed, which stand further in than that one.
fn goes_on(base: &[&str], lines: &[&str], replaced: &Range<usize>, new: &Range<usize>) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    match (base.get(replaced.start), lines.get(new.start)) {
        (Some(old), Some(line)) => {
            !replaced.is_empty() && !new.is_empty() && indent(line) > indent(old)
        }
        _ => false,
    }
}

/// What a line is called: what stands before its value.
fn key(line: &str) -> &str {
    let end = line.find([':', '=']).unwrap_or(line.len());
    &line[..end]
}

fn first_of<'h>(left: &'h [Hunk], right: &'h [Hunk]) -> Option<&'h Hunk> {
    let place = |hunk: &&Hunk| (hunk.base.start, hunk.base.end);
    left.first()
        .into_iter()
        .chain(right.first())
        .min_by_key(place)
}

/// Hunks of both sides that hang together.
struct Group {
    range: Range<usize>,
    /// How many of each side's next hunks belong to it.
    ours: usize,
    theirs: usize,
}

impl Group {
    fn around(first: &Hunk, left: &[Hunk], right: &[Hunk]) -> Self {
        let mut group = Self {
            range: first.base.clone(),
            ours: 0,
            theirs: 0,
        };
        loop {
            let before = (group.ours, group.theirs);
            group.ours = group.grow(left, group.ours);
            group.theirs = group.grow(right, group.theirs);
            if before == (group.ours, group.theirs) {
                return group;
            }
        }
    }

    fn grow(&mut self, hunks: &[Hunk], mut taken: usize) -> usize {
        while let Some(hunk) = hunks.get(taken).filter(|hunk| self.meets(&hunk.base)) {
            self.range.end = self.range.end.max(hunk.base.end);
            taken += 1;
        }
        taken
    }

    /// What only touches doesn't meet; what is put into one place does.
    fn meets(&self, other: &Range<usize>) -> bool {
        let range = &self.range;
        range.start == other.start
            || range.start.max(other.start) < range.end.min(other.end)
            || other.is_empty() && range.start < other.start && other.start < range.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "a: 1\nb: 2\nc: 3\n";

    fn merged(ours: &str, theirs: &str, favour: Option<Side>, in_a_row: bool) -> Option<String> {
        let ways = Ways { favour, in_a_row };
        merge(BASE, ours, theirs, ways).map(|text| text.to_string())
    }

    #[test]
    fn lines_that_change_side_by_side_are_no_conflict() {
        let one = merged("a: x\nb: 2\nc: 3\n", "a: 1\nb: y\nc: 3\n", None, true);
        assert_eq!(one.as_deref(), Some("a: x\nb: y\nc: 3\n"));
        let moved = merged(
            "a: x\nn: 0\nb: 2\nc: 3\n",
            "a: 1\nb: y\nc: z\nm: 0\n",
            None,
            true,
        );
        assert_eq!(moved.as_deref(), Some("a: x\nn: 0\nb: y\nc: z\nm: 0\n"));
        let gone = merged("b: 2\nc: 3\n", "a: 1\nb: y\nc: 3\n", None, true);
        assert_eq!(gone.as_deref(), Some("b: y\nc: 3\n"));
    }

    #[test]
    fn what_both_put_into_one_place_follows_or_is_a_conflict() {
        let (ours, theirs) = (format!("{BASE}n: 0\n"), format!("{BASE}m: 0\n"));
        assert_eq!(merged(&ours, &theirs, None, false), None);
        let both = merged(&ours, &theirs, None, true);
        assert_eq!(both, Some(format!("{BASE}n: 0\nm: 0\n")));
        let same = merged(&ours, &ours, None, false);
        assert_eq!(same, Some(ours));
    }

    #[test]
    fn a_line_that_both_changed_is_one_sides() {
        let (ours, theirs) = ("a: x\nb: 2\nc: 3\nn: 0\n", "a: y\nb: z\nc: 3\n");
        assert_eq!(merged(ours, theirs, None, false), None);
        let ours_won = merged(ours, theirs, Some(Side::Ours), true);
        assert_eq!(ours_won.as_deref(), Some("a: x\nb: z\nc: 3\nn: 0\n"));
        let theirs_won = merged(ours, theirs, Some(Side::Theirs), true);
        assert_eq!(theirs_won.as_deref(), Some("a: y\nb: z\nc: 3\nn: 0\n"));
    }

    #[test]
    fn a_deletion_and_a_change_of_one_line_are_a_conflict() {
        assert_eq!(
            merged("a: 1\nc: 3\n", "a: 1\nb: y\nc: 3\n", None, false),
            None
        );
    }
}
