//! Growing one tree level by level: search every node, partition its rows and sorted columns, go on with the children.
//!
//! A node is a range of positions. The rows at these positions are the node's rows, in ascending order; every sorted
//! column holds the same rows at the same positions, in the order of its values. A split moves the rows of both orders
//! stably, so nothing is sorted again after the first time.

use super::{
    Matrix,
    columns::{Columns, Entry, Layout},
    scan::{Boundaries, RowSums, Sums},
    tree::{Node, Stat, Tree},
};

/// The best split of a node so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// What the rule maximizes.
    pub(super) gain: f64,
    pub(super) feature: u32,
    pub(super) threshold: f32,
    pub(super) default_left: bool,
}

impl Split {
    /// The least-squares split of the rows that lack a value from all others: every value is above the lowest number.
    pub(super) fn of_missing(feature: usize, present: Sums, absent: Sums, node: Sums) -> Self {
        let explained = |sums: Sums| sums.g * sums.g / sums.h;
        let gain = explained(present) + explained(absent) - explained(node);
        Self { gain, feature: feature as u32, threshold: -f32::MAX, default_left: true }
    }

    /// Takes the place of `best` if its gain is larger.
    pub(super) fn offer(self, best: &mut Option<Self>) {
        if best.is_none_or(|best| self.gain > best.gain) {
            *best = Some(self);
        }
    }
}

/// A node that is not decided yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open<I> {
    id: u32,
    start: usize,
    end: usize,
    pub(super) sums: Sums,
    pub(super) info: I,
}

impl<I> Open<I> {
    /// Number of rows.
    pub(super) const fn count(&self) -> usize {
        self.end - self.start
    }
}

/// One column within one node, ready to be searched.
pub(super) struct Candidate<'a> {
    pub(super) feature: usize,
    /// The distinct values of the whole column, ascending.
    pub(super) values: &'a [f32],
    /// Whether any row of the data set lacks a value; where none does, no split needs to place one.
    pub(super) missing: bool,
    pub(super) boundaries: &'a mut Boundaries,
}

/// The decisions in which boosting and forests differ.
pub(super) trait Rule {
    /// What the rule keeps for each open node.
    type Info: Copy;

    /// The root's info.
    fn root(&mut self, sums: Sums) -> Self::Info;

    /// The infos of the left and the right child of a split.
    fn children(&mut self, parent: &Self::Info, split: &Split, left: Sums, right: Sums) -> (Self::Info, Self::Info);

    /// Whether a node with these rows can be split at all; `false` saves the search.
    fn splittable(&self, depth: usize, sums: Sums, rows: &[u32]) -> bool;

    /// Called before each level: draws the columns of the level, if they are drawn by level.
    fn begin_level(&mut self) {}

    /// The best split of a node; `scanner` prepares a column, unless it can never split.
    fn search(&mut self, node: &Open<Self::Info>, scanner: &mut dyn ColumnScanner) -> Option<Split>;

    /// Nodes of at most this many rows are given to [`Self::search_few`].
    const FEW: usize = 0;

    /// The best split of a small node.
    fn search_few<E: Entry>(
        &mut self,
        _node: &Open<Self::Info>,
        _columns: &Columns<E>,
        _rows: &[u32],
        _sums: RowSums<'_>,
    ) -> Option<Split> {
        None
    }

    /// The prediction of a leaf and the statistics of a node.
    fn finish(&self, node: &Open<Self::Info>) -> (f32, Stat);
}

/// Access to the columns of the node that is searched.
pub(super) trait ColumnScanner {
    /// Scans `feature` within the node. `None` if it is the same for every row of the data set.
    fn column(&mut self, feature: usize) -> Option<Candidate<'_>>;
}

/// The buffers of [`grow`], kept from tree to tree.
#[derive(Debug, Default)]
pub(super) struct Arena<E> {
    pub(super) columns: Columns<E>,
    boundaries: Boundaries,
    /// In-bag rows, and where the next level's go.
    rows: Vec<u32>,
    next_rows: Vec<u32>,
    /// In-bag entries of each sorted column, and where the next level's go.
    lists: Vec<E>,
    next_lists: Vec<E>,
    /// For each row of the data set: whether it goes left, in the node that is partitioned.
    side: Vec<u8>,
}

