//! One writer at a time below a prefix: an object that names its holder, who renews it.
//!
//! It is written on the condition that nobody else has written it since it was read, so that of several runs one gets it. A run
//! that ends empties it. That of a killed run is taken over: at once by a run on the same machine, which sees that the process
//! is gone; elsewhere when it was not renewed for some minutes.
//!
//! Stores that do not know such conditions, or ignore them, leave a gap: two runs that begin within the same seconds may both
//! get it. Each finds out when it renews it, and whoever does not have it stops.

use super::{
    bucket::{Bucket, stamp, start, wait_for},
    list,
    request_error::RequestError,
};
use crate::{
    error::{Error, Result},
    store::{interface::Lease, staged::writer},
};
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::oneshot;

/// Time between two renewals,
const RENEWAL: Duration = Duration::from_secs(30);
/// … and before the first, which tells whether another run got it too.
const FIRST_RENEWAL: Duration = Duration::from_secs(3);
/// Time without a renewal after which its holder is taken for dead.
const TERM: Duration = Duration::from_mins(3);
/// Attempts to get it while others do, too.
const TRIES: usize = 10;
/// Pause after an attempt. Without conditions, also the time in which another run's attempt shows.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that the end of a run waits for its release.
const RELEASE: Duration = Duration::from_secs(10);

/// Who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    /// Tells one lease from all others.
    lease: String,
    host: String,
    process: u32,
    /// When the process began, as the system counts.
    began: String,
    /// The system and the namespace in which its number is valid.
    machine: String,
    /// Seconds since 1970 at the last renewal.
    renewed: u64,
}

/// What a write depends on.
enum Condition {
    Absent,
    Unchanged(String),
    None,
}

/// A lease, until it is dropped.
pub(super) struct ObjectLease {
    is_lost: Arc<AtomicBool>,
    stop: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl Owner {
    fn this() -> Self {
        static LEASES: AtomicU64 = AtomicU64::new(0);
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let process = std::process::id();
        Self {
            lease: format!("{}-{}", writer(), LEASES.fetch_add(1, Ordering::Relaxed)),
            host: text("/proc/sys/kernel/hostname"),
            process,
            began: began(process).unwrap_or_default(),
            machine: format!("{} {}", text("/proc/sys/kernel/random/boot_id"), namespace.display()),
            renewed: now(),
        }
    }

    /// Whether its process no longer runs, as far as this one can tell.
    fn is_gone(&self, this: &Self) -> bool {
        // Where the system says nothing of a process, it says nothing of this one.
        let can_tell = !this.began.is_empty() && !this.machine.trim().is_empty();
        let has_ended = can_tell && self.machine == this.machine && began(self.process).as_ref() != Some(&self.began);
        has_ended || this.renewed.saturating_sub(self.renewed) > TERM.as_secs()
    }

    fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data has a JSON form")
    }
}

