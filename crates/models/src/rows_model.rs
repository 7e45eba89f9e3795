//! Models of a table of features: what to fit, and what was fitted.

use crate::{
    Error, Result,
    data::{Categories, Cell, Feature, Matrix, Table},
    footprint::{of_text, of_vec},
    interrupt::Interrupt,
    ridge::{Ridge, RidgeParams},
    trees::{BoostingParams, Ensemble, ForestParams, Importance, xgboost::is_json},
    words::counted,
    workspace::Workspace,
};
use serde::{Deserialize, Serialize};

/// A regression model to fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum RowsSpec {
    /// Gradient boosting, see [`BoostingParams`].
    GradientBoosting {
        /// Its parameters.
        params: BoostingParams,
        /// How its file is written.
        format: ModelFormat,
    },
    /// A random forest, see [`ForestParams`].
    RandomForest {
        /// Its parameters.
        params: ForestParams,
        /// How its file is written.
        format: ModelFormat,
    },
    /// Ridge regression, see [`RidgeParams`].
    Ridge(RidgeParams),
}

impl RowsSpec {
    /// The family's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GradientBoosting { .. } => "gradient-boosting",
            Self::RandomForest { .. } => "random-forest",
            Self::Ridge(_) => "ridge",
        }
    }

    /// Whether it stops early, which needs validation rows.
    #[must_use]
    pub const fn stops_early(&self) -> bool {
        matches!(self, Self::GradientBoosting { params: BoostingParams { early_stopping_rounds: Some(_), .. }, .. })
    }

    /// Fits the model. `validation` has the features of `training`, and decides early stopping; without it, boosting goes
    /// through all its rounds.
    ///
    /// # Errors
    /// The data or the parameters are invalid, or `interrupt` ended the fit.
    pub fn fit(
        &self,
        training: &Table,
        validation: Option<&Table>,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedRows> {
        let (rows, validation) = (training.examples(), validation.map(Table::examples));
        let scratch = &mut workspace.trees;
        let model = match self {
            Self::GradientBoosting { params, format } => {
                let validation = validation.filter(|_| self.stops_early());
                let without = BoostingParams { early_stopping_rounds: None, ..params.clone() };
                let params = if validation.is_some() { params } else { &without };
                RowsModel::Trees { ensemble: params.fit(rows, validation, interrupt, scratch)?.model, format: *format }
            }
            Self::RandomForest { params, format } => {
                RowsModel::Trees { ensemble: params.fit(rows, interrupt, scratch)?, format: *format }
            }
            Self::Ridge(params) => RowsModel::Ridge(params.fit(rows, interrupt)?),
        };
        Ok(FittedRows { features: training.features.clone(), model })
    }
}

/// The encoding of a tree model's file, which XGBoost recognises by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelFormat {
    /// Text: every XGBoost since 1.0 reads it.
    Json,
    /// Universal binary JSON: smaller, and many times as fast to write and to read; XGBoost since 1.7 reads it.
    Ubj,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub enum RowsModel {
    /// Gradient boosting or a random forest.
    Trees {
        /// The trees.
        ensemble: Ensemble,
        /// How the file is written.
        format: ModelFormat,
    },
    /// A linear model.
    Ridge(Ridge),
}

/// A fitted regression model and its features.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedRows {
    features: Vec<Feature>,
    model: RowsModel,
}

impl FittedRows {
    /// The file of trees, in either encoding: the name that AWS's XGBoost container expects.
    pub const XGBOOST_FILE: &'static str = "xgboost-model";
    /// The file of a linear model.
    pub const RIDGE_FILE: &'static str = "ridge.json";

