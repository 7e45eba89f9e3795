//! A server as a process of its own, or in this process, and a client that sees every byte. No tests here.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A running server; it is ended with this value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Option<Child>,
    log: Arc<Mutex<String>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Insists on a status; hands itself back.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Insists on an error body with this status, type and a part of its message.
    #[track_caller]
    pub(crate) fn fault(self, status: u16, kind: &str, part: &str) {
        let body = self.with(status).json();
        assert_eq!((body["code"].as_u64(), body["type"].as_str()), (Some(u64::from(status)), Some(kind)), "{body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

impl Server {
    /// Starts `manyfit serve` with these arguments and variables on a port of the system's choice.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = crate::support::manyfit();
        command.arg("serve").args(arguments).envs(variables.iter().copied());
        if !variables.iter().any(|(name, _)| *name == "SAGEMAKER_BIND_TO_PORT") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Self::of(command)
    }

    /// Behind an endpoint with many models, none loaded.
    pub(crate) fn multi_model() -> Self {
        Self::multi_model_with(&[])
    }

    pub(crate) fn multi_model_with(variables: &[(&str, &str)]) -> Self {
        let platform = [
            ("SAGEMAKER_MULTI_MODEL", "true"),
            ("SAGEMAKER_BIND_TO_PORT", "0"),
            ("SAGEMAKER_SAFE_PORT_RANGE", "20000-20010"),
            ("SAGEMAKER_BASE_DIR", "/no/such/base"),
        ];
        Self::start(&[], &[&platform[..], variables].concat())
    }

    fn of(mut command: Command) -> Self {
        let mut process = command.stderr(std::process::Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the server ended: {}", log.lock().unwrap());
            log.lock().unwrap().push_str(&line);
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["event"] == "listening" {
                break line["address"].as_str().unwrap().replace("0.0.0.0", "127.0.0.1").parse().unwrap();
            }
        };
        let theirs = Arc::clone(&log);
        thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                theirs.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { address, process: Some(process), log }
    }

    /// A server in this process, for settings that no option sets. It runs until the process ends.
    #[cfg(feature = "s3")]
    pub(crate) fn in_this_process(settings: manyfit::serve::Settings) -> Self {
        use manyfit::serve::{App, serve};
        use tokio::{net::TcpListener, runtime};
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, App::new(settings).unwrap(), async || std::future::pending().await).await;
            });
        });
        Self { address: receiver.recv().unwrap(), process: None, log: Arc::default() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"")
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    /// Loads a model as the platform does.
    pub(crate) fn load(&self, name: &str, url: &std::path::Path) -> Answer {
        self.post("/models", &serde_json::json!({"model_name": name, "url": url}).to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        read_answer(stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// A number that `/metrics` shows.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").with(200).body;
        let line = text.lines().find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("{name} is not in {text}")).rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "the server does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Reads an answer to the end of the connection.
pub(crate) fn read_answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}
