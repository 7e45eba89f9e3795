//! Objects in one request, or in parts where they are large.

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

use super::{Place, Refusal, retry};
use crate::{
    error::{Error, Result},
    store::Stamp,
};

/// Larger objects go in parts of at least this size.
const PART: u64 = 16 << 20;

/// An upload has no more parts.
const MOST_PARTS: u64 = 10_000;

/// Parts of one object that are under way, and in memory, at once.
const PARTS_AT_ONCE: usize = 4;

/// What is to be uploaded.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Bytes),
    File { path: PathBuf, length: u64 },
}

impl Content {
    pub(super) fn of_file(path: &Path) -> Result<Self> {
        let metadata = path.metadata();
        let length = metadata.map_err(|error| Error::storage(format_args!("reading {}", path.display()), error))?.len();
        Ok(Self::File { path: path.to_owned(), length })
    }

    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// `length` bytes from `start`.
    async fn part(&self, start: u64, length: u64) -> Result<Bytes, Refusal> {
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

/// Writes an object; its stamp.
pub(super) async fn put(place: &Arc<Place>, key: &str, content: Content) -> Result<Stamp, Refusal> {
    let size = content.len();
    let tag =
        if size <= PART { put_whole(place, key, &content).await? } else { put_parts(place, key, &content).await? };
    Ok(Stamp { size, tag: tag.unwrap_or_default().trim_matches('"').to_owned() })
}

async fn put_whole(place: &Place, key: &str, content: &Content) -> Result<Option<String>, Refusal> {
    let bytes = content.part(0, content.len()).await?;
    let full_key = place.full_key(key);
    let put = retry::patiently(place.options.patience, || async {
        let request = place.client.put_object().bucket(&place.bucket).key(&full_key);
        let request =
            request.set_server_side_encryption(encryption(place)).set_ssekms_key_id(place.options.kms_key.clone());
        let request = request.set_storage_class(storage_class(place));
        Ok::<_, Refusal>(request.body(ByteStream::from(bytes.clone())).send().await?)
    });
    Ok(put.await?.e_tag().map(str::to_owned))
}

async fn put_parts(place: &Arc<Place>, key: &str, content: &Content) -> Result<Option<String>, Refusal> {
    let full_key = place.full_key(key);
    let begun = retry::patiently(place.options.patience, || async {
        let request = place.client.create_multipart_upload().bucket(&place.bucket).key(&full_key);
        let request =
            request.set_server_side_encryption(encryption(place)).set_ssekms_key_id(place.options.kms_key.clone());
        let request = request.set_storage_class(storage_class(place)).checksum_algorithm(ChecksumAlgorithm::Crc32);
        Ok::<_, Refusal>(request.send().await?)
    });
    let upload = begun.await?.upload_id().unwrap_or_default().to_owned();
    let finished = async {
        let parts = send_parts(place, &full_key, &upload, content).await?;
        let number = parts.len();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let completed = retry::patiently(place.options.patience, || async {
            let request = place.client.complete_multipart_upload().bucket(&place.bucket).key(&full_key);
            Ok::<_, Refusal>(request.upload_id(&upload).multipart_upload(parts.clone()).send().await?)
        });
        match completed.await {
            // The upload is over, and perhaps it was only the answer that was lost.
            Err(refusal) if refusal.is_missing() => made_of(place, key, content.len(), number, refusal).await,
            completed => Ok(completed?.e_tag().map(str::to_owned)),
        }
    };
    let finished: Result<_, Refusal> = finished.await;
    if finished.is_err() {
        // Parts without an object cost storage; the first failure is the one to report.
        let removal = place.client.abort_multipart_upload().bucket(&place.bucket).key(&full_key).upload_id(&upload);
        drop(removal.send().await);
    }
    finished
}

/// The ETag of the object, if it has this length and came in so many parts, which its ETag ends with; otherwise `refusal`.
async fn made_of(
    place: &Place,
    key: &str,
    length: u64,
    parts: usize,
    refusal: Refusal,
) -> Result<Option<String>, Refusal> {
    match place.head(key).await {
        Ok(Some(Stamp { size, tag })) if size == length && tag.ends_with(&format!("-{parts}")) => Ok(Some(tag)),
        _ => Err(refusal),
    }
}

/// Uploads the parts, a few at a time; what the end of the upload must list.
async fn send_parts(
    place: &Arc<Place>,
    full_key: &str,
    upload: &str,
    content: &Content,
) -> Result<Vec<CompletedPart>, Refusal> {
    let size = PART.max(content.len().div_ceil(MOST_PARTS));
    let room = Arc::new(Semaphore::new(PARTS_AT_ONCE));
    let mut sending = JoinSet::new();
    for (at, start) in (0..content.len()).step_by(size as usize).enumerate() {
        let length = size.min(content.len() - start);
        let (place, room, content) = (Arc::clone(place), Arc::clone(&room), content.clone());
        let (full_key, upload) = (full_key.to_owned(), upload.to_owned());
        sending.spawn(async move {
            let _room = room.acquire().await.map_err(std::io::Error::other)?;
            let bytes = content.part(start, length).await?;
            let number = at as i32 + 1;
            let sent = retry::patiently(place.options.patience, || async {
                let request = place.client.upload_part().bucket(&place.bucket).key(&full_key).upload_id(&upload);
                let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
                Ok::<_, Refusal>(request.body(ByteStream::from(bytes.clone())).send().await?)
            });
            let sent = sent.await?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag().map(str::to_owned));
            Ok::<_, Refusal>((number, part.set_checksum_crc32(sent.checksum_crc32().map(str::to_owned)).build()))
        });
    }
    let mut parts = Vec::with_capacity(sending.len());
    while let Some(sent) = sending.join_next().await {
        parts.push(sent.map_err(std::io::Error::other)??);
    }
    parts.sort_by_key(|(number, _)| *number);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

fn encryption(place: &Place) -> Option<ServerSideEncryption> {
    place.options.kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms)
}

fn storage_class(place: &Place) -> Option<StorageClass> {
    place.options.storage_class.as_deref().map(StorageClass::from)
}
