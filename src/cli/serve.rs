//! `manyfit serve`: behind a SageMaker endpoint, or anywhere else from a folder or a bucket of artifacts.

use super::{places::require_directory, s3::S3Arguments, values::size};
use crate::{
    error::{Error, Result},
    run::{async_runtime, available_memory, default_jobs},
    sagemaker::ServingEnvironment,
    serve::{App, CaptureSettings, Format, LogLevel, Models, Rules, Settings, serve},
    store::{Durability, Location},
};
use clap::Args;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// The share of the memory that loaded models may take; the rest is for requests and for reading models.
const MODELS_SHARE: f64 = 0.7;

/// The share that request bodies may take, and how many of the largest must fit.
const BODIES_SHARE: f64 = 0.1;
const LARGEST_BODIES: u64 = 2;

/// The largest request that SageMaker sends, and the default of AWS's containers.
const MAX_REQUEST: u64 = 6 << 20;

/// Serve models over HTTP, behind a SageMaker endpoint or anywhere else
///
/// Behind a SageMaker endpoint no option is needed: SageMaker's environment variables configure the
/// server. Elsewhere say where the models are; each is loaded on first use, by its file name:
///
///   manyfit serve --models out/models
///   curl -d '{"horizon": 7}' localhost:8080/models/8.tar.gz/invoke
///
/// docs/serve.md describes requests, responses and environment variables.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    /// Folder of artifacts, or s3://bucket/prefix; loaded by name on first use, evicted under memory pressure
    #[arg(long, value_name = "PLACE", env = "MANYFIT_MODELS", conflicts_with = "model")]
    models: Option<Location>,

    /// A single artifact, packed or unpacked, for /invocations
    #[arg(long, value_name = "PATH", env = "MANYFIT_MODEL")]
    model: Option<PathBuf>,

    /// Address and port to listen on [default: 127.0.0.1:8080; on SageMaker 0.0.0.0 and its port]
    #[arg(long, value_name = "ADDRESS:PORT", env = "MANYFIT_LISTEN")]
    listen: Option<SocketAddr>,

    /// Memory for loaded models, such as 512M or 2G [default: 70 % of the available memory]
    #[arg(long, value_name = "BYTES", env = "MANYFIT_MEMORY", value_parser = size)]
    memory: Option<u64>,

    /// Largest request body, such as 6M [default: 6M, or SageMaker's setting]
    #[arg(long, value_name = "BYTES", env = "MANYFIT_MAX_REQUEST_SIZE", value_parser = size)]
    max_request_size: Option<u64>,

    /// Requests computed at once [default: the number of available processors]
    #[arg(long, value_name = "N", env = "MANYFIT_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Seconds from a request's first byte to its response [default: 60, or SageMaker's setting]
    #[arg(long, value_name = "SECONDS", env = "MANYFIT_TIMEOUT", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: Option<u64>,

    /// Connections at once; a further one takes the place of the one that has been idle for longest
    #[arg(long, value_name = "N", env = "MANYFIT_CONNECTIONS", default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,

    /// Capture requests and responses as JSON lines in this folder
    #[arg(long, value_name = "DIR", env = "MANYFIT_CAPTURE")]
    capture: Option<PathBuf>,

    /// Share of requests to capture
    #[arg(long, value_name = "PERCENT", env = "MANYFIT_CAPTURE_PERCENT", default_value_t = 100.0, value_parser = percent)]
    capture_percent: f64,

    /// Size at which a capture file is rotated
    #[arg(long, value_name = "BYTES", env = "MANYFIT_CAPTURE_FILE_SIZE", default_value = "16M", value_parser = size)]
    capture_file_size: u64,

    /// Number of capture files to keep; the oldest are deleted
    #[arg(long, value_name = "N", env = "MANYFIT_CAPTURE_FILES", default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..))]
    capture_files: u16,

    /// What to log
    #[arg(long, value_name = "LEVEL", env = "MANYFIT_LOG", default_value = "events")]
    log: LogLevel,

    #[command(flatten)]
    s3: S3Arguments,
}

