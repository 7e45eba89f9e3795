//! The platform's environment variables in a serving container.
//!
//! Sources: Amazon SageMaker developer guide, "Build Your Own Container for SageMaker Multi-Model Endpoints" and "Use
//! Your Own Inference Code"; aws/sagemaker-xgboost-container `serving_mms.py`, whose variables these are.

use std::{path::PathBuf, time::Duration};

use super::paths::{Paths, Variables, process_variables};
use crate::error::{Error, Result};

/// Upper limit of the response timeout, in seconds: longer than any useful one, without overflow.
const LONGEST_TIMEOUT: u64 = 24 * 3600;

/// The configuration of a serving container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServingEnvironment {
    /// Whether this process runs in a container of the platform.
    pub detected: bool,
    /// `SAGEMAKER_MULTI_MODEL`: models are loaded by API calls.
    pub multi_model: bool,
    /// The directory of a single-model endpoint's unpacked model; in local mode, of the archives of all models.
    pub model: PathBuf,
    /// `SAGEMAKER_BIND_TO_PORT`. No other port is opened, so that `SAGEMAKER_SAFE_PORT_RANGE` need not be known.
    pub port: Option<u16>,
    /// `SAGEMAKER_MAX_REQUEST_SIZE`, or `MAX_CONTENT_LENGTH`, in bytes.
    pub max_request: Option<u64>,
    /// `SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT`: the media type of responses to requests without an Accept header.
    pub default_accept: Option<String>,
    /// `SAGEMAKER_BATCH`: requests come from a batch transform.
    pub batch: bool,
    /// `SAGEMAKER_INFERENCE_OUTPUT`: the parts of predictions that are returned.
    pub inference_output: Option<String>,
    /// `SAGEMAKER_MODEL_SERVER_WORKERS`: requests computed concurrently.
    pub jobs: Option<usize>,
    /// `SAGEMAKER_MODEL_JOB_QUEUE_SIZE`: maximum number of queued requests.
    pub queue: Option<usize>,
    /// `SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS`, or `SAGEMAKER_MODEL_SERVER_TIMEOUT`, which Multi Model Server reads as
    /// minutes; at most a day.
    pub timeout: Option<Duration>,
}

impl ServingEnvironment {
    /// Reads the platform's variables.
    pub fn detect() -> Result<Self> {
        Self::detect_with(&process_variables)
    }

    fn detect_with(variables: Variables<'_>) -> Result<Self> {
        let text = |name: &str| variables(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        // Some of the platform's code writes `true`, some `True`, some another value.
        let is_set = |name: &str| {
            text(name).is_some_and(|text| !["false", "0", "no"].iter().any(|no| text.eq_ignore_ascii_case(no)))
        };
        let number = |name: &str, least: u64, most: u64| match text(name).map(|text| (text.parse::<u64>(), text)) {
            None => Ok(None),
            Some((Ok(number), _)) if (least..=most).contains(&number) => Ok(Some(number)),
            Some((_, text)) => {
                Err(Error::Settings(format!("{name} is {text:?}: use a whole number from {least} to {most}")))
            }
        };
        let positive = |name: &str| number(name, 1, u64::MAX);
        let multi_model = is_set("SAGEMAKER_MULTI_MODEL");
        let port = number("SAGEMAKER_BIND_TO_PORT", 0, u16::MAX.into())?.map(|port| port as u16);
        let model = Paths::new(variables).model();
        let seconds = positive("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS")?;
        let minutes = positive("SAGEMAKER_MODEL_SERVER_TIMEOUT")?;
        let seconds = seconds.or(minutes.map(|minutes| minutes.saturating_mul(60)));
        let max_request = match positive("SAGEMAKER_MAX_REQUEST_SIZE")? {
            None => positive("MAX_CONTENT_LENGTH")?,
            bytes => bytes,
        };
        Ok(Self {
            detected: multi_model || port.is_some() || model.is_dir(),
            multi_model,
            port,
            max_request,
            default_accept: text("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"),
            batch: is_set("SAGEMAKER_BATCH"),
            inference_output: text("SAGEMAKER_INFERENCE_OUTPUT"),
            jobs: positive("SAGEMAKER_MODEL_SERVER_WORKERS")?.map(|jobs| jobs as usize),
            queue: positive("SAGEMAKER_MODEL_JOB_QUEUE_SIZE")?.map(|queue| queue as usize),
            timeout: seconds.map(|seconds| Duration::from_secs(seconds.min(LONGEST_TIMEOUT))),
            model,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> Result<ServingEnvironment> {
        ServingEnvironment::detect_with(&|name| {
            let base = ("SAGEMAKER_BASE_DIR", "/no/such/base");
            variables.iter().chain([&base]).find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_multi_model_endpoint() {
        let environment = detect(&[
            ("SAGEMAKER_MULTI_MODEL", "true"),
            ("SAGEMAKER_BIND_TO_PORT", "16230"),
            ("SAGEMAKER_SAFE_PORT_RANGE", "16230-16239"),
            ("SAGEMAKER_MAX_REQUEST_SIZE", "1000"),
            ("SAGEMAKER_MODEL_SERVER_WORKERS", "3"),
            ("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", "20"),
            ("SAGEMAKER_MODEL_SERVER_TIMEOUT", "7"),
        ])
        .unwrap();
        let expected = ServingEnvironment {
            detected: true,
            multi_model: true,
            model: "/no/such/base/model".into(),
            port: Some(16230),
            max_request: Some(1000),
            jobs: Some(3),
            timeout: Some(Duration::from_secs(20)),
            ..ServingEnvironment::default()
        };
        assert_eq!(environment, expected);
    }

    #[test]
    fn a_laptop_says_nothing() {
        let environment = detect(&[("SAGEMAKER_MULTI_MODEL", "False"), ("SAGEMAKER_BATCH", "")]).unwrap();
        let model = "/no/such/base/model".into();
        assert_eq!(environment, ServingEnvironment { model, ..ServingEnvironment::default() });
    }

    #[test]
    fn a_timeout_without_a_unit_in_its_name_is_in_minutes() {
        for (text, seconds) in [("2", 120), ("1440", LONGEST_TIMEOUT), ("18446744073709551615", LONGEST_TIMEOUT)] {
            let environment = detect(&[("SAGEMAKER_MODEL_SERVER_TIMEOUT", text)]).unwrap();
            assert_eq!(environment.timeout, Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_variable_that_is_no_number_is_named() {
        for (name, text) in [("SAGEMAKER_BIND_TO_PORT", "70000"), ("SAGEMAKER_MAX_REQUEST_SIZE", "0")] {
            let error = detect(&[(name, text)]).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
