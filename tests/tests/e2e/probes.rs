//! What kubelets and scrapers ask for.

use bulla_tests::wait::{DEADLINE, eventually};

use super::shared;

#[tokio::test]
async fn probes_are_answered_and_nothing_else_is_served() {
    let controller = &shared().controller;
    assert_eq!(controller.get("/healthz").expect("an answer").0, 200);
    eventually("it is ready", DEADLINE, async || {
        (controller.get("/readyz")?.0 == 200).then_some(())
    })
    .await;
    assert_eq!(controller.get("/").expect("an answer").0, 404);
    assert_eq!(controller.get("/debug/pprof").expect("an answer").0, 404);
}
