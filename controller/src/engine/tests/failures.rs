//! What the world can't do.

use super::*;

#[test]
fn failures_of_the_world_are_told_by_their_kind() {
    let table = [
        (WorldError::Unavailable, Requeue::Backoff, None),
        (WorldError::Stopped, Requeue::Stop, None),
        (
            WorldError::Forbidden,
            Requeue::Backoff,
            Some("F-T Forbidden"),
        ),
        (
            WorldError::Gone,
            Requeue::Backoff,
            Some("F-T NamespaceGone"),
        ),
        (
            WorldError::Rejected,
            Requeue::OnChange,
            Some("FT- Rejected"),
        ),
        (
            WorldError::TooLarge,
            Requeue::OnChange,
            Some("FT- LimitExceeded"),
        ),
    ];
    for (error, requeue, status) in table {
        let mut bench = bench(&Sample::default());
        bench.world.with(|state| state.errors.push_back(error));
        let (outcome, _, reports) = bench.run();
        assert_eq!(outcome.requeue(), requeue, "{error:?}");
        let told = reports.first().map(|report| shown(report.status.as_ref()));
        assert_eq!(told.as_deref(), status);
        assert_eq!(bench.run().0.action, Some(Action::Created));
    }
    let mut bench = bench(&Sample::default());
    let again = [WorldError::Conflict; ATTEMPTS];
    bench.world.with(|state| state.errors.extend(again));
    let (outcome, ..) = bench.run();
    assert_eq!(outcome.verdict, Verdict::Failed(WorldError::Conflict));
}
