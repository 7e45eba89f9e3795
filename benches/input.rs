//! Reading a customer's file: 730 daily rows, 3 columns, in memory, one core.
//!
//! `cargo bench --no-default-features --bench input`

use std::{fmt::Write, io::Write as _};

use divan::{Bencher, counter::BytesCount};
use manyfit::{
    error::Result,
    input::{Contents, Format, InputFile, InputSettings, Reader, discover},
    store::{Entry, Store},
};
use manyfit_models::data::CustomerId;

fn main() {
    divan::main();
}

/// One object in memory.
#[derive(Debug)]
struct Memory(Vec<u8>);

impl Store for Memory {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(vec![Entry { key: "8.csv".into(), size: self.0.len() as u64 }])
    }

    fn read(&self, _: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        buffer.extend_from_slice(&self.0);
        Ok(true)
    }

    fn publish(&self, _: &str, _: &[u8]) -> Result<()> {
        unreachable!("input is only read")
    }

    fn describe(&self, key: &str) -> String {
        key.to_owned()
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Crlf,
    Offsets,
    Unsorted,
    QuotedDates,
    Gzip,
}

const STYLES: [Style; 6] =
    [Style::Plain, Style::Crlf, Style::Offsets, Style::Unsorted, Style::QuotedDates, Style::Gzip];

fn rows(prefix: &str, style: Style) -> Vec<String> {
    let start = jiff::civil::date(2022, 1, 1);
    let row = |day: i32| {
        let date = start + jiff::Span::new().days(day);
        let value = 200.0 + f64::from(day).sin() * 50.0;
        let temperature = 12.0 + (f64::from(day) / 58.0).cos() * 9.0;
        let mut line = prefix.to_owned();
        match style {
            Style::Offsets => write!(line, "{date}T00:00:00+01:00"),
            Style::QuotedDates => write!(line, "\"{date}\""),
            _ => write!(line, "{date}"),
        }
        .expect("a string takes all");
        write!(line, ",{value:.4},{temperature:.1}").expect("a string takes all");
        line
    };
    let mut rows: Vec<String> = (0..730).map(row).collect();
    if matches!(style, Style::Unsorted) {
        rows.reverse();
    }
    rows
}

fn file(style: Style) -> Memory {
    let end = if matches!(style, Style::Crlf) { "\r\n" } else { "\n" };
    let text = format!("timestamp,consumption,temperature{end}{}{end}", rows("", style).join(end)).into_bytes();
    if !matches!(style, Style::Gzip) {
        return Memory(text);
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&text).expect("memory takes all");
    Memory(encoder.finish().expect("memory takes all"))
}

#[divan::bench(args = STYLES)]
fn one_customer(bencher: Bencher<'_, '_>, style: Style) {
    let store = file(style);
    let contents = Contents::One(CustomerId::new("8").expect("a plain name"));
    let input = InputFile::new(Entry { key: "8.csv".into(), size: 0 }, Format::Csv, contents);
    let mut reader = Reader::new(InputSettings::default());
    bencher
        .counter(BytesCount::new(store.0.len()))
        .bench_local(|| reader.read_series(&store, &input).expect("a good file").len());
}

/// A file of 100 customers, 730 rows each.
fn bundle() -> Memory {
    let customers = (0..100).map(|number| rows(&format!("customer-{number},"), Style::Plain).join("\n"));
    Memory(format!("customer,timestamp,consumption,temperature\n{}\n", customers.collect::<Vec<_>>().join("\n")).into())
}

#[divan::bench]
fn discovery_of_a_bundle_of_100(bencher: Bencher<'_, '_>) {
    let store = bundle();
    bencher
        .counter(BytesCount::new(store.0.len()))
        .bench_local(|| discover(&store, &InputSettings::default()).expect("a good file").files.len());
}

#[divan::bench]
fn bundle_of_100(bencher: Bencher<'_, '_>) {
    let store = bundle();
    let input = discover(&store, &InputSettings::default()).expect("a good file").files.remove(0);
    let mut reader = Reader::new(InputSettings::default());
    bencher
        .counter(BytesCount::new(store.0.len()))
        .bench_local(|| reader.read_bundle(&store, &input).expect("a good file").len());
}
