//! The way to a bucket: proxies, certificates of one's own authority, access points. All on loopback.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::{
    s3_server::{BUCKET, Server},
    support::{Ended, daily, folder, manyfit, repository},
};

/// A server with the input of one customer, and a training that finds it by its environment.
fn server() -> Server {
    let server = Server::start();
    server.put("in/8.csv", daily(60, 8));
    server
}

fn command(server: &Server, input: &str) -> Command {
    let mut command = manyfit();
    command.args(["train", "--input", input, "--output", "s3://fleet/out", "--jobs=1", "--s3-patience=0"]);
    command.envs(server.environment());
    command
}

fn run(command: &mut Command) -> Ended {
    command.output().unwrap().into()
}

/// A proxy that passes plain requests on, and refuses tunnels.
struct Proxy {
    address: SocketAddr,
    /// The first line of each connection.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::default());
        let lines = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let lines = Arc::clone(&lines);
                thread::spawn(move || drop(serve(client, &lines)));
            }
        });
        Self { address, seen }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Serves one connection, which keeps to one target.
fn serve(mut client: TcpStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    seen.lock().unwrap().push(line.clone());
    let Some((_, rest)) = line.split_once(" http://") else {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    };
    let mut target = TcpStream::connect(rest.split_once('/').map_or(rest, |(authority, _)| authority))?;
    target.write_all(&head)?;
    let (mut from, mut to) = (target.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    io::copy(&mut client, &mut target)?;
    target.shutdown(Shutdown::Write)?;
    drop(back.join());
    Ok(())
}

#[test]
fn requests_go_through_the_proxy_of_the_environment_and_around_it_where_it_says_so() {
    let (server, proxy) = (server(), Proxy::start());
    let through = |variables: &[(&str, &str)]| {
        let before = proxy.seen().len();
        run(command(&server, "s3://fleet/in").envs(variables.iter().copied())).with_code(0);
        proxy.seen().split_off(before)
    };
    let url = proxy.url();
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let seen = through(&[(name, &url)]);
        let target = format!(" {}/{BUCKET}/", server.endpoint());
        assert!(!seen.is_empty() && seen.iter().all(|line| line.contains(&target)), "{name}: {seen:?}");
    }
    for around in ["127.0.0.1", "example.com,127.0.0.0/8", "*", "example.com, *"] {
        assert!(through(&[("HTTP_PROXY", &url), ("NO_PROXY", around)]).is_empty(), "{around}");
    }
    assert!(!through(&[("HTTP_PROXY", &url), ("NO_PROXY", "example.com")]).is_empty());
    assert!(through(&[("HTTPS_PROXY", &url)]).is_empty(), "the endpoint is not https");
}

#[test]
fn a_silent_endpoint_is_waited_for_no_longer_than_the_patience() {
    // Connections are accepted by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (input, server) = (folder([("8.csv", daily(60, 8))]), server());
    let begun = Instant::now();
    let mut command = manyfit();
    command.arg("train").arg("--input").arg(input.path());
    command.args(["--output", "s3://fleet/out", "--s3-patience=8"]).envs(server.environment());
    command.env("AWS_ENDPOINT_URL_S3", format!("http://{}", silent.local_addr().unwrap()));
    run(&mut command).with_code(4).complains_of(&["s3://fleet/out"]);
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(20), "{waited:?}");
}

#[test]
fn an_access_point_is_asked_at_its_own_host_in_the_region_that_it_names() {
    let (server, proxy) = (server(), Proxy::start());
    for (arn, host) in [
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/fleet", "fleet-123456789012.s3-accesspoint.eu-west-1"),
        ("arn:aws:s3:us-east-2:123456789012:accesspoint:b-2", "b-2-123456789012.s3-accesspoint.us-east-2"),
        (
            "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/fleet",
            "fleet-123456789012.op-1.s3-outposts.eu-west-1",
        ),
    ] {
        let before = proxy.seen().len();
        let mut command = command(&server, &format!("s3://{arn}/in"));
        command.env_remove("AWS_ENDPOINT_URL_S3").env("HTTPS_PROXY", proxy.url());
        run(&mut command).with_code(4).complains_of(&[&format!("s3://{arn}/")]);
        let seen = proxy.seen().split_off(before);
        assert!(seen.contains(&format!("CONNECT {host}.amazonaws.com:443 HTTP/1.1")), "{arn}: {seen:?}");
    }
    let mut wrong = command(&server, "s3://arn:aws:s3::123456789012:accesspoint/fleet.mrap/in");
    run(&mut wrong).with_code(2).complains_of(&["multi-Region"]);
}

/// A port that speaks TLS with a certificate of the tests' authority, before a server that does not.
fn with_tls(server: &Server, runtime: &tokio::runtime::Runtime) -> SocketAddr {
    let file = |name: &str| repository("tests/suite/s3_server/tls").join(name);
    let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let key = PrivateKeyDer::try_from(std::fs::read(file("server.key.der")).unwrap()).unwrap();
    let config = ServerConfig::builder_with_provider(crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (acceptor, plain) = (TlsAcceptor::from(Arc::new(config)), server.endpoint().replace("http://", ""));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let mut secure = acceptor.accept(stream).await?;
                let mut plain = tokio::net::TcpStream::connect(plain).await?;
                tokio::io::copy_bidirectional(&mut secure, &mut plain).await
            });
        }
    });
    address
}

#[test]
fn certificates_of_an_own_authority_are_trusted_by_a_bundle() {
    let server = server();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let endpoint = format!("https://{}", with_tls(&server, &runtime));
    let with = |bundle: &str| {
        let mut command = command(&server, "s3://fleet/in");
        command.env("AWS_ENDPOINT_URL_S3", &endpoint);
        run(command.env("AWS_CA_BUNDLE", bundle))
    };
    let authority = repository("tests/suite/s3_server/tls/authority.pem");
    with(authority.to_str().unwrap()).with_code(0);
    let files = folder([
        ("empty.pem", String::new()),
        ("text.pem", "-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n".to_owned()),
        ("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIBdTCC\n-----END CERTIFICATE-----\n".to_owned()),
    ]);
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    for (bundle, complaint) in [
        (file("absent.pem"), "No such file"),
        (file("empty.pem"), "it has no certificate"),
        (file("text.pem"), "it is not PEM"),
        (file("torn.pem"), "1 of its 1 certificates cannot be read"),
    ] {
        let ended = with(&bundle).with_code(4);
        ended.complains_of(&[&format!("cannot use AWS_CA_BUNDLE={bundle} (set it to a PEM file"), complaint]);
    }
    // Instead of the machine's authorities, which do not know the server's.
    with("").with_code(4).complains_of(&["no secure connection", "AWS_CA_BUNDLE"]);
}
