//! `manyfit pipeline` and `manyfit job`: what they refuse and that they print the same text for the same options.
//!
//! What they print is compared with the platform's own description and tools in `tests/interop/test_launch.py`.

use serde_json::{Value, json};

use super::support::{Ended, manyfit};

const ROLE: &str = "arn:aws:iam::123456789012:role/manyfit";

fn run(arguments: &[&str]) -> Ended {
    manyfit().args(arguments).output().unwrap().into()
}

/// A launch with everything it needs, and more options after it.
fn launch<'a>(command: &[&'a str], more: &[&'a str]) -> Ended {
    let places = ["--role", ROLE, "--image", "manyfit:1", "--input", "s3://bucket/raw/", "--output", "s3://bucket/out"];
    run(&[command, &places, more].concat())
}

#[test]
fn the_same_options_print_the_same_text() {
    for command in [&["pipeline", "--name", "a"][..], &["job", "fit", "--name", "a"]] {
        let first = launch(command, &["--set", "horizon=7", "--set", "growth=flat"]).with_code(0).out;
        let second = launch(command, &["--set", "growth=flat", "--set", "horizon=7"]).with_code(0).out;
        assert_eq!(first, second);
    }
}

#[test]
fn everything_that_is_missing_or_beyond_a_limit_is_told_at_once() {
    run(&["pipeline", "--name", "a_b", "--input", "bucket/raw", "--instances", "0", "--instance-type", "c5.xlarge"])
        .with_code(2)
        .complains_of(&[
            "8 options are invalid",
            r#"--name "a_b": use 1 to 50 letters"#,
            r#"--endpoint "a_b": use 1 to 63 letters"#,
            "--role is missing",
            "--image is missing",
            "--output is missing",
            r#"--input "bucket/raw": use an address that starts with s3://"#,
            r#"--instance-type "c5.xlarge": use a SageMaker instance type"#,
            "--instances 0: use at least 1",
        ]);
}

#[test]
fn the_prefix_of_the_input_ends_in_a_slash_and_a_table_does_not() {
    for (input, expected) in [
        ("s3://bucket/raw", "s3://bucket/raw/"),
        ("s3://bucket/raw/", "s3://bucket/raw/"),
        ("s3://bucket/raw/all.csv.gz", "s3://bucket/raw/all.csv.gz"),
    ] {
        let places = ["--role", ROLE, "--image", "manyfit:1", "--input", input, "--output", "s3://bucket/out"];
        let ended = run(&[&["job", "prepare", "--name", "a"][..], &places].concat()).with_code(0);
        assert!(ended.out.contains(&format!("\"S3Uri\": \"{expected}\"")), "{}", ended.out);
    }
}

#[test]
fn a_step_asks_for_no_more_than_it_needs() {
    run(&["job", "endpoint", "--name", "a"]).with_code(0);
    run(&["job", "endpoint-config", "--name", "a"]).with_code(0);
    run(&["job", "model", "--name", "a"]).with_code(2).complains_of(&["--role", "--image", "--output"]);
    assert!(!run(&["job", "model", "--name", "a"]).err.contains("--input"));
}

#[test]
fn options_of_the_preparation_are_checked_before_a_job_is_paid_for() {
    for (options, complaint) in [
        (
            &["--targt=kwh"][..],
            "--prepare-argument: unexpected argument '--targt' found; tip: a similar argument exists",
        ),
        (&["--filter=kwh"], "invalid condition"),
        (&["--keep=*,a"], "--prepare-argument: --keep: * keeps every column"),
        (&["--format=parquet", "--no-header"], "--no-header is for CSV"),
        (&["--shard=0/2"], "--prepare-argument: --shard: the platform sets this in a job"),
        (&["--work=/tmp"], "--prepare-argument: --work"),
        (&["--input=raw", "--output=out"], "--prepare-argument: --input"),
        (&["--help"], "--prepare-argument: --help has no use in a job"),
    ] {
        let options: Vec<String> = options.iter().map(|option| format!("--prepare-argument={option}")).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        for command in [&["pipeline", "--name", "a"][..], &["job", "prepare", "--name", "a"]] {
            launch(command, &options).with_code(2).complains_of(&[complaint]);
        }
    }
    let options = ["--prepare-argument=--target", "--prepare-argument=kwh", "--prepare-argument=--format=parquet"];
    launch(&["job", "prepare", "--name", "a"], &options).with_code(0);
}

