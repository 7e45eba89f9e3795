//! Settings by name, in any spelling: canonical names, owners, and the nearest name to an unknown one.

use super::{compatibility, family::Family, registry::GROUPS, setting::Setting};
use crate::{
    error::{Error, Result},
    words::listed,
};
use std::collections::BTreeMap;

/// Similarity from which a known name is suggested for an unknown one.
const SIMILAR: f64 = 0.75;

/// The settings that a family accepts.
pub(super) fn settings_of(family: Family) -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().filter(move |group| family.accepts(group.models)).flat_map(|group| group.settings)
}

/// A setting that a family accepts, by its name or an alias.
#[must_use]
pub(super) fn find(family: Family, name: &str) -> Option<&'static Setting> {
    settings_of(family).find(|setting| setting.is_called(name))
}

/// The settings that are options of the command line, each once.
pub fn common_settings() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings).filter(|setting| setting.common)
}

/// The name of an option or a setting as the registry writes it: `-` is `_`.
#[must_use]
pub fn normalized(name: &str) -> String {
    name.trim().replace('-', "_")
}

/// The families that use a setting of this name.
#[must_use]
pub(super) fn owners_of(name: &str) -> Vec<Family> {
    let uses = |family: &Family| {
        GROUPS
            .iter()
            .filter(|group| group.models.contains(family))
            .flat_map(|group| group.settings)
            .any(|setting| setting.is_called(name))
            || compatibility::is_known(*family, name)
    };
    Family::ALL.into_iter().filter(uses).collect()
}

/// The end of a sentence about an unknown name: the most similar known one, of the `family` unless none of its own is.
#[must_use]
pub(super) fn suggestion(name: &str, family: Option<Family>) -> String {
    let names = |families: &[Family]| {
        let known: Vec<_> = families.iter().flat_map(|family| settings_of(*family)).collect();
        known.into_iter().flat_map(|setting| setting.aliases.iter().chain([&setting.name])).copied()
    };
    let own = family.and_then(|family| nearest(name, names(&[family])));
    match (own, nearest(name, names(&Family::ALL)), family) {
        (Some(own), ..) => format!("did you mean {own}?"),
        (None, Some(other), None) => format!("did you mean {other}?"),
        (None, Some(other), Some(family)) => {
            let owners: Vec<&str> = owners_of(other).into_iter().map(Family::name).collect();
            format!(
                "did you mean {other}? It applies only to {}; the model is {}",
                listed(&owners, "and"),
                family.name()
            )
        }
        (None, None, _) => "`manyfit settings` lists all".into(),
    }
}

/// The most similar one of some known names, if any is similar.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let similar = known.map(|known| (strsim::jaro_winkler(known, name), known));
    similar
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

/// Whether any family has a setting of this name.
#[must_use]
pub fn is_setting(name: &str) -> bool {
    GROUPS.iter().flat_map(|group| group.settings).any(|setting| setting.is_called(name))
}

/// The family that settings choose; Prophet where they choose none that exists.
pub(super) fn family_of<'a>(settings: impl IntoIterator<Item = (&'a String, &'a String)>) -> Family {
    let models = settings.into_iter().filter(|(name, _)| normalized(name) == "model");
    models.filter_map(|(_, word)| Family::parse(word.trim())).last().unwrap_or(Family::Prophet)
}

/// Settings by canonical name, without white space around values. Two names of one setting must agree where both have a
/// value; `faults` gets a sentence where they do not.
pub(super) fn canonical<'a>(
    family: Family,
    settings: &'a BTreeMap<String, String>,
    faults: &mut Vec<String>,
) -> BTreeMap<String, &'a str> {
    let mut found: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for (given, value) in settings {
        let (name, value) = (normalized(given), value.trim());
        let name = find(family, &name).map_or(name, |setting| setting.name.to_owned());
        let earlier = found.entry(name).or_insert((given, value));
        if earlier.1.is_empty() {
            *earlier = (given, value);
        } else if !value.is_empty() && earlier.1 != value {
            let (other, earlier) = earlier;
            faults.push(format!("{given}={value:?} is the same setting as {other}, which is {earlier:?}: keep one"));
        }
    }
    found.into_iter().map(|(name, (_, value))| (name, value)).collect()
}

/// Settings of several sources as one, by canonical name: each source takes precedence over those before it.
///
/// # Errors
/// [`Error::Settings`] if a source gives one setting two values.
pub fn merge(sources: &[BTreeMap<String, String>]) -> Result<BTreeMap<String, String>> {
    let family = family_of(sources.iter().flatten());
    let (mut merged, mut faults) = (BTreeMap::new(), Vec::new());
    for source in sources {
        let source = canonical(family, source, &mut faults);
        merged.extend(source.into_iter().map(|(name, value)| (name, value.to_owned())));
    }
    faults.first().map_or(Ok(merged), |fault| Err(Error::Settings(format!("setting {fault}"))))
}
