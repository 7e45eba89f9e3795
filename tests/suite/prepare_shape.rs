//! What `manyfit prepare` makes of rows: filters, clocks, periods, duplicates, grids; the quality report.

use super::support::{files, folder, prepare};

/// The one customer's file that comes of a table.
fn prepared(table: &str, options: &[&str]) -> String {
    let input = folder([("t.csv", table)]);
    let output = tempfile::tempdir().unwrap();
    prepare(input.path(), output.path(), options).with_code(0);
    let found = files(&output.path().join("customers"));
    assert_eq!(found.len(), 1, "{:?}", found.keys());
    String::from_utf8(found.into_values().next().unwrap()).unwrap()
}

#[test]
fn rows_are_filtered_by_columns_and_times() {
    let table = "customer,ds,y,state\na,2024-01-01,1,ok\na,2024-01-02,-2,ok\na,2024-01-03,3,test\na,2024-01-04,4,ok\n\
                 a,2024-01-05,5,ok\n";
    let options = ["--filter=y>=0", "--filter=state!=test", "--to=2024-01-05"];
    assert_eq!(prepared(table, &options), "timestamp,target\n2024-01-01,1\n2024-01-04,4\n");
    assert_eq!(prepared(table, &["--from=2024-01-05"]), "timestamp,target\n2024-01-05,5\n");
}

#[test]
fn local_clocks_become_utc_and_utc_becomes_a_local_clock() {
    let local = "customer,ds,y\na,2024-03-31 01:30,1\na,2024-03-31 03:30,2\na,2024-03-31T12:00:00Z,3\n";
    assert_eq!(
        prepared(local, &["--timezone=Europe/Berlin"]),
        "timestamp,target\n2024-03-31T00:30:00,1\n2024-03-31T01:30:00,2\n2024-03-31T12:00:00,3\n"
    );
    let utc = "customer,ds,y\na,2024-07-01T22:30Z,1\na,2024-07-02T10:00Z,2\na,2024-07-02T22:30Z,4\n";
    assert_eq!(
        prepared(utc, &["--output-timezone=Europe/Berlin", "--aggregate=sum", "--frequency=D"]),
        "timestamp,target\n2024-07-02,3\n2024-07-03,4\n"
    );
}

#[test]
fn rows_are_aggregated_to_periods_and_gaps_of_the_grid_are_rows_without_a_value() {
    let table = "customer,ds,y,n\na,2024-01-02,4,x\na,2024-01-01,1,p\na,2024-01-01 12:00,2,q\na,2024-01-05,,r\n";
    let rows = |options: &[&str]| {
        let text = prepared(table, &[&["--frequency=D"], options].concat());
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["--aggregate=sum"]), ["2024-01-01,3", "2024-01-02,4", "2024-01-05,"]);
    assert_eq!(rows(&["--aggregate=mean", "--keep=n"]), ["2024-01-01,1.5,q", "2024-01-02,4,x", "2024-01-05,,r"]);
    assert_eq!(rows(&["--aggregate=first", "--keep=n"]), ["2024-01-01,1,p", "2024-01-02,4,x", "2024-01-05,,r"]);
    assert_eq!(
        rows(&["--aggregate=last", "--grid", "--keep=n"]),
        ["2024-01-01,2,q", "2024-01-02,4,x", "2024-01-03,,", "2024-01-04,,", "2024-01-05,,r"]
    );
}

#[test]
fn a_grid_that_a_wrong_date_would_blow_up_is_refused() {
    let input = folder([("t.csv", "customer,ds,y\na,1700-01-01,1\na,2024-01-01,1\n")]);
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &["--aggregate=sum", "--frequency=h", "--grid"]).with_code(3);
    ended.complains_of(&["the customer \"a\" has more than a million periods of h", "--from"]);
}

#[test]
fn rows_that_share_a_timestamp_are_kept_or_become_one() {
    let table = "customer,ds,y\na,2024-01-02,9\na,2024-01-01,1\na,2024-01-01,\na,2024-01-01,2.5\n";
    assert_eq!(prepared(table, &[]), "timestamp,target\n2024-01-01,1\n2024-01-01,\n2024-01-01,2.5\n2024-01-02,9\n");
    for (choice, value) in [("first", "1"), ("last", "2.5"), ("mean", "1.75"), ("sum", "3.5")] {
        let expected = format!("timestamp,target\n2024-01-01,{value}\n2024-01-02,9\n");
        assert_eq!(prepared(table, &[&format!("--duplicates={choice}")]), expected);
    }
}

/// The report as text, which builds without Parquet write.
#[cfg(not(feature = "parquet"))]
fn quality(output: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(output.join("quality.csv")).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[cfg(not(feature = "parquet"))]
#[test]
fn the_quality_report_tells_what_each_customers_data_are_like() {
    let table = "customer,ds,y\nb,2024-01-01,5\nb,2024-01-02,5\na,2024-01-01,1\na,2024-01-02,0\na,2024-01-02,2\na,2024-01-03,\n\
                 a,2024-01-06,3\na,2024-01-07,900\n";
    let input = folder([("t.csv", table)]);
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains("rows that share a timestamp: 1 customer"), "{}", ended.out);
    let rows = quality(output.path());
    assert_eq!(rows[1].join(","), "a,a.csv,6,6,1,1,2024-01-01,2024-01-07,D,2,2,1,false,1,0,181.2,900,906");
    assert_eq!(rows[2].join(","), "b,b.csv,2,2,0,0,2024-01-01,2024-01-02,D,0,0,0,true,0,5,5,5,10");
    let summary = super::support::json(&output.path().join("summary.json"));
    for (name, value) in [("customers", 2), ("rows", 8), ("missing", 1), ("gaps", 2), ("constant_customers", 1)] {
        assert_eq!(summary[name], value, "{name}");
    }
    assert_eq!(summary["sum"], 916.0);
}
