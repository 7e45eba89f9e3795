//! What a failed request means, who suffers from it, and what to do.

use std::{error::Error as StdError, io};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStreamError,
};

use crate::error::Error;

/// Why a request was not served.
#[derive(Debug)]
pub(super) struct Refusal {
    kind: Kind,
    /// What the store or the network said.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// There is no such object.
    Missing,
    /// Not with these credentials.
    Denied,
    /// The credentials themselves are no good, or no longer.
    Credentials,
    /// There is no such bucket.
    Bucket,
    /// The bucket is in another region.
    Elsewhere,
    /// Later, perhaps.
    Busy,
    /// No answer, or half of one.
    Network,
    /// An answer without its end.
    Torn,
    /// The object is another than it was at first.
    Replaced,
    /// Something about this object or this request.
    Other,
}

impl Refusal {
    /// A body of another length than the store says.
    pub(super) fn torn(arrived: usize, expected: usize) -> Self {
        Self { kind: Kind::Torn, text: format!("{arrived} of {expected} bytes arrived") }
    }

    /// Whether there is no such object.
    pub(super) fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }

    /// Whether the same request may be served later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Network | Kind::Torn)
    }

    /// With the number of times that it was tried.
    pub(super) fn after(self, tries: u32) -> Self {
        let text = if tries == 1 { self.text } else { format!("{} (tried {tries} times)", self.text) };
        Self { text, ..self }
    }

    /// The error of one object.
    pub(super) fn into_error(self, doing: &str, name: &str) -> Error {
        match self.kind {
            Kind::Missing | Kind::Denied | Kind::Torn | Kind::Replaced | Kind::Other => {
                Error::Data(format!("{doing} {name}{}: {}", self.advice(), self.text))
            }
            Kind::Credentials | Kind::Bucket | Kind::Elsewhere | Kind::Busy | Kind::Network => {
                self.into_place_error(doing, name)
            }
        }
    }

    /// The error of an object that is being read.
    pub(super) fn into_io_error(self) -> io::Error {
        io::Error::other(format!("{}{}", self.text, self.advice()))
    }

    /// The error of the place as a whole.
    pub(super) fn into_place_error(self, doing: &str, name: &str) -> Error {
        let what = format!("{doing} {name}{}", self.advice());
        Error::storage(what, io::Error::new(io::ErrorKind::NotConnected, self.text))
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Missing => " (it is gone since it was listed)",
            Kind::Denied => {
                " (access denied: allow s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on its objects)"
            }
            Kind::Credentials => " (the credentials are refused: renew them, then run again)",
            Kind::Bucket => " (no such bucket: check its name and the endpoint)",
            Kind::Elsewhere => " (the bucket is in another region: set AWS_REGION to it)",
            Kind::Busy => " (the store stays busy: run again later, with fewer shards or a lower --s3-concurrency)",
            Kind::Network => " (check the network, the endpoint and the region, then run again)",
            Kind::Torn => " (its bytes never arrived whole)",
            Kind::Replaced => " (it was replaced while it was read: run again)",
            Kind::Other => "",
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Refusal
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
            // Without an answer, only words tell whether it ever left.
            _ if causes.to_ascii_lowercase().contains("credential") => (Kind::Credentials, causes),
            SdkError::ConstructionFailure(_) => (Kind::Other, causes),
            _ => (Kind::Network, causes),
        };
        Self { kind, text }
    }
}

impl From<ByteStreamError> for Refusal {
    fn from(error: ByteStreamError) -> Self {
        Self { kind: Kind::Torn, text: causes(&error) }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self { kind: Kind::Other, text: error.to_string() }
    }
}

/// The meaning of an HTTP status with an error code of S3.
fn by_code(status: u16, code: &str) -> Kind {
    match code {
        "NoSuchKey" => Kind::Missing,
        "NoSuchBucket" => Kind::Bucket,
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => Kind::Elsewhere,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "TokenRefreshRequired"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "InvalidSecurity"
        | "NotSignedUp"
        | "AccountProblem" => Kind::Credentials,
        "SlowDown"
        | "InternalError"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "OperationAborted"
        | "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "BadDigest"
        | "IncompleteBody"
        | "XAmzContentSHA256Mismatch" => Kind::Busy,
        "AccessDenied" | "AllAccessDisabled" => Kind::Denied,
        _ if status >= 500 || status == 429 => Kind::Busy,
        _ if (300..400).contains(&status) => Kind::Elsewhere,
        _ if status == 403 => Kind::Denied,
        _ if status == 404 => Kind::Missing,
        _ if status == 412 => Kind::Replaced,
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
    fn codes_say_who_suffers_and_whether_to_try_again() {
        for (status, code, kind, may_pass, exit_code) in [
            (404, "NoSuchKey", Kind::Missing, false, 3),
            (404, "NoSuchBucket", Kind::Bucket, false, 4),
            (403, "AccessDenied", Kind::Denied, false, 3),
            (403, "", Kind::Denied, false, 3),
            (400, "ExpiredToken", Kind::Credentials, false, 4),
            (403, "SignatureDoesNotMatch", Kind::Credentials, false, 4),
            (403, "RequestTimeTooSkewed", Kind::Credentials, false, 4),
            (301, "PermanentRedirect", Kind::Elsewhere, false, 4),
            (503, "SlowDown", Kind::Busy, true, 4),
            (500, "InternalError", Kind::Busy, true, 4),
            (429, "", Kind::Busy, true, 4),
            (400, "KeyTooLongError", Kind::Other, false, 3),
        ] {
            let found = by_code(status, code);
            assert_eq!(found, kind, "{status} {code}");
            let refusal = Refusal { kind, text: code.into() };
            assert_eq!(refusal.may_pass(), may_pass, "{code}");
            let error = refusal.into_error("cannot read", "s3://b/8.csv");
            assert_eq!(error.code(), exit_code, "{error}");
            assert!(error.to_string().starts_with("cannot read s3://b/8.csv"), "{error}");
        }
    }
}
