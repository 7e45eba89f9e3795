//! Asks a running server for the forecast of one customer.
//!
//!     manyfit serve --models out/models &
//!     cargo run --example call_server -- 127.0.0.1:8080 1000_dominicks 7
//!
//! Any HTTP client will do; this one needs no dependency but JSON.

#![expect(clippy::print_stdout, reason = "it shows the answer")]

use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, customer, horizon] = &arguments[..] else {
        return Err("usage: call_server ADDRESS CUSTOMER HORIZON".into());
    };
    let body = json!({"horizon": horizon.parse::<u32>()?, "quantiles": [0.1, 0.5, 0.9]});

    let answer = post(address, &format!("/models/{customer}.tar.gz/invoke"), &body)?;
    for row in answer["predictions"].as_array().ok_or("no predictions")? {
        println!("{}: {}", row["ds"], row["yhat"]);
    }
    Ok(())
}

/// Posts JSON and reads JSON.
fn post(address: &str, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the connection was closed early")?;
    if head.split(' ').nth(1) == Some("200") { Ok(serde_json::from_str(body)?) } else { Err(body.into()) }
}
