//! `manyfit prepare` as a program: tables in, customers' files and reports out; bad rows; every form of input.

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};

use super::support::{Ended, Files, artifacts, daily_rows, files, folder, json, manyfit, prepare, statuses, train};

/// A table of so many customers in the order of time, all mixed, and what each customer's file must be.
fn mixed(customers: u64, rows: usize) -> (String, Files) {
    let mut table = String::from("region,customer,when,kwh\n");
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    let series: Vec<_> = (0..customers).map(|at| daily_rows(rows + at as usize % 7, at)).collect();
    for day in 0..rows + 7 {
        for (at, series) in series.iter().enumerate() {
            if let Some((date, value)) = series.get(day) {
                writeln!(table, "north,c-{at},{date},{value}").unwrap();
                let file = expected.entry(format!("c-{at}.csv")).or_insert_with(|| "timestamp,target\n".into());
                writeln!(file, "{date},{value}").unwrap();
            }
        }
    }
    (table, expected.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The values of a customer's rows in any of the bundles, as text.
fn bundled(folder: &Path) -> Files {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for bytes in files(folder).into_values() {
        let text = String::from_utf8(bytes).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("customer,timestamp,target"));
        for line in lines {
            let (customer, rest) = line.split_once(',').unwrap();
            let file = found.entry(format!("{customer}.csv")).or_insert_with(|| "timestamp,target\n".into());
            writeln!(file, "{rest}").unwrap();
        }
    }
    found.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

#[test]
fn a_mixed_table_becomes_a_file_for_each_customer() {
    let (table, expected) = mixed(40, 30);
    let output = tempfile::tempdir().unwrap();
    let input = folder([("all.csv", table)]);
    let ended = prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains(r#"customer = "customer", timestamp = "when", target = "kwh""#), "{}", ended.out);
    assert!(ended.out.contains(r#"left out: "region""#), "{}", ended.out);
    assert_eq!(files(&output.path().join("customers")), expected);
    let summary = json(&output.path().join("summary.json"));
    let rows: usize = expected.values().map(|file| file.split(|byte| *byte == b'\n').count() - 2).sum();
    assert_eq!(summary["rows"], rows);
    assert_eq!(summary["written"], rows);
    assert_eq!(summary["customers"], 40);
    assert!(!output.path().join(".prepare").exists(), "nothing is left between reading and writing");
    // The same again is the same.
    prepare(input.path(), output.path(), &[]).with_code(0);
    assert_eq!(files(&output.path().join("customers")), expected);
}

#[test]
fn threads_and_memory_and_the_cut_of_the_input_change_no_byte() {
    let (table, expected) = mixed(30, 400);
    let cut = table.find('\n').unwrap() + 1;
    let middle = cut + table[cut..].len() / 2;
    let middle = middle + table[middle..].find('\n').unwrap() + 1;
    let (header, first, second) = (&table[..cut], &table[cut..middle], &table[middle..]);
    let whole = folder([("t.csv", table.clone())]);
    let parts = folder([
        ("a.csv", format!("{header}{first}").into_bytes()),
        ("b.csv.gz", gzip(format!("{header}{second}").as_bytes())),
    ]);
    let mut bundles = Vec::new();
    for (input, options) in [
        (&whole, ["--jobs=1", "--memory=384MB"]),
        (&whole, ["--jobs=3", "--memory=1MB"]),
        (&parts, ["--jobs=2", "--memory=4MB"]),
    ] {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), &options).with_code(0);
        assert_eq!(files(&output.path().join("customers")), expected);
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), &[&options[..], &["--bundle=20k"]].concat()).with_code(0);
        assert_eq!(bundled(&output.path().join("customers")), expected);
        bundles.push(files(&output.path().join("customers")));
    }
    assert!(bundles[0].len() > 5);
    assert_eq!(bundles[0], bundles[1]);
    assert_eq!(bundles[0], bundles[2]);
}

#[test]
fn one_customer_may_have_the_memory_of_all_threads() {
    let (mut table, mut expected) = mixed(20, 10);
    let mut large = String::from("timestamp,target\n");
    for (date, value) in daily_rows(30_000, 99) {
        writeln!(table, "north,large,{date},{value}").unwrap();
        writeln!(large, "{date},{value}").unwrap();
    }
    expected.insert("large.csv".into(), large.into_bytes());
    let input = folder([("t.csv", table)]);
    let output = tempfile::tempdir().unwrap();
    let refused = prepare(input.path(), output.path(), &["--memory=1MB"]).with_code(2);
    let refused = refused.complains_of(&["the rows of the customer \"large\" take 1 MB, for which"]).err;
    let advice = refused.split("give --memory ").nth(1).unwrap().split(',').next().unwrap();
    for options in [&[][..], &["--bundle=20k"]] {
        let output = tempfile::tempdir().unwrap();
        let memory = format!("--memory={advice}");
        prepare(input.path(), output.path(), &[options, &["--jobs=40", &memory]].concat()).with_code(0);
        let customers = output.path().join("customers");
        assert_eq!(if options.is_empty() { files(&customers) } else { bundled(&customers) }, expected);
    }
}

#[test]
fn bundles_and_single_files_are_trained_to_the_same_artifacts() {
    let (table, _) = mixed(60, 40);
    let input = folder([("all.csv", table)]);
    let prepared = |options: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), options).with_code(0);
        let trained = tempfile::tempdir().unwrap();
        train(&output.path().join("customers"), trained.path(), &[]).with_code(0);
        assert_eq!(statuses(trained.path()), [60, 0, 0, 0]);
        (files(&output.path().join("customers")).len(), artifacts(&trained.path().join("models")))
    };
    let (single, models) = prepared(&[]);
    let (headless, others) = prepared(&["--no-header"]);
    assert_eq!((single, headless), (60, 60));
    assert_eq!(models, others);
    let (bundles, others) = prepared(&["--bundle=10k"]);
    assert!((3..20).contains(&bundles), "{bundles}");
    assert_eq!(models, others);
}

