//! What is known of one customer: its data, its errors, and what its model is made of.
//!
//! | module | content |
//! |---|---|
//! | `made_of` | a model in numbers: trend, components, holidays, parameters, features |
//! | `text` | the explanation as a page of text |
//! | `find` | explanations of customers of a run, and of models alone |

mod find;
mod made_of;
mod text;

pub use find::{of_artifact, of_results};

use crate::{artifact::Metadata, results::Outcome};
use made_of::MadeOf;
use serde::Serialize;

/// What is known of one customer.
#[derive(Serialize)]
pub struct Explanation {
    /// The customer.
    customer: String,
    /// Its row of the manifest; none for an artifact alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// What its artifact says of itself; none without one, or if another program wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact: Option<Metadata>,
    /// Its model; none without an artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<MadeOf>,
}
