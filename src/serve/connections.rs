//! Connections: accepted while there is room, given up when a client stands still, finished when the server is stopped.

use super::{app::App, routes};
use hyper::server::conn::http1;
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

/// From the end of a request to the end of the next one's head. Longer than clients and balancers keep connections.
const IDLE: Duration = Duration::from_secs(75);

/// A client that takes nothing of its answer for so long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// What requests that are under way have to finish, of the 30 seconds that the platform gives.
const GRACE: Duration = Duration::from_secs(25);

/// After the last answer, so long to take it and to end half a request's head.
const LINGER: Duration = Duration::from_secs(5);

/// The largest head of a request, and what is read of a body before it is asked for.
const BUFFER: usize = 64 << 10;

/// After a connection could not be accepted, as where the process has no file left.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `stop` is given, then finishes the requests that are under way, unless it is given again.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut stop: impl AsyncFnMut()) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    app.log("listening", json!({"address": address, "memory": app.settings.memory, "jobs": app.settings.jobs}));
    let graceful = GracefulShutdown::new();
    tokio::select! {
        biased;
        () = stop() => {}
        () = accept(&listener, &app, &graceful) => {}
    }
    drop(listener);
    app.log("stopping", json!({"connections": app.metrics.connections()}));
    let begun = Instant::now();
    let cut_off = tokio::select! {
        () = graceful.shutdown() => false,
        () = quiet(&app) => false,
        () = sleep(GRACE) => true,
        () = stop() => true,
    };
    if cut_off {
        let requests = app.metrics.requests_under_way();
        app.log("requests cut off", json!({"requests": requests, "seconds": begun.elapsed().as_secs_f64()}));
    }
    app.close();
}

/// Accepts connections while there is room.
async fn accept(listener: &TcpListener, app: &Arc<App>, graceful: &GracefulShutdown) {
    let room = Arc::new(Semaphore::new(app.settings.connections));
    let service = TowerToHyperService::new(routes::router(Arc::clone(app)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(BUFFER);
    loop {
        let place = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                app.log("connection refused", json!({"error": error.to_string()}));
                sleep(BREATH).await;
                continue;
            }
        };
        let connection = builder.serve_connection(TokioIo::new(Box::pin(patient(stream))), service.clone());
        let connection = graceful.watch(connection);
        let counted = app.metrics.connection();
        tokio::spawn(async move {
            // What goes wrong with a connection is between it and its client, who sees it too.
            drop(connection.await);
            drop((place, counted));
        });
    }
}

/// Waits until no request was under way for a while: what is left are connections that have asked nothing yet.
async fn quiet(app: &App) {
    let mut since = Instant::now();
    while since.elapsed() < LINGER {
        sleep(BREATH).await;
        if app.metrics.requests_under_way() > 0 {
            since = Instant::now();
        }
    }
}

fn patient(stream: TcpStream) -> TimeoutStream<TcpStream> {
    // Answers are small, and are written whole.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    stream
}
