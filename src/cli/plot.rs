//! `manyfit plot`: a customer's history, forecast and components as a drawing.

use super::{output::print_line, places::temporary_directory, s3::S3Arguments};
use crate::{
    artifact::{Limits, open_path},
    error::{Error, Result},
    plot::{Panel, Request, panels, svg},
    results::{CustomerResults, ResultsDirectory},
    shard::Shard,
    store::{Location, Store, write_file, writing},
};
use clap::Args;
use std::{io::Write, path::PathBuf, sync::Arc};

/// Steps that are forecast where the run forecast none.
const HORIZON: usize = 30;

/// Draw a customer's history and forecast, and its components, as SVG
///
///   manyfit plot out --customer 1005_minute_maid --components --output forecast.svg
///   manyfit plot out/models/1005_minute_maid.tar.gz --horizon 26 --output forecast.html
///
/// Of trees the importances of features are drawn.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Plot {
    /// Results of manyfit train with their models, or one model; results also in s3://bucket/prefix
    #[arg(value_name = "OUT|ARTIFACT")]
    place: Location,

    /// The customer; needed for results
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,

    /// The drawing: .svg, or .html for a page that holds it
    #[arg(long, value_name = "FILE")]
    output: PathBuf,

    /// Steps to forecast [default: as many as the run did, or 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    horizon: Option<u32>,

    /// Draw the components of a Prophet, too
    #[arg(long)]
    components: bool,

    /// Seed of the forecast's interval, as in training
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    s3: S3Arguments,
}

impl Plot {
    pub(super) fn run(self) -> Result<()> {
        let extension = self.output.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_page = match extension.to_ascii_lowercase().as_str() {
            "svg" => false,
            "html" => true,
            _ => return Err(Error::Settings(format!("{}: name it .svg or .html", self.output.display()))),
        };
        let drawing = svg(&self.panels()?)?;
        write_file(&self.output, |file| {
            let text = if is_page {
                format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>manyfit</title>\n{drawing}\n")
            } else {
                drawing
            };
            file.write_all(text.as_bytes()).map_err(|error| writing(&self.output, error))
        })?;
        print_line(&format!("wrote {}", self.output.display()))
    }

    fn panels(&self) -> Result<Vec<Panel>> {
        match (&self.place, &self.customer) {
            (Location::Directory(path), Some(customer)) => {
                let results = ResultsDirectory::new(path, Shard::ALL);
                self.of_results(&results.local(), &results, customer)
            }
            (place @ Location::Bucket { .. }, Some(customer)) => {
                let store: Arc<dyn Store> = self.s3.open(place)?.into();
                let results = ResultsDirectory::in_bucket(store.clone(), temporary_directory()?, Shard::ALL);
                self.of_results(&*store, &results, customer)
            }
            (Location::Directory(path), None) if path.is_file() => {
                let opened = open_path(path, Limits::default())?;
                let metadata = opened.metadata.as_ref();
                let customer =
                    metadata.map_or_else(|| path.display().to_string(), |metadata| metadata.customer.clone());
                panels(&customer, &opened.model, metadata, &[], self.request(HORIZON))
            }
            (place, None) => {
                Err(Error::Settings(format!("{place} is no model's file: say of which --customer of these results")))
            }
        }
    }

    fn of_results(&self, store: &dyn Store, results: &ResultsDirectory, customer: &str) -> Result<Vec<Panel>> {
        let found = CustomerResults::find(store, results, customer)?;
        let opened = found.artifact()?.ok_or_else(|| {
            let reason = found.outcome.reason.as_deref().unwrap_or("its artifact is not beside the results");
            Error::Data(format!("{customer}: has no model: {reason}"))
        })?;
        let history = found.values("history", "y")?;
        let horizon = match self.horizon {
            Some(_) => 0,
            None => found.values("forecasts", "yhat")?.len(),
        };
        let horizon = if horizon == 0 { HORIZON } else { horizon };
        panels(customer, &opened.model, opened.metadata.as_ref(), &history, self.request(horizon))
    }

    fn request(&self, horizon: usize) -> Request {
        let horizon = self.horizon.map_or(horizon, |horizon| horizon as usize);
        Request { horizon, components: self.components, seed: self.seed }
    }
}
