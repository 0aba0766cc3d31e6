//! The thread that renews the lease and answers for the process's health, and does nothing else.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::RunError;
use crate::engine::Keys;
use crate::kube::api::fence::Fence;
use crate::kube::api::transport::Transport;
use crate::kube::args::Args;
use crate::kube::cluster::Cluster;
use crate::kube::http;
use crate::kube::lease::{Election, LeaseOptions};

/// Starts it. It ends after `give_back` says true, and the receiver tells.
pub(super) async fn start(
    args: &Args,
    cluster: &Arc<Cluster>,
    fence: Arc<Fence>,
    keys: watch::Receiver<Option<Keys>>,
    leading: watch::Sender<bool>,
    give_back: watch::Receiver<bool>,
) -> Result<oneshot::Receiver<()>, RunError> {
    let options = LeaseOptions {
        namespace: cluster.namespace.clone(),
        name: args.lease_name.clone(),
        identity: cluster.identity.clone(),
        duration: args.lease_duration,
        renew_deadline: args.lease_renew_deadline,
        retry_period: args.lease_retry_period,
    };
    let (address, timeout, cluster) = (
        args.control_address(),
        args.request_timeout,
        cluster.clone(),
    );
    let (ready, is_ready) = oneshot::channel::<Result<(), RunError>>();
    let (ended, has_ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let set_up = async {
                    let listener = http::bind(address).await?;
                    // Connections of its own: the others' tasks run elsewhere.
                    let transport =
                        Transport::prepare(&cluster.identity, fence.clone(), timeout).await?;
                    Ok((listener, transport.open))
                };
                let (listener, rest) = match set_up.await {
                    Ok(set_up) => set_up,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(()));
                tokio::spawn(http::serve(listener, cluster.clone(), keys));
                Election::new(rest, options, fence, leading, cluster.metrics.clone())
                    .run(give_back)
                    .await;
                let _ = ended.send(());
            });
        })?;
    is_ready.await.map_err(|_| RunError::Ended)??;
    Ok(has_ended)
}
