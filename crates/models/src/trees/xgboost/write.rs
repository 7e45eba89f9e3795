//! Writing XGBoost model files: JSON and UBJSON from one description.
//!
//! The layout is XGBoost 3.2's, with the base score as a plain number: versions before 3.1 read the list that 3.2 writes
//! as 0.5 without a word. Every number that XGBoost keeps as a float is written as one, because it refuses integers there.

use super::{model_sink::ModelSink, ubjson::UbjWriter};
use crate::trees::{Ensemble, Objective, Tree};

/// The XGBoost version whose layout is written.
const VERSION: [i32; 3] = [3, 2, 0];
/// How XGBoost marks the root's parent.
const NO_PARENT: i32 = i32::MAX;

impl Ensemble {
    /// The model as an XGBoost JSON file.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut sink = JsonWriter::default();
        write_model(self, &mut sink);
        sink.text
    }

    /// The model as an XGBoost UBJSON file: smaller, and faster to read and write.
    #[must_use]
    pub fn to_ubj(&self) -> Vec<u8> {
        let mut sink = UbjWriter::default();
        write_model(self, &mut sink);
        sink.into_bytes()
    }
}

fn write_model(model: &Ensemble, sink: &mut impl ModelSink) {
    sink.object();
    sink.key("learner");
    sink.object();
    sink.key("attributes");
    texts(sink, model.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    sink.key("feature_names");
    sink.list(model.feature_names.len());
    model.feature_names.iter().for_each(|name| sink.text(name));
    sink.end();
    sink.key("feature_types");
    sink.list(model.feature_names.len());
    model.feature_names.iter().for_each(|_| sink.text("float"));
    sink.end();
    sink.key("gradient_booster");
    write_booster(model, sink);
    sink.key("learner_model_param");
    let (base_score, features) = (exponent(model.base_score), model.features.to_string());
    texts(
        sink,
        [
            ("base_score", base_score.as_str()),
            ("boost_from_average", "1"),
            ("num_class", "0"),
            ("num_feature", &features),
            ("num_target", "1"),
        ],
    );
    sink.key("objective");
    write_objective(model.objective, sink);
    sink.end();
    sink.key("version");
    sink.list(VERSION.len());
    for part in VERSION {
        sink.integer(part);
    }
    sink.end();
    sink.end();
}

fn texts<'a>(sink: &mut impl ModelSink, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    sink.object();
    for (key, value) in pairs {
        sink.key(key);
        sink.text(value);
    }
    sink.end();
}

fn write_objective(objective: Objective, sink: &mut impl ModelSink) {
    sink.object();
    sink.key("name");
    sink.text(objective.name());
    let parameter = match objective {
        Objective::SquaredError | Objective::Logistic => Some(("reg_loss_param", "scale_pos_weight", "1".to_owned())),
        Objective::Poisson => Some(("poisson_regression_param", "max_delta_step", "0.7".to_owned())),
        Objective::Tweedie { variance_power } => {
            Some(("tweedie_regression_param", "tweedie_variance_power", variance_power.to_string()))
        }
        Objective::AbsoluteError => None,
    };
    if let Some((group, name, value)) = &parameter {
        sink.key(group);
        texts(sink, [(*name, value.as_str())]);
    }
    sink.end();
}

fn write_booster(model: &Ensemble, sink: &mut impl ModelSink) {
    let trees = model.trees.len();
    sink.object();
    sink.key("model");
    sink.object();
    sink.key("gbtree_model_param");
    texts(sink, [("num_parallel_tree", model.trees_per_round.to_string().as_str()), ("num_trees", &trees.to_string())]);
    sink.key("iteration_indptr");
    let rounds = trees / model.trees_per_round.max(1);
    sink.list(rounds + 1);
    (0..=rounds).for_each(|round| sink.integer((round * model.trees_per_round) as i32));
    sink.end();
    sink.key("tree_info");
    sink.list(trees);
    (0..trees).for_each(|_| sink.integer(0));
    sink.end();
    sink.key("trees");
    sink.list(trees);
    for (id, tree) in model.trees.iter().enumerate() {
        write_tree(id, tree, model.features, sink);
    }
    sink.end();
    sink.end();
    sink.key("name");
    sink.text("gbtree");
    sink.end();
}