#[test]
fn a_folder_of_customers_files_becomes_bundles() {
    let (table, expected) = mixed(12, 20);
    let input = folder([("all.csv", table)]);
    let (single, bundles) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    prepare(input.path(), single.path(), &["--no-header"]).with_code(0);
    prepare(&single.path().join("customers"), bundles.path(), &["--bundle=100k"]).with_code(0);
    assert_eq!(bundled(&bundles.path().join("customers")), expected);
}

#[cfg(feature = "parquet")]
#[test]
fn tables_in_parquet_give_the_same_files_as_their_text() {
    let (table, expected) = mixed(12, 200);
    let input = folder([("all.csv", table)]);
    let (single, bundles) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = ["--format=parquet", "--keep=region"];
    prepare(input.path(), single.path(), &options).with_code(0);
    prepare(input.path(), bundles.path(), &[&options[..], &["--bundle=10k"]].concat()).with_code(0);
    assert_eq!(files(&single.path().join("customers")).len(), 12);
    for packed in [single, bundles] {
        let output = tempfile::tempdir().unwrap();
        let options = ["--memory=2MB", "--filter=region=north"];
        prepare(&packed.path().join("customers"), output.path(), &options).with_code(0);
        // Times come back from Parquet with their hour, which is midnight, and are written as dates again.
        assert_eq!(files(&output.path().join("customers")), expected);
    }
    let output = tempfile::tempdir().unwrap();
    let damaged = folder([("t.parquet", b"PAR1 and nothing else PAR1")]);
    prepare(damaged.path(), output.path(), &[]).with_code(3).complains_of(&["t.parquet: cannot be read as Parquet"]);
}

