//! The bound below which no forecast goes, of every model and fallback.

use crate::support::{daily_rows, folder, manyfit, statuses, train};
use std::{fmt::Write as _, fs, path::Path};
use tempfile::TempDir;

/// Customers around zero: `long` has 60 rows, `short` has one.
fn customers() -> TempDir {
    let long = daily_rows(60, 1).iter().fold(String::from("ds,y\n"), |mut text, (date, y)| {
        writeln!(text, "{date},{}", y - 112.0).unwrap();
        text
    });
    folder([("long.csv", long), ("short.csv", "ds,y\n2022-01-03,-7\n".into())])
}

/// yhat, the ends of its interval and the trend of a customer's rows in a table of forecasts.
fn rows(table: &str, customer: &str) -> Vec<[f64; 4]> {
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places = ["yhat", "yhat_lower", "yhat_upper", "trend"]
        .map(|name| header.iter().position(|column| *column == name).unwrap());
    lines.filter(|row| row[0] == customer).map(|row| places.map(|at| row[at].parse().unwrap())).collect()
}

fn forecasts(output: &Path) -> String {
    fs::read_to_string(output.join("forecasts.csv")).unwrap()
}

/// Whether each row is that of a forecast without a bound, raised to the bound.
fn are_raised(bounded: &[[f64; 4]], free: &[[f64; 4]], bound: f64) -> bool {
    let raised = |&[yhat, low, high, trend]: &[f64; 4]| [yhat.max(bound), low.max(bound), high.max(bound), trend];
    assert!(free.iter().any(|row| row[1] < bound), "nothing to raise: {free:?}");
    bounded.len() == 14 && bounded.iter().zip(free).all(|(bounded, free)| *bounded == raised(free))
}

#[test]
fn no_model_and_no_fallback_forecasts_less_than_the_bound() {
    let input = customers();
    for model in ["prophet", "theta", "drift", "seasonal-naive", "mean"] {
        let (output, bounded) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = [&format!("model={model}"), "horizon=14"];
        train(input.path(), output.path(), &settings).with_code(0);
        let free = forecasts(output.path());
        for (bound, setting) in [(0.0, "non_negative=true"), (-6.5, "lower_bound=-6.5")] {
            let settings = [&settings[..], &[setting]].concat();
            train(input.path(), bounded.path(), &settings).with_code(0);
            let table = forecasts(bounded.path());
            for customer in ["long", "short"] {
                let (bounded, free) = (rows(&table, customer), rows(&free, customer));
                assert!(are_raised(&bounded, &free, bound), "{model} {setting} {customer}: {bounded:?}, {free:?}");
            }
            // The bound is in the artifact.
            let models = bounded.path().join("models");
            let again =
                manyfit().arg("predict").arg(models).args(["--horizon", "14", "--components"]).output().unwrap();
            let again = String::from_utf8(again.stdout).unwrap();
            for customer in ["long", "short"] {
                assert_eq!(rows(&again, customer), rows(&table, customer), "{model} {setting} {customer}");
            }
        }
    }
}

#[test]
fn a_customers_own_bound_is_its_fallbacks_too_and_fits_that_customer_alone_again() {
    let input = customers();
    let (output, tables) = (tempfile::tempdir().unwrap(), folder([("own.csv", "customer,lower_bound\nshort,-3\n")]));
    let overrides = format!("overrides={}", tables.path().join("own.csv").display());
    train(input.path(), output.path(), &["horizon=2"]).with_code(0);
    train(input.path(), output.path(), &["horizon=2", &overrides]).with_code(0);
    assert_eq!(statuses(output.path()), [0, 1, 1, 0]);
    assert!(rows(&forecasts(output.path()), "short").iter().all(|row| row[..3] == [-3.0; 3]));
}

#[test]
fn a_negative_bound_of_forecasts_that_are_not_negative_is_refused() {
    let input = customers();
    let run = |settings: &[&str]| train(input.path(), tempfile::tempdir().unwrap().path(), settings);
    run(&["non_negative=true", "lower_bound=-5"]).with_code(2).complains_of(&["lower_bound: \"-5\"", "non_negative"]);
    for bound in ["lower_bound=0", "lower_bound=5"] {
        run(&["model=mean", "non_negative=true", bound]).with_code(0);
    }
}
