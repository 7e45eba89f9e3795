//! The store.

use super::{
    bucket::{Bucket, wait_for},
    client,
    lease::ObjectLease,
    list,
    prefetch::Prefetch,
    request_error::RequestError,
    stream::Stream,
    upload::{self, Content},
};
use crate::{
    error::Result,
    run::Gate,
    store::{
        interface::{Done, Entry, Lease, Stamp, Store},
        key,
        s3_options::S3Options,
    },
};
use aws_sdk_s3::Client;
use std::{
    collections::HashMap,
    io::{self, Read},
    path::Path,
    sync::{Arc, Once},
};

/// The objects of a bucket whose keys begin with a prefix.
///
/// - Requests are repeated while the store is busy or the network fails, for at most [`S3Options::retry_for`].
/// - What concerns one object (access denied, a truncated body) is [`Error::Data`], so that a run continues without it;
///   what concerns all objects (credentials, the bucket, the network) is [`Error::Storage`].
/// - Calls block. They may come from threads of an asynchronous runtime, which they then block.
///
/// [`Error::Data`]: crate::error::Error::Data
/// [`Error::Storage`]: crate::error::Error::Storage
#[derive(Debug)]
pub struct S3Store {
    bucket: Arc<Bucket>,
    prefetch: Prefetch,
    /// Uploads in the background.
    uploads: Arc<Gate>,
}

impl S3Store {
    /// The objects of the bucket `name`, or of the access point with this ARN, whose keys begin with `prefix`, which is empty or
    /// ends with `/`.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::error::Error::Storage) if there are no credentials; no request is made yet.
    pub fn open(name: &str, prefix: &str, options: &S3Options) -> Result<Self> {
        let connect = client::connect(options.clone(), name.starts_with("arn:"));
        let client = wait_for(&client::runtime()?, connect)??;
        Self::with_client(client, name, prefix, options)
    }

    /// [`S3Store::open`] with a client of the caller, for credentials from elsewhere than the environment. It should not
    /// retry requests itself.
    ///
    /// # Errors
    /// If no threads can be started.
    pub fn with_client(client: Client, name: &str, prefix: &str, options: &S3Options) -> Result<Self> {
        let bucket = Arc::new(Bucket {
            client,
            runtime: client::runtime()?,
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            options: options.clone(),
            notice: Once::new(),
        });
        let gate = || Gate::new(options.concurrency, options.memory);
        Ok(Self { prefetch: Prefetch::new(Arc::clone(&bucket), gate()), uploads: gate(), bucket })
    }

    /// Makes a request and blocks until it is answered; `doing` is for its error.
    fn request<T: Send + 'static, F: Future<Output = Result<T, RequestError>> + Send + 'static>(
        &self,
        doing: &str,
        key: &str,
        request: impl FnOnce(Arc<Bucket>, String) -> F,
    ) -> Result<T> {
        key::check_in_bucket(key)?;
        let answer = wait_for(&self.bucket.runtime, request(Arc::clone(&self.bucket), key.to_owned()))?;
        answer.map_err(|error| error.into_error(doing, &self.describe(key)))
    }

    fn list_stamps(&self) -> Result<Vec<(String, Stamp)>> {
        let bucket = Arc::clone(&self.bucket);
        wait_for(&self.bucket.runtime, async move { list::all(&bucket, "").await })?
    }
}

impl Store for S3Store {
    fn list(&self) -> Result<Vec<Entry>> {
        let found = self.list_stamps()?;
        let mut entries: Vec<Entry> = found.into_iter().map(|(key, stamp)| Entry { key, size: stamp.size }).collect();
        entries.sort_unstable();
        Ok(entries)
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        key::check_in_bucket(key)?;
        let found = match self.prefetch.take(key) {
            Some(found) => found.map_err(|error| error.into_error("cannot read", &self.describe(key)))?,
            None => self.request("cannot read", key, |bucket, key| async move { bucket.get(&key).await })?,
        };
        Ok(found.map(|bytes| *buffer = bytes).is_some())
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        let stream = self.request("cannot read", key, |bucket, key| async move { Stream::open(bucket, &key).await })?;
        Ok(stream.map(|stream| Box::new(stream) as Box<dyn Read + Send>))
    }

    fn lease(&self, suffix: &str) -> Result<Option<Box<dyn Lease>>> {
        Ok(Some(Box::new(ObjectLease::take(&self.bucket, suffix)?)))
    }

    fn look(&self, key: &str) -> Result<Option<Stamp>> {
        self.request("cannot read", key, |bucket, key| async move { bucket.head(&key).await })
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        key::check(key)?;
        self.prefetch.forget(key);
        let _admitted = self.uploads.admit(bytes.len() as u64);
        let content = Content::Bytes(bytes.to_vec().into());
        let put = |bucket, key: String| async move { upload::put(&bucket, &key, content).await };
        self.request("cannot write", key, put).map(drop)
    }

    fn remove(&self, key: &str) -> Result<()> {
        self.prefetch.forget(key);
        self.request("cannot remove", key, |bucket, key| async move { bucket.delete(&key).await })
    }

    fn describe(&self, key: &str) -> String {
        self.bucket.describe(key)
    }

    fn read_ahead(&self, upcoming: Vec<Entry>) {
        self.prefetch.announce(upcoming);
    }

    fn publish_behind(&self, key: &str, bytes: Vec<u8>, done: Done) {
        if let Err(error) = key::check(key) {
            return done(Err(error));
        }
        self.prefetch.forget(key);
        let admitted = self.uploads.admit(bytes.len() as u64);
        let (bucket, key) = (Arc::clone(&self.bucket), key.to_owned());
        self.bucket.runtime.spawn(async move {
            let sending = tokio::spawn({
                let (bucket, key) = (Arc::clone(&bucket), key.clone());
                async move { upload::put(&bucket, &key, Content::Bytes(bytes.into())).await }
            });
            let result = sending.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
            drop(admitted);
            let result = result.map(Some).map_err(|error| error.into_error("cannot write", &bucket.describe(&key)));
            // The callback may block.
            tokio::task::spawn_blocking(move || done(result));
        });
    }

    fn publish_file(&self, key: &str, path: &Path) -> Result<()> {
        key::check(key)?;
        self.prefetch.forget(key);
        let content = Content::of_file(path)?;
        let put = |bucket, key: String| async move { upload::put(&bucket, &key, content).await };
        self.request("cannot write", key, put).map(drop)
    }

    fn survey(&self) -> Result<Option<HashMap<String, Stamp>>> {
        Ok(Some(self.list_stamps()?.into_iter().collect()))
    }
}
