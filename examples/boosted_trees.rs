//! Fits boosted trees to a table and saves them as XGBoost does.
//!
//!     cargo run --example boosted_trees

#![expect(clippy::print_stdout, reason = "it shows what was fitted")]

use std::error::Error;

use manyfit_models::{
    Interrupt,
    trees::{BoostingParams, Examples, Matrix, Scratch},
};

fn main() -> Result<(), Box<dyn Error>> {
    // Rows of two features, one after another; NaN is a missing value. Replace them by your own.
    let rows =
        |from: u16, to: u16| (from..to).flat_map(|i| [f32::from(i % 17), f32::from(i % 5)]).collect::<Vec<f32>>();
    let target = |row: &[f32]| row[0] * 3.0 + if row[1] > 2.0 { 20.0 } else { 0.0 };
    let (training, validation) = (rows(0, 400), rows(400, 500));
    let targets: Vec<f32> = training.chunks(2).map(target).collect();
    let validation_targets: Vec<f32> = validation.chunks(2).map(target).collect();
    let matrix = Matrix::from_rows(2, &training)?;
    let validation = Matrix::from_rows(2, &validation)?;

    // XGBoost's names and defaults.
    let params =
        BoostingParams { num_round: 200, eta: 0.1, early_stopping_rounds: Some(10), ..BoostingParams::default() };
    let (training, judged) =
        (Examples::new(&matrix, &targets, None), Examples::new(&validation, &validation_targets, None));
    // Scratch space belongs to one thread; use it again for the next table.
    let fitted = params.fit(training, Some(judged), Interrupt::default(), &mut Scratch::default())?;
    println!("{} trees; best round: {:?}", fitted.model.trees().len(), fitted.best_iteration);

    let row = [4.0, 3.0];
    println!("predicted {:.2}, in truth {}", fitted.model.predict(&row)?, target(&row));
    println!("SHAP values of the features, and the mean: {:.2?}", fitted.model.shap_values(&row)?);

    // XGBoost loads both: `xgboost.Booster(model_file="model.json")`.
    std::fs::write("model.json", fitted.model.to_json())?;
    std::fs::write("model.ubj", fitted.model.to_ubj())?;
    Ok(())
}
