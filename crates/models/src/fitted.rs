//! A fitted model of either kind, and its file.

use crate::{Result, rows_model::FittedRows, series_model::FittedSeries, sidecar::Sidecar};

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one per model, and a series is by far the most frequent")]
pub enum Fitted {
    /// A model of a time series: it forecasts dates.
    Series(FittedSeries),
    /// A model of a table of features: it predicts rows.
    Rows(Box<FittedRows>),
}

impl From<FittedSeries> for Fitted {
    fn from(fitted: FittedSeries) -> Self {
        Self::Series(fitted)
    }
}

impl From<FittedRows> for Fitted {
    fn from(fitted: FittedRows) -> Self {
        Self::Rows(Box::new(fitted))
    }
}

impl Fitted {
    /// Reads a model file by its name in the artifact, whether [`Fitted::to_file`], Python Prophet or XGBoost wrote it.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) if the name is not one of a model file, the content is damaged, or `sidecar` has
    /// another number of features than the model.
    pub fn from_file(file_name: &str, content: &[u8], sidecar: Sidecar) -> Result<Self> {
        match file_name {
            FittedSeries::PROPHET_FILE
            | FittedSeries::BASELINE_FILE
            | FittedSeries::LOCAL_FILE
            | FittedSeries::COMBINATION_FILE => FittedSeries::from_file(file_name, content, &sidecar).map(Self::Series),
            _ => FittedRows::from_file(file_name, content, sidecar.features).map(Self::from),
        }
    }

    /// The model's name, as in the setting `model`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Series(fitted) => fitted.name(),
            Self::Rows(fitted) => fitted.name(),
        }
    }

    /// The name of the model file in an artifact, and its content: Python Prophet's serialisation, XGBoost's, or JSON.
    #[must_use]
    pub fn to_file(&self) -> (&'static str, Vec<u8>) {
        match self {
            Self::Series(fitted) => fitted.to_file(),
            Self::Rows(fitted) => fitted.to_file(),
        }
    }

    /// A file beside it in the artifact, to which it refers: see [`FittedSeries::member_file`].
    #[must_use]
    pub fn member_file(&self) -> Option<(&'static str, Vec<u8>)> {
        match self {
            Self::Series(fitted) => fitted.member_file(),
            Self::Rows(_) => None,
        }
    }

    /// Drops what only [`Fitted::to_file`] needs. Forecasts and predictions stay the same.
    pub fn trim(&mut self) {
        if let Self::Series(fitted) = self {
            fitted.model.trim();
        }
    }

    /// Bytes of memory, those of the value itself included; an estimate.
    #[must_use]
    pub fn footprint(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Series(fitted) => fitted.footprint(),
                Self::Rows(fitted) => fitted.footprint(),
            }
    }
}
