//! Repeated requests with exponential backoff.

use super::{bucket::Bucket, request_error::RequestError};
use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    time::{Duration, Instant},
};

/// Upper bound of the first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// People are told what is being waited for when it takes longer than this.
const NOTICE: Duration = Duration::from_secs(2);

/// Upper bound of all pauses.
const MAX_PAUSE: Duration = Duration::from_secs(10);

impl Bucket {
    /// Repeats a request until it succeeds, fails permanently, or the time for retries has passed.
    ///
    /// The bound of the pauses doubles, and each pause is a random part of it ("full jitter", Marc Brooker, "Exponential
    /// Backoff And Jitter", AWS Architecture Blog, 2015), so that clients that were rejected together do not return together.
    pub(super) async fn retry<T, E: Into<RequestError>, F: Future<Output = Result<T, E>>>(
        &self,
        mut request: impl FnMut() -> F,
    ) -> Result<T, RequestError> {
        let retry_for = self.options.retry_for;
        let begun = Instant::now();
        let mut bound = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            match request().await.map_err(Into::into) {
                // At least one retry: a large upload may take longer than `retry_for`.
                Err(error) if error.is_transient() && (tries == 1 || begun.elapsed() < retry_for) => {
                    // The last pause ends when `retry_for` does.
                    let left = retry_for.saturating_sub(begun.elapsed());
                    let pause = bound.mul_f64(random_share());
                    let pause = if left.is_zero() { pause } else { pause.min(left) };
                    // Before the pause that passes it: the request after that pause may be the last one.
                    if begun.elapsed() + pause >= NOTICE {
                        let (bucket, seconds) = (self.describe(""), retry_for.as_secs());
                        self.notice.call_once(|| {
                            // Lost where the standard error cannot be written to.
                            drop(writeln!(io::stderr(), "{bucket}: {}; trying for up to {seconds} s", error.text()));
                        });
                    }
                    tokio::time::sleep(pause).await;
                    bound = MAX_PAUSE.min(bound * 2);
                    tries += 1;
                }
                result => return result.map_err(|error| error.after(tries)),
            }
        }
    }
}

/// From 0 to 1. It affects only when something happens.
fn random_share() -> f64 {
    (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
}
