//! Reading XGBoost model files, JSON or UBJSON, of versions 1.7 to 3.2.
//!
//! Trees of numeric splits with one value per leaf are read, of a model with early stopping those up to its best iteration;
//! anything else is an error that names it. A file may be
//! truncated or wrong: its trees are checked, and laid out again as [`Tree`] guarantees.

use super::ubjson::UbjReader;
use crate::{
    Error, Result,
    trees::{
        Ensemble, Objective, Tree,
        tree::{Node, Stat},
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt};

/// The largest number of features. A file need not describe them, so its size does not bound their number; a row of so many
/// takes 4 MB, their names some 100 MB.
const MOST_FEATURES: usize = 1 << 20;

#[derive(Deserialize)]
struct File {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    #[serde(default)]
    feature_types: Vec<String>,
    gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    parameters: Parameters,
    objective: ObjectiveRecord,
}

#[derive(Deserialize)]
struct Booster {
    name: String,
    #[serde(default)]
    model: Option<Model>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model {
    gbtree_model_param: Parameters,
    tree_info: Vec<i64>,
    trees: TreeList,
}

/// The trees up to the first faulty one, and its fault.
#[derive(Default)]
struct TreeList {
    trees: Vec<Tree>,
    fault: Option<Error>,
}

/// Lays out each tree as soon as it is read, because the arrays of a small tree take many times the memory of its nodes.
impl<'de> Deserialize<'de> for TreeList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = TreeList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of trees")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<TreeList, A::Error> {
                let mut list = TreeList::default();
                while let Some(record) = records.next_element::<TreeRecord>()? {
                    match record.read() {
                        Ok(tree) => list.trees.push(tree),
                        Err(fault) => {
                            list.fault = Some(fault);
                            while records.next_element::<IgnoredAny>()?.is_some() {}
                        }
                    }
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// Numbers, as text.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Parameters(BTreeMap<String, String>);

#[derive(Deserialize)]
struct ObjectiveRecord {
    name: String,
    #[serde(default)]
    tweedie_regression_param: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TreeRecord {
    base_weights: Vec<f32>,
    categories_nodes: Vec<i64>,
    default_left: Vec<Flag>,
    left_children: Vec<i64>,
    loss_changes: Vec<f32>,
    right_children: Vec<i64>,
    split_conditions: Vec<f32>,
    split_indices: Vec<i64>,
    sum_hessian: Vec<f32>,
    tree_param: Parameters,
}

/// A truth value, which some versions write as a number.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Number(i64),
}

impl Ensemble {
    /// Reads a model file of either encoding; which one is seen from its first bytes.
    ///
    /// # Errors
    /// What the file is instead, which of its parts is not supported, or where it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        match bytes {
            _ if is_json(bytes) => Self::from_json(bytes),
            [b'{', ..] => Self::from_ubj(bytes),
            [] => refuse("empty", "save it again with Booster.save_model"),
            [0x80, ..] => refuse("a Python pickle", "load it in Python and save it with Booster.save_model"),
            _ => refuse(
                "neither JSON nor UBJSON, perhaps an old binary file",
                "load it in XGBoost 3.0 or older and save it as .json or .ubj",
            ),
        }
    }

    /// Reads an XGBoost JSON file.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| Error::Data(format!("the XGBoost JSON file cannot be read: {error}")))?;
        file.learner.into_ensemble()
    }

    /// Reads an XGBoost UBJSON file.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_ubj(bytes: &[u8]) -> Result<Self> {
        let file = File::deserialize(&mut UbjReader::new(bytes))
            .map_err(|error| Error::Data(format!("the XGBoost UBJSON file cannot be read: {error}")))?;
        file.learner.into_ensemble()
    }
}

/// Whether a model file is JSON: UBJSON has a length after the brace, JSON a quote or white space.
pub(crate) const fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'"' | b' ' | b'\t' | b'\r' | b'\n' | b'}', ..])
}

fn refuse<T>(what: &str, way_out: &str) -> Result<T> {
    Err(Error::Data(format!("the XGBoost model is {what}; {way_out}")))
}

fn unsupported<T>(what: impl std::fmt::Display) -> Result<T> {
    Err(Error::Data(format!("the XGBoost model has {what}, which is not supported")))
}

