//! Every setting once: name, aliases, owner, values, default and meaning.

use super::{
    family::Family::{
        self, Arima, Ces, Ets, GradientBoosting, LevelShape, Mstl, Prophet, RandomForest, Regression, Ridge,
        SeasonalWindowAverage, Theta, Tsb, WindowAverage,
    },
    setting::{
        Group,
        Kind::{self, Boolean, Choice, Form, Integer, Number},
        Setting,
    },
};
use manyfit_models::{
    backtest::Combine,
    trees::{Metric, Objective},
};

/// Settings as a table: name and aliases, values, default, meaning, and what else is true of it.
macro_rules! table {
    ($($name:literal $(| $alias:literal)*: $kind:expr, $default:expr, $help:expr $(, $flag:ident)*;)*) => {
        &[$(Setting {
            $($flag: true,)*
            ..Setting {
                name: $name,
                aliases: &[$($alias),*],
                kind: $kind,
                default: $default,
                help: $help,
                per_customer: false,
                names_columns: false,
                common: false,
            }
        }),*]
    };
}

/// Beyond these bounds a prior has no effect or allows no change, and its precision is lost to rounding.
const SCALE: Kind = Number("from 1e-9 to 1e9", |x| (1e-9..=1e9).contains(&x));
pub(super) const ANY: Kind = Number("", |_| true);
const NOT_NEGATIVE: Kind = Number("of at least 0", |x| x >= 0.0);
const SHARE: Kind = Number("above 0, at most 1", |x| x > 0.0 && x <= 1.0);
const COUNT: Kind = Integer(1, usize::MAX);
pub(super) const COLUMN: Kind = Form("the name of a column");
const COLUMNS: Kind = Form("names of columns separated by commas, or a list of them as JSON or Python writes it");
const LIMIT: Kind = Form("a number, or the name of a column");
const TABLE: Kind = Form("a CSV or Parquet file, or a folder of them");
const SEASONALITY: Kind = Form("auto, true, false or a Fourier order from 1 to 100");
const SAMPLES: Kind = Form("a number of rows, or a share of them above 0 to 1.0");
pub(super) const MODE: Kind = Choice(&["additive", "multiplicative"]);
const FORMAT: Kind = Choice(&["json", "ubj"]);
const MODEL_FORMAT: &str = "Encoding of XGBoost's file; ubj is smaller and faster, and needs XGBoost 1.7 or later.";
const ORDER: Kind = Form("three whole numbers such as 1,1,1: at most 10, and the second at most 2");
const RANDOM_STATE: Kind = Form("a whole number from 0 to 4294967295, or none for 0");

/// Every setting, by owner.
pub(super) const GROUPS: &[Group] = &[
    Group { title: "Run", models: &Family::ALL, settings: RUN },
    Group { title: "Input", models: &Family::ALL, settings: INPUT },
    Group { title: "Forecasts", models: Family::FORECASTING, settings: FORECASTS },
    Group { title: "Prophet", models: &[Prophet], settings: PROPHET },
    Group { title: "Seasons of local models", models: SEASONAL, settings: SEASON },
    Group { title: "Theta", models: &[Theta], settings: THETA },
    Group { title: "Exponential smoothing", models: &[Ets, Mstl], settings: ETS },
    Group { title: "Complex exponential smoothing", models: &[Ces], settings: CES },
    Group { title: "ARIMA", models: &[Arima], settings: ARIMA },
    Group { title: "MSTL", models: &[Mstl], settings: MSTL },
    Group { title: "Intermittent demand", models: &[Tsb], settings: TSB },
    Group { title: "Averages of windows", models: &[WindowAverage, SeasonalWindowAverage], settings: WINDOW },
    Group { title: "Regression", models: &[Regression, GradientBoosting, RandomForest, Ridge], settings: ROWS },
    Group { title: "Choice of a regression model", models: &[Regression], settings: REGRESSION },
    Group { title: "Gradient boosting", models: &[GradientBoosting], settings: GRADIENT_BOOSTING },
    Group { title: "Random forest", models: &[RandomForest], settings: RANDOM_FOREST },
    Group { title: "Ridge regression", models: &[Ridge], settings: RIDGE },
];

