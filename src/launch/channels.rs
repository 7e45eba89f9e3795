//! The input channels of Fit, apart from where the customers' files come from.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::spec::{InputMode, Launch};
use crate::sagemaker::{TABLES, TRAINING};

/// The parameter of a pipeline for the place of each channel of tables.
const PARAMETERS: [&str; TABLES.len()] = ["HolidaysS3Uri", "OverridesS3Uri", "FutureS3Uri"];

/// How the platform gives a channel's objects to the instances.
#[derive(Clone, Copy)]
pub(super) enum Distribution {
    /// To each instance its share.
    Sharded,
    /// To each instance all.
    Replicated,
}

impl Launch {
    /// Sets the settings of the fit. The places of tables become channels, of which the settings then name a file, or nothing: that
    /// is how the container finds them.
    pub(crate) fn set_settings(&mut self, mut settings: BTreeMap<String, String>) {
        for name in TABLES {
            let Some(place) = settings.remove(name).filter(|place| !place.is_empty()) else { continue };
            if is_table(&place)
                && let Some((_, file)) = place.rsplit_once('/')
            {
                settings.insert(name.to_owned(), file.to_owned());
            }
            self.tables.insert(name, place);
        }
        self.hyperparameters = settings;
    }

    /// The channels of tables: name, parameter of the pipeline, place.
    pub(super) fn table_channels(&self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        let place = |name: &str| self.tables.get(name).map(|place| as_prefix(place));
        TABLES.into_iter().zip(PARAMETERS).filter_map(move |(name, parameter)| Some((name, parameter, place(name)?)))
    }
}

/// A channel of a training job.
pub(super) fn channel(name: &str, mode: InputMode, place: &Value, distribution: Distribution) -> Value {
    json!({
        "ChannelName": name,
        "InputMode": mode,
        "DataSource": { "S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": place,
            "S3DataDistributionType": match distribution {
                Distribution::Sharded => "ShardedByS3Key",
                Distribution::Replicated => "FullyReplicated",
            },
        } },
    })
}

/// The name of the channel of the customers' files.
pub(super) const CUSTOMERS_CHANNEL: &str = TRAINING[0];

/// A prefix with a trailing slash, without which `raw` would also match `raw-old/`; a single table as it is.
pub(super) fn as_prefix(place: &str) -> String {
    if place.is_empty() || place.ends_with('/') || is_table(place) { place.to_owned() } else { format!("{place}/") }
}

fn is_table(place: &str) -> bool {
    [".csv", ".tsv", ".txt", ".gz", ".parquet"].iter().any(|end| place.ends_with(end))
}
