//! Stanzas as plug-ins and their callers exchange them, within limits.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

/// One message of a plug-in.
pub(super) struct Message {
    pub(super) kind: String,
    pub(super) arguments: Vec<String>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Why there is no message.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The plug-in closed its output.
    Ended,
    /// What it says is not of the protocol, or too long.
    Garbage,
    /// It says nothing.
    Silent,
    Io(io::Error),
}

/// The output of a plug-in, read by lines. What was read may hold a file key.
pub(super) struct Messages<R> {
    source: R,
    held: Zeroizing<Vec<u8>>,
    /// Bytes that may still come.
    left: usize,
}

/// Writes a message: its words, then its body in lines of 64 characters, the last one shorter.
pub(super) fn encode(kind: &str, arguments: &[&str], body: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
    let words: usize = arguments.iter().map(|word| word.len() + 1).sum();
    let length = kind.len() + words + base64.len() + base64.len() / COLUMNS + 8;
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.push_str("-> ");
    text.push_str(kind);
    for word in arguments {
        text.push(' ');
        text.push_str(word);
    }
    text.push('\n');
    let mut rest = base64.as_str();
    loop {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = after;
        if line.len() < COLUMNS {
            return text;
        }
    }
}

impl<R: Read + AsFd> Messages<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            held: Zeroizing::new(Vec::with_capacity(BYTES_MAX)),
            left: BYTES_MAX,
        }
    }

    /// The next message. `patience` is how long the plug-in may say nothing; `waiting` is called once it takes long.
    pub(super) fn next(
        &mut self,
        patience: Duration,
        mut waiting: impl FnMut(),
    ) -> Result<Message, ReadError> {
        let deadline = Instant::now() + patience;
        let line = self.line(deadline, &mut waiting)?;
        let words = line.strip_prefix(b"-> ").ok_or(ReadError::Garbage)?;
        let words = std::str::from_utf8(words).map_err(|_| ReadError::Garbage)?;
        let mut words = words.split(' ').map(|word| {
            let printable = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
            printable.then(|| word.to_owned()).ok_or(ReadError::Garbage)
        });
        let kind = words.next().ok_or(ReadError::Garbage)??;
        let arguments = words.collect::<Result<_, _>>()?;
        let mut body = Zeroizing::new(Vec::with_capacity(MESSAGE_BYTES));
        loop {
            let line = self.line(deadline, &mut waiting)?;
            if line.len() > COLUMNS {
                return Err(ReadError::Garbage);
            }
            BASE64_STANDARD_NO_PAD
                .decode_vec(&*line, &mut body)
                .map_err(|_| ReadError::Garbage)?;
            if line.len() < COLUMNS {
                return Ok(Message {
                    kind,
                    arguments,
                    body,
                });
            }
        }
    }

    /// Waits for the plug-in to close its output.
    pub(super) fn drain(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.more(deadline, &mut || {}).is_ok() {
            self.held.clear();
        }
    }

    fn line(
        &mut self,
        deadline: Instant,
        waiting: &mut impl FnMut(),
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let mut seen = 0;
        loop {
            let end = self.held[seen..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end {
                let end = seen + end;
                let line = Zeroizing::new(self.held[..end].to_vec());
                self.held.drain(..=end);
                return Ok(line);
            }
            seen = self.held.len();
            if seen > LINE_BYTES_MAX {
                return Err(ReadError::Garbage);
            }
            self.more(deadline, waiting)?;
        }
    }

    fn more(&mut self, deadline: Instant, waiting: &mut impl FnMut()) -> Result<(), ReadError> {
        let mut patient = Instant::now() + WAITING_AFTER;
        loop {
            let now = Instant::now();
            let Some(left) = deadline
                .checked_duration_since(now)
                .filter(|left| !left.is_zero())
            else {
                return Err(ReadError::Silent);
            };
            let until = left.min(patient.saturating_duration_since(now)).max(TICK);
            let timeout = Timespec::try_from(until).map_err(|_| ReadError::Silent)?;
            let mut ready = [PollFd::new(&self.source, PollFlags::IN)];
            match poll(&mut ready, Some(&timeout)) {
                Ok(0) => {
                    if Instant::now() >= patient {
                        waiting();
                        patient = deadline + WAITING_AFTER;
                    }
                }
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(ReadError::Io(error.into())),
            }
        }
        let mut bytes = Zeroizing::new([0; 4096]);
        let read = self.source.read(&mut *bytes).map_err(ReadError::Io)?;
        if read == 0 {
            return Err(ReadError::Ended);
        }
        self.left = self.left.checked_sub(read).ok_or(ReadError::Garbage)?;
        self.held.extend_from_slice(&bytes[..read]);
        Ok(())
    }
}

const COLUMNS: usize = 64;
/// What a plug-in may say in all.
const BYTES_MAX: usize = 256 * 1024;
const LINE_BYTES_MAX: usize = 16 * 1024;
const MESSAGE_BYTES: usize = 4 * 1024;
const WAITING_AFTER: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn read(text: &[u8]) -> Result<Message, ReadError> {
        let (mut plugin, ours) = UnixStream::pair().expect("a pair");
        plugin.write_all(text).expect("it fits");
        drop(plugin);
        Messages::new(ours).next(Duration::from_secs(5), || {})
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 96, 200] {
            let body = vec![7; length];
            let text = encode("kind", &["a", "b"], &body);
            let message = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"));
            assert_eq!((message.kind.as_str(), &*message.body), ("kind", &body));
            assert_eq!(message.arguments, ["a", "b"]);
        }
    }

    #[test]
    fn garbage_is_no_message() {
        let endless = vec![b'x'; LINE_BYTES_MAX * 2];
        for text in [
            &b"hello\n\n"[..],
            b"-> \n\n",
            b"-> a  b\n\n",
            b"-> a\n!!!!\n",
            b"-> a\x1b\n\n",
            &endless,
        ] {
            assert!(matches!(read(text), Err(ReadError::Garbage)));
        }
        for text in [&b""[..], b"-> a", b"-> a\n", b"-> a\nAAAA"] {
            assert!(matches!(read(text), Err(ReadError::Ended)));
        }
        let full = format!("-> a\n{}\n", "A".repeat(64)).repeat(BYTES_MAX / 64);
        let (mut plugin, ours) = UnixStream::pair().expect("a pair");
        let writer = std::thread::spawn(move || plugin.write_all(full.as_bytes()));
        let endless = Messages::new(ours).next(Duration::from_secs(20), || {});
        assert!(matches!(endless, Err(ReadError::Garbage)));
        let _ = writer.join();
    }

    #[test]
    fn silence_ends() {
        let (_plugin, ours) = UnixStream::pair().expect("a pair");
        let silent = Messages::new(ours).next(Duration::from_millis(20), || {});
        assert!(matches!(silent, Err(ReadError::Silent)));
    }
}
