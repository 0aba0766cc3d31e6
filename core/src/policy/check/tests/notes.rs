//! What is worth knowing, and no finding.

use super::*;

#[test]
fn a_template_that_is_not_bound_is_noted() {
    let w = world();
    let mut unbound = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    // What sealing with `--unbound-template` leaves out.
    unbound["spec"]["dataKeys"][0]
        .as_object_mut()
        .unwrap()
        .remove("templateTag");
    let findings = found(&unbound.to_string(), "pq/db.yaml", Some(&w.config));
    assert_eq!(kinds(&findings), ["unbound-template"]);
    assert_eq!(findings[0].severity(), Severity::Note);
}