    /// Reads a model file by its name in the archive. Without `features` they are named as in the file, or `f0`, `f1`, …
    ///
    /// # Errors
    /// The file is of another kind, is damaged, or has another number of features.
    pub fn from_file(file_name: &str, content: &[u8], features: Option<Vec<Feature>>) -> Result<Self> {
        let (model, named, count) = match file_name {
            Self::XGBOOST_FILE => {
                let ensemble = Ensemble::from_bytes(content)?;
                let format = if is_json(content) { ModelFormat::Json } else { ModelFormat::Ubj };
                let (names, count) = (ensemble.feature_names.clone(), ensemble.features());
                (RowsModel::Trees { ensemble, format }, names, count)
            }
            Self::RIDGE_FILE => {
                let ridge: Ridge = serde_json::from_slice(content)
                    .map_err(|error| Error::Data(format!("{file_name} cannot be read: {error}")))?;
                let count = ridge.coefficients.len();
                if ridge.means.len() != count {
                    let means = ridge.means.len();
                    return Err(Error::Data(format!("{file_name} has {count} coefficients for {means} means")));
                }
                (RowsModel::Ridge(ridge), Vec::new(), count)
            }
            other => return Err(Error::Data(format!("{other:?} is not the file of a regression model"))),
        };
        let features = match features {
            Some(features) => features,
            None if named.len() == count => named.into_iter().map(Feature::numeric).collect(),
            None => Feature::unnamed(count),
        };
        if features.len() != count {
            let names = features.len();
            return Err(Error::Data(format!("the model has {count} features, and {names} names are given for them")));
        }
        Ok(Self { features, model })
    }

    /// The name of the model's file in its archive, and its content, as [`Self::from_file`] reads it.
    #[must_use]
    pub fn to_file(&self) -> (&'static str, Vec<u8>) {
        match &self.model {
            RowsModel::Trees { ensemble, format: ModelFormat::Json } => (Self::XGBOOST_FILE, ensemble.to_json()),
            RowsModel::Trees { ensemble, format: ModelFormat::Ubj } => (Self::XGBOOST_FILE, ensemble.to_ubj()),
            RowsModel::Ridge(ridge) => {
                (Self::RIDGE_FILE, serde_json::to_vec(ridge).expect("plain data has a JSON form"))
            }
        }
    }

