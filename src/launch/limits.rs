//! The limits of the platform's API, as botocore's description of it states them, and what follows from them here.

use std::collections::BTreeSet;

use super::spec::{Launch, Machines, Step, Versions};
use crate::error::{Error, Result};

/// Bytes of a pipeline definition.
const DEFINITION: usize = 1_048_576;

/// Characters of a job's, model's, endpoint's name.
const NAME: usize = 63;

/// Characters of a pipeline's name.
const PIPELINE_NAME: usize = 256;

/// What an execution's name and its dash take of an endpoint configuration's name.
const EXECUTION: usize = 13;

/// The largest number: the API's are signed, of 32 bits.
const INTEGER: u32 = 2_147_483_647;

/// Digits of each number in a duration.
const DURATION_DIGITS: usize = 4;

/// Characters of an S3 address.
const S3_URI: usize = 1_024;

/// What is left to a run's name and the longest name of an artifact, below the output prefix.
const BELOW_OUTPUT: usize = 512;

/// Faults, in sentences.
type Faults = Vec<String>;

pub(super) fn check_request(launch: &Launch, step: Step) -> Result<()> {
    let mut faults = Faults::new();
    let suffix = match step {
        Step::Prepare => "-prepare",
        Step::Fit => "-fit",
        Step::Model | Step::EndpointConfig | Step::Endpoint => "",
    };
    name(&mut faults, "--name", &launch.name, NAME - suffix.len());
    check_step(&mut faults, launch, step);
    into_result(faults)
}

pub(super) fn check_pipeline(launch: &Launch, last: Step) -> Result<()> {
    let mut faults = Faults::new();
    // An endpoint configuration has the pipeline's name and the execution's.
    let longest = if last >= Step::EndpointConfig { NAME - EXECUTION } else { PIPELINE_NAME };
    name(&mut faults, "--name", &launch.name, longest);
    for step in Step::ALL.into_iter().filter(|step| *step <= last) {
        check_step(&mut faults, launch, step);
    }
    if let Some(cache) = launch.cache.as_ref().filter(|cache| !is_duration(cache)) {
        faults.push(format!(
            "--cache {cache:?}: use an ISO 8601 duration such as P7D (days) or PT12H (hours), of up to {DURATION_DIGITS} digits"
        ));
    }
    into_result(faults)
}

/// Checks the size of a whole definition, in bytes.
pub(super) fn check_definition(length: usize) -> Result<()> {
    if length > DEFINITION {
        return Err(Error::Settings(format!("the pipeline definition has {length} bytes, more than {DEFINITION}")));
    }
    Ok(())
}

fn into_result(mut faults: Faults) -> Result<()> {
    // Steps share options, and a fault in one of them is one fault.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.clone()));
    match faults.as_slice() {
        [] => Ok(()),
        [fault] => Err(Error::Settings(fault.clone())),
        faults => {
            Err(Error::Settings(format!("{} options cannot be followed:\n  {}", faults.len(), faults.join("\n  "))))
        }
    }
}

fn check_step(faults: &mut Faults, launch: &Launch, step: Step) {
    let needs_places = matches!(step, Step::Prepare | Step::Fit | Step::Model);
    if needs_places {
        required(faults, "--role", launch.role.as_deref(), role);
        required(faults, "--image", launch.image.as_deref(), image);
        required(faults, "--output", launch.output.as_deref(), |faults, output| {
            s3(faults, "--output", output, S3_URI - BELOW_OUTPUT);
        });
    }
    match step {
        Step::Prepare => {
            required(faults, "--input", launch.input.as_deref(), |faults, input| {
                s3(faults, "--input", input, S3_URI);
            });
            machines(faults, "--prepare-", &launch.prepare, 100);
            // The platform's longest processing job, 9 days.
            within(faults, "--max-runtime", launch.max_runtime, 777_600);
            arguments(faults, &launch.prepare_arguments);
        }
        Step::Fit => {
            machines(faults, "--", &launch.fit, INTEGER);
            // The platform's longest training job, 28 days.
            within(faults, "--max-runtime", launch.max_runtime, 2_419_200);
            if let Some(wait) = launch.max_wait {
                if wait < launch.max_runtime {
                    faults.push(format!(
                        "--max-wait {wait}: it counts the run and the waiting for spot capacity, so it cannot be less than \
                         --max-runtime {}",
                        launch.max_runtime
                    ));
                }
                within(faults, "--max-wait", wait, INTEGER);
            }
            hyperparameters(faults, launch);
        }
        Step::Model => {}
        Step::EndpointConfig => {
            machines(faults, "--endpoint-", &Machines { volume: 1, ..launch.endpoint.clone() }, INTEGER);
        }
        Step::Endpoint => name(faults, "--endpoint", launch.endpoint_name(), NAME),
    }
}

