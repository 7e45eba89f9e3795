//! Fit, pack and open apart: one customer's daily history, with the calendar at hand and without.

use divan::{Bencher, black_box};
use manyfit::artifact::{self, Limits, Metadata, open_archive, open_path};
use manyfit_models::{
    Dates, Fitted, FittedSeries, ForecastRequest, Interrupt, SeriesSpec, Workspace,
    data::Series,
    frequency::Frequency,
    prophet::{Growth, Holiday, Mode, ProphetSpec, Regressor},
};
use std::f64::consts::TAU;

const DAY: i64 = 86_400_000;

fn main() {
    divan::main();
}

/// Trend, week, year and a deterministic noise; each customer other than the last.
fn customer(days: i64, number: i64) -> Series {
    let dates: Vec<i64> = (0..days).map(|day| 1_577_836_800_000 + day * DAY).collect();
    let values = (0..days)
        .map(|day| {
            let t = day as f64;
            let noise = ((day * 2_654_435_761 + number * 40_503) % 1000) as f64 / 1000.0;
            100.0 + 0.01 * t + 10.0 * (t / 7.0 * TAU).sin() + 20.0 * (t / 365.25 * TAU).cos() + 5.0 * noise
        })
        .collect();
    Series { timestamps: dates.clone(), dates, values, ..Series::default() }
}

fn spec() -> SeriesSpec {
    SeriesSpec::Prophet(ProphetSpec::default())
}

fn fitted() -> FittedSeries {
    let fitted = spec().fit(&customer(730, 1), Frequency::DAILY, Interrupt::default(), &mut Workspace::default());
    fitted.expect("two years of days are enough for a fit")
}

/// Customers on one calendar: the usual fleet.
#[divan::bench(args = [730, 735, 2905])]
fn fit_on_a_known_calendar(bencher: Bencher<'_, '_>, days: i64) {
    let (spec, mut workspace) = (spec(), Workspace::default());
    let customers: Vec<Series> = (0..16).map(|number| customer(days, number)).collect();
    let mut next = customers.iter().cycle();
    bencher.bench_local(|| {
        next.next().map(|series| spec.fit(series, Frequency::DAILY, Interrupt::default(), &mut workspace))
    });
}

/// Customers that each have a calendar of their own.
#[divan::bench(args = [730, 735, 2905])]
fn fit_on_a_new_calendar(bencher: Bencher<'_, '_>, days: i64) {
    let (spec, series) = (spec(), customer(days, 1));
    bencher.bench_local(|| {
        spec.fit(black_box(&series), Frequency::DAILY, Interrupt::default(), &mut Workspace::default())
    });
}

/// Other models than the plain one, each on a calendar of its own: to be read beside `fit_on_a_new_calendar`.
#[divan::bench(args = [735, 2905], consts = [0, 1, 2, 3, 4])]
fn fit_other_models<const WHICH: usize>(bencher: Bencher<'_, '_>, days: i64) {
    let mut series = customer(days, 1);
    let plain = ProphetSpec::default();
    let multiplicative = ProphetSpec { seasonality_mode: Mode::Multiplicative, ..plain.clone() };
    let spec = match WHICH {
        0 => multiplicative,
        1 => ProphetSpec { growth: Growth::Logistic, cap: Some(160.0), ..plain },
        2 => ProphetSpec { growth: Growth::Logistic, cap: Some(160.0), ..multiplicative },
        3 => {
            let fair =
                |year: i64| Holiday { lower_window: -1, upper_window: 1, ..Holiday::new("fair", year * 365 * DAY) };
            ProphetSpec { holidays: (50..60).map(fair).collect(), ..plain }
        }
        _ => ProphetSpec { regressors: vec![Regressor::new("price")], ..plain },
    };
    series.columns.insert("price", (0..days).map(|day| (day * 7_919 % 101) as f64).collect());
    let spec = SeriesSpec::Prophet(spec);
    bencher.bench_local(|| {
        spec.fit(black_box(&series), Frequency::DAILY, Interrupt::default(), &mut Workspace::default())
    });
}

#[divan::bench]
fn pack(bencher: Bencher<'_, '_>) {
    let model = Fitted::from(fitted());
    bencher.bench_local(|| artifact::pack(&mut Metadata::default(), black_box(&model)));
}

/// What a server does to load a model that was packed.
#[divan::bench]
fn open_packed(bencher: Bencher<'_, '_>) {
    let archive = artifact::pack(&mut Metadata::default(), &fitted().into());
    bencher.bench_local(|| open_archive(black_box(&archive), Limits::default()).expect("it was packed just now"));
}

/// The same of a model that the platform has unpacked.
#[divan::bench]
fn open_unpacked(bencher: Bencher<'_, '_>) {
    let archive = artifact::pack(&mut Metadata::default(), &fitted().into());
    let directory = tempfile::tempdir().expect("there is room for a model");
    let unpacked = tar::Archive::new(flate2::read::GzDecoder::new(&archive[..])).unpack(directory.path());
    unpacked.expect("there is room for a model");
    bencher.bench_local(|| open_path(black_box(directory.path()), Limits::default()).expect("it is unharmed"));
}

/// What a server does for the usual request.
#[divan::bench]
fn forecast_a_week(bencher: Bencher<'_, '_>) {
    let model = fitted();
    let dates = model.future_dates(Frequency::DAILY, 7);
    bencher.bench_local(|| {
        model.forecast(&ForecastRequest { seed: [7; 32], ..ForecastRequest::new(Dates::At(black_box(&dates))) })
    });
}

/// Thirty days ahead with 1,000 simulated futures.
#[divan::bench]
fn forecast(bencher: Bencher<'_, '_>) {
    let model = fitted();
    let dates = model.future_dates(Frequency::DAILY, 30);
    bencher.bench_local(|| {
        model.forecast(&ForecastRequest { seed: [7; 32], ..ForecastRequest::new(Dates::At(black_box(&dates))) })
    });
}
