//! Lines before the rows of CSV: skipped or joined where the table below is unmistakable, in every command.

use std::{fmt::Write as _, fs};

use crate::support::{daily_rows, files, folder, manyfit, prepare, train};

/// Daily rows of a date and a value with this delimiter.
fn rows(number: usize, delimiter: char) -> String {
    let mut text = String::new();
    for (date, value) in daily_rows(number, 3) {
        writeln!(text, "{date}{delimiter}{value}").unwrap();
    }
    text
}

#[test]
fn lines_before_the_header_change_no_forecast_and_are_told_once() {
    let forecasts = |text: &str, settings: &[&str]| {
        let (input, output) = (folder([("8.csv", text), ("9.csv", text)]), tempfile::tempdir().unwrap());
        let ended = train(input.path(), output.path(), &[&["horizon=3", "model=mean"], settings].concat()).with_code(0);
        (fs::read_to_string(output.path().join("forecasts.csv")).unwrap(), ended.out)
    };
    let (commas, semicolons) = (rows(40, ','), rows(40, ';'));
    let (expected, said) = forecasts(&format!("ds,y\n{commas}"), &[]);
    assert!(expected.lines().count() == 7 && !said.contains("skipped"), "{said}");
    let mut levels = String::from("Price,Close,Volume\nTicker,AAPL,AAPL\nDate,,\n");
    commas.lines().for_each(|line| writeln!(levels, "{line},7").unwrap());
    for (text, settings, note) in [
        (format!("sep=;\nds;y\n{semicolons}"), &[][..], "; line 1 is skipped"),
        (format!("Category: All categories\n\nWeek,foo: (Worldwide)\n{commas}"), &[], "; lines 1 to 2 are skipped"),
        (format!("\u{feff}# from the meters, all of them\nds,y\n{commas}"), &[], "; line 1 is skipped"),
        (levels, &["target=Close"], "; the header is lines 1 to 3"),
        (format!("Station,Berlin\nds,y\n{commas}"), &["skip_lines=1"], ""),
    ] {
        let (found, said) = forecasts(&text, settings);
        assert_eq!(found, expected, "{text}");
        let told = said.matches("skipped").count() + said.matches("the header is").count();
        assert_eq!(told, usize::from(!note.is_empty()), "{said}");
        assert!(said.contains(note), "{note}: {said}");
    }
}

#[test]
fn a_header_in_doubt_is_refused_with_its_line() {
    let input = folder([("8.csv", format!("Station,Berlin\nday,reading\n{}", rows(9, ',')))]);
    let output = tempfile::tempdir().unwrap();
    let complaint = ["8.csv: no column looks like timestamps", "if the header is line 2, set skip_lines to 1"];
    train(input.path(), output.path(), &[]).with_code(3).complains_of(&complaint);
    prepare(input.path(), output.path(), &[]).with_code(3).complains_of(&complaint);
    prepare(input.path(), output.path(), &["--skip-lines=1"]).with_code(0);
}

#[test]
fn tables_larger_than_a_block_are_prepared_as_small_ones_with_the_lines_of_the_file() {
    let title = "Readings of all meters\n\n";
    let mut table = String::from("customer;ds;y\n");
    for row in 0..60_000 {
        let second = row / 3;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        writeln!(table, "meter {};2024-01-01 {hour:02}:{minute:02}:{second:02};{row}", row % 3).unwrap();
    }
    let bad = "meter 0;2024-01-02;x\n";
    let prepared = |text: String| {
        let (input, output) = (folder([("t.csv", text)]), tempfile::tempdir().unwrap());
        let ended = prepare(input.path(), output.path(), &["--max-bad-rows=1"]).with_code(0);
        let rejects = fs::read_to_string(output.path().join("rejects.csv")).unwrap();
        (files(&output.path().join("customers")), rejects.lines().nth(1).unwrap().to_owned(), ended.out)
    };
    let (expected, rejects, _) = prepared(format!("{table}{bad}"));
    assert!(rejects.contains("t.csv,60002,y,x,"), "{rejects}");
    for start in [String::from(title), format!("\u{feff}sep=;\r\n{title}")] {
        let lines = 60_002 + start.lines().count();
        let (found, rejects, said) = prepared(format!("{start}{table}{bad}"));
        assert!(found == expected, "{start}");
        assert!(rejects.contains(&format!("t.csv,{lines},y,x,")), "{rejects}");
        assert!(said.contains(&format!("; lines 1 to {} are skipped", lines - 60_002)), "{said}");
    }
}

#[test]
fn dates_in_doubt_are_settled_by_rows_far_below_the_title() {
    let mut table = String::from("From the tills\ncustomer,ds,y\n");
    for row in 0..90_000 {
        writeln!(table, "a,0{}/0{}/20{:02},{row}", row % 9 + 1, row % 7 + 1, row % 90 + 10).unwrap();
    }
    table.push_str("a,25/01/2009,1\n");
    let (input, output) = (folder([("t.csv", table)]), tempfile::tempdir().unwrap());
    let ended = prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains("timestamps read as day/month/year; line 1 is skipped"), "{}", ended.out);
}

#[test]
fn side_tables_and_rows_to_predict_may_begin_so_too() {
    let table = |seed: usize| (0..40).map(|i| format!("{},{},0.5\n", i + seed, i % 10)).collect::<Vec<_>>().concat();
    let title = "# made by the till, at night\n";
    let plain = folder([("a.csv", format!("y,f,g\n{}", table(1)))]);
    let titled = folder([("a.csv", format!("{title}y,f,g\n{}", table(1)))]);
    let (expected, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = ["model=gradient-boosting", "num_round=5"];
    train(plain.path(), expected.path(), &settings).with_code(0);
    train(titled.path(), output.path(), &settings).with_code(0);
    assert!(files(&output.path().join("models")) == files(&expected.path().join("models")));
    let tables = folder([
        ("plain/a.csv", "f,g\n3,0.5\n".to_owned()),
        ("titled/a.csv", format!("{title}f,g\n3,0.5\n")),
        ("set/a.csv", "Shop,12\nf,g\n3,0.5\n".to_owned()),
    ]);
    let predict = |place: &str, more: &[&str]| {
        let mut command = manyfit();
        command.arg("predict").arg(output.path().join("models")).arg("--input").arg(tables.path().join(place));
        crate::support::Ended::from(command.args(more).output().unwrap()).with_code(0)
    };
    let plain = predict("plain", &[]).out;
    assert_eq!(predict("set", &["--skip-lines=1"]).out, plain);
    let titled = predict("titled", &[]);
    assert_eq!(titled.out, plain);
    titled.complains_of(&["a.csv: line 1 is skipped\n"]);
}