fn write_tree(id: usize, tree: &Tree, features: usize, sink: &mut impl ModelSink) {
    let nodes = || tree.nodes.iter();
    let stats = || tree.stats.iter();
    sink.object();
    sink.key("base_weights");
    sink.floats(stats().map(|stat| stat.base_weight));
    for name in ["categories", "categories_nodes"] {
        sink.key(name);
        sink.integers(std::iter::empty());
    }
    for name in ["categories_segments", "categories_sizes"] {
        sink.key(name);
        sink.no_longs();
    }
    sink.key("default_left");
    sink.bytes(nodes().map(|node| u8::from(node.default_left())));
    sink.key("id");
    sink.integer(id as i32);
    sink.key("left_children");
    sink.integers(nodes().map(|node| if node.is_leaf() { -1 } else { node.left() as i32 }));
    sink.key("loss_changes");
    sink.floats(stats().map(|stat| stat.loss_change));
    sink.key("parents");
    let parents = tree.parents();
    sink.integers(parents.iter().enumerate().map(|(id, &parent)| if id == 0 { NO_PARENT } else { parent as i32 }));
    sink.key("right_children");
    sink.integers(nodes().map(|node| if node.is_leaf() { -1 } else { node.right() as i32 }));
    sink.key("split_conditions");
    sink.floats(nodes().map(|node| node.value()));
    sink.key("split_indices");
    sink.integers(nodes().map(|node| node.feature() as i32));
    sink.key("split_type");
    sink.bytes(nodes().map(|_| 0));
    sink.key("sum_hessian");
    sink.floats(stats().map(|stat| stat.sum_hessian));
    sink.key("tree_param");
    texts(
        sink,
        [
            ("num_deleted", "0"),
            ("num_feature", features.to_string().as_str()),
            ("num_nodes", &tree.len().to_string()),
            ("size_leaf_vector", "1"),
        ],
    );
    sink.end();
}

/// The shortest text that reads as the same number, always as a float: `4.2950034E5`, `0E0`.
fn exponent(value: f32) -> String {
    format!("{value:E}")
}

#[derive(Default)]
struct JsonWriter {
    text: Vec<u8>,
    /// Closing characters of what is open.
    open: Vec<u8>,
}

impl JsonWriter {
    /// Puts the comma before every member but the first.
    fn separate(&mut self) {
        if !matches!(self.text.last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(b',');
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }

    fn values<T>(&mut self, values: impl Iterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
        self.separate();
        self.text.push(b'[');
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.text.push(b',');
            }
            write(&mut self.text, value);
        }
        self.text.push(b']');
    }
}

/// Writing to memory cannot fail.
fn put(text: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    let _ = std::io::Write::write_fmt(text, arguments);
}

impl ModelSink for JsonWriter {
    fn object(&mut self) {
        self.separate();
        self.text.push(b'{');
        self.open.push(b'}');
    }

    fn list(&mut self, _length: usize) {
        self.separate();
        self.text.push(b'[');
        self.open.push(b']');
    }

    fn end(&mut self) {
        self.text.extend(self.open.pop());
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.quoted(key);
        self.text.push(b':');
    }

    fn text(&mut self, text: &str) {
        self.separate();
        self.quoted(text);
    }

    fn integer(&mut self, value: i32) {
        self.separate();
        put(&mut self.text, format_args!("{value}"));
    }

    fn floats(&mut self, values: impl ExactSizeIterator<Item = f32>) {
        self.values(values, |text, value| put(text, format_args!("{value:E}")));
    }

    fn integers(&mut self, values: impl ExactSizeIterator<Item = i32>) {
        self.values(values, |text, value| put(text, format_args!("{value}")));
    }

    fn bytes(&mut self, values: impl ExactSizeIterator<Item = u8>) {
        self.values(values, |text, value| put(text, format_args!("{value}")));
    }

    fn no_longs(&mut self) {
        self.values(std::iter::empty::<i64>(), |_, _| {});
    }
}