#[cfg(feature = "parquet")]
#[test]
fn values_of_parquet_mean_what_their_text_would() {
    use crate::parquet_files::{categories, parquet};
    use polars_arrow::array::{BinaryViewArray, BooleanArray, Int64Array};
    let columns = [
        ("customer", categories(&["a", "b", "a"])),
        ("ds", Int64Array::from_slice([20_240_716, 20_240_715, 20_240_715]).boxed()),
        ("y", BooleanArray::from_slice([true, true, false]).boxed()),
        ("state", categories(&["x", "x", "z"])),
        ("flag", BooleanArray::from_slice([true, true, false]).boxed()),
        ("raw", BinaryViewArray::from_slice_values([b"1".as_slice(), b"2", b"3"]).boxed()),
    ];
    let bytes = parquet(&columns, 3);
    let input = folder([("t.parquet", bytes)]);
    for (options, expected) in [
        (&["--keep=state,flag"][..], "timestamp,target,state,flag\n2024-07-15,0,z,false\n2024-07-16,1,x,true\n"),
        (&["--filter=state=x"], "timestamp,target\n2024-07-16,1\n"),
        (&["--filter=flag=true"], "timestamp,target\n2024-07-16,1\n"),
        (&["--timezone=Europe/Berlin"], "timestamp,target\n2024-07-14T22:00:00,0\n2024-07-15T22:00:00,1\n"),
    ] {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), options).with_code(0);
        assert_eq!(fs::read_to_string(output.path().join("customers/a.csv")).unwrap(), expected, "{options:?}");
    }
    for (option, complaint) in [
        ("--keep=raw", "t.parquet: the column \"raw\" has the type"),
        ("--customer=flag", "which cannot name customers: write it as text or integers"),
    ] {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), &[option]).with_code(3).complains_of(&[complaint]);
    }
}

