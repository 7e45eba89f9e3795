//! Names, sizes and ETags of all objects, a page of a thousand at a time.

use std::io;

use aws_sdk_s3::types::{EncodingType, Object};
use percent_encoding::percent_decode_str;

use super::bucket::{Bucket, stamp};
use crate::{
    error::{Error, Result},
    store::{interface::Stamp, key},
};

/// All objects below the bucket's prefix whose keys there begin so and that are not hidden, in the order of the store.
pub(super) async fn all(bucket: &Bucket, beginning: &str) -> Result<Vec<(String, Stamp)>> {
    let prefix = format!("{}{beginning}", bucket.prefix);
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = bucket.retry(|| {
            let request = bucket.client.list_objects_v2().bucket(&bucket.name).prefix(&prefix);
            // Keys may have characters that XML cannot represent.
            request.encoding_type(EncodingType::Url).set_continuation_token(token.clone()).send()
        });
        let page = page.await.map_err(|error| error.into_bucket_error("cannot list", &bucket.describe("")))?;
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        for object in page.contents() {
            found.extend(entry(bucket, object, is_encoded)?);
        }
        let next = page.next_continuation_token().map(str::to_owned);
        if next.is_none() || page.is_truncated() != Some(true) {
            return Ok(found);
        }
        if next == token {
            return Err(wrong(bucket, "repeats a page"));
        }
        token = next;
    }
}

/// The error of a listing that is none of the prefix.
fn wrong(bucket: &Bucket, how: &str) -> Error {
    let fault = format!("the store's listing of these objects {how}: it does not follow S3's protocol");
    Error::storage(
        format_args!("cannot list {}", bucket.describe("")),
        io::Error::new(io::ErrorKind::InvalidData, fault),
    )
}

/// An object's key below the prefix and its stamp; `None` if it is hidden or represents a folder.
fn entry(bucket: &Bucket, object: &Object, is_encoded: bool) -> Result<Option<(String, Stamp)>> {
    let encoded = object.key().unwrap_or_default();
    let full_key = if is_encoded {
        percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned()
    } else {
        encoded.to_owned()
    };
    let Some(own) = full_key.strip_prefix(&bucket.prefix) else {
        return Err(wrong(bucket, &format!("contains {full_key:?}")));
    };
    // Consoles create a folder as an empty object whose name ends with a slash.
    if own.is_empty() || own.ends_with('/') || own.split('/').any(|part| key::is_hidden(part.as_bytes())) {
        return Ok(None);
    }
    Ok(Some((own.to_owned(), stamp(object.size(), object.e_tag()))))
}
