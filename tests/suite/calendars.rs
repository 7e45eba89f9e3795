//! The calendars of series, from their dates to the dates of their forecasts: in training, prediction, serving's model files, and
//! the quality report.

use crate::support::{folder, json, manifest, manyfit, members, prepare, train};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A file with these dates, each separated by a space.
fn rows(dates: &str) -> String {
    let rows = dates.split(' ').enumerate();
    rows.fold("ds,y\n".into(), |text, (at, date)| format!("{text}{date},{}\n", 100 + at * 7 % 5))
}

/// Days of a year that `is_in` takes, by their number from Monday 2024-01-01 on.
fn days(count: i64, is_in: impl Fn(i64) -> bool) -> String {
    let start = jiff::civil::date(2024, 1, 1);
    let days = (0..count).filter(|&day| is_in(day));
    days.map(|day| start.saturating_add(jiff::Span::new().days(day)).to_string()).collect::<Vec<_>>().join(" ")
}

/// The first dates of each customer's forecast.
fn forecasts(table: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in table.lines().skip(1) {
        let mut fields = line.split(',');
        let (customer, date) = (fields.next().unwrap(), fields.next().unwrap().trim_end_matches("T00:00:00"));
        match lines.iter_mut().find(|line| line.starts_with(&format!("{customer}:"))) {
            Some(line) => line.extend([" ", date]),
            None => lines.push(format!("{customer}: {date}")),
        }
    }
    lines
}

/// Customers, and the dates that come after theirs.
const FUTURES: [&str; 6] = [
    "holiday: 2024-05-31 2024-06-03 2024-06-04",
    "hours: 2024-01-29T18:00:00 2024-01-30T09:00:00 2024-01-30T10:00:00",
    "months: 2025-01-01 2025-02-01 2025-03-01",
    "quarters: 2024-08-31 2024-11-30 2025-02-28",
    "shop: 2024-03-09 2024-03-11 2024-03-12",
    "weeks: 2024-03-04 2024-03-11 2024-03-18",
];

fn customers() -> Vec<(&'static str, String)> {
    let hours: Vec<String> = days(29, |day| day % 7 != 6)
        .split(' ')
        .flat_map(|day| (9..19).map(move |hour| format!("{day}T{hour:02}:00")))
        .collect();
    vec![
        // To the Thursday after Memorial Day, without it.
        ("holiday.csv", rows(&days(151, |day| day % 7 < 5 && day != 147))),
        // The last date of the last day is missing.
        ("hours.csv", rows(&hours[..hours.len() - 1].join(" "))),
        (
            "months.csv",
            rows(
                "2024-01-01 2024-02-01 2024-03-01 2024-04-01 2024-05-01 2024-06-01 2024-07-01 2024-08-01 2024-09-01 2024-11-01 2024-12-01",
            ),
        ),
        (
            "quarters.csv",
            rows("2022-05-31 2022-08-31 2022-11-30 2023-02-28 2023-08-31 2023-11-30 2024-02-29 2024-05-31"),
        ),
        ("shop.csv", rows(&days(68, |day| day % 7 != 6 && day != 50))),
        ("weeks.csv", rows(&days(60, |day| day % 7 == 0 && day != 49))),
    ]
}

#[test]
fn forecasts_are_for_dates_that_the_history_knows() {
    let (input, output) = (folder(customers()), tempfile::tempdir().unwrap());
    for model in ["prophet", "seasonal-naive"] {
        let output = output.path().join(model);
        let ended = train(input.path(), &output, &["horizon=3", &format!("model={model}")]).with_code(0);
        assert_eq!(forecasts(&fs::read_to_string(output.join("forecasts.csv")).unwrap()), FUTURES, "{model}");
        assert!(ended.out.contains("frequency, inferred: ") && ended.out.contains("B for 1"), "{}", ended.out);
        assert!(ended.out.contains("6 of them are guesses, where pandas.infer_freq finds none"), "{}", ended.out);
        let predict = |models: &Path| {
            let ended = manyfit().arg("predict").arg(models).arg("--horizon=3").output().unwrap();
            String::from_utf8(ended.stdout).unwrap()
        };
        assert_eq!(forecasts(&predict(&output.join("models"))), FUTURES, "{model}");
        let rows = manifest(&output.join("manifest.jsonl"));
        assert_eq!(rows["shop"]["frequency"], "C Mon Tue Wed Thu Fri Sat");
        assert_eq!(rows["shop"]["inferred"], json!({"off": 0, "gaps": 1, "is_guess": true}));
        assert_eq!(rows["hours"]["frequency"], "h 09:00-19:00 Mon Tue Wed Thu Fri Sat");
        assert_eq!(json(&output.join("summary.json"))["calendars"]["guesses"], 6);
        // Again: nothing has changed.
        let ended = train(input.path(), &output, &["horizon=3", &format!("model={model}")]).with_code(0);
        assert!(ended.out.contains("6 unchanged") && ended.out.contains("6 of them are guesses"), "{}", ended.out);
    }
}

