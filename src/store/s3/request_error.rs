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

    /// Whether there is no such object.
    pub(super) fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Network | Kind::BrokenBody)
    }

    /// Adds the number of attempts to the message.
    pub(super) fn after(self, tries: u32) -> Self {
        let text = if tries == 1 { self.text } else { format!("{} (tried {tries} times)", self.text) };
        Self { text, ..self }
    }

    /// As the error of one object; `doing` is what failed, `name` the object's full name.
    pub(super) fn into_error(self, doing: &str, name: &str) -> Error {
        match self.kind {
            Kind::Credentials | Kind::NoBucket | Kind::WrongRegion | Kind::Busy | Kind::Network => {
                self.into_bucket_error(doing, name)
            }
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
                (by_code(status, code), text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            // Without an answer, only the text tells a lack of credentials from a network fault.
            _ if causes.to_ascii_lowercase().contains("credential") => (Kind::Credentials, causes),
            SdkError::ConstructionFailure(_) => (Kind::Other, causes),
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

/// Error codes of S3, separated by spaces, by what they mean.
const CODES: [(Kind, &str); 6] = [
    (Kind::Missing, "NoSuchKey"),
    (Kind::NoBucket, "NoSuchBucket"),
    (Kind::Denied, "AccessDenied AllAccessDisabled"),
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
         RequestLimitExceeded BadDigest IncompleteBody XAmzContentSHA256Mismatch",
    ),
];

/// The meaning of an HTTP status with an error code of S3.
fn by_code(status: u16, code: &str) -> Kind {
    if let Some((kind, _)) = CODES.iter().find(|(_, codes)| codes.split(' ').any(|known| known == code)) {
        return *kind;
    }
    match status {
        300..400 => Kind::WrongRegion,
        403 => Kind::Denied,
        404 => Kind::Missing,
        412 => Kind::Replaced,
        429 | 500.. => Kind::Busy,
        _ => Kind::Other,
    }
}

/// An error and its causes, outermost first, without repetition.
fn causes(error: &dyn StdError) -> String {
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
        ] {
            let found = by_code(status, code);
            assert_eq!(found, kind, "{status} {code}");
            let error = RequestError { kind, text: code.into() };
            assert_eq!(error.is_transient(), is_transient, "{code}");
            let error = error.into_error("cannot read", "s3://b/8.csv");
            assert_eq!(error.code(), exit_code, "{error}");
            assert!(error.to_string().starts_with("cannot read s3://b/8.csv"), "{error}");
        }
    }
}
