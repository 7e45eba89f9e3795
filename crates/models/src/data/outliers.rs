//! What becomes of outliers.

use super::{checks::Outlier, series::Series};
use serde::{Deserialize, Serialize};

/// What becomes of values far off those around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutlierTreatment {
    /// They stay.
    #[default]
    Keep,
    /// They become the nearest value that is no outlier there.
    Clip,
    /// Their rows have no value.
    Missing,
}

impl OutlierTreatment {
    /// The series with its outliers treated, in the order of their dates; none if nothing changes.
    #[must_use]
    pub fn apply(self, series: &Series, outliers: impl IntoIterator<Item = Outlier>) -> Option<Series> {
        let mut outliers = outliers.into_iter().peekable();
        if self == Self::Keep || outliers.peek().is_none() {
            return None;
        }
        let mut treated = Series { timestamps: Vec::new(), values: Vec::new(), ..series.clone() };
        for (&date, &value) in series.timestamps.iter().zip(&series.values) {
            let value = match outliers.next_if(|outlier| outlier.at == date) {
                None => value,
                Some(outlier) if self == Self::Clip => outlier.bound,
                Some(_) => continue,
            };
            treated.timestamps.push(date);
            treated.values.push(value);
        }
        Some(treated)
    }
}

#[cfg(test)]
mod tests {
    use super::{Outlier, OutlierTreatment, Series};

    #[test]
    fn outliers_stay_are_clipped_or_lose_their_value() {
        let series = Series {
            dates: vec![1, 2, 3, 4],
            timestamps: vec![1, 3, 4],
            values: vec![5.0, 90.0, -90.0],
            ..Series::default()
        };
        let outliers = [Outlier { at: 3, bound: 9.0 }, Outlier { at: 4, bound: -9.0 }];
        assert_eq!(OutlierTreatment::Keep.apply(&series, outliers), None);
        assert_eq!(OutlierTreatment::Clip.apply(&series, []), None);
        let clipped = OutlierTreatment::Clip.apply(&series, outliers).unwrap();
        assert_eq!(clipped, Series { values: vec![5.0, 9.0, -9.0], ..series.clone() });
        let missing = OutlierTreatment::Missing.apply(&series, outliers).unwrap();
        assert_eq!(missing, Series { timestamps: vec![1], values: vec![5.0], ..series.clone() });
    }
}