#[test]
fn limits_of_single_options() {
    for (options, complaint) in [
        (&["--max-runtime", "3600", "--max-wait", "3599"][..], "--max-wait 3599: it includes the run and the wait"),
        (&["--max-runtime", "2419201"], "--max-runtime 2419201: the platform allows 2419200"),
        (&["--volume", "0"], "--volume 0: use at least 1"),
        (&["--max-wait", "4294967295"], "--max-wait 4294967295: the platform allows 2147483647"),
        (&["--instances", "4294967295"], "--instances 4294967295: the platform allows 2147483647"),
        (&["--set", "hotizon=7"], "did you mean horizon?"),
        (&["--set", "horizon"], "write a name and a value"),
        (
            &["--versions", "names", "--set", "version=v2"],
            "--set version: --versions names sets it from the run's name",
        ),
        (&["--role", "manyfit"], "cannot be used multiple times"),
    ] {
        launch(&["job", "fit", "--name", "a"], options).with_code(2).complains_of(&[complaint]);
    }
    let long = "a".repeat(60);
    launch(&["job", "fit", "--name", &long], &[]).with_code(2).complains_of(&["use 1 to 59 letters"]);
    launch(&["job", "prepare", "--name", "a"], &["--prepare-instances", "101"])
        .with_code(2)
        .complains_of(&["--prepare-instances 101: the platform allows 100"]);
    launch(&["job", "prepare", "--name", "a"], &["--max-runtime", "777601"])
        .with_code(2)
        .complains_of(&["--max-runtime 777601: the platform allows 777600"]);
    launch(&["pipeline", "--name", "a"], &["--cache", "7d"])
        .with_code(2)
        .complains_of(&["--cache \"7d\": use an ISO 8601"]);
}

/// A job's request, or a pipeline's definition.
fn printed(command: &[&str], options: &[&str]) -> Value {
    serde_json::from_str(&launch(command, options).with_code(0).out).unwrap()
}

/// The channels of a training job: name, mode, place, distribution.
fn channels(request: &Value) -> Vec<[String; 4]> {
    let channel = |channel: &Value| {
        let source = &channel["DataSource"]["S3DataSource"];
        let place = &source["S3Uri"];
        [&channel["ChannelName"], &channel["InputMode"], place, &source["S3DataDistributionType"]]
            .map(|value| value.as_str().map_or_else(|| value["Get"].as_str().unwrap().to_owned(), str::to_owned))
    };
    request["InputDataConfig"].as_array().unwrap().iter().map(channel).collect()
}

#[test]
fn tables_in_s3_become_channels_and_settings_name_the_file_or_nothing() {
    let options = [
        "--set=holidays=s3://bucket/tables/us.csv",
        "--set=overrides=s3://other/overrides",
        "--set=future=s3://bucket/future/",
        "--set=horizon=7",
    ];
    let replicated = |name: &str, place: &str| [name, "File", place, "FullyReplicated"].map(str::to_owned);
    let sharded = |place: &str| ["training", "FastFile", place, "ShardedByS3Key"].map(str::to_owned);
    let request = printed(&["job", "fit", "--name", "a"], &options);
    assert_eq!(
        channels(&request),
        [
            sharded("s3://bucket/out/a/customers/"),
            replicated("holidays", "s3://bucket/tables/us.csv"),
            replicated("overrides", "s3://other/overrides/"),
            replicated("future", "s3://bucket/future/"),
        ]
    );
    assert_eq!(request["HyperParameters"], json!({"holidays": "us.csv", "horizon": "7", "version": "a"}));
    let pipeline = printed(&["pipeline", "--name", "a"], &options);
    assert_eq!(
        channels(&pipeline["Steps"][1]["Arguments"]),
        [
            sharded("Steps.Prepare.ProcessingOutputConfig.Outputs['customers'].S3Output.S3Uri"),
            replicated("holidays", "Parameters.HolidaysS3Uri"),
            replicated("overrides", "Parameters.OverridesS3Uri"),
            replicated("future", "Parameters.FutureS3Uri"),
        ]
    );
    let parameters = pipeline["Parameters"].as_array().unwrap();
    let default = |name: &str| &parameters.iter().find(|each| each["Name"] == name).unwrap()["DefaultValue"];
    assert_eq!(default("HolidaysS3Uri"), "s3://bucket/tables/us.csv");
    assert_eq!(default("OverridesS3Uri"), "s3://other/overrides/");
}