fn damaged<T>(what: impl std::fmt::Display) -> Result<T> {
    Err(Error::Data(format!("the XGBoost model is damaged: {what}")))
}

impl Parameters {
    /// Empty if there is no such parameter.
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn is_single(&self, name: &str) -> bool {
        matches!(self.text(name), "" | "0" | "1")
    }
}

impl Learner {
    fn into_ensemble(self) -> Result<Ensemble> {
        if self.gradient_booster.name != "gbtree" {
            return unsupported(format_args!("the booster {}", self.gradient_booster.name));
        }
        let Some(model) = self.gradient_booster.model else { return damaged("it has no model") };
        let parameters = &self.parameters;
        if !parameters.is_single("num_class") {
            return unsupported(format_args!("{} classes", parameters.text("num_class")));
        }
        if !parameters.is_single("num_target") || model.tree_info.iter().any(|&group| group != 0) {
            return unsupported("several outputs");
        }
        if self.feature_types.iter().any(|kind| kind == "c" || kind == "categorical") {
            return unsupported("categorical features");
        }
        let objective = self.objective.read()?;
        let base_score = read_base_score(parameters.text("base_score"))?;
        objective
            .check_base_score(base_score)
            .or_else(|_| damaged(format_args!("base_score {base_score} does not fit {}", objective.name())))?;
        let Ok(features) = parameters.text("num_feature").parse::<usize>() else {
            return damaged(format_args!("num_feature is {:?}", parameters.text("num_feature")));
        };
        if features > MOST_FEATURES {
            return unsupported(format_args!("{features} features (the limit is {MOST_FEATURES})"));
        }
        let trees_per_round = model.gbtree_model_param.text("num_parallel_tree").parse().unwrap_or(1).max(1);
        let TreeList { mut trees, fault } = model.trees;
        let in_tree = |id: usize, fault: Error| Error::Data(format!("tree {id}: {fault}"));
        let best = best_trees(&self.attributes, trees_per_round);
        if let Some(fault) = fault.filter(|_| trees.len() < best) {
            return Err(in_tree(trees.len(), fault));
        }
        trees.truncate(best);
        let foreign = |tree: &Tree| tree.nodes.iter().any(|node| !node.is_leaf() && node.feature() >= features);
        if let Some(id) = trees.iter().position(foreign) {
            return damaged("a split uses a feature that the model does not have").map_err(|fault| in_tree(id, fault));
        }
        let (attributes, feature_names) = (self.attributes, self.feature_names);
        Ok(Ensemble { trees, objective, base_score, features, trees_per_round, attributes, feature_names })
    }
}

/// How many trees a model predicts with: where early stopping has saved its best iteration, the trees up to there. So do
/// XGBoost's scikit-learn interface and AWS's container; a bare `Booster` takes all trees unless it is told otherwise.
fn best_trees(attributes: &BTreeMap<String, String>, trees_per_round: usize) -> usize {
    let number = |name: &str| attributes.get(name).and_then(|text| text.parse::<usize>().ok());
    let iterations = number("best_iteration").map(|best| best.saturating_add(1).saturating_mul(trees_per_round));
    // XGBoost before 1.4 wrote the number of trees instead.
    iterations.or_else(|| number("best_ntree_limit").filter(|&trees| trees > 0)).unwrap_or(usize::MAX)
}

/// `4.2E5`, or since 3.1 `[4.2E5]`.
fn read_base_score(text: &str) -> Result<f32> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    if inner.contains(',') {
        return unsupported("several outputs");
    }
    inner.trim().parse().or_else(|_| damaged(format_args!("base_score is {text:?}")))
}

impl ObjectiveRecord {
    fn read(&self) -> Result<Objective> {
        match Objective::parse(&self.name) {
            Some(Objective::Tweedie { .. }) => {
                let text = self.tweedie_regression_param.text("tweedie_variance_power");
                let power = if text.is_empty() { Ok(1.5) } else { text.parse() };
                match power {
                    Ok(variance_power) if (1.0..2.0).contains(&variance_power) => {
                        Ok(Objective::Tweedie { variance_power })
                    }
                    _ => damaged(format_args!("tweedie_variance_power is {text:?}")),
                }
            }
            Some(objective) => Ok(objective),
            None => unsupported(format_args!("the objective {}", self.name)),
        }
    }
}

