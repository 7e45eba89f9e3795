//! Limits of the platform's API, from botocore's service description, and checks of a launch against them.

use jiff::Span;
use std::collections::BTreeSet;

use super::spec::{Launch, Step, Versions};
use crate::error::{Error, Result};

/// Bytes of a pipeline definition.
const DEFINITION: usize = 1_048_576;

/// Characters of a job's, model's, endpoint's name.
const NAME: usize = 63;

/// Characters of a pipeline's name.
const PIPELINE_NAME: usize = 256;

/// Characters of an execution's ID and a dash, in an endpoint configuration's name.
const EXECUTION: usize = 13;

/// Largest integer of the API, which has 32 signed bits.
const INTEGER: u32 = 2_147_483_647;

/// Digits of each number in a duration.
const DURATION_DIGITS: usize = 4;

/// Characters of an S3 address.
const S3_URI: usize = 1_024;

/// Characters of an S3 address reserved for a run's name and an artifact's name below the output prefix.
const BELOW_OUTPUT: usize = 512;

/// Largest disk, in GB.
const VOLUME: u32 = 16_384;

/// What is wrong with asking for Prepare where there is none.
const LEFT_OUT: &str =
    "--prepared leaves out Prepare, because the customers' files are there already: choose another step";

pub(super) fn check_request(launch: &Launch, step: Step) -> Result<()> {
    let suffix = match step {
        Step::Prepare => "-prepare",
        Step::Fit => "-fit",
        Step::Model | Step::EndpointConfig | Step::Endpoint => "",
    };
    let name = name("--name", &launch.name, NAME - suffix.len());
    let none = (launch.prepared && step == Step::Prepare).then(|| LEFT_OUT.to_owned());
    into_result([name, none].into_iter().chain(step_problems(launch, step)))
}

pub(super) fn check_pipeline(launch: &Launch, last: Step, cache: Option<&str>) -> Result<()> {
    // An endpoint configuration has the pipeline's name and the execution's.
    let longest = if last >= Step::EndpointConfig { NAME - EXECUTION } else { PIPELINE_NAME };
    let name = name("--name", &launch.name, longest);
    let steps = launch.steps(last).flat_map(|step| step_problems(launch, step));
    let none = (launch.prepared && last == Step::Prepare).then(|| LEFT_OUT.to_owned());
    let cache = cache.filter(|cache| !is_duration(cache)).map(|cache| {
        format!(
            "--cache {cache:?}: use an ISO 8601 duration such as P7D (days) or PT12H (hours), of up to {DURATION_DIGITS} digits"
        )
    });
    into_result([name, none].into_iter().chain(steps).chain([cache]))
}

/// Checks the size of a whole definition, in bytes.
pub(super) fn check_definition(length: usize) -> Result<()> {
    if length > DEFINITION {
        return Err(Error::Settings(format!("the pipeline definition has {length} bytes, more than {DEFINITION}")));
    }
    Ok(())
}

fn into_result(problems: impl Iterator<Item = Option<String>>) -> Result<()> {
    // Steps share options, so the same problem may come up several times.
    let mut seen = BTreeSet::new();
    let problems: Vec<String> = problems.flatten().filter(|problem| seen.insert(problem.clone())).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::all_settings("options are invalid", &problems)) }
}

/// What keeps a step from being launched.
fn step_problems(launch: &Launch, step: Step) -> Vec<Option<String>> {
    let mut problems = Vec::new();
    if matches!(step, Step::Prepare | Step::Fit | Step::Model) {
        problems.extend([
            required("--role", launch.role.as_deref(), role),
            required("--image", launch.image.as_deref(), image),
            required("--output", launch.output.as_deref(), |output| s3("--output", output, S3_URI - BELOW_OUTPUT)),
        ]);
    }
    match step {
        Step::Prepare => {
            problems.extend([
                required("--input", launch.input.as_deref(), |input| s3("--input", input, S3_URI)),
                instance_type("--prepare-instance-type", &launch.prepare_instance_type),
                within("--prepare-instances", launch.prepare_instances, 100),
                within("--prepare-volume", launch.prepare_volume, VOLUME),
                // The platform's longest processing job, 9 days.
                within("--max-runtime", launch.max_runtime, 777_600),
            ]);
            problems.extend(arguments(&launch.prepare_argument));
        }
        Step::Fit => {
            problems.extend([
                instance_type("--instance-type", &launch.instance_type),
                within("--instances", launch.instances, INTEGER),
                within("--volume", launch.volume, VOLUME),
                // The platform's longest training job, 28 days.
                within("--max-runtime", launch.max_runtime, 2_419_200),
                launch.max_wait().and_then(|wait| max_wait(wait, launch.max_runtime)),
            ]);
            if launch.prepared {
                problems.push(required("--input", launch.input.as_deref(), |input| s3("--input", input, S3_URI)));
            }
            problems.extend(launch.validation.iter().map(|place| s3("--validation", place, S3_URI)));
            problems.extend(launch.tables.iter().map(|(name, place)| table(name, place)));
            problems.extend(hyperparameters(launch));
        }
        Step::Model => {}
        Step::EndpointConfig => problems.extend([
            instance_type("--endpoint-instance-type", &launch.endpoint_instance_type),
            within("--endpoint-instances", launch.endpoint_instances, INTEGER),
        ]),
        Step::Endpoint => problems.push(name("--endpoint", launch.endpoint_name(), NAME)),
    }
    problems
}

fn required(option: &str, value: Option<&str>, check: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    value.map_or_else(|| Some(format!("{option} is missing")), check)
}

fn name(option: &str, name: &str, longest: usize) -> Option<String> {
    let inner = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let fits = (1..=longest).contains(&name.len()) && inner && !name.starts_with('-') && !name.ends_with('-');
    (!fits).then(|| {
        format!("{option} {name:?}: use 1 to {longest} letters, digits and dashes, with no dash at either end")
    })
}