#[test]
fn tables_of_this_machine_are_refused_and_so_are_addresses_that_are_none() {
    let table = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    let place = table.path().display();
    for (option, complaint) in [
        (
            format!("--set=holidays={place}"),
            format!("--set holidays={place}: a job cannot read a file of this machine"),
        ),
        ("--set=overrides=tables/by-store.csv".into(), "--set overrides=s3://bucket/by-store.csv".into()),
        (
            "--set=holidays=https://a/b.csv".into(),
            "--set holidays \"https://a/b.csv\": use an address that starts".into(),
        ),
        ("--set=holidays=s3://B/b.csv".into(), "\"B\" is not a valid bucket name".into()),
        ("--set=future=s3://bucket/future/".into(), "future: none of its dates is forecast with horizon=0".into()),
        ("--set=validation=s3://bucket/v".into(), "write --validation s3://bucket/v".into()),
        ("--validation=s3://bucket/v".into(), "is for regression models, and the model is prophet".into()),
    ] {
        for command in [&["pipeline", "--name", "a"][..], &["job", "fit", "--name", "a"]] {
            launch(command, &[&option]).with_code(2).complains_of(&[&complaint]);
        }
    }
    let regression = ["--set=model=ridge", "--set=holidays=s3://bucket/us.csv"];
    launch(&["job", "fit", "--name", "a"], &regression).with_code(2).complains_of(&["holidays"]);
    let local = ["--set=model=ridge", "--validation=val"];
    launch(&["job", "fit", "--name", "a"], &local)
        .with_code(2)
        .complains_of(&["--validation \"val\": use an address that starts with s3://"]);
}

