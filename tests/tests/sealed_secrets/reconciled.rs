//! Both controllers on one API server, each in a namespace of its own, with the same keys and the same objects.

mod cases;
mod side;

use std::pin::Pin;

use bulla_tests::{
    Cluster, Options,
    sealed_secrets::{NAMESPACE, SealedSecrets},
};

use super::{
    NEW_KEY, OLD_KEY,
    beside::theirs,
    differences::{Difference, RECONCILED},
};
use cases::CASES;
use side::Side;

/// What is done in both namespaces, and how it is put what came of it.
struct Case {
    name: &'static str,
    run: for<'s> fn(&'s Side<'_>) -> Pin<Box<dyn Future<Output = String> + 's>>,
}

#[tokio::test]
async fn what_is_reconciled_is_as_theirs_but_for_what_is_listed() {
    let cluster = Cluster::start(Options::default());
    cluster.kubectl_ok(&["create", "namespace", "ours"]);
    let flags = ["--watch-namespaces=ours", "--key-renew-period=0"];
    let sealed_secrets = SealedSecrets::start(&cluster, &[OLD_KEY, NEW_KEY], &flags);
    let tenant = sealed_secrets.tenant("theirs").await;
    let theirs_process = theirs(&cluster, &tenant);
    let mut own = tenant.clone();
    own.enter("ours");
    let home = tenant.namespace.clone();
    let theirs = Side::new(tenant, &cluster, &home);
    let ours = Side::new(own, &cluster, NAMESPACE);
    let mut wrong = Vec::new();
    for case in CASES {
        let (theirs, ours) = tokio::join!((case.run)(&theirs), (case.run)(&ours));
        let row = RECONCILED.iter().find(|row| row.case == case.name);
        let right = match row {
            Some(row) => row.theirs == theirs && row.ours == ours && theirs != ours,
            None => theirs == ours,
        };
        if !right {
            wrong.push(format!(
                "{}:\n  theirs {theirs:?}\n  ours   {ours:?}",
                case.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for Difference { case, why, .. } in &RECONCILED {
        assert!(!why.is_empty());
        assert!(CASES.iter().any(|known| known.name == *case), "{case}");
    }
    drop(theirs_process);
}
