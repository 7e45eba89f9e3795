//! Limits of the platform's API, from botocore's service description, and checks of a launch against them.

use std::collections::BTreeSet;

use super::spec::{Launch, Machines, Step, Versions};
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

/// Problems, in sentences.
type Problems = Vec<String>;

pub(super) fn check_request(launch: &Launch, step: Step) -> Result<()> {
    let mut problems = Problems::new();
    let suffix = match step {
        Step::Prepare => "-prepare",
        Step::Fit => "-fit",
        Step::Model | Step::EndpointConfig | Step::Endpoint => "",
    };
    name(&mut problems, "--name", &launch.name, NAME - suffix.len());
    check_step(&mut problems, launch, step);
    into_result(problems)
}

pub(super) fn check_pipeline(launch: &Launch, last: Step) -> Result<()> {
    let mut problems = Problems::new();
    // An endpoint configuration has the pipeline's name and the execution's.
    let longest = if last >= Step::EndpointConfig { NAME - EXECUTION } else { PIPELINE_NAME };
    name(&mut problems, "--name", &launch.name, longest);
    for step in Step::ALL.into_iter().filter(|step| *step <= last) {
        check_step(&mut problems, launch, step);
    }
    if let Some(cache) = launch.cache.as_ref().filter(|cache| !is_duration(cache)) {
        problems.push(format!(
            "--cache {cache:?}: use an ISO 8601 duration such as P7D (days) or PT12H (hours), of up to {DURATION_DIGITS} digits"
        ));
    }
    into_result(problems)
}

/// Checks the size of a whole definition, in bytes.
pub(super) fn check_definition(length: usize) -> Result<()> {
    if length > DEFINITION {
        return Err(Error::Settings(format!("the pipeline definition has {length} bytes, more than {DEFINITION}")));
    }
    Ok(())
}

fn into_result(mut problems: Problems) -> Result<()> {
    // Steps share options, so the same problem may come up several times.
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
    match problems.as_slice() {
        [] => Ok(()),
        [problem] => Err(Error::Settings(problem.clone())),
        problems => {
            Err(Error::Settings(format!("{} options are invalid:\n  {}", problems.len(), problems.join("\n  "))))
        }
    }
}

fn check_step(problems: &mut Problems, launch: &Launch, step: Step) {
    let needs_places = matches!(step, Step::Prepare | Step::Fit | Step::Model);
    if needs_places {
        required(problems, "--role", launch.role.as_deref(), role);
        required(problems, "--image", launch.image.as_deref(), image);
        required(problems, "--output", launch.output.as_deref(), |problems, output| {
            s3(problems, "--output", output, S3_URI - BELOW_OUTPUT);
        });
    }
    match step {
        Step::Prepare => {
            required(problems, "--input", launch.input.as_deref(), |problems, input| {
                s3(problems, "--input", input, S3_URI);
            });
            machines(problems, "--prepare-", &launch.prepare, 100);
            // The platform's longest processing job, 9 days.
            within(problems, "--max-runtime", launch.max_runtime, 777_600);
            arguments(problems, &launch.prepare_arguments);
        }
        Step::Fit => {
            machines(problems, "--", &launch.fit, INTEGER);
            // The platform's longest training job, 28 days.
            within(problems, "--max-runtime", launch.max_runtime, 2_419_200);
            if let Some(wait) = launch.max_wait {
                if wait < launch.max_runtime {
                    problems.push(format!(
                        "--max-wait {wait}: it includes the run and the wait for spot capacity, so it must be at least \
                         --max-runtime {}",
                        launch.max_runtime
                    ));
                }
                within(problems, "--max-wait", wait, INTEGER);
            }
            hyperparameters(problems, launch);
        }
        Step::Model => {}
        Step::EndpointConfig => {
            machines(problems, "--endpoint-", &Machines { volume: 1, ..launch.endpoint.clone() }, INTEGER);
        }
        Step::Endpoint => name(problems, "--endpoint", launch.endpoint_name(), NAME),
    }
}

fn required(problems: &mut Problems, option: &str, value: Option<&str>, check: impl FnOnce(&mut Problems, &str)) {
    match value {
        Some(value) => check(problems, value),
        None => problems.push(format!("{option} is missing")),
    }
}

fn name(problems: &mut Problems, option: &str, name: &str, longest: usize) {
    let inner = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if name.is_empty() || name.len() > longest || !inner || name.starts_with('-') || name.ends_with('-') {
        problems.push(format!(
            "{option} {name:?}: use 1 to {longest} letters, digits and dashes, with no dash at either end"
        ));
    }
}