#[test]
fn customers_files_that_are_there_already_need_no_prepare() {
    let options = ["--prepared", "--set=model=ridge", "--validation=s3://bucket/val", "--input-mode=File"];
    let pipeline = printed(&["pipeline", "--name", "a"], &options);
    let steps: Vec<&str> =
        pipeline["Steps"].as_array().unwrap().iter().map(|step| step["Name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["Fit", "Model", "EndpointConfig", "Endpoint"]);
    let expected = |customers: &str, validation: &str| {
        [
            ["training", "File", customers, "ShardedByS3Key"].map(str::to_owned),
            ["validation", "File", validation, "FullyReplicated"].map(str::to_owned),
        ]
    };
    assert_eq!(
        channels(&pipeline["Steps"][0]["Arguments"]),
        expected("Parameters.InputS3Uri", "Parameters.ValidationS3Uri")
    );
    let request = printed(&["job", "fit", "--name", "a"], &options);
    assert_eq!(channels(&request), expected("s3://bucket/raw/", "s3://bucket/val/"));
    for command in [&["job", "prepare", "--name", "a"][..], &["pipeline", "--name", "a", "--until", "prepare"]] {
        launch(command, &["--prepared"]).with_code(2).complains_of(&["--prepared leaves out Prepare"]);
    }
    for option in ["--cache=P7D", "--prepare-argument=--target=kwh"] {
        launch(&["pipeline", "--name", "a"], &["--prepared", option]).with_code(2).complains_of(&["--prepared"]);
    }
}

#[test]
fn the_preparation_of_a_regression_splits_features_and_its_validation_rows_are_a_channel() {
    let options = [
        "--set=model=gradient-boosting",
        "--set=customer=city",
        "--set=target=price",
        "--set=decimal=comma",
        "--prepare-argument=--timestamp=sold",
        "--prepare-argument=--validation-from=2024-03-01",
    ];
    let prepare = printed(&["job", "prepare", "--name", "a"], &options);
    assert_eq!(
        prepare["AppSpecification"]["ContainerArguments"],
        json!([
            "prepare",
            "--regression",
            "--timestamp=sold",
            "--validation-from=2024-03-01",
            "--target=price=price",
            "--customer=city",
            "--decimal=comma"
        ])
    );
    let outputs = prepare["ProcessingOutputConfig"]["Outputs"].as_array().unwrap();
    let outputs: Vec<_> = outputs
        .iter()
        .map(|each| (&each["OutputName"], &each["S3Output"]["S3Uri"], &each["S3Output"]["LocalPath"]))
        .collect();
    let place = |name: &str| {
        (json!(name), json!(format!("s3://bucket/out/a/{name}/")), json!(format!("/opt/ml/processing/output/{name}")))
    };
    let expected = ["customers", "validation", "report"].map(place);
    assert_eq!(outputs, expected.iter().map(|(name, uri, path)| (name, uri, path)).collect::<Vec<_>>());
    let fit = printed(&["job", "fit", "--name", "a"], &options);
    assert_eq!(
        fit["HyperParameters"],
        json!({"model": "gradient-boosting", "target": "price", "timestamp": "sold", "version": "a"})
    );
    let expected = |customers: &str, validation: &str| {
        [
            ["training", "FastFile", customers, "ShardedByS3Key"].map(str::to_owned),
            ["validation", "FastFile", validation, "FullyReplicated"].map(str::to_owned),
        ]
    };
    assert_eq!(channels(&fit), expected("s3://bucket/out/a/customers/", "s3://bucket/out/a/validation/"));
    let pipeline = printed(&["pipeline", "--name", "a"], &options);
    let steps: Vec<&Value> = pipeline["Steps"].as_array().unwrap().iter().map(|step| &step["Name"]).collect();
    assert_eq!(steps, ["Prepare", "Fit", "Model", "EndpointConfig", "Endpoint"]);
    let output = |name: &str| format!("Steps.Prepare.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri");
    assert_eq!(channels(&pipeline["Steps"][1]["Arguments"]), expected(&output("customers"), &output("validation")));
}

#[test]
fn a_regression_without_validation_rows_of_its_own_has_two_outputs_and_one_channel() {
    let options = ["--set=model=ridge", "--set=validation_fraction=0.2"];
    let prepare = printed(&["job", "prepare", "--name", "a"], &options);
    assert_eq!(prepare["AppSpecification"]["ContainerArguments"], json!(["prepare", "--regression"]));
    assert_eq!(prepare["ProcessingOutputConfig"]["Outputs"].as_array().unwrap().len(), 2);
    assert_eq!(channels(&printed(&["job", "fit", "--name", "a"], &options)).len(), 1);
    // What the preparation is told under a name, the fit is told as well.
    let renamed = ["--set=model=ridge", "--prepare-argument=--target=price=eur", "--prepare-argument=--customer=city"];
    let fit = printed(&["job", "fit", "--name", "a"], &renamed);
    assert_eq!(fit["HyperParameters"], json!({"model": "ridge", "target": "eur", "version": "a"}));
    // A forecast's preparation is as it was.
    let prepare = printed(&["job", "prepare", "--name", "a"], &["--set=horizon=7"]);
    assert_eq!(prepare["AppSpecification"]["ContainerArguments"], json!(["prepare"]));
}

#[test]
fn what_the_fit_would_not_find_in_prepared_files_is_refused() {
    for (options, complaint) in [
        (
            &["--set=model=ridge", "--set=target=price", "--prepare-argument=--target=price"][..],
            "--set target=price: Prepare writes the target as \"target\"",
        ),
        (
            &["--set=model=ridge", "--set=customer=city", "--prepare-argument=--customer=city"],
            "--set customer=city: Prepare writes a file per customer",
        ),
        (
            &["--set=model=ridge", "--validation=s3://bucket/v", "--prepare-argument=--validation-fraction=0.2"],
            "--validation s3://bucket/v: Prepare sets rows apart",
        ),
        (&["--set=model=ridge", "--prepare-argument=--duplicates=mean"], "--prepare-argument: "),
        (&["--prepare-argument=--regression"], "--regression is for tables of features, and the model is prophet"),
    ] {
        for command in [&["pipeline", "--name", "a"][..], &["job", "fit", "--name", "a"]] {
            launch(command, options).with_code(2).complains_of(&[complaint]);
        }
    }
}
