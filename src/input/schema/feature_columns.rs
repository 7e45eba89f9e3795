//! Which columns a table of features is made of: as set, as in the training rows, or all columns without another role.

use std::collections::{HashMap, HashSet};

use crate::input::{
    csv::split::Record,
    data_error::{DataError, quoted},
    schema::{
        columns::Columns,
        description::{ColumnName, ColumnNames},
        header::{Header, same_letters},
        kind::ColumnKind,
        whose::Whose,
    },
    settings::{InputSettings, Purpose, TableSettings},
    value::number,
};
use manyfit_models::data::Feature;

/// Names of the target, the most certain first. Few, because a feature detected as the target silently gives a wrong model.
const TARGETS: [&str; 3] = ["target", "label", "y"];
/// Never a feature unless set: row numbers of data frames.
const COUNTERS: [&str; 2] = ["", "unnamed0"];

/// Where the columns are that a customer's table is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::input) struct FeatureColumns {
    pub(in crate::input) target: usize,
    pub(in crate::input) weight: Option<usize>,
    pub(in crate::input) customer: Option<usize>,
    pub(in crate::input) features: Vec<FeatureColumn>,
}

/// Where a feature's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) struct FeatureColumn {
    pub(in crate::input) at: usize,
    pub(in crate::input) categorical: bool,
}

impl Columns for FeatureColumns {
    const EMPTY: &'static str = "is empty: it needs a target and features in each row";
    const TYPE_HINT: &'static str =
        "write it as Float64, Int64, Boolean or text, or leave it out with the setting features";

    /// If the first record is data, the first column is the target, and those after it are `f0`, `f1`, ….
    fn fill_header(header: &mut Header, first: &Record<'_>, settings: &InputSettings) {
        let mut fields = (0..first.len()).map(|at| first.field(at));
        let has_header = settings.table.as_ref().and_then(|table| table.header).unwrap_or_else(|| {
            // A row of data has a target, and numbers or nothing in the other fields.
            !(fields.next().is_some_and(is_number)
                && fields.all(|field| number::is_missing(field) || number::parse(field).is_ok()))
        });
        if has_header {
            header.fill((0..first.len()).map(|at| first.field(at)), false);
        } else {
            let features = (1..first.len()).map(|at| format!("f{}", at - 1));
            header.fill(std::iter::once("target".to_owned()).chain(features), true);
        }
    }

