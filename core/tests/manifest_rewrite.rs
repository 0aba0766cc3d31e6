//! Rewrites of whole objects, as the commands ask for them.

use bulla_core::manifest::{ManifestError, Move, Path, Rewriter, Stream};
use serde_json::{Map, Value, json};

/// Rewrites the first object after `change` was made to its value.
fn rewritten(
    source: &str,
    change: impl FnOnce(&mut Value),
    moves: &[Move],
) -> Result<String, ManifestError> {
    let stream = Stream::parse(source.as_bytes()).expect("readable");
    let mut value = stream.objects()[0].node.to_value().expect("a value");
    change(&mut value);
    stream
        .rewrite(0, &value, moves)
        .map(|text| text.to_string())
}

fn edited(source: &str, change: impl FnOnce(&mut Value), moves: &[Move]) -> String {
    rewritten(source, change, moves).unwrap_or_else(|error| panic!("{error}"))
}

fn moves() -> Vec<Move> {
    vec![
        Move::new(["stringData"], ["spec", "data"]),
        Move::new(["data"], ["spec", "data"]),
        Move::new(["type"], Path::from(["spec", "template", "type"])),
        Move::new(
            ["metadata", "labels"],
            Path::from(["spec", "template", "metadata", "labels"]),
        ),
    ]
}

/// What `seal` makes of a Secret, with short values.
fn seal(value: &mut Value) {
    let map = value.as_object_mut().expect("a mapping");
    let mut data: Vec<String> = Vec::new();
    for field in ["stringData", "data"] {
        let values = map.shift_remove(field).unwrap_or_default();
        data.extend(values.as_object().into_iter().flat_map(Map::keys).cloned());
    }
    data.sort();
    let data: Map<String, Value> = data
        .into_iter()
        .map(|key| (key, "bulla1.h7q2mzkd.AA".into()))
        .collect();
    let mut template = Map::new();
    if let Some(kind) = map.shift_remove("type") {
        template.insert("type".to_owned(), kind);
    }
    if let Some(labels) = map["metadata"]
        .as_object_mut()
        .and_then(|metadata| metadata.shift_remove("labels"))
    {
        template.insert("metadata".to_owned(), json!({"labels": labels}));
    }
    map["apiVersion"] = "bulla.dev/v1alpha1".into();
    map["kind"] = "SecretEnvelope".into();
    let closed = json!([{"name": "prod", "key": "YWdl"}]);
    let data_keys = json!([{"id": "h7q2mzkd", "closedFor": closed, "formerly": []}]);
    map.insert(
        "spec".to_owned(),
        json!({"dataKeys": data_keys, "data": data, "template": template}),
    );
}

#[test]
fn comments_follow_their_keys_and_everything_else_stays() {
    let source = "\
# the shop's database
apiVersion: v1
kind: Secret # plain
metadata:
  name: \"db\"   # keep my quotes
  labels:
    # who owns it
    app: shop
  namespace: shop
# how it is used
type: Opaque

# the values
stringData: # all of them
  # rotated yearly
  password: hunter2 # see wiki
  username: admin
  # old: thing
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {port: 0777}
";
    assert_eq!(
        edited(source, seal, &moves()),
        "\
# the shop's database
apiVersion: bulla.dev/v1alpha1
kind: SecretEnvelope # plain
metadata:
  name: \"db\"   # keep my quotes
  namespace: shop

spec:
  dataKeys:
  - id: h7q2mzkd
    closedFor:
    - name: prod
      key: YWdl
    formerly: []
  # the values
  data: # all of them
    # rotated yearly
    password: bulla1.h7q2mzkd.AA # see wiki
    username: bulla1.h7q2mzkd.AA
    # old: thing
  template:
    # how it is used
    type: Opaque
    metadata:
      labels:
        # who owns it
        app: shop
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {port: 0777}
"
    );
}