/// When a process began, by the 22nd field of its status; `None` if there is no such process.
fn began(process: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program is in parentheses, and may have any characters.
    Some(status.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl ObjectLease {
    /// Gets the lease of the results whose names have this suffix; with an empty one, of all.
    ///
    /// A run takes its own first and then looks for those that exclude it, so that of two that begin at once none goes on
    /// beside the other.
    ///
    /// # Errors
    /// [`Error::Settings`] if another run has it, or one that excludes it.
    pub(super) fn take(bucket: &Arc<Bucket>, suffix: &str) -> Result<Self> {
        let key = key_of(suffix);
        let lease = Self::take_object(bucket, &key)?;
        let finding = {
            let (bucket, is_whole) = (Arc::clone(bucket), suffix.is_empty());
            async move { rival(&bucket, is_whole, &Owner::this()).await }
        };
        match wait_for(&bucket.runtime, finding)?? {
            None => Ok(lease),
            Some((key, other)) => Err(Error::Settings(refusal(&bucket.describe(&key), Some(&other)))),
        }
    }

    /// Gets the lease of an object.
    fn take_object(bucket: &Arc<Bucket>, key: &str) -> Result<Self> {
        let (name, owner) = (bucket.describe(key), Owner::this());
        let taking = {
            let (bucket, key, owner) = (Arc::clone(bucket), key.to_owned(), owner.clone());
            async move { take(&bucket, &key, &owner).await }
        };
        let tag = match wait_for(&bucket.runtime, taking)?.map_err(|error| error.into_error("cannot write", &name))? {
            Ok(tag) => tag,
            Err(other) => return Err(Error::Settings(refusal(&name, other.as_ref()))),
        };
        let (stop, stopped) = oneshot::channel();
        let is_lost = Arc::new(AtomicBool::new(false));
        let renewing = renew(Arc::clone(bucket), key.to_owned(), owner, tag, Arc::clone(&is_lost), stopped);
        Ok(Self { is_lost, stop: Some(stop), ended: start(&bucket.runtime, renewing) })
    }
}

impl Lease for ObjectLease {
    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl Drop for ObjectLease {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // If it cannot be released, it ends by itself.
            let _ = stop.send(());
            let _ = self.ended.recv_timeout(RELEASE);
        }
    }
}

/// The key of the lease of results whose names have this suffix.
fn key_of(suffix: &str) -> String {
    format!("run{suffix}.lock.json")
}

/// A lease that excludes a run of the whole, or of a part: any of a part, or that of the whole; and who has it.
async fn rival(bucket: &Bucket, is_whole: bool, this: &Owner) -> Result<Option<(String, Owner)>> {
    let keys = if is_whole {
        let listed = list::all(bucket, "run-").await?.into_iter().map(|(key, _)| key);
        listed.filter(|key| key.ends_with(".lock.json") && !key.contains('/')).collect()
    } else {
        vec![key_of("")]
    };
    for key in keys {
        let found = bucket.get_with_tag(&key).await;
        let found = found.map_err(|error| error.into_error("cannot read", &bucket.describe(&key)))?;
        let owner = found.and_then(|(bytes, _)| serde_json::from_slice::<Owner>(&bytes).ok());
        if let Some(other) = owner.filter(|other| !other.is_gone(this)) {
            return Ok(Some((key, other)));
        }
    }
    Ok(None)
}

fn refusal(name: &str, other: Option<&Owner>) -> String {
    let Some(Owner { host, process, renewed, .. }) = other else {
        return format!("{name}: several runs want to write their results here: start one, or choose another --output");
    };
    let seconds = now().saturating_sub(*renewed);
    let term = TERM.as_secs() / 60;
    format!(
        "{name}: another run (process {process} on {host}, heard of {seconds} s ago) is writing its results there: wait until it \
         ends, or choose another --output; if it was killed, its hold ends {term} minutes after it was last heard of"
    )
}

/// The tag of the object if the lease was got; otherwise who has it, if that is known.
async fn take(bucket: &Bucket, key: &str, owner: &Owner) -> Result<Result<String, Option<Owner>>, RequestError> {
    let mut are_conditions_known = true;
    for _ in 0..TRIES {
        let mut condition = Condition::Absent;
        if let Some((bytes, tag)) = bucket.get_with_tag(key).await? {
            match serde_json::from_slice::<Owner>(&bytes) {
                Ok(other) if other.lease == owner.lease => return Ok(Ok(tag)),
                Ok(other) if !other.is_gone(owner) => return Ok(Err(Some(other))),
                Err(_) if !bytes.is_empty() => {
                    return Err(RequestError::refused("an object of this name is not manyfit's: move it away"));
                }
                _ => condition = Condition::Unchanged(tag),
            }
        }
        if !are_conditions_known {
            condition = Condition::None;
        }
        match put(bucket, key, owner.text(), condition).await {
            Ok(tag) if are_conditions_known => return Ok(Ok(tag)),
            // Only the next look tells whether this run wrote last.
            Ok(_) => {}
            Err(error) if error.is_replaced() => {}
            Err(error) if error.is_unsupported() && are_conditions_known => are_conditions_known = false,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Err(None))
}

/// Renews the lease until it is released or lost.
async fn renew(
    bucket: Arc<Bucket>,
    key: String,
    mut owner: Owner,
    mut tag: String,
    is_lost: Arc<AtomicBool>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut pause = FIRST_RENEWAL;
    loop {
        tokio::select! {
            _ = &mut stopped => {
                // Emptied, as not everybody who may write may remove.
                drop(put_unchanged(&bucket, &key, Vec::new(), tag).await);
                return;
            }
            () = tokio::time::sleep(pause) => {}
        }
        pause = RENEWAL;
        let is_own =
            |bytes: &[u8]| serde_json::from_slice::<Owner>(bytes).is_ok_and(|found| found.lease == owner.lease);
        match bucket.get_with_tag(&key).await {
            Ok(Some((bytes, current))) if is_own(&bytes) => tag = current,
            Ok(_) => return is_lost.store(true, Ordering::Relaxed),
            // A store that cannot be reached cannot be written by others, and the run will hear of it.
            Err(_) => continue,
        }
        let renewed = Owner { renewed: now(), ..owner.clone() };
        if let Ok(current) = put_unchanged(&bucket, &key, renewed.text(), tag.clone()).await {
            (owner, tag) = (renewed, current);
        }
    }
}

/// Writes the object if it is still the version with this tag, as far as the store can tell; its new tag.
async fn put_unchanged(bucket: &Bucket, key: &str, bytes: Vec<u8>, tag: String) -> Result<String, RequestError> {
    match put(bucket, key, bytes.clone(), Condition::Unchanged(tag)).await {
        Err(error) if error.is_unsupported() => put(bucket, key, bytes, Condition::None).await,
        written => written,
    }
}

/// Writes the object on a condition; its tag.
async fn put(bucket: &Bucket, key: &str, bytes: Vec<u8>, condition: Condition) -> Result<String, RequestError> {
    let full_key = bucket.full_key(key);
    let (absent, unchanged) = match condition {
        Condition::Absent => (Some("*".to_owned()), None),
        Condition::Unchanged(tag) => (None, Some(format!("\"{tag}\""))),
        Condition::None => (None, None),
    };
    let put = bucket.retry(|| {
        let request = bucket.client.put_object().bucket(&bucket.name).key(&full_key);
        let request = request.set_if_none_match(absent.clone()).set_if_match(unchanged.clone());
        request.body(ByteStream::from(bytes.clone())).send()
    });
    Ok(stamp(None, put.await?.e_tag()).tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_gone_when_its_process_is_or_when_it_was_not_heard_of() {
        let this = Owner::this();
        let at = |change: &dyn Fn(&mut Owner)| {
            let mut other = Owner { lease: "other".into(), ..this.clone() };
            change(&mut other);
            other.is_gone(&this)
        };
        assert!(!at(&|_| {}), "a process that runs");
        assert!(at(&|other| other.began = "1".into()), "another process that had its number");
        assert!(at(&|other| other.process = u32::MAX), "no such process");
        assert!(!at(&|other| (other.machine, other.process) = ("elsewhere".into(), u32::MAX)), "unknown here");
        assert!(at(&|other| (other.machine, other.renewed) = ("elsewhere".into(), now() - 200)));
        assert!(at(&|other| other.renewed = now() - 200), "a process that stands still");
        assert!(refusal("s3://b/l", Some(&this)).contains(&format!("process {} on ", std::process::id())));
    }
}
