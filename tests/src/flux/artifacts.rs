//! What source-controller does for kustomize-controller: archives of manifests, handed out by HTTP on loopback.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use aws_lc_rs::digest::{SHA256, digest};

/// Files by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A server that has every archive that it was given, for as long as the test process runs.
#[derive(Clone, Debug)]
pub(super) struct Artifacts {
    address: SocketAddr,
    archives: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// An archive on the server.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) url: String,
    pub(super) path: String,
    pub(super) digest: String,
}

impl Artifacts {
    pub(super) fn serve() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
        let served = Self {
            address: listener.local_addr().expect("a listener has an address"),
            archives: Arc::default(),
        };
        let server = served.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who asks and goes away, asks again.
                let _ = server.answer(stream);
            }
        });
        served
    }

    /// Packs files and hands them out from now on.
    pub(super) fn publish(&self, files: &Files) -> Artifact {
        let archive = packed(files);
        let digest: String = digest(&SHA256, &archive)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = format!("{digest}.tar.gz");
        self.archives
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(format!("/{path}"), archive);
        Artifact {
            url: format!("http://{}/{path}", self.address),
            path,
            digest: format!("sha256:{digest}"),
        }
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        // The whole head: a socket that is closed with bytes unread resets the connection.
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = match archives.get(path) {
            Some(archive) => ("200 OK", archive.clone()),
            None => ("404 Not Found", Vec::new()),
        };
        drop(archives);
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)
    }
}

/// Packs files as source-controller does, with the system's own `tar`.
fn packed(files: &Files) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("there is a temporary directory");
    for (path, content) in files {
        let path = folder.path().join(path);
        let parent = path.parent().unwrap_or(folder.path());
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
    }
    let output = Command::new("tar")
        .args(["-czf", "-", "."])
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("failed to run `tar`: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    output.stdout
}
