//! The documentation of settings, made of the registry.

use super::{
    compatibility::parameters_of,
    family::Family,
    lookup::{normalized, suggestion},
    registry::GROUPS,
    setting::{Group, Setting},
};
use std::fmt::Write as _;

/// All settings, or those of a model, by group.
#[must_use]
pub fn list(model: Option<Family>) -> String {
    let mut text = String::new();
    for group in groups(model) {
        _ = writeln!(text, "{} ({})", group.title, models(group));
        for setting in group.settings {
            _ = writeln!(text, "  {:<24} {:<18} {}", setting.name, setting.default, setting.help);
        }
        text.push('\n');
    }
    text + "The second column is the default. `manyfit settings NAME` shows the values that a setting may have.\n"
}

/// Everything about one setting, for each of the models that have it.
///
/// # Errors
/// A sentence about a name that is unknown.
pub fn describe(name: &str, model: Option<Family>) -> Result<String, String> {
    let (canonical, mut text) = (normalized(name), String::new());
    for group in groups(model) {
        for setting in group.settings.iter().filter(|setting| setting.is_called(&canonical)) {
            let Setting { name, kind, help, per_customer, common, .. } = setting;
            _ = writeln!(text, "{name}\n  {help}\n  values: {kind}");
            match setting.default {
                "" => text.push_str("  no default\n"),
                default => _ = writeln!(text, "  default: {default}"),
            }
            if !setting.aliases.is_empty() {
                _ = writeln!(text, "  also called: {}", setting.aliases.join(", "));
            }
            _ = writeln!(text, "  models: {}", models(group));
            _ = writeln!(text, "  may differ by customer: {}", if *per_customer { "yes" } else { "no" });
            let option = if *common { name.replace('_', "-") } else { format!("set {name}=VALUE") };
            _ = writeln!(text, "  option: --{option}\n");
        }
    }
    let families = model.map_or(Family::ALL.to_vec(), |model| vec![model]);
    for family in &families {
        for (_, accepted) in parameters_of(*family).filter(|(known, _)| *known == canonical) {
            let accepted = if accepted.is_empty() { "none: it is refused" } else { accepted };
            _ = writeln!(text, "{canonical}\n  A parameter of another tool that changes nothing here.");
            _ = writeln!(text, "  values: {accepted}\n  models: {}\n", family.name());
        }
    }
    if text.is_empty() { Err(format!("{name}: no such setting; {}", suggestion(&canonical, model))) } else { Ok(text) }
}

/// The page docs/settings.md.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    for group in GROUPS {
        _ = writeln!(text, "\n## {}\n\nModels: {}.\n", group.title, models(group));
        text.push_str("| setting | default | values | meaning |\n|---|---|---|---|\n");
        for setting in group.settings {
            let Setting { name, aliases, default, kind, help, .. } = setting;
            let names: Vec<String> = [name].into_iter().chain(*aliases).map(|name| format!("`{name}`")).collect();
            let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
            let per_customer = if setting.per_customer { " ◆" } else { "" };
            _ = writeln!(text, "| {}{per_customer} | {default} | {kind} | {help} |", names.join(", "));
        }
    }
    text.push_str(COMPATIBILITY);
    for family in [Family::Prophet, Family::GradientBoosting, Family::RandomForest, Family::Ridge] {
        let accepted = parameters_of(family).map(|(name, accepted)| match accepted {
            "*" => format!("`{name}`"),
            "" => format!("~~`{name}`~~"),
            accepted => format!("`{name}={}`", accepted.replace('|', "` or `")),
        });
        _ = writeln!(text, "- {}: {}.", family.name(), accepted.collect::<Vec<_>>().join(", "));
    }
    text
}

fn groups(model: Option<Family>) -> impl Iterator<Item = &'static Group> {
    GROUPS.iter().filter(move |group| model.is_none_or(|model| model.accepts(group.models)))
}

fn models(group: &Group) -> String {
    if group.models.len() == Family::ALL.len() {
        return "all".into();
    }
    group.models.iter().map(|family| family.name()).collect::<Vec<_>>().join(", ")
}

const INTRODUCTION: &str = "\
# Settings

<!-- Generated from src/settings/registry.rs: cargo run -- settings --markdown > docs/settings.md -->

Settings say what `manyfit train` fits and how. `manyfit settings` lists them, `manyfit settings horizon` describes one.

Common settings are options (`--horizon 8`, `--max-failures 5%`); all may be given by `--set horizon=8`, as a JSON object in a file
(`--hyperparameters settings.json`), and on SageMaker as hyperparameters of the job. In names, `-` and `_` are the same; an empty
value is no value. Precedence: options and `--set`, then the file, then the platform's hyperparameters. An option and `--set` that
give one setting two values are an error. All faults are in one message.

A setting of another model is refused, but models of a series accept each other's: a customer's overrides or `fallback` may choose them.
Settings with ◆ may differ by customer, as columns of the table `overrides`.
";

const COMPATIBILITY: &str = "
## Parameters of other tools

Prophet, XGBoost and scikit-learn have parameters that manyfit does not have. They are accepted with the values shown here, or with
any where none is shown, and then change nothing; those that are struck out are refused.

";
