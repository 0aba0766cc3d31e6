//! A manifest is read, every object in it is edited, and the result says what was asked for.

use bulla_core::manifest::{Stream, read_secret};
use serde_json::{Value, json};

/// Whatever these bytes are.
pub(crate) fn round(bytes: &[u8]) {
    let Ok(stream) = Stream::parse(bytes) else {
        return;
    };
    // Each edit reads the whole file again: many of them would only be slow.
    for object in stream.objects().into_iter().take(8) {
        let _ = read_secret(&object);
        let Ok(value) = object.node.to_value() else {
            continue;
        };
        // An edit that changes nothing leaves every byte.
        if let Ok(same) = stream.rewrite(object.index, &value, &[]) {
            assert_eq!(*same, stream.source(), "an edit of nothing");
        }
        for desired in edits(&value) {
            let Ok(text) = stream.rewrite(object.index, &desired, &[]) else {
                continue;
            };
            let again = Stream::parse(text.as_bytes()).expect("what was written reads");
            let objects = again.objects();
            let found = objects[object.index].node.to_value();
            assert_eq!(found.expect("and has a value"), desired);
        }
    }
}

/// What commands do to objects: a field added, one taken out, one replaced.
fn edits(value: &Value) -> Vec<Value> {
    let Value::Object(fields) = value else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let mut added = fields.clone();
    added.insert(
        "zz".to_owned(),
        json!({"a": ["x: y", "no", 1.5], "b": "two\nlines\n"}),
    );
    all.push(Value::Object(added));
    if let Some(first) = fields.keys().next() {
        let mut without = fields.clone();
        without.shift_remove(first);
        all.push(Value::Object(without));
        let mut replaced = fields.clone();
        replaced.insert(first.clone(), json!("another # text"));
        all.push(Value::Object(replaced));
    }
    all
}
