//! The same request again, later and later, while that may help.

use std::{
    future::Future,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use super::refusal::Refusal;

/// The first pause is up to so long.
const FIRST: Duration = Duration::from_millis(50);

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(10);

/// Makes a request until it is served, is refused for good, or `patience` is over.
///
/// Pauses double and are a random part of that ("full jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS
/// Architecture Blog, 2015), so that those who were turned away together do not come back together.
pub(super) async fn patiently<T, F: Future<Output = Result<T, Refusal>>>(
    patience: Duration,
    mut request: impl FnMut() -> F,
) -> Result<T, Refusal> {
    let begun = Instant::now();
    let mut bound = FIRST;
    let mut tries = 1;
    loop {
        match request().await {
            // Once more in any case: a large upload may take longer than anybody's patience.
            Err(refusal) if refusal.may_pass() && (tries == 1 || begun.elapsed() < patience) => {
                let pause = bound.mul_f64(random_share());
                // Somebody may wait for the answer: the last pause ends with the patience.
                let left = patience.saturating_sub(begun.elapsed());
                tokio::time::sleep(if left.is_zero() { pause } else { pause.min(left) }).await;
                bound = LONGEST.min(bound * 2);
                tries += 1;
            }
            result => return result.map_err(|refusal| refusal.after(tries)),
        }
    }
}

/// From 0 to 1. Decides nothing but when something happens.
fn random_share() -> f64 {
    (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
}
