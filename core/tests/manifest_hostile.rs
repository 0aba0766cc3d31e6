//! Files made to hurt: each is refused with an error or read in linear time, and nothing panics.

use bulla_core::manifest::{ManifestError, Stream, read_secret};
use proptest::prelude::*;

fn refusal(bytes: &[u8]) -> ManifestError {
    Stream::parse(bytes).expect_err("must be refused")
}

#[test]
fn size_and_depth_and_nodes_are_limited() {
    assert!(matches!(
        refusal(&vec![b'a'; 100 << 20]),
        ManifestError::TooLarge { .. }
    ));
    for nest in ["[", "{", "{\"a\":", "- ", "? ", "!!seq ["] {
        let error = refusal(nest.repeat(10_000).as_bytes());
        assert!(
            matches!(error, ManifestError::TooDeep { .. }),
            "{nest}: {error}"
        );
    }
    let block: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert!(matches!(
        refusal(block.as_bytes()),
        ManifestError::TooDeep { .. }
    ));
    let json = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(
        refusal(json.as_bytes()),
        ManifestError::TooDeep { .. }
    ));
    let nodes = format!("[{}1]", "1,".repeat(1_000_000));
    assert!(matches!(
        refusal(nodes.as_bytes()),
        ManifestError::TooManyNodes { .. }
    ));
}

#[test]
fn alias_bombs_are_refused_before_they_grow() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..50 {
        let aliases = [format!("*a{}", level - 1).as_str(); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let stream = Stream::parse(bomb.as_bytes()).expect("it is small");
    let root = stream.objects()[0].node;
    assert!(matches!(
        root.to_value(),
        Err(ManifestError::AliasBudget { .. })
    ));
    assert!(matches!(
        stream.rewrite(0, &serde_json::json!({}), &[]),
        Err(ManifestError::AliasBudget { .. })
    ));
    for cycle in [
        "a: &a [*a]\n",
        "&a a: *a\n&b b: &c {d: *c}\n",
        "&a [x, [*a]]\n",
    ] {
        assert!(
            matches!(refusal(cycle.as_bytes()), ManifestError::CyclicAlias { .. }),
            "{cycle}"
        );
    }
}

#[test]
fn one_line_of_many_values_is_read_in_linear_time() {
    let values: Vec<String> = (0..100_000)
        .map(|nth| format!("\"k{nth}\":\"v\""))
        .collect();
    let json = format!("{{\"stringData\":{{{}}}}}", values.join(","));
    let stream = Stream::parse(json.as_bytes()).expect("readable");
    let secret = read_secret(&stream.objects()[0]).expect("a Secret");
    assert_eq!(secret.values.len(), 100_000);
    let mut desired = stream.objects()[0].node.to_value().expect("a value");
    let data = desired["stringData"].as_object_mut().expect("a mapping");
    data.retain(|key, _| !key.ends_with('7'));
    data.values_mut()
        .step_by(2)
        .for_each(|value| *value = "new".into());
    let edited = stream.rewrite(0, &desired, &[]).expect("edited");
    assert!(edited.len() < json.len() + 200_000);
}

#[test]
fn the_deepest_file_is_read_and_edited() {
    let block: String = (0..200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect::<String>()
        + &" ".repeat(200)
        + "z: 1\n";
    let flow = format!("{}1{}", "{\"a\": [".repeat(120), "]}".repeat(120));
    for source in [block, flow] {
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let mut desired = stream.objects()[0].node.to_value().expect("a value");
        let mut deepest = &mut desired;
        while deepest.get("a").is_some() || deepest.get(0).is_some() {
            deepest = if deepest.is_array() {
                &mut deepest[0]
            } else {
                &mut deepest["a"]
            };
        }
        *deepest = serde_json::json!({"z": 1, "y": 2});
        let edited = stream.rewrite(0, &desired, &[]).expect("edited");
        assert!(edited.len() > source.len());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [
        &b"\xff\xfe"[..],
        b"a: \xc3\x28\n",
        b"a: \0\n",
        b"\x7fELF",
        b"a\rb",
        b"a: 1\r",
        b"\x80",
    ] {
        refusal(bytes);
    }
}

#[test]
fn nothing_to_read_is_no_error() {
    for source in [
        "",
        "\n",
        "# comment",
        "---\n",
        "---\n---\n",
        "\u{feff}",
        "\u{feff}# c\n",
        "...\n",
        " \t \n",
    ] {
        let stream =
            Stream::parse(source.as_bytes()).unwrap_or_else(|error| panic!("{source:?}: {error}"));
        assert!(stream.objects().is_empty(), "{source:?}");
    }
}

/// Reads, converts and edits whatever it is; the outcome doesn't matter, only that there is one.
fn exercise(bytes: &[u8]) {
    let Ok(stream) = Stream::parse(bytes) else {
        return;
    };
    for document in stream.documents() {
        let _ = document
            .root
            .map(|root| (root.to_value().is_ok(), format!("{root:?}")));
    }
    for object in stream.objects() {
        let _ = read_secret(&object);
        let Ok(mut value) = object.node.to_value() else {
            continue;
        };
        let Some(map) = value.as_object_mut() else {
            continue;
        };
        if let Some(first) = map.keys().next().cloned() {
            map.shift_remove(&first);
        }
        map.insert(
            "added".to_owned(),
            serde_json::json!({"list": [1, "two\nlines\n"]}),
        );
        let _ = stream.rewrite(object.index, &value, &[]);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }

    #[test]
    fn any_piece_of_yaml_is_survived(pieces in proptest::collection::vec(piece(), 0..40)) {
        exercise(pieces.concat().as_bytes());
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "a",
        "b: ",
        ": ",
        ":",
        "- ",
        "-",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "\r\n",
        "\t",
        "# c",
        " # c",
        "\"",
        "'",
        "\\",
        "|",
        "|-\n",
        ">+\n",
        "|2\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ", ",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "<<: ",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "é",
        "😀",
        "0777",
        "1.5",
        "null",
        "yes",
        "key: value\n",
        "  key: value\n",
        "- item\n",
        "kind: Secret\n",
        "apiVersion: v1\n",
        "stringData:\n",
        "data: {k: dg==}\n",
        "\"k\": ",
        "\\u00e9",
    ])
}
