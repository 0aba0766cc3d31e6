//! Rewrites of whole objects, as `seal` asks for them.

use bulla_core::manifest::{Move, Path, Stream};
use serde_json::{Value, json};

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

fn envelope() -> Value {
    json!({
        "apiVersion": "bulla.dev/v1alpha1",
        "kind": "SecretEnvelope",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {
            "scope": "Strict",
            "dataKeys": [{"id": "h7q2mzkd", "closedFor": [{"name": "prod", "key": "YWdl"}], "formerly": []}],
            "data": {"password": "bulla1.h7q2mzkd.AAAA", "username": "bulla1.h7q2mzkd.BBBB"},
            "template": {"type": "Opaque", "metadata": {"labels": {"app": "shop"}}},
        },
    })
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
data: {port: \"0777\"}
";
    let stream = Stream::parse(source.as_bytes()).unwrap();
    let out = stream.rewrite(0, &envelope(), &moves()).unwrap();
    assert_eq!(
        *out,
        "\
# the shop's database
apiVersion: bulla.dev/v1alpha1
kind: SecretEnvelope # plain
metadata:
  name: \"db\"   # keep my quotes
  namespace: shop

spec:
  scope: Strict
  dataKeys:
  - id: h7q2mzkd
    closedFor:
    - name: prod
      key: YWdl
    formerly: []
  # the values
  data: # all of them
    # rotated yearly
    password: bulla1.h7q2mzkd.AAAA # see wiki
    username: bulla1.h7q2mzkd.BBBB
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
data: {port: \"0777\"}
"
    );
}
