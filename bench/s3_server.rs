//! The S3 server of the tests as a program, for bench/buckets: a folder's files in a bucket, each answer late by so many
//! milliseconds. Prints its endpoint, its credentials are those of the tests; ends with its standard input.
//!
//!     s3_server FOLDER LATENCY

use std::{env, fs, io, time::Duration};

#[expect(dead_code, clippy::unwrap_used, reason = "it belongs to the tests, which use all of it")]
#[path = "../tests/suite/s3_server/mod.rs"]
mod s3_server;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let usage = || io::Error::other("use s3_server FOLDER LATENCY");
    let folder = arguments.next().ok_or_else(usage)?;
    let latency = arguments.next().and_then(|text| text.parse().ok()).ok_or_else(usage)?;
    let server = s3_server::Server::with_faults(Duration::from_millis(latency), |_| None);
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        server.put(&format!("in/{name}"), fs::read(&path)?);
    }
    #[expect(clippy::print_stdout, reason = "it is what the caller waits for")]
    {
        println!("{}", server.endpoint());
    }
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}
