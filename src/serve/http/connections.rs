//! Connections: a bounded number is open, stalled clients are dropped, and a stopped server finishes its requests.

use super::{app::App, quiet::Quiet, routes};
use crate::serve::observe::Counted;
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_io_timeout::TimeoutStream;

/// From the end of a request to the end of the next one's head. Longer than clients and load balancers keep connections.
const IDLE: Duration = Duration::from_secs(75);

/// How long a client may read nothing of its response before its connection is closed.
const STALLED: Duration = Duration::from_secs(30);

/// How long requests in flight have to finish after a stop, of the 30 seconds that SageMaker gives.
const GRACE: Duration = Duration::from_secs(25);

/// How long the server must be idle after a stop before it gives up connections that have sent no whole request.
const LINGER: Duration = Duration::from_secs(5);

/// The largest request head, and how much of a body is read ahead.
const BUFFER: usize = 64 << 10;

/// The pause after a connection could not be accepted, such as when the process is out of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a connection that is closed for another takes to go.
const FREED: Duration = Duration::from_millis(1);

/// Serves until `stop` returns, then finishes the requests in flight; a second stop cuts them off.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut stop: impl AsyncFnMut()) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    app.log_event("listening", json!({"address": address, "memory": app.settings.memory, "jobs": app.settings.jobs}));
    let graceful = GracefulShutdown::new();
    tokio::select! {
        biased;
        () = stop() => {}
        () = accept(&listener, &app, &graceful) => {}
    }
    drop(listener);
    app.log_event("stopping", json!({"connections": app.metrics.connections.get()}));
    let begun = Instant::now();
    let cut_off = tokio::select! {
        () = graceful.shutdown() => false,
        () = idle(&app) => false,
        () = sleep(GRACE) => true,
        () = stop() => true,
    };
    if cut_off {
        let requests = app.metrics.in_flight.get();
        app.log_event("requests cut off", json!({"requests": requests, "seconds": begun.elapsed().as_secs_f64()}));
    }
    app.close();
}

/// Accepts connections, up to the limit at once: beyond it a new one takes the place of the one that has been quiet for longest, so
/// that idle clients and slow heads cannot keep out others.
async fn accept(listener: &TcpListener, app: &Arc<App>, graceful: &GracefulShutdown) {
    let slots = Arc::new(Semaphore::new(app.settings.connections));
    let service = TowerToHyperService::new(routes::router(Arc::clone(app)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(BUFFER);
    let quiet = Quiet::default();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                app.log_event("connection refused", json!({"error": error.to_string()}));
                sleep(PAUSE).await;
                continue;
            }
        };
        let slot = loop {
            if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                break slot;
            }
            // Frees a place at once, or as soon as one of the busy connections has become quiet.
            quiet.close_longest();
            sleep(FREED).await;
        };
        let member = quiet.enter();
        let activity = member.activity();
        let service = service.clone();
        let service = service_fn(move |request| {
            let busy = activity.begin();
            let response = service.call(request);
            async move {
                let response = response.await;
                drop(busy);
                response
            }
        });
        let connection = builder.serve_connection(TokioIo::new(Box::pin(with_timeout(stream))), service);
        let connection = graceful.watch(connection);
        let counted = Counted::new(&app.metrics.connections);
        tokio::spawn(async move {
            tokio::select! {
                // The client sees an error of its connection too, and can act on it.
                _ = connection => {}
                () = member.closed() => {}
            }
            drop((slot, counted, member));
        });
    }
}

/// Waits until no request has been in flight for a while: the remaining connections have not sent a whole request.
async fn idle(app: &App) {
    let mut since = Instant::now();
    while since.elapsed() < LINGER {
        sleep(PAUSE).await;
        if app.metrics.in_flight.get() > 0 {
            since = Instant::now();
        }
    }
}

fn with_timeout(stream: TcpStream) -> TimeoutStream<TcpStream> {
    // Responses are small and written in one piece.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    stream
}
