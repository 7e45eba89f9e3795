//! A store that speaks S3's protocol, within the process, on loopback: what it checks (signatures, checksums) and how it
//! answers is the library s3s's; what goes wrong is decided by the test. No tests here.

mod bucket;
mod faulty_body;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

use bucket::Memory;
pub(crate) use bucket::Stored;
use faulty_body::FaultyBody;

/// The one bucket.
pub(crate) const BUCKET: &str = "fleet";
/// The one user.
pub(crate) const ACCESS_KEY: &str = "an-access-key";
/// Its password.
pub(crate) const SECRET_KEY: &str = "a-secret-key";

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 503 SlowDown.
    SlowDown,
    /// The connection is reset before an answer.
    Reset,
    /// The connection is reset when the work is done, before the answer.
    LostAnswer,
    /// The answer's body comes in small pieces with pauses.
    SlowBody,
    /// The connection breaks off in the middle of the body.
    Truncated,
    /// A byte of the body is another.
    Corrupted,
    /// 403 AccessDenied.
    Denied,
    /// 404 NoSuchUpload.
    GoneUpload,
    /// 400 ExpiredToken.
    Expired,
    /// 501 NotImplemented.
    Unsupported,
    /// 403 QuotaExceeded.
    Full,
}

/// A request as the test sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET`, `PUT`, `POST`, `DELETE`, or `LIST`.
    pub(crate) operation: String,
    /// The object's key as it stands in the request's path; empty for a list.
    pub(crate) key: String,
    /// How many such requests for this key came before.
    pub(crate) earlier: usize,
    /// How many requests came before.
    pub(crate) number: usize,
}

type Plan = Box<dyn Fn(&Seen) -> Option<Fault> + Send + Sync>;

/// The server, until dropped.
pub(crate) struct Server {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
    // Dropped last: it ends the connections.
    _runtime: Runtime,
}

struct Shared {
    memory: Memory,
    service: S3Service,
    plan: Plan,
    latency: Duration,
    requests: AtomicUsize,
    counts: Mutex<HashMap<(String, String), usize>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Server {
    /// A server on which nothing goes wrong.
    pub(crate) fn start() -> Self {
        Self::with_faults(Duration::ZERO, |_| None)
    }

    /// A server that answers after `latency`, and on which goes wrong what `plan` says.
    pub(crate) fn with_faults(
        latency: Duration,
        plan: impl Fn(&Seen) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let memory = Memory::default();
        let mut builder = S3ServiceBuilder::new(memory.clone());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let shared = Arc::new(Shared {
            memory,
            service: builder.build(),
            plan: Box::new(plan),
            latency,
            requests: AtomicUsize::default(),
            counts: Mutex::default(),
            under_way: AtomicUsize::default(),
            most_under_way: AtomicUsize::default(),
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, _runtime: runtime }
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a process needs in its environment to find it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_ENDPOINT_URL_S3", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.into()),
            ("AWS_REGION", "eu-central-1".into()),
            // Nothing of the machine's own.
            ("AWS_CONFIG_FILE", "/nowhere/config".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials".into()),
        ]
    }

    /// Everything in the bucket.
    pub(crate) fn objects(&self) -> BTreeMap<String, Stored> {
        self.shared.memory.objects()
    }

    /// Puts an object there without a request.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.shared.memory.insert(key, bytes.into());
    }

    /// Removes an object without a request.
    pub(crate) fn remove(&self, key: &str) {
        self.shared.memory.remove(key);
    }

    /// Requests of an operation so far, but for those of locks, whose number depends on time.
    pub(crate) fn requests(&self, operation: &str) -> usize {
        let counts = self.shared.counts.lock().unwrap();
        counts
            .iter()
            .filter(|((other, key), _)| other == operation && !key.ends_with("run.lock.json"))
            .map(|(_, count)| count)
            .sum()
    }

    /// The most requests that were under way at once.
    pub(crate) fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }

    /// Uploads that were begun in parts and neither completed nor aborted.
    pub(crate) fn unfinished_uploads(&self) -> usize {
        self.shared.memory.unfinished_uploads()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        // A second handle of the same connection, to say how it ends.
        let stream = stream.into_std().unwrap();
        let handle = Arc::new(TcpStream::from_std(stream.try_clone().unwrap()).unwrap());
        let stream = TcpStream::from_std(stream).unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let (shared, handle) = (Arc::clone(&shared), Arc::clone(&handle));
                async move { shared.answer(request, &handle).await }
            });
            let mut server = http1::Builder::new();
            let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer).await;
            drop(served);
        });
    }
}

impl Shared {
    async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &TcpStream,
    ) -> Result<Response<FaultyBody>, io::Error> {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        let answer = self.answer_in_time(request, connection).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    async fn answer_in_time(
        &self,
        request: Request<Incoming>,
        connection: &TcpStream,
    ) -> Result<Response<FaultyBody>, io::Error> {
        let seen = self.look(&request);
        let fault = (self.plan)(&seen);
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let refusal = match fault {
            Some(Fault::Reset) => {
                connection.set_zero_linger()?;
                return Err(io::Error::other("a reset was planned"));
            }
            Some(Fault::SlowDown) => Some((503, "SlowDown", "Please reduce your request rate.")),
            Some(Fault::Denied) => Some((403, "AccessDenied", "Access Denied")),
            Some(Fault::GoneUpload) => Some((404, "NoSuchUpload", "The specified upload does not exist.")),
            Some(Fault::Unsupported) => Some((501, "NotImplemented", "A header implies what is not implemented.")),
            Some(Fault::Full) => Some((403, "QuotaExceeded", "The quota is used up.")),
            Some(Fault::Expired) => Some((400, "ExpiredToken", "The provided token has expired.")),
            _ => None,
        };
        if let Some((status, code, message)) = refusal {
            // The request is read to its end, as a connection that goes on needs.
            request.into_body().collect().await.map_err(io::Error::other)?;
            let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
            let response = Response::builder().status(status).header("content-type", "application/xml");
            return response.body(FaultyBody::whole(text.into())).map_err(io::Error::other);
        }
        let is_head = request.method() == "HEAD";
        let response = self.service.call(request.map(Into::into)).await.map_err(|error| {
            let error: Result<Infallible, _> = Err(error);
            io::Error::other(format!("{error:?}"))
        })?;
        if fault == Some(Fault::LostAnswer) {
            connection.set_zero_linger()?;
            return Err(io::Error::other("the loss of the answer was planned"));
        }
        let (mut head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        // The answer to HEAD tells the length of a body that it does not have.
        if !is_head {
            head.headers.insert("content-length", bytes.len().into());
        }
        Ok(Response::from_parts(head, FaultyBody::new(bytes, fault)))
    }

    fn look(&self, request: &Request<Incoming>) -> Seen {
        let key = request.uri().path().trim_start_matches('/').strip_prefix(BUCKET).unwrap_or_default();
        let key = key.trim_start_matches('/').to_owned();
        let operation = match request.method().as_str() {
            "GET" if key.is_empty() => "LIST".to_owned(),
            method => method.to_owned(),
        };
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let mut counts = self.counts.lock().unwrap();
        let count = counts.entry((operation.clone(), key.clone())).or_default();
        let earlier = *count;
        *count += 1;
        Seen { operation, key, earlier, number }
    }
}
