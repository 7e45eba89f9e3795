//! A bucket as a store, by S3's protocol.
//!
//! | module | content |
//! |---|---|
//! | `s3_store` | the store |
//! | `bucket` | what every request needs; reading an object |
//! | `client` | credentials, region and endpoint; the runtime that requests run on |
//! | `network` | proxies and trusted certificates |
//! | `request_error` | what a failed request means and what to do about it |
//! | `retry` | repeated requests with exponential backoff |
//! | `prefetch` | objects fetched before they are read |
//! | `stream` | an object larger than memory, part by part |
//! | `upload` | an object in one request or in parts |
//! | `lease` | one writer at a time |
//! | `list` | names, sizes and ETags, a page of a thousand at a time |
//!
//! An upload is atomic: the object exists once its last byte is acknowledged. A download is valid if its length is the one
//! that the store reports and, if the store keeps a checksum, that matches.

mod bucket;
mod client;
mod lease;
mod list;
mod network;
mod prefetch;
mod request_error;
mod retry;
mod s3_store;
mod stream;
mod upload;

pub use s3_store::S3Store;
