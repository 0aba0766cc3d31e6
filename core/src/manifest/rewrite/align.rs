//! Which item of a list is which item of the list that it becomes.

use std::collections::HashMap;

use serde_json::Value;

/// What happens to one item, in the order of the result; numbers count in the old and in the new list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Keep(usize, usize),
    Remove(usize),
    Insert(usize),
}

/// Matches mappings by a key that identifies them, anything else by equality and then by position.
pub(super) fn align(old: &[Value], new: &[Value]) -> Vec<Step> {
    let (mut pairs, by_identity) = match identities(old, new) {
        Some((old, new)) => {
            let place: HashMap<&str, usize> =
                old.iter().enumerate().map(|(at, id)| (*id, at)).collect();
            let pairs = new
                .iter()
                .enumerate()
                .filter_map(|(at, id)| Some((*place.get(id)?, at)))
                .collect();
            (rising(pairs), true)
        }
        None => (equal_pairs(old, new), false),
    };
    pairs.push((old.len(), new.len()));
    let mut steps = Vec::with_capacity(old.len().max(new.len()));
    let (mut at_old, mut at_new) = (0, 0);
    for (next_old, next_new) in pairs {
        while !by_identity && at_old < next_old && at_new < next_new {
            steps.push(Step::Keep(at_old, at_new));
            at_old += 1;
            at_new += 1;
        }
        steps.extend((at_old..next_old).map(Step::Remove));
        steps.extend((at_new..next_new).map(Step::Insert));
        if next_old < old.len() {
            steps.push(Step::Keep(next_old, next_new));
        }
        (at_old, at_new) = (next_old + 1, next_new + 1);
    }
    steps
}

/// The identities in both lists, by the first key that gives each mapping its own.
fn identities<'v>(old: &'v [Value], new: &'v [Value]) -> Option<(Vec<&'v str>, Vec<&'v str>)> {
    let named = |list: &'v [Value], key: &str| {
        let names: Vec<&str> = list
            .iter()
            .map_while(|item| item.get(key)?.as_str())
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        (sorted.len() == list.len()).then_some(names)
    };
    IDENTITY_KEYS
        .iter()
        .find_map(|key| Some((named(old, key)?, named(new, key)?)))
}

/// The longest part of the pairs that rises in the old list as well; the rest moves, so it is written anew.
fn rising(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (nth, (old, _)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].0 < *old);
        before[nth] = length.checked_sub(1).map(|last| ends[last]);
        ends.truncate(ends.len().max(length));
        if length == ends.len() {
            ends.push(nth);
        } else {
            ends[length] = nth;
        }
    }
    let mut kept = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(nth) = at {
        kept.push(pairs[nth]);
        at = before[nth];
    }
    kept.reverse();
    kept
}

/// The longest common part of both lists; of the middle only where the table stays small.
fn equal_pairs(old: &[Value], new: &[Value]) -> Vec<(usize, usize)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
    );
    let mut pairs: Vec<_> = (0..head).map(|at| (at, at)).collect();
    if a.len().saturating_mul(b.len()) <= MAX_TABLE {
        let mut longest = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i][j] = if a[i] == b[j] {
                    longest[i + 1][j + 1] + 1
                } else {
                    longest[i + 1][j].max(longest[i][j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                pairs.push((head + i, head + j));
                i += 1;
                j += 1;
            } else if longest[i + 1][j] >= longest[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
    pairs.extend(
        (0..tail)
            .rev()
            .map(|back| (old.len() - 1 - back, new.len() - 1 - back)),
    );
    pairs
}

const IDENTITY_KEYS: [&str; 3] = ["id", "name", "recipient"];
const MAX_TABLE: usize = 250_000;

#[cfg(test)]
mod tests {
    use super::Step::{Insert, Keep, Remove};
    use super::*;
    use serde_json::json;

    fn steps(old: Value, new: Value) -> Vec<Step> {
        align(
            old.as_array().expect("a list"),
            new.as_array().expect("a list"),
        )
    }

    #[test]
    fn mappings_are_matched_by_their_identity() {
        let old = json!([{"name": "a", "v": 1}, {"name": "b", "v": 2}]);
        let new = json!([{"name": "a", "v": 1}, {"name": "c", "v": 3}, {"name": "b", "v": 9}]);
        assert_eq!(steps(old.clone(), new), [Keep(0, 0), Insert(1), Keep(1, 2)]);
        assert_eq!(
            steps(old.clone(), json!([{"name": "b"}])),
            [Remove(0), Keep(1, 0)]
        );
        assert_eq!(
            steps(old.clone(), json!([{"name": "b"}, {"name": "a"}])).len(),
            3
        );
        let twice = json!([{"name": "a", "recipient": "1"}, {"name": "a", "recipient": "2"}]);
        let one = json!([{"name": "a", "recipient": "2"}]);
        assert_eq!(steps(twice, one), [Remove(0), Keep(1, 0)]);
    }

    #[test]
    fn other_items_are_matched_by_equality_then_by_position() {
        assert_eq!(
            steps(json!([1, 2, 3]), json!([1, 3])),
            [Keep(0, 0), Remove(1), Keep(2, 1)]
        );
        assert_eq!(
            steps(json!(["a", "b"]), json!(["a", "c"])),
            [Keep(0, 0), Keep(1, 1)]
        );
        assert_eq!(
            steps(json!(["a"]), json!(["x", "a", "y"])),
            [Insert(0), Keep(0, 1), Insert(2)]
        );
    }

    #[test]
    fn every_item_occurs_once() {
        let steps = steps(json!([1, 2, 3, 4, 5]), json!([5, 1, 2, 9, 4, 4]));
        let mut old: Vec<_> = steps
            .iter()
            .filter_map(|s| match s {
                Keep(o, _) | Remove(o) => Some(*o),
                _ => None,
            })
            .collect();
        let new: Vec<_> = steps
            .iter()
            .filter_map(|s| match s {
                Keep(_, n) | Insert(n) => Some(*n),
                _ => None,
            })
            .collect();
        old.sort_unstable();
        assert_eq!((old, new), (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4, 5]));
    }
}
