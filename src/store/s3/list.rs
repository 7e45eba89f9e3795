//! Names, sizes and ETags of all objects, a page of a thousand at a time.

use aws_sdk_s3::types::{EncodingType, Object};
use percent_encoding::percent_decode_str;

use super::{Place, Refusal, retry};
use crate::{
    error::{Error, Result},
    store::{Stamp, key},
};

/// Every object below the place's prefix that is not hidden, in the order of the store.
///
/// # Errors
/// [`Error::Data`] for a name that no directory could hold, such as one with `//`: passed by, a customer would be lost.
pub(super) async fn all(place: &Place) -> Result<Vec<(String, Stamp)>> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = retry::patiently(place.options.patience, || async {
            let request = place.client.list_objects_v2().bucket(&place.bucket).prefix(&place.prefix);
            // Names may have characters that XML cannot.
            let request = request.encoding_type(EncodingType::Url).set_continuation_token(token.clone());
            Ok::<_, Refusal>(request.send().await?)
        });
        let page = page.await.map_err(|refusal| refusal.into_place_error("cannot list", &place.describe("")))?;
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        for object in page.contents() {
            found.extend(entry(place, object, is_encoded)?);
        }
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() || page.is_truncated() != Some(true) {
            return Ok(found);
        }
    }
}

/// An object by its key in the store; `None` when it is hidden or stands for a folder.
fn entry(place: &Place, object: &Object, is_encoded: bool) -> Result<Option<(String, Stamp)>> {
    let encoded = object.key().unwrap_or_default();
    let full_key = if is_encoded {
        percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned()
    } else {
        encoded.to_owned()
    };
    let Some(own) = full_key.strip_prefix(&place.prefix) else {
        return Err(Error::Bug(format!("the list of {} holds {full_key}", place.describe(""))));
    };
    // Consoles make a folder by an empty object whose name ends with a slash.
    if own.is_empty() || own.ends_with('/') || own.split('/').any(|part| key::is_hidden(part.as_bytes())) {
        return Ok(None);
    }
    key::check(own).map_err(|error| Error::Data(format!("{}: {error}", place.describe(own))))?;
    let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let tag = object.e_tag().unwrap_or_default().trim_matches('"').to_owned();
    Ok(Some((own.to_owned(), Stamp { size, tag })))
}
