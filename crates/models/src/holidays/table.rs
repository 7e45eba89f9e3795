//! The packed table; `make_countries.py` in this folder documents its bytes.

use crate::frequency::milliseconds;
use flate2::read::ZlibDecoder;
use jiff::civil::Date;
use std::{io::Read, ops::RangeInclusive};

/// A day with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicHoliday {
    /// Midnight, milliseconds since the epoch.
    pub date: i64,
    /// In English if the package has it, such as "Christmas Day"; a day may have several.
    pub name: &'static str,
}

/// The unpacked table.
pub(super) struct Table {
    /// Of the package that it was made from.
    pub(super) version: &'static str,
    first_year: i32,
    last_year: i32,
    names: Vec<&'static str>,
    /// How many days each sequence has in each year; as many bytes as years for every sequence.
    counts: &'static [u8],
    months: &'static [u8],
    days: &'static [u8],
    /// Place in `months` and `days` of the first day of each sequence.
    starts: Vec<usize>,
    pub(super) countries: Vec<Entry>,
}

pub(super) struct Entry {
    /// The usual one first.
    pub(super) codes: Vec<&'static str>,
    /// Name and sequence of each holiday.
    holidays: Vec<(usize, usize)>,
}

impl Table {
    pub(super) fn unpack(packed: &[u8]) -> Self {
        let mut bytes = Vec::new();
        ZlibDecoder::new(packed).read_to_end(&mut bytes).expect("the table is packed by zlib");
        // It is unpacked once and lives as long as the process.
        let mut rest = Bytes(bytes.leak());

        let version = rest.line();
        let (first_year, last_year) = (rest.number(2) as i32, rest.number(2) as i32);
        let years = (last_year - first_year + 1) as usize;
        let names = (0..rest.number(4)).map(|_| rest.line()).collect();
        let sequences = rest.number(4);
        let counts = rest.take(sequences * years);
        let mut starts = Vec::with_capacity(sequences);
        let mut entries = 0;
        for sequence in counts.chunks_exact(years) {
            starts.push(entries);
            entries += sum(sequence);
        }
        let (months, days) = (rest.take(entries), rest.take(entries));
        let countries = (0..rest.number(2))
            .map(|_| Entry {
                codes: rest.line().split(' ').collect(),
                holidays: (0..rest.number(2)).map(|_| (rest.number(2), rest.number(2))).collect(),
            })
            .collect();
        Self { version, first_year, last_year, names, counts, months, days, starts, countries }
    }

    pub(super) const fn years(&self) -> RangeInclusive<i32> {
        self.first_year..=self.last_year
    }

    pub(super) fn find(&self, code: &str) -> Option<usize> {
        self.countries.iter().position(|entry| entry.codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
    }

    /// The usual codes of countries (two letters) or of markets (more), in order.
    pub(super) fn codes(&self, markets: bool) -> Vec<&'static str> {
        let codes = self.countries.iter().map(|entry| entry.codes[0]);
        let mut codes: Vec<_> = codes.filter(|code| (code.len() > 2) == markets).collect();
        codes.sort_unstable();
        codes
    }

    /// The holidays of a country in years that the table covers, by date and then by name.
    pub(super) fn holidays(&self, country: usize, years: RangeInclusive<i32>) -> Vec<PublicHoliday> {
        let width = (self.last_year - self.first_year + 1) as usize;
        let skipped = (years.start() - self.first_year) as usize;
        let mut found = Vec::new();
        for &(name, sequence) in &self.countries[country].holidays {
            let counts = &self.counts[sequence * width..][..width];
            let mut at = self.starts[sequence] + sum(&counts[..skipped]);
            for (year, &count) in years.clone().zip(&counts[skipped..]) {
                for place in at..at + usize::from(count) {
                    let date = Date::new(year as i16, self.months[place] as i8, self.days[place] as i8)
                        .expect("the table has days of the calendar only");
                    found.push(PublicHoliday { date: milliseconds(date.into()), name: self.names[name] });
                }
                at += usize::from(count);
            }
        }
        found.sort_unstable();
        found
    }
}

fn sum(counts: &[u8]) -> usize {
    counts.iter().map(|&count| usize::from(count)).sum()
}

/// The rest of the table.
struct Bytes(&'static [u8]);

impl Bytes {
    fn take(&mut self, length: usize) -> &'static [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// A little-endian number.
    fn number(&mut self, length: usize) -> usize {
        self.take(length).iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }

    fn line(&mut self) -> &'static str {
        let length = self.0.iter().position(|&byte| byte == b'\n').expect("lines of the table end");
        let line = self.take(length + 1);
        str::from_utf8(&line[..length]).expect("the table's text is UTF-8")
    }
}
