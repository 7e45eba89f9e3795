//! The parameters of gradient boosting.

use super::{Metric, Objective};
use crate::{
    Error, Result,
    parameters::{self, Unsupported, number, switch},
};
use serde::Serialize;

/// Other names of parameters, with the name that is meant.
const ALIASES: [(&str, &str); 7] = [
    ("num_boost_round", "num_round"),
    ("n_estimators", "num_round"),
    ("learning_rate", "eta"),
    ("min_split_loss", "gamma"),
    ("reg_lambda", "lambda"),
    ("reg_alpha", "alpha"),
    ("random_state", "seed"),
];

/// What else XGBoost has.
const UNSUPPORTED: [Unsupported; 37] = [
    Unsupported::new("booster", &["gbtree"]),
    Unsupported::new("tree_method", &["exact"]),
    Unsupported::new("grow_policy", &["depthwise"]),
    Unsupported::new("sampling_method", &["uniform"]),
    Unsupported::new("process_type", &["default"]),
    Unsupported::new("colsample_bynode", &["1", "1.0"]),
    Unsupported::new("num_parallel_tree", &["1", "1.0"]),
    Unsupported::new("scale_pos_weight", &["1", "1.0"]),
    Unsupported::new("max_leaves", &["0"]),
    Unsupported::new("num_class", &["0"]),
    Unsupported::ignored("nthread"),
    Unsupported::ignored("n_jobs"),
    Unsupported::ignored("verbosity"),
    Unsupported::ignored("disable_default_eval_metric"),
    Unsupported::ignored("device"),
    Unsupported::new("csv_weights", &["0"]),
    Unsupported::new("interaction_constraints", &[]),
    Unsupported::new("feature_weights", &[]),
    Unsupported::new("updater", &[]),
    Unsupported::new("max_bin", &[]),
    Unsupported::new("max_cat_to_onehot", &[]),
    Unsupported::new("max_cat_threshold", &[]),
    Unsupported::new("multi_strategy", &[]),
    Unsupported::new("huber_slope", &[]),
    Unsupported::new("quantile_alpha", &[]),
    Unsupported::new("rate_drop", &[]),
    Unsupported::new("skip_drop", &[]),
    Unsupported::new("sample_type", &[]),
    Unsupported::new("normalize_type", &[]),
    Unsupported::new("one_drop", &[]),
    Unsupported::new("deterministic_histogram", &[]),
    Unsupported::new("sketch_eps", &[]),
    Unsupported::new("lambda_bias", &[]),
    Unsupported::new("dsplit", &[]),
    Unsupported::new("single_precision_histogram", &[]),
    Unsupported::new("predictor", &[]),
    Unsupported::new("use_label_encoder", &["false", "0"]),
];

/// Parameters of gradient boosting, with XGBoost's names, meanings and defaults.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoostingParams {
    /// Number of trees. Default 100, as in XGBoost's scikit-learn interface.
    pub num_round: usize,
    /// The loss, and with it the kind of prediction.
    pub objective: Objective,
    /// Shrinkage of every tree. Default 0.3.
    pub eta: f32,
    /// Most splits between the root and a leaf, at least 1. Default 6.
    pub max_depth: usize,
    /// Loss change below which a split is pruned, in squared units of the target for squared error. Default 0.
    pub gamma: f32,
    /// Smallest sum of hessians (with squared error: of weights) of a leaf. Default 1.
    pub min_child_weight: f32,
    /// L2 penalty on leaf weights. Default 1.
    pub lambda: f32,
    /// L1 penalty on leaf weights. Default 0.
    pub alpha: f32,
    /// Largest absolute leaf weight, 0 for no limit. Default 0, for `count:poisson` 0.7.
    pub max_delta_step: Option<f32>,
    /// Fraction of the rows that each tree is grown on. Default 1.
    pub subsample: f32,
    /// Fraction of the features that each tree may use. Default 1.
    pub colsample_bytree: f32,
    /// Fraction of the tree's features that each level may use. Default 1.
    pub colsample_bylevel: f32,
    /// For each feature: 1 if the prediction may only grow with it, -1 if it may only fall, 0 if it is free.
    pub monotone_constraints: Vec<i8>,
    /// The prediction that boosting starts from; estimated from the targets if not given.
    pub base_score: Option<f32>,
    /// Stop when the metric of the validation rows has not improved for this many rounds.
    pub early_stopping_rounds: Option<usize>,
    /// The metric that early stopping watches; the objective's own if not given.
    pub eval_metric: Option<Metric>,
    /// Whether `reg:absoluteerror` replaces each leaf by the median residual of its rows. Default true, as XGBoost does
    /// with `hist` and `approx`; `false` leaves the mean sign of the residuals, as XGBoost does with `exact`.
    pub refresh_leaf: bool,
    /// Where the random draws start. Default 0.
    pub seed: u32,
}