impl<E: Entry> Arena<E> {
    /// Sorts the columns of `matrix` and makes room for its trees.
    pub(super) fn prepare(&mut self, matrix: &Matrix) {
        self.columns.sort(matrix);
        self.boundaries.reserve(matrix.rows().max(1));
        self.side.clear();
        self.side.resize(matrix.rows(), 0);
    }

    /// Starts a tree on the rows for which `in_bag` holds.
    pub(super) fn take_rows(&mut self, rows: usize, in_bag: Option<&[bool]>) {
        self.rows.clear();
        self.lists.clear();
        match in_bag {
            None => {
                self.rows.extend(0..rows as u32);
                self.lists.extend_from_slice(self.columns.orders());
            }
            Some(in_bag) => {
                self.rows.extend((0..rows as u32).filter(|&row| in_bag[row as usize]));
                self.lists.resize(self.columns.orders().len() / rows.max(1) * self.rows.len(), E::default());
                keep(self.columns.orders(), in_bag, &mut self.lists);
            }
        }
        self.next_rows.resize(self.rows.len(), 0);
        self.next_lists.resize(self.lists.len(), E::default());
    }
}

/// Copies the entries whose row is in the bag.
fn keep<E: Entry>(from: &[E], in_bag: &[bool], into: &mut [E]) {
    let mut place = 0;
    for &entry in from {
        // Written always, kept only if in the bag: no branch to mispredict.
        if let Some(slot) = into.get_mut(place) {
            *slot = entry;
        }
        place += usize::from(in_bag[entry.row()]);
    }
}

struct NodeScanner<'a, E> {
    columns: &'a Columns<E>,
    boundaries: &'a mut Boundaries,
    rows: &'a [u32],
    lists: &'a [E],
    in_bag: usize,
    start: usize,
    sums: RowSums<'a>,
}

impl<E: Entry> ColumnScanner for NodeScanner<'_, E> {
    fn column(&mut self, feature: usize) -> Option<Candidate<'_>> {
        let column = self.columns.column(feature);
        match column.layout {
            Layout::Useless => return None,
            Layout::Sorted(slot) => {
                let list = &self.lists[slot * self.in_bag + self.start..][..self.rows.len()];
                let present = if column.missing { list.partition_point(|entry| entry.rank() > 0) } else { list.len() };
                self.boundaries.scan_list(&list[..present], self.sums);
            }
            Layout::Binned(slot) => {
                self.boundaries.scan_bins(self.rows, self.columns.codes(slot), self.sums);
            }
        }
        Some(Candidate {
            feature,
            values: self.columns.values(column),
            missing: column.missing,
            boundaries: self.boundaries,
        })
    }
}

/// Grows one tree on the rows that [`Arena::take_rows`] took, and notes in `leaf_of` (shape (n)) where they end.
pub(super) fn grow<E: Entry, R: Rule>(
    rule: &mut R,
    arena: &mut Arena<E>,
    matrix: &Matrix,
    sums: RowSums<'_>,
    leaf_of: &mut [u32],
) -> Tree {
    let mut tree = Tree::default();
    let in_bag = arena.rows.len();
    let total = sum(&arena.rows, sums);
    let root = Open { id: 0, start: 0, end: in_bag, sums: total, info: rule.root(total) };
    tree.push(rule.finish(&root));
    let (mut level, mut next) = (vec![root], vec![]);
    let mut depth = 0;
    if !rule.splittable(0, total, &arena.rows) {
        level.clear();
        leaf_of.fill(0);
    }
    while !level.is_empty() {
        rule.begin_level();
        for node in level.drain(..) {
            let rows = &arena.rows[node.start..node.end];
            let split = if node.count() <= R::FEW {
                rule.search_few(&node, &arena.columns, rows, sums)
            } else {
                let mut scanner = NodeScanner {
                    columns: &arena.columns,
                    boundaries: &mut arena.boundaries,
                    rows,
                    lists: &arena.lists,
                    in_bag,
                    start: node.start,
                    sums,
                };
                rule.search(&node, &mut scanner)
            };
            let Some(split) = split else {
                mark(rows, node.id, leaf_of);
                continue;
            };
            let left = tree.nodes.len() as u32;
            tree.nodes[node.id as usize] = Node::split(left, split.feature, split.threshold, split.default_left);
            tree.stats[node.id as usize].loss_change = split.gain.min(f64::from(f32::MAX)) as f32;
            let children = arena.partition(rule, matrix, sums, &node, &split, depth + 1);
            for (id, (mut child, splittable)) in (left..).zip(children) {
                child.id = id;
                tree.push(rule.finish(&child));
                if splittable {
                    next.push(child);
                } else {
                    mark(&arena.next_rows[child.start..child.end], id, leaf_of);
                }
            }
        }
        std::mem::swap(&mut level, &mut next);
        std::mem::swap(&mut arena.rows, &mut arena.next_rows);
        std::mem::swap(&mut arena.lists, &mut arena.next_lists);
        depth += 1;
    }
    tree
}

