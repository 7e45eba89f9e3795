//! One regression tree.

/// A node in twelve bytes: all that prediction reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    /// The left child; the right child is the next node. 0 for a leaf, since the root is not a child.
    left: u32,
    /// The feature, and in the highest bit whether a missing value goes left.
    feature: u32,
    /// A split's threshold, or a leaf's value.
    value: f32,
}

const DEFAULT_LEFT: u32 = 1 << 31;

impl Node {
    pub(super) const fn leaf(value: f32) -> Self {
        Self { left: 0, feature: 0, value }
    }

    pub(super) const fn split(left: u32, feature: u32, threshold: f32, default_left: bool) -> Self {
        let bit = if default_left { DEFAULT_LEFT } else { 0 };
        Self { left, feature: feature | bit, value: threshold }
    }

    pub(super) const fn is_leaf(self) -> bool {
        self.left == 0
    }

    pub(super) const fn left(self) -> usize {
        self.left as usize
    }

    pub(super) const fn right(self) -> usize {
        self.left as usize + 1
    }

    pub(super) const fn feature(self) -> usize {
        (self.feature & !DEFAULT_LEFT) as usize
    }

    pub(super) const fn default_left(self) -> bool {
        self.feature & DEFAULT_LEFT != 0
    }

    /// A split's threshold, or a leaf's value.
    pub(super) const fn value(self) -> f32 {
        self.value
    }

    /// Whether a feature's value goes left: below the threshold, or missing where missing goes left.
    #[inline]
    pub(super) fn goes_left(self, x: f32) -> bool {
        if x.is_nan() { self.default_left() } else { x < self.value }
    }
}

/// Training statistics of a node, for importances and SHAP values; prediction does not need them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Stat {
    /// The weight that the node had, or would have had, as a leaf, before `eta`.
    pub(super) base_weight: f32,
    /// The loss change of its split.
    pub(super) loss_change: f32,
    /// The sum of the hessians (with squared error: of the weights) of its rows.
    pub(super) sum_hessian: f32,
}

/// The new place of a node that was cut off.
const CUT: u32 = u32::MAX;

/// A regression tree.
///
/// - node 0 is the root;
/// - children follow their parent, the right child is next to the left one;
/// - a value below the threshold goes left, a missing value goes to the side that the split names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) stats: Vec<Stat>,
}

impl Tree {
    /// The memory of a tree with so many nodes, in bytes.
    pub(super) const fn bytes(nodes: usize) -> u64 {
        (size_of::<Self>() + nodes * (size_of::<Node>() + size_of::<Stat>())) as u64
    }

    /// Number of nodes, leaves included.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The value of the leaf that a row, shape (k), falls into.
    pub(super) fn predict(&self, row: &[f32]) -> f32 {
        self.descend(|feature| row[feature])
    }

    #[inline]
    pub(super) fn descend(&self, value: impl Fn(usize) -> f32) -> f32 {
        self.nodes[self.leaf_of(value) as usize].value
    }

    /// The leaf that a row falls into.
    #[inline]
    pub(super) fn leaf_of(&self, value: impl Fn(usize) -> f32) -> u32 {
        let mut id = 0;
        let mut node = self.nodes[id];
        while !node.is_leaf() {
            let left = node.goes_left(value(node.feature()));
            id = node.left() + usize::from(!left);
            node = self.nodes[id];
        }
        id as u32
    }

    /// The parent of every node, shape (nodes); the root is its own.
    pub(super) fn parents(&self) -> Vec<u32> {
        let mut parents = vec![0; self.len()];
        for (id, node) in self.nodes.iter().enumerate().filter(|(_, node)| !node.is_leaf()) {
            parents[node.left()] = id as u32;
            parents[node.right()] = id as u32;
        }
        parents
    }

    /// Turns every split with two leaves as children and a loss change below `gamma` into a leaf, repeatedly, from the
    /// bottom up.
    ///
    /// This is how XGBoost's exact method applies `gamma`: a weak split over strong ones survives. Returns the new leaf of
    /// each old leaf, if any changed.
    pub(super) fn prune(&mut self, gamma: f32, eta: f32) -> Option<Vec<u32>> {
        let parents = self.parents();
        let mut pruned = false;
        for id in (0..self.len()).rev() {
            let node = self.nodes[id];
            let prunable = !node.is_leaf()
                && self.nodes[node.left()].is_leaf()
                && self.nodes[node.right()].is_leaf()
                && self.stats[id].loss_change < gamma;
            if prunable {
                self.nodes[id] = Node::leaf(self.stats[id].base_weight * eta);
                pruned = true;
            }
        }
        pruned.then(|| {
            let mut renamed = self.compact();
            // Parents come first, so what was cut off inherits its nearest ancestor that was kept.
            for id in 1..renamed.len() {
                if renamed[id] == CUT {
                    renamed[id] = renamed[parents[id] as usize];
                }
            }
            renamed
        })
    }

    /// Keeps the nodes that can be reached from the root, level by level, and returns the new place of each old node.
    fn compact(&mut self) -> Vec<u32> {
        let mut renamed = vec![CUT; self.len()];
        renamed[0] = 0;
        let mut kept = Self { nodes: vec![self.nodes[0]], stats: vec![self.stats[0]] };
        let mut id = 0;
        while id < kept.len() {
            let node = kept.nodes[id];
            if !node.is_leaf() {
                let left = kept.len() as u32;
                for child in [node.left(), node.right()] {
                    renamed[child] = kept.len() as u32;
                    kept.nodes.push(self.nodes[child]);
                    kept.stats.push(self.stats[child]);
                }
                kept.nodes[id] = Node { left, ..node };
            }
            id += 1;
        }
        *self = kept;
        renamed
    }
}
