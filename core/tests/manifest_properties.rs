//! What holds for every value and every edit.

use bulla_core::manifest::{Move, Rewriter, Stream, emit, emit_json};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

/// Strings that some reader takes for something else, or that break a naive writer.
fn text() -> impl Strategy<Value = String> {
    let odd = vec![
        "",
        "yes",
        "No",
        "y",
        "null",
        "~",
        "0777",
        "1_000",
        "0x1f",
        "12:30:45",
        "1e3",
        "2001-01-01",
        "=",
        "<<",
        ".inf",
        "- a",
        "a: b",
        "a #b",
        "#",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x",
        "|",
        ">",
        "{a",
        "]",
        ",",
        "?",
        ":",
        "'",
        "\"",
        "\\",
        " a",
        "a ",
        "a\nb",
        "a\nb\n",
        "\n",
        "a\n\n",
        " a\nb",
        "a \nb\n",
        "\ta",
        "\r\n",
        "---\na",
        "...",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "\0",
        "\u{1b}[0m",
        "é",
        "😀",
        "\u{fffe}",
        "\u{a0}",
        "# x\ny\n",
        "a\n  b\n c\n",
    ];
    prop_oneof![
        select(odd).prop_map(str::to_owned),
        "[a-z0-9:#.~ _-]{0,12}",
        ".{0,8}",
        "[a-z]{1,8}"
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Short ones: serde_json's own reader is off by a bit in long ones.
        any::<i32>().prop_map(|sixteenths| Value::from(f64::from(sixteenths) / 16.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-f]", 1 => text()]
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((key(), value()), 1..6)
        .prop_map(|entries| entries.into_iter().collect())
}

fn read(source: &str) -> Value {
    let stream =
        Stream::parse(source.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{source}"));
    let root = stream
        .documents()
        .next()
        .and_then(|document| document.root)
        .expect("a document");
    root.to_value()
        .unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// A mapping of single-line values, each written in one of the ways that people use.
fn lines() -> impl Strategy<Value = Vec<(String, String)>> {
    let written = select(vec![
        "plain",
        "two words",
        "'single'",
        "\"double\"",
        "  spaced",
        "# not a value",
        "\"# text\"",
        "5",
        "{a: b,  c: [d]}",
        "!!str 7",
        "&anchor x",
        "[ 1,2 ]",
        "~",
        "''",
        "a:b",
    ]);
    let comment = select(vec!["", " # why", "   #", "\t# tab"]);
    let line = (written, comment).prop_map(|(value, comment)| format!("{value}{comment}"));
    proptest::collection::vec(line, 2..8).prop_map(|lines| {
        lines
            .into_iter()
            .enumerate()
            .map(|(nth, line)| (format!("k{nth}"), line))
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_emitted_reads_as_it_was(map in object()) {
        let value = Value::Object(map);
        prop_assert_eq!(&read(&emit(&value)), &value);
        prop_assert_eq!(&read(&emit_json(&value)), &value);
        let json: Value = serde_json::from_str(&emit_json(&value)).expect("JSON");
        prop_assert_eq!(json.to_string(), value.to_string());
    }

    #[test]
    fn an_object_becomes_what_is_asked_for_and_its_neighbours_stay(
        before in object(), after in object(), json in any::<bool>(), crlf in any::<bool>(),
    ) {
        let (mut before, mut after) = (before, after);
        before.insert("kind".to_owned(), "Before".into());
        after.insert("kind".to_owned(), "After".into());
        let after = Value::Object(after);
        let (head, tail) = if json { ("{\"a\" : 1}\n", "\n[ ]\n") } else { ("# head\na:   1\n---\n", "--- # tail\n- x\n...\n") };
        let middle = if json { emit_json(&Value::Object(before)) } else { emit(&Value::Object(before)) };
        let mut source = format!("{head}{middle}{tail}");
        if crlf {
            source = source.replace('\n', "\r\n");
        }
        let (head, tail) = if crlf { (head.replace('\n', "\r\n"), tail.replace('\n', "\r\n")) } else { (head.to_owned(), tail.to_owned()) };
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let edited = stream.rewrite(1, &after, &[Move::new(["a"], ["b"])]).expect("an edit");
        prop_assert!(edited.starts_with(&head) && edited.ends_with(&tail));
        let again = Stream::parse(edited.as_bytes()).expect("readable");
        prop_assert_eq!(again.objects()[1].node.to_value().expect("a value"), after);
    }

    #[test]
    fn nothing_to_change_changes_nothing(map in object()) {
        let source = emit(&Value::Object(map));
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let same = stream.objects()[0].node.to_value().expect("a value");
        let mut rewriter = Rewriter::new(&stream);
        rewriter.rewrite(0, &same, &[]).expect("a plan");
        prop_assert_eq!(&**rewriter.finish().expect("an edit"), &source);
    }

    #[test]
    fn only_the_lines_of_what_changes_change(lines in lines(), changed in any::<u8>(), new in "[a-z]{1,8}", removed in any::<u8>()) {
        let source: String = lines.iter().map(|(key, line)| format!("# about {key}\n{key}: {line}\n")).collect();
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let mut desired = stream.objects()[0].node.to_value().expect("a value");
        let (changed, removed) = (changed as usize % lines.len(), removed as usize % lines.len());
        let map = desired.as_object_mut().expect("a mapping");
        map.insert(format!("k{changed}"), format!("{new}!").into());
        if removed != changed {
            map.shift_remove(&format!("k{removed}"));
        }
        let edited = stream.rewrite(0, &desired, &[]).expect("an edit");
        let mut left = edited.lines();
        for (nth, (key, line)) in lines.iter().enumerate().filter(|(nth, _)| *nth != removed || removed == changed) {
            let about = format!("# about {key}");
            prop_assert_eq!(left.next(), Some(about.as_str()));
            let found = left.next().unwrap_or_default();
            if nth == changed {
                prop_assert!(found.starts_with(&format!("{key}: ")) && found.contains(&new), "{}", found);
                let comment = line.split_once(" #").map(|(_, comment)| comment).filter(|_| !line.contains('"'));
                prop_assert!(comment.is_none_or(|comment| found.ends_with(comment)), "{} {}", found, line);
            } else {
                prop_assert_eq!(found, format!("{key}: {line}"));
            }
        }
        prop_assert_eq!(left.next(), None);
    }
}
