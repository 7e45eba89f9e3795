//! Rows of features: CSV, libsvm, JSON and JSON lines.

use super::format::Format;
use crate::serve::error::ApiError;
use manyfit_models::{
    FittedRows,
    data::{Cell, is_missing},
};
use serde_json::{Map, Value};
use std::fmt::Display;

/// Predictions for the rows of a body.
pub(super) fn predict(model: &FittedRows, format: Format, body: &[u8]) -> Result<Vec<f32>, ApiError> {
    let mut predictor = RowPredictor { model, row: Vec::new(), predictions: Vec::new() };
    match format {
        Format::Csv => predictor.csv(body)?,
        Format::Libsvm => predictor.libsvm(text(body)?)?,
        Format::Json => predictor.json(&parse(body)?)?,
        Format::JsonLines => {
            for (at, line) in text(body)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let within = |error: ApiError| error.within(&format!("line {}", at + 1));
                predictor.json(&parse(line.as_bytes()).map_err(within)?).map_err(within)?;
            }
        }
    }
    Ok(predictor.predictions)
}

/// An invalid body, in the words of AWS's containers.
fn cannot_evaluate(message: impl Display) -> ApiError {
    ApiError::bad_request(format!("Unable to evaluate payload provided: {message}"))
}

fn text(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body).map_err(|error| cannot_evaluate(format_args!("it is not UTF-8: {error}")))
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| cannot_evaluate(format_args!("it is not JSON: {error}")))
}

/// Collects the predictions of a body.
struct RowPredictor<'a> {
    model: &'a FittedRows,
    row: Vec<f32>,
    predictions: Vec<f32>,
}

