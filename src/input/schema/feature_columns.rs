//! Which columns a table of features is made of: as set, as the training rows had them, or all that are nothing else.

use std::collections::{HashMap, HashSet};

use crate::input::{
    InputSettings, Purpose, TableSettings,
    csv::split::Record,
    data_error::{DataError, quoted},
    schema::header::{Header, same_letters},
    value::number,
};
use manyfit_models::data::Feature;

/// Names of the target, the surest first. Few: a feature taken for the target is a wrong model without a word.
const TARGETS: [&str; 3] = ["target", "label", "y"];
/// Never a feature unless set: the row numbers that data frames leave behind.
const COUNTERS: [&str; 2] = ["", "unnamed0"];

/// Where the columns are that a customer's table is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::input) struct TableColumns {
    pub(in crate::input) target: usize,
    pub(in crate::input) weight: Option<usize>,
    pub(in crate::input) customer: Option<usize>,
    pub(in crate::input) features: Vec<FeatureColumn>,
    /// How many fields a row has.
    pub(in crate::input) width: usize,
}

/// Where a feature's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) struct FeatureColumn {
    pub(in crate::input) at: usize,
    pub(in crate::input) categorical: bool,
}

impl Header {
    /// Takes the names from the first record. Where the record is data already, the first column is the target, and
    /// those after it are `f0`, `f1`, … `true`: the record is a header.
    pub(in crate::input) fn fill_table(&mut self, first: &Record<'_>, settings: &TableSettings) -> bool {
        self.clear();
        let mut fields = (0..first.len()).map(|at| first.field(at));
        let is_number = |field: &[u8]| number::parse(field).is_ok_and(|number| number.is_some());
        let has_header = settings.header.unwrap_or_else(|| {
            // A row of data has a target, and in other fields numbers or nothing.
            !(fields.next().is_some_and(is_number)
                && fields.all(|field| number::is_missing(field) || number::parse(field).is_ok()))
        });
        for at in 0..first.len() {
            match at {
                _ if has_header => self.push(first.field(at)),
                0 => self.push(b"target"),
                _ => self.push(format!("f{}", at - 1).as_bytes()),
            }
        }
        has_header
    }

    /// The columns of a table. `known` are the features of the training rows, where these are rows to judge by.
    pub(in crate::input) fn resolve_table(
        &self,
        settings: &InputSettings,
        many: bool,
        has_header: bool,
        known: Option<&[Feature]>,
    ) -> Result<TableColumns, DataError> {
        let default = TableSettings::default();
        let table = settings.table.as_ref().unwrap_or(&default);
        let require = |setting: &str, wanted: &str| {
            self.required(setting, wanted).map_err(|fault| {
                if has_header {
                    return self.with_advice(fault);
                }
                DataError::file(format!(
                    "has no header, as far as its first line shows, so the column {} of the setting {setting} cannot be \
                     found: add a header line, or set header to true if there is one",
                    quoted(wanted.as_bytes())
                ))
            })
        };
        let customer = self.customer_as_in_first_file(settings, many)?;
        let target = match &settings.target {
            Some(wanted) => require("target", wanted)?,
            None if !has_header => 0,
            None => self.guess(&TARGETS, |at| Some(at) != customer).ok_or_else(|| {
                let complaint = format!("no column is named target, label or y: set target to one of {}", self.list());
                self.with_advice(DataError::file(complaint))
            })?,
        };
        let weight = match &table.weight {
            // Rows to judge by may all weigh the same, as XGBoost has it.
            Some(wanted) if known.is_some() || table.purpose == Purpose::Validation => self.find(wanted),
            wanted => wanted.as_ref().map(|wanted| require("weight", wanted)).transpose()?,
        };
        let timestamp = settings.timestamp.as_ref().filter(|_| known.is_none());
        let timestamp = timestamp.map(|wanted| require("timestamp", wanted)).transpose()?;
        let taken = [Some(target), weight, customer];
        if weight == Some(target) || customer == Some(target) || (weight.is_some() && weight == customer) {
            return Err(DataError::file("target, weight and customer must be different columns"));
        }
        let is_counter = |at: usize| COUNTERS.iter().any(|name| same_letters(self.name(at), name));
        let places: Vec<usize> = match known {
            Some(known) => self.places_of(known)?,
            None if table.features.is_empty() => (0..self.len())
                .filter(|at| !taken.contains(&Some(*at)) && timestamp != Some(*at) && !is_counter(*at))
                .collect(),
            None => table.features.iter().map(|wanted| require("features", wanted)).collect::<Result<_, _>>()?,
        };
        if let Some(&at) = places.iter().find(|at| taken.contains(&Some(**at))) {
            let name = quoted(self.name(at));
            return Err(DataError::file(format!(
                "the column {name} cannot be a feature: it is the target, weight or customer"
            )));
        }
        if places.is_empty() {
            return Err(DataError::file(format!("has no column of features; its columns are {}", self.list())));
        }
        let mut names = HashSet::new();
        if let Some(&at) = places.iter().find(|at| !names.insert(self.name(**at))) {
            let name = quoted(self.name(at));
            return Err(DataError::file(format!("has two columns named {name}: give each feature a name of its own")));
        }
        let mut features: Vec<FeatureColumn> =
            places.into_iter().map(|at| FeatureColumn { at, categorical: false }).collect();
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
        Ok(TableColumns { target, weight, customer, features, width: self.len() })
    }

    /// Where the features of the training rows are.
    fn places_of(&self, known: &[Feature]) -> Result<Vec<usize>, DataError> {
        let places: HashMap<&[u8], usize> = (0..self.len()).rev().map(|at| (self.name(at), at)).collect();
        let place = |feature: &Feature| {
            places.get(feature.name.as_bytes()).copied().ok_or_else(|| {
                self.with_advice(DataError::file(format!(
                    "has no column {}, which is a feature of the training rows; its columns are {}",
                    quoted(feature.name.as_bytes()),
                    self.list()
                )))
            })
        };
        known.iter().map(place).collect()
    }

    /// A complaint about names, with the way out where they may be no names.
    fn with_advice(&self, fault: DataError) -> DataError {
        let is_number = |at: usize| number::parse(self.name(at)).is_ok_and(|number| number.is_some());
        if (0..self.len()).any(is_number) {
            fault.and("; if this is a row of data, set header to false")
        } else {
            fault
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Header {
        let mut header = Header::default();
        for name in names {
            header.push(name.as_bytes());
        }
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
        match header(names).resolve_table(settings, settings.customer.is_some(), true, known) {
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
    fn rows_to_judge_by_have_the_columns_of_the_training_rows_in_any_order() {
        let known = [Feature::numeric("c"), Feature { name: "a".into(), categories: Some(vec![]) }];
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
            (&["y", "a"], settings(Some("z"), none()), "has no column \"z\", which the setting target names"),
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