    fn resolve(
        header: &Header,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
        _: impl FnOnce() -> Vec<ColumnKind>,
    ) -> Result<Self, DataError> {
        let default = TableSettings::default();
        let table = settings.table.as_ref().unwrap_or(&default);
        let require = |setting: &str, wanted: &str| {
            header.required(setting, wanted).map_err(|error| {
                if !header.is_headerless() {
                    return with_advice(header, error);
                }
                DataError::file(format!(
                    "has no header, judging by its first line, so the column {} of the setting {setting} cannot be \
                     found: add a header line, or set header to true if there is one",
                    quoted(wanted.as_bytes())
                ))
            })
        };
        let customer = header.customer_as_in_first_file(settings, whose)?;
        let target = match &settings.target {
            Some(wanted) => require("target", wanted)?,
            None if header.is_headerless() => 0,
            None => header.guess(TARGETS, |at| Some(at) != customer).ok_or_else(|| {
                let complaint =
                    format!("no column is named target, label or y: set target to one of {}", header.list());
                with_advice(header, DataError::file(complaint))
            })?,
        };
        let weight = match &table.weight {
            // Validation rows may be unweighted, as in XGBoost.
            Some(wanted) if known.is_some() || table.purpose == Purpose::Validation => header.find(wanted),
            wanted => wanted.as_ref().map(|wanted| require("weight", wanted)).transpose()?,
        };
        let timestamp = settings.timestamp.as_ref().filter(|_| known.is_none());
        let timestamp = timestamp.map(|wanted| require("timestamp", wanted)).transpose()?;
        let taken = [Some(target), weight, customer];
        if weight == Some(target) || customer == Some(target) || (weight.is_some() && weight == customer) {
            return Err(DataError::file("target, weight and customer must be different columns"));
        }
        let is_counter = |at: usize| COUNTERS.iter().any(|name| same_letters(header.name(at), name));
        let positions: Vec<usize> = match known {
            Some(known) => positions_of(header, known)?,
            None if table.features.is_empty() => (0..header.len())
                .filter(|at| !taken.contains(&Some(*at)) && timestamp != Some(*at) && !is_counter(*at))
                // A folder is a feature where a setting says so.
                .chain(
                    table.categorical.iter().filter_map(|wanted| header.find(wanted).filter(|at| *at >= header.len())),
                )
                .collect(),
            None => table.features.iter().map(|wanted| require("features", wanted)).collect::<Result<_, _>>()?,
        };
        if let Some(&at) = positions.iter().find(|at| taken.contains(&Some(**at))) {
            let name = quoted(header.name(at));
            return Err(DataError::file(format!(
                "the column {name} cannot be a feature: it is the target, weight or customer"
            )));
        }
        if positions.is_empty() {
            return Err(DataError::file(format!("has no column of features; its columns are {}", header.list())));
        }
        let mut names = HashSet::new();
        if let Some(&at) = positions.iter().find(|at| !names.insert(header.name(**at))) {
            let name = quoted(header.name(at));
            return Err(DataError::file(format!("has two columns named {name}: give each feature a name of its own")));
        }
        let mut features: Vec<FeatureColumn> =
            positions.into_iter().map(|at| FeatureColumn { at, categorical: false }).collect();
        match known {
            Some(known) => features
                .iter_mut()
                .zip(known)
                .for_each(|(column, feature)| column.categorical = feature.categories.is_some()),
            None => {
                for wanted in &table.categorical {
                    let at = require("categorical", wanted)?;
                    let column = features.iter_mut().find(|column| column.at == at).ok_or_else(|| {
                        let name = quoted(wanted.as_bytes());
                        DataError::file(format!("the setting categorical names {name}, which is not a feature"))
                    })?;
                    column.categorical = true;
                }
            }
        }
        Ok(Self { target, weight, customer, features })
    }

    fn describe(&self, header: &Header, settings: &InputSettings) -> ColumnNames {
        // A column with the name target is certain, and a file without a header has no other.
        let name = |at: usize, set: &Option<String>| {
            let name = header.display(at);
            ColumnName { guessed: set.is_none() && name != "target", name, at }
        };
        ColumnNames {
            timestamp: None,
            target: name(self.target, &settings.target),
            customer: self.customer.map(|at| name(at, &settings.customer)),
            features: self.features.iter().map(|column| header.display(column.at)).collect(),
            width: header.len(),
            times: None,
            decimal: None,
            preamble: None,
        }
    }

    fn customer(&self) -> Option<usize> {
        self.customer
    }

    fn wanted(&self) -> Vec<usize> {
        let features = self.features.iter().map(|column| column.at);
        features.chain([self.target]).chain(self.weight).chain(self.customer).collect()
    }

    fn is_numeric(&self, at: usize) -> bool {
        self.customer != Some(at) && !self.features.iter().any(|column| column.at == at && column.categorical)
    }
}

/// Where the features of the training rows are.
fn positions_of(header: &Header, known: &[Feature]) -> Result<Vec<usize>, DataError> {
    let positions: HashMap<&[u8], usize> = (0..header.len()).rev().map(|at| (header.name(at), at)).collect();
    let position = |feature: &Feature| {
        let own = positions.get(feature.name.as_bytes()).copied();
        own.or_else(|| header.folder(&feature.name)).ok_or_else(|| {
            let complaint = format!(
                "has no column {}, which is a feature of the training rows; its columns are {}",
                quoted(feature.name.as_bytes()),
                header.list()
            );
            with_advice(header, DataError::file(complaint))
        })
    };
    known.iter().map(position).collect()
}

/// An error about names, with advice if they look like data.
fn with_advice(header: &Header, error: DataError) -> DataError {
    if (0..header.len()).any(|at| is_number(header.name(at))) {
        error.and("; if this is a row of data, set header to false")
    } else {
        error
    }
}

