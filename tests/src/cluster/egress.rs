//! The way from the API server to what runs in the cluster, which is this machine's loopback.
//!
//! The API server's service proxy, which the real `kubeseal` uses, reaches pods only. Here it dials through a
//! proxy of the test's own, on a Unix socket, that connects to loopback whatever address was asked for: so a
//! process of the test can stand for a pod, and no address outside of this machine is ever dialled.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use super::Cluster;

impl Cluster {
    /// Makes a Service of that name in a namespace that ends at `127.0.0.1:port`, with a Pod to stand behind it.
    ///
    /// Its one port is called `http`. It is there for the API server's proxy alone
    /// (`/api/v1/namespaces/…/services/http:<name>:http/proxy/…`).
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub fn expose(&self, namespace: &str, name: &str, port: u16) {
        let metadata = json!({"name": name, "namespace": namespace});
        let manifests = json!({"apiVersion": "v1", "kind": "List", "items": [
            {
                "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                "spec": {"containers": [{"name": "test", "image": "example.invalid/none"}]},
            },
            {
                "apiVersion": "v1", "kind": "Service", "metadata": metadata,
                "spec": {"ports": [{"name": "http", "port": port, "targetPort": port}]},
            },
            {
                "apiVersion": "v1", "kind": "Endpoints", "metadata": metadata,
                "subsets": [{
                    "addresses": [{"ip": POD_ADDRESS, "targetRef": {
                        "kind": "Pod", "name": name, "namespace": namespace,
                    }}],
                    "ports": [{"name": "http", "port": port}],
                }],
            },
        ]});
        self.apply(&manifests.to_string());
        let status = json!({"status": {"podIP": POD_ADDRESS, "podIPs": [{"ip": POD_ADDRESS}]}});
        let status = status.to_string();
        self.kubectl_ok(&[
            "patch",
            "pod",
            name,
            "-n",
            namespace,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ]);
    }
}

/// The proxy that the API server dials through.
#[derive(Debug)]
pub(super) struct Egress {
    socket: PathBuf,
    ended: Arc<AtomicBool>,
}

impl Egress {
    /// Listens on `egress.sock` in `directory`.
    pub(super) fn start(directory: &Path) -> Self {
        let socket = directory.join("egress.sock");
        let listener = UnixListener::bind(&socket)
            .unwrap_or_else(|error| panic!("failed to listen on {}: {error}", socket.display()));
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if until.load(Ordering::Acquire) {
                    return;
                }
                // What one connection fails at is seen by whoever asked the API server for it.
                thread::spawn(move || connection.and_then(serve));
            }
        });
        Self { socket, ended }
    }

    /// Returns the configuration that makes an API server use the proxy.
    pub(super) fn configuration(directory: &Path) -> Value {
        json!({
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": {
                "proxyProtocol": "HTTPConnect",
                "transport": {"uds": {"udsName": directory.join("egress.sock")}},
            }}],
        })
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        // Wakes the thread, so that it sees that it has ended.
        let _ = UnixStream::connect(&self.socket);
        let _ = fs::remove_file(&self.socket);
    }
}

/// Answers `CONNECT host:port` and carries bytes both ways.
fn serve(client: UnixStream) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    // What of its headers is left would come before the first request that is carried.
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
    }
    let target = request.split_whitespace().nth(1).unwrap_or_default();
    let port = target
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    let server = port.ok_or(io::ErrorKind::InvalidInput.into());
    let server = server.and_then(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    let mut client = client;
    let Ok(server) = server else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
    };
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let mut to_server = server.try_clone()?;
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut reader, &mut to_server);
            to_server.shutdown(Shutdown::Write)
        });
        let _ = io::copy(&mut &server, &mut client);
        client.shutdown(Shutdown::Both)
    })
}

const POD_ADDRESS: &str = "10.9.9.9";