fn role(problems: &mut Problems, role: &str) {
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
        problems.push(format!("--role {role:?}: use a role's ARN, such as arn:aws:iam::123456789012:role/manyfit"));
    }
}

fn image(problems: &mut Problems, image: &str) {
    if image.is_empty() || image.chars().count() > 255 || image.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        problems.push(format!("--image {image:?}: use an image address of up to 255 characters without spaces"));
    }
}

fn s3(problems: &mut Problems, option: &str, uri: &str, longest: usize) {
    let Some((bucket, key)) = uri.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        problems.push(format!("{option} {uri:?}: use an address that starts with s3://"));
        return;
    };
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (3..=63).contains(&bucket.len())
        && bucket.chars().all(|c| lower(c) || c == '.' || c == '-')
        && bucket.starts_with(lower)
        && bucket.ends_with(lower);
    if !fits {
        problems.push(format!(
            "{option} {uri:?}: {bucket:?} is not a valid bucket name: use 3 to 63 lower-case letters, digits, dots and dashes"
        ));
    }
    if uri.contains(char::is_control) {
        problems.push(format!("{option} {uri:?}: remove its control characters"));
    }
    if key.split('/').rev().skip(1).any(str::is_empty) {
        problems.push(format!("{option} {uri:?}: remove the second slash of `//`"));
    }
    if uri.chars().count() > longest {
        problems.push(format!("{option}: {} characters are more than {longest}", uri.chars().count()));
    }
}

fn machines(problems: &mut Problems, prefix: &str, machines: &Machines, most: u32) {
    let kind = &machines.instance_type;
    let parts: Vec<&str> = kind.split('.').collect();
    let word =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !matches!(parts[..], ["ml", family, size] if word(family) && word(size)) {
        problems.push(format!("{prefix}instance-type {kind:?}: use a SageMaker instance type such as ml.c5.xlarge"));
    }
    within(problems, &format!("{prefix}instances"), machines.instances, most);
    within(problems, &format!("{prefix}volume"), machines.volume, 16_384);
}

fn within(problems: &mut Problems, option: &str, number: u32, most: u32) {
    if number == 0 {
        problems.push(format!("{option} 0: use at least 1"));
    } else if number > most {
        problems.push(format!("{option} {number}: the platform allows {most}"));
    }
}

fn arguments(problems: &mut Problems, arguments: &[String]) {
    // `prepare` itself is one of the hundred.
    if arguments.len() > 99 {
        problems.push(format!("--prepare-argument: {} of them, the platform allows 99", arguments.len()));
    }
    for argument in arguments.iter().filter(|argument| argument.chars().count() > 256) {
        problems.push(format!("--prepare-argument {argument:?}: more than 256 characters"));
    }
}

fn hyperparameters(problems: &mut Problems, launch: &Launch) {
    let settings = &launch.hyperparameters;
    // The version, and for --versions names the artifacts' names, are added.
    if settings.len() > 98 {
        problems.push(format!("--set: {} settings, the platform allows 98", settings.len()));
    }
    for (name, value) in settings {
        if name.chars().count() > 256 {
            problems.push(format!("--set {name}=…: the name has more than 256 characters"));
        }
        if value.chars().count() > 2_500 {
            problems.push(format!("--set {name}=…: the value has more than 2500 characters"));
        }
    }
    if launch.versions == Versions::Names {
        for own in ["version", "artifact_name"].into_iter().filter(|own| settings.contains_key(*own)) {
            problems.push(format!("--set {own}: --versions names sets it from the run's name; leave it out"));
        }
    }
}

/// Whether a text is a positive ISO 8601 duration of integers.
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

    fn problems_of(check: impl FnOnce(&mut Problems)) -> usize {
        let mut problems = Problems::new();
        check(&mut problems);
        problems.len()
    }

    #[test]
    fn names_follow_the_platforms_pattern() {
        let name_of = |text: &str| problems_of(|problems| name(problems, "--name", text, 63));
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
            assert_eq!(problems_of(|problems| role(problems, good)), 0, "{good}");
        }
        for bad in
            ["manyfit", "arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:iam::123456789012:role/"]
        {
            assert_eq!(problems_of(|problems| role(problems, bad)), 1, "{bad}");
        }
    }

    #[test]
    fn addresses_have_a_bucket_and_no_empty_part() {
        let s3_of = |uri: &str| problems_of(|problems| s3(problems, "--input", uri, 30));
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
