//! What a failed request means, whether it concerns one object or all, and what to do.

use std::{error::Error as StdError, io};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStreamError,
};

use crate::error::Error;

/// Why a request failed.
#[derive(Debug)]
pub(super) struct RequestError {
    kind: Kind,
    /// The message of the store or the network.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// There is no such object.
    Missing,
    /// These credentials may not access it.
    Denied,
    /// The credentials are invalid or expired.
    Credentials,
    /// There is no such bucket.
    NoBucket,
    /// The bucket is in another region.
    WrongRegion,
    /// The store is overloaded; a later request may succeed.
    Busy,
    /// There was no complete answer.
    Network,
    /// The body is incomplete or corrupted.
    BrokenBody,
    /// The object was replaced while it was read.
    Replaced,
    /// The store does not know what is asked.
    Unsupported,
    /// No secure connection can be made.
    Insecure,
    /// The key that encrypts the object cannot be used.
    Key,
    /// The store has no room left.
    Full,
    /// Any other fault of this request.
    Other,
}

impl RequestError {
    /// A body of another length than announced.
    pub(super) fn truncated(arrived: usize, expected: usize) -> Self {
        Self { kind: Kind::BrokenBody, text: format!("{arrived} of {expected} bytes arrived") }
    }

    /// `None` for an object that does not exist.
    pub(super) fn or_missing<T>(self) -> Result<Option<T>, Self> {
        if self.is_missing() { Ok(None) } else { Err(self) }
    }