fn mark(rows: &[u32], leaf: u32, leaf_of: &mut [u32]) {
    for &row in rows {
        leaf_of[row as usize] = leaf;
    }
}

impl Tree {
    fn push(&mut self, (value, stat): (f32, Stat)) {
        self.nodes.push(Node::leaf(value));
        self.stats.push(stat);
    }
}

/// The sums of some rows, added in their order.
#[inline(never)] // As below.
fn sum(rows: &[u32], sums: RowSums<'_>) -> Sums {
    let (mut g, mut h) = (0.0, 0.0);
    match sums {
        RowSums::Unit(gs) => {
            g = rows.iter().fold(g, |g, &row| g + f64::from(gs[row as usize]));
            h = rows.len() as f64;
        }
        RowSums::Pairs(pairs) => {
            for &row in rows {
                let [row_g, row_h] = pairs[row as usize];
                g += f64::from(row_g);
                h += f64::from(row_h);
            }
        }
    }
    Sums { g, h }
}

impl<E: Entry> Arena<E> {
    /// Moves the rows and lists of `node` to its children's places in the next level's buffers. Returns the children, and
    /// whether each can be split further.
    fn partition<R: Rule>(
        &mut self,
        rule: &mut R,
        matrix: &Matrix,
        sums: RowSums<'_>,
        node: &Open<R::Info>,
        split: &Split,
        child_depth: usize,
    ) -> [(Open<R::Info>, bool); 2] {
        let range = node.start..node.end;
        let decision = Node::split(1, split.feature, split.threshold, split.default_left);
        let column = matrix.column(split.feature as usize);
        let rows = &self.rows[range.clone()];
        let mut count = 0;
        for &row in rows {
            let left = decision.goes_left(column[row as usize]);
            self.side[row as usize] = u8::from(left);
            count += usize::from(left);
        }
        let next_rows = &mut self.next_rows[range.clone()];
        move_stably(rows, |row| row as usize, &self.side, count, next_rows);
        let middle = node.start + count;
        let (left_rows, right_rows) = next_rows.split_at(count);
        let (left, right) = (sum(left_rows, sums), sum(right_rows, sums));
        let (left_info, right_info) = rule.children(&node.info, split, left, right);
        let split_left = rule.splittable(child_depth, left, left_rows);
        let split_right = rule.splittable(child_depth, right, right_rows);
        if (split_left && count > R::FEW) || (split_right && node.count() - count > R::FEW) {
            let in_bag = self.rows.len();
            for (from, into) in self.lists.chunks_exact(in_bag).zip(self.next_lists.chunks_exact_mut(in_bag)) {
                move_stably(&from[range.clone()], Entry::row, &self.side, count, &mut into[range.clone()]);
            }
        }
        [
            (Open { id: 0, start: node.start, end: middle, sums: left, info: left_info }, split_left),
            (Open { id: 0, start: middle, end: node.end, sums: right, info: right_info }, split_right),
        ]
    }
}

/// Writes the items whose row goes left from the start of `into` and the others from `count` on, each in their order.
#[inline(never)] // Inlined into its large caller the loop loses its registers.
fn move_stably<T: Copy>(items: &[T], row: impl Fn(T) -> usize, side: &[u8], count: usize, into: &mut [T]) {
    let mut left = 0;
    for (at, &item) in items.iter().enumerate() {
        let goes_left = usize::from(side[row(item)]);
        // Conditional moves, not branches: the sides are as good as random.
        let place = if goes_left != 0 { left } else { count + at - left };
        if let Some(slot) = into.get_mut(place) {
            *slot = item;
        }
        left += goes_left;
    }
}
