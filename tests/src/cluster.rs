//! A real Kubernetes control plane on loopback: etcd, the API server and, where it is wanted, the controller
//! manager. There is no kubelet: pods are admitted or refused, and stay pending.
//!
//! It starts in about three seconds once its program is built (see [`crate::go`]). Tests share one by
//! [`Cluster::shared`] and keep apart by namespace; a test that stops the API server, or that changes what is
//! not in a namespace, starts its own.

mod access;
mod assets;
mod audit;
mod egress;
mod options;
mod scratch;
mod servers;

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock},
    time::Duration,
};

use crate::process::Process;

use self::{egress::Egress, scratch::Scratch, servers::Servers};

pub use self::{
    audit::{AuditEvent, AuditStatus, AuditUser, ObjectReference},
    options::{Audit, Options},
};

pub(crate) use servers::free_port;

/// A running control plane. Dropping it ends it.
#[derive(Debug)]
pub struct Cluster {
    servers: Servers,
    controller_manager: Option<Process>,
    /// `None` while it is stopped.
    api_server: Mutex<Option<Process>>,
    etcd: Option<Process>,
    _egress: Egress,
    scratch: Scratch,
}

impl Cluster {
    /// Starts a control plane and waits until it is ready.
    ///
    /// # Panics
    ///
    /// If it cannot be built or does not become ready; the message quotes the end of the log at fault.
    pub fn start(options: Options) -> Self {
        let mut failure = String::new();
        // A port that was free a moment ago can be another's by now.
        for _ in 0..ATTEMPTS {
            match Self::try_start(&options) {
                Ok(cluster) => return cluster,
                Err(error) => failure = error,
            }
        }
        panic!("failed to start a cluster: {failure}");
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let scratch = Scratch::create();
        let servers = Servers::prepare(scratch.path(), options);
        let mut etcd = servers.start_etcd();
        let api_server = servers.start_api_server();
        let mut cluster = Self {
            servers,
            controller_manager: None,
            api_server: Mutex::new(Some(api_server)),
            etcd: None,
            _egress: Egress::start(scratch.path()),
            scratch,
        };
        let ready = cluster.await_ready(&mut || etcd.exit_status().map(|_| etcd.tail()));
        cluster.etcd = Some(etcd);
        ready?;
        if options.controller_manager {
            let kubeconfig = cluster.admin_kubeconfig();
            cluster.controller_manager =
                Some(cluster.servers.start_controller_manager(&kubeconfig));
        }
        Ok(cluster)
    }

    /// Returns the cluster that the tests of one process share, with [`Options::default`].
    pub fn shared() -> &'static Self {
        // A static is never dropped: its processes end with the test process, and its files with a later start.
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Options::default()))
    }

    /// Kills the API server, as a crash would. etcd and its data stay.
    pub fn stop_api_server(&self) {
        if let Some(mut process) = self.api_server().take() {
            process.kill();
            process.wait(STOP_DEADLINE);
        }
    }

    /// Starts the API server after [`Cluster::stop_api_server`], on the same port, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// If it does not become ready.
    pub fn start_api_server(&self) {
        {
            let mut process = self.api_server();
            if process.is_none() {
                *process = Some(self.servers.start_api_server());
            }
        }
        if let Err(error) = self.await_ready(&mut || None) {
            panic!("failed to start the API server again: {error}");
        }
    }

    /// Makes the API server stand still: it accepts connections and never answers.
    pub fn pause_api_server(&self) {
        if let Some(process) = self.api_server().as_mut() {
            process.stop();
        }
    }

    /// Lets the API server go on after [`Cluster::pause_api_server`].
    pub fn resume_api_server(&self) {
        if let Some(process) = self.api_server().as_mut() {
            process.cont();
        }
    }

    /// Returns the process id of the API server, unless it is stopped.
    pub fn api_server_id(&self) -> Option<u32> {
        self.api_server().as_ref().map(Process::id)
    }

    /// Returns the address of the API server, such as `https://127.0.0.1:21234`.
    pub fn url(&self) -> String {
        self.servers.url()
    }

    /// Returns the certificate that the API server is recognized by, in PEM.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.servers.certificate().unwrap_or_default()
    }

    /// Returns the folder of the servers' own logs.
    pub fn logs(&self) -> &Path {
        self.servers.logs()
    }

    /// Returns a folder of this cluster's that is removed with it.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    fn api_server(&self) -> MutexGuard<'_, Option<Process>> {
        self.api_server
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until the API server says that it is ready; `failed` tells of another reason to give up.
    fn await_ready(&self, failed: &mut dyn FnMut() -> Option<String>) -> Result<(), String> {
        let ready = crate::wait::poll(READY_DEADLINE, &mut || {
            let ended = match self.api_server().as_mut() {
                Some(process) => process.exit_status().map(|_| process.tail()),
                None => Some("it was stopped".to_owned()),
            };
            match ended.or_else(&mut *failed) {
                Some(why) => Some(Err(why)),
                None => self.is_ready().then_some(Ok(())),
            }
        });
        ready.unwrap_or_else(|| {
            let tail = self
                .api_server()
                .as_ref()
                .map(Process::tail)
                .unwrap_or_default();
            Err(format!(
                "the API server is not ready after {READY_DEADLINE:?}:\n{tail}"
            ))
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.controller_manager.take();
        // Without etcd the API server would take a minute to end.
        self.api_server().take();
        self.etcd.take();
    }
}

const ATTEMPTS: usize = 3;
const READY_DEADLINE: Duration = Duration::from_secs(90);
const STOP_DEADLINE: Duration = Duration::from_secs(10);
