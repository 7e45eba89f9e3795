//! Several models of one series whose forecasts are combined.

use crate::{
    Error, Result,
    baseline::FittedBaseline,
    data::CovariateError,
    forecast::Forecast,
    forecast_request::{Dates, ForecastRequest},
    local::FittedLocal,
};
use serde::{Deserialize, Serialize};

/// The most models of one combination.
const MOST_MEMBERS: usize = 64;

/// Fitted models `M` of one series, and how their forecasts are combined.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedCombination<M> {
    /// Whether the forecasts are the median of the members', instead of their weighted mean.
    pub median: bool,
    /// At least two; the weights of a mean add up to 1.
    pub members: Vec<(f64, M)>,
}

/// The file of a combination.
#[derive(Serialize, Deserialize)]
struct CombinationFile {
    combine: Rule,
    members: Vec<MemberFile>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    Mean,
    Median,
}

#[derive(Serialize, Deserialize)]
struct MemberFile {
    weight: f64,
    #[serde(flatten)]
    model: MemberModel,
}

/// A member in the file of a combination.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "there are a few of them, for as long as a file is read")]
pub(crate) enum MemberModel {
    Local(FittedLocal),
    Baseline(FittedBaseline),
    /// A model that keeps a file of its own, with this name.
    File(String),
}

impl<M> FittedCombination<M> {
    /// Forecasts, each member by `answer`; the dates of the one at `leader` are those of all.
    ///
    /// Members are asked as the combination is, which leads to the same dates unless the leader knows columns of some, and only then
    /// by date: a last date that is not of the calendar has steps after it that no date by itself tells.
    pub(crate) fn answer(
        &self,
        request: &ForecastRequest<'_>,
        leader: usize,
        answer: impl Fn(&M, &ForecastRequest<'_>) -> Result<Forecast, CovariateError>,
    ) -> Result<Forecast, CovariateError> {
        let request = ForecastRequest { history: &[], ..*request };
        let led = answer(&self.members[leader].1, &request)?;
        let at = ForecastRequest { dates: Dates::At(&led.dates), ..request };
        let mut forecasts = Vec::with_capacity(self.members.len());
        for (place, (weight, member)) in self.members.iter().enumerate() {
            let forecast = if place == leader { led.clone() } else { answer(member, &request)? };
            let forecast = if forecast.dates == led.dates { forecast } else { answer(member, &at)? };
            forecasts.push((*weight, forecast));
        }
        let combine = |column: fn(&Forecast) -> &[f64]| {
            let columns: Vec<(f64, &[f64])> = forecasts.iter().map(|(weight, of)| (*weight, column(of))).collect();
            combined(&columns, self.median)
        };
        let [yhat, mut lower, mut upper] =
            [combine(|of| &of.yhat), combine(|of| &of.yhat_lower), combine(|of| &of.yhat_upper)];
        // The ends of a narrow interval are simulated, and may lie on one side of the forecast.
        for (row, yhat) in yhat.iter().enumerate() {
            lower[row] = lower[row].min(*yhat);
            upper[row] = upper[row].max(*yhat);
        }
        Ok(Forecast::without_components(led.dates, yhat, lower, upper))
    }

    /// The combination's own file, with each member as `member` writes it.
    pub(crate) fn to_json(&self, member: impl Fn(&M) -> MemberModel) -> Vec<u8> {
        let members = self.members.iter().map(|(weight, model)| MemberFile { weight: *weight, model: member(model) });
        let combine = if self.median { Rule::Median } else { Rule::Mean };
        let file = CombinationFile { combine, members: members.collect() };
        serde_json::to_vec(&file).expect("plain data has a JSON form")
    }

    /// Reads the file of a combination, each member by `member`.
    pub(crate) fn from_json(content: &[u8], mut member: impl FnMut(MemberModel) -> Result<M>) -> Result<Self> {
        let CombinationFile { combine, members } =
            serde_json::from_slice(content).map_err(|error| Error::Data(error.to_string()))?;
        if !(2..=MOST_MEMBERS).contains(&members.len()) {
            return Err(Error::Data(format!("members are {}: a combination has 2 to {MOST_MEMBERS}", members.len())));
        }
        let total: f64 = members.iter().map(|member| member.weight).sum();
        let is_share = |member: &MemberFile| (0.0..=1.0).contains(&member.weight);
        if !members.iter().all(is_share) || (total - 1.0).abs() > 1e-9 {
            return Err(Error::Data("weights of members are from 0 to 1, and add up to 1".into()));
        }
        let read = |MemberFile { weight, model }| Ok((weight, member(model)?));
        let members = members.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Self { median: combine == Rule::Median, members })
    }
}

/// The weighted mean of columns of equal length, or their median, row by row.
pub(crate) fn combined(columns: &[(f64, &[f64])], median: bool) -> Vec<f64> {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    if !median {
        let mut mean = vec![0.0; rows];
        for (weight, column) in columns {
            for (mean, value) in mean.iter_mut().zip(*column) {
                *mean += weight * value;
            }
        }
        return mean;
    }
    let mut values = Vec::with_capacity(columns.len());
    let middle = |row: usize| {
        values.clear();
        values.extend(columns.iter().map(|(_, column)| column[row]));
        values.sort_unstable_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
    };
    (0..rows).map(middle).collect()
}