impl RowPredictor<'_> {
    /// Predicts the next row of the body.
    fn cells<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) -> Result<(), ApiError> {
        let encoded = self.model.encode(cells, &mut self.row);
        encoded.map_err(|error| self.invalid_row(error))?;
        let prediction = self.model.predict(&self.row).map_err(|error| self.invalid_row(error))?;
        self.predictions.push(prediction);
        Ok(())
    }

    /// The error of the next row of the body.
    fn invalid_row(&self, message: impl Display) -> ApiError {
        cannot_evaluate(format_args!("row {}: {message}", self.predictions.len() + 1))
    }

    /// CSV without a header, or with one that names every feature; an empty field is a missing value.
    fn csv(&mut self, body: &[u8]) -> Result<(), ApiError> {
        let first_line = body.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t', b' '].into_iter().find(|mark| first_line.contains(mark)).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(body);
        let mut record = csv::StringRecord::new();
        let mut columns: Option<Vec<usize>> = None;
        while reader.read_record(&mut record).map_err(cannot_evaluate)? {
            if columns.is_none() && self.predictions.is_empty() {
                columns = self.header(&record);
                if columns.is_some() {
                    continue;
                }
            }
            let cell = |at: usize| record.get(at).map_or(Cell::Missing, Cell::Text);
            match &columns {
                Some(columns) => self.cells(columns.iter().map(|&at| cell(at)))?,
                None => self.cells(record.iter().map(Cell::Text))?,
            }
        }
        Ok(())
    }

    /// The column of each feature, if the record names them all. A record of numbers is a row, even if features are named so.
    fn header(&self, record: &csv::StringRecord) -> Option<Vec<usize>> {
        if record.iter().all(|field| is_missing(field.as_bytes()) || field.parse::<f64>().is_ok()) {
            return None;
        }
        let features = self.model.features().iter();
        features.map(|feature| record.iter().position(|name| name == feature.name)).collect()
    }

    /// libsvm with or without labels; columns that a row does not list are missing values.
    ///
    /// As in AWS's container, columns count from 1 unless a row of the body has a column 0.
    fn libsvm(&mut self, body: &str) -> Result<(), ApiError> {
        let mut rows: Vec<Vec<(usize, &str)>> = Vec::new();
        let lines = body.lines().map(|line| line.split('#').next().unwrap_or_default());
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let number = rows.len() + 1;
            let mut row = Vec::new();
            for (at, token) in line.split_ascii_whitespace().enumerate() {
                match token.split_once(':').map(|(column, value)| (column, column.parse(), value)) {
                    None if at == 0 => {}
                    Some(("qid", ..)) => {}
                    Some((_, Ok(column), value)) => row.push((column, value)),
                    _ => {
                        let message = format!("row {number}: {token:?} is not COLUMN:VALUE, the format of libsvm");
                        return Err(cannot_evaluate(message));
                    }
                }
            }
            rows.push(row);
        }
        let first = rows.iter().flatten().map(|(column, _)| *column).min().unwrap_or(0).min(1);
        let features = self.model.features().len();
        let mut cells = vec![Cell::Missing; features];
        for row in &rows {
            cells.fill(Cell::Missing);
            for &(column, value) in row {
                let cell = cells.get_mut(column - first).ok_or_else(|| {
                    self.invalid_row(format_args!(
                        "there is no column {column}: the model has {features} features, numbered from {first}"
                    ))
                })?;
                *cell = Cell::Text(value);
            }
            self.cells(cells.iter().copied())?;
        }
        Ok(())
    }

    /// A row (`[1, 2]`, `{"features": [1, 2]}`, `{"price": 1, "size": 2}`), a list of rows, or `{"instances": rows}`.
    fn json(&mut self, value: &Value) -> Result<(), ApiError> {
        match value {
            Value::Array(items) if items.is_empty() || items.iter().any(|item| item.is_array() || item.is_object()) => {
                items.iter().try_for_each(|item| self.json_row(item))
            }
            Value::Object(members) if members.contains_key("instances") => match &members["instances"] {
                Value::Array(items) => items.iter().try_for_each(|item| self.json_row(item)),
                _ => Err(cannot_evaluate("instances is not a list of rows")),
            },
            row => self.json_row(row),
        }
    }

    fn json_row(&mut self, row: &Value) -> Result<(), ApiError> {
        match row {
            Value::Array(values) => {
                let cells = values.iter().map(|value| self.json_cell(value));
                let cells: Vec<Cell<'_>> = cells.collect::<Result<_, _>>()?;
                self.cells(cells)
            }
            Value::Object(members) if members.len() == 1 && members.get("features").is_some_and(Value::is_array) => {
                self.json_row(&members["features"])
            }
            Value::Object(members) => self.json_record(members),
            _ => Err(self.invalid_row("a row must be a list of values, or an object with a value for each feature")),
        }
    }

    /// Values by feature name; absent features are missing values.
    fn json_record(&mut self, members: &Map<String, Value>) -> Result<(), ApiError> {
        let features = self.model.features();
        if let Some(unknown) = members.keys().find(|name| features.iter().all(|feature| feature.name != **name)) {
            let names: Vec<&str> = features.iter().take(20).map(|feature| feature.name.as_str()).collect();
            let names = names.join(", ");
            return Err(self.invalid_row(format_args!("{unknown:?} is not a feature of the model, which are {names}")));
        }
        let cell = |name: &str| members.get(name).map_or(Ok(Cell::Missing), |value| self.json_cell(value));
        let cells: Vec<Cell<'_>> = features.iter().map(|feature| cell(&feature.name)).collect::<Result<_, _>>()?;
        self.cells(cells)
    }

    fn json_cell<'v>(&self, value: &'v Value) -> Result<Cell<'v>, ApiError> {
        Ok(match value {
            Value::Null => Cell::Missing,
            Value::Bool(truth) => Cell::Number(f64::from(u8::from(*truth))),
            Value::Number(number) => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Cell::Text(text),
            Value::Array(_) | Value::Object(_) => return Err(self.invalid_row("a value is a list or an object")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::{data::Feature, ridge::Ridge};

    /// Predicts 1·a + 10·b, b a category of x and y.
    fn model() -> FittedRows {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let features =
            vec![Feature::numeric("a"), Feature { name: "b".into(), categories: Some(vec!["x".into(), "y".into()]) }];
        FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
    }

    fn numeric() -> FittedRows {
        let ridge = Ridge { intercept: 0.5, coefficients: vec![1.0, 10.0], means: vec![7.0, 7.0] };
        FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), None).unwrap()
    }

    #[test]
    fn rows_are_read_in_every_format() {
        for (format, body, expected) in [
            (Format::Csv, "1,y\n2,x\n", vec![11.0, 2.0]),
            (Format::Csv, "1;y", vec![11.0]),
            (Format::Csv, "1\ty\r\n", vec![11.0]),
            (Format::Csv, "b,other,a\ny,0,1\nx,0,2\n", vec![11.0, 2.0]),
            (Format::Json, "[1, \"y\"]", vec![11.0]),
            (Format::Json, "[[1, \"y\"], [2, \"x\"]]", vec![11.0, 2.0]),
            (
                Format::Json,
                r#"{"instances": [[1, "y"], {"features": [2, "x"]}, {"b": "y", "a": 3}]}"#,
                vec![11.0, 2.0, 13.0],
            ),
            (Format::Json, r#"{"a": 1, "b": "y"}"#, vec![11.0]),
            (Format::Json, "[]", vec![]),
            (Format::JsonLines, "{\"features\": [1, \"y\"]}\n\n[2, \"x\"]\n", vec![11.0, 2.0]),
        ] {
            assert_eq!(predict(&model(), format, body.as_bytes()).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn a_row_of_numbers_is_not_a_header_even_if_features_have_numbers_as_names() {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let model = |names: [&str; 2]| {
            let features = names.map(Feature::numeric).into();
            FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
        };
        let numbers = model(["0", "1"]);
        assert_eq!(predict(&numbers, Format::Csv, b"0,1\n1,0\n").unwrap(), [10.0, 1.0]);
        assert_eq!(predict(&numbers, Format::Csv, b"1,id,0\n2,7,3\n").unwrap(), [23.0]);
        assert_eq!(predict(&model(["0", "b"]), Format::Csv, b"b,0\n2,3\n").unwrap(), [23.0]);
    }

    #[test]
    fn libsvm_columns_count_from_one_unless_there_is_a_column_zero() {
        for (body, expected) in [
            ("0 1:1 2:2\n1 1:3 2:4 # a comment\n", vec![21.5, 43.5]),
            ("0:1 1:2\n", vec![21.5]),
            ("1 qid:3 0:1 1:2\n\n", vec![21.5]),
        ] {
            assert_eq!(predict(&numeric(), Format::Libsvm, body.as_bytes()).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn errors_name_the_row() {
        for (format, body, words) in [
            (Format::Csv, "1,x\n1\n", &["row 2", "1 values", "2 features"][..]),
            (Format::Csv, "1,x\none,x\n", &["row 2", "\"a\"", "\"one\""]),
            (Format::Csv, "1e99,x", &["row 1", "infinite"]),
            (Format::Csv, "\u{0}\u{1}", &["row 1"]),
            (Format::Libsvm, "1 3:1 0:2", &["row 1", "no column 3"]),
            (Format::Libsvm, "1 1:1 x:2", &["row 1", "\"x:2\""]),
            (Format::Json, "{\"a\": 1, \"c\": 2}", &["row 1", "\"c\"", "a, b"]),
            (Format::Json, "[[1, [2]]]", &["row 1", "list"]),
            (Format::Json, "7", &["row 1", "list of values"]),
            (Format::Json, "[1, 2", &["not JSON"]),
            (Format::JsonLines, "[1, \"x\"]\n[1]", &["line 2", "1 values"]),
        ] {
            let message = predict(&model(), format, body.as_bytes()).unwrap_err().message;
            for word in words {
                assert!(message.contains(word), "{word:?} is missing in: {message}");
            }
        }
        assert!(predict(&model(), Format::Libsvm, b"\xff").unwrap_err().message.contains("UTF-8"));
    }
}