#[test]
fn dates_off_the_calendar_are_counted_and_a_frequency_is_certain() {
    // A stocktaking on one Sunday.
    let shop = rows(&days(200, |day| day % 7 != 6 || day == 6));
    let (input, output) = (folder([("shop.csv", shop)]), tempfile::tempdir().unwrap());
    let ended = train(input.path(), output.path(), &["horizon=2", "model=mean"]).with_code(0);
    assert!(ended.out.contains("frequency, inferred: C Mon Tue Wed Thu Fri Sat for 1 series"), "{}", ended.out);
    assert!(
        ended.out.contains(
            "1 of them is a guess, where pandas.infer_freq finds none (0 dates missing, 1 off the calendar in 1 series)"
        ),
        "{}",
        ended.out
    );
    let read = |output: &Path| forecasts(&fs::read_to_string(output.join("forecasts.csv")).unwrap());
    assert_eq!(read(output.path()), ["shop: 2024-07-19 2024-07-20"]);
    for (frequency, future) in [
        ("D", "shop: 2024-07-19 2024-07-20"),
        ("WOM-3FRI", "shop: 2024-07-19 2024-08-16"),
        ("SMS", "shop: 2024-08-01 2024-08-15"),
        ("SM", "shop: 2024-07-31 2024-08-15"),
        ("BSME", "shop: 2024-07-31 2024-08-15"),
        ("C Wed Sun", "shop: 2024-07-21 2024-07-24"),
        ("bh", "shop: 2024-07-18T09:00:00 2024-07-18T10:00:00"),
        ("h 22:00-24:00 Sat", "shop: 2024-07-20T22:00:00 2024-07-20T23:00:00"),
    ] {
        let output = tempfile::tempdir().unwrap();
        let ended = train(input.path(), output.path(), &["horizon=2", "model=mean", &format!("frequency={frequency}")]);
        assert!(!ended.with_code(0).out.contains("inferred"), "{frequency}");
        assert_eq!(read(output.path()), [future], "{frequency}");
    }
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["frequency=C Mo Di"]).with_code(2).complains_of(&["C Mon Tue Wed"]);
}

#[test]
fn an_artifact_says_where_its_calendar_is_not_that_of_the_last_dates() {
    let regular = rows(&days(40, |_| true));
    let (input, output) = (folder(customers()), tempfile::tempdir().unwrap());
    fs::write(input.path().join("regular.csv"), regular).unwrap();
    train(input.path(), output.path(), &["model=mean"]).with_code(0);
    let metadata = |customer: &str| -> Value {
        let archive = fs::read(output.path().join(format!("models/{customer}.tar.gz"))).unwrap();
        serde_json::from_slice(&members(&archive)[0].1).unwrap()
    };
    let shop = metadata("shop");
    assert_eq!(shop["frequency"], "C Mon Tue Wed Thu Fri Sat");
    assert!(shop["notes"][0].as_str().unwrap().contains("1 are missing, 0 are off it"), "{shop}");
    let regular = metadata("regular");
    assert_eq!((&regular["frequency"], &regular["notes"]), (&json!("D"), &Value::Null));
}

#[test]
fn prepare_counts_calendars_and_their_gaps() {
    let table: String = customers().iter().fold("customer,ds,y\n".into(), |text, (name, rows)| {
        let customer = name.trim_end_matches(".csv");
        rows.lines().skip(1).fold(text, |text, row| format!("{text}{customer},{row}\n"))
    });
    let (input, output) = (folder([("all.csv", table)]), tempfile::tempdir().unwrap());
    let ended = prepare(input.path(), &output.path().join("out"), &[]).with_code(0);
    assert!(ended.out.contains("frequency, inferred: "), "{}", ended.out);
    assert_eq!(
        json(&output.path().join("out/summary.json"))["calendars"],
        json!({
            "series": {
                "7D": 1, "B": 1, "C Mon Tue Wed Thu Fri Sat": 1, "MS": 1, "QE-FEB": 1, "h 09:00-19:00 Mon Tue Wed Thu Fri Sat": 1,
            },
            "guesses": 6, "off": 0, "series_off": 0, "gaps": 5,
        })
    );
}

#[test]
fn a_grid_fills_only_dates_of_its_calendar() {
    let table = "customer,ds,y\na,2024-01-05,1\na,2024-01-06,2\na,2024-01-07,4\na,2024-01-09,8\n";
    let input = folder([("all.csv", table)]);
    for (frequency, expected) in [
        ("C Mon Tue Wed Thu Fri Sat", "2024-01-05,1 2024-01-06,6 2024-01-08, 2024-01-09,8"),
        ("B", "2024-01-05,7 2024-01-08, 2024-01-09,8"),
        ("C Tue Sat", "2024-01-02,1 2024-01-06,6 2024-01-09,8"),
        ("SMS", "2024-01-01,15"),
        ("WOM-1SAT", "2023-12-02,1 2024-01-06,14"),
        ("12h 00:00-12:00 Fri Tue", "2024-01-05,7 2024-01-09,8"),
    ] {
        let output = tempfile::tempdir().unwrap();
        let options = ["--aggregate=sum", "--grid", &format!("--frequency={frequency}")];
        prepare(input.path(), &output.path().join("out"), &options).with_code(0);
        let text = fs::read_to_string(output.path().join("out/customers/a.csv")).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows.join(" "), expected, "{frequency}");
    }
}