impl TreeRecord {
    /// Lays the tree out level by level with siblings side by side, without the nodes that pruning left behind.
    fn read(&self) -> Result<Tree> {
        if !self.tree_param.is_single("size_leaf_vector") {
            return unsupported("leaves with several values");
        }
        if !self.categories_nodes.is_empty() {
            return unsupported("categorical splits");
        }
        let nodes = self.left_children.len();
        let same = [self.right_children.len(), self.split_conditions.len(), self.split_indices.len()];
        if nodes == 0 || same.iter().any(|&length| length != nodes) || self.default_left.len() != nodes {
            return damaged("its arrays do not have one value for each node");
        }
        let mut tree = Tree::default();
        let mut sources = vec![0];
        tree.nodes.push(self.node(0, 0)?);
        let mut id = 0;
        while id < sources.len() {
            let source = sources[id];
            if self.left_children[source] >= 0 {
                for child in [self.left_children[source], self.right_children[source]] {
                    let child = usize::try_from(child).unwrap_or(nodes);
                    // A tree has every node once; more would be a circle.
                    if child >= nodes || sources.len() >= nodes {
                        return damaged("its nodes do not form a tree");
                    }
                    sources.push(child);
                    tree.nodes.push(Node::leaf(0.0));
                }
            }
            let left = sources.len() as u32 - 2 * u32::from(sources.len() > 1);
            tree.nodes[id] = self.node(source, left)?;
            id += 1;
        }
        // They explain the tree; predictions do not depend on them.
        let at = |numbers: &[f32], source: usize| {
            numbers.get(source).copied().filter(|number| number.is_finite()).unwrap_or(0.0)
        };
        tree.stats.extend(sources.iter().map(|&source| Stat {
            base_weight: at(&self.base_weights, source),
            loss_change: at(&self.loss_changes, source),
            sum_hessian: at(&self.sum_hessian, source),
        }));
        Ok(tree)
    }

