//! The canonical text of what shapes an artifact, for its fingerprint.

use crate::artifact::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The JSON of a specification, or its digest where it is long: it is hashed again with the rows of every customer, and a
/// table of holidays has many bytes.
pub(super) fn shape(specification: &impl Serialize) -> String {
    let text = serde_json::to_string(specification).expect("plain data has a JSON form");
    if text.len() > 4096 { hex(&Sha256::digest(text)) } else { text }
}