/// Those of equally spaced values that have a season.
const SEASONAL: &[Family] = &[Theta, Ets, Ces, Arima, LevelShape, Mstl, WindowAverage, SeasonalWindowAverage];

const RUN: &[Setting] = table! {
    "model": Choice(Family::NAMES), "prophet", "What to fit for each customer.", per_customer, names_columns, common;
    "seed": Integer(0, usize::MAX), "0", "Seed of forecast intervals, of trees and of drawn validation rows.", common;
    "max_failures": Form("a count (5), a percentage (5%) or a share (0.05; 1.0 is all)"), "10%",
        "The run fails if more customers than this fail.", common;
    "customer_time_limit": Number("above 0", |x| x > 0.0 && x < 1e9), "",
        "Seconds that the fit of one customer may take; a slower customer fails, and the next run tries it again.";
    "version": Form("letters, digits, dots, dashes and underscores"), "",
        "Your version of the models, recorded in each artifact.";
    "artifact_name": Form("a file name with {customer} and, if wanted, {version} or {fingerprint}"), "{customer}.tar.gz",
        "Name of each artifact; with a version or fingerprint it is one that no live endpoint has cached.";
    "stale": Choice(&["keep", "delete"]), "keep",
        "What becomes of artifacts of earlier runs whose customers are gone or fail now; nothing is deleted if the run fails.";
    "report": Boolean, "true",
        "Whether report.html, a page to look at, is written, with history.csv, the values that it shows.";
    "fsync": Boolean, "false", "Flush each artifact to the disk before it counts as written.";
};

const INPUT: &[Setting] = table! {
    "timestamp": COLUMN, "", "Column of timestamps, or those of date and time of day, as date,time; guessed unless set, and the guess is printed.", common;
    "timestamp_format":
        Form("directives of strptime such as %d/%m/%Y or %Y%m%d%H, or epoch_s, epoch_ms, epoch_us, epoch_ns, dotnet_ticks, filetime"),
        "", "How timestamps are written; decided from the column unless set.", common;
    "dayfirst": Boolean, "",
        "Whether 02/03/2024 is in March; decided from the other dates of the column unless set.", common;
    "decimal": Form("point or comma"), "",
        "Sign before the decimals in CSV, where the other one may separate thousands; decided from each file unless set.", common;
    "skip_lines": Integer(0, 1_000_000), "",
        "Lines of CSV before the header; unless set, lines that are clearly not the table are skipped.";
    "target": COLUMN, "",
        "Column to forecast or predict; guessed unless set, for regression among target, label and y.", common;
    "customer": COLUMN, "", "Customer column of files that hold many customers; column customer unless set.", common;
    "customer_from": Choice(&["name", "path"]), "name",
        "What names the customer of a file in which no column does: its name, or its folders and its name (north-1 of north/1.csv).";
};

