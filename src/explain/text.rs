//! The explanation as a page of text.

use super::{
    Explanation,
    made_of::{MadeOf, Trend},
};
use crate::{
    artifact::Metadata,
    results::{Outcome, Status},
    words::{counted, plain, printable},
};
use manyfit_models::backtest::{BacktestRecord, Metrics};
use std::fmt::{self, Display, Write};

/// Characters before the second column.
const COLUMN: usize = 14;

impl Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Lines::default();
        let status = self.outcome.as_ref().map_or("a model", |outcome| outcome.status.name());
        let model = self.model.as_ref().map(|model| format!(", {}", model.name)).unwrap_or_default();
        if let Some(outcome) = &self.outcome {
            lines.outcome(outcome);
        } else if let Some(artifact) = &self.artifact {
            lines.artifact(artifact);
        }
        if let Some(model) = &self.model {
            lines.made_of(model);
        }
        if let Some(Metadata { manyfit, version, fingerprint, .. }) = &self.artifact {
            let version = version.as_ref().map(|version| format!(", version {version}")).unwrap_or_default();
            lines.say("artifact", format!("by manyfit {manyfit}{version}, fingerprint {fingerprint}"));
        }
        writeln!(f, "{}: {status}{model}", printable(&self.customer))?;
        f.write_str(&lines.0)
    }
}