fn role(role: &str) -> Option<String> {
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
    (!fits || role.len() > 2_048)
        .then(|| format!("--role {role:?}: use a role's ARN, such as arn:aws:iam::123456789012:role/manyfit"))
}

fn image(image: &str) -> Option<String> {
    let fits =
        (1..=255).contains(&image.chars().count()) && !image.contains(|c: char| c.is_whitespace() || c.is_control());
    (!fits).then(|| format!("--image {image:?}: use an image address of up to 255 characters without spaces"))
}

fn s3(option: &str, uri: &str, longest: usize) -> Option<String> {
    let Some((bucket, key)) = uri.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        return Some(format!("{option} {uri:?}: use an address that starts with s3://"));
    };
    let length = uri.chars().count();
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (3..=63).contains(&bucket.len())
        && bucket.chars().all(|c| lower(c) || c == '.' || c == '-')
        && bucket.starts_with(lower)
        && bucket.ends_with(lower);
    if !fits {
        Some(format!(
            "{option} {uri:?}: {bucket:?} is not a valid bucket name: use 3 to 63 lower-case letters, digits, dots and dashes"
        ))
    } else if uri.contains(char::is_control) {
        Some(format!("{option} {uri:?}: remove its control characters"))
    } else if key.split('/').rev().skip(1).any(str::is_empty) {
        Some(format!("{option} {uri:?}: remove the second slash of `//`"))
    } else {
        (length > longest).then(|| format!("{option}: {length} characters are more than {longest}"))
    }
}

/// What is wrong with the place of a table that a setting names.
fn table(setting: &str, place: &str) -> Option<String> {
    if place.contains("://") {
        return s3(&format!("--set {setting}"), place, S3_URI);
    }
    Some(format!(
        "--set {setting}={place}: a job cannot read a file of this machine: copy it to S3 and give its address, such as \
         --set {setting}=s3://bucket/{}",
        place.rsplit('/').next().unwrap_or_default()
    ))
}

fn instance_type(option: &str, instance_type: &str) -> Option<String> {
    let parts: Vec<&str> = instance_type.split('.').collect();
    let word =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let fits = matches!(parts[..], ["ml", family, size] if word(family) && word(size));
    (!fits).then(|| format!("{option} {instance_type:?}: use a SageMaker instance type such as ml.c5.xlarge"))
}

fn within(option: &str, number: u32, most: u32) -> Option<String> {
    match number {
        0 => Some(format!("{option} 0: use at least 1")),
        number => (number > most).then(|| format!("{option} {number}: the platform allows {most}")),
    }
}

fn max_wait(wait: u32, runtime: u32) -> Option<String> {
    if wait < runtime {
        return Some(format!(
            "--max-wait {wait}: it includes the run and the wait for spot capacity, so it must be at least --max-runtime \
             {runtime}"
        ));
    }
    within("--max-wait", wait, INTEGER)
}

fn arguments(arguments: &[String]) -> impl Iterator<Item = Option<String>> {
    let count = arguments.len();
    // `prepare` itself is one of the hundred.
    let many = (count > 99).then(|| format!("--prepare-argument: {count} of them, the platform allows 99"));
    let long = arguments.iter().filter(|argument| argument.chars().count() > 256);
    let long = long.map(|argument| Some(format!("--prepare-argument {argument:?}: more than 256 characters")));
    [many].into_iter().chain(long)
}

fn hyperparameters(launch: &Launch) -> Vec<Option<String>> {
    let settings = &launch.hyperparameters;
    // The version, and for --versions names the artifacts' names, are added.
    let many = settings.len() > 98;
    let mut problems = vec![many.then(|| format!("--set: {} settings, the platform allows 98", settings.len()))];
    for (name, value) in settings {
        for (what, text, most) in [("name", name, 256), ("value", value, 2_500)] {
            let is_long = text.chars().count() > most;
            problems.push(is_long.then(|| format!("--set {name}=…: the {what} has more than {most} characters")));
        }
    }
    if launch.versions == Versions::Names {
        for own in ["version", "artifact_name"].into_iter().filter(|own| settings.contains_key(*own)) {
            problems.push(Some(format!("--set {own}: --versions names sets it from the run's name; leave it out")));
        }
    }
    problems
}

/// Whether a text is a positive ISO 8601 duration of integers.
fn is_duration(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || "PYMWDTH".contains(c));
    let has_short_numbers = text.split(|c: char| !c.is_ascii_digit()).all(|number| number.len() <= DURATION_DIGITS);
    is_plain && has_short_numbers && text.parse::<Span>().is_ok_and(jiff::Span::is_positive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_platforms_pattern() {
        let fits = |text: &str| name("--name", text, 63).is_none();
        let longest = "a".repeat(63);
        for good in ["a", "energy-7", "a--b", "2026-11-22", &longest] {
            assert!(fits(good), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "-a", "a-", "a_b", "a.b", "ä", "a b", &too_long] {
            assert!(!fits(bad), "{bad}");
        }
    }

    #[test]
    fn roles_are_arns() {
        for good in ["arn:aws:iam::123456789012:role/x", "arn:aws-cn:iam::123456789012:role/service-role/A.b_c@d"] {
            assert_eq!(role(good), None);
        }
        for bad in
            ["manyfit", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:role/"]
        {
            assert!(role(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn addresses_have_a_bucket_and_no_empty_part() {
        let problem = |uri: &str| s3("--input", uri, 30);
        for good in ["s3://abc", "s3://abc/", "s3://a.b-c/x/y", "s3://abc/x/"] {
            assert_eq!(problem(good), None);
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
            assert!(problem(bad).is_some(), "{bad}");
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
