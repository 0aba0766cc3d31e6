//! Small edits: one entry, one value, one line.

use bulla_core::manifest::{Edit, ManifestError, Stream, splice};
use serde_json::{Value, json};

fn rewritten(source: &str, change: impl FnOnce(&mut Value)) -> Result<String, ManifestError> {
    let stream = Stream::parse(source.as_bytes()).expect("readable");
    let mut value = stream.objects()[0].node.to_value().expect("a value");
    change(&mut value);
    stream.rewrite(0, &value, &[]).map(|text| text.to_string())
}

fn edited(source: &str, change: impl FnOnce(&mut Value)) -> String {
    rewritten(source, change).unwrap_or_else(|error| panic!("{error}"))
}

/// The lines that went and the lines that came.
fn difference<'t>(before: &'t str, after: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - head;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    (
        old[head..old.len() - tail].to_vec(),
        new[head..new.len() - tail].to_vec(),
    )
}

const ENVELOPE: &str = "\
apiVersion: bulla.dev/v1alpha1
kind: SecretEnvelope
spec:
  dataKeys:
    # the only one
    - id: aaaa
      closedFor:
        # europe
        - {name: prod-eu, recipient: fp-1, key: YWdl} # eu
        # usa
        - name: prod-us # us
          recipient: fp-2
          key: >-
            YWdl
        - name: safe
          recipient: fp-3
          key: \"YWdl\"
      formerly: []
  # values
  data:
    a: bulla1.a

    # c is special
    c: 'bulla1.c' # quoted
";

#[test]
fn one_recipient_touches_its_lines_only() {
    let closed_for = |value: &mut Value| value["spec"]["dataKeys"][0]["closedFor"].take();
    let out = edited(ENVELOPE, |value| {
        value["spec"]["dataKeys"][0]["closedFor"][1]["key"] = "NEW".into()
    });
    assert_eq!(
        difference(ENVELOPE, &out),
        (
            vec!["          key: >-", "            YWdl"],
            vec!["          key: NEW"]
        )
    );

    let out = edited(ENVELOPE, |value| {
        value["spec"]["dataKeys"][0]["closedFor"][0]["key"] = "NEW".into()
    });
    assert_eq!(
        difference(ENVELOPE, &out).1,
        ["        - {name: prod-eu, recipient: fp-1, key: NEW} # eu"]
    );

    let out = edited(ENVELOPE, |value| {
        let mut list = closed_for(value);
        list.as_array_mut().expect("a list").remove(1);
        value["spec"]["dataKeys"][0]["closedFor"] = list;
    });
    let (went, came) = difference(ENVELOPE, &out);
    assert_eq!((went.len(), came.len(), went[0]), (5, 0, "        # usa"));

    let out = edited(ENVELOPE, |value| {
        let mut list = closed_for(value);
        list.as_array_mut()
            .expect("a list")
            .insert(1, json!({"name": "bob", "recipient": "fp-4"}));
        value["spec"]["dataKeys"][0]["closedFor"] = list;
    });
    assert_eq!(
        difference(ENVELOPE, &out),
        (
            vec![],
            vec!["        - name: bob", "          recipient: fp-4"]
        )
    );

    let out = edited(ENVELOPE, |value| {
        value["spec"]["dataKeys"][0]["formerly"] = json!(["fp-9"])
    });
    assert_eq!(
        difference(ENVELOPE, &out),
        (
            vec!["      formerly: []"],
            vec!["      formerly:", "        - fp-9"]
        )
    );
}

#[test]
fn one_value_touches_its_line_only() {
    let out = edited(ENVELOPE, |value| {
        value["spec"]["data"]["c"] = "bulla1.d".into()
    });
    assert_eq!(difference(ENVELOPE, &out).1, ["    c: 'bulla1.d' # quoted"]);
    let out = edited(ENVELOPE, |value| {
        value["spec"]["data"]["b"] = "bulla1.b".into()
    });
    assert_eq!(
        difference(ENVELOPE, &out),
        (vec![], vec!["    b: bulla1.b"])
    );
    let out = edited(ENVELOPE, |value| {
        value["spec"]["data"]
            .as_object_mut()
            .expect("a mapping")
            .shift_remove("c");
    });
    let went = ["", "    # c is special", "    c: 'bulla1.c' # quoted"];
    assert_eq!(difference(ENVELOPE, &out), (went[1..].to_vec(), vec![]));
    let out = edited(ENVELOPE, |value| value["spec"]["data"] = json!({}));
    assert!(out.ends_with("  # values\n  data: {}\n"), "{out}");
}

