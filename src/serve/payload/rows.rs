//! Rows of features: CSV, libsvm, JSON and JSON lines.

use super::{
    csv_body::{cell, decimal_of, delimiter_of, reader},
    format::Format,
    json,
};
use crate::{serve::error::ApiError, words::counted};
use manyfit_models::{
    FittedRows,
    data::{Cell, Feature, is_missing},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt::Display};

/// Predictions for the rows of a body.
#[derive(Debug, PartialEq)]
pub(super) struct Predicted {
    pub(super) predictions: Vec<f32>,
    /// Number of values that are no category of the model, and count as missing.
    pub(super) unseen: usize,
}

/// Predicts the rows of a body. `batch`: the body is a part of the input of a batch transform.
pub(super) fn predict(model: &FittedRows, format: Format, body: &[u8], batch: bool) -> Result<Predicted, ApiError> {
    let predicted = Predicted { predictions: Vec::new(), unseen: 0 };
    let has_categories = model.features().iter().any(|feature| feature.categories.is_some());
    let mut predictor = RowPredictor { model, batch, has_categories, row: Vec::new(), predicted };
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
    Ok(predictor.predicted)
}

/// Features that a message lists.
const LISTED: usize = 20;

/// CSV with one column and no header, in which a line without text between others is a missing value: an empty field in
/// quotes, which the reader does not skip.
fn fill_blank_lines(body: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = body.trim_ascii();
    let blank = |line: &[u8]| line.trim_ascii().is_empty();
    let mut lines = trimmed.split(|byte| *byte == b'\n');
    let has_columns = lines.clone().next().is_some_and(|first| first.iter().any(|byte| b",;\t".contains(byte)));
    if has_columns || trimmed.contains(&b'"') || !lines.any(&blank) {
        return Cow::Borrowed(body);
    }
    let lines = trimmed.split(|byte| *byte == b'\n').map(|line| if blank(line) { &b"\"\""[..] } else { line });
    Cow::Owned(lines.collect::<Vec<_>>().join(&b'\n'))
}

/// An invalid body, in the words of AWS's containers.
fn cannot_evaluate(message: impl Display) -> ApiError {
    ApiError::bad_request(format!("Unable to evaluate payload provided: {message}"))
}

fn text(body: &[u8]) -> Result<&str, ApiError> {
    std::str::from_utf8(body).map_err(|error| cannot_evaluate(format_args!("it is not UTF-8: {error}")))
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    json::parse(body).map_err(|error| cannot_evaluate(format_args!("it is not JSON: {error}")))
}

/// Collects the predictions of a body.
struct RowPredictor<'a> {
    model: &'a FittedRows,
    batch: bool,
    has_categories: bool,
    row: Vec<f32>,
    predicted: Predicted,
}

