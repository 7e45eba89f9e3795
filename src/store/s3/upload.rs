//! Uploads: in one request, or in parts for large objects.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption, StorageClass},
};
use bytes::Bytes;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    bucket::{Bucket, stamp},
    request_error::RequestError,
};
use crate::{
    error::Result,
    store::{file_error::reading, interface::Stamp},
};

/// Larger objects are uploaded in parts of at least this size.
const PART: u64 = 16 << 20;

/// The largest number of parts of an upload.
const MAX_PARTS: u64 = 10_000;

/// Parts of one object that are in flight, and in memory, at once.
const PARTS_AT_ONCE: usize = 4;

/// The content to upload.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Bytes),
    File { path: PathBuf, length: u64 },
}

impl Content {
    pub(super) fn of_file(path: &Path) -> Result<Self> {
        let metadata = path.metadata();
        let length = metadata.map_err(|error| reading(path, error))?.len();
        Ok(Self::File { path: path.to_owned(), length })
    }

    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// `length` bytes from `start`.
    async fn part(&self, start: u64, length: u64) -> Result<Bytes, RequestError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.slice(start as usize..(start + length) as usize)),
            Self::File { path, .. } => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(start))?;
                    let mut part = vec![0; length as usize];
                    file.read_exact(&mut part)?;
                    Ok(part.into())
                });
                read.await.map_err(std::io::Error::other)?.map_err(|error: std::io::Error| error.into())
            }
        }
    }
}

/// Uploads an object; returns its stamp.
pub(super) async fn put(bucket: &Arc<Bucket>, key: &str, content: Content) -> Result<Stamp, RequestError> {
    let size = content.len();
    let tag =
        if size <= PART { put_whole(bucket, key, &content).await? } else { put_parts(bucket, key, &content).await? };
    Ok(stamp(i64::try_from(size).ok(), tag.as_deref()))
}

/// Sets how an object is encrypted and stored; the two requests that create one have no type in common.
macro_rules! stored_as {
    ($request:expr, $options:expr) => {
        $request
            .set_server_side_encryption($options.kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms))
            .set_ssekms_key_id($options.kms_key.clone())
            .set_storage_class($options.storage_class.as_deref().map(StorageClass::from))
    };
}

async fn put_whole(bucket: &Bucket, key: &str, content: &Content) -> Result<Option<String>, RequestError> {
    let bytes = content.part(0, content.len()).await?;
    let full_key = bucket.full_key(key);
    let put = bucket.retry(|| {
        let request = bucket.client.put_object().bucket(&bucket.name).key(&full_key);
        stored_as!(request, bucket.options).body(ByteStream::from(bytes.clone())).send()
    });
    Ok(put.await?.e_tag().map(str::to_owned))
}

async fn put_parts(bucket: &Arc<Bucket>, key: &str, content: &Content) -> Result<Option<String>, RequestError> {
    let full_key = bucket.full_key(key);
    let begun = bucket.retry(|| {
        let request = bucket.client.create_multipart_upload().bucket(&bucket.name).key(&full_key);
        stored_as!(request, bucket.options).checksum_algorithm(ChecksumAlgorithm::Crc32).send()
    });
    let upload = begun.await?.upload_id().unwrap_or_default().to_owned();
    let finished = async {
        let parts = send_parts(bucket, &full_key, &upload, content).await?;
        let number = parts.len();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let completed = bucket.retry(|| {
            let request = bucket.client.complete_multipart_upload().bucket(&bucket.name).key(&full_key);
            request.upload_id(&upload).multipart_upload(parts.clone()).send()
        });
        match completed.await {
            // The upload does not exist any more: it may be complete, and only the answer was lost. Then the object has this
            // length, and an ETag that ends with the number of parts.
            Err(error) if error.is_missing() => match bucket.head(key).await {
                Ok(Some(Stamp { size, tag })) if size == content.len() && tag.ends_with(&format!("-{number}")) => {
                    Ok(Some(tag))
                }
                _ => Err(error),
            },
            completed => Ok(completed?.e_tag().map(str::to_owned)),
        }
    };
    let finished: Result<_, RequestError> = finished.await;
    if finished.is_err() {
        // Parts of an abandoned upload cost storage; the first error is the one to report.
        let removal = bucket.client.abort_multipart_upload().bucket(&bucket.name).key(&full_key).upload_id(&upload);
        drop(removal.send().await);
    }
    finished
}

/// Uploads the parts, a few at a time; returns what completing the upload must list.
async fn send_parts(
    bucket: &Arc<Bucket>,
    full_key: &str,
    upload: &str,
    content: &Content,
) -> Result<Vec<CompletedPart>, RequestError> {
    let size = PART.max(content.len().div_ceil(MAX_PARTS));
    let room = Arc::new(Semaphore::new(PARTS_AT_ONCE));
    let mut sending = JoinSet::new();
    for (at, start) in (0..content.len()).step_by(size as usize).enumerate() {
        let length = size.min(content.len() - start);
        let (bucket, room, content) = (Arc::clone(bucket), Arc::clone(&room), content.clone());
        let (full_key, upload) = (full_key.to_owned(), upload.to_owned());
        sending.spawn(async move {
            let _room = room.acquire().await.map_err(std::io::Error::other)?;
            let bytes = content.part(start, length).await?;
            let number = at as i32 + 1;
            let sent = bucket.retry(|| {
                let request = bucket.client.upload_part().bucket(&bucket.name).key(&full_key).upload_id(&upload);
                let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
                request.body(ByteStream::from(bytes.clone())).send()
            });
            let sent = sent.await?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag().map(str::to_owned));
            Ok::<_, RequestError>((number, part.set_checksum_crc32(sent.checksum_crc32().map(str::to_owned)).build()))
        });
    }
    let mut parts = Vec::with_capacity(sending.len());
    while let Some(sent) = sending.join_next().await {
        parts.push(sent.map_err(std::io::Error::other)??);
    }
    parts.sort_by_key(|(number, _)| *number);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}