    fn node(&self, source: usize, left: u32) -> Result<Node> {
        let value = self.split_conditions[source];
        if !value.is_finite() {
            return damaged("a node has a value that is not finite");
        }
        if self.left_children[source] < 0 {
            return Ok(Node::leaf(value));
        }
        let default_left = match self.default_left[source] {
            Flag::Bool(flag) => flag,
            Flag::Number(number) => number != 0,
        };
        match usize::try_from(self.split_indices[source]) {
            Ok(feature) if feature < MOST_FEATURES => Ok(Node::split(left, feature as u32, value, default_left)),
            _ => damaged("a split uses a feature that the model does not have"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Examples, Matrix},
        interrupt::Interrupt,
        trees::{BoostingParams, ForestParams, Scratch},
    };

    /// A file of the given trees as JSON, and the number of features it claims.
    fn file(trees: &str, features: &str) -> Vec<u8> {
        format!(
            r#"{{"learner":{{"gradient_booster":{{"name":"gbtree","model":{{"trees":[{trees}]}}}},
            "learner_model_param":{{"base_score":"5E-1","num_feature":"{features}"}},
            "objective":{{"name":"reg:squarederror"}}}}}}"#
        )
        .into_bytes()
    }

    const LEAF: &str =
        r#"{"left_children":[-1],"right_children":[-1],"split_conditions":[2],"split_indices":[0],"default_left":[0]}"#;
    const SPLIT: &str = r#"{"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_conditions":[2,0,1],"split_indices":[3,0,0],
        "default_left":[0,0,0]}"#;

    #[test]
    fn the_claims_of_a_file_are_bounded() {
        let fault = |trees: &str, features: &str| Ensemble::from_bytes(&file(trees, features)).unwrap_err().to_string();
        assert!(Ensemble::from_bytes(&file(&[LEAF, SPLIT].join(","), "4")).is_ok());
        assert!(fault(LEAF, "1000000000").contains("1000000000 features"), "{}", fault(LEAF, "1000000000"));
        assert!(
            fault(&[LEAF, "{}", LEAF].join(","), "1").contains("tree 1: "),
            "{}",
            fault(&[LEAF, "{}"].join(","), "1")
        );
        assert!(
            fault(&[LEAF, SPLIT].join(","), "3")
                .contains("tree 1: the XGBoost model is damaged: a split uses a feature")
        );
        // Items of these types take no bytes: lists inside each other would be as long as the file, each of them.
        for mark in *b"ZTFN" {
            let ubj = [&b"{L\0\0\0\0\0\0\0\x07learner[$"[..], &[mark], b"#L\0\0\0\0\0\0\0\x05]]]]]"].concat();
            let error = Ensemble::from_bytes(&ubj).unwrap_err().to_string();
            assert!(error.contains("values without bytes"), "{error}");
        }
    }

    #[test]
    fn a_tweedie_model_has_a_power_that_tweedie_s_distribution_has() {
        let tweedie = |parameters: &str| {
            let text = String::from_utf8(file(LEAF, "1")).unwrap();
            let objective = format!(r#""name":"reg:tweedie"{parameters}"#);
            Ensemble::from_bytes(text.replace(r#""name":"reg:squarederror""#, &objective).as_bytes())
        };
        let power =
            |text: &str| tweedie(&format!(r#","tweedie_regression_param":{{"tweedie_variance_power":"{text}"}}"#));
        assert_eq!(tweedie("").unwrap().objective(), Objective::Tweedie { variance_power: 1.5 });
        assert_eq!(power("1.25").unwrap().objective(), Objective::Tweedie { variance_power: 1.25 });
        for text in ["NaN", "2", "-1", "x"] {
            let error = power(text).unwrap_err().to_string();
            assert!(error.contains(&format!("tweedie_variance_power is {text:?}")), "{error}");
        }
    }

    #[test]
    fn what_explains_a_tree_is_finite_and_read_back() {
        // Single-precision NaN and infinity, which JSON does not have.
        let mut ubj = Ensemble::from_bytes(&file(SPLIT, "4")).unwrap().to_ubj();
        for (name, bits) in [("loss_changes", f32::NAN.to_be_bytes()), ("sum_hessian", f32::INFINITY.to_be_bytes())] {
            let at = ubj.windows(name.len()).position(|text| text == name.as_bytes()).unwrap() + name.len() + 13;
            ubj[at..at + 4].copy_from_slice(&bits);
        }
        let read = Ensemble::from_bytes(&ubj).unwrap();
        assert_eq!(Ensemble::from_bytes(&read.to_json()).unwrap(), read);
        assert!(read.shap_values(&[1.0; 4]).unwrap().iter().all(|value| value.is_finite()));
    }

    #[test]
    fn early_stopping_s_best_iteration_is_the_last_one_that_is_read() {
        let values: Vec<f32> = (0..40_u8).map(f32::from).collect();
        let matrix = Matrix::from_rows(1, &values).unwrap();
        let rows = Examples::new(&matrix, &values, None);
        let params = BoostingParams { num_round: 6, ..BoostingParams::default() };
        let boosted = params.fit(rows, None, Interrupt::default(), &mut Scratch::default()).unwrap().model;
        let read = |model: &Ensemble, attributes: &[(&str, &str)]| {
            let mut model = model.clone();
            let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            model.attributes = attributes.iter().map(owned).collect();
            let [json, ubj] = [model.to_json(), model.to_ubj()].map(|file| Ensemble::from_bytes(&file).unwrap());
            assert_eq!(json.trees(), ubj.trees());
            json
        };
        for (attributes, trees) in [
            (&[("best_iteration", "2"), ("best_score", "1.5")][..], 3),
            (&[("best_iteration", "0")], 1),
            (&[("best_iteration", "5")], 6),
            (&[("best_iteration", "99")], 6),
            (&[("best_iteration", "18446744073709551615")], 6),
            (&[("best_iteration", "-1")], 6),
            (&[("best_ntree_limit", "4")], 4),
            (&[("best_ntree_limit", "0")], 6),
            (&[("note", "2")], 6),
        ] {
            assert_eq!(read(&boosted, attributes).trees(), &boosted.trees()[..trees], "{attributes:?}");
        }
        let forest = ForestParams { n_estimators: 6, ..ForestParams::default() };
        let mut forest = forest.fit(rows, Interrupt::default(), &mut Scratch::default()).unwrap();
        forest.trees_per_round = 2;
        assert_eq!(read(&forest, &[("best_iteration", "1")]).trees(), &forest.trees()[..4], "two trees an iteration");
    }
}
