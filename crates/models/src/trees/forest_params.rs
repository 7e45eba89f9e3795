//! The parameters of random forests.

use crate::{
    Result,
    parameters::{self, Unsupported, number, switch},
};
use serde::Serialize;

/// What else scikit-learn's `RandomForestRegressor` has.
const UNSUPPORTED: [Unsupported; 10] = [
    Unsupported::new("criterion", &["squared_error"]),
    Unsupported::ignored("n_jobs"),
    Unsupported::ignored("verbose"),
    Unsupported::new("oob_score", &["false"]),
    Unsupported::new("warm_start", &["false"]),
    Unsupported::new("max_leaf_nodes", &["None"]),
    Unsupported::new("monotonic_cst", &["None"]),
    Unsupported::new("min_weight_fraction_leaf", &["0.0", "0"]),
    Unsupported::new("min_impurity_decrease", &["0.0", "0"]),
    Unsupported::new("ccp_alpha", &["0.0", "0"]),
];

/// Parameters of a random forest, with the names, meanings and defaults of scikit-learn's `RandomForestRegressor`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForestParams {
    /// Number of trees. Default 100.
    pub n_estimators: usize,
    /// Most splits between the root and a leaf; `None`, the default, for no limit.
    pub max_depth: Option<usize>,
    /// Fewest rows of a node that may be split. Default 2.
    pub min_samples_split: Samples,
    /// Fewest rows of a leaf. Default 1.
    pub min_samples_leaf: Samples,
    /// Features searched in each node. Default all.
    pub max_features: MaxFeatures,
    /// Whether each tree sees a sample of the rows, drawn with replacement. Default true.
    pub bootstrap: bool,
    /// Rows drawn for each tree; `None`, the default, for as many as there are.
    pub max_samples: Option<Samples>,
    /// Where the random draws start. Default 0.
    pub random_state: u32,
}

/// A number of rows, absolute or as a fraction of all rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Samples {
    /// This many.
    Count(usize),
    /// This fraction, above 0 and at most 1.
    Fraction(f64),
}

/// A number of features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum MaxFeatures {
    /// The square root of all, rounded down.
    Sqrt,
    /// The binary logarithm of all, rounded down.
    Log2,
    /// This many.
    Count(usize),
    /// This fraction, rounded down.
    Fraction(f64),
}

impl Default for ForestParams {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            max_depth: None,
            min_samples_split: Samples::Count(2),
            min_samples_leaf: Samples::Count(1),
            max_features: MaxFeatures::Fraction(1.0),
            bootstrap: true,
            max_samples: None,
            random_state: 0,
        }
    }
}

impl MaxFeatures {
    /// The number of features searched of `all`: at least one, at most all.
    pub(super) fn of(self, all: usize) -> usize {
        let wanted = match self {
            Self::Sqrt => all.isqrt(),
            Self::Log2 => all.ilog2() as usize,
            Self::Count(count) => count,
            Self::Fraction(fraction) => (fraction * all as f64) as usize,
        };
        wanted.clamp(1, all)
    }
}

impl Samples {
    fn rounded_up(self, rows: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Fraction(fraction) => (fraction * rows as f64).ceil() as usize,
        }
    }

    fn parse(name: &str, value: &str) -> Result<Self> {
        if let Ok(count) = value.trim().parse() {
            return Ok(Self::Count(count));
        }
        // Some clients write whole numbers as 3.0; as a fraction that would be an error.
        let number: f64 = number(name, value)?;
        Ok(if number > 1.0 && number.fract() == 0.0 { Self::Count(number as usize) } else { Self::Fraction(number) })
    }

    fn fault(self, name: &str, least: usize) -> Option<String> {
        match self {
            Self::Count(count) if count < least => Some(format!("{name}={count}: at least {least}")),
            Self::Fraction(fraction) if !(fraction > 0.0 && fraction <= 1.0) => {
                Some(format!("{name}={fraction}: a fraction must be above 0 and at most 1"))
            }
            _ => None,
        }
    }
}

impl ForestParams {
    /// The most rows that are drawn for a tree: as many as a table may have.
    pub(super) const MOST_DRAWS: usize = 1 << 31;

    /// The names that [`Self::set`] takes.
    pub const NAMES: [&'static str; 9] = [
        "n_estimators",
        "max_depth",
        "min_samples_split",
        "min_samples_leaf",
        "max_features",
        "bootstrap",
        "max_samples",
        "criterion",
        "random_state",
    ];

    /// Fewest rows of a node that may be split, of `rows` rows.
    pub(super) fn least_to_split(&self, rows: usize) -> usize {
        self.min_samples_split.rounded_up(rows).max(2).max(self.least_in_leaf(rows).saturating_mul(2))
    }

    /// Fewest rows of a leaf, of `rows` rows.
    pub(super) fn least_in_leaf(&self, rows: usize) -> usize {
        self.min_samples_leaf.rounded_up(rows).max(1)
    }

