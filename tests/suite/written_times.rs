//! Times as people, spreadsheets and databases write them: read as what they mean, or refused with the choice.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    server::Server,
    support::{Ended, daily_rows, folder, json, manyfit, members, prepare, train},
};

/// A table of daily rows whose dates are written by `form` from year, month and day.
fn table(rows: usize, form: impl Fn(i32, u32, u32) -> String) -> String {
    let mut text = String::from("ds;y\n");
    for (date, value) in daily_rows(rows, 8) {
        let parts: Vec<i32> = date.split('-').map(|part| part.parse().unwrap()).collect();
        writeln!(text, "{};{value}", form(parts[0], parts[1] as u32, parts[2] as u32)).unwrap();
    }
    text
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The forecasts of a table, and what the run said; `code` is its exit code.
fn forecasts(text: &str, settings: &[&str], code: i32) -> (String, Ended) {
    let (input, output) = (folder([("8.csv", text)]), tempfile::tempdir().unwrap());
    let ended = train(input.path(), output.path(), &[&["horizon=3", "model=mean"], settings].concat()).with_code(code);
    (fs::read_to_string(output.path().join("forecasts.csv")).unwrap_or_default(), ended)
}

#[test]
fn every_form_of_a_date_gives_the_forecasts_of_iso_8601() {
    let month = |month: u32| MONTHS[month as usize - 1];
    let (expected, _) = forecasts(&table(40, |y, m, d| format!("{y}-{m:02}-{d:02}")), &[], 0);
    assert_eq!(expected.lines().count(), 4);
    let tables = [
        (table(40, |y, m, d| format!("{d:02}/{m:02}/{y}")), "timestamps read as day/month/year"),
        (table(40, |y, m, d| format!("{m}/{d}/{y}")), "timestamps read as month/day/year"),
        (table(40, |y, m, d| format!("{d:02}.{m:02}.{y}")), "timestamps read as day/month/year"),
        (table(40, |y, m, d| format!("{m}/{d}/{y} 12:00:00 AM")), "timestamps read as month/day/year"),
        (table(40, |y, m, d| format!("{y}.{m:02}.{d:02}")), ""),
        (table(40, |y, m, d| format!("{d}-{}-{:02}", month(m), y % 100)), ""),
        (table(40, |y, m, d| format!("{} {d}, {y} 12:00 AM", month(m))), ""),
        (table(40, |y, m, d| format!("{y}-{m:02}-{d:02} 00:00:00 GMT")), ""),
        (table(40, |y, m, d| format!("{y}{m:02}{d:02}0000")), "timestamps read as %Y%m%d%H%M"),
        (table(40, |y, m, d| format!("{y}{m:02}{d:02}000000")), "timestamps read as %Y%m%d%H%M%S"),
        (table(40, |y, m, d| format!("{y}{m:02}{d:02}0000.0")), "timestamps read as %Y%m%d%H%M"),
        (table(40, |y, m, d| format!("{y}-{m:02}-{d:02} 00:00:00+01:00")), "timestamps read as local dates"),
        (table(40, |y, m, d| format!("{y}-{m:02}-{d:02}T00:00:00-0{}00", 5 - d % 2)), "timestamps read as local dates"),
    ];
    for (text, note) in tables {
        let (found, ended) = forecasts(&text, &[], 0);
        assert_eq!(found, expected, "{text}");
        assert!(ended.out.contains(note), "{note} in {}", ended.out);
    }
}

#[test]
fn months_and_quarters_are_their_first_days() {
    let table = |form: fn(i32, u32) -> String| {
        let mut text = String::from("ds,y\n");
        for at in 0..24 {
            writeln!(text, "{},{}", form(2015 + at / 4, 3 * (at as u32 % 4) + 1), 100 + at).unwrap();
        }
        text
    };
    let (expected, _) = forecasts(&table(|y, m| format!("{y}-{m:02}-01")), &[], 0);
    for form in [
        |y, m| format!("{y}-{m}"),
        |y, m| format!("{}-{y}", MONTHS[m as usize - 1]),
        |y, m| format!("{} {y}", MONTHS[m as usize - 1]),
        |y, m| format!("{y}Q{}", m / 3 + 1),
        |y, m| format!("Q{}-{y}", m / 3 + 1),
        |y, m| format!("{m}/{y}"),
    ] as [fn(i32, u32) -> String; 6]
    {
        assert_eq!(forecasts(&table(form), &[], 0).0, expected, "{}", table(form));
    }
}

#[test]
fn digits_and_dates_with_two_meanings_are_refused_with_the_choice_and_read_as_chosen() {
    let day = |y: i32, m: u32, d: u32| format!("{y}-{m:02}-{d:02}");
    let (expected, _) = forecasts(&table(40, day), &[], 0);
    let (short, _) = forecasts(&table(9, day), &[], 0);
    let ticks = |y, m, d| {
        let days = jiff::civil::date(y as i16, m as i8, d as i8) - jiff::civil::date(1970, 1, 1);
        (i64::from(days.get_days()) * 86_400_000 + 62_135_596_800_000) * 10_000
    };
    for (text, complaint, setting, expected) in [
        (
            table(40, |y, m, d| format!("{y}{m:02}{d:02}00")),
            "could be %Y%m%d%H (2022-01-03) or epoch_s (2034-01-",
            "timestamp_format=%Y%m%d%H",
            &expected,
        ),
        (
            table(40, |y, m, d| format!("{:02}{m:02}{d:02}0000", y % 100)),
            "could be %y%m%d%H%M (2022-01-03) or epoch_s (20",
            "timestamp_format=%y%m%d%H%M",
            &expected,
        ),
        (
            table(40, |y, m, d| ticks(y, m, d).to_string()),
            "could be dotnet_ticks (2022-01-03) or epoch_ns (1990",
            "timestamp_format=dotnet_ticks",
            &expected,
        ),
        (
            table(9, |y, m, d| format!("{d:02}/{m:02}/{y}")),
            "\"03/01/2022\" could be day/month/year or month/day/year",
            "dayfirst=true",
            &short,
        ),
        (
            table(9, |y, m, d| format!("{m:02}/{d:02}/{y}")),
            "\"01/03/2022\" could be day/month/year or month/day/year",
            "dayfirst=false",
            &short,
        ),
        (
            table(40, |y, m, d| format!("{d:02}/{m:02}/{:02}", y % 100)),
            "could be day/month/year or year/month/day",
            "timestamp_format=%d/%m/%y",
            &expected,
        ),
    ] {
        let (none, ended) = forecasts(&text, &[], 3);
        assert!(none.lines().count() < 2, "{none}");
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains(complaint) && said.contains("8.csv: line 2, column \"ds\""), "{complaint}: {said}");
        assert_eq!(&forecasts(&text, &[setting], 0).0, expected, "{setting}");
    }
    let refused = forecasts(&table(9, day), &["timestamp_format=day/month"], 2).1;
    refused.complains_of(&["timestamp_format", "use directives of strptime"]);
}

