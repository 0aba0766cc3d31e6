//! Resources are read as envelopes; what is one survives being written and read again.

use bulla_core::api::{SecretEnvelope, SecretEnvelopeSpec, from_value};
use bulla_core::envelope::Envelope;
use bulla_core::manifest::Stream;
use bulla_core::policy::check::{Subject, check};
use serde_json::{Value, json};

/// Whatever these bytes are.
pub(crate) fn round(bytes: &[u8]) {
    let Ok(stream) = Stream::parse(bytes) else {
        return;
    };
    let shown = "x.yaml";
    let _ = check(
        Subject {
            shown,
            rule_path: Some(shown),
            stream: &stream,
        },
        None,
    );
    for object in stream.objects() {
        let Ok(value) = object.node.to_value() else {
            continue;
        };
        let Some(envelope) = read(&value) else {
            continue;
        };
        let mut again = value.clone();
        again["spec"] = json!(SecretEnvelopeSpec::from(&envelope));
        assert_eq!(read(&again).as_ref(), Some(&envelope));
        for closed in envelope
            .data_keys()
            .iter()
            .flat_map(|entry| &entry.closed_for)
        {
            let _ = closed.key.kind();
        }
    }
}

fn read(value: &Value) -> Option<Envelope> {
    let wire: SecretEnvelope = from_value(value).ok()?;
    Envelope::try_from(&wire).ok()
}