#[test]
fn json_stays_json_in_its_own_indentation() {
    for unit in ["  ", "    ", "\t"] {
        let source = "{\n@\"kind\": \"Secret\",\n@\"apiVersion\": \"v1\",\n@\"data\": {\n@@\"k\": \"dg==\"\n@},\n@\"metadata\": {\n@@\"name\": \"db\"\n@}\n}\n"
            .replace('@', unit);
        let expected = "{\n@\"kind\": \"SecretEnvelope\",\n@\"apiVersion\": \"bulla.dev/v1alpha1\",\n@\"spec\": {\n\
            @@\"dataKeys\": [\n@@@{\n@@@@\"id\": \"h7q2mzkd\",\n@@@@\"closedFor\": [\n@@@@@{\n@@@@@@\"name\": \"prod\",\n\
            @@@@@@\"key\": \"YWdl\"\n@@@@@}\n@@@@],\n@@@@\"formerly\": []\n@@@}\n@@],\n@@\"data\": {\n\
            @@@\"k\": \"bulla1.h7q2mzkd.AA\"\n@@},\n@@\"template\": {}\n@},\n@\"metadata\": {\n@@\"name\": \"db\"\n@}\n}\n"
            .replace('@', unit);
        assert_eq!(edited(&source, seal, &moves()), expected);
    }
    let compact =
        r#"{"kind":"Secret","apiVersion":"v1","data":{"k":"dg=="},"metadata":{"name":"db"}}"#;
    let sealed = edited(compact, seal, &moves());
    assert!(
        !sealed.contains(' ') && sealed.ends_with(r#","metadata":{"name":"db"}}"#),
        "{sealed}"
    );
}

#[test]
fn items_of_a_list_are_objects() {
    let source = "\
apiVersion: v1
kind: SecretList
items:
# first
- apiVersion: v1
  kind: Secret
  metadata: {name: a} # flow
  stringData: {k: v} # values
# second
- apiVersion: v1
  kind: ConfigMap
";
    let expected = "\
apiVersion: v1
kind: SecretList
items:
# first
- apiVersion: bulla.dev/v1alpha1
  kind: SecretEnvelope
  metadata: {name: a} # flow
  spec:
    dataKeys:
    - id: h7q2mzkd
      closedFor:
      - name: prod
        key: YWdl
      formerly: []
    data: # values
      k: bulla1.h7q2mzkd.AA
    template: {}
# second
- apiVersion: v1
  kind: ConfigMap
";
    assert_eq!(edited(source, seal, &moves()), expected);
}

#[test]
fn line_ends_and_indentation_are_the_files() {
    let source = "kind: Secret\r\napiVersion: v1\r\nmetadata:\r\n    name: db\r\n    finalizers:\r\n      - x\r\nstringData:\r\n    k: |\r\n        one\r\n";
    let sealed = edited(source, seal, &moves());
    assert_eq!(sealed.matches('\n').count(), sealed.matches("\r\n").count());
    assert!(sealed.contains("\r\n    dataKeys:\r\n      - id: h7q2mzkd\r\n        closedFor:\r\n          - name: prod\r\n"), "{sealed}");
}

#[test]
fn a_file_without_a_last_line_end_stays_one() {
    let source =
        "kind: Secret\napiVersion: v1\nmetadata:\n  name: db\nstringData:\n  k: |\n    one";
    assert!(edited(source, seal, &moves()).ends_with("\n  template: {}"));
    let kept = edited("kind: X\nb: |\n  text", |value| value["c"] = 1.into(), &[]);
    assert_eq!(kept, "kind: X\nb: |-\n  text\nc: 1");
    let before = edited("kind: X\nb: |\n  text", |value| value["a"] = 1.into(), &[]);
    assert_eq!(before, "kind: X\nb: |\n  text\na: 1".replace("|\n", "|-\n"));
}

#[test]
fn several_objects_are_rewritten_in_one_go() {
    let one = "kind: Secret\napiVersion: v1\nmetadata:\n  name: db\nstringData:\n  k: v\n";
    let source = format!("{one}---\nkind: Other\n---\n{one}");
    let stream = Stream::parse(source.as_bytes()).expect("readable");
    let mut desired = stream.objects()[0].node.to_value().expect("a value");
    seal(&mut desired);
    let mut rewriter = Rewriter::new(&stream);
    rewriter.rewrite(2, &desired, &moves()).expect("a plan");
    rewriter.rewrite(0, &desired, &moves()).expect("a plan");
    assert!(matches!(
        rewriter.rewrite(0, &desired, &[]),
        Err(ManifestError::NotEditable { .. })
    ));
    assert!(matches!(
        rewriter.rewrite(3, &desired, &[]),
        Err(ManifestError::NoSuchObject { index: 3, .. })
    ));
    let sealed = edited(one, seal, &moves());
    assert_eq!(
        *rewriter.finish().expect("an edit"),
        format!("{sealed}---\nkind: Other\n---\n{sealed}")
    );
}
