//! `manyfit train` without options in the tree that the platform lays out, host by host.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::support::{Ended, artifacts, daily, files, folder, manifest, manyfit, repository, statuses, train};

/// The platform's files of one host.
struct Host(TempDir);

impl Host {
    fn new(config: &[(&str, &str)]) -> Self {
        Self(folder(config.iter().map(|(name, text)| (format!("input/config/{name}"), *text))))
    }

    /// A host of a job as the platform describes it.
    fn of_job(current: &str, hosts: &[&str], distribution: &str, hyperparameters: &str) -> Self {
        let channel = format!(
            r#"{{"training": {{"ContentType": "text/csv", "TrainingInputMode": "FastFile",
                "S3DistributionType": "{distribution}", "RecordWrapperType": "None"}}}}"#
        );
        let resources = serde_json::json!({
            "current_group_name": "homogeneousCluster", "current_host": current, "current_instance_type": "ml.c5.xlarge",
            "hosts": hosts, "network_interface_name": "eth0", "topology": null,
            "instance_groups":
                [{ "hosts": hosts, "instance_group_name": "homogeneousCluster", "instance_type": "ml.c5.xlarge" }],
        });
        Self::new(&[
            ("hyperparameters.json", hyperparameters),
            ("inputdataconfig.json", &channel),
            ("resourceconfig.json", &resources.to_string()),
            ("checkpointconfig.json", r#"{"LocalPath": "/opt/ml/checkpoints", "S3Uri": "s3://bucket/models/"}"#),
            ("init-config.json", "{}"),
            ("trainingjobconfig.json", "{}"),
        ])
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn put(&self, below: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn customer(&self, number: u64) -> &Self {
        self.put(&format!("input/data/training/{number}.csv"), daily(30, number))
    }

    fn run(&self) -> Ended {
        let mut command = manyfit();
        command.arg("train").env("SAGEMAKER_BASE_DIR", self.0.path()).env("TRAINING_JOB_NAME", "energy-7");
        command.output().unwrap().into()
    }

    fn failure(&self) -> Option<String> {
        fs::read_to_string(self.path("output/failure")).ok()
    }
}

const HOSTS: [&str; 3] = ["algo-1", "algo-2", "algo-3"];

fn names(models: &Path) -> Vec<String> {
    artifacts(models).into_keys().collect()
}

#[test]
fn hosts_fit_their_slices_and_a_host_without_data_is_done() {
    let host = |rank: usize| Host::of_job(HOSTS[rank], &HOSTS, "ShardedByS3Key", r#"{"prediction-length": "7"}"#);
    let (first, second, third) = (host(0), host(1), host(2));
    for number in [1, 3, 5] {
        first.customer(number);
    }
    for number in [2, 4] {
        second.customer(number);
    }
    for (rank, host, fitted) in [(0, &first, 3), (1, &second, 2), (2, &third, 0)] {
        let ended = host.run().with_code(0);
        let rows = manifest(&host.path(&format!("output/data/manifest-{rank}-of-3.jsonl")));
        assert_eq!(rows.len(), fitted, "{}", ended.out);
        let forecasts = fs::read_to_string(host.path(&format!("output/data/forecasts-{rank}-of-3.csv"))).unwrap();
        assert_eq!(forecasts.lines().count(), 1 + 7 * fitted);
        assert!(host.path(&format!("output/data/summary-{rank}-of-3.json")).exists());
        assert!(ended.out.contains(&format!("models_done={fitted};")), "{}", ended.out);
        assert_eq!(host.failure(), None);
    }
    assert_eq!(names(&first.path("checkpoints")), ["1.tar.gz", "3.tar.gz", "5.tar.gz"]);
    assert_eq!(names(&second.path("checkpoints")), ["2.tar.gz", "4.tar.gz"]);
    // The channel's directory may also be there, and empty.
    fs::create_dir_all(third.path("input/data/training")).unwrap();
    assert!(third.run().with_code(0).out.contains("nothing to do"));

    // The same artifacts as on a laptop.
    let output = tempfile::tempdir().unwrap();
    train(&first.path("input/data/training"), output.path(), &[]).with_code(0);
    assert_eq!(artifacts(&output.path().join("models")), artifacts(&first.path("checkpoints")));
}

#[test]
fn hosts_that_all_get_everything_share_it_out() {
    let mut all = Vec::new();
    for host in HOSTS.map(|name| Host::of_job(name, &HOSTS, "FullyReplicated", "{}")) {
        for number in 1..=9 {
            host.customer(number);
        }
        host.run().with_code(0);
        all.extend(names(&host.path("checkpoints")));
    }
    all.sort();
    assert_eq!(all, (1..=9).map(|number| format!("{number}.tar.gz")).collect::<Vec<_>>());
}

#[test]
fn after_a_spot_interruption_only_what_is_missing_is_fitted_and_other_hosts_models_stay() {
    let host = Host::of_job("algo-1", &HOSTS[..2], "ShardedByS3Key", "{}");
    for number in [1, 3, 5] {
        host.customer(number);
    }
    host.run().with_code(0);
    let models = artifacts(&host.path("checkpoints"));

    // A new instance: every object under the S3 prefix is restored, with markers of the upload agent beside some.
    let again = Host::of_job("algo-1", &HOSTS[..2], "ShardedByS3Key", "{}");
    for number in [1, 3, 5] {
        again.customer(number);
    }
    again.put("checkpoints/1.tar.gz", &models["1.tar.gz"]);
    again.put("checkpoints/5.tar.gz", &models["5.tar.gz"]);
    again.put("checkpoints/2.tar.gz", "the other host's");
    again.put("checkpoints/1.tar.gz.sagemaker-uploaded", "");
    again.put("checkpoints/5.tar.gz.sagemaker-uploading", "");
    again.run().with_code(0);
    let rows = manifest(&again.path("output/data/manifest-0-of-2.jsonl"));
    let status = |customer: &str| rows[customer]["status"].as_str().unwrap().to_owned();
    assert_eq!([status("1"), status("3"), status("5")], ["unchanged", "fitted", "unchanged"]);
    for (name, bytes) in &models {
        assert_eq!(fs::read(again.path("checkpoints").join(name)).unwrap(), *bytes, "{name}");
    }
    assert_eq!(fs::read_to_string(again.path("checkpoints/2.tar.gz")).unwrap(), "the other host's");
    assert!(again.path("checkpoints/1.tar.gz.sagemaker-uploaded").exists());
    let files = fs::read_dir(again.path("checkpoints")).unwrap().count();
    assert_eq!(files, 4 + 2, "nothing but models and markers stands beside the models");
}

#[test]
fn every_clients_dialect_of_hyperparameters_is_the_same_job() {
    let sdk2 = r#"{"model": "prophet", "horizon": "4", "weekly-seasonality": "True", "frequency": "None"}"#;
    let framework = r#"{"model": "\"prophet\"", "prediction-length": "4", "weekly_seasonality": "true", "frequency": "null",
        "sagemaker_program": "\"train.py\"", "_tuning_objective_metric": "\"mae\""}"#;
    let by_hand = r#"{"horizon": 4, "weekly_seasonality": true}"#;
    let run = |hyperparameters| {
        let host = Host::of_job("algo-1", &HOSTS[..1], "ShardedByS3Key", hyperparameters);
        host.customer(8).run().with_code(0);
        assert_eq!(statuses(&host.path("output/data")), [1, 0, 0, 0]);
        (artifacts(&host.path("checkpoints")), fs::read_to_string(host.path("output/data/forecasts.csv")).unwrap())
    };
    let expected = run(sdk2);
    assert_eq!(expected.1.lines().count(), 1 + 4);
    for dialect in [framework, by_hand] {
        assert_eq!(run(dialect), expected, "{dialect}");
    }
}

#[test]
fn a_job_that_cannot_start_says_why_in_the_failure_file() {
    let host = Host::of_job("algo-1", &HOSTS[..1], "ShardedByS3Key", r#"{"hotizon": "7", "growth": "quadratic"}"#);
    host.customer(8).run().with_code(2).complains_of(&["did you mean horizon?"]);
    let failure = host.failure().unwrap();
    assert!(failure.contains("did you mean horizon?") && failure.contains("quadratic"), "{failure}");
    assert!(!host.path("checkpoints").exists());

    let pipe = Host::new(&[("inputdataconfig.json", r#"{"training": {"TrainingInputMode": "Pipe"}}"#)]);
    pipe.run().with_code(2).complains_of(&["Pipe", "File or FastFile"]);
    assert!(pipe.failure().unwrap().contains("Pipe"));

    let broken = Host::new(&[("hyperparameters.json", "{")]);
    broken.run().with_code(2);
    assert!(broken.failure().unwrap().contains("hyperparameters.json: "));
}

#[test]
fn a_run_with_its_own_input_leaves_the_platform_s_files_alone() {
    let host = Host::of_job("algo-1", &HOSTS[..1], "ShardedByS3Key", r#"{"prediction-length": "7"}"#);
    host.customer(8).put("config/processingjobconfig.json", "{}");
    let before = files(host.0.path());
    let (good, bad) = (folder([("8.csv", daily(30, 8))]), folder([("8.csv", "ds,y\n2022-01-01,x\n")]));
    for (input, options, code) in [
        (&good, &["train"][..], 0),
        (&good, &["train", "--sett=x"], 2),
        (&good, &["train", "--set", "horizn=3"], 2),
        (&bad, &["train"], 3),
        (&bad, &["prepare"], 3),
        (&good, &["merge"], 2),
    ] {
        let output = tempfile::tempdir().unwrap();
        let mut command = manyfit();
        command.args(options).arg("--input").arg(input.path()).arg("--output").arg(output.path());
        command.env("SAGEMAKER_BASE_DIR", host.0.path()).env("TRAINING_JOB_NAME", "energy-7");
        Ended::from(command.output().unwrap()).with_code(code);
        assert_eq!(files(host.0.path()), before, "{options:?}");
    }
}

#[test]
fn every_test_starts_the_program_away_from_the_machine() {
    // Whoever knows where the program is hides the machine's variables and tree from it.
    let known = concat!("CARGO_BIN_EXE", "_manyfit");
    for file in fs::read_dir(repository("tests/suite")).unwrap().map(|file| file.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let hides = text.contains("env_clear()") && text.contains(r#".env("SAGEMAKER_BASE_DIR", "/no/such/base")"#);
        assert!(hides || !text.contains(known), "{}", file.display());
    }
    let command = manyfit();
    let base = command.get_envs().find(|(name, _)| *name == "SAGEMAKER_BASE_DIR").unwrap().1.unwrap();
    assert!(!Path::new(base).exists());
}

#[test]
fn a_job_with_too_many_bad_customers_fails_and_keeps_its_models() {
    let host = Host::of_job("algo-1", &HOSTS[..1], "ShardedByS3Key", r#"{"max_failures": "0"}"#);
    host.customer(8).put("input/data/training/9.csv", "ds,y\n2022-01-01,x\n");
    host.run().with_code(3);
    let failure = host.failure().unwrap();
    assert!(failure.contains("1 of 2 customers failed") && failure.contains("9.csv: line 2"), "{failure}");
    assert!(failure.chars().count() <= 1024);
    assert_eq!(names(&host.path("checkpoints")), ["8.tar.gz"]);
    assert_eq!(statuses(&host.path("output/data")), [1, 0, 0, 1]);
}

#[test]
fn without_a_checkpoint_configuration_models_go_to_the_model_directory_with_a_warning() {
    let host = Host::new(&[
        ("hyperparameters.json", ""),
        ("inputdataconfig.json", r#"{"train": {"TrainingInputMode": "File"}}"#),
        ("resourceconfig.json", r#"{"current_host": "algo-1-x7k3q", "hosts": ["algo-1-x7k3q"]}"#),
    ]);
    let ended = host.put("input/data/train/8.csv", daily(30, 8)).run().with_code(0);
    assert!(ended.out.contains("warning: the job has no CheckpointConfig"), "{}", ended.out);
    assert_eq!(names(&host.path("model")), ["8.tar.gz"]);
}

#[test]
fn a_table_has_the_channel_of_its_setting_whichever_model_of_forecasts_uses_it() {
    let channels = r#"{"training": {"S3DistributionType": "ShardedByS3Key"}, "overrides": {"S3DistributionType": "FullyReplicated"},
        "holidays": {"S3DistributionType": "FullyReplicated"}}"#;
    let rows = "customer,model\n8,prophet\n";
    for (hyperparameters, rows) in [
        (r#"{"model": "mean", "overrides": "by-customer.csv"}"#, rows),
        (r#"{"model": "mean"}"#, rows),
        ("{}", "customer,model\n9,mean\n"),
    ] {
        let host = Host::new(&[
            ("hyperparameters.json", hyperparameters),
            ("inputdataconfig.json", channels),
            ("checkpointconfig.json", r#"{"LocalPath": "/opt/ml/checkpoints"}"#),
        ]);
        host.put("input/data/overrides/by-customer.csv", rows);
        host.put("input/data/holidays/h.csv", "holiday,ds\nstocktaking,2022-01-10\n");
        host.customer(8).customer(9).run().with_code(0);
        let models = manifest(&host.path("output/data/manifest.jsonl"));
        assert_eq!(
            (&models["8"]["model"], &models["9"]["model"]),
            (&"prophet".into(), &"mean".into()),
            "{hyperparameters}"
        );
    }
}