#[test]
fn the_future_is_read_by_the_rules_of_the_past() {
    let (input, output) =
        (folder([("8.csv", table(40, |y, m, d| format!("{d:02}/{m:02}/{y}")))]), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["model=mean"]).with_code(0);
    let models = output.path().join("models");
    let predict = |rows: &str, options: &[&str]| {
        let future = folder([("future.csv", format!("ds\n{rows}\n"))]);
        let path = future.path().join("future.csv");
        let ended: Ended =
            manyfit().arg("predict").arg(&models).arg("--future").arg(path).args(options).output().unwrap().into();
        ended
    };
    for (rows, options) in [
        ("13/02/2022\n14/02/2022", &[][..]),
        ("202202130000\n202202140000", &[]),
        ("2022021300\n2022021400", &["--timestamp-format=%Y%m%d%H"]),
        ("2022-02-13 00:00:00+01:00\n2022-02-14 00:00:00+01:00", &[]),
    ] {
        let ended = predict(rows, options).with_code(0);
        assert!(
            ended.out.contains("8,2022-02-13T00:00:00,") && ended.out.contains("8,2022-02-14T00:00:00,"),
            "{rows}: {}",
            ended.out
        );
    }
    for rows in ["2022021300", "01/02/2022\n02/02/2022"] {
        let ended = predict(rows, &[]);
        assert!(ended.err.contains("could be"), "{rows}: {}", ended.err);
    }
    assert!(predict("01/03/2022", &["--dayfirst"]).with_code(0).out.contains("8,2022-03-01T00:00:00,"));
    let server = Server::multi_model();
    let artifact = members(&fs::read(models.join("8.tar.gz")).unwrap());
    let unpacked = folder(artifact);
    server.load("x", unpacked.path()).with(200);
    let ask = |dates: &str| {
        let body = format!(r#"{{"dates": [{dates}]}}"#);
        server.send("POST", "/models/x/invoke", &[("Content-Type", "application/json")], body.as_bytes())
    };
    for dates in [
        r#""2022-02-13""#,
        r#""13/02/2022""#,
        r#""202202130000""#,
        r#""2022-02-13T00:00:00+01:00""#,
        r#""13 Feb 2022 12:00 AM""#,
        "1644710400000",
    ] {
        assert_eq!(ask(dates).with(200).json()["predictions"][0]["ds"], "2022-02-13", "{dates}");
    }
    for dates in [r#""2022021300""#, r#""01/02/2022""#, "2022021300", "20220213", "202202130000", "1644710400"] {
        let answer = ask(dates).with(400);
        assert!(answer.body.contains("dates: "), "{dates}: {}", answer.body);
    }
}

#[test]
fn prepare_decides_from_a_whole_table() {
    let written = |text: &str, options: &[&str]| {
        let (input, output) = (folder([("t.csv", text)]), tempfile::tempdir().unwrap());
        let ended = prepare(input.path(), output.path(), options);
        let customers = output.path().join("customers");
        let rows = ["c.csv", "t.csv"].iter().find_map(|name| fs::read_to_string(customers.join(name)).ok());
        let rows = rows.unwrap_or_default();
        (ended, rows)
    };
    // The first megabyte does not tell day and month apart.
    let mut text = String::from("customer,ds,y\n");
    for _ in 0..80_000 {
        text.push_str("c,05/02/2020,1\n");
    }
    let (ended, _) = written(&text, &[]);
    ended.with_code(3).complains_of(&["line 2, column \"ds\"", "could be day/month/year or month/day/year"]);
    let (ended, rows) = written(&text, &["--dayfirst=true", "--duplicates=sum"]);
    ended.with_code(0);
    assert_eq!(rows, "timestamp,target\n2020-02-05,80000\n");
    text.push_str("c,13/02/2020,2\n");
    let (ended, rows) = written(&text, &["--duplicates=sum"]);
    assert!(ended.with_code(0).out.contains("timestamps read as day/month/year"));
    assert_eq!(rows, "timestamp,target\n2020-02-05,80000\n2020-02-13,2\n");

    let (ended, rows) = written("ds,y\n202401310600,1\n202401310700,2\n", &["--timezone=Europe/Berlin"]);
    ended.with_code(0);
    assert_eq!(rows, "timestamp,target\n2024-01-31T05:00:00,1\n2024-01-31T06:00:00,2\n");
    let (ended, _) = written("ds,y\n2024013106,1\n2024013107,2\n", &[]);
    ended.with_code(3).complains_of(&["could be %Y%m%d%H", "epoch_s (2034-"]);
    let (ended, rows) = written("ds,y\n2024013106,1\n2024013107,2\n", &["--timestamp-format=%Y%m%d%H"]);
    ended.with_code(0);
    assert_eq!(rows, "timestamp,target\n2024-01-31T06:00:00,1\n2024-01-31T07:00:00,2\n");

    let days = "ds,y\n2021-03-27 00:00:00+01:00,1\n2021-03-28 00:00:00+01:00,2\n2021-03-29 00:00:00+02:00,3\n";
    let (ended, rows) = written(days, &[]);
    assert!(ended.with_code(0).out.contains("timestamps read as local dates"));
    assert_eq!(rows, "timestamp,target\n2021-03-27,1\n2021-03-28,2\n2021-03-29,3\n");
    let (ended, rows) = written(days, &["--output-timezone=UTC"]);
    ended.with_code(0);
    assert!(rows.starts_with("timestamp,target\n2021-03-26T23:00:00,1\n"), "{rows}");
}

#[test]
fn the_order_of_rows_tells_the_two_hours_of_autumn_apart() {
    let hours = "ds,y\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,3\n2024-10-27 03:00,4\n";
    let halves = "ds,y\n2024-10-27 02:00,1\n2024-10-27 02:30,2\n2024-10-27 02:00,3\n2024-10-27 02:30,4\n";
    let backward = "ds,y\n2024-10-27 03:00,4\n2024-10-27 02:00,3\n2024-10-27 02:00,2\n2024-10-27 01:00,1\n";
    let berlin = "--timezone=Europe/Berlin";
    let sum = [berlin, "--aggregate=sum", "--frequency=h", "--grid"];
    let prepared = |text: &str, options: &[&str]| {
        let (input, output) = (folder([("t.csv", text)]), tempfile::tempdir().unwrap());
        let ended = prepare(input.path(), output.path(), options);
        (ended, fs::read_to_string(output.path().join("customers/t.csv")).unwrap_or_default())
    };
    // pandas: tz_localize("Europe/Berlin", ambiguous="infer").tz_convert("UTC"), then resample("h").sum().
    let expected = "timestamp,target\n2024-10-26T23:00:00,1\n2024-10-27T00:00:00,2\n2024-10-27T01:00:00,3\n2024-10-27T02:00:00,4\n";
    for text in [hours, backward] {
        let (ended, rows) = prepared(text, &sum);
        assert!(ended.with_code(0).out.contains("2 rows at local times that the clocks repeat"));
        assert_eq!(rows, expected);
    }
    let (ended, rows) = prepared(halves, &sum);
    ended.with_code(0);
    assert_eq!(rows, "timestamp,target\n2024-10-27T00:00:00,3\n2024-10-27T01:00:00,7\n");
    for (choice, expected) in [("first", ["00:00:00,5", "01:00:00,"]), ("last", ["00:00:00,", "01:00:00,5"])] {
        let (ended, rows) = prepared(hours, &[&sum[..], &[&format!("--ambiguous={choice}")]].concat());
        ended.with_code(0);
        assert!(expected.iter().all(|row| rows.contains(&format!("2024-10-27T{row}\n"))), "{choice}: {rows}");
    }
    let (ended, _) = prepared(hours, &[berlin, "--ambiguous=error"]);
    ended.with_code(3).complains_of(&["line 3, column \"ds\"", "occurs twice, because the clocks are set back"]);
    let shuffled =
        "ds,y\n2024-10-27 02:30,1\n2024-10-27 02:00,2\n2024-10-27 02:30,3\n2024-10-27 02:00,4\n2024-10-27 03:00,5\n";
    let (ended, _) = prepared(shuffled, &[berlin]);
    ended.with_code(3).complains_of(&[
        "t.csv: line 2, column \"ds\": \"2024-10-27T02:30:00\" occurs twice, because the clocks are set back",
        "in no order that tells which is meant",
        "--ambiguous first or last",
        "--max-bad-rows N",
    ]);
    let spring = "ds,y\n2024-03-31 01:30,1\n2024-03-31 02:30,2\n2024-03-31 04:00,3\n";
    let (ended, rows) = prepared(spring, &[berlin]);
    assert!(ended.with_code(0).out.contains("1 row at local times that the clocks skip: moved forward"));
    assert_eq!(rows, "timestamp,target\n2024-03-31T00:30:00,1\n2024-03-31T01:30:00,2\n2024-03-31T02:00:00,3\n");
}

#[test]
fn rows_of_a_repeated_hour_in_no_order_are_bad_rows_and_take_no_other_along() {
    let rows = |customer: &str, times: &[&str]| {
        let row = |(at, time): (usize, &&str)| format!("{customer},2024-10-27 {time},{at}\n");
        times.iter().enumerate().map(row).collect::<String>()
    };
    let table = format!(
        "customer,ds,y\n{}b,yesterday,1\n{}{}",
        rows("a", &["01:00", "02:30", "02:00"]),
        rows("a", &["02:30", "02:00", "03:00"]),
        rows("b", &["02:00", "02:30", "02:00", "02:30"])
    );
    let input = folder([("t.csv", format!("{table}{}d,tomorrow,1\n", rows("c", &["02:00", "02:00", "02:00"])))]);
    for options in [&[][..], &["--bundle=1KB"]] {
        let output = tempfile::tempdir().unwrap();
        let with = |tolerated| [&["--timezone=Europe/Berlin", tolerated], options].concat();
        let ended = prepare(input.path(), output.path(), &with("--max-bad-rows=8")).with_code(3);
        ended.complains_of(&["t.csv: line 3, column \"ds\": \"2024-10-27T02:30:00\" occurs twice", "more than 8 rows"]);
        let ended = prepare(input.path(), output.path(), &with("--max-bad-rows=9")).with_code(0);
        assert!(
            ended.out.contains("6 rows of 2 customers") && ended.out.contains("9 bad (see rejects)"),
            "{}",
            ended.out
        );
        let rejects = fs::read_to_string(output.path().join("rejects.csv")).unwrap();
        let lines: Vec<&str> = rejects.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
        // The hour of a around the date of b, all of c, and the date of d.
        assert_eq!(lines, ["3", "4", "5", "6", "7", "13", "14", "15", "16"], "{rejects}");
    }
}

#[test]
fn train_refuses_an_hour_that_clocks_repeat_with_the_choice() {
    let hours = |day: &str| format!("ds,y\n{day} 01:00,1\n{day} 02:00,2\n{day} 02:00,3\n{day} 03:00,4\n");
    let (_, ended) = forecasts(&hours("2024-10-27"), &[], 3);
    ended.complains_of(&[
        "line 4: the timestamp 2024-10-27T02:00:00 is also on line 3",
        "set duplicates to first, last, mean or sum",
        "manyfit prepare --timezone ZONE tells the two hours apart by their order",
    ]);
    // On a Monday they are duplicates like others.
    let (_, ended) = forecasts(&hours("2024-10-28"), &[], 3);
    assert!(!ended.err.contains("--timezone"), "{}", ended.err);
    assert_eq!(forecasts(&hours("2024-10-27"), &["duplicates=mean"], 0).0.lines().count(), 4);
}

#[test]
fn dates_and_times_of_day_in_two_columns_are_put_together_when_asked_to() {
    let two = |clock: fn(usize) -> String| {
        let mut text = String::from("Date,Time,y\n");
        for at in 0..72 {
            writeln!(text, "2024-01-{:02},{},{}", 1 + at / 24, clock(at % 24), 100 + at % 7).unwrap();
        }
        text
    };
    let mut one = String::from("ds,y\n");
    for at in 0..72 {
        writeln!(one, "2024-01-{:02} {:02}:00,{}", 1 + at / 24, at % 24, 100 + at % 7).unwrap();
    }
    let (expected, _) = forecasts(&one, &[], 0);
    let half = |hour: usize| {
        format!("{}:00 {}", if hour.is_multiple_of(12) { 12 } else { hour % 12 }, if hour < 12 { "AM" } else { "PM" })
    };
    for clock in [|hour| format!("{hour:02}:00"), |hour| format!("{hour:02}:00:00"), |hour| hour.to_string(), half]
        as [fn(usize) -> String; 4]
    {
        let (found, ended) = forecasts(&two(clock), &["timestamp=date,time"], 0);
        assert_eq!(found, expected);
        assert!(ended.out.contains(r#"timestamp = "Date,Time""#), "{}", ended.out);
    }
    let text = two(|hour| format!("{hour:02}:00"));
    let (_, ended) = forecasts(&text, &[], 3);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains(r#"if the column "Time" holds the time of day, set timestamp to Date,Time"#), "{said}");
    let (_, ended) = forecasts(&two(|hour| format!("{hour}h")), &["timestamp=Date,Time"], 3);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains(r#"line 2, column "Time": "0h" is not a time of day"#), "{said}");

    let (input, output) = (folder([("8.csv", &text)]), tempfile::tempdir().unwrap());
    prepare(input.path(), output.path(), &["--timestamp=Date,Time"]).with_code(0);
    let prepared = read(&output.path().join("customers/8.csv"));
    assert!(prepared.starts_with("timestamp,target\n2024-01-01T00:00:00,100\n2024-01-01T01:00:00,101\n"), "{prepared}");
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &["--duplicates=sum"]).with_code(0);
    assert!(ended.out.contains("if \"Time\" holds the time of day, set --timestamp 'Date,Time'"), "{}", ended.out);
}

#[test]
fn the_numbers_of_a_file_decide_what_a_comma_means() {
    let table = |form: fn(f64) -> String| {
        let mut text = String::from("ds;y\n");
        for (date, value) in daily_rows(40, 8) {
            writeln!(text, "{date};{}", form(value * 20.0)).unwrap();
        }
        text
    };
    let (expected, _) = forecasts(&table(|value| format!("{value:.2}")), &[], 0);
    let comma = table(|value| format!("{value:.2}").replace('.', ","));
    let (found, ended) = forecasts(&comma, &[], 0);
    assert_eq!(found, expected);
    assert!(ended.out.contains("numbers read with a decimal comma"), "{}", ended.out);
    let rows = || {
        daily_rows(40, 8).into_iter().map(|(date, value)| {
            let value = format!("{:.2}", value * 20.0);
            let (whole, rest) = value.split_once('.').unwrap();
            let (head, tail) = whole.split_at(whole.len() - 3);
            [date, head.to_owned(), tail.to_owned(), rest.to_owned()]
        })
    };
    let grouped = |separator: &str, decimal: &str| {
        let row = |[date, head, tail, rest]: [String; 4]| format!("{date};{head}{separator}{tail}{decimal}{rest}\n");
        format!("ds;y\n{}", rows().map(row).collect::<String>())
    };
    for (separator, decimal, settings) in [
        (".", ",", &[][..]),
        (",", ".", &[]),
        (" ", ",", &[]),
        ("'", ".", &["decimal=point"]),
        ("\u{a0}", ",", &["decimal=,"]),
    ] {
        assert_eq!(forecasts(&grouped(separator, decimal), settings, 0).0, expected, "{separator} {decimal}");
    }
    // Quoted, between commas: as the setting says.
    let row = |[date, head, tail, rest]: [String; 4]| format!("{date},\"{head},{tail}.{rest}\"\n");
    let quoted = format!("ds,y\n{}", rows().map(row).collect::<String>());
    assert_eq!(forecasts(&quoted, &["decimal=point"], 0).0, expected, "{quoted}");

    let doubt = "ds;y\n2024-01-01;1,234\n2024-01-02;1,240\n2024-01-03;1,250\n2024-01-04;1,234\n";
    let (_, ended) = forecasts(doubt, &[], 3);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains(r#"8.csv: line 2, column "y": "1,234" may have a decimal comma"#), "{said}");
    for (decimal, plain) in [("comma", doubt.replace(',', ".")), ("point", doubt.replace(',', ""))] {
        let found = forecasts(doubt, &[&format!("decimal={decimal}")], 0).0;
        assert_eq!(found, forecasts(&plain, &[], 0).0, "{decimal}");
    }
    let (input, output) =
        (folder([("8.csv", "ds;y\n2024-01-01;1.234,5\n2024-01-02;-3,5\n2024-01-03;\n")]), tempfile::tempdir().unwrap());
    let ended = prepare(input.path(), output.path(), &["--filter=y>=-3.5"]).with_code(0);
    assert!(ended.out.contains("numbers read with a decimal comma"), "{}", ended.out);
    assert_eq!(read(&output.path().join("customers/8.csv")), "timestamp,target\n2024-01-01,1234.5\n2024-01-02,-3.5\n");

    let houses = |form: fn(f64) -> String| {
        let mut text = String::from("y;a;b\n");
        for at in 0..40_u32 {
            let x = f64::from(at) / 8.0;
            writeln!(text, "{};{};{}", form(2.0 * x + 0.5), form(x), form(10.5 - x)).unwrap();
        }
        text
    };
    let model = |text: &str| {
        let (input, output) = (folder([("8.csv", text)]), tempfile::tempdir().unwrap());
        train(input.path(), output.path(), &["model=ridge"]).with_code(0);
        members(&fs::read(output.path().join("models/8.tar.gz")).unwrap())[1].1.clone()
    };
    assert_eq!(model(&houses(|x| x.to_string())), model(&houses(|x| x.to_string().replace('.', ","))));
}

#[test]
fn holidays_may_be_written_in_another_form_than_the_input() {
    let (folder, output) = (
        folder([
            ("in/8.csv", table(60, |y, m, d| format!("{d:02}/{m:02}/{y}"))),
            ("iso.csv", "holiday,ds\nfair,2022-02-05\nfair,2022-02-12\n".into()),
            ("same.csv", "holiday,ds\nfair,05/02/2022\nfair,12/02/2022\n".into()),
        ]),
        tempfile::tempdir().unwrap(),
    );
    let forecasts = |holidays: &str| {
        let output = output.path().join(holidays);
        let setting = format!("holidays={}", folder.path().join(holidays).display());
        train(&folder.path().join("in"), &output, &["horizon=3", "timestamp_format=%d/%m/%Y", &setting]).with_code(0);
        assert_eq!(json(&output.join("summary.json"))["fitted"], 1);
        read(&output.join("forecasts.csv"))
    };
    assert_eq!(forecasts("iso.csv"), forecasts("same.csv"));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