const FORECASTS: &[Setting] = table! {
    "horizon" | "prediction_length": Integer(0, 100_000), "0", "Steps to forecast; 0 for no forecasts.", common;
    "frequency": Form("a pandas alias such as D, B, W-MON, MS, QE, SMS, WOM-3FRI, h, 15min or bh, or days and hours: C Mon Tue Wed"), "",
        "Spacing of the dates; inferred for each customer from all of its dates unless set.", per_customer, common;
    "duplicates": Choice(&["error", "first", "last", "mean", "sum"]), "error",
        "What becomes of rows of a customer that share a timestamp.";
    "interval_width": Number("between 0 and 1", |x| x > 0.0 && x < 1.0), "0.8",
        "Probability that the forecast interval should cover.", per_customer;
    "lower_bound": ANY, "", "Lower bound of every forecast and interval, of any model or fallback.", per_customer;
    "non_negative": Boolean, "false", "The same as lower_bound=0.", per_customer;
    "fallback": Form("models of a series separated by commas, such as drift,seasonal-naive, or none"), "seasonal-naive",
        "Models for customers to whose series the chosen one cannot be fitted, tried in turn.", per_customer, names_columns;
    "on_bad": Choice(&["warn", "fallback", "fail"]), "warn",
        "What becomes of customers whose series is too short, constant or mostly zero for a model that estimates from it: fitted and told of, given to the fallback, or failed.",
        per_customer;
    "outliers": Choice(&["keep", "clip", "missing"]), "keep",
        "What becomes of outliers before the fit: they stay, become the nearest value that is none, or lose their value.", per_customer;
    "fill": Choice(&["none", "interpolate", "zero", "forward"]), "none",
        "What steps between the first and the last value get that have none: nothing, a value on the line between their neighbours, zero, or the value before.",
        per_customer;
    "candidates": Form("models of a series separated by commas"), "",
        "Models that auto makes its forecast of; another model is compared with them in backtests.", per_customer, names_columns;
    "combine": Choice(&Combine::NAMES), "weighted",
        "What auto makes of its candidates: best is the one with the least error in the backtest.", per_customer;
    "backtest" | "n_windows": Integer(0, 1_000), "",
        "Cutoffs in the past from which each model's forecasts are scored; 0 for none. 5 for auto, otherwise 0, unless set.", common;
    "holdout": Integer(1, 100_000), "",
        "Steps at the end of each history that are forecast and scored: the same as backtest=1 with this horizon.";
    "period" | "step_size": Integer(1, 100_000), "", "Steps between cutoffs; half of the horizon unless set.";
    "initial": Integer(1, usize::MAX), "",
        "Fewest rows before a cutoff; two seasons, and no fewer than the horizon, unless set.";
    "backtest_table": Boolean, "true",
        "Whether the forecasts from the cutoffs are written as tables; without them a repeated run scores nothing again.";
    "overrides": TABLE, "", "Settings that differ by customer or group, a column for each setting.";
    "future": TABLE, "",
        "Future dates with their regressors; the first horizon of them after the last value are forecast.";
    "include_history": Boolean, "false", "Whether Prophet's forecasts begin with the history.";
};

const PROPHET: &[Setting] = table! {
    "growth": Choice(&["linear", "flat", "logistic"]), "linear", "Shape of the trend.", per_customer, names_columns, common;
    "cap": LIMIT, "", "Capacity of logistic growth; column cap unless set.", per_customer, names_columns;
    "floor": LIMIT, "", "Saturating minimum of logistic growth; column floor, or 0, unless set.", per_customer, names_columns;
    "changepoints": Form("dates separated by commas"), "",
        "Potential changepoints, instead of n_changepoints evenly spread ones.", per_customer;
    "n_changepoints": Integer(0, 1_000), "25", "Number of potential changepoints.", per_customer;
    "changepoint_range": Number("from 0 to 1", |x| (0.0..=1.0).contains(&x)), "0.8",
        "Share of the history that may have changepoints.", per_customer;
    "changepoint_prior_scale": SCALE, "0.05", "Flexibility of the trend.", per_customer;
    "yearly_seasonality": SEASONALITY, "auto", "Seasonality of the year.", per_customer;
    "weekly_seasonality": SEASONALITY, "auto", "Seasonality of the week.", per_customer;
    "daily_seasonality": SEASONALITY, "auto", "Seasonality of the day.", per_customer;
    "seasonality_mode": MODE, "additive", "Whether seasonalities are added to the trend or multiply it.", per_customer;
    "seasonality_prior_scale": SCALE, "10", "Flexibility of the seasonalities.", per_customer;
    "seasonalities": Form("terms such as monthly:period=30.5:order=5,shop:period=7:order=3:condition=open"), "",
        "Additional seasonalities; their options are period, order, prior_scale, mode and condition.",
        per_customer, names_columns;
    "regressors": Form("terms such as price,promo:mode=multiplicative:prior_scale=0.5:standardize=false"), "",
        "Columns that the target follows; their options are prior_scale, mode and standardize.",
        per_customer, names_columns, common;
    "holidays": TABLE, "", "Holidays, as Python Prophet's table has them; a column customer or group restricts them.";
    "country_holidays": Form("codes of countries or markets, such as US,CA or NYSE"), "",
        "Public holidays to include.", per_customer, common;
    "holidays_prior_scale": SCALE, "10", "Flexibility of holidays and regressors.", per_customer;
    "holidays_mode": MODE, "", "Whether holidays are added or multiply; seasonality_mode unless set.", per_customer;
    "scaling": Choice(&["absmax", "minmax"]), "absmax", "How the target is scaled before the fit.", per_customer;
    "tune": Boolean, "false",
        "Whether a backtest also scores a stiffer and a more flexible trend, weak seasonalities and the other seasonality_mode, and the best of them is fitted.",
        per_customer;
    "uncertainty_samples": Integer(0, 1_000_000), "1000",
        "Simulated futures behind the interval; 0 for no interval.", per_customer;
    "history": Choice(&["tail", "full"]), "tail",
        "How much of the history an artifact keeps: what forecasts need, or all of it.", per_customer;
};

