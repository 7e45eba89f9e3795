//! `manyfit explain`: what is known of one customer.

use super::{
    output::{print_json, print_line},
    places::temporary_directory,
    s3::S3Arguments,
};
use crate::{
    artifact::{Limits, is_archive, open_object, open_path},
    error::{Error, Result},
    explain::{Explanation, of_artifact, of_results},
    results::ResultsDirectory,
    shard::Shard,
    store::{Location, Store},
};
use clap::{Args, ValueEnum};
use std::{path::Path, sync::Arc};

/// Tell what is known of one customer: data, errors, candidates, and what its model is made of
///
///   manyfit explain out 1005_minute_maid
///   manyfit explain out/models/1005_minute_maid.tar.gz
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Explain {
    /// Results of manyfit train or merge, with their models, or one model; also s3://bucket/prefix
    #[arg(value_name = "OUT|ARTIFACT")]
    place: Location,

    /// The customer; needed for results
    #[arg(value_name = "CUSTOMER")]
    customer: Option<String>,

    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    s3: S3Arguments,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A page of text
    #[default]
    Text,
    /// Everything, as data
    Json,
}

impl Explain {
    pub(super) fn run(self) -> Result<()> {
        let explanation = self.explanation()?;
        match self.format {
            Format::Text => print_line(&explanation.to_string()),
            Format::Json => print_json(&explanation),
        }
    }

    fn explanation(&self) -> Result<Explanation> {
        let Some(customer) = &self.customer else { return self.of_artifact() };
        match &self.place {
            Location::Directory(path) => {
                let results = ResultsDirectory::new(path, Shard::ALL);
                of_results(&results.local(), &results, customer)
            }
            Location::Bucket { .. } => {
                let store: Arc<dyn Store> = self.s3.open(&self.place)?.into();
                let results = ResultsDirectory::in_bucket(store.clone(), temporary_directory()?, Shard::ALL);
                of_results(&*store, &results, customer)
            }
        }
    }

    fn of_artifact(&self) -> Result<Explanation> {
        let nameless = || {
            let place = &self.place;
            Error::Settings(format!("{place} is no model: name a customer of these results, or a model"))
        };
        match &self.place {
            Location::Directory(path) => {
                if !path.is_file() && !path.join(".manyfit.json").exists() && !path.join("model.json").exists() {
                    return Err(nameless());
                }
                Ok(of_artifact(&stem(path), open_path(path, Limits::default())?))
            }
            place @ Location::Bucket { .. } => {
                let (folder, name) = place.split().filter(|(_, name)| is_archive(name)).ok_or_else(nameless)?;
                let mut bytes = Vec::new();
                if !self.s3.open(&folder)?.read_within(&name, Limits::default().file, &mut bytes)? {
                    return Err(Error::Settings(format!("{place}: there is no such model")));
                }
                Ok(of_artifact(&stem(Path::new(&name)), open_object(&name, bytes, Limits::default())?))
            }
        }
    }
}

/// The name of a model's file without its extension.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".tar.gz").or(name.strip_suffix(".tgz")).unwrap_or(&name).to_owned()
}
