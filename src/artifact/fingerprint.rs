//! A hash of everything an artifact depends on, by which a run skips customers whose artifacts are up to date.

use super::{hex, metadata::FORMAT};
use manyfit_models::data::{Categories, CustomerId, Series, Table};
use sha2::{Digest, Sha256};

/// Version of the forecasting algorithms. Raising it makes every older artifact be fitted again.
const ALGORITHM: u32 = 1;

/// The same for regression.
const REGRESSION_ALGORITHM: u32 = 1;

/// Hash of a customer's data, of the settings that shape its model, and of the versions of format and algorithm.
///
/// The data are the parsed rows, so the same rows from a CSV, a compressed CSV, a Parquet file or a file of many customers
/// have the same fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a series. `settings` is the canonical text of all settings that affect the artifact.
    #[must_use]
    pub fn new(settings: &str, customer: &CustomerId, series: &Series) -> Self {
        let mut hash = Hasher::default();
        hash.numbers(&[FORMAT, ALGORITHM], |version| version.to_le_bytes());
        hash.text(settings);
        hash.text(customer.as_str());
        // The lengths separate the three columns.
        hash.lengths(&[series.dates.len(), series.values.len()]);
        hash.numbers(&series.dates, |ms| ms.to_le_bytes());
        hash.numbers(&series.timestamps, |ms| ms.to_le_bytes());
        hash.numbers(&series.values, |y| y.to_le_bytes());
        for (name, column) in series.columns.iter() {
            hash.lengths(&[name.len()]);
            hash.numbers(name.as_bytes(), |&byte| u64::from(byte).to_le_bytes());
            hash.numbers(column, |x| x.to_le_bytes());
        }
        hash.finish()
    }

    /// Of tables of features, for regression. Validation rows count: they decide early stopping, and the artifact stores the
    /// errors on them.
    #[must_use]
    pub fn of_tables(settings: &str, customer: &CustomerId, training: &Table, validation: Option<&Table>) -> Self {
        let mut hash = Hasher::default();
        hash.0.update(b"regression");
        hash.numbers(&[FORMAT, REGRESSION_ALGORITHM], |version| version.to_le_bytes());
        hash.text(settings);
        hash.text(customer.as_str());
        // Every list is preceded by its length, so that different tables never give the same bytes.
        for feature in &training.features {
            hash.text(&feature.name);
            let categories = feature.categories.as_ref().map(Categories::names);
            hash.lengths(&[categories.map_or(0, |categories| 1 + categories.len())]);
            categories.unwrap_or_default().iter().for_each(|category| hash.text(category));
        }
        // All missing values hash alike.
        let single = |&number: &f32| if number.is_nan() { f32::NAN.to_le_bytes() } else { number.to_le_bytes() };
        for table in [Some(training), validation].into_iter().flatten() {
            let matrix = &table.matrix;
            hash.lengths(&[matrix.rows(), matrix.columns(), table.missing, usize::from(table.weights.is_some())]);
            (0..matrix.columns()).for_each(|column| hash.numbers(matrix.column(column), single));
            hash.numbers(&table.targets, single);
            hash.numbers(table.weights.as_deref().unwrap_or_default(), single);
        }
        hash.finish()
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for names.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

/// SHA-256 of texts and numbers.
#[derive(Default)]
struct Hasher(Sha256);

impl Hasher {
    fn text(&mut self, text: &str) {
        self.lengths(&[text.len()]);
        self.0.update(text);
    }

    fn lengths(&mut self, lengths: &[usize]) {
        self.numbers(lengths, |&length| (length as u64).to_le_bytes());
    }

    /// Hashes numbers in blocks, which is faster than one by one.
    fn numbers<T, const N: usize>(&mut self, numbers: &[T], bytes: impl Fn(&T) -> [u8; N]) {
        let mut block = [0; 4096];
        for numbers in numbers.chunks(block.len() / N) {
            for (place, number) in block.as_chunks_mut::<N>().0.iter_mut().zip(numbers) {
                *place = bytes(number);
            }
            self.0.update(&block[..N * numbers.len()]);
        }
    }

    fn finish(self) -> Fingerprint {
        Fingerprint(hex(&self.0.finalize()))
    }
}

/// The seed of a customer's forecast draws: a function of the run's seed and the customer's name only.
#[must_use]
pub fn forecast_seed(seed: u64, customer: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_le_bytes()).chain_update(customer).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_data_and_the_settings_counts() {
        let customer = CustomerId::new("8").unwrap();
        let series =
            Series { dates: vec![1, 2, 3], timestamps: vec![1, 3], values: vec![0.5, 1.5], ..Series::default() };
        let base = Fingerprint::new("a", &customer, &series);
        assert_eq!(base, Fingerprint::new("a", &customer, &series.clone()));
        assert_eq!((base.as_str().len(), base.short().len()), (64, 12));
        let mut changed = vec![Fingerprint::new("b", &customer, &series)];
        changed.push(Fingerprint::new("a", &CustomerId::new("9").unwrap(), &series));
        for change in [
            |s: &mut Series| s.values[0] = 0.25,
            |s: &mut Series| s.timestamps[0] = 2,
            |s: &mut Series| s.dates.push(4),
            |s: &mut Series| s.columns.insert("price", vec![1.0, 2.0, 3.0]),
            |s: &mut Series| s.columns.insert("price", vec![1.0, 2.0, 4.0]),
            |s: &mut Series| s.columns.insert("prices", vec![1.0, 2.0, 4.0]),
            |s: &mut Series| s.values[0] = f64::from_bits(s.values[0].to_bits() + 1),
        ] {
            let mut series = series.clone();
            change(&mut series);
            changed.push(Fingerprint::new("a", &customer, &series));
        }
        for (i, fingerprint) in changed.iter().enumerate() {
            assert_ne!(*fingerprint, base, "change {i}");
        }
    }

    #[test]
    fn every_part_of_the_tables_counts() {
        use manyfit_models::data::{Feature, Matrix};
        let customer = CustomerId::new("8").unwrap();
        let table = Table {
            features: Feature::unnamed(2),
            matrix: Matrix::from_rows(2, &[1.0, 2.0, 3.0, f32::NAN]).unwrap(),
            targets: vec![1.0, 2.0],
            weights: None,
            rows: vec![1, 2],
            missing: 0,
            unseen: vec![0; 2],
        };
        let of = |table: &Table, validation| Fingerprint::of_tables("a", &customer, table, validation);
        let base = of(&table, None);
        assert_eq!(base, of(&table.clone(), None));
        let mut changed = vec![Fingerprint::of_tables("b", &customer, &table, None), of(&table, Some(&table))];
        for change in [
            |t: &mut Table| t.targets[0] = 1.5,
            |t: &mut Table| t.features[0].name = "x".into(),
            |t: &mut Table| t.features[1].categories = Some(Categories::default()),
            |t: &mut Table| t.weights = Some(vec![1.0, 1.0]),
            |t: &mut Table| t.matrix = Matrix::from_rows(2, &[1.0, 2.0, 3.0, 4.0]).unwrap(),
            |t: &mut Table| t.missing = 1,
        ] {
            let mut table = table.clone();
            change(&mut table);
            changed.push(of(&table, None));
        }
        for (i, fingerprint) in changed.iter().enumerate() {
            assert_ne!(*fingerprint, base, "change {i}");
        }
    }
}