impl Serve {
    pub(super) fn run(self) -> Result<()> {
        let platform = ServingEnvironment::detect()?;
        let settings = self.settings(&platform)?;
        let address = self.address(&platform);
        // Each running computation or load has a thread.
        let (workers, blocking) = (default_jobs(), settings.jobs.max(2) + settings.loads() + 2);
        let runtime = async_runtime("serve", workers, blocking, workers + blocking).map_err(Error::no_threads)?;
        runtime.block_on(async {
            let listening = |error| Error::storage(format_args!("listening on {address}"), error);
            let catch = |kind| signal(kind).map_err(|error| Error::storage("listening for signals", error));
            let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
            let app = App::new(settings)?;
            let listener = TcpListener::bind(address).await.map_err(listening)?;
            let stop = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            serve(listener, app, stop).await;
            Ok::<(), Error>(())
        })?;
        // A computation whose client is gone need not finish.
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(())
    }

    fn address(&self, platform: &ServingEnvironment) -> SocketAddr {
        let (host, port) = match platform {
            ServingEnvironment { detected: true, port, .. } => (Ipv4Addr::UNSPECIFIED, port.unwrap_or(8080)),
            _ => (Ipv4Addr::LOCALHOST, 8080),
        };
        self.listen.unwrap_or_else(|| SocketAddr::new(IpAddr::V4(host), port))
    }

    fn settings(&self, platform: &ServingEnvironment) -> Result<Settings> {
        let seconds = self.timeout.map(Duration::from_secs).or(platform.timeout);
        let timeout = seconds.unwrap_or(Duration::from_mins(1));
        self.models.iter().try_for_each(|place| require_directory("--models", place))?;
        let models = match (&self.models, &self.model) {
            (Some(Location::Directory(directory)), _) => Models::Folder(directory.clone()),
            (Some(place), _) => {
                let options = self.s3.options_within(timeout);
                Models::Bucket(place.open(Durability::ProcessDeath, &options)?.into())
            }
            (None, Some(path)) => Models::Single(path.clone()),
            (None, None) if platform.multi_model => Models::Loaded { targets: platform.model.clone() },
            (None, None) if platform.detected => Models::Single(platform.model.clone()),
            (None, None) => {
                return Err(Error::Settings(
                    "not behind a SageMaker endpoint: give --models PLACE to serve a folder or bucket, or --model PATH to serve one \
                     model"
                        .into(),
                ));
            }
        };
        let single = matches!(models, Models::Single(_));
        let default_accept = platform.default_accept.as_deref().map_or(Ok(Format::Json), |media| {
            Format::of_media_type(&media.to_ascii_lowercase()).ok_or_else(|| {
                Error::Settings(format!(
                    "the default response format is {media}: use application/json, application/jsonlines or text/csv"
                ))
            })
        })?;
        let selection = platform.inference_output.as_deref().map(str::parse).transpose();
        let selection = selection
            .map_err(|complaint: String| Error::Settings(format!("the selected inference output: {complaint}")))?;
        let jobs = self.jobs.map(usize::from).or(platform.jobs).unwrap_or_else(default_jobs);
        let share = |share: f64| (available_memory() as f64 * share) as u64;
        let max_request = self.max_request_size.or(platform.max_request).unwrap_or(MAX_REQUEST);
        Ok(Settings {
            check_every: models.check_every(),
            models,
            memory: self.memory.unwrap_or_else(|| share(MODELS_SHARE)),
            max_request,
            bodies: share(BODIES_SHARE).max(max_request.saturating_mul(LARGEST_BODIES)),
            jobs,
            queue: platform.queue.unwrap_or(100 * jobs),
            timeout,
            connections: self.connections as usize,
            rules: Rules { default_accept, batch: platform.batch, single, selection },
            capture: self.capture.as_ref().map(|directory| CaptureSettings {
                directory: directory.clone(),
                percent: self.capture_percent,
                file_bytes: self.capture_file_size,
                files: usize::from(self.capture_files),
            }),
            log_level: self.log,
        })
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "write a percentage such as 10")?;
    if percent > 0.0 && percent <= 100.0 { Ok(percent) } else { Err("a percentage is above 0 and at most 100".into()) }
}
