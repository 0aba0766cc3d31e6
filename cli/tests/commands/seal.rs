//! `bulla seal` on manifests.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, secret};

const COMMENTED: &str = "\
# the shop's database
apiVersion: v1
kind: Secret
metadata:
  name: \"db\"   # keep my quotes
  labels:
    # who owns it
    app: shop
  annotations:
    team: blue
    argocd.argoproj.io/sync-wave: \"2\"
    kubectl.kubernetes.io/last-applied-configuration: '{\"stringData\":{\"password\":\"hunter2-canary\"}}'
  namespace: shop
  uid: 6c1c
  resourceVersion: \"12\"
type: Opaque
stringData:
  # rotated yearly
  password: hunter2-canary # see wiki
data:
  password: b2xk
  username: YWRtaW4=
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {port: \"0777\"}
";

#[test]
fn a_secret_becomes_an_envelope_and_every_other_byte_stays() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", COMMENTED);
    let run = repo.bulla("seal clusters/db.yaml");
    assert_eq!(
        run.stderr,
        "sealed `clusters/db.yaml`: Secret `shop/db`, 2 values, for prod, alice\n"
    );
    assert_data_eq!(
        run.ok(),
        str![[r#"
# the shop's database
apiVersion: bulla.dev/v1alpha1
kind: SecretEnvelope
metadata:
  name: "db"   # keep my quotes
  labels:
    # who owns it
    app: shop
  annotations:
    argocd.argoproj.io/sync-wave: "2"
  namespace: shop
spec:
  scope: Strict
  dataKeys:
  - id: [..]
    commitment: [..]
    templateTag: [..]
    closedFor:
    - name: prod
      recipient: fp-[..]
      key: [..]
    - name: alice
      recipient: fp-[..]
      key: [..]
  data:
    # rotated yearly
    password: bulla1.[..] # see wiki
    username: bulla1.[..]
  template:
    type: Opaque
    metadata:
      labels:
        app: shop
      annotations:
        team: blue
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {port: "0777"}

"#]]
    );
    assert_eq!(
        repo.read("clusters/db.yaml"),
        COMMENTED,
        "nothing is written without -i"
    );
}

#[test]
fn what_was_sealed_opens_to_what_the_cluster_would_have_stored() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", COMMENTED);
    repo.bulla("seal -i clusters/db.yaml").ok();
    assert_data_eq!(
        repo.bulla("open clusters/db.yaml -I @alice").ok(),
        str![[r#"
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  labels:
    app: shop
    app.kubernetes.io/managed-by: bulla
  annotations:
    team: blue
type: Opaque
data:
  password: aHVudGVyMi1jYW5hcnk=
  username: YWRtaW4=

"#]]
    );
}

#[test]
fn in_place_keeps_mode_and_links_and_does_nothing_twice() {
    let repo = Repo::new();
    let file = repo.write("clusters/db.yaml", secret("db"));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("db.yaml", repo.file("clusters/link.yaml")).unwrap();
    assert_eq!(repo.bulla("seal -i clusters/link.yaml").ok(), "");
    assert!(repo.file("clusters/link.yaml").is_symlink());
    assert_eq!(repo.mode("clusters/db.yaml"), 0o640);
    let (sealed, inode) = (
        repo.read("clusters/db.yaml"),
        std::fs::metadata(&file).unwrap().ino(),
    );
    assert!(!sealed.contains(CANARY));
    let again = repo.bulla("seal -i -R clusters");
    assert_eq!(
        again.stderr,
        "nothing to seal: 1 resource is sealed already\n"
    );
    again.ok();
    assert_eq!(repo.read("clusters/db.yaml"), sealed);
    assert_eq!(
        std::fs::metadata(&file).unwrap().ino(),
        inode,
        "the file was not written"
    );
    assert_eq!(repo.names("clusters"), ["db.yaml", "link.yaml"]);
}

#[test]
fn a_directory_is_sealed_whole_or_not_at_all() {
    let repo = Repo::new();
    repo.write("clusters/a.yaml", secret("a"));
    repo.write("clusters/deep/b.yml", secret("b"));
    repo.write(
        "clusters/chart/templates/x.yaml",
        "{{- range .Values.all }}\nkind: ConfigMap\n{{ end }}\n",
    );
    repo.write("clusters/notes.txt", secret("t"));
    let bad = repo.write(
        "clusters/z.yaml",
        "kind: Secret\napiVersion: v1\nmetadata: {name: z\n",
    );
    let run = repo.bulla("seal -i -R clusters");
    assert!(run.fails(2).contains("clusters/z.yaml"));
    assert_eq!(
        repo.read("clusters/a.yaml"),
        secret("a"),
        "nothing was written"
    );

    std::fs::remove_file(bad).unwrap();
    let run = repo.bulla("seal -i -R clusters --dry-run");
    assert_data_eq!(
        &run.stderr,
        str![[r#"
would seal `clusters/a.yaml`: Secret `shop/a`, 2 values, for prod, alice
would seal `clusters/deep/b.yml`: Secret `shop/b`, 2 values, for prod, alice

"#]]
    );
    assert_eq!(
        repo.read("clusters/a.yaml"),
        secret("a"),
        "a dry run writes nothing"
    );

    let flat = repo.bulla("seal -i clusters --quiet");
    assert_eq!((flat.stderr.as_str(), flat.status), ("", 0));
    assert_eq!(
        repo.read("clusters/deep/b.yml"),
        secret("b"),
        "-R was not given"
    );
    repo.bulla("seal -i -R clusters").ok();
    assert!(!repo.read("clusters/deep/b.yml").contains(CANARY));
    assert_eq!(repo.read("clusters/notes.txt"), secret("t"));
}

#[test]
fn standard_input_needs_a_path_or_a_name() {
    let repo = Repo::new();
    assert_data_eq!(
        repo.bulla_with("seal", secret("db")).fails(2),
        str![[r#"
error: nothing says whom to close for: rules go by the path of a file, and standard input has none

hint: give `--as-path PATH`, or name somebody: `--for NAME`

"#]]
    );
    for line in [
        "seal --as-path clusters/new/db.yaml",
        "seal --for alice -",
        "seal -f - --for alice",
    ] {
        let out = repo.bulla_with(line, secret("db")).ok();
        assert!(
            out.starts_with("apiVersion: bulla.dev/v1alpha1\n") && !out.contains(CANARY),
            "{line}"
        );
    }
    repo.write("clusters/.keep", "");
    let written = repo.bulla_with("seal -w clusters/new.yaml", secret("db"));
    assert_eq!(written.ok(), "");
    assert_eq!(repo.value("clusters/new.yaml", "password"), CANARY);
}

#[test]
fn lists_and_json_keep_their_form() {
    let repo = Repo::new();
    let item = |name: &str| {
        format!(
            "  {{\n    \"apiVersion\": \"v1\", \"kind\": \"Secret\",\n    \"metadata\": {{\"name\": \"{name}\", \"namespace\": \"shop\"}},\n    \"stringData\": {{\"password\": \"{CANARY}\"}}\n  }}"
        )
    };
    let config =
        "  {\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}}";
    let list = format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{},\n{config},\n{}\n]}}\n",
        item("a"),
        item("b")
    );
    repo.write("clusters/list.json", &list);
    let out = repo.bulla("seal clusters/list.json").ok();
    assert!(
        out.contains(config) && !out.contains(CANARY) && !out.contains("\"Secret\""),
        "{out}"
    );
    assert_eq!(out.matches("SecretEnvelope").count(), 2);
    repo.bulla("seal -i clusters/list.json").ok();
    let opened = repo.bulla("open clusters/list.json -I @alice -o json").ok();
    assert_eq!(opened.matches("\"kind\": \"Secret\"").count(), 2);

    let yaml = repo
        .bulla_with("seal --for alice -o yaml", item("c").trim())
        .ok();
    assert!(
        yaml.starts_with("apiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\n"),
        "{yaml}"
    );
    let json = repo
        .bulla_with("seal --for alice -o json", secret("c"))
        .ok();
    assert!(
        json.starts_with("{\n    \"apiVersion\": \"bulla.dev/v1alpha1\""),
        "{json}"
    );
}

#[test]
fn several_files_make_one_stream() {
    let repo = Repo::new();
    repo.write("clusters/a.yaml", secret("a"));
    repo.write("clusters/b.yaml", "---\nkind: ConfigMap\napiVersion: v1\n");
    repo.write("clusters/c.yaml", secret("c").trim_end());
    let out = repo.bulla("seal clusters").ok();
    assert_eq!(
        out.lines().filter(|line| *line == "---").count(),
        2,
        "{out}"
    );
    assert_eq!(out.matches("kind: SecretEnvelope").count(), 2);
}

#[test]
fn the_scope_is_asked_for_and_the_rule_is_its_limit() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    let out = repo.bulla("seal clusters/db.yaml --scope Namespace").ok();
    assert!(out.contains("  scope: Namespace\n"));
    repo.write("strict/db.yaml", secret("db"));
    assert_data_eq!(
        repo.bulla("seal strict/db.yaml --scope cluster").fails(5),
        str![[r#"
error: `strict/db.yaml`, line 1, column 1: Secret `shop/db`
  caused by: refusing scope `Cluster`: the rule `strict/**` allows `Strict`

hint: seal with the scope of the rule, or change the rule

"#]]
    );
}

#[test]
fn a_missing_namespace_is_given_or_refused() {
    let repo = Repo::new();
    repo.write(
        "clusters/db.yaml",
        secret("db").replace("  namespace: shop\n", ""),
    );
    assert_data_eq!(
        repo.bulla("seal -i clusters/db.yaml").fails(2),
        str![[r#"
error: `clusters/db.yaml`, line 1, column 1: Secret `db`
  caused by: it has no namespace, and its values are to be bound to one

hint: write `metadata.namespace`, or give it: `-n NAMESPACE`

"#]]
    );
    repo.bulla("seal -i clusters/db.yaml -n shop").ok();
    assert!(
        repo.read("clusters/db.yaml")
            .contains("\n  namespace: shop\n")
    );
    assert_eq!(repo.value("clusters/db.yaml", "username"), "admin");
}

#[test]
fn an_unbound_template_has_no_tag() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.bulla("seal -i clusters/db.yaml --unbound-template")
        .ok();
    let sealed = repo.read("clusters/db.yaml");
    assert!(!sealed.contains("templateTag"));
    let changed = sealed + "  template: {type: example.com/x}\n";
    repo.write("clusters/db.yaml", changed);
    assert!(
        repo.bulla("open clusters/db.yaml -I @alice")
            .ok()
            .contains("type: example.com/x")
    );
}

#[test]
fn plaintext_in_an_envelope_is_not_taken_for_sealed() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let sealed = repo.read(&file);
    let at = sealed.find("password: bulla1.").unwrap();
    let end = at + sealed[at..].find('\n').unwrap();
    let mut changed = sealed.clone();
    changed.replace_range(at..end, &format!("password: {CANARY}"));
    repo.write(&file, &changed);
    let message = repo.bulla("seal -i -R clusters").fails(5);
    assert!(
        message.contains("the value of key `password` is not sealed"),
        "{message}"
    );
    assert!(message.contains("`clusters/db.yaml`, line "), "{message}");
}

#[test]
fn secrets_without_values_are_left_alone() {
    let repo = Repo::new();
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: shop}\ntype: kubernetes.io/service-account-token\n";
    repo.write("clusters/token.yaml", text);
    repo.bulla("seal -i clusters/token.yaml").ok();
    assert_eq!(repo.read("clusters/token.yaml"), text);
}

#[test]
fn a_wrong_recipient_is_wrong_where_nothing_is_to_be_sealed_too() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    repo.write("clusters/map.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    for line in [
        &format!("seal -i {file} --for nobody"),
        "seal -i clusters/map.yaml --for nobody",
        "seal -i clusters --for age1nonsense",
        "rewrap clusters/map.yaml --for nobody -I @alice",
        "reseal -R . --for nobody -I @alice",
    ] {
        repo.bulla(line).fails(2);
    }
    repo.bulla(&format!("seal -i {file} --for alice")).ok();
}