impl Default for BoostingParams {
    fn default() -> Self {
        Self {
            num_round: 100,
            objective: Objective::SquaredError,
            eta: 0.3,
            max_depth: 6,
            gamma: 0.0,
            min_child_weight: 1.0,
            lambda: 1.0,
            alpha: 0.0,
            max_delta_step: None,
            subsample: 1.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            monotone_constraints: vec![],
            base_score: None,
            early_stopping_rounds: None,
            eval_metric: None,
            refresh_leaf: true,
            seed: 0,
        }
    }
}

impl BoostingParams {
    /// The names that [`Self::set`] takes, without the aliases.
    pub const NAMES: [&'static str; 19] = [
        "num_round",
        "objective",
        "eta",
        "max_depth",
        "gamma",
        "min_child_weight",
        "lambda",
        "alpha",
        "max_delta_step",
        "subsample",
        "colsample_bytree",
        "colsample_bylevel",
        "monotone_constraints",
        "base_score",
        "early_stopping_rounds",
        "eval_metric",
        "tweedie_variance_power",
        "refresh_leaf",
        "seed",
    ];

    /// The parameter of this name or alias; for a parameter of XGBoost that is not supported, its own name.
    #[must_use]
    pub fn canonical(name: &str) -> Option<&'static str> {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, meant)| *meant);
        let own = || Self::NAMES.into_iter().find(|own| *own == name);
        alias.or_else(own).or_else(|| UNSUPPORTED.iter().map(|other| other.name).find(|other| *other == name))
    }

    /// Sets one parameter from text. XGBoost's aliases are taken too; parameters of XGBoost that are not supported are
    /// refused unless they ask for what is done anyway.
    ///
    /// # Errors
    /// An unknown name, a value that cannot be read, or a parameter of XGBoost that is not supported.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match Self::canonical(name).unwrap_or(name) {
            "num_round" => self.num_round = number(name, value)?,
            "objective" => self.objective = parse_objective(value, self.objective)?,
            "tweedie_variance_power" => {
                let variance_power = number(name, value)?;
                match &mut self.objective {
                    Objective::Tweedie { variance_power: power } => *power = variance_power,
                    other => {
                        return Err(Error::Parameter(format!(
                            "tweedie_variance_power belongs to the objective reg:tweedie, not to {}",
                            other.name()
                        )));
                    }
                }
            }
            "eta" => self.eta = number(name, value)?,
            "max_depth" => self.max_depth = number(name, value)?,
            "gamma" => self.gamma = number(name, value)?,
            "min_child_weight" => self.min_child_weight = number(name, value)?,
            "lambda" => self.lambda = number(name, value)?,
            "alpha" => self.alpha = number(name, value)?,
            "max_delta_step" => self.max_delta_step = Some(number(name, value)?),
            "subsample" => self.subsample = number(name, value)?,
            "colsample_bytree" => self.colsample_bytree = number(name, value)?,
            "colsample_bylevel" => self.colsample_bylevel = number(name, value)?,
            "monotone_constraints" => self.monotone_constraints = parse_constraints(value)?,
            "base_score" => self.base_score = Some(number(name, value)?),
            "early_stopping_rounds" => self.early_stopping_rounds = Some(number(name, value)?),
            "eval_metric" => {
                self.eval_metric = Some(Metric::parse(value).ok_or_else(|| {
                    Error::Parameter(format!(
                        "eval_metric={value} is not supported; one of {}",
                        Metric::NAMES.join(", ")
                    ))
                })?);
            }
            "refresh_leaf" => self.refresh_leaf = switch(name, value)?,
            "seed" => self.seed = number(name, value)?,
            other => return parameters::refuse(&UNSUPPORTED, other, value, "gradient boosting"),
        }
        Ok(())
    }

    /// Reads parameters from text, all faults in one message. Order does not matter.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        // The variance power needs to know the objective.
        pairs.sort_by_key(|&(name, _)| name != "objective");
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
        let mut demand = |holds: bool, name: &str, value: &dyn std::fmt::Display, rule: &str| {
            if !holds {
                faults.push(format!("{name}={value}: {rule}"));
            }
        };
        demand(self.num_round >= 1, "num_round", &self.num_round, "at least 1");
        demand(
            self.max_depth >= 1,
            "max_depth",
            &self.max_depth,
            "at least 1; the exact method has no unlimited depth",
        );
        for (name, value) in [
            ("eta", self.eta),
            ("gamma", self.gamma),
            ("min_child_weight", self.min_child_weight),
            ("lambda", self.lambda),
            ("alpha", self.alpha),
            ("max_delta_step", self.effective_max_delta_step()),
        ] {
            demand(value >= 0.0 && value.is_finite(), name, &value, "must be 0 or more");
        }
        for (name, value) in [
            ("subsample", self.subsample),
            ("colsample_bytree", self.colsample_bytree),
            ("colsample_bylevel", self.colsample_bylevel),
        ] {
            demand(value > 0.0 && value <= 1.0, name, &value, "must be above 0 and at most 1");
        }
        if let Some(rounds) = self.early_stopping_rounds {
            demand(rounds >= 1, "early_stopping_rounds", &rounds, "at least 1");
        }
        if let Objective::Tweedie { variance_power } = self.objective {
            demand(
                (1.0..2.0).contains(&variance_power),
                "tweedie_variance_power",
                &variance_power,
                "from 1 to below 2",
            );
        }
        if let Some(base_score) = self.base_score {
            let fits = self.objective.check_base_score(base_score).is_ok();
            demand(fits, "base_score", &base_score, &format!("does not fit the objective {}", self.objective.name()));
        }
        for &direction in &self.monotone_constraints {
            demand((-1..=1).contains(&direction), "monotone_constraints", &direction, "each must be -1, 0 or 1");
        }
        faults
    }

    /// `max_delta_step` with the default that XGBoost gives to Poisson regression.
    pub(super) fn effective_max_delta_step(&self) -> f32 {
        self.max_delta_step.unwrap_or(if self.objective == Objective::Poisson { 0.7 } else { 0.0 })
    }
}

