//! Artifact names, from a template.

use super::Fingerprint;
use manyfit_models::data::CustomerId;

/// How artifacts are named: a template with `{customer}`, and with `{version}` or `{fingerprint}` to publish new models next to
/// those of a live endpoint.
///
/// - It contains `{customer}`, so that no two customers share a name.
/// - It ends in `.tar.gz`, which is what an endpoint loads.
/// - No path component begins with a dot or an underscore, which would hide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(String);

impl Default for NameTemplate {
    fn default() -> Self {
        Self("{customer}.tar.gz".into())
    }
}

impl NameTemplate {
    /// Checks the rules above.
    pub fn new(template: &str, has_version: bool) -> Result<Self, String> {
        let mut rest = template.to_owned();
        for known in ["{customer}", "{version}", "{fingerprint}"] {
            rest = rest.replace(known, "x");
        }
        if !template.contains("{customer}") {
            Err(format!("{template:?} does not contain {{customer}}: all customers would share one artifact"))
        } else if !template.ends_with(".tar.gz") {
            Err(format!("{template:?} does not end in .tar.gz, which is what an endpoint loads"))
        } else if rest.contains(['{', '}']) {
            Err(format!("{template:?} has braces other than {{customer}}, {{version}} and {{fingerprint}}"))
        } else if rest.split('/').any(|part| part.is_empty() || part.starts_with(['.', '_'])) {
            Err(format!("{template:?} has a path component that is empty or starts with a dot or an underscore"))
        } else if template.contains("{version}") && !has_version {
            Err("{version} needs the setting version".into())
        } else {
            Ok(Self(template.into()))
        }
    }

    /// The name of a customer's artifact, if it is known before the data; `None` if it contains the fingerprint.
    #[must_use]
    pub fn fixed_name(&self, customer: &CustomerId, version: Option<&str>) -> Option<String> {
        let fixed =
            || self.0.replace("{version}", version.unwrap_or_default()).replace("{customer}", customer.as_str());
        (!self.0.contains("{fingerprint}")).then(fixed)
    }

    /// The customer of an artifact by its [`Self::fixed_name`]; `None` if the name is not of this form or the customer's name is
    /// not the only part of it that varies.
    #[must_use]
    pub fn customer_of<'n>(&self, name: &'n str, version: Option<&str>) -> Option<&'n str> {
        let fixed = self.0.replace("{version}", version.unwrap_or_default());
        let (start, end) = fixed.split_once("{customer}")?;
        let customer = name.strip_prefix(start)?.strip_suffix(end)?;
        (!end.contains('{') && !start.contains('{') && CustomerId::new(customer).is_ok()).then_some(customer)
    }

    /// The name of a customer's artifact.
    #[must_use]
    pub fn name(&self, customer: &CustomerId, version: Option<&str>, fingerprint: &Fingerprint) -> String {
        self.0
            .replace("{version}", version.unwrap_or_default())
            .replace("{fingerprint}", fingerprint.short())
            .replace("{customer}", customer.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::data::Series;

    #[test]
    fn the_parts_are_filled_in() {
        let customer = CustomerId::new("store 8").unwrap();
        let fingerprint = Fingerprint::new("", &customer, &Series::default());
        let name =
            |template: &str| NameTemplate::new(template, true).unwrap().name(&customer, Some("v2"), &fingerprint);
        assert_eq!(name("{customer}.tar.gz"), "store 8.tar.gz");
        assert_eq!(
            name("{version}/{customer}-{fingerprint}.tar.gz"),
            format!("v2/store 8-{}.tar.gz", fingerprint.short())
        );
        let customer_of =
            |template: &str, name| NameTemplate::new(template, true).unwrap().customer_of(name, Some("v2")).is_some();
        assert!(customer_of("{version}/m-{customer}.tar.gz", "v2/m-8.x.tar.gz"));
        for (template, name) in [
            ("{version}/{customer}.tar.gz", "v1/8.tar.gz"),
            ("{customer}.tar.gz", "a/8.tar.gz"),
            ("{customer}.tar.gz", "8.zip"),
            ("{customer}-{fingerprint}.tar.gz", "8-0123.tar.gz"),
            ("{customer}/{customer}.tar.gz", "8/8.tar.gz"),
        ] {
            assert!(!customer_of(template, name), "{template}");
        }
    }

    #[test]
    fn names_that_would_collide_or_hide_are_refused() {
        for (template, word) in [
            ("model.tar.gz", "{customer}"),
            ("{customer}.zip", ".tar.gz"),
            ("{customer}{date}.tar.gz", "braces"),
            ("_{customer}.tar.gz", "underscore"),
            ("a//{customer}.tar.gz", "empty"),
            ("{customer}-{version}.tar.gz", "setting version"),
        ] {
            assert!(NameTemplate::new(template, false).unwrap_err().contains(word), "{template}");
        }
    }
}
