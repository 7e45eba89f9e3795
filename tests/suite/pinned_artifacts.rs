//! The models of a few customers, byte for byte. When they change, so does what a fleet would be given: then raise
//! `ALGORITHM` in `src/artifact/fingerprint.rs`, so that every artifact is fitted again, and pin the new ones here.

use crate::support::{members, repository, train};
use manyfit::artifact::hex;
use sha2::{Digest, Sha256};
use std::fs;

/// SHA-256 of `model.json`.
const PINNED: [(&str, &str); 3] = [
    ("1000_dominicks", "8509d3e5a4fa1a8e6be0072d6c748e05b011a8c74826bb810b4f4a1123d830de"),
    ("1017_minute_maid", "f51018a16267c46129d76c4a89f6b9935ce7a4529bc90c637eb6122da76fa45b"),
    ("1030_tropicana", "582b7ee0f6c2eb7f52156d0ce412e62337c17099bff73c618ac92baa4b3ba6d9"),
];

#[test]
fn the_models_of_the_sales_sample_are_those_that_were_pinned() {
    let output = tempfile::tempdir().unwrap();
    train(&repository("sample_data/sales"), output.path(), &[]).with_code(0);
    for (customer, pinned) in PINNED {
        let members = members(&fs::read(output.path().join(format!("models/{customer}.tar.gz"))).unwrap());
        let (_, content) = members.iter().find(|(name, _)| name == "model.json").unwrap();
        assert_eq!(hex(&Sha256::digest(content)), pinned, "{customer}");
    }
}
