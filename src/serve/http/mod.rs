//! The HTTP server: connections, routes, handlers.

mod app;
mod body;
mod connections;
mod invocations;
mod management;
mod middleware;
mod quiet;
mod request;
mod routes;

pub use app::App;
pub use connections::serve;
