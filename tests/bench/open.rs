//! Opening 1,000 envelopes of 4 values on one thread, from the bytes of a file to plaintext.

use std::time::Instant;

use bulla_core::api::{SecretEnvelope, from_value};
use bulla_core::envelope::Envelope;
use bulla_core::manifest::{self, Stream};
use bulla_core::recipient::{Identity, KeyRing, Suite};

use crate::fixture::envelope;
use crate::machine::median;
use crate::table::Table;

const ENVELOPES: usize = 1000;
const ROUNDS: usize = 5;

pub(crate) fn run(table: &mut Table) {
    for (suite, goal) in [(Suite::X25519, 5000.0), (Suite::MlKem768X25519, 900.0)] {
        let identity = Identity::generate(suite, &mut rand_core::OsRng);
        let files: Vec<Vec<u8>> = (0..ENVELOPES).map(|n| file(n, &identity)).collect();
        let ring = KeyRing::new(vec![identity]);
        let rates = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                let values: usize = files.iter().map(|bytes| open(bytes, &ring)).sum();
                assert_eq!(values, ENVELOPES * 4);
                ENVELOPES as f64 / start.elapsed().as_secs_f64()
            })
            .collect();
        let rate = median(rates);
        let work = format!("open 1,000 envelopes of 4 values, {suite}, one thread");
        table.goal(
            &work,
            format!("{rate:.0}/s"),
            &format!("≥ {goal}/s"),
            rate >= goal,
        );
    }
}

fn open(bytes: &[u8], ring: &KeyRing) -> usize {
    let stream = Stream::parse(bytes).expect("a manifest");
    let object = stream.object(0).expect("one object");
    let value = object.node.to_value().expect("an object");
    let wire: SecretEnvelope = from_value(&value).expect("an envelope");
    let envelope = Envelope::try_from(&wire).expect("an envelope");
    envelope.open(ring).expect("it opens").values().len()
}

fn file(n: usize, identity: &Identity) -> Vec<u8> {
    let wire = envelope("shop", &format!("db-{n}"), identity.recipient());
    manifest::emit(&serde_json::to_value(wire).expect("it serializes")).into_bytes()
}