impl RowPredictor<'_> {
    /// Predicts the next row of the body.
    fn cells<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>, IntoIter: Clone>) -> Result<(), ApiError> {
        let cells = cells.into_iter();
        let encoded = self.model.encode(cells.clone(), &mut self.row);
        encoded.map_err(|error| self.invalid_row(error))?;
        let prediction = self.model.predict(&self.row).map_err(|error| self.invalid_row(error))?;
        self.predicted.predictions.push(prediction);
        if self.has_categories {
            self.predicted.unseen += self.unseen(cells, &self.row);
        }
        Ok(())
    }

    /// Number of a row's values that are no category of the model.
    fn unseen<'c>(&self, cells: impl Iterator<Item = Cell<'c>>, encoded: &[f32]) -> usize {
        let values = self.model.features().iter().zip(cells.zip(encoded));
        values.filter(|(feature, (cell, number))| feature.is_unseen(*cell, **number)).count()
    }

    /// The error of the next row of the body.
    fn invalid_row(&self, message: impl Display) -> ApiError {
        cannot_evaluate(format_args!("row {}: {message}", self.predicted.predictions.len() + 1))
    }

    /// CSV without a header, or with one that names every feature; an empty field is a missing value, and so is an empty line
    /// between rows of a single feature.
    fn csv(&mut self, body: &[u8]) -> Result<(), ApiError> {
        let body = if self.model.features().len() == 1 { fill_blank_lines(body) } else { body.into() };
        let body = &*body;
        let first_line = body.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let delimiter = delimiter_of(first_line, self.model.features().len());
        let (decimal, features) = (decimal_of(body, delimiter), self.model.features());
        let mut records = reader(body, delimiter);
        let mut record = csv::StringRecord::new();
        let mut columns: Option<Vec<usize>> = None;
        while records.read_record(&mut record).map_err(cannot_evaluate)? {
            if columns.is_none() && self.predicted.predictions.is_empty() {
                columns = self.header(&record)?;
                if let Some(columns) = &columns {
                    self.check_order(columns, record.len())?;
                    continue;
                }
            }
            let cell = |at: usize, text| cell(text, features.get(at), decimal);
            match &columns {
                Some(columns) => {
                    let fields = columns.iter().map(|column| record.get(*column)).enumerate();
                    self.cells(fields.map(|(at, field)| field.map_or(Cell::Missing, |text| cell(at, text))))?;
                }
                None => self.cells(record.iter().enumerate().map(|(at, text)| cell(at, text)))?,
            }
        }
        Ok(())
    }

    /// The column of each feature, if the record names them all. A record of numbers is a row, even if features are named so.
    fn header(&self, record: &csv::StringRecord) -> Result<Option<Vec<usize>>, ApiError> {
        if record.iter().all(|field| is_missing(field.as_bytes()) || field.parse::<f64>().is_ok()) {
            return Ok(None);
        }
        let features = self.model.features().iter();
        let found = features.map(|feature| record.iter().position(|name| name == feature.name));
        let columns: Vec<usize> = found.clone().flatten().collect();
        if columns.len() == self.model.features().len() {
            return Ok(Some(columns));
        }
        // Categories may have names of features: what is a whole row is a row.
        let is_row = || {
            let cells = record.iter().map(Cell::Text);
            let mut row = Vec::new();
            self.model.encode(cells.clone(), &mut row).is_ok() && self.unseen(cells, &row) == 0
        };
        if columns.is_empty() || is_row() {
            return Ok(None);
        }
        let missing = self.model.features().iter().zip(found).filter(|(_, column)| column.is_none());
        Err(self.lacks("the header", missing.map(|(feature, _)| feature)))
    }

    /// Refuses a header of a batch transform, whose columns are not the model's features in their order: a batch transform
    /// sends a file's header with its first rows only, and would have the others read in the model's order.
    fn check_order(&self, columns: &[usize], width: usize) -> Result<(), ApiError> {
        if !self.batch || columns.iter().copied().eq(0..width) {
            return Ok(());
        }
        let names: Vec<&str> = self.model.features().iter().take(LISTED).map(|feature| feature.name.as_str()).collect();
        let (names, more) = (names.join(", "), if self.model.features().len() > LISTED { ", …" } else { "" });
        Err(self.invalid_row(format_args!(
            "the header's columns are not the model's features in their order, which is {names}{more}: a batch transform sends a \
             header in its first payload only, so the other rows would be read in the wrong order. Write the columns in the \
             model's order"
        )))
    }

    /// The error of a row, or of the header, that lacks features.
    fn lacks<'f>(&self, what: &str, features: impl Iterator<Item = &'f Feature>) -> ApiError {
        let names: Vec<String> = features.map(|feature| format!("{:?}", feature.name)).collect();
        let (more, noun) = (names.len().saturating_sub(LISTED), if names.len() == 1 { "feature" } else { "features" });
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let listed = names[..names.len().min(LISTED)].join(", ");
        self.invalid_row(format_args!(
            "{what} lacks the {noun} {listed}{more}: send every feature of the model, with null (in CSV an empty field) where \
             its value is unknown"
        ))
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
                        "there is no column {column}: the model has {}, numbered from {first}",
                        counted(features, "feature")
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
                self.cells(cells.iter().copied())
            }
            Value::Object(members) if members.len() == 1 && members.get("features").is_some_and(Value::is_array) => {
                self.json_row(&members["features"])
            }
            Value::Object(members) => self.json_record(members),
            _ => Err(self.invalid_row("a row must be a list of values, or an object with a value for each feature")),
        }
    }

    /// Values by feature name. Every feature must be there, as in the tables that `predict` reads.
    fn json_record(&mut self, members: &Map<String, Value>) -> Result<(), ApiError> {
        let features = self.model.features();
        if let Some(unknown) = members.keys().find(|name| features.iter().all(|feature| feature.name != **name)) {
            let names: Vec<&str> = features.iter().take(LISTED).map(|feature| feature.name.as_str()).collect();
            let names = names.join(", ");
            return Err(self.invalid_row(format_args!("{unknown:?} is not a feature of the model, which are {names}")));
        }
        let mut missing = features.iter().filter(|feature| !members.contains_key(&feature.name)).peekable();
        if missing.peek().is_some() {
            return Err(self.lacks("the row", missing));
        }
        let cell = |name: &str| self.json_cell(&members[name]);
        let cells: Vec<Cell<'_>> = features.iter().map(|feature| cell(&feature.name)).collect::<Result<_, _>>()?;
        self.cells(cells.iter().copied())
    }

    fn json_cell<'v>(&self, value: &'v Value) -> Result<Cell<'v>, ApiError> {
        Ok(match value {
            Value::Null => Cell::Missing,
            Value::Bool(truth) => Cell::Number(f64::from(u8::from(*truth))),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Cell::Integer(number),
                None => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Cell::Text(text),
            Value::Array(_) | Value::Object(_) => return Err(self.invalid_row("a value is a list or an object")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::ridge::Ridge;

    /// Predicts 1·a + 10·b, b a category of x and y.
    fn model() -> FittedRows {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let features = vec![
            Feature::numeric("a"),
            Feature { name: "b".into(), categories: Some(vec!["x".to_owned(), "y".to_owned()].into()) },
        ];
        FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
    }

    fn numeric() -> FittedRows {
        let ridge = Ridge { intercept: 0.5, coefficients: vec![1.0, 10.0], means: vec![7.0, 7.0] };
        FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), None).unwrap()
    }

    fn predictions(model: &FittedRows, format: Format, body: &str) -> Vec<f32> {
        predict(model, format, body.as_bytes(), false).unwrap().predictions
    }

    #[test]
    fn rows_are_read_in_every_format() {
        for (format, body, expected) in [
            (Format::Csv, "1,y\n2,x\n", vec![11.0, 2.0]),
            (Format::Csv, "1;y", vec![11.0]),
            (Format::Csv, "1\ty\r\n", vec![11.0]),
            (Format::Csv, "1,5;y\n1.234,5;x\n;y", vec![11.5, 1234.5, 10.0]),
            (Format::Csv, "b;a\ny;2,5\nx;-0,25\n", vec![12.5, -0.25]),
            (Format::Csv, "1,234.5\ty\n", vec![1244.5]),
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
            (Format::Json, "[[NaN, \"y\"], {\"a\": NaN, \"b\": NaN}]", vec![10.0, 0.0]),
            (Format::JsonLines, "{\"features\": [1, \"y\"]}\n\n[2, \"x\"]\n", vec![11.0, 2.0]),
        ] {
            assert_eq!(predictions(&model(), format, body), expected, "{body}");
        }
    }

    #[test]
    fn a_category_is_found_by_its_value_in_every_format_and_others_are_counted() {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let model = |categories: [&str; 2]| {
            let categories = Some(categories.map(str::to_owned).to_vec().into());
            let features = vec![Feature { name: "kind".into(), categories }, Feature::numeric("flag")];
            FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
        };
        for (categories, second) in [(["1", "2"], "2"), (["1.0", "2.0"], "2"), (["False", "True"], "1")] {
            let model = model(categories);
            for (format, body) in [
                (Format::Csv, format!("{second},0\n{second}.0,False\n{second}.00,0\n")),
                (Format::Json, format!("[[{second}, 0], [{second}.0, false], [\"{second}.0\", \"False\"]]")),
                (Format::JsonLines, format!("{{\"kind\": {second}, \"flag\": false}}\n[{second}, 0]\n[{second}, 0]")),
                (Format::Libsvm, format!("0 1:{second} 2:0\n0 1:{second}.0 2:0\n0 1:{second} 2:0\n")),
            ] {
                let expected = Predicted { predictions: vec![1.0; 3], unseen: 0 };
                assert_eq!(
                    predict(&model, format, body.as_bytes(), false).unwrap(),
                    expected,
                    "{categories:?}: {body}"
                );
            }
        }
        let booleans =
            predict(&model(["false", "true"]), Format::Json, b"[[true, true], [false, false]]", false).unwrap();
        assert_eq!(booleans, Predicted { predictions: vec![11.0, 0.0], unseen: 0 });
        let unseen = predict(&model(["1", "2"]), Format::Csv, b"3,0\nx,0\n,0\nNA,0\n2,0\n", false).unwrap();
        assert_eq!((unseen.unseen, unseen.predictions[4]), (2, 1.0));
    }

    #[test]
    fn a_row_of_numbers_is_not_a_header_even_if_features_have_numbers_as_names() {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let model = |names: [&str; 2]| {
            let features = names.map(Feature::numeric).into();
            FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
        };
        let numbers = model(["0", "1"]);
        assert_eq!(predictions(&numbers, Format::Csv, "0,1\n1,0\n"), [10.0, 1.0]);
        assert_eq!(predictions(&numbers, Format::Csv, "1,id,0\n2,7,3\n"), [23.0]);
        assert_eq!(predictions(&model(["0", "b"]), Format::Csv, "b,0\n2,3\n"), [23.0]);
    }

    #[test]
    fn an_empty_line_between_rows_of_one_feature_is_a_missing_value() {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0], means: vec![7.0] };
        let bytes = serde_json::to_vec(&ridge).unwrap();
        let one = FittedRows::from_file("ridge.json", &bytes, Some(vec![Feature::numeric("size")])).unwrap();
        for body in ["1\n\n3", "1\r\n\r\n3\r\n", "1\n  \n3\n\n", "\n1\nNA\n3", "size\n1\n\n3\n", "1\n\"\"\n3\n"] {
            assert_eq!(predictions(&one, Format::Csv, body), [1.0, 7.0, 3.0], "{body:?}");
        }
        // A row of several features cannot be an empty line.
        assert_eq!(predictions(&model(), Format::Csv, "1,y\n\n2,x\n\n"), [11.0, 2.0]);
    }

    #[test]
    fn a_row_without_all_features_is_refused_with_their_names() {
        let fitted = |names: &[&str]| {
            let (coefficients, means) = (vec![1.0; names.len()], vec![0.0; names.len()]);
            let ridge = Ridge { intercept: 0.0, coefficients, means };
            let features = names.iter().copied().map(Feature::numeric).collect();
            FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap()
        };
        let districts = fitted(&["longitude", "latitude", "rooms"]);
        for (format, body, part) in [
            (
                Format::Json,
                r#"{"longitude": -122.23}"#,
                r#"row 1: the row lacks the features "latitude", "rooms": send"#,
            ),
            (
                Format::Json,
                r#"[{"longitude": 1, "latitude": 2, "rooms": 3}, {"rooms": 3, "latitude": 2}]"#,
                r#"row 2: the row lacks the feature "longitude""#,
            ),
            (Format::Json, r#"{"instances": [{}]}"#, "lacks the features"),
            (Format::JsonLines, "{\"rooms\": 1, \"longitude\": null}\n", r"line 1: Unable"),
            (Format::Csv, "latitude,rooms\n1,2\n", r#"the header lacks the feature "longitude""#),
        ] {
            let message = predict(&districts, format, body.as_bytes(), false).unwrap_err().message;
            assert!(message.contains(part), "{message}");
        }
        let known = r#"[{"longitude": null, "latitude": 2, "rooms": 3}, {"rooms": 3, "latitude": 2, "longitude": 1}]"#;
        assert_eq!(predictions(&districts, Format::Json, known), [5.0, 6.0]);
        let wide: Vec<String> = (0..30).map(|at| format!("f{at}")).collect();
        let wide = fitted(&wide.iter().map(String::as_str).collect::<Vec<_>>());
        let message = predict(&wide, Format::Json, b"{\"f3\": 1}", false).unwrap_err().message;
        assert!(message.contains("\"f20\" and 9 more: send"), "{message}");
    }

    #[test]
    fn a_category_with_the_name_of_a_feature_is_no_header() {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0, 10.0], means: vec![0.0, 0.0] };
        let kind = |name: &str, categories: [&str; 2]| {
            let categories = Some(categories.map(str::to_owned).to_vec().into());
            Feature { name: name.into(), categories }
        };
        let features = vec![kind("red", ["no", "yes"]), kind("shade", ["dark", "red"])];
        let model = FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), Some(features)).unwrap();
        assert_eq!(predictions(&model, Format::Csv, "yes,red\nno,dark\n"), [11.0, 0.0]);
        assert_eq!(predictions(&model, Format::Csv, "shade,red\nred,yes\n"), [11.0]);
        let message = predict(&model, Format::Csv, b"red,tone\nyes,dark\n", false).unwrap_err().message;
        assert!(message.contains("the header lacks the feature \"shade\""), "{message}");
    }

    #[test]
    fn a_header_in_another_order_is_refused_under_batch_transform() {
        let batch = |body: &str| predict(&model(), Format::Csv, body.as_bytes(), true);
        for body in ["a,b\n1,y\n", "1,y\n"] {
            assert_eq!(batch(body).unwrap().predictions, [11.0], "{body}");
        }
        for body in ["b,a\ny,1\n", "a,other,b\n1,0,y\n", "a,b,other\n1,y,0\n"] {
            let message = batch(body).unwrap_err().message;
            assert!(message.contains("in their order, which is a, b: a batch transform"), "{message}");
            assert_eq!(predictions(&model(), Format::Csv, body), [11.0], "{body}");
        }
    }

    #[test]
    fn libsvm_columns_count_from_one_unless_there_is_a_column_zero() {
        for (body, expected) in [
            ("0 1:1 2:2\n1 1:3 2:4 # a comment\n", vec![21.5, 43.5]),
            ("0:1 1:2\n", vec![21.5]),
            ("1 qid:3 0:1 1:2\n\n", vec![21.5]),
        ] {
            assert_eq!(predictions(&numeric(), Format::Libsvm, body), expected, "{body}");
        }
    }

    #[test]
    fn errors_name_the_row() {
        for (format, body, words) in [
            (Format::Csv, "1,x\n1\n", &["row 2", "1 value,", "2 features"][..]),
            (Format::Csv, "1,x\none,x\n", &["row 2", "\"a\"", "\"one\""]),
            (Format::Csv, "1e99,x", &["row 1", "infinite"]),
            (Format::Csv, "\u{0}\u{1}", &["row 1"]),
            (Format::Libsvm, "1 3:1 0:2", &["row 1", "no column 3"]),
            (Format::Libsvm, "1 1:1 x:2", &["row 1", "\"x:2\""]),
            (Format::Json, "{\"a\": 1, \"c\": 2}", &["row 1", "\"c\"", "a, b"]),
            (Format::Json, "[[1, [2]]]", &["row 1", "list"]),
            (Format::Json, "7", &["row 1", "list of values"]),
            (Format::Json, "[1, 2", &["not JSON"]),
            (Format::Json, "[[1, \"x\"], [-Infinity, \"x\"]]", &["row 2", "\"a\"", "infinite"]),
            (Format::JsonLines, "[1, \"x\"]\n[1]", &["line 2", "1 value,"]),
        ] {
            let message = predict(&model(), format, body.as_bytes(), false).unwrap_err().message;
            for word in words {
                assert!(message.contains(word), "{word:?} is missing in: {message}");
            }
        }
        assert!(predict(&model(), Format::Libsvm, b"\xff", false).unwrap_err().message.contains("UTF-8"));
    }
}
