//! Connections: accepted while there is room, given up when a client stands still, finished when the server is stopped.

use super::{app::App, routes};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use prometheus_client::metrics::gauge::Gauge;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;

/// From the end of a request to the end of the next one's head. Longer than clients and balancers keep connections.
const IDLE: Duration = Duration::from_secs(75);

/// A client that takes nothing of its answer for so long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// What requests that are under way have to finish, of the 30 seconds that the platform gives.
const GRACE: Duration = Duration::from_secs(25);

/// The largest head of a request, and what is read of a body before it is asked for.
const BUFFER: usize = 64 << 10;

/// After a connection could not be accepted, as where the process has no file left.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `stop` is ready, then finishes the requests that are under way.
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    app.log("listening", json!({"address": address, "memory": app.settings.memory, "jobs": app.settings.jobs}));
    let room = Arc::new(Semaphore::new(app.settings.connections));
    let service = TowerToHyperService::new(routes::router(Arc::clone(&app)));
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(BUFFER);
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            biased;
            () = &mut stop => break,
            place = Arc::clone(&room).acquire_owned() => place.expect("the semaphore is never closed"),
        };
        let stream = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    app.log("connection refused", json!({"error": error.to_string()}));
                    sleep(BREATH).await;
                    continue;
                }
            },
        };
        let connection = builder.serve_connection(TokioIo::new(Box::pin(patient(stream))), service.clone());
        let connection = graceful.watch(connection);
        let open = Open::new(place, &app.metrics.connections);
        tokio::spawn(async move {
            // What goes wrong with a connection is between it and its client, who sees it too.
            drop(connection.await);
            drop(open);
        });
    }
    drop(listener);
    app.log("stopping", json!({"connections": app.metrics.connections.get()}));
    let begun = Instant::now();
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        app.log("requests cut off", json!({"seconds": begun.elapsed().as_secs_f64()}));
    }
    app.close();
}

fn patient(stream: TcpStream) -> TimeoutStream<TcpStream> {
    // Answers are small, and are written whole.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    stream
}

/// A connection's place, counted while it is open.
struct Open {
    _place: OwnedSemaphorePermit,
    count: Gauge,
}

impl Open {
    fn new(place: OwnedSemaphorePermit, count: &Gauge) -> Self {
        count.inc();
        Self { _place: place, count: count.clone() }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count.dec();
    }
}
