//! dev
use manyfit::{
    dataset::Series,
    models::{
        FittedModel, ModelSpec, Workspace,
        frequency::Frequency,
        prophet::{History, ProphetSpec},
    },
};
use std::time::Instant;
fn main() {
    let mut ws = Workspace::default();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut s = Series::default();
        for line in text.lines().skip(1) {
            let (ds, y) = line.split_once(',').unwrap();
            let d: jiff::civil::DateTime = ds.trim_matches('"').parse().unwrap();
            let ms = d.duration_since(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_millis() as i64;
            s.dates.push(ms);
            if let Ok(y) = y.parse::<f64>() {
                if y.is_finite() {
                    s.timestamps.push(ms);
                    s.values.push(y);
                }
            }
        }
        let spec = ModelSpec::Prophet(ProphetSpec { history: History::Full, ..Default::default() });
        let mut cold = Workspace::default();
        let t0 = Instant::now();
        let _ = spec.fit(&s, Frequency::DAILY, None, &mut cold);
        let cold_t = t0.elapsed();
        let t0 = Instant::now();
        for _ in 0..19 {
            let _ = spec.fit(&s, Frequency::DAILY, None, &mut cold);
        }
        let warm = t0.elapsed() / 19;
        let m = match spec.fit(&s, Frequency::DAILY, None, &mut ws) {
            Ok(m) => m,
            Err(e) => {
                println!("{path} {e}");
                continue;
            }
        };
        let t0 = Instant::now();
        let json = m.to_json();
        let tj = t0.elapsed();
        std::fs::write(format!("{path}.json"), &json).unwrap();
        let FittedModel::Prophet(p) = &m else { panic!() };
        println!(
            "{path} n={} cold={cold_t:?} warm={warm:?} json={tj:?} {} lp={:?} sigma={:e} perfect={} active={}",
            s.len(),
            json.len(),
            p.notes.log_posterior,
            p.parameters.sigma,
            p.notes.perfect_fit,
            p.parameters.delta.iter().filter(|d| **d != 0.0).count()
        );
    }
}
