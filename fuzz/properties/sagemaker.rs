//! The platform's files in a container.

use std::fs;

use manyfit::fuzzing;

use super::{checked, side_tables::folder};

/// The files of a training container and of a processing container, with a zero byte between them.
pub(super) fn files(input: &[u8]) {
    let base = folder().join("container");
    let names = [
        "input/config/hyperparameters.json",
        "input/config/resourceconfig.json",
        "input/config/inputdataconfig.json",
        "input/config/checkpointconfig.json",
        "config/processingjobconfig.json",
        "config/resourceconfig.json",
    ];
    let mut parts = input.split(|byte| *byte == 0);
    for name in names {
        let path = base.join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a temporary folder is made");
        fs::write(&path, parts.next().unwrap_or_default()).expect("a temporary file is written");
    }
    if let Some(Some(environment)) = checked(fuzzing::training_environment(&base)) {
        let (rank, hosts) = environment.shard();
        assert!(rank < hosts, "{environment:?}");
        environment.warnings.iter().for_each(super::check_text);
    }
    if let Some(Some(environment)) = checked(fuzzing::processing_environment(&base)) {
        assert!(environment.rank < environment.hosts, "{environment:?}");
    }
}