const SEASON: &[Setting] = table! {
    "season_length" | "season_lengths" | "sp": Form("whole numbers from 1 to 100000, separated by commas"), "",
        "Steps of a season, 1 for none, or of several, such as 24,168; those of the frequency unless set: 12 for months, 7 and 365 for days, 24 and 168 for hours. Most models use the shortest.",
        per_customer;
};

const THETA: &[Setting] = table! {
    "theta_model": Choice(&["standard", "optimized", "dynamic-standard", "dynamic-optimized", "auto"]), "dynamic-optimized",
        "Which model of the family; auto is the one with the least squared errors.", per_customer;
    "decomposition" | "decomposition_type": MODE, "multiplicative",
        "How a season is taken out of the series; additive where values are not positive.", per_customer;
};

const ETS: &[Setting] = table! {
    "ets_model": Form("letters for error (A, M, Z), trend (N, A, Ad, Z) and season (N, A, M, Z) such as ZZZ or MAdM, or reduced"), "",
        "Forms of exponential smoothing to choose from by AICc, ZZZ unless set, and reduced for auto: Z is any; reduced are the eight without an undamped trend whose season acts as their error, three times as fast. model=MAdM says the same.",
        per_customer;
    "damped": Boolean, "", "Whether trends are damped; unless set both are tried, where ets_model allows both.", per_customer;
};

const CES: &[Setting] = table! {
    "ces_model": Choice(&["Z", "N", "S", "P", "F"]), "Z",
        "Form of complex exponential smoothing: no season (N), a simple (S), partial (P) or full one (F); Z is the one with the least AICc.",
        per_customer;
};

const ARIMA: &[Setting] = table! {
    "order": ORDER, "", "Lags p, differences d and lags q of the errors; unless either order is set, those of the least AICc.", per_customer;
    "seasonal_order": ORDER, "", "The same in whole seasons: P, D and Q.", per_customer;
};

const MSTL: &[Setting] = table! {
    "adjusted_model" | "trend_forecaster": Choice(&["ets", "theta", "drift", "random-walk", "window-average"]), "ets",
        "Model of the values without their seasons.", per_customer;
};

const TSB: &[Setting] = table! {
    "alpha_d": SHARE, "0.1", "Smoothing parameter of the demand.", per_customer;
    "alpha_p": SHARE, "0.1", "Smoothing parameter of the probability of a demand.", per_customer;
};

const WINDOW: &[Setting] = table! {
    "window_size": Integer(1, 1_000_000), "",
        "Values (window-average) or seasons (seasonal-window-average) that are averaged; a season of at least 3 values, or 2 seasons, unless set.",
        per_customer;
};

const ROWS: &[Setting] = table! {
    "features": COLUMNS, "", "Feature columns; all that have no other use unless set.", common;
    "categorical": COLUMNS, "", "Features whose values are categories.", common;
    "weight": COLUMN, "", "Column of sample weights.";
    "header": Boolean, "", "Whether files begin with column names; detected from the first line unless set.";
    "validation_fraction": Number("from 0 to below 1", |x| (0.0..1.0).contains(&x)), "0",
        "Share of the rows to validate on, for customers without validation rows of their own.";
    "folds": Form("0 for none, or a whole number from 2 to 100"), "",
        "Parts that the rows are divided into, each predicted by a model of the others, to choose a model and to score customers without validation rows; 5 for regression, otherwise none, unless set.";
    "fallback": Choice(&["ridge", "none"]), "ridge",
        "Model for customers to whom the chosen model cannot be fitted; none for ridge, and for objectives with bounds.";
};

