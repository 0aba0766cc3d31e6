//! What a record counts for.

use super::*;

#[test]
fn records_count_for_one_key_one_resource_one_policy() {
    let reopened = |change: fn(&mut Bench)| {
        let mut bench = applied();
        change(&mut bench);
        let (outcome, calls, _) = bench.run();
        assert!(!calls.contains(&"apply"), "the Secret is as it should be");
        outcome.effort.private_operations
    };
    assert_eq!(reopened(|bench| bench.engine = engine(8)), 1);
    assert_eq!(
        reopened(|bench| bench.engine.policy_mut().allow_special_types = true),
        1
    );
    let record = |bench: &mut Bench, text: &str| {
        bench.wire.status.as_mut().unwrap().applied = Some(text.to_owned());
    };
    for text in ["", "v1.", "v2.AAAA", "v1.AAAA"] {
        let mut bench = applied();
        record(&mut bench, text);
        assert_eq!(bench.run().0.effort.private_operations, 1, "{text}");
    }
    let mut one = applied();
    let mut other = applied();
    let text = one.wire.status.as_ref().unwrap().applied.clone().unwrap();
    assert_eq!(text.len(), 46);
    record(&mut other, &text);
    assert_eq!(other.run().0.effort.private_operations, 1);
    assert_eq!(one.run().1, QUIET);
}

#[test]
fn a_record_reads_as_it_was_written() {
    let bench = applied();
    let text = bench.wire.status.unwrap().applied.unwrap();
    let record: Record = text.parse().unwrap();
    assert_eq!(record.to_string(), text);
}
