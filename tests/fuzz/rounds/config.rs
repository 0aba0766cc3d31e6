//! `.bulla.yaml`, and what it says of some paths.

use bulla_core::policy::Config;

/// Whatever these bytes are.
pub(crate) fn round(text: &str) {
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => {
            let _ = (error.to_string(), error.hint());
            return;
        }
    };
    for path in [
        "db.yaml",
        "clusters/prod/db.yaml",
        "a/b/values.enc.yaml",
        "",
        "ä/ b",
    ] {
        let Ok(rule) = config.rule_for(path) else {
            continue;
        };
        let Ok(recipients) = rule.recipients() else {
            continue;
        };
        assert!(!recipients.is_empty(), "a rule closes for somebody");
        assert!(
            rule.allow_recipients(&recipients).is_ok() || rule.left_out(&recipients).is_empty()
        );
    }
    let names: Vec<_> = config
        .parties()
        .iter()
        .map(|party| party.name.to_string())
        .collect();
    let _ = config.resolve(&names);
}
