//! A bucket as a store, by S3's protocol.
//!
//! | module | one idea |
//! |---|---|
//! | `client` | credentials, region, endpoint; the runtime that requests run on |
//! | `refusal` | what a failed request means, and what to do about it |
//! | `retry` | the same request again, later and later, while that may help |
//! | `ahead` | objects fetched before they are asked for |
//! | `stream` | an object larger than memory, part by part |
//! | `upload` | objects in one request or in parts |
//! | `list` | names, sizes and ETags, a page of a thousand at a time |
//!
//! An upload is atomic by nature: an object is there when its last byte has been acknowledged. A download counts when it
//! is as long as the store says and agrees with the checksum that the store keeps, if it keeps one.

mod ahead;
mod client;
mod list;
mod refusal;
mod retry;
mod stream;
mod upload;

use std::{
    collections::HashMap,
    future::Future,
    io::{self, Read},
    path::Path,
    sync::{Arc, mpsc},
};

use aws_sdk_s3::Client;
use tokio::runtime::Handle;

use self::{ahead::Ahead, refusal::Refusal, upload::Content};
use super::{Done, Entry, S3Options, Stamp, Store, key};
use crate::{
    error::{Error, Result},
    run::Gate,
};

/// The objects of a bucket whose keys begin with a prefix.
///
/// - Requests are repeated while the store is busy or the network is broken, as long as [`S3Options::patience`] allows.
/// - What one object alone suffers (access denied, bytes that never arrive whole) is [`Error::Data`], so that a run goes
///   on without it; what all would suffer (credentials, the bucket, the network) is [`Error::Storage`].
/// - Calls block; they may come from threads of an asynchronous runtime, which they then keep waiting.
#[derive(Debug)]
pub struct S3Store {
    place: Arc<Place>,
    ahead: Ahead,
    /// Uploads on their way behind their senders.
    behind: Arc<Gate>,
}

/// Memory that is reserved on the word of an answer's head alone.
const MOST_RESERVED: usize = 64 << 20;

/// What every request needs.
#[derive(Debug)]
struct Place {
    client: Client,
    runtime: Handle,
    bucket: String,
    prefix: String,
    options: S3Options,
}

impl S3Store {
    /// The objects of `bucket` whose keys begin with `prefix`, which is empty or ends with `/`.
    ///
    /// # Errors
    /// [`Error::Storage`] where there are no credentials; nothing is asked of the bucket yet.
    pub fn open(bucket: &str, prefix: &str, options: &S3Options) -> Result<Self> {
        let client = wait_for(&client::runtime()?, client::connect(options.clone()))??;
        Self::with_client(client, bucket, prefix, options)
    }

    /// [`S3Store::open`] with a client of the caller's, for credentials from elsewhere than the environment. It should not
    /// repeat requests itself.
    ///
    /// # Errors
    /// Where no threads can be started.
    pub fn with_client(client: Client, bucket: &str, prefix: &str, options: &S3Options) -> Result<Self> {
        let place = Arc::new(Place {
            client,
            runtime: client::runtime()?,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            options: options.clone(),
        });
        let gate = || Gate::new(options.concurrency, options.memory);
        Ok(Self { ahead: Ahead::new(Arc::clone(&place), gate()), behind: gate(), place })
    }
}