    /// The family's name, as in the setting `model`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match &self.model {
            RowsModel::Trees { ensemble, .. } if ensemble.trees_per_round > 1 => "random-forest",
            RowsModel::Trees { .. } => "gradient-boosting",
            RowsModel::Ridge(_) => "ridge",
        }
    }

    /// The features, shape (k), in the order of a row.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The model itself.
    #[must_use]
    pub const fn model(&self) -> &RowsModel {
        &self.model
    }

    /// Turns the cells of one row, in the order of [`Self::features`], into the numbers that [`Self::predict`] takes, shape
    /// (k), over what `row` holds.
    ///
    /// # Errors
    /// A sentence that names the feature and the value, or the expected number of cells.
    pub fn encode<'a>(&self, cells: impl IntoIterator<Item = Cell<'a>>, row: &mut Vec<f32>) -> Result<(), String> {
        row.clear();
        let mut given = 0;
        for cell in cells {
            if let Some(feature) = self.features.get(given) {
                row.push(feature.encode(cell)?);
            }
            given += 1;
        }
        let expected = self.features.len();
        if given == expected {
            Ok(())
        } else {
            Err(format!("the row has {}, the model has {}", counted(given, "value"), counted(expected, "feature")))
        }
    }

    /// Predicts one row, shape (k); NaN is a missing value.
    ///
    /// # Errors
    /// The row does not have k values.
    pub fn predict(&self, row: &[f32]) -> Result<f32> {
        match &self.model {
            RowsModel::Trees { ensemble, .. } => ensemble.predict(row),
            RowsModel::Ridge(ridge) => ridge.predict(row),
        }
    }

    /// Predicts every row of `matrix`, shape (m, k). Shape (m).
    ///
    /// # Errors
    /// The rows do not have k values.
    pub fn predict_matrix(&self, matrix: &Matrix) -> Result<Vec<f32>> {
        match &self.model {
            RowsModel::Trees { ensemble, .. } => ensemble.predict_matrix(matrix),
            RowsModel::Ridge(ridge) => ridge.predict_matrix(matrix),
        }
    }

    /// The contribution of each feature to the prediction of one row, and last the expected prediction: shape (k + 1),
    /// exact SHAP values. Their sum is the prediction; where the objective has a link function, its margin.
    ///
    /// # Errors
    /// The row does not have k values.
    pub fn shap_values(&self, row: &[f32]) -> Result<Vec<f64>> {
        match &self.model {
            RowsModel::Trees { ensemble, .. } => ensemble.shap_values(row),
            RowsModel::Ridge(ridge) => ridge.shap_values(row),
        }
    }

    /// The importance of every feature, shape (k); none for a linear model, which has coefficients instead.
    #[must_use]
    pub fn importances(&self) -> Option<Vec<Importance>> {
        match &self.model {
            RowsModel::Trees { ensemble, .. } => Some(ensemble.importances()),
            RowsModel::Ridge(_) => None,
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        let features = self.features().iter().map(|feature| {
            let categories = feature.categories.as_ref().map_or(0, Categories::footprint);
            size_of_val(feature) + of_text(&feature.name) + categories
        });
        let model = match self.model() {
            RowsModel::Trees { ensemble, .. } => ensemble.footprint(),
            RowsModel::Ridge(ridge) => of_vec(&ridge.coefficients) + of_vec(&ridge.means),
        };
        size_of::<Self>() + features.sum::<usize>() + model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let values: Vec<f32> = (0..60_u32).flat_map(|i| [(i % 13) as f32, (i % 3) as f32]).collect();
        let categories = Some(["a", "b", "c"].map(str::to_owned).to_vec().into());
        Table {
            features: vec![Feature::numeric("size"), Feature { name: "kind".into(), categories }],
            targets: values.chunks(2).map(|x| 3.0 * x[0] + 10.0 * x[1]).collect(),
            matrix: Matrix::from_rows(2, &values).unwrap(),
            weights: None,
            rows: (1..=60).collect(),
            missing: 0,
            unseen: vec![0; 2],
        }
    }

    fn specs() -> [RowsSpec; 4] {
        let boosting = |format| RowsSpec::GradientBoosting {
            params: BoostingParams { num_round: 5, ..BoostingParams::default() },
            format,
        };
        let forest = ForestParams { n_estimators: 5, ..ForestParams::default() };
        [
            boosting(ModelFormat::Json),
            boosting(ModelFormat::Ubj),
            RowsSpec::RandomForest { params: forest, format: ModelFormat::Ubj },
            RowsSpec::Ridge(RidgeParams::default()),
        ]
    }

    #[test]
    fn every_family_is_written_and_read_back_and_explains_its_predictions() {
        let table = table();
        for spec in specs() {
            let fitted = spec.fit(&table, None, Interrupt::default(), &mut Workspace::default()).unwrap();
            assert_eq!(fitted.name(), spec.name());
            let features = Some(fitted.features().to_vec());
            let (file_name, content) = fitted.to_file();
            let again = FittedRows::from_file(file_name, &content, features).unwrap();
            assert_eq!(again, fitted);
            let mut row = vec![];
            fitted.encode([Cell::Text("7"), Cell::Text("b")], &mut row).unwrap();
            let prediction = f64::from(fitted.predict(&row).unwrap());
            let sum: f64 = fitted.shap_values(&row).unwrap().iter().sum();
            assert!((sum - prediction).abs() < 1e-3, "{}: {sum} for {prediction}", spec.name());
        }
    }

    #[test]
    fn a_file_without_metadata_has_numbered_features() {
        let table = table();
        let fitted = specs()[1].fit(&table, None, Interrupt::default(), &mut Workspace::default()).unwrap();
        let foreign = FittedRows::from_file("xgboost-model", &fitted.to_file().1, None).unwrap();
        assert_eq!(foreign.features(), Feature::unnamed(2));
        assert_eq!(foreign.predict_matrix(&table.matrix).unwrap(), fitted.predict_matrix(&table.matrix).unwrap());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let fitted = specs()[3].fit(&table(), None, Interrupt::default(), &mut Workspace::default()).unwrap();
        let refused =
            |name, bytes: &[u8], features| FittedRows::from_file(name, bytes, features).unwrap_err().to_string();
        let three = Some(Feature::unnamed(3));
        assert!(refused("ridge.json", &fitted.to_file().1, three).contains("2 features, and 3 names"));
        assert!(refused("model.pkl", b"", None).contains("not the file of a regression model"));
        assert!(
            refused("ridge.json", br#"{"intercept":0,"coefficients":[1],"means":[]}"#, None).contains("1 coefficients")
        );
        let row = fitted.encode([Cell::Number(1.0)], &mut vec![]).unwrap_err();
        assert_eq!(row, "the row has 1 value, the model has 2 features");
    }
}