#[test]
fn quotes_line_ends_and_odd_names_are_carried_over() {
    let table = "\u{feff}customer;ds;y;note\r\n\"Zürich 3\";2024-01-02;\"2.50\";\"two\r\nlines\"\r\n\r\n\
                 Zürich 3;2024-01-01;NA;\"say \"\"no\"\", she said\"\r\nb_2;2024-01-01;+1e2;plain\r\n;;;\r\n";
    let input = folder([("t.csv", table)]);
    let output = tempfile::tempdir().unwrap();
    prepare(input.path(), output.path(), &["--keep", "note=remark", "--target", "y=kwh"]).with_code(0);
    let found = files(&output.path().join("customers"));
    let text = |name: &str| String::from_utf8(found[name].clone()).unwrap();
    assert_eq!(
        text("Zürich 3.csv"),
        "timestamp,kwh,remark\n2024-01-01,,\"say \"\"no\"\", she said\"\n2024-01-02,2.50,\"two\r\nlines\"\n"
    );
    assert_eq!(text("b_2.csv"), "timestamp,kwh,remark\n2024-01-01,+1e2,plain\n");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_bad_row_stops_everything_with_its_place_and_leaves_nothing() {
    let good = "customer,ds,y\na,2024-01-01,1\nb,2024-01-01,2\n";
    for (bad, complaint) in [
        ("a,2024-01-02,twelve\n", r#"b.csv: line 4, column "y": "twelve" is not a number"#),
        ("a,2024-02-30,1\n", r#"b.csv: line 4, column "ds": "2024-02-30" is not a calendar time"#),
        (",2024-01-02,1\n", r#"b.csv: line 4, column "customer": "" does not name a customer"#),
        ("x/y,2024-01-02,1\n", r#"b.csv: line 4, column "customer": "x/y" cannot name a customer"#),
        ("a,2024-01-02\n", "b.csv: line 4: the row has 2 fields where the first line has 3"),
        ("\"a\",2024-01-02,\"x\"\n", r#"b.csv: line 4, column "y": "x" is not a number"#),
    ] {
        let input = folder([("a.csv", good.to_owned()), ("b.csv", format!("{good}{bad}c,2024-01-01,x\n"))]);
        let output = tempfile::tempdir().unwrap();
        let ended = prepare(input.path(), output.path(), &["--jobs=2"]).with_code(3);
        ended.complains_of(&[complaint, "--max-bad-rows"]);
        assert!(files(output.path()).is_empty(), "{:?}", files(output.path()).keys());
    }
}

#[test]
fn bad_rows_within_the_tolerance_go_to_the_rejects() {
    let table = "customer,ds,y\na,2024-01-01,1\na,2024-01-02,\"1,5\"\nb,yesterday,2\na,2024-01-03,3\n";
    let input = folder([("t.csv", table)]);
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &["--max-bad-rows=2"]).with_code(0);
    assert!(ended.out.contains("2 bad (see rejects)"), "{}", ended.out);
    assert_eq!(files(&output.path().join("customers")).keys().collect::<Vec<_>>(), ["a.csv"]);
    let rejects = fs::read_to_string(output.path().join("rejects.csv")).unwrap();
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines[0], "file,line,column,value,reason");
    assert!(lines[1].contains("t.csv,3,y,\"1,5\",\"is not a number"), "{rejects}");
    assert!(lines[2].contains("t.csv,4,ds,yesterday,\"is not a timestamp"), "{rejects}");
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &["--max-bad-rows=1"]).with_code(3);
    ended.complains_of(&["t.csv: line 3", "raise --max-bad-rows: more than 1"]);
}

#[test]
fn a_row_with_a_stray_quote_is_bad_and_takes_no_other_along() {
    let rows = |last: &str| {
        let row = |(at, (date, value)): (usize, (String, f64))| match at {
            499 => format!("a,{date},{last}\n"),
            _ => format!("a,{date},{value}\n"),
        };
        daily_rows(1000, 1).into_iter().enumerate().map(row).collect::<String>()
    };
    for (last, more) in [("\"x", ""), ("\"1", "b,2024-01-01,\"2\"\n"), ("\"\"1\"\"", "")] {
        let input = folder([("t.csv", format!("customer,ds,y\n{}{more}", rows(last)))]);
        let output = tempfile::tempdir().unwrap();
        let ended = prepare(input.path(), output.path(), &["--max-bad-rows=1"]).with_code(0);
        assert!(ended.out.contains("1 bad (see rejects)"), "{}", ended.out);
        let file = fs::read_to_string(output.path().join("customers/a.csv")).unwrap();
        assert_eq!(file.lines().count(), 1000, "{last}");
        let rejects = fs::read_to_string(output.path().join("rejects.csv")).unwrap();
        assert!(rejects.lines().nth(1).unwrap().contains("t.csv,501,"), "{rejects}");
    }
    let input = folder([("t.csv", format!("customer,ds,y\n{}", rows("\"x")))]);
    let output = tempfile::tempdir().unwrap();
    let complaint = ["t.csv: line 501: a quote is not closed"];
    prepare(input.path(), output.path(), &[]).with_code(3).complains_of(&complaint);
    train(input.path(), output.path(), &[]).with_code(3).complains_of(&complaint);
}

#[test]
fn a_preparation_of_nothing_is_none() {
    let table = "customer,ds,y\na,2024-01-01,1\n";
    let rows = |given: u64, filtered: u64| {
        format!("no rows are left: --filter, --from and --to removed {filtered}, {given} are bad")
    };
    for (table, options, complaint) in [
        (table, &["--filter=y>1"][..], rows(0, 1)),
        (&table[..14], &[], rows(0, 0)),
        ("", &[], rows(0, 0)),
        ("customer,ds,y\na,yesterday,1\n", &["--max-bad-rows=1"], rows(1, 0)),
    ] {
        let input = folder([("t.csv", table)]);
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), options).with_code(3).complains_of(&[&complaint]);
        assert!(files(output.path()).is_empty());
    }
}

#[test]
fn tables_of_different_things_are_not_taken_for_the_same() {
    let rows = |name: &str| format!("ds,{name}\n2024-01-01,1\n");
    let input = folder([("1.csv", rows("kwh")), ("2.csv", rows("temperature"))]);
    let output = tempfile::tempdir().unwrap();
    let ended = prepare(input.path(), output.path(), &[]).with_code(3);
    ended.complains_of(&[
        "2.csv: its target column seems to be \"temperature\", but that of earlier tables is \"kwh\"",
        "--target",
    ]);
    let input = folder([("1.csv", rows("kwh")), ("2.csv", rows("kWh")), ("3.csv", "2024-01-01,1\n".into())]);
    prepare(input.path(), output.path(), &[]).with_code(0);
}

#[test]
fn a_customer_whose_file_would_be_taken_for_a_part_of_anothers_is_told() {
    let input = folder([("t.csv", "customer,ds,y\na_train,2024-01-01,1\na_val,2024-01-01,1\n")]);
    for (options, told) in [(&[][..], true), (&["--bundle=1MB"], false)] {
        let output = tempfile::tempdir().unwrap();
        let ended = prepare(input.path(), output.path(), options).with_code(0);
        assert_eq!(
            ended.out.contains("the customer \"a_train\" ends like the names of files for training"),
            told,
            "{}",
            ended.out
        );
    }
}

#[test]
fn a_customer_is_told_by_its_files_whole_name_or_by_a_folder_with_a_value() {
    let rows = |value: u32| format!("ds,y\n2024-01-01,{value}\n");
    let prepared = |objects: &[(&str, String)], options: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        prepare(folder(objects.iter().cloned()).path(), output.path(), options).with_code(0);
        let text = |(name, bytes): (String, Vec<u8>)| (name, String::from_utf8(bytes).unwrap());
        files(&output.path().join("customers")).into_iter().map(text).collect::<Vec<_>>()
    };
    let file = |name: &str, rows: &str| (name.to_owned(), format!("timestamp,target\n{rows}"));
    let names = ["BRK.A.csv", "BRK.B.csv", "meter 1.5kW.tsv", "store.1.csv"];
    let found = prepared(&names.map(|name| (name, rows(1))), &["--aggregate=sum", "--frequency=D"]);
    assert_eq!(
        found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["BRK.A.csv", "BRK.B.csv", "meter 1.5kW.csv", "store.1.csv"]
    );
    // Part files below a folder with a value are one customer's, and a column of any name may be such a folder.
    let hive = [
        ("customer=NA/part-0.csv", rows(1)),
        ("customer=NA/part-1.csv", rows(2).replace("-01,", "-02,")),
        ("customer=b%20c/part-0.csv", rows(3)),
    ];
    let expected = [file("NA.csv", "2024-01-01,1\n2024-01-02,2\n"), file("b c.csv", "2024-01-01,3\n")];
    assert_eq!(prepared(&hive, &[]), expected);
    let regions = [("region=n/store=7/x.csv", rows(1)), ("region=s/store=8/x.csv", rows(2))];
    let with_region = |name: &str, row: &str| (name.to_owned(), format!("timestamp,target,region\n{row}\n"));
    assert_eq!(
        prepared(&regions, &["--customer=store", "--keep=region"]),
        [with_region("7.csv", "2024-01-01,1,n"), with_region("8.csv", "2024-01-01,2,s")]
    );
    assert_eq!(prepared(&regions, &["--customer=store", "--filter=region=s"]), [file("8.csv", "2024-01-01,2\n")]);
    for (objects, words) in [
        (["north/1.csv", "south/1.csv"], "the customer \"1\" is in "),
        (["1.csv", "1.csv.gz"], "give the files different names"),
        (["region=n/store=7/x.csv", "region=s/store=8/x.csv"], "region and store could each name the customer"),
    ] {
        let output = tempfile::tempdir().unwrap();
        let input = folder(objects.map(|name| (name, rows(1))));
        prepare(input.path(), output.path(), &[]).with_code(3).complains_of(&[words]);
        assert!(files(output.path()).is_empty());
    }
}