fn required(faults: &mut Faults, option: &str, value: Option<&str>, check: impl FnOnce(&mut Faults, &str)) {
    match value {
        Some(value) => check(faults, value),
        None => faults.push(format!("{option} is missing")),
    }
}

fn name(faults: &mut Faults, option: &str, name: &str, longest: usize) {
    let inner = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if name.is_empty() || name.len() > longest || !inner || name.starts_with('-') || name.ends_with('-') {
        faults.push(format!(
            "{option} {name:?}: use 1 to {longest} letters, digits and dashes, with no dash at either end"
        ));
    }
}

fn role(faults: &mut Faults, role: &str) {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let fits = matches!(
        parts[..],
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|digit| digit.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c))
                })
    );
    if !fits || role.len() > 2_048 {
        faults.push(format!("--role {role:?}: use a role's ARN, such as arn:aws:iam::123456789012:role/manyfit"));
    }
}

fn image(faults: &mut Faults, image: &str) {
    if image.is_empty() || image.chars().count() > 255 || image.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        faults.push(format!("--image {image:?}: use an image's address of up to 255 characters, without blanks"));
    }
}

fn s3(faults: &mut Faults, option: &str, uri: &str, longest: usize) {
    let Some((bucket, key)) = uri.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        faults.push(format!("{option} {uri:?}: use an address that starts with s3://"));
        return;
    };
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (3..=63).contains(&bucket.len())
        && bucket.chars().all(|c| lower(c) || c == '.' || c == '-')
        && bucket.starts_with(lower)
        && bucket.ends_with(lower);
    if !fits {
        faults.push(format!(
            "{option} {uri:?}: {bucket:?} is no name of a bucket: 3 to 63 lower-case letters, digits, dots and dashes"
        ));
    }
    if uri.contains(char::is_control) {
        faults.push(format!("{option} {uri:?}: it has a character that cannot be printed: take it out"));
    }
    if key.split('/').rev().skip(1).any(str::is_empty) {
        faults.push(format!("{option} {uri:?}: it has an empty part: take out the second slash of `//`"));
    }
    if uri.chars().count() > longest {
        faults.push(format!("{option}: {} characters are more than {longest}", uri.chars().count()));
    }
}

fn machines(faults: &mut Faults, prefix: &str, machines: &Machines, most: u32) {
    let kind = &machines.instance_type;
    let parts: Vec<&str> = kind.split('.').collect();
    let word =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !matches!(parts[..], ["ml", family, size] if word(family) && word(size)) {
        faults.push(format!("{prefix}instance-type {kind:?}: use a type of SageMaker's, such as ml.c5.xlarge"));
    }
    within(faults, &format!("{prefix}instances"), machines.instances, most);
    within(faults, &format!("{prefix}volume"), machines.volume, 16_384);
}

fn within(faults: &mut Faults, option: &str, number: u32, most: u32) {
    if number == 0 {
        faults.push(format!("{option} 0: use at least 1"));
    } else if number > most {
        faults.push(format!("{option} {number}: the platform allows {most}"));
    }
}

