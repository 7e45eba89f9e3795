//! Parquet files, whatever their footers and pages say.

use super::{
    check_text, chosen,
    csv::{check_series, check_table, read_series, read_tables, series_settings, table_settings},
    side_tables,
};

/// A file as series, as a table of features, and as a table besides the input.
pub(super) fn files(input: &[u8]) {
    let (bytes, choice) = chosen(input);
    let settings = series_settings(choice);
    for (_, series) in read_series("8.parquet", bytes, &settings) {
        match series {
            Ok(series) => check_series(&series, &settings),
            Err(error) => check_text(error),
        }
    }
    for (_, table) in read_tables("8.parquet", bytes, &table_settings(choice)) {
        match table {
            Ok(table) => check_table(&table),
            Err(error) => check_text(error),
        }
    }
    side_tables::tables(input);
}