#[test]
fn tables_and_options_that_cannot_be_used_say_why() {
    let input = folder([("t.csv", "customer,ds,y\na,2024-01-01,1\n")]);
    let other = folder([("t.csv", "customer,ds,y\na,2024-01-01,1\n"), ("u.csv", "customer,y\na,1\n")]);
    let (empty, damaged) =
        (folder([("readme.md", "x")]), folder([("t.csv.gz", &gzip(b"customer,ds,y\na,2024-01-01,1\n")[..30])]));
    for (input, options, code, complaint) in [
        (&input, &["--target=kwh"][..], 3, "t.csv: has no column \"kwh\""),
        (
            &input,
            &["--keep=note"],
            3,
            "t.csv: has no column \"note\", which --keep names; its columns are customer, ds, y",
        ),
        (&input, &["--filter=kwh>1"], 3, "\"kwh\", which --filter names"),
        (&input, &["--filter=kwh"], 2, "invalid condition \"kwh\""),
        (&input, &["--aggregate=sum"], 2, "--frequency"),
        (&input, &["--aggregate=sum", "--frequency=2MS"], 2, "is not a fixed calendar period"),
        (&input, &["--timezone=Mars/Olympus"], 2, "Europe/Berlin"),
        (&input, &["--target=y=customer"], 2, "two columns of the output are called \"customer\""),
        (&input, &["--bundle=1GB", "--memory=1GB"], 2, "a bundle is written from memory"),
        (&other, &[], 3, "u.csv: no column looks like timestamps"),
        (&empty, &[], 3, "holds no table"),
        (&damaged, &[], 3, "t.csv.gz: cannot be unpacked as gzip"),
    ] {
        let output = tempfile::tempdir().unwrap();
        prepare(input.path(), output.path(), options).with_code(code).complains_of(&[complaint]);
        assert!(files(output.path()).is_empty(), "{options:?}: {:?}", files(output.path()).keys());
    }
    let output = tempfile::tempdir().unwrap();
    let nowhere = Path::new("/no/such/folder");
    prepare(nowhere, output.path(), &[]).with_code(2).complains_of(&["--input /no/such/folder"]);
    let inside = input.path().join("out");
    prepare(input.path(), &inside, &[]).with_code(2).complains_of(&["is inside --input"]);
    // One table of a folder is another matter.
    prepare(&input.path().join("t.csv"), &inside, &[]).with_code(0);
}

