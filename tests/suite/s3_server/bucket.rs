//! The bucket, in memory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::BodyExt;
use s3s::{
    Body, S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
        DeleteObjectOutput, ETag, EncodingType, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
        ListObjectsV2Input, ListObjectsV2Output, Object, PutObjectInput, PutObjectOutput, StreamingBlob,
        UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use super::BUCKET;

/// Names in one page of a list.
const PAGE: usize = 1000;

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) bytes: Bytes,
    /// The checksum that came with it.
    pub(crate) crc32: Option<String>,
    /// The number of its version.
    pub(crate) version: u64,
    pub(crate) kms_key: Option<String>,
    pub(crate) storage_class: Option<String>,
    /// Parts in which it came; 0 for one request.
    pub(crate) parts: usize,
}

#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Inner>);

#[derive(Default)]
struct Inner {
    objects: Mutex<BTreeMap<String, Stored>>,
    uploads: Mutex<BTreeMap<String, Upload>>,
    versions: AtomicU64,
}

/// An upload in parts that is not complete.
struct Upload {
    head: Stored,
    parts: BTreeMap<i32, Bytes>,
}

impl Memory {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.0.objects.lock().unwrap()
    }

    pub(super) fn objects(&self) -> BTreeMap<String, Stored> {
        self.locked().clone()
    }

    pub(super) fn unfinished_uploads(&self) -> usize {
        self.0.uploads.lock().unwrap().len()
    }

    fn stored(&self, bytes: Bytes) -> Stored {
        let version = self.0.versions.fetch_add(1, Ordering::SeqCst);
        Stored { bytes, crc32: None, version, kms_key: None, storage_class: None, parts: 0 }
    }

    pub(super) fn insert(&self, key: &str, bytes: Vec<u8>) {
        let stored = self.stored(bytes.into());
        self.locked().insert(key.to_owned(), stored);
    }

    pub(super) fn remove(&self, key: &str) {
        self.locked().remove(key);
    }
}

fn etag(stored: &Stored) -> ETag {
    // As S3 marks what came in parts.
    let parts = if stored.parts > 0 { format!("-{}", stored.parts) } else { String::new() };
    ETag::Strong(format!("{:032x}{parts}", stored.version))
}

fn in_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
}

async fn collect(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    match body {
        None => Ok(Bytes::new()),
        // The library checks length and checksum as the bytes go by.
        Some(body) => match Body::from(body).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) => Err(s3_error!(IncompleteBody, "{error}")),
        },
    }
}

/// Percent-encoding as S3 gives it in lists.
fn encoded(key: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'~' | b'*' => {
            char::from(byte).to_string()
        }
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let stored = self.locked().get(&input.key).cloned().ok_or_else(|| s3_error!(NoSuchKey))?;
        let tag = etag(&stored);
        if input.if_match.is_some_and(|wanted| wanted.as_etag().is_some_and(|wanted| wanted.value() != tag.value())) {
            return Err(s3_error!(PreconditionFailed));
        }
        let range = input.range.map(|range| range.check(stored.bytes.len() as u64)).transpose()?;
        let part = range
            .clone()
            .map_or_else(|| stored.bytes.clone(), |range| stored.bytes.slice(range.start as usize..range.end as usize));
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(part.len() as i64),
            content_range: range.map(|r| format!("bytes {}-{}/{}", r.start, r.end - 1, stored.bytes.len())),
            e_tag: Some(tag),
            checksum_crc32: stored.crc32.filter(|_| input.checksum_mode.is_some() && part.len() == stored.bytes.len()),
            body: Some(Body::from(part).into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let stored = self.locked().get(&input.key).cloned().ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(stored.bytes.len() as i64),
            e_tag: Some(etag(&stored)),
            ..HeadObjectOutput::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let bytes = collect(input.body).await?;
        let stored = Stored {
            crc32: input.checksum_crc32,
            kms_key: input.ssekms_key_id,
            storage_class: input.storage_class.map(|class| class.as_str().to_owned()),
            ..self.stored(bytes)
        };
        let e_tag = Some(etag(&stored));
        let mut objects = self.locked();
        let current = objects.get(&input.key).map(etag);
        // As S3 has it: absent, or still the same version.
        let is_absent = input.if_none_match.is_none() || current.is_none();
        let is_same = input.if_match.is_none_or(|wanted| {
            let wanted = wanted.as_etag().map(|wanted| wanted.value().to_owned());
            current.as_ref().map(|tag| tag.value().to_owned()) == wanted
        });
        if !is_absent || !is_same {
            return Err(s3_error!(PreconditionFailed));
        }
        objects.insert(input.key, stored);
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        in_bucket(&request.input.bucket)?;
        self.remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.clone().or(input.start_after).unwrap_or_default();
        let page = usize::try_from(input.max_keys.unwrap_or(i32::MAX)).unwrap_or(PAGE).min(PAGE);
        let objects = self.locked();
        let mut below = objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after);
        let found: Vec<_> = below.by_ref().take(page).collect();
        let more = below.next().is_some();
        let is_encoded = input.encoding_type.as_ref().is_some_and(|kind| kind.as_str() == EncodingType::URL);
        let entry = |(key, stored): &(&String, &Stored)| Object {
            key: Some(if is_encoded { encoded(key) } else { (*key).clone() }),
            size: Some(stored.bytes.len() as i64),
            e_tag: Some(etag(stored)),
            ..Object::default()
        };
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(found.iter().map(entry).collect()),
            key_count: Some(found.len() as i32),
            is_truncated: Some(more),
            next_continuation_token: found.last().filter(|_| more).map(|(key, _)| (*key).clone()),
            encoding_type: input.encoding_type,
            name: Some(input.bucket),
            prefix: input.prefix,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        in_bucket(&input.bucket)?;
        let head = Stored {
            kms_key: input.ssekms_key_id,
            storage_class: input.storage_class.map(|class| class.as_str().to_owned()),
            ..self.stored(Bytes::new())
        };
        let upload_id = format!("upload-{}", head.version);
        self.0.uploads.lock().unwrap().insert(upload_id.clone(), Upload { head, parts: BTreeMap::new() });
        let output = CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let bytes = collect(input.body).await?;
        let mut uploads = self.0.uploads.lock().unwrap();
        let upload = uploads.get_mut(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        upload.parts.insert(input.part_number, bytes);
        let output = UploadPartOutput {
            e_tag: Some(ETag::Strong(format!("part-{}", input.part_number))),
            checksum_crc32: input.checksum_crc32,
            ..UploadPartOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let Some(upload) = self.0.uploads.lock().unwrap().remove(&input.upload_id) else {
            return Err(s3_error!(NoSuchUpload));
        };
        let listed: Vec<i32> = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default()
            .iter()
            .filter_map(|part| part.part_number)
            .collect();
        if listed != upload.parts.keys().copied().collect::<Vec<_>>() {
            return Err(s3_error!(InvalidPart));
        }
        let bytes = upload.parts.values().map(Bytes::as_ref).collect::<Vec<_>>().concat();
        let stored = Stored { bytes: bytes.into(), parts: upload.parts.len(), ..upload.head };
        let output = CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key.clone()),
            e_tag: Some(etag(&stored)),
            ..CompleteMultipartUploadOutput::default()
        };
        self.locked().insert(input.key, stored);
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let removed = self.0.uploads.lock().unwrap().remove(&request.input.upload_id);
        removed.map(|_| S3Response::new(AbortMultipartUploadOutput::default())).ok_or_else(|| s3_error!(NoSuchUpload))
    }
}