fn arguments(faults: &mut Faults, arguments: &[String]) {
    // `prepare` itself is one of the hundred.
    if arguments.len() > 99 {
        faults.push(format!("--prepare-argument: {} of them, the platform allows 99", arguments.len()));
    }
    for argument in arguments.iter().filter(|argument| argument.chars().count() > 256) {
        faults.push(format!("--prepare-argument {argument:?}: more than 256 characters"));
    }
}

fn hyperparameters(faults: &mut Faults, launch: &Launch) {
    let settings = &launch.hyperparameters;
    // The version, and in one prefix the artifacts' names, are added.
    if settings.len() > 98 {
        faults.push(format!("--set: {} settings, the platform allows 98", settings.len()));
    }
    for (name, value) in settings {
        if name.chars().count() > 256 {
            faults.push(format!("--set {name}=…: the name has more than 256 characters"));
        }
        if value.chars().count() > 2_500 {
            faults.push(format!("--set {name}=…: the value has more than 2500 characters"));
        }
    }
    if launch.versions == Versions::Names {
        for own in ["version", "artifact_name"].into_iter().filter(|own| settings.contains_key(*own)) {
            faults.push(format!("--set {own}: --versions names sets it itself, from the run's name"));
        }
    }
}

/// Whether a text is an ISO 8601 duration of whole numbers, longer than nothing and shorter than ages.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    let counts = |mut text: &str, units: &str| {
        let mut units = units.chars();
        while !text.is_empty() {
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            let unit = text[digits..].chars().next();
            if !(1..=DURATION_DIGITS).contains(&digits) || !unit.is_some_and(|unit| units.any(|known| known == unit)) {
                return false;
            }
            text = &text[digits + 1..];
        }
        true
    };
    let is_something = rest.contains(|c: char| ('1'..='9').contains(&c));
    counts(date, "YMWD") && counts(time, "HM") && is_something && !text.ends_with('T')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(check: impl FnOnce(&mut Faults)) -> usize {
        let mut faults = Faults::new();
        check(&mut faults);
        faults.len()
    }

    #[test]
    fn names_follow_the_platforms_pattern() {
        let name_of = |text: &str| faults_of(|faults| name(faults, "--name", text, 63));
        let longest = "a".repeat(63);
        for good in ["a", "energy-7", "a--b", "2026-11-22", &longest] {
            assert_eq!(name_of(good), 0, "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "-a", "a-", "a_b", "a.b", "ä", "a b", &too_long] {
            assert_eq!(name_of(bad), 1, "{bad}");
        }
    }

    #[test]
    fn roles_are_arns() {
        for good in ["arn:aws:iam::123456789012:role/x", "arn:aws-cn:iam::123456789012:role/service-role/A.b_c@d"] {
            assert_eq!(faults_of(|faults| role(faults, good)), 0, "{good}");
        }
        for bad in
            ["manyfit", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:role/"]
        {
            assert_eq!(faults_of(|faults| role(faults, bad)), 1, "{bad}");
        }
    }

    #[test]
    fn addresses_have_a_bucket_and_no_empty_part() {
        let s3_of = |uri: &str| faults_of(|faults| s3(faults, "--input", uri, 30));
        for good in ["s3://abc", "s3://abc/", "s3://a.b-c/x/y", "s3://abc/x/"] {
            assert_eq!(s3_of(good), 0, "{good}");
        }
        for bad in [
            "abc/x",
            "https://abc/x",
            "s3://ab/x",
            "s3://Abc/x",
            "s3://abc//x",
            "s3://abc/x//",
            "s3://abc/x\ny",
            "s3://abc/\u{7f}",
            "s3://abc/aaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(s3_of(bad), 1, "{bad}");
        }
    }

    #[test]
    fn durations_are_iso_8601() {
        for good in ["P7D", "PT12H", "P1M2DT3H", "P1W", "PT90M"] {
            assert!(is_duration(good), "{good}");
        }
        let bad =
            ["", "P", "PT", "7d", "P7", "PD", "P1DT", "P1H", "P1D2M", "P7D ", "P0D", "P0DT0H", "P99999999999999D"];
        for bad in bad {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