    /// Rows drawn for each tree, of `rows` rows.
    pub(super) fn draws(&self, rows: usize) -> usize {
        match self.max_samples {
            None => rows,
            Some(Samples::Count(count)) => count,
            Some(Samples::Fraction(fraction)) => ((fraction * rows as f64).round() as usize).max(1),
        }
    }

    /// The parameter of this name or alias; for a parameter of scikit-learn that is not supported, its own name.
    #[must_use]
    pub fn canonical(name: &str) -> Option<&'static str> {
        let name = if name == "seed" { "random_state" } else { name };
        let own = Self::NAMES.into_iter().find(|own| *own == name);
        own.or_else(|| UNSUPPORTED.iter().map(|other| other.name).find(|other| *other == name))
    }

    /// Sets one parameter from text. Parameters of scikit-learn that are not supported are refused unless they ask for
    /// what is done anyway.
    ///
    /// # Errors
    /// An unknown name, a value that cannot be read, or a parameter of scikit-learn that is not supported.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let value = value.trim();
        let none = value.eq_ignore_ascii_case("none");
        match Self::canonical(name).unwrap_or(name) {
            "n_estimators" => self.n_estimators = number(name, value)?,
            "max_depth" => self.max_depth = if none { None } else { Some(number(name, value)?) },
            "min_samples_split" => self.min_samples_split = Samples::parse(name, value)?,
            "min_samples_leaf" => self.min_samples_leaf = Samples::parse(name, value)?,
            "max_features" => {
                self.max_features = match (value, value.parse()) {
                    ("sqrt", _) => MaxFeatures::Sqrt,
                    ("log2", _) => MaxFeatures::Log2,
                    (_, Ok(count)) => MaxFeatures::Count(count),
                    _ if none => MaxFeatures::Fraction(1.0),
                    _ => MaxFeatures::Fraction(number(name, value)?),
                }
            }
            "bootstrap" => self.bootstrap = switch(name, value)?,
            "max_samples" => self.max_samples = if none { None } else { Some(Samples::parse(name, value)?) },
            "random_state" => self.random_state = if none { 0 } else { number(name, value)? },
            other => return parameters::refuse(&UNSUPPORTED, other, value, "random forests"),
        }
        Ok(())
    }

    /// Reads parameters from text, all faults in one message.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        parameters::read(Self::default(), pairs, Self::set, Self::faults)
    }

    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn check(&self) -> Result<()> {
        parameters::verdict(&self.faults())
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = vec![];
        if self.n_estimators == 0 {
            faults.push("n_estimators=0: at least 1".to_owned());
        }
        if self.max_depth == Some(0) {
            faults.push("max_depth=0: at least 1, or None for no limit".to_owned());
        }
        faults.extend(self.min_samples_split.fault("min_samples_split", 2));
        faults.extend(self.min_samples_leaf.fault("min_samples_leaf", 1));
        faults.extend(self.max_samples.and_then(|samples| samples.fault("max_samples", 1)));
        match self.max_samples {
            Some(Samples::Count(count)) if count > Self::MOST_DRAWS => {
                faults.push(format!("max_samples={count}: at most {}, or None for as many as rows", Self::MOST_DRAWS));
            }
            _ => {}
        }
        if self.max_samples.is_some() && !self.bootstrap {
            faults.push("max_samples needs bootstrap=true".to_owned());
        }
        match self.max_features {
            MaxFeatures::Count(0) => faults.push("max_features=0: at least 1".to_owned()),
            MaxFeatures::Fraction(fraction) if !(fraction > 0.0 && fraction <= 1.0) => {
                faults.push(format!("max_features={fraction}: a fraction must be above 0 and at most 1"));
            }
            _ => {}
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_fractions_are_told_apart_as_in_python() {
        let params = ForestParams::from_pairs([
            ("max_features", "0.5"),
            ("min_samples_leaf", "3"),
            ("min_samples_split", "0.1"),
            ("max_depth", "None"),
            ("criterion", "squared_error"),
        ])
        .unwrap();
        assert_eq!(params.max_features.of(7), 3);
        assert_eq!(params.least_in_leaf(100), 3);
        assert_eq!(params.least_to_split(100), 10);
        assert_eq!(params.max_depth, None);
        assert_eq!(MaxFeatures::Sqrt.of(10), 3);
        assert_eq!(MaxFeatures::Log2.of(1), 1);
    }

    #[test]
    fn more_rows_than_can_be_counted_are_never_enough() {
        let params = ForestParams::from_pairs([("min_samples_leaf", "1e300")]).unwrap();
        assert_eq!(params.least_to_split(100), usize::MAX);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let error = ForestParams::from_pairs([
            ("n_estimators", "0"),
            ("criterion", "absolute_error"),
            ("ccp_alpha", "0.1"),
            ("max_features", "1.5"),
            ("max_samples", "1000000000000"),
            ("trees", "3"),
        ])
        .unwrap_err()
        .to_string();
        for part in [
            "n_estimators=0",
            "absolute_error",
            "ccp_alpha",
            "max_features=1.5",
            "max_samples=1000000000000: at most",
            "trees is not",
        ] {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
    }
}
