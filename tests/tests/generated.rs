//! Files that are made from the code and committed: each must be what the code makes now.
//!
//! `BULLA_WRITE_GENERATED=1 cargo test -p bulla-tests --test generated` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "kubeseal/case.rs"]
#[expect(dead_code, reason = "here only the names of the cases are of interest")]
mod case;
#[path = "sealed_secrets/differences.rs"]
mod controller_differences;
#[path = "kubeseal/differences.rs"]
mod differences;

#[expect(dead_code, reason = "here only the names of the cases are of interest")]
mod sops {
    pub(crate) mod case;
    pub(crate) mod differences;
}

use std::path::Path;

use bulla_core::{api, policy};
use bulla_tests::target;
use serde::Serialize;

#[test]
fn resource_definitions() {
    for crd in api::crds() {
        let file = format!("deploy/crds/{}.yaml", crd.spec.names.plural);
        unchanged(&file, &yaml(&crd));
        // Not for every cluster: their overlays can read no file outside of their folders.
        let file = match crd.spec.group.as_str() {
            "bitnami.com" => "deploy/overlays/sealed-secrets/sealedsecrets.yaml",
            "isindir.github.com" => "deploy/overlays/sops-secrets/sopssecrets.yaml",
            _ => continue,
        };
        unchanged(file, &yaml(&crd));
    }
}

#[test]
fn configuration_schema() {
    let schema = serde_json::to_string_pretty(&policy::json_schema()).unwrap();
    unchanged("docs/bulla.schema.json", &(schema + "\n"));
}

#[test]
fn differences_of_the_controller() {
    use controller_differences::{DIFFERENCES, Difference, RECONCILED};
    let tables: [(&str, &[Difference]); 2] = [
        ("differences of the controller", &DIFFERENCES),
        ("differences of reconciling", &RECONCILED),
    ];
    for (name, rows) in tables {
        let head = "| Case | Sealed Secrets v0.40 | Ours | Why |\n|---|---|---|---|\n";
        let mut table = String::from(head);
        for Difference {
            case,
            theirs,
            ours,
            why,
        } in rows
        {
            table += &format!("| {case} | {theirs} | {ours} | {why} |\n");
        }
        section("docs/sealed-secrets.md", name, &table);
    }
}

#[test]
fn differences_of_kubeseal() {
    let mut table = String::from("| Case | `kubeseal` v0.40 | Ours | Why |\n|---|---|---|---|\n");
    for row in differences::DIFFERENCES {
        let [theirs, ours] = row.cells();
        table += &format!("| {} | {theirs} | {ours} | {} |\n", row.case.name, row.why);
    }
    section("docs/sealed-secrets.md", "differences of kubeseal", &table);
}

#[test]
fn differences_of_sops() {
    let mut table = String::from("| Case | `sops` 3.13.3 | Ours | Why |\n|---|---|---|---|\n");
    for row in sops::differences::DIFFERENCES.into_iter().flatten() {
        let [theirs, ours] = row.cells();
        table += &format!("| {} | {theirs} | {ours} | {} |\n", row.case.name, row.why);
    }
    section("docs/sops-differences.md", "differences of sops", &table);
}

/// Compares, or writes, what stands between two comments of a file that people write.
fn section(file: &str, name: &str, made: &str) {
    let there = std::fs::read_to_string(target::workspace().join(file)).unwrap();
    let (begin, end) = (
        format!("<!-- generated: {name} -->\n"),
        format!("<!-- end: {name} -->\n"),
    );
    let start = there.find(&begin).unwrap() + begin.len();
    let stop = there.find(&end).unwrap();
    let whole = format!("{}\n{made}\n{}", &there[..start], &there[stop..]);
    unchanged(file, &whole);
}

/// Compares, or writes when asked to.
fn unchanged(file: &str, made: &str) {
    let path = target::workspace().join(file);
    if std::env::var_os("BULLA_WRITE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(&path, made).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "{file} is not what the code makes; see the top of this test"
    );
}

fn yaml(value: &impl Serialize) -> String {
    let header = "# Generated from the types in core/src/api; see tests/tests/generated.rs.\n";
    // By way of JSON, so that absent fields stay absent.
    let json = serde_json::to_value(value).unwrap();
    header.to_owned() + &serde_saphyr::to_string(&json).unwrap()
}