    /// The message of the store or the network.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is no such object.
    pub(super) fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Network | Kind::BrokenBody)
    }

    /// Whether an object was written by others since it was read.
    pub(super) fn is_replaced(&self) -> bool {
        self.kind == Kind::Replaced
    }

    /// Whether the store does not know what was asked.
    pub(super) fn is_unsupported(&self) -> bool {
        self.kind == Kind::Unsupported
    }

    /// An object that is not used, with the reason.
    pub(super) fn refused(reason: &str) -> Self {
        Self { kind: Kind::Other, text: reason.into() }
    }

    /// Adds the number of attempts to the message.
    pub(super) fn after(self, tries: u32) -> Self {
        let text = if tries == 1 { self.text } else { format!("{} (tried {tries} times)", self.text) };
        Self { text, ..self }
    }

    /// As the error of one object; `doing` is what failed, `name` the object's full name.
    pub(super) fn into_error(self, doing: &str, name: &str) -> Error {
        match self.kind {
            Kind::Credentials
            | Kind::NoBucket
            | Kind::WrongRegion
            | Kind::Busy
            | Kind::Network
            | Kind::Unsupported
            | Kind::Insecure
            | Kind::Full => self.into_bucket_error(doing, name),
            _ => Error::Data(format!("{doing} {name}{}: {}", self.advice(), self.text)),
        }
    }

    /// As the error of an object that is being read.
    pub(super) fn into_io_error(self) -> io::Error {
        io::Error::other(format!("{}{}", self.text, self.advice()))
    }

    /// As the error of the whole bucket.
    pub(super) fn into_bucket_error(self, doing: &str, name: &str) -> Error {
        let what = format!("{doing} {name}{}", self.advice());
        Error::storage(what, io::Error::new(io::ErrorKind::NotConnected, self.text))
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Missing => " (it was removed after it was listed)",
            Kind::Denied => {
                " (access denied: allow s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on its objects)"
            }
            Kind::Credentials => " (the credentials were rejected: renew them, then run again)",
            Kind::NoBucket => " (no such bucket: check its name and the endpoint)",
            Kind::WrongRegion => " (the bucket is in another region: set AWS_REGION to it)",
            Kind::Busy => " (the store stays busy: run again later, with fewer shards or a lower --s3-concurrency)",
            Kind::Network => " (check the network, the endpoint and the region, then run again)",
            Kind::BrokenBody => " (its body is incomplete or corrupted)",
            Kind::Replaced => " (it was replaced while it was read: run again)",
            Kind::Unsupported => {
                " (the store does not support this request: for one without S3's newer checksums set \
                 AWS_REQUEST_CHECKSUM_CALCULATION=when_required)"
            }
            Kind::Insecure => {
                " (no secure connection: check that the endpoint speaks TLS under this name; for a certificate of your own \
                 authority set AWS_CA_BUNDLE to a PEM file that has the authority's)"
            }
            Kind::Key => {
                " (the KMS key cannot be used: check that it exists and is enabled, and allow kms:Decrypt and \
                 kms:GenerateDataKey on it)"
            }
            Kind::Full => " (no room is left: free some, or raise the store's quota)",
            Kind::Other => "",
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for RequestError
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let causes = causes(&error);
        let (kind, text) = match &error {
            SdkError::ServiceError(refused) => {
                let status = refused.raw().status().as_u16();
                let code = refused.err().code().unwrap_or_default();
                let region = refused.raw().headers().get("x-amz-bucket-region");
                let region = region.map(|region| format!(", its region is {region}")).unwrap_or_default();
                let message = refused.err().message().unwrap_or_default();
                let text = format!("{status} {code} {message}{region}");
                (by_code(status, code, message), text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            // Without an answer, only the text tells a lack of credentials from a network fault.
            _ if causes.to_ascii_lowercase().contains("credential") => (Kind::Credentials, causes),
            SdkError::ConstructionFailure(_) => (Kind::Other, causes),
            _ if INSECURE.iter().any(|words| causes.contains(words)) => (Kind::Insecure, causes),
            _ => (Kind::Network, causes),
        };
        Self { kind, text }
    }
}

impl From<ByteStreamError> for RequestError {
    fn from(error: ByteStreamError) -> Self {
        Self { kind: Kind::BrokenBody, text: causes(&error) }
    }
}

impl From<io::Error> for RequestError {
    fn from(error: io::Error) -> Self {
        Self { kind: Kind::Other, text: error.to_string() }
    }
}

/// Words of TLS for what no later attempt changes.
const INSECURE: [&str; 3] = ["invalid peer certificate", "InvalidContentType", "received fatal alert"];

/// Error codes of S3, separated by spaces, by what they mean.
const CODES: [(Kind, &str); 10] = [
    (Kind::Missing, "NoSuchKey"),
    (Kind::NoBucket, "NoSuchBucket"),
    (Kind::Denied, "AccessDenied AllAccessDisabled Forbidden"),
    (Kind::Unsupported, "NotImplemented"),
    (Kind::Replaced, "PreconditionFailed ConditionalRequestConflict"),
    (Kind::Full, "QuotaExceeded QuotaExceededException StorageFull"),
    (Kind::Key, "KMS.AccessDeniedException"),
    (
        Kind::WrongRegion,
        "PermanentRedirect TemporaryRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException",
    ),
    (
        Kind::Credentials,
        "ExpiredToken ExpiredTokenException TokenRefreshRequired InvalidAccessKeyId InvalidToken InvalidSecurity \
         SignatureDoesNotMatch RequestTimeTooSkewed RequestExpired NotSignedUp AccountProblem",
    ),
    (
        Kind::Busy,
        "SlowDown InternalError ServiceUnavailable RequestTimeout OperationAborted Throttling ThrottlingException \
         RequestLimitExceeded KMS.ThrottlingException KMS.InternalException KMS.DependencyTimeoutException BadDigest IncompleteBody XAmzContentSHA256Mismatch",
    ),
];

/// The meaning of an HTTP status with an error code of S3 and a message.
fn by_code(status: u16, code: &str, message: &str) -> Kind {
    if code == "AccessDenied" && message.contains("kms:") {
        return Kind::Key;
    }
    if let Some((kind, _)) = CODES.iter().find(|(_, codes)| codes.split(' ').any(|known| known == code)) {
        return *kind;
    }
    match status {
        _ if code.starts_with("KMS.") || code.starts_with("Kms") => Kind::Key,
        // Other stores have codes of their own, such as XMinioStorageFull.
        _ if code.contains("Quota") || code.contains("StorageFull") => Kind::Full,
        300..400 => Kind::WrongRegion,
        // Other codes have other reasons, such as an object in an archive.
        403 if code.is_empty() => Kind::Denied,
        404 => Kind::Missing,
        412 => Kind::Replaced,
        501 => Kind::Unsupported,
        507 => Kind::Full,
        429 | 500.. => Kind::Busy,
        _ => Kind::Other,
    }
}

/// An error and its causes, outermost first, without repetition.
pub(super) fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_is_concerned_and_whether_to_retry() {
        for (status, code, kind, is_transient, exit_code) in [
            (404, "NoSuchKey", Kind::Missing, false, 3),
            (404, "NoSuchBucket", Kind::NoBucket, false, 4),
            (403, "AccessDenied", Kind::Denied, false, 3),
            (403, "", Kind::Denied, false, 3),
            (400, "ExpiredToken", Kind::Credentials, false, 4),
            (403, "SignatureDoesNotMatch", Kind::Credentials, false, 4),
            (403, "RequestTimeTooSkewed", Kind::Credentials, false, 4),
            (301, "PermanentRedirect", Kind::WrongRegion, false, 4),
            (503, "SlowDown", Kind::Busy, true, 4),
            (500, "InternalError", Kind::Busy, true, 4),
            (429, "", Kind::Busy, true, 4),
            (400, "KeyTooLongError", Kind::Other, false, 3),
            (412, "PreconditionFailed", Kind::Replaced, false, 3),
            (409, "ConditionalRequestConflict", Kind::Replaced, false, 3),
            (501, "NotImplemented", Kind::Unsupported, false, 4),
            (501, "", Kind::Unsupported, false, 4),
            (400, "KMS.DisabledException", Kind::Key, false, 3),
            (500, "KMS.NotFoundException", Kind::Key, false, 3),
            (503, "KMS.ThrottlingException", Kind::Busy, true, 4),
            (403, "QuotaExceeded", Kind::Full, false, 4),
            (507, "XMinioStorageFull", Kind::Full, false, 4),
            (403, "InvalidObjectState", Kind::Other, false, 3),
        ] {
            let found = by_code(status, code, "");
            assert_eq!(found, kind, "{status} {code}");
            let error = RequestError { kind, text: code.into() };
            assert_eq!(error.is_transient(), is_transient, "{code}");
            let error = error.into_error("cannot read", "s3://b/8.csv");
            assert_eq!(error.code(), exit_code, "{error}");
            assert!(error.to_string().starts_with("cannot read s3://b/8.csv"), "{error}");
        }
    }

    #[test]
    fn a_refusal_of_the_key_is_told_from_one_of_the_bucket() {
        let message = "User: arn:aws:iam::1:role/x is not authorized to perform: kms:Decrypt on resource: …";
        assert_eq!(by_code(403, "AccessDenied", message), Kind::Key);
        assert_eq!(by_code(403, "AccessDenied", "Access Denied"), Kind::Denied);
    }
}
