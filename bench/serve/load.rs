//! Sends requests to a server and says how long the answers took, as one JSON object.
//!
//!     cargo run --release --example load -- ADDRESS PATH BODY CONNECTIONS SECONDS RATE
//!
//! RATE is requests a second over all connections; 0 sends the next when the last was answered. With a rate, a latency
//! begins when the request should have been sent: an answer that is late makes those behind it late too.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for benchmarks that ends where it cannot go on")]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, path, body, connections, seconds, rate] = &arguments[..] else {
        panic!("load ADDRESS PATH BODY CONNECTIONS SECONDS RATE")
    };
    let (connections, seconds): (usize, f64) = (connections.parse().unwrap(), seconds.parse().unwrap());
    let rate: f64 = rate.parse().unwrap();
    let begun = Instant::now();
    let client = |number: usize| {
        let end = begun + Duration::from_secs_f64(seconds);
        // Connections take turns in one even stream.
        let gap = if rate > 0.0 { connections as f64 / rate } else { 0.0 };
        let mut due = begun + Duration::from_secs_f64(gap * number as f64 / connections as f64);
        let mut connection = Connection::new(address);
        let (mut milliseconds, mut errors) = (Vec::new(), 0_usize);
        while Instant::now() < end && due < end {
            if rate > 0.0 {
                thread::sleep(due.saturating_duration_since(Instant::now()));
            } else {
                due = Instant::now();
            }
            if connection.post(path, body) != 200 {
                errors += 1;
            }
            milliseconds.push(due.elapsed().as_secs_f64() * 1e3);
            due += Duration::from_secs_f64(gap);
        }
        (milliseconds, errors)
    };
    let (mut milliseconds, mut errors) = (Vec::new(), 0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|number| scope.spawn(move || client(number))).collect();
        for client in clients {
            let (theirs, faults) = client.join().unwrap();
            milliseconds.extend(theirs);
            errors += faults;
        }
    });
    let elapsed = begun.elapsed().as_secs_f64();
    milliseconds.sort_by(f64::total_cmp);
    let quantile = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        serde_json::json!({
            "requests": milliseconds.len(),
            "errors": errors,
            "per_second": milliseconds.len() as f64 / elapsed,
            "p50_ms": quantile(0.5),
            "p99_ms": quantile(0.99),
            "max_ms": quantile(1.0),
        })
    );
}

/// A connection that is kept, and made anew where the server has closed it.
struct Connection<'a> {
    address: &'a str,
    stream: BufReader<TcpStream>,
}

impl<'a> Connection<'a> {
    fn new(address: &'a str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { address, stream: BufReader::new(stream) }
    }

    /// Posts JSON and reads the answer; returns its status.
    fn post(&mut self, path: &str, body: &str) -> u16 {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length, mut close) = (0, 0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if line == "connection: close" {
                close = true;
            } else if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        if close {
            *self = Self::new(self.address);
        }
        status
    }
}