const REGRESSION: &[Setting] = table! {
    "candidates": Form("ridge, random-forest and gradient-boosting, separated by commas"), "ridge,random-forest,gradient-boosting",
        "Models to choose from, the simplest first; each is tried with a few values of its settings.";
    "objective": Choice(&["reg:squarederror", "reg:absoluteerror"]), "reg:squarederror",
        "Loss of boosting; the candidate with the least root mean squared or mean absolute error is chosen.";
    "model_format": FORMAT, "ubj", MODEL_FORMAT;
};

const GRADIENT_BOOSTING: &[Setting] = table! {
    "num_round" | "num_boost_round" | "n_estimators": COUNT, "100", "Number of trees.";
    "objective": Choice(&Objective::NAMES), "reg:squarederror", "Loss to minimize.";
    "eta" | "learning_rate": NOT_NEGATIVE, "0.3", "Shrinkage of each tree.";
    "max_depth": COUNT, "6", "Largest depth of a tree.";
    "gamma" | "min_split_loss": NOT_NEGATIVE, "0", "Loss reduction below which a split is pruned.";
    "min_child_weight": NOT_NEGATIVE, "1", "Smallest sum of hessians of a leaf.";
    "lambda" | "reg_lambda": NOT_NEGATIVE, "1", "L2 penalty on leaf weights.";
    "alpha" | "reg_alpha": NOT_NEGATIVE, "0", "L1 penalty on leaf weights.";
    "max_delta_step": NOT_NEGATIVE, "",
        "Largest absolute leaf weight, 0 for no limit; unless set 0, or 0.7 for count:poisson.";
    "subsample": SHARE, "1", "Share of the rows that each tree is grown on.";
    "colsample_bytree": SHARE, "1", "Share of the features that each tree may use.";
    "colsample_bylevel": SHARE, "1", "Share of the tree's features that each level may use.";
    "monotone_constraints": Form("a list of -1, 0 and 1, one for each feature, such as (1,0,-1)"), "",
        "Whether the prediction may only grow (1) or only fall (-1) with a feature.";
    "base_score": ANY, "", "Prediction that boosting starts from; estimated from the targets unless set.";
    "early_stopping_rounds": COUNT, "", "Rounds without an improvement on the validation rows after which to stop.";
    "eval_metric": Choice(&Metric::NAMES), "", "Metric that early stopping watches; the objective's own unless set.";
    "tweedie_variance_power": Number("from 1 to below 2", |x| (1.0..2.0).contains(&x)), "",
        "Variance power of the objective reg:tweedie; 1.5 unless set.";
    "refresh_leaf": Boolean, "true", "Whether reg:absoluteerror sets each leaf to the median residual of its rows.";
    "model_format": FORMAT, "json", MODEL_FORMAT;
    "random_state": RANDOM_STATE, "", "Seed of the trees alone; seed unless set.";
};

const RANDOM_FOREST: &[Setting] = table! {
    "n_estimators": COUNT, "100", "Number of trees.";
    "max_depth": Form("a whole number of at least 1, or none"), "none", "Largest depth of a tree.";
    "min_samples_split": SAMPLES, "2", "Fewest rows of a node that may be split.";
    "min_samples_leaf": SAMPLES, "1", "Fewest rows of a leaf.";
    "max_features": Form("sqrt, log2, a number of features, or a share of them above 0 to 1.0"), "1.0",
        "Features searched in each node.";
    "bootstrap": Boolean, "true", "Whether each tree sees a sample of the rows, drawn with replacement.";
    "max_samples": SAMPLES, "none", "Rows drawn for each tree; none for as many as there are.";
    "model_format": FORMAT, "ubj", MODEL_FORMAT;
    "random_state": RANDOM_STATE, "", "Seed of the trees alone; seed unless set.";
};

const RIDGE: &[Setting] = table! {
    "alpha": NOT_NEGATIVE, "1", "L2 penalty on the coefficients.";
    "fit_intercept": Boolean, "true", "Whether there is an intercept.";
};