fn is_number(field: &[u8]) -> bool {
    number::parse(field).is_ok_and(|number| number.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::data::Categories;

    fn header(names: &[&str]) -> Header {
        let mut header = Header::default();
        header.fill(names.iter(), false);
        header
    }

    fn settings(target: Option<&str>, table: TableSettings) -> InputSettings {
        InputSettings { target: target.map(str::to_owned), table: Some(table), ..InputSettings::default() }
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// The target and the features by name, or the complaint.
    fn resolved(names: &[&str], settings: &InputSettings, known: Option<&[Feature]>) -> String {
        let whose = if settings.customer.is_some() { Whose::Column } else { Whose::File };
        match FeatureColumns::resolve(&header(names), settings, whose, known, Vec::new) {
            Ok(columns) => {
                let name = |column: &FeatureColumn| {
                    format!("{}{}", names[column.at], if column.categorical { "*" } else { "" })
                };
                let features: Vec<String> = columns.features.iter().map(name).collect();
                format!("{}: {}", names[columns.target], features.join(" "))
            }
            Err(fault) => fault.in_file("f").to_string(),
        }
    }

    #[test]
    fn features_are_all_columns_that_are_nothing_else() {
        let table = TableSettings { weight: Some("w".into()), categorical: list(&["b"]), ..TableSettings::default() };
        let mut settings = settings(None, table);
        settings.timestamp = Some("when".into());
        settings.customer = Some("store".into());
        let names = ["", "a", "store", "label", "w", "b", "when", "Unnamed: 0"];
        assert_eq!(resolved(&names, &settings, None), "label: a b*");
    }

    #[test]
    fn features_that_are_set_come_in_the_order_in_which_they_are_set() {
        let table = TableSettings { features: list(&["c", "a"]), ..TableSettings::default() };
        assert_eq!(resolved(&["a", "b", "c"], &settings(Some("b"), table), None), "b: c a");
    }

    #[test]
    fn validation_rows_have_the_columns_of_the_training_rows_in_any_order() {
        let known = [Feature::numeric("c"), Feature { name: "a".into(), categories: Some(Categories::default()) }];
        let settings = settings(None, TableSettings::default());
        assert_eq!(resolved(&["a", "y", "other", "c"], &settings, Some(&known)), "y: c a*");
        let table = TableSettings { weight: Some("w".into()), ..TableSettings::default() };
        let weighted = self::settings(None, table);
        assert_eq!(resolved(&["a", "y", "c"], &weighted, Some(&known)), "y: c a*", "weights may be absent");
        assert!(resolved(&["a", "y", "c"], &weighted, None).contains("has no column \"w\""));
        let table =
            TableSettings { weight: Some("w".into()), purpose: Purpose::Validation, ..TableSettings::default() };
        assert_eq!(
            resolved(&["a", "y", "c"], &self::settings(None, table), None),
            "y: a c",
            "when customers are counted"
        );
        let refusal = resolved(&["a", "y"], &settings, Some(&known));
        assert_eq!(
            refusal,
            r#"f: has no column "c", which is a feature of the training rows; its columns are "a", "y""#
        );
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let none = TableSettings::default;
        for (names, settings, complaint) in [
            (&["a", "price"][..], settings(None, none()), "set target to one of \"a\", \"price\""),
            (&["3", "red"], settings(None, none()), "\"red\"; if this is a row of data, set header to false"),
            (&["3", "red"], settings(Some("z"), none()), "\"red\"; if this is a row of data, set header to false"),
            (&["y"], settings(None, none()), "has no column of features"),
            (&["y", "a", "a"], settings(None, none()), "two columns named \"a\""),
            (&["y", "a"], settings(Some("z"), none()), "has no column \"z\" (from target)"),
            (
                &["y", "a"],
                settings(None, TableSettings { features: list(&["a", "y"]), ..none() }),
                "\"y\" cannot be a feature",
            ),
            (
                &["y", "a", "b"],
                settings(None, TableSettings { features: list(&["a"]), categorical: list(&["b"]), ..none() }),
                "categorical names \"b\", which is not a feature",
            ),
            (
                &["y", "a"],
                settings(None, TableSettings { weight: Some("y".into()), ..none() }),
                "must be different columns",
            ),
        ] {
            let refusal = resolved(names, &settings, None);
            assert!(refusal.contains(complaint), "{refusal}");
        }
    }
}