/// Lines of a name and a text each; a name that repeats is left out.
#[derive(Default)]
struct Lines(String, &'static str);

impl Lines {
    fn say(&mut self, name: &'static str, text: impl Display) {
        let shown = if self.1 == name { "" } else { name };
        self.1 = name;
        let text = text.to_string();
        writeln!(self.0, "  {shown:COLUMN$}{}", printable(&text)).expect("text grows");
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let Outcome { status, reason, rows, missing, first, last, frequency, .. } = outcome;
        if let Some(reason) = reason {
            self.say(if *status == Status::Failed { "failed" } else { "fallback" }, reason);
        }
        let span = match (first, last) {
            (Some(first), Some(last)) => format!(" from {first} to {last}"),
            _ => String::new(),
        };
        let every = frequency.as_ref().map(|frequency| format!(", every {frequency}")).unwrap_or_default();
        let without = if *missing > 0 { format!(", {missing} without a value") } else { String::new() };
        self.say("data", format!("{}{span}{every}{without}", counted(*rows, "row")));
        outcome.checks.iter().for_each(|check| self.say("checks", format!("{}: {}", check.check, check.reason)));
        outcome.notes.iter().for_each(|note| self.say("notes", note));
        if outcome.accuracy.is_none() {
            self.scores(outcome.backtest.as_ref());
        }
        for candidate in outcome.selection.iter().flat_map(|selection| &selection.candidates) {
            let settings: Vec<String> =
                candidate.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let error = candidate.error.map(|error| format!("error {}", plain(error)));
            let told = error.or_else(|| candidate.failed.clone()).unwrap_or_default();
            let chosen = if candidate.chosen { ", chosen" } else { "" };
            self.say("candidates", format!("{} {}: {told}{chosen}", candidate.model, settings.join(" ")));
        }
        if let Some(calibration) = outcome.calibration {
            let cutoffs = counted(calibration.cutoffs, "cutoff");
            self.say("intervals", format!("scaled by {} after {cutoffs}", plain(calibration.factor)));
        }
        if let Some(scores) = outcome.in_sample {
            self.say("in sample", format!("MAE {}, RMSE {}", plain(scores.mae), plain(scores.rmse)));
        }
        if let Some(accuracy) = outcome.accuracy {
            let measures = accuracy.named().map(|(name, value)| format!("{name} {}", plain(value)));
            let measures = measures.collect::<Vec<_>>().join(", ");
            self.say("errors", format!("on {} ({}): {measures}", counted(accuracy.rows, "row"), accuracy.on.name()));
        }
        let phases = outcome.ms.named().into_iter().filter(|(_, ms)| *ms > 0.0);
        let phases: Vec<String> = phases.map(|(name, ms)| format!("{name} {}", plain(ms))).collect();
        self.say("time in ms", format!("{} ({})", plain(outcome.ms.total()), phases.join(", ")));
        if let (Some(artifact), Some(bytes)) = (&outcome.artifact, outcome.bytes) {
            self.say("file", format!("models/{artifact}, {bytes} bytes"));
        }
    }

    /// What the artifact alone says.
    fn artifact(&mut self, metadata: &Metadata) {
        if let Some(reason) = &metadata.fallback {
            self.say("fallback", reason);
        }
        let without =
            if metadata.missing > 0 { format!(", {} without a value", metadata.missing) } else { String::new() };
        self.say("data", format!("{}{without}", counted(metadata.rows, "row")));
        metadata.notes.iter().for_each(|note| self.say("notes", note));
        self.scores(metadata.backtest.as_ref());
    }

    /// The errors of the model and of the others, and why it is this one.
    fn scores(&mut self, record: Option<&BacktestRecord>) {
        let Some(record) = record else {
            return self.say("backtest", "none: how well it forecasts is not known (--backtest 3)");
        };
        let (rows, cutoffs) = (counted(record.rows, "row"), counted(record.cutoffs, "cutoff"));
        self.say("backtest", format!("{rows} after {cutoffs}"));
        let own = record.metrics.as_ref();
        self.say("", row("its model", own, ""));
        for candidate in &record.candidates {
            let weight = candidate.weight.map(|weight| format!("  weight {:.1} %", 100.0 * weight)).unwrap_or_default();
            match &candidate.failed {
                Some(why) => self.say("", format!("{:20}not scored: {why}", candidate.model)),
                None => self.say("", row(&candidate.model, candidate.metrics.as_ref(), &weight)),
            }
        }
        self.say("", row("seasonal naive", record.seasonal_naive.as_ref(), ""));
        self.say("why", why(record));
    }

    fn made_of(&mut self, model: &MadeOf) {
        for (name, weight) in &model.members {
            self.say("made of", format!("{name} {:.1} %", 100.0 * weight));
        }
        if let Some(Trend { growth, changepoints, changes, changed }) = &model.trend {
            let points = counted(*changepoints, "potential changepoint");
            self.say("trend", format!("{growth}, {points}, at {changed} of them the slope changes"));
            let unit = if *growth == "logistic" { "in the exponent, a day" } else { "a day" };
            for (date, change) in changes {
                self.say("changepoints", format!("{date}  {}{} {unit}", sign(*change), plain(change.abs())));
            }
        }
        for component in &model.components {
            let (least, most) = (component.least, component.most);
            let range = if component.is_multiplicative {
                format!("from {:+.1} % to {:+.1} % of the trend", 100.0 * least, 100.0 * most)
            } else {
                format!("from {}{} to {}{}", sign(least), plain(least.abs()), sign(most), plain(most.abs()))
            };
            self.say("components", format!("{:26} {range} in the year after the history", component.name));
        }
        let parameters = model.parameters.iter().map(|(name, value)| match value.as_f64() {
            Some(number) => format!("{name} {}", plain(number)),
            None => format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        });
        let parameters: Vec<String> = parameters.collect();
        parameters.chunks(5).for_each(|some| self.say("parameters", some.join(", ")));
        for (name, gain) in &model.features {
            let gain = gain.map(|gain| format!("mean gain {}", plain(gain))).unwrap_or_default();
            self.say("features", format!("{name:24}{gain}"));
        }
    }
}

/// The errors of one model.
fn row(name: &str, metrics: Option<&Metrics>, weight: &str) -> String {
    let Some(metrics) = metrics else { return format!("{name:20}not scored") };
    let of = |value: Option<f64>| value.map_or_else(|| "    –".into(), |value| format!("{value:.3}"));
    let coverage = metrics.coverage.map(|share| format!("  covers {:.0} %", 100.0 * share)).unwrap_or_default();
    let (mase, rmsse) = (of(metrics.mase), of(metrics.rmsse));
    format!("{name:20}MASE {mase}  RMSSE {rmsse}  bias {}{coverage}{weight}", plain(metrics.bias))
}

/// Why the customer has its model, in a sentence.
fn why(record: &BacktestRecord) -> String {
    let mase = |metrics: &Option<Metrics>| metrics.as_ref().and_then(|metrics| metrics.mase);
    let best = record.candidates.iter().filter_map(|candidate| Some((mase(&candidate.metrics)?, &candidate.model)));
    let best = best.min_by(|(a, _), (b, _)| a.total_cmp(b));
    let weighted = record.candidates.iter().filter_map(|candidate| Some((candidate.weight?, candidate.model.as_str())));
    let mut used: Vec<(f64, &str)> = weighted.filter(|(weight, _)| *weight > 0.0).collect();
    used.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let naive = match (mase(&record.metrics), mase(&record.seasonal_naive)) {
        (Some(own), Some(naive)) if own < naive => {
            format!("; the MASE of its model is {:.0} % below the seasonal naive's", 100.0 * (1.0 - own / naive))
        }
        (Some(own), Some(naive)) => {
            format!("; the MASE of its model is {:.0} % above the seasonal naive's", 100.0 * (own / naive - 1.0))
        }
        _ => String::new(),
    };
    let choice = match (&used[..], best) {
        ([], Some((least, model))) => match mase(&record.metrics) {
            Some(own) if least < own => {
                format!("the model was set; {model} would have had a MASE of {least:.3} instead of {own:.3}")
            }
            _ => "the model was set, and none of the candidates did better".into(),
        },
        ([], None) => "the model was set".into(),
        ([(_, model)], _) => format!("{model} was chosen by these errors and by what is known of other series"),
        ([(most, _), .., (least, _)], _) if most - least < 1e-9 => "all of its models count the same".into(),
        (used, best) => {
            let first: Vec<String> =
                used.iter().take(3).map(|(weight, model)| format!("{model} {:.0} %", 100.0 * weight)).collect();
            let best = best.map(|(_, model)| format!("; {model} alone did best")).unwrap_or_default();
            format!("weights by these errors and by what is known of other series, {} first{best}", first.join(", "))
        }
    };
    format!("{choice}{naive}")
}

const fn sign(number: f64) -> &'static str {
    if number < 0.0 { "−" } else { "+" }
}
