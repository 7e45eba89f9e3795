//! Explanations of customers of a run, and of models alone.

use super::{Explanation, made_of::MadeOf};
use crate::{
    artifact::{Metadata, Opened},
    error::Result,
    results::{CustomerResults, ResultsDirectory},
    store::Store,
};

/// Explains a customer of a run, whose results are in `store`.
///
/// # Errors
/// [`Error::Settings`](crate::error::Error::Settings) if there are no results or no such customer,
/// [`Error::Data`](crate::error::Error::Data) for a manifest or an artifact that cannot be read.
pub fn of_results(store: &dyn Store, results: &ResultsDirectory, customer: &str) -> Result<Explanation> {
    let found = CustomerResults::find(store, results, customer)?;
    let (artifact, model) = found.artifact()?.map_or((None, None), described);
    Ok(Explanation { customer: customer.to_owned(), outcome: Some(found.outcome), artifact, model })
}

/// Explains a model without the results of its run.
#[must_use]
pub fn of_artifact(name: &str, opened: Opened) -> Explanation {
    let customer = opened.metadata.as_ref().map_or_else(|| name.to_owned(), |metadata| metadata.customer.clone());
    let (artifact, model) = described(opened);
    Explanation { customer, outcome: None, artifact, model }
}

fn described(Opened { metadata, model, .. }: Opened) -> (Option<Metadata>, Option<MadeOf>) {
    let made_of = MadeOf::new(&model, metadata.as_ref());
    (metadata, Some(made_of))
}
