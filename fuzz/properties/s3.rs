//! Answers of stores that speak S3's protocol: listings, errors, objects.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use manyfit::store::{S3Options, S3Store, Store};

use super::checked;

/// Answers in their order, and 404 when they are used up.
#[derive(Clone, Debug, Default)]
struct Answers(Arc<Mutex<VecDeque<Vec<u8>>>>);

impl HttpClient for Answers {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Answers {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        HttpConnectorFuture::ready(Ok(response(&next.unwrap_or_default())))
    }
}

/// A byte for the status, then the body; lines of headers come before it, with an empty line between them, if the byte is odd.
fn response(answer: &[u8]) -> HttpResponse {
    const STATUS: [u16; 8] = [404, 200, 403, 206, 301, 200, 400, 200];
    let (&choice, rest) = answer.split_first().unwrap_or((&0, &[]));
    let status = StatusCode::try_from(STATUS[usize::from(choice) % 8]).expect("it is a status");
    let end = rest.windows(2).position(|two| two == b"\n\n").filter(|_| choice & 8 != 0);
    let body = end.map_or(rest, |end| &rest[end + 2..]);
    let mut response = HttpResponse::new(status, body.to_vec().into());
    let headers = std::str::from_utf8(&rest[..end.unwrap_or(0)]).unwrap_or_default();
    for (name, value) in headers.lines().filter_map(|line| line.split_once(':')) {
        let _ = response.headers_mut().try_insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    response
}

/// Answers with a zero byte between them, to the calls of a run: what comes of them is an object or an error.
pub(super) fn answers(input: &[u8]) {
    let parts: Vec<Vec<u8>> = input.split(|byte| *byte == 0).take(8).map(<[u8]>::to_vec).collect();
    let answers = Answers::default();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("key", "secret", None, None, "fuzzing"))
        .region(Region::from_static("us-east-1"))
        .endpoint_url("http://localhost:1")
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .http_client(answers.clone())
        .build();
    let options = S3Options { retry_for: Duration::ZERO, concurrency: 2, ..S3Options::default() };
    let store = S3Store::with_client(Client::from_conf(config), "fleet", "in/", &options).expect("threads are started");
    let fill = || *answers.0.lock().unwrap_or_else(PoisonError::into_inner) = parts.iter().cloned().collect();
    fill();
    if let Some(entries) = checked(store.list()) {
        assert!(entries.is_sorted());
    }
    fill();
    let mut bytes = Vec::new();
    if checked(store.read("8.csv", &mut bytes)) == Some(false) {
        assert!(bytes.is_empty());
    }
    fill();
    checked(store.look("8.csv"));
    fill();
    if let Some(Some(mut stream)) = checked(store.open("8.csv")) {
        let mut streamed = Vec::new();
        let _ = checked(std::io::Read::read_to_end(&mut stream, &mut streamed));
    }
}
