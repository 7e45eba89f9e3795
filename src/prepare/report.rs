//! The quality report: segments, each sorted by customer, merged into one table.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{self, File},
    io::{BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{journal::Done, quality::Quality, text::write_cell};
use crate::error::{Error, Result};

/// Bytes of a segment that are read at a time.
const READ: usize = 16 << 10;

/// The columns of the report.
pub(super) const COLUMNS: [&str; 18] = [
    "customer",
    "file",
    "rows",
    "written",
    "missing",
    "duplicates",
    "start",
    "end",
    "frequency",
    "gaps",
    "longest_gap",
    "zeros",
    "constant",
    "outliers",
    "minimum",
    "mean",
    "maximum",
    "sum",
];

/// Calls `each` with every row of the segments, sorted by customer. Memory does not grow with the rows.
pub(super) fn merge(path: &Path, segments: &[Done], mut each: impl FnMut(Quality) -> Result<()>) -> Result<()> {
    let failed = |error| Error::storage(format_args!("reading {}", path.display()), error);
    let mut file = File::open(path).map_err(failed)?;
    let mut cursors: Vec<Cursor> = segments.iter().map(|done| Cursor::new(done.start, done.end)).collect();
    let mut heads: Vec<Option<Quality>> = Vec::with_capacity(cursors.len());
    for cursor in &mut cursors {
        heads.push(cursor.next(&mut file, path)?);
    }
    let mut order: BinaryHeap<Reverse<(String, usize)>> = heads
        .iter()
        .enumerate()
        .filter_map(|(at, head)| Some(Reverse((head.as_ref()?.customer.clone(), at))))
        .collect();
    while let Some(Reverse((_, at))) = order.pop() {
        let next = cursors[at].next(&mut file, path)?;
        if let Some(next) = &next {
            order.push(Reverse((next.customer.clone(), at)));
        }
        if let Some(row) = std::mem::replace(&mut heads[at], next) {
            each(row)?;
        }
    }
    Ok(())
}

/// A place in a segment.
struct Cursor {
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    read: usize,
}

impl Cursor {
    const fn new(position: u64, end: u64) -> Self {
        Self { position, end, buffer: Vec::new(), read: 0 }
    }

    fn next(&mut self, file: &mut File, path: &Path) -> Result<Option<Quality>> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', &self.buffer[self.read..]) {
                let line = &self.buffer[self.read..self.read + length];
                let row = serde_json::from_slice(line).map_err(|error| {
                    Error::Data(format!("{}: was changed while it was written ({error})", path.display()))
                })?;
                self.read += length + 1;
                return Ok(Some(row));
            }
            if self.position == self.end {
                return Ok(None);
            }
            self.buffer.drain(..self.read);
            self.read = 0;
            let more = READ.min((self.end - self.position) as usize);
            let start = self.buffer.len();
            self.buffer.resize(start + more, 0);
            file.seek(SeekFrom::Start(self.position))
                .and_then(|_| file.read_exact(&mut self.buffer[start..]))
                .map_err(|error| Error::storage(format_args!("reading {}", path.display()), error))?;
            self.position += more as u64;
        }
    }
}

/// A table of the report in the making: written beside its place and renamed there at the end.
pub(super) enum Table {
    Csv {
        place: PathBuf,
        staged: PathBuf,
        file: BufWriter<File>,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet_write::ReportTable>),
}

impl Table {
    /// Parquet where this build has it, otherwise CSV. `place` is without the extension.
    pub(super) fn create(place: &Path) -> Result<Self> {
        #[cfg(feature = "parquet")]
        {
            let place = with_extension(place, "parquet");
            super::parquet_write::ReportTable::create(&place).map(Box::new).map(Self::Parquet)
        }
        #[cfg(not(feature = "parquet"))]
        Self::create_csv(place)
    }

    #[cfg_attr(feature = "parquet", expect(dead_code, reason = "Parquet takes its place"))]
    fn create_csv(place: &Path) -> Result<Self> {
        let place = with_extension(place, "csv");
        let staged = staged(&place);
        let file = File::create(&staged).map_err(|error| failed(&place, error))?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{}", COLUMNS.join(",")).map_err(|error| failed(&place, error))?;
        Ok(Self::Csv { place, staged, file })
    }

    #[cfg_attr(not(feature = "parquet"), expect(clippy::needless_pass_by_value, reason = "Parquet gathers rows"))]
    pub(super) fn append(&mut self, row: Quality) -> Result<()> {
        match self {
            Self::Csv { place, file, .. } => write_csv(file, &row).map_err(|error| failed(place, error)),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.append(row),
        }
    }

    pub(super) fn finish(self) -> Result<PathBuf> {
        match self {
            Self::Csv { place, staged, mut file } => {
                file.flush().and_then(|()| fs::rename(staged, &place)).map_err(|error| failed(&place, error))?;
                Ok(place)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.finish(),
        }
    }
}

fn write_csv(out: &mut impl Write, row: &Quality) -> std::io::Result<()> {
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut line = Vec::new();
    write_cell(row.customer.as_bytes(), &mut line);
    line.push(b',');
    write_cell(row.file.as_bytes(), &mut line);
    let cells = [
        row.rows.to_string(),
        row.written.to_string(),
        row.missing.to_string(),
        row.duplicates.to_string(),
        row.start.clone(),
        row.end.clone(),
        row.frequency.clone(),
        row.gaps.to_string(),
        row.longest_gap.to_string(),
        row.zeros.to_string(),
        row.constant.to_string(),
        row.outliers.to_string(),
        number(row.minimum),
        number(row.mean),
        number(row.maximum),
        number(Some(row.sum)),
    ];
    out.write_all(&line)?;
    writeln!(out, ",{}", cells.join(","))
}

fn with_extension(place: &Path, extension: &str) -> PathBuf {
    let mut path = place.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}

/// Where a file is written before it is renamed to its place; the platform leaves such names alone.
pub(super) fn staged(place: &Path) -> PathBuf {
    with_extension(place, "sagemaker-ignore")
}

/// Writes a file beside its place and renames it there.
pub(super) fn write_whole(place: &Path, bytes: &[u8]) -> Result<()> {
    let staged = staged(place);
    fs::write(&staged, bytes).and_then(|()| fs::rename(&staged, place)).map_err(|error| {
        // The first failure is the one to report.
        let _ = fs::remove_file(&staged);
        failed(place, error)
    })
}

pub(super) fn failed(place: &Path, error: std::io::Error) -> Error {
    Error::storage(format_args!("writing {}", place.display()), error)
}
