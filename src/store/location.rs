//! Where a store is, as users write it.

use std::{fmt, path::PathBuf, str::FromStr};

use super::{
    interface::Store,
    local::{Durability, LocalStore},
    s3_options::S3Options,
};
use crate::error::{Error, Result};

/// A place for objects: a directory, or the part of a bucket below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A directory, which need not exist.
    Directory(PathBuf),
    /// The objects of a bucket whose keys begin with a prefix.
    Bucket {
        /// The bucket's name, or the ARN of an access point.
        bucket: String,
        /// Empty, or ends with `/`, so that `runs/1` does not include `runs/10`.
        prefix: String,
    },
}

impl Location {
    /// A place below this one.
    #[must_use]
    pub fn join(&self, below: &str) -> Self {
        match self {
            Self::Directory(path) => Self::Directory(path.join(below)),
            Self::Bucket { bucket, prefix } => {
                let below = below.trim_matches('/');
                Self::Bucket { bucket: bucket.clone(), prefix: format!("{prefix}{below}/") }
            }
        }
    }

    /// The parent place and the last part of the name; `None` for a directory and for a whole bucket.
    #[must_use]
    pub fn split(&self) -> Option<(Self, String)> {
        let Self::Bucket { bucket, prefix } = self else { return None };
        let (above, name) = prefix.trim_end_matches('/').rsplit_once('/').unwrap_or(("", prefix.trim_end_matches('/')));
        let prefix = if above.is_empty() { String::new() } else { format!("{above}/") };
        (!name.is_empty()).then(|| (Self::Bucket { bucket: bucket.clone(), prefix }, name.to_owned()))
    }

    /// Whether this place is the other one or inside it, by their names alone.
    #[must_use]
    pub fn is_inside(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(own), Self::Directory(other)) => own.starts_with(other),
            (Self::Bucket { bucket, prefix }, Self::Bucket { bucket: others, prefix: outer }) => {
                bucket == others && prefix.starts_with(outer.as_str())
            }
            _ => false,
        }
    }

    /// The store at this place. `durability` is for directories, `options` are for buckets.
    ///
    /// # Errors
    /// [`Error::Storage`] if there are no credentials for a bucket, [`Error::Settings`] if this program was built without the
    /// feature `s3`.
    pub fn open(&self, durability: Durability, options: &S3Options) -> Result<Box<dyn Store>> {
        match self {
            Self::Directory(path) => Ok(Box::new(LocalStore::new(path, durability))),
            #[cfg(feature = "s3")]
            Self::Bucket { bucket, prefix } => Ok(Box::new(super::s3::S3Store::open(bucket, prefix, options)?)),
            #[cfg(not(feature = "s3"))]
            Self::Bucket { .. } => {
                let _ = options;
                Err(Error::Settings(format!("{self}: this manyfit was built without the feature s3")))
            }
        }
    }
}

impl FromStr for Location {
    type Err = Error;

    /// `s3://bucket/prefix`, `s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix`, or else a path.
    ///
    /// # Errors
    /// [`Error::Settings`]: another scheme, no bucket, or an ARN that is not an access point's.
    fn from_str(text: &str) -> Result<Self> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Directory(text.into()));
        };
        if scheme != "s3" {
            return Err(Error::Settings(format!("{text}: unknown kind of location: use s3://bucket/prefix or a path")));
        }
        let (bucket, prefix) = if rest.starts_with("arn:") {
            let end = access_point(rest).map_err(|complaint| Error::Settings(format!("{text}: {complaint}")))?;
            (&rest[..end], rest[end..].strip_prefix('/').unwrap_or_default())
        } else {
            rest.split_once('/').unwrap_or((rest, ""))
        };
        let prefix = prefix.trim_end_matches('/');
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(named) {
            return Err(Error::Settings(format!("{text}: {bucket:?} is not a bucket name: use s3://bucket/prefix")));
        }
        if prefix.split('/').any(str::is_empty) && !prefix.is_empty() {
            return Err(Error::Settings(format!("{text}: the prefix has an empty part: write it without `//`")));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::Bucket { bucket: bucket.into(), prefix })
    }
}