#[test]
fn files_of_another_preparation_are_not_mixed_with_this_one() {
    let input = folder([("t.csv", "customer,ds,y\na,2024-01-01,1\n")]);
    let output = tempfile::tempdir().unwrap();
    prepare(input.path(), output.path(), &[]).with_code(0);
    prepare(input.path(), output.path(), &["--no-header"]).with_code(2).complains_of(&["a.csv exists already"]);
}

#[test]
fn shards_share_a_folder_with_each_other_and_with_nobody_else() {
    let (mut table, mut expected) = mixed(40, 10);
    // Hours of one customer are no other's matter.
    table.push_str("north,hourly,2024-01-01 05:00,1\n");
    expected.insert("hourly.csv".into(), b"timestamp,target\n2024-01-01T05:00:00,1\n".to_vec());
    let input = folder([("t.csv", table)]);
    for options in [&[][..], &["--bundle=1k"]] {
        let output = tempfile::tempdir().unwrap();
        let shard =
            |shard: &str, more: &[&str]| prepare(input.path(), output.path(), &[options, more, &[shard]].concat());
        shard("--shard=0/2", &[]).with_code(0);
        shard("--shard=1/2", &[]).with_code(0);
        let whole = files(&output.path().join("customers"));
        if options.is_empty() {
            assert_eq!(whole, expected);
        }
        // The same again is the same; anything else would be mixed.
        shard("--shard=0/2", &[]).with_code(0);
        shard("--shard=0/2", &["--keep=region"]).with_code(2).complains_of(&["exists already"]);
        shard("--shard=1/3", &[]).with_code(2).complains_of(&["exists already"]);
        assert_eq!(files(&output.path().join("customers")), whole);
    }
}

#[test]
fn tables_among_the_files_that_would_be_written_are_refused() {
    let base = folder([("customers/a.csv", "ds,y\n2024-01-01,1\n")]);
    let customers = base.path().join("customers");
    for input in [&customers, &customers.join("a.csv")] {
        for shard in ["--shard=0/1", "--shard=0/2"] {
            prepare(input, base.path(), &[shard])
                .with_code(2)
                .complains_of(&["over the tables: choose another folder"]);
        }
    }
    assert_eq!(files(base.path()).len(), 1);
}

