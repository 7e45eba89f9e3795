//! A model that answers bodies without HTTP.

use super::{
    models::LoadedModel,
    payload::{Request, Rules, answer},
};
use crate::artifact::Opened;
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A model in no registry.
#[derive(Debug)]
pub struct DirectModel(LoadedModel);

impl DirectModel {
    /// Keeps what requests need.
    #[must_use]
    pub fn new(opened: Opened) -> Self {
        Self(LoadedModel::alone(opened))
    }

    /// The body of the response.
    ///
    /// # Errors
    /// The status and the message of an error response.
    pub fn answer(
        &self,
        content_type: Option<&str>,
        accept: Option<&str>,
        body: &[u8],
        rules: Rules,
    ) -> Result<Vec<u8>, (u16, String)> {
        let [content_type, accept] = [content_type, accept].map(|media| media.map(str::to_owned));
        let deadline = Instant::now() + PATIENCE;
        let request = Request { content_type, accept, body: body.to_vec().into(), deadline };
        let answered = answer(&self.0, &request, rules);
        answered.map(|answer| answer.body).map_err(|error| (error.status.as_u16(), error.message))
    }
}