/// The length of the ARN of an access point at the beginning of a text: of S3, of its Object Lambda, or of an Outpost.
///
/// # Errors
/// What is wrong with another text.
fn access_point(text: &str) -> Result<usize, &'static str> {
    let parts: Vec<&str> = text.split([':', '/']).collect();
    let (count, names) = match parts[..] {
        ["arn", _, "s3", "", _, "accesspoint", ..] => {
            return Err(
                "multi-Region access points need signatures that this program cannot make: name an access point \
                        of one Region",
            );
        }
        ["arn", _, "s3" | "s3-object-lambda", region, account, "accesspoint", name, ..] => (7, [region, account, name]),
        ["arn", _, "s3-outposts", region, account, "outpost", _, "accesspoint", name, ..] => {
            (9, [region, account, name])
        }
        _ => (0, [""; 3]),
    };
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if names.into_iter().all(is_name) && names[1].len() == 12 {
        Ok(parts[..count].iter().map(|part| part.len() + 1).sum::<usize>() - 1)
    } else {
        Err("is not the ARN of an access point: use s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(f),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{}", prefix.trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn a_bucket_and_its_prefix_are_told_from_a_path() {
        for (text, expected) in [
            ("s3://fleet", ""),
            ("s3://fleet/", ""),
            ("s3://fleet/runs/1", "runs/1/"),
            ("s3://fleet/runs/1//", "runs/1/"),
        ] {
            assert_eq!(parse(text), Location::Bucket { bucket: "fleet".into(), prefix: expected.into() }, "{text}");
        }
        assert_eq!(parse("s3://fleet/runs/1/").to_string(), "s3://fleet/runs/1");
        for path in ["out", "/data/in", "./s3:/x", "C:\\data"] {
            assert_eq!(parse(path), Location::Directory(path.into()));
        }
    }

    #[test]
    fn other_locations_are_rejected_with_a_hint() {
        for text in ["gs://bucket/x", "s3://", "s3:///x", "s3://a b/x", "s3://bucket//x"] {
            let error = text.parse::<Location>().unwrap_err();
            assert_eq!(error.code(), 2, "{text}");
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }

    #[test]
    fn access_points_are_named_as_the_command_line_of_aws_takes_them() {
        let point = "arn:aws:s3:eu-west-1:123456789012:accesspoint/fleet";
        for (bucket, prefix) in [
            (point, ""),
            (point, "runs/1/"),
            ("arn:aws:s3:eu-west-1:123456789012:accesspoint:fleet", "in/"),
            ("arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/f-1", "in/"),
            ("arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/clean", "in/"),
            ("arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/fleet", "a/b/"),
        ] {
            for end in ["", "/"] {
                let text = format!("s3://{bucket}/{}{end}", prefix.trim_end_matches('/'));
                let place = parse(&text);
                assert_eq!(place, Location::Bucket { bucket: bucket.into(), prefix: prefix.into() }, "{text}");
                assert_eq!(parse(&place.to_string()), place, "{text}");
            }
        }
        assert_eq!(parse(&format!("s3://{point}")), parse(&format!("s3://{point}/")));
        assert_eq!(parse(&format!("s3://{point}/out")).join("models"), parse(&format!("s3://{point}/out/models")));
        for (text, complaint) in [
            ("s3://arn:aws:s3:::fleet/in", "is not the ARN of an access point"),
            ("s3://arn:aws:s3::123456789012:accesspoint/fleet.mrap", "multi-Region"),
            ("s3://arn:aws:s3:eu-west-1:1234:accesspoint/fleet", "is not the ARN of an access point"),
            ("s3://arn:aws:s3:eu-west-1:123456789012:bucket/fleet", "is not the ARN of an access point"),
            ("s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/", "is not the ARN of an access point"),
            ("s3://arn:aws:sqs:eu-west-1:123456789012:fleet", "is not the ARN of an access point"),
            ("s3://arn:", "is not the ARN of an access point"),
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.starts_with(text) && error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_location_is_inside_another_by_whole_parts() {
        for (inner, outer, expected) in [
            ("s3://b/in/out", "s3://b/in", true),
            ("s3://b/in", "s3://b/in", true),
            ("s3://b/in-2", "s3://b/in", false),
            ("s3://b/in", "s3://c/in", false),
            ("s3://b/out", "s3://b", true),
            ("in", "s3://b", false),
            ("in/out", "in", true),
            ("in2", "in", false),
        ] {
            assert_eq!(parse(inner).is_inside(&parse(outer)), expected, "{inner} in {outer}");
        }
        assert_eq!(parse("s3://b/out").join("models"), parse("s3://b/out/models"));
        assert_eq!(parse("out").join("models"), parse("out/models"));
        for (place, split) in [
            ("s3://b/out/t.csv", Some(("s3://b/out", "t.csv"))),
            ("s3://b/t.csv", Some(("s3://b", "t.csv"))),
            ("s3://b", None),
            ("out/t.csv", None),
        ] {
            let expected = split.map(|(place, name)| (parse(place), name.to_owned()));
            assert_eq!(parse(place).split(), expected, "{place}");
        }
    }
}
