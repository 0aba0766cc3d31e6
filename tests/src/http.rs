//! One plain HTTP request on loopback: what a probe, a scraper or an attacker sends.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Sends `GET path` and returns the status code and the body.
///
/// # Errors
///
/// Nobody listens, or what answers is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    // In 1.0 the body ends with the connection, in one piece.
    exchange(
        address,
        format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes(),
    )
}

/// Sends `POST path` with more header lines and a body, and returns the status code and the body of the answer.
///
/// # Errors
///
/// Nobody listens, or what answers is not HTTP.
pub fn post(
    address: SocketAddr,
    path: &str,
    headers: &str,
    body: &[u8],
) -> io::Result<(u16, String)> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    exchange(address, &[head.as_bytes(), body].concat())
}

/// Sends `POST path` with a body, and returns the head of the answer.
///
/// # Errors
///
/// Nobody listens.
pub fn post_for_head(address: SocketAddr, path: &str, body: &[u8]) -> io::Result<String> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n");
    let answer = sent(address, &[head.as_bytes(), body].concat())?;
    let head = answer.split_once("\r\n\r\n").map(|(head, _)| head);
    Ok(head.unwrap_or(&answer).to_owned())
}

fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<(u16, String)> {
    let answer = sent(address, request)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let code = code.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
    Ok((code, body.to_owned()))
}

fn sent(address: SocketAddr, request: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    // Who is refused early may not get rid of all that he would say.
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    let received = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        sent.and(received)?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

const DEADLINE: Duration = Duration::from_secs(10);
