//! Raw tables, row by row, to files of customers.

use std::{fs, io, sync::atomic::AtomicBool};

use jiff::tz::TimeZone;
use manyfit::{
    input::{InputSettings, TableSettings},
    prepare::{Aggregate, Ambiguous, Arrangement, Keep, Options, OutputFormat, Preparation, run},
    shard::Shard,
    store::{Durability, LocalStore, Store},
};

use super::{
    checked, chosen,
    csv::{read_series, series_settings},
    kept::Kept,
    side_tables::folder,
};

/// A table with options that the last byte chooses: rows are counted, and what is written is read again.
pub(super) fn tables(input: &[u8]) {
    let (bytes, choice) = chosen(input);
    let options = options(choice);
    let base = folder().join("prepared");
    let customers = LocalStore::new(base.join("customers"), Durability::ProcessDeath);
    let preparation = Preparation {
        input: &Kept::one("sales.csv", bytes),
        customers: &customers,
        validation: None,
        reports: base.join("reports"),
        remote_reports: None,
        work: base.join("work"),
        options: &options,
        shard: Shard::ALL,
        threads: 1,
        memory: 64 << 20,
        stop: &AtomicBool::new(false),
    };
    if let Some(summary) = checked(run(&preparation, &mut io::sink())) {
        assert!(summary.written <= summary.counts.rows, "{summary:?}");
        if options.columns.table.is_none() && options.format == OutputFormat::Csv {
            check_written(&customers);
        }
    }
    let _ = fs::remove_dir_all(&base);
}

/// Every file that was written is one of series.
fn check_written(customers: &LocalStore) {
    let settings = InputSettings { customer: Some("customer".into()), ..InputSettings::default() };
    for entry in customers.list().expect("a temporary folder is listed") {
        let mut bytes = Vec::new();
        customers.read(&entry.key, &mut bytes).expect("a temporary file is read");
        let is_named = bytes.starts_with(b"customer,");
        let settings = if is_named { settings.clone() } else { InputSettings::default() };
        for (name, series) in read_series(&entry.key, &bytes, &settings) {
            if let Err(error) = series {
                // Rows that share a time are written as they are unless they are to be combined.
                assert!(error.contains("is also on line"), "{name}: {error}: {}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

fn options(choice: u8) -> Options {
    let mut columns = series_settings(choice % 10);
    let zone = |name: &str| TimeZone::get(name).ok();
    let is_table = choice.is_multiple_of(7) && choice > 0;
    if is_table {
        columns.table = Some(TableSettings::default());
    }
    let assumed_zone = if choice & 16 != 0 { zone("Europe/Berlin") } else { None };
    let written_zone = if choice & 32 != 0 { zone("America/New_York") } else { None };
    let aggregate = match choice & 0xc0 {
        0x40 => "d".parse().ok().map(|period| (Aggregate::Sum, period)),
        0x80 => "h".parse().ok().map(|period| (Aggregate::Mean, period)),
        _ => None,
    };
    let aggregate = aggregate.filter(|_| !is_table);
    Options {
        columns,
        validation: None,
        target_name: "y".into(),
        keep: if choice & 8 == 0 { Keep::All } else { Keep::Named(vec![("price".into(), "p".into())]) },
        filters: if choice & 0xc == 0xc { "a>=1".parse().into_iter().collect() } else { Vec::new() },
        from: None,
        to: None,
        assumed_zone,
        ambiguous: [Ambiguous::Infer, Ambiguous::First, Ambiguous::Last, Ambiguous::Error][usize::from(choice) % 4],
        written_zone,
        duplicates: (choice & 1 != 0 && !is_table).then_some(Aggregate::Last),
        aggregate,
        grid: false,
        arrangement: if choice & 2 == 0 { Arrangement::Customers } else { Arrangement::Bundles(1 << 16) },
        format: OutputFormat::Csv,
        header: true,
        max_bad_rows: if choice & 4 == 0 { u64::MAX } else { 0 },
    }
}
