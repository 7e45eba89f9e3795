//! Writing XGBoost model files.
//!
//! The layout is XGBoost 3.2's, with the base score as a plain number: versions before 3.1 read the list that 3.2 writes
//! as 0.5 without a warning. Every number that XGBoost keeps as a float is written as one, because it refuses integers there.

use super::{
    ubjson::write_value,
    value::Value::{self, Bytes, Floats, Integer, Integers, NoLongs, Object},
};
use crate::trees::{
    Ensemble, Objective, Tree,
    tree::{Node, Stat},
};

/// The XGBoost version whose layout is written.
const VERSION: [i32; 3] = [3, 2, 0];
/// How XGBoost marks the root's parent.
const NO_PARENT: i32 = i32::MAX;

impl Ensemble {
    /// The model as an XGBoost JSON file.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        file(self).to_json()
    }

    /// The model as an XGBoost UBJSON file: smaller, and faster to read and write.
    #[must_use]
    pub fn to_ubj(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_value(&file(self), &mut bytes);
        bytes
    }
}

fn file(model: &Ensemble) -> Value<'_> {
    let attributes = model.attributes.iter().map(|(key, value)| (key.as_str(), Value::text(value)));
    let names = &model.feature_names;
    let parameters = Object(vec![
        ("base_score", Value::text(format!("{:E}", model.base_score))),
        ("boost_from_average", Value::text("1")),
        ("num_class", Value::text("0")),
        ("num_feature", Value::text(model.features.to_string())),
        ("num_target", Value::text("1")),
    ]);
    let learner = Object(vec![
        ("attributes", Object(attributes.collect())),
        ("feature_names", Value::list(names.len(), move |at| Value::text(&names[at]))),
        ("feature_types", Value::list(names.len(), |_| Value::text("float"))),
        ("gradient_booster", Object(vec![("model", booster(model)), ("name", Value::text("gbtree"))])),
        ("learner_model_param", parameters),
        ("objective", objective(model.objective)),
    ]);
    Object(vec![("learner", learner), ("version", Value::list(VERSION.len(), |at| Integer(VERSION[at])))])
}

fn objective<'a>(objective: Objective) -> Value<'a> {
    let parameter = match objective {
        Objective::SquaredError | Objective::Logistic => Some(("reg_loss_param", "scale_pos_weight", "1".to_owned())),
        Objective::Poisson => Some(("poisson_regression_param", "max_delta_step", "0.7".to_owned())),
        Objective::Tweedie { variance_power } => {
            Some(("tweedie_regression_param", "tweedie_variance_power", variance_power.to_string()))
        }
        Objective::AbsoluteError => None,
    };
    let parameter = parameter.map(|(group, name, value)| (group, Object(vec![(name, Value::text(value))])));
    Object([("name", Value::text(objective.name()))].into_iter().chain(parameter).collect())
}

fn booster(model: &Ensemble) -> Value<'_> {
    let (trees, per_round) = (model.trees.len(), model.trees_per_round);
    let parameters = [("num_parallel_tree", per_round), ("num_trees", trees)];
    Object(vec![
        ("gbtree_model_param", Object(parameters.map(|(name, number)| (name, Value::text(number.to_string()))).into())),
        (
            "iteration_indptr",
            Value::list(trees / per_round.max(1) + 1, move |round| Integer((round * per_round) as i32)),
        ),
        ("tree_info", Value::list(trees, |_| Integer(0))),
        ("trees", Value::list(trees, move |id| tree(id, &model.trees[id], model.features))),
    ])
}

fn tree(id: usize, tree: &Tree, features: usize) -> Value<'_> {
    let floats = |of: fn(&Stat) -> f32| Floats(tree.stats.iter().map(of).collect());
    let children = |of: fn(Node) -> usize| {
        Integers(tree.nodes.iter().map(|&node| if node.is_leaf() { -1 } else { of(node) as i32 }).collect())
    };
    let mut parents: Vec<i32> = tree.parents().into_iter().map(|parent| parent as i32).collect();
    parents[0] = NO_PARENT;
    let parameters = [
        ("num_deleted", "0".to_owned()),
        ("num_feature", features.to_string()),
        ("num_nodes", tree.len().to_string()),
        ("size_leaf_vector", "1".to_owned()),
    ];
    Object(vec![
        ("base_weights", floats(|stat| stat.base_weight)),
        ("categories", Integers(Vec::new())),
        ("categories_nodes", Integers(Vec::new())),
        ("categories_segments", NoLongs),
        ("categories_sizes", NoLongs),
        ("default_left", Bytes(tree.nodes.iter().map(|node| u8::from(node.default_left())).collect())),
        ("id", Integer(id as i32)),
        ("left_children", children(Node::left)),
        ("loss_changes", floats(|stat| stat.loss_change)),
        ("parents", Integers(parents)),
        ("right_children", children(Node::right)),
        ("split_conditions", Floats(tree.nodes.iter().map(|node| node.value()).collect())),
        ("split_indices", Integers(tree.nodes.iter().map(|node| node.feature() as i32).collect())),
        ("split_type", Bytes(vec![0; tree.len()])),
        ("sum_hessian", floats(|stat| stat.sum_hessian)),
        ("tree_param", Object(parameters.map(|(name, text)| (name, Value::text(text))).into())),
    ])
}
