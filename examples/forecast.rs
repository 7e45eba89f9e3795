//! Fits Prophet to one series and forecasts the next week.
//!
//!     cargo run --example forecast

#![expect(clippy::print_stdout, reason = "it shows the forecast")]

use std::error::Error;

use manyfit_models::{
    Dates, ForecastRequest, Interrupt, SeriesSpec, Workspace,
    data::{Columns, Series},
    frequency::Frequency,
    prophet::ProphetSpec,
};

/// Milliseconds of a day: times are milliseconds since 1970-01-01T00:00:00.
const DAY: i64 = 86_400_000;

fn main() -> Result<(), Box<dyn Error>> {
    // A year of daily values: a trend and a week. Replace it by your own, with increasing times.
    let timestamps: Vec<i64> = (0..365).map(|day| (19_723 + day) * DAY).collect();
    let values = (0..365).map(|day| 100.0 + 0.1 * f64::from(day) + 10.0 * f64::from(day % 7)).collect();
    let series = Series { dates: timestamps.clone(), timestamps, values, columns: Columns::default() };

    let spec = SeriesSpec::Prophet(ProphetSpec::default());
    let frequency = Frequency::infer(&series.dates);
    // A workspace belongs to one thread; use it again for the next series.
    let model = spec.fit(&series, frequency, Interrupt::default(), &mut Workspace::default())?;

    // The same seed gives the same intervals.
    let week = ForecastRequest { seed: [0; 32], ..ForecastRequest::new(Dates::Steps { horizon: 7, frequency }) };
    let forecast = model.forecast(&week)?;
    for (i, day) in forecast.dates.iter().enumerate() {
        let (yhat, low, high) = (forecast.yhat[i], forecast.yhat_lower[i], forecast.yhat_upper[i]);
        println!("day {}: {yhat:.1}, between {low:.1} and {high:.1}", day / DAY);
    }

    // Python Prophet loads this file: `prophet.serialize.model_from_json(open("model.json").read())`.
    let (name, content) = model.to_file();
    std::fs::write(name, content)?;
    Ok(())
}
