//! Merges of generated texts, compared with a model that knows nothing of lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// Values by mapping and key. Mapping 0 is the document itself.
type Model = BTreeMap<(u8, u8), u8>;

/// `None` takes a key out.
type Edits = BTreeMap<(u8, u8), Option<u8>>;

fn place() -> impl Strategy<Value = (u8, u8)> {
    (0..3_u8, 0..6_u8)
}

fn model() -> impl Strategy<Value = Model> {
    prop::collection::btree_map(place(), 0..3_u8, 0..12)
}

fn edits() -> impl Strategy<Value = Edits> {
    prop::collection::btree_map(place(), prop::option::of(0..4_u8), 0..6)
}

fn edited(base: &Model, edits: &Edits) -> Model {
    let mut model = base.clone();
    for (place, value) in edits {
        match value {
            Some(value) => drop(model.insert(*place, *value)),
            None => drop(model.remove(place)),
        }
    }
    model
}

/// Some values take several lines, and some stand under a comment.
fn text(model: &Model) -> String {
    let mut text = String::new();
    for mapping in 0..3 {
        let indent = if mapping == 0 { "" } else { "  " };
        if mapping > 0 {
            let _ = writeln!(text, "m{mapping}:");
        }
        let _ = writeln!(text, "{indent}first: {mapping}");
        for ((_, key), value) in model.iter().filter(|((of, _), _)| *of == mapping) {
            if key % 2 == 0 {
                let _ = writeln!(text, "{indent}# of {key}");
            }
            match value {
                3 => drop(writeln!(
                    text,
                    "{indent}k{key}: |\n{indent}  one\n{indent}  two"
                )),
                _ => drop(writeln!(text, "{indent}k{key}: v{value}")),
            }
        }
    }
    text
}

/// What a merge by value has to give: every value, or the places of conflict.
fn expected(base: &Model, ours: &Model, theirs: &Model) -> Result<Model, BTreeSet<(u8, u8)>> {
    let places: BTreeSet<_> = [base, ours, theirs]
        .into_iter()
        .flat_map(Model::keys)
        .collect();
    let (mut merged, mut conflicts) = (Model::new(), BTreeSet::new());
    for place in places {
        let [was, one, other] = [base, ours, theirs].map(|model| model.get(place));
        let value = match () {
            () if one == other || was == other => one,
            () if was == one => other,
            () => {
                conflicts.insert(*place);
                None
            }
        };
        merged.extend(value.map(|value| (*place, *value)));
    }
    match conflicts.is_empty() {
        true => Ok(merged),
        false => Err(conflicts),
    }
}

fn merged(texts: [&str; 3], favour: Option<Side>) -> Result<String, MergeError> {
    let [base, ours, theirs] = texts.map(str::as_bytes);
    let merged = Store::Yaml.merge_text([base, ours, theirs], favour, Rest::Written)?;
    Ok(String::from_utf8(merged).expect("UTF-8"))
}

fn same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| Store::Yaml.tree(text.as_bytes()).expect("YAML"));
    let wanted = values::merge(&other, &other, &other, None).expect("nothing changed");
    values::are(&wanted, &one)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_merge_says_what_a_merge_by_value_says(base in model(), left in edits(), right in edits()) {
        let (ours, theirs) = (edited(&base, &left), edited(&base, &right));
        let texts = [&base, &ours, &theirs].map(text);
        let texts = texts.each_ref().map(String::as_str);
        match (merged(texts, None), expected(&base, &ours, &theirs)) {
            (Ok(found), Ok(model)) => prop_assert!(same(&found, &text(&model)), "{found}"),
            (Err(MergeError::Values(found)), Err(places)) => {
                prop_assert_eq!(found.len(), places.len());
                for side in [Side::Ours, Side::Theirs] {
                    let model = if side == Side::Ours { &ours } else { &theirs };
                    let found = merged(texts, Some(side)).expect("decided");
                    let favoured = places.iter().fold(
                        expected(&base, &without(&ours, &places), &without(&theirs, &places)),
                        |merged, place| merged.map(|mut merged| {
                            merged.remove(place);
                            merged.extend(model.get(place).map(|value| (*place, *value)));
                            merged
                        }),
                    );
                    let favoured = favoured.expect("no conflict is left");
                    prop_assert!(same(&found, &text(&favoured)), "{found}");
                }
            }
            (found, wanted) => prop_assert!(false, "{found:?} for {wanted:?} of {texts:?}"),
        }
    }
}

/// The sides agree about the places, so that they are no conflict.
fn without(model: &Model, places: &BTreeSet<(u8, u8)>) -> Model {
    let kept = model.iter().filter(|(place, _)| !places.contains(place));
    kept.map(|(place, value)| (*place, *value)).collect()
}
