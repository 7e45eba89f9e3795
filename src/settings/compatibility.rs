//! Parameters of Prophet, XGBoost and scikit-learn that manyfit does not have. They are accepted with values that change
//! nothing, so that settings written for those tools can be used as they are.

use super::{family::Family, values};

/// Parameters by family: `name=*` is accepted with any value, `name=a|b` with these, `name` with none.
const PARAMETERS: [(Family, &str); 4] = [
    (Family::Prophet, "mcmc_samples=0 stan_backend extra_regressors"),
    (
        Family::GradientBoosting,
        "booster=gbtree tree_method=exact grow_policy=depthwise sampling_method=uniform process_type=default \
         colsample_bynode=1 num_parallel_tree=1 scale_pos_weight=1 max_leaves=0 num_class=0 csv_weights=0 \
         use_label_encoder=false use_dask_gpu_training=false nthread=* n_jobs=* verbosity=* silent=* verbose=* \
         save_model_on_termination=* validate_parameters=* predictor=* disable_default_eval_metric=* device=* \
         interaction_constraints feature_weights updater max_bin max_cat_to_onehot max_cat_threshold multi_strategy \
         huber_slope quantile_alpha rate_drop skip_drop sample_type normalize_type one_drop deterministic_histogram \
         sketch_eps lambda_bias dsplit single_precision_histogram",
    ),
    (
        Family::RandomForest,
        "criterion=squared_error n_jobs=* verbose=* oob_score=false warm_start=false max_leaf_nodes=None \
         monotonic_cst=None min_weight_fraction_leaf=0 min_impurity_decrease=0 ccp_alpha=0",
    ),
    // The solution is exact: the ways to approach it make no difference.
    (Family::Ridge, "solver=auto|cholesky positive=false max_iter=* tol=* random_state=*"),
];

/// Why some parameters are refused.
const REASONS: [(&str, &str); 3] = [
    ("mcmc_samples", "manyfit finds the optimum of the posterior and does not sample it"),
    ("stan_backend", "manyfit does not use Stan"),
    ("extra_regressors", "the setting is called regressors"),
];

/// The parameters that a family accepts or refuses, each with the values that it accepts.
pub(super) fn parameters_of(family: Family) -> impl Iterator<Item = (&'static str, &'static str)> {
    let owner = if family.is_regression() { family } else { Family::Prophet };
    let words = PARAMETERS.iter().filter(move |(family, _)| *family == owner).flat_map(|(_, words)| words.split(' '));
    words.map(|word| word.split_once('=').unwrap_or((word, "")))
}

fn accepted(family: Family, name: &str) -> Option<&'static str> {
    parameters_of(family).find(|(known, _)| *known == name).map(|(_, accepted)| accepted)
}

/// Whether a family accepts or refuses a parameter of this name.
pub(super) fn is_known(family: Family, name: &str) -> bool {
    accepted(family, name).is_some()
}

/// What is wrong with the value of a parameter of this family; `None` for an unknown name.
pub(super) fn check(family: Family, name: &str, value: &str) -> Option<Result<(), String>> {
    let accepted = accepted(family, name)?;
    let is_same = |other: &str| {
        let number = |text: &str| text.parse::<f64>().ok();
        other == "*"
            || other.eq_ignore_ascii_case(value)
            || number(other).is_some_and(|other| number(value) == Some(other))
            || values::boolean(other).is_ok_and(|other| values::boolean(value) == Ok(other))
    };
    Some(if value.is_empty() || accepted.split('|').any(is_same) {
        Ok(())
    } else if let Some((_, reason)) = REASONS.iter().find(|(known, _)| *known == name) {
        Err((*reason).into())
    } else if let Some(only) = accepted.split('|').next().filter(|only| !only.is_empty()) {
        Err(format!("{name}={value} is not supported, only {name}={only}"))
    } else {
        Err(format!("{name} is not supported"))
    })
}
