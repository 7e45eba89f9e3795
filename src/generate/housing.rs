//! Houses and their prices by city, as rows of features.

use super::{draws::Draws, output::Output, text::hundredths};
use crate::error::Result;

/// No house was built after this year.
const LAST_YEAR: f64 = 2019.0;

/// Cities with houses, as AWS's notebook on multi-model endpoints with XGBoost generates them.
///
/// A row is a house: price, year built, square feet, bedrooms, bathrooms, lot acres, garage spaces; without a header, two
/// decimals each. The price is linear in the features:
///
/// `150 · square feet + 10,000 · bedrooms + 15,000 · (bathrooms + acres + garage spaces) - 5,000 · age`
///
/// Square feet are normal around 3,000 ± 750, lots around 1 ± 0.25 acres, years around 1995 ± 10 and not after 2019; there
/// are 2 to 6 bedrooms, 1 to 3 bathrooms in halves, 0 to 3 garage spaces. Unlike there, a house has 400 square feet and
/// 0.05 acres at least, and prices are noisy.
#[derive(Clone, Debug)]
pub struct Housing {
    /// Houses in each training file; the validation file has half as many.
    pub rows: usize,
    /// Standard deviation of the noise, as a share of the price. The houses are the same for any noise.
    pub noise: f64,
}

struct House {
    /// In the order of the file, after the price.
    features: [f64; 6],
    price: f64,
}

impl Housing {
    pub(super) fn customer(&self, number: u64, mut draws: Draws, output: &mut Output<'_>) -> Result<()> {
        for (folder, suffix, rows) in [("train", "train", self.rows), ("validation", "val", self.rows.div_ceil(2))] {
            for _ in 0..rows {
                let house = self.house(&mut draws);
                hundredths(house.price, &mut output.text);
                for feature in house.features {
                    output.text.push(b',');
                    hundredths(feature, &mut output.text);
                }
                output.text.push(b'\n');
            }
            output.publish(&format!("{folder}/city_{number:06}_{suffix}.csv"))?;
        }
        Ok(())
    }

    fn house(&self, draws: &mut Draws) -> House {
        let square_feet = draws.normal(3000.0, 750.0).max(400.0).trunc();
        let bedrooms = f64::from(draws.whole(2, 6));
        let bathrooms = f64::from(draws.whole(2, 6)) / 2.0;
        let acres = (draws.normal(1.0, 0.25).max(0.05) * 100.0).round() / 100.0;
        let garage_spaces = f64::from(draws.whole(0, 3));
        let year = draws.normal(1995.0, 10.0).min(LAST_YEAR).trunc();
        let price = 150.0 * square_feet + 10_000.0 * bedrooms + 15_000.0 * (bathrooms + acres + garage_spaces)
            - 5_000.0 * (LAST_YEAR - year);
        // Drawn without noise too, so that the houses do not depend on it.
        let noise = draws.normal(0.0, self.noise);
        House {
            features: [year, square_feet, bedrooms, bathrooms, acres, garage_spaces],
            price: (price * (1.0 + noise)).trunc(),
        }
    }
}