#[test]
fn reports_of_a_run_whose_files_are_gone_go_when_the_next_begins() {
    let output = tempfile::tempdir().unwrap();
    let good = folder([("t.csv", "customer,ds,y\na,2024-01-01,1\nb,yesterday,1\n")]);
    prepare(good.path(), output.path(), &["--max-bad-rows=1"]).with_code(0);
    fs::remove_dir_all(output.path().join("customers")).unwrap();
    prepare(good.path(), output.path(), &[]).with_code(3);
    assert!(files(output.path()).is_empty(), "{:?}", files(output.path()).keys());
}

/// A processing job's container on one of the hosts, with a table.
fn processing_job(host: &str, hosts: &[&str], table: &str) -> tempfile::TempDir {
    let base = tempfile::tempdir().unwrap();
    let place = |below: &str| base.path().join(below);
    for directory in ["config", "processing/input/raw", "processing/output/customers", "processing/output/report"] {
        fs::create_dir_all(place(directory)).unwrap();
    }
    fs::write(place("processing/input/raw/t.csv"), table).unwrap();
    let job = r#"{"ProcessingInputs":[{"InputName":"raw","S3Input":{"LocalPath":"/opt/ml/processing/input/raw",
        "S3Uri":"s3://b/raw","S3DataDistributionType":"FullyReplicated"}}],"ProcessingOutputConfig":{"Outputs":[
        {"OutputName":"customers","S3Output":{"LocalPath":"/opt/ml/processing/output/customers","S3Uri":"s3://b/c"}},
        {"OutputName":"report","S3Output":{"LocalPath":"/opt/ml/processing/output/report","S3Uri":"s3://b/r"}}]}}"#;
    fs::write(place("config/processingjobconfig.json"), job).unwrap();
    let hosts = serde_json::json!({ "current_host": host, "hosts": hosts });
    fs::write(place("config/resourceconfig.json"), hosts.to_string()).unwrap();
    base
}

/// `manyfit prepare` in such a container.
fn prepare_in(base: &Path, options: &[&str]) -> Ended {
    manyfit().env("SAGEMAKER_BASE_DIR", base).arg("prepare").args(options).output().unwrap().into()
}

#[test]
fn a_folder_for_the_work_of_a_processing_job_keeps_what_else_is_in_it() {
    let base = processing_job("algo-1", &["algo-1"], "customer,ds,y\na,2024-01-01,1\n");
    let scratch = folder([("theirs/model.bin", "x"), ("rows", "y")]);
    let work = format!("--work={}", scratch.path().display());
    prepare_in(base.path(), &[&work, "--target=nothing"]).with_code(3);
    prepare_in(base.path(), &[&work]).with_code(0);
    assert_eq!(files(scratch.path()).into_keys().collect::<Vec<_>>(), ["rows", "theirs/model.bin"]);
}

#[test]
fn two_hosts_of_a_processing_job_share_the_customers() {
    let (table, expected) = mixed(40, 10);
    let mut union = Files::new();
    for host in ["algo-1", "algo-2"] {
        let base = processing_job(host, &["algo-1", "algo-2"], &table);
        let place = |below: &str| base.path().join(below);
        let run = |options: &[&str]| prepare_in(base.path(), options);
        run(&["--shard=0/2"]).with_code(2).complains_of(&["--shard 0/2: each of the 2 instances"]);
        run(&["--target=nothing"]).with_code(3);
        let message = fs::read_to_string(place("output/message")).unwrap();
        assert!(message.contains("has no column \"nothing\""), "{message}");
        run(&[]).with_code(0);
        let found = files(&place("processing/output/customers"));
        assert!((5..35).contains(&found.len()), "{}", found.len());
        for (name, bytes) in found {
            assert!(union.insert(name.clone(), bytes).is_none(), "{name} is on both hosts");
        }
        let reports = files(&place("processing/output/report"));
        let index = u8::from(host == "algo-2");
        assert!(reports.contains_key(&format!("summary-{index}-of-2.json")), "{:?}", reports.keys());
        assert!(!place("processing/work").exists());
    }
    assert_eq!(union, expected);
}