impl Store for S3Store {
    fn list(&self) -> Result<Vec<Entry>> {
        let place = Arc::clone(&self.place);
        let found = self.place.wait_for(async move { list::all(&place).await })??;
        let mut entries: Vec<Entry> = found.into_iter().map(|(key, stamp)| Entry { key, size: stamp.size }).collect();
        entries.sort_unstable();
        Ok(entries)
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        key::check(key)?;
        let found = if let Some(found) = self.ahead.take(key) {
            found
        } else {
            let (place, key) = (Arc::clone(&self.place), key.to_owned());
            self.place.wait_for(async move { place.get(&key).await })?
        };
        match found.map_err(|refusal| refusal.into_error("cannot read", &self.describe(key)))? {
            Some(bytes) => {
                *buffer = bytes;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        key::check(key)?;
        let (place, name) = (Arc::clone(&self.place), key.to_owned());
        let found = self.place.wait_for(async move { stream::Stream::open(place, &name).await })?;
        let stream = found.map_err(|refusal| refusal.into_error("cannot read", &self.describe(key)))?;
        Ok(stream.map(|stream| Box::new(stream) as Box<dyn Read + Send>))
    }

    fn look(&self, key: &str) -> Result<Option<Stamp>> {
        key::check(key)?;
        let (place, asked) = (Arc::clone(&self.place), key.to_owned());
        let found = self.place.wait_for(async move { place.head(&asked).await })?;
        found.map_err(|refusal| refusal.into_error("cannot look at", &self.describe(key)))
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.publish_behind(key, bytes.to_vec(), Box::new(move |result| drop(sender.send(result))));
        receiver.recv().unwrap_or_else(|_| Err(lost())).map(drop)
    }

    fn describe(&self, key: &str) -> String {
        self.place.describe(key)
    }

    fn read_ahead(&self, upcoming: Vec<Entry>) {
        self.ahead.announce(upcoming);
    }

    fn publish_behind(&self, key: &str, bytes: Vec<u8>, done: Done) {
        if let Err(error) = key::check(key) {
            return done(Err(error));
        }
        self.ahead.forget(key);
        let admitted = self.behind.admit(bytes.len() as u64);
        let (place, key) = (Arc::clone(&self.place), key.to_owned());
        self.place.runtime.spawn(async move {
            let sending = tokio::spawn({
                let (place, key) = (Arc::clone(&place), key.clone());
                async move { upload::put(&place, &key, Content::Bytes(bytes.into())).await }
            });
            let result = sending.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
            drop(admitted);
            let result = result.map(Some).map_err(|refusal| refusal.into_error("cannot write", &place.describe(&key)));
            // Whoever listens may take its time.
            tokio::task::spawn_blocking(move || done(result));
        });
    }

    fn publish_file(&self, key: &str, path: &Path) -> Result<()> {
        key::check(key)?;
        self.ahead.forget(key);
        let content = Content::of_file(path)?;
        let (place, key) = (Arc::clone(&self.place), key.to_owned());
        self.place.wait_for(async move {
            let result = upload::put(&place, &key, content).await;
            result.map(drop).map_err(|refusal| refusal.into_error("cannot write", &place.describe(&key)))
        })?
    }

    fn survey(&self) -> Result<Option<HashMap<String, Stamp>>> {
        let place = Arc::clone(&self.place);
        let found = self.place.wait_for(async move { list::all(&place).await })??;
        Ok(Some(found.into_iter().collect()))
    }
}

impl Place {
    /// The key in the bucket.
    fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn describe(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.prefix)
    }

    fn wait_for<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        wait_for(&self.runtime, work)
    }

    /// An object's stamp; `None` where there is no such object.
    async fn head(&self, key: &str) -> Result<Option<Stamp>, Refusal> {
        let full_key = self.full_key(key);
        let head = retry::patiently(self.options.patience, || async {
            Ok::<_, Refusal>(self.client.head_object().bucket(&self.bucket).key(&full_key).send().await?)
        });
        match head.await {
            Ok(head) => {
                let size = head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Ok(Some(Stamp { size, tag: head.e_tag().unwrap_or_default().trim_matches('"').to_owned() }))
            }
            Err(refusal) if refusal.is_missing() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// An object's bytes; `None` where there is no such object.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let full_key = self.full_key(key);
        let got = retry::patiently(self.options.patience, || async {
            let response = self.client.get_object().bucket(&self.bucket).key(&full_key).send().await?;
            let length = response.content_length().and_then(|length| usize::try_from(length).ok());
            let mut bytes = Vec::with_capacity(length.unwrap_or(0).min(MOST_RESERVED));
            let mut body = response.body;
            while let Some(part) = body.try_next().await? {
                bytes.extend_from_slice(&part);
            }
            match length {
                Some(length) if length != bytes.len() => Err(Refusal::torn(bytes.len(), length)),
                _ => Ok(bytes),
            }
        });
        match got.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(refusal) if refusal.is_missing() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

/// Runs a future on the runtime and waits, whatever thread this is.
fn wait_for<T: Send + 'static>(runtime: &Handle, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move { drop(sender.send(work.await)) });
    receiver.recv().map_err(|_| lost())
}

fn lost() -> Error {
    Error::Bug("a request ended without an answer".into())
}