fn parse_objective(name: &str, previous: Objective) -> Result<Objective> {
    let objective = Objective::parse(name).ok_or_else(|| {
        Error::Parameter(format!("objective={name} is not supported; one of {}", Objective::NAMES.join(", ")))
    })?;
    // Setting the same objective again keeps its variance power.
    Ok(if objective.name() == previous.name() { previous } else { objective })
}

/// XGBoost's form, `(1,0,-1)`, or with brackets, or bare.
fn parse_constraints(value: &str) -> Result<Vec<i8>> {
    let inner = value.trim().trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    inner
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match part {
            "1" | "+1" => Ok(1),
            "0" => Ok(0),
            "-1" => Ok(-1),
            _ => Err(Error::Parameter(format!("monotone_constraints={value}: each must be -1, 0 or 1, like (1,0,-1)"))),
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_set_the_same_parameter() {
        let params = BoostingParams::from_pairs([
            ("learning_rate", "0.2"),
            ("tweedie_variance_power", "1.2"),
            ("objective", "reg:tweedie"),
            ("monotone_constraints", "(1, 0,-1)"),
            ("tree_method", "exact"),
        ])
        .unwrap();
        assert_eq!(params.eta, 0.2);
        assert_eq!(params.objective, Objective::Tweedie { variance_power: 1.2 });
        assert_eq!(params.monotone_constraints, [1, 0, -1]);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let error = BoostingParams::from_pairs([
            ("eta", "fast"),
            ("max_depth", "0"),
            ("subsample", "1.5"),
            ("booster", "dart"),
            ("objective", "rank:ndcg"),
            ("interaction_constraints", "[[0,1]]"),
            ("depth", "3"),
        ])
        .unwrap_err()
        .to_string();
        for part in
            ["eta=fast", "max_depth=0", "subsample=1.5", "booster=dart", "rank:ndcg", "interaction_", "depth is not"]
        {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
    }

    #[test]
    fn every_name_can_be_set() {
        for name in BoostingParams::NAMES {
            let mut params =
                BoostingParams { objective: Objective::Tweedie { variance_power: 1.5 }, ..Default::default() };
            let value = match name {
                "objective" => "reg:squarederror",
                "eval_metric" => "mae",
                _ => "1",
            };
            params.set(name, value).unwrap();
        }
    }
}
