//! The parameters of random forests.

use crate::{Result, error::Faults};
use serde::Serialize;

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
    /// Seed of the random draws. Default 0.
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
}

impl ForestParams {
    /// The most rows that are drawn for a tree: as many as a table may have.
    pub(super) const MOST_DRAWS: usize = 1 << 31;

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

    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        faults.check(self.n_estimators >= 1, "n_estimators", self.n_estimators, "at least 1");
        if let Some(depth) = self.max_depth {
            faults.check(depth >= 1, "max_depth", depth, "at least 1, or None for no limit");
        }
        match self.max_features {
            MaxFeatures::Count(count) => faults.check(count >= 1, "max_features", count, "at least 1"),
            MaxFeatures::Fraction(share) => faults.check_share("max_features", share),
            MaxFeatures::Sqrt | MaxFeatures::Log2 => {}
        }
        for (name, samples, least) in [
            ("min_samples_split", Some(self.min_samples_split), 2),
            ("min_samples_leaf", Some(self.min_samples_leaf), 1),
            ("max_samples", self.max_samples, 1),
        ] {
            match samples {
                Some(Samples::Count(count)) => {
                    faults.check(count >= least, name, count, format_args!("at least {least}"));
                }
                Some(Samples::Fraction(share)) => faults.check_share(name, share),
                None => {}
            }
        }
        if let Some(Samples::Count(count)) = self.max_samples {
            let rule = format_args!("at most {}, or None for as many as rows", Self::MOST_DRAWS);
            faults.check(count <= Self::MOST_DRAWS, "max_samples", count, rule);
        }
        let holds = self.bootstrap || self.max_samples.is_none();
        faults.check(holds, "bootstrap", self.bootstrap, "max_samples needs bootstrap=true");
        faults.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_rounded_as_in_python() {
        let params = ForestParams {
            max_features: MaxFeatures::Fraction(0.5),
            min_samples_leaf: Samples::Count(3),
            min_samples_split: Samples::Fraction(0.1),
            ..ForestParams::default()
        };
        assert_eq!(params.max_features.of(7), 3);
        assert_eq!(params.least_in_leaf(100), 3);
        assert_eq!(params.least_to_split(100), 10);
        assert_eq!(MaxFeatures::Sqrt.of(10), 3);
        assert_eq!(MaxFeatures::Log2.of(1), 1);
    }

    #[test]
    fn more_rows_than_can_be_counted_are_never_enough() {
        let params = ForestParams { min_samples_leaf: Samples::Count(usize::MAX), ..ForestParams::default() };
        assert_eq!(params.least_to_split(100), usize::MAX);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let params = ForestParams {
            n_estimators: 0,
            max_features: MaxFeatures::Fraction(1.5),
            max_samples: Some(Samples::Count(1_000_000_000_000)),
            ..ForestParams::default()
        };
        let error = params.check().unwrap_err().to_string();
        for part in ["n_estimators=0", "max_features=1.5", "max_samples=1000000000000: at most"] {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
    }
}
