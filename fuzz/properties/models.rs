//! Model files of Python Prophet, of XGBoost and of our own.

use manyfit_models::{
    Fitted, FittedRows, FittedSeries, RowsModel, SeriesModel, Sidecar, frequency::Frequency, prophet::FittedProphet,
    trees::Ensemble,
};

use super::{checked, chosen};

/// Prophet's serialisation: what is read is written and read again as the same model.
pub(super) fn prophet(input: &[u8]) {
    let Some(fitted) = checked(FittedProphet::from_json(input)) else { return };
    let written = fitted.to_json();
    let again = FittedProphet::from_json(&written).expect("what was written is read");
    assert_eq!(again.to_json(), written);
    let series = FittedSeries {
        model: SeriesModel::Prophet(Box::new(fitted)),
        frequency: Frequency::DAILY,
        interval_factor: 1.0,
    };
    check_series(&series);
}

/// A few dates after the history, and a forecast of them where the model needs nothing else.
fn check_series(series: &FittedSeries) {
    use manyfit_models::{Dates, ForecastRequest};
    let dates = series.future_dates(series.frequency, 3);
    let request = ForecastRequest { uncertainty_samples: Some(10), ..ForecastRequest::new(Dates::At(&dates)) };
    if let Some(forecast) = checked(series.forecast(&request)) {
        assert_eq!(forecast.yhat.len(), forecast.dates.len());
    }
}

/// XGBoost's JSON: the same model from JSON and from UBJSON.
pub(super) fn xgboost_json(input: &[u8]) {
    if let Some(ensemble) = checked(Ensemble::from_json(input)) {
        check_ensemble(&ensemble);
    }
}

/// XGBoost's UBJSON: the same.
pub(super) fn xgboost_ubj(input: &[u8]) {
    if let Some(ensemble) = checked(Ensemble::from_ubj(input)) {
        check_ensemble(&ensemble);
    }
}

fn check_ensemble(ensemble: &Ensemble) {
    assert_eq!(Ensemble::from_json(&ensemble.to_json()).as_ref(), Ok(ensemble), "from JSON");
    assert_eq!(Ensemble::from_ubj(&ensemble.to_ubj()).as_ref(), Ok(ensemble), "from UBJSON");
    for value in [0.0, f32::NAN, f32::INFINITY, -1e30] {
        let row = vec![value; ensemble.features()];
        ensemble.predict(&row).expect("the row has the features");
        ensemble.shap_values(&row).expect("the row has the features");
    }
}

/// Baselines, ridge regression, local models and combinations, by the name that the last byte chooses.
pub(super) fn small(input: &[u8]) {
    let (content, choice) = chosen(input);
    let single = [FittedSeries::BASELINE_FILE, FittedRows::RIDGE_FILE, FittedSeries::LOCAL_FILE];
    let name = if choice & 8 == 0 { single[usize::from(choice) % 3] } else { FittedSeries::COMBINATION_FILE };
    let frequency = if choice & 4 == 0 { None } else { Some(Frequency::DAILY) };
    let sidecar = Sidecar { frequency, ..Sidecar::default() };
    let Some(fitted) = checked(Fitted::from_file(name, content, sidecar.clone())) else { return };
    let (written_name, written) = fitted.to_file();
    assert_eq!(written_name, name);
    let again = Fitted::from_file(name, &written, sidecar).expect("what was written is read");
    assert_eq!(again.to_file().1, written);
    match &fitted {
        Fitted::Series(series) => check_series(series),
        Fitted::Rows(rows) => check_rows(rows),
    }
}

/// Predictions of a row of zeros and of a row without values.
pub(super) fn check_rows(rows: &FittedRows) {
    for value in [0.0, f32::NAN] {
        let row = vec![value; rows.features().len()];
        let predicted = checked(rows.predict(&row));
        if let (RowsModel::Trees { .. }, Some(predicted)) = (rows.model(), predicted) {
            assert!(!predicted.is_nan(), "{predicted}");
        }
    }
}
