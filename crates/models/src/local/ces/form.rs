//! The forms, and what each has.

use serde::{Deserialize, Serialize};

/// Which form of complex exponential smoothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CesModel {
    /// The form of those below that has the least AICc.
    #[default]
    #[serde(rename = "Z")]
    Auto,
    /// A level without a season.
    #[serde(rename = "N")]
    None,
    /// Simple: each place in the season has a level of its own, and nothing is shared by the places.
    #[serde(rename = "S")]
    Simple,
    /// Partial: a level, and a season that is added.
    #[serde(rename = "P")]
    Partial,
    /// Full: a level and a season that is added, with an information potential of its own.
    #[serde(rename = "F")]
    Full,
}

/// Bounds of α₀, α₁, β₀ and β₁; the simple form's are the first two. They are statsforecast's but for the least α₀, which is 0.01
/// there: with α₀ below 1 and α₁ near it, the level's errors grow from step to step instead of being forgotten. The paper demands
/// that they are forgotten, and what such parameters fit by chance they forecast worse.
const SMALLEST: [f64; 4] = [1.0, 0.01, 0.01, 0.01];
const LARGEST: [f64; 4] = [1.8, 1.9, 1.5, 1.5];

impl CesModel {
    /// The forms that are tried, the fewest parameters first; those with a season only if there is one.
    pub(super) fn forms(self, seasonal: bool) -> &'static [Self] {
        const ALL: [CesModel; 4] = [CesModel::None, CesModel::Simple, CesModel::Partial, CesModel::Full];
        match self {
            _ if !seasonal => &ALL[..1],
            Self::Auto => &ALL,
            Self::None => &ALL[..1],
            Self::Simple => &ALL[1..2],
            Self::Partial => &ALL[2..3],
            Self::Full => &ALL[3..],
        }
    }

    /// Lower and upper bounds of the smoothing parameters.
    pub(super) const fn bounds(self) -> [&'static [f64]; 2] {
        let (smallest, largest) = (SMALLEST.split_at(self.weights()).0, LARGEST.split_at(self.weights()).0);
        [smallest, largest]
    }

    /// How many smoothing parameters there are.
    pub(super) const fn weights(self) -> usize {
        match self {
            Self::Auto | Self::None | Self::Simple => 2,
            Self::Partial => 3,
            Self::Full => 4,
        }
    }

    /// How many parameters AICc counts, as statsforecast does: the parts of a state, and the variance.
    pub(super) const fn parameters(self) -> usize {
        match self {
            Self::Auto | Self::None | Self::Simple => 3,
            Self::Partial => 4,
            Self::Full => 5,
        }
    }

    /// Whether a level is shared by all places of the season.
    pub(super) const fn has_level(self) -> bool {
        !matches!(self, Self::Simple)
    }

    pub(super) const fn has_season(self) -> bool {
        matches!(self, Self::Simple | Self::Partial | Self::Full)
    }

    /// Whether each season has an information potential.
    pub(super) const fn has_potentials(self) -> bool {
        matches!(self, Self::Simple | Self::Full)
    }
}