#[test]
fn keys_go_where_their_neighbours_are_sorted_or_to_the_end() {
    let out = edited("kind: X\nm:\n  a: 1\n  c: 3\nz: {b: 1, d: 2}\n", |value| {
        value["m"]["b"] = 2.into();
        value["m"]["d"] = 4.into();
        value["z"]["a"] = 0.into();
        value["z"]["c"] = 1.into();
    });
    assert_eq!(
        out,
        "kind: X\nm:\n  a: 1\n  b: 2\n  c: 3\n  d: 4\nz: {a: 0, b: 1, c: 1, d: 2}\n"
    );
    let out = edited("z: 1\na: 2\n", |value| value["m"] = 3.into());
    assert_eq!(out, "z: 1\na: 2\nm: 3\n");
}

#[test]
fn styles_are_kept_where_they_can_be() {
    let source = "a: 'x'\nb: \"x\"\nc: x\nd: |\n  x\n  x\ne: >-\n  x\nf: !!str 5 # five\ng:\nh: # later\ni: |+ # kept\n  x\n\nj: end\n";
    let out = edited(source, |value| {
        for key in ["a", "b", "c", "e", "f", "g", "h", "i"] {
            value[key] = format!("it's {key}").into();
        }
        value["d"] = "one\ntwo\n".into();
    });
    let expected = "a: 'it''s a'\nb: \"it's b\"\nc: \"it's c\"\nd: |\n  one\n  two\ne: \"it's e\"\nf: \"it's f\" # five\n\
                    g: \"it's g\"\nh: \"it's h\" # later\ni: \"it's i\" # kept\nj: end\n";
    assert_eq!(out, expected);
}

#[test]
fn scalars_become_collections_and_back() {
    let source = "kind: X\na: 1 # one\nb:\n  c: 2 # two\n  # below\nd: [1]\nlist:\n- x\n- - y1\n";
    let out = edited(source, |value| {
        value["a"] = json!({"k": [1]});
        value["b"] = "text".into();
        value["d"] = json!({"e": "f"});
        value["list"] = json!([["x"], {"k": "v"}]);
    });
    assert_eq!(
        out,
        "kind: X\na: # one\n  k:\n  - 1\nb: text\nd: {e: f}\nlist:\n- - x\n- k: v\n"
    );
}

#[test]
fn anchors_that_are_still_repeated_stay() {
    let source = "kind: X\na: &a\n  k: v\nb: *a\nc: &c text\nd: *c\n";
    let both = edited(source, |value| {
        value["c"] = "new".into();
        value["d"] = "new".into();
    });
    assert_eq!(both, "kind: X\na: &a\n  k: v\nb: *a\nc: new\nd: new\n");
    let refused = [
        rewritten(source, |value| value["c"] = "new".into()),
        rewritten(source, |value| value["a"]["k"] = "new".into()),
        rewritten(source, |value| value["a"]["l"] = "new".into()),
        rewritten(source, |value| {
            value.as_object_mut().expect("a mapping").shift_remove("a");
        }),
    ];
    for refusal in refused {
        assert!(
            matches!(refusal, Err(ManifestError::AnchorInUse { .. })),
            "{refusal:?}"
        );
    }
}

#[test]
fn a_byte_order_mark_stays_in_front() {
    let out = edited("\u{feff}b: 1\n", |value| value["a"] = 2.into());
    assert_eq!(out, "\u{feff}a: 2\nb: 1\n");
}

#[test]
fn raw_edits_are_for_those_who_know_the_spans() {
    let source = "a: |\n  hunter2\nb: 'x' # y\n";
    let stream = Stream::parse(source.as_bytes()).expect("readable");
    let root = stream.objects()[0].node;
    let edits = ["a", "b"].map(|key| {
        let span = root.get(key).expect("a value").outer_span();
        Edit {
            span,
            text: format!("ENC[{key}]"),
        }
    });
    assert_eq!(
        splice(source, edits.to_vec())
            .as_deref()
            .map(String::as_str),
        Some("a: ENC[a]\nb: ENC[b] # y\n")
    );
}
