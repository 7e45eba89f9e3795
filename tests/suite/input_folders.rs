//! What folders tell of the files in them: the customer's name, and columns.

use crate::{
    server::Server,
    support::{Ended, artifacts, daily, folder, manyfit, prepare, train},
};

#[test]
fn files_of_one_name_are_customers_of_their_folders_in_every_command() {
    let input = folder([("north/1.csv", daily(40, 1)), ("south/1.csv", daily(40, 2)), ("south/2.csv", daily(40, 3))]);
    let output = tempfile::tempdir().unwrap();
    let at = |name: &str| output.path().join(name);
    train(input.path(), &at("refused"), &["model=mean"]).with_code(3).complains_of(&["set customer_from to path"]);
    prepare(input.path(), &at("refused"), &[]).with_code(3).complains_of(&["--customer-from path"]);
    let settings = ["model=mean", "horizon=2"];
    train(input.path(), &at("direct"), &[&settings[..], &["customer_from=path"]].concat()).with_code(0);
    let names = ["north-1.tar.gz", "south-1.tar.gz", "south-2.tar.gz"];
    let direct = artifacts(&at("direct/models"));
    assert_eq!(direct.keys().collect::<Vec<_>>(), names);
    prepare(input.path(), &at("prepared"), &["--customer-from=path"]).with_code(0);
    train(&at("prepared/customers"), &at("twice"), &settings).with_code(0);
    assert!(artifacts(&at("twice/models")) == direct);
    let tables = folder([("north/1.csv", "ds\n2031-01-01\n"), ("south/1.csv", "ds\n2031-01-02\n")]);
    let predict = |more: &[&str]| {
        let mut command = manyfit();
        command.arg("predict").arg(at("direct/models")).arg("--future").arg(tables.path());
        Ended::from(command.args(more).output().unwrap())
    };
    predict(&[]).with_code(3).complains_of(&["the customer \"1\" is also in", "customer_from=path"]);
    let predicted = predict(&["--customer-from=path"]).with_code(0);
    let rows: Vec<&str> = predicted.out.lines().skip(1).map(|line| &line[..18]).collect();
    assert_eq!(rows, ["north-1,2031-01-01", "south-1,2031-01-02"]);
    let server = Server::start(&["--models", at("direct/models").to_str().unwrap()], &[]);
    server.post("/models/north-1.tar.gz/invoke", "{\"horizon\": 1}").with(200);
}

/// Hourly values of some days, by day, each of which `row` writes from the hour and the value.
fn days(number: u32, row: impl Fn(u32, u32) -> String) -> Vec<(String, String)> {
    let rows = |day: u32| (0..24).map(|hour| row(hour, 100 * day + hour)).collect::<String>();
    (1..=number).map(|day| (format!("2024-01-{day:02}"), rows(day))).collect()
}

#[test]
fn dates_of_folders_are_the_timestamps_of_files_without_any() {
    let read = |output: &std::path::Path| std::fs::read_to_string(output.join("customers/a.csv")).unwrap();
    let prepared = |files: Vec<(String, String)>, options: &[&str]| {
        let (input, output) = (folder(files), tempfile::tempdir().unwrap());
        let ended = prepare(input.path(), output.path(), options).with_code(0);
        (read(output.path()), ended.out)
    };
    let in_folders = |header: &str, days: Vec<(String, String)>| -> Vec<(String, String)> {
        days.into_iter()
            .map(|(day, rows)| (format!("customer=a/date={day}/part-0.csv"), format!("{header}\n{rows}")))
            .collect()
    };
    // Daily sums, of files with nothing but values.
    let (daily, said) = prepared(in_folders("kwh", days(3, |_, value| format!("{value}\n"))), &["--duplicates=sum"]);
    assert_eq!(daily, "timestamp,target\n2024-01-01,2676\n2024-01-02,5076\n2024-01-03,7476\n");
    assert!(said.contains("customer = \"customer\", a folder, timestamp = \"date\", target = \"kwh\""), "{said}");
    // Hours in the file, the date in its path.
    let hours = in_folders("hour,kwh,date2", days(3, |hour, value| format!("{hour},{value},x\n")));
    let (hourly, _) = prepared(hours.clone(), &["--timestamp=date,hour", "--target=kwh"]);
    let plain: String = days(3, |hour, value| format!("T{hour:02}:00:00,{value}\n"))
        .into_iter()
        .map(|(day, rows)| rows.lines().map(|row| format!("{day}{row}\n")).collect::<Vec<_>>().concat())
        .collect();
    assert_eq!(hourly, format!("timestamp,target\n{plain}"));
    // A column of the file wins, and --keep takes the folder's as well.
    let own = vec![("customer=a/date=1999-01-01/part-0.csv".to_owned(), "date,kwh\n2024-01-01,5\n".to_owned())];
    assert_eq!(prepared(own, &[]).0, "timestamp,target\n2024-01-01,5\n");
    let (kept, _) = prepared(
        in_folders("kwh", days(1, |hour, _| if hour == 0 { "7\n".into() } else { String::new() })),
        &["--keep=date=day"],
    );
    assert_eq!(kept, "timestamp,target,day\n2024-01-01,7,2024-01-01\n");
    // Training reads a file by the same rule.
    let forecasts = |input: &std::path::Path, settings: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        train(input, output.path(), &[&["model=mean", "horizon=2"], settings].concat()).with_code(0);
        std::fs::read_to_string(output.path().join("forecasts.csv")).unwrap()
    };
    let one_day = folder([hours[0].clone()]);
    let day: String = plain.lines().take(24).map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
    let plain = folder([("a.csv", format!("ds,y\n{day}"))]);
    let expected = forecasts(plain.path(), &[]);
    assert_eq!(forecasts(one_day.path(), &["timestamp=date,hour", "target=kwh"]), expected);
}

#[test]
fn folders_are_features_where_settings_name_them_in_training_and_in_prediction() {
    let rows = |number: usize, more: &str| {
        (0..number).map(|i| format!("{},{}{more}\n", i % 7 + number, i % 5)).collect::<Vec<_>>().concat()
    };
    let settings = ["model=gradient-boosting", "num_round=5", "min_child_weight=0", "target=y", "categorical=region"];
    let plain = folder([("a.csv", format!("y,f,region\n{}", rows(30, ",north")))]);
    let hive = folder([("customer=a/region=north/part-0.csv", format!("y,f\n{}", rows(30, "")))]);
    let output = tempfile::tempdir().unwrap();
    let at = |name: &str| output.path().join(name);
    train(plain.path(), &at("plain"), &settings).with_code(0);
    train(hive.path(), &at("hive"), &settings).with_code(0);
    assert!(artifacts(&at("hive/models")) == artifacts(&at("plain/models")));
    let tables = folder([
        ("plain/a.csv", "f,region\n3,north\n1,south\n"),
        ("hive/customer=a/region=north/1.csv", "f\n3\n"),
        ("hive/customer=a/region=south/2.csv", "f\n1\n"),
    ]);
    let predict = |place: &str| {
        let mut command = manyfit();
        command.arg("predict").arg(at("plain/models")).arg("--input").arg(tables.path().join(place));
        Ended::from(command.output().unwrap()).with_code(0)
    };
    let (plain, hive) = (predict("plain"), predict("hive"));
    assert_eq!(hive.out, plain.out);
    hive.complains_of(&["a value of \"region\" that is not a category of the training rows, treated as missing: 1"]);
}
