//! Creates the directory tree of a container, for simulations on one machine.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use super::paths::Paths;
use crate::error::{Error, Result};

/// Creates the tree of a host of a training job, number `index` (from 0) of `count`: the configuration of a job with a
/// ShardedByS3Key channel `training`, whose directory may not exist, and checkpoints.
pub(crate) fn create_host_tree(
    base: &Path,
    index: usize,
    count: usize,
    hyperparameters: &BTreeMap<String, String>,
) -> Result<Paths> {
    let paths = Paths::at(base);
    // The platform sorts hosts as text: algo-10 comes before algo-2.
    let mut hosts: Vec<String> = (1..=count).map(|number| format!("algo-{number}")).collect();
    let current = hosts[index].clone();
    hosts.sort();
    let group = "homogeneousCluster";
    let instance = "ml.c5.xlarge";
    let files: [(&str, Value); 4] = [
        ("hyperparameters.json", json!(hyperparameters)),
        (
            "inputdataconfig.json",
            json!({"training": {"ContentType": "text/csv", "TrainingInputMode": "FastFile",
                "S3DistributionType": "ShardedByS3Key", "RecordWrapperType": "None"}}),
        ),
        (
            "resourceconfig.json",
            json!({"current_host": current, "hosts": hosts, "current_group_name": group,
                "current_instance_type": instance, "network_interface_name": "eth0", "topology": null,
                "instance_groups": [{"hosts": hosts, "instance_group_name": group, "instance_type": instance}]}),
        ),
        ("checkpointconfig.json", json!({"LocalPath": "/opt/ml/checkpoints/", "S3Uri": "s3://bucket/models/"})),
    ];
    for (name, content) in files {
        let path = paths.config(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, content.to_string()))
            .map_err(|error| Error::storage(format_args!("writing {}", path.display()), error))?;
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sagemaker::TrainingEnvironment;

    #[test]
    fn what_is_laid_out_is_what_is_read() {
        let base = tempfile::tempdir().unwrap();
        let settings = [("horizon".to_owned(), "7".to_owned())].into();
        let tree = create_host_tree(base.path(), 1, 11, &settings).unwrap();
        let (name, place) = tree.variable();
        let variables = |asked: &str| (asked == name).then(|| place.to_str().unwrap().to_owned());
        let environment = TrainingEnvironment::detect_with(&variables).unwrap().unwrap();
        assert_eq!(environment.hyperparameters, settings);
        assert_eq!(environment.input, tree.channels().join("training"));
        assert_eq!(environment.models, tree.checkpoints());
        assert_eq!(environment.output_data, tree.output("data"));
        // algo-2 among algo-1, algo-10, algo-11, algo-2, …
        assert_eq!((environment.rank, environment.hosts, environment.shard()), (3, 11, (0, 1)));
        assert!(environment.warnings.is_empty(), "{:?}", environment.warnings);
    }
}
