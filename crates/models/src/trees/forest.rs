//! Random forests for regression, with scikit-learn's rules.
//!
//! Breiman, "Random Forests", 2001. Every tree is grown on a bootstrap sample of the rows. Where scikit-learn counts, the
//! rows in the bag count once however often they were drawn; where it weighs, they weigh as often.

use super::{
    Ensemble, ForestParams, Objective, Scratch, Tree,
    columns::Entry,
    grow::{Arena, grow},
    least_squares::LeastSquares,
    mt19937::Mt19937,
    scan::RowSums,
    tree::Node,
};
use crate::{
    Result,
    data::Examples,
    interrupt::{Interrupt, Interruption},
};

/// The binary exponent that the largest weight has at least while trees grow: scores have products of two sums of weights, and
/// single precision ends at 2⁻¹²⁶.
const SMALLEST_EXPONENT: i32 = -40;

/// Draws between two looks at the clock.
const DRAWS_AT_ONCE: usize = 1 << 16;

impl ForestParams {
    /// Fits a forest.
    ///
    /// # Errors
    /// Parameters out of range; targets or weights that are missing or infinite; `interrupt`, which is checked before each
    /// tree, and while rows are drawn.
    pub fn fit(&self, training: Examples<'_>, interrupt: Interrupt<'_>, scratch: &mut Scratch) -> Result<Ensemble> {
        self.check()?;
        training.check()?;
        let scaled = training.weights.and_then(rescaled);
        let rows = Examples { weights: scaled.as_deref().or(training.weights), ..training };
        let training = Training { params: self, rows, interrupt };
        if rows.matrix.rows() <= <u32 as Entry>::MAX_ROWS {
            training.run(&mut scratch.narrow)
        } else {
            training.run(&mut scratch.wide)
        }
    }
}

/// The weights with the largest between 1 and 2, where all are so small that scores would be 0 by 0. A forest does not depend
/// on the weights' scale, but for its cover, and powers of two round nothing.
fn rescaled(weights: &[f32]) -> Option<Vec<f32>> {
    let exponent = libm::ilogb(f64::from(weights.iter().copied().fold(0.0, f32::max)));
    (exponent < SMALLEST_EXPONENT)
        .then(|| weights.iter().map(|&weight| libm::scalbn(f64::from(weight), -exponent) as f32).collect())
}

struct Training<'a> {
    params: &'a ForestParams,
    rows: Examples<'a>,
    interrupt: Interrupt<'a>,
}

impl Training<'_> {
    fn run<E: Entry>(&self, arena: &mut Arena<E>) -> Result<Ensemble> {
        let Examples { matrix, targets, weights } = self.rows;
        let rows = matrix.rows();
        arena.prepare(matrix);
        arena.columns.compute_ranks();
        // Leaves hold deviations from the overall mean: sums of small numbers lose less in single precision.
        let center = Objective::SquaredError.base_score(targets, weights);
        let squares = targets.iter().map(|&y| f64::from(y - center).powi(2));
        let spread = (squares.sum::<f64>() / rows as f64).sqrt();
        let mut generator = Mt19937::new(self.params.random_state);
        let scale = if spread > 0.0 { 1.0 / spread } else { 1.0 };
        let mut rule = LeastSquares::new(self.params, targets, matrix.columns(), scale);
        let (mut counts, mut in_bag, mut leaf_of) = (vec![0_u32; rows], vec![], vec![0; rows]);
        let mut sums = vec![];
        // No capacity is reserved: an interrupt may come long before the last tree.
        let (mut trees, mut bytes) = (Vec::new(), 0);
        self.interrupt.check_size((self.params.n_estimators as u64).saturating_mul(Tree::bytes(1)))?;
        for _ in 0..self.params.n_estimators {
            self.interrupt.check()?;
            self.draw(&mut generator, &mut counts)?;
            let weight = |row: usize| counts[row] as f32 * weights.map_or(1.0, |weights| weights[row]);
            sums.clear();
            sums.extend(targets.iter().enumerate().map(|(row, &y)| [(y - center) * weight(row), weight(row)]));
            in_bag.clear();
            in_bag.extend(sums.iter().map(|&[_, weight]| weight > 0.0));
            arena.take_rows(rows, Some(&in_bag));
            rule.begin_tree(generator.next_u32());
            let mut tree: Tree = grow(&mut rule, arena, matrix, RowSums::Pairs(&sums), &mut leaf_of);
            for node in tree.nodes.iter_mut().filter(|node| node.is_leaf()) {
                *node = Node::leaf(node.value() / self.params.n_estimators as f32);
            }
            bytes += Tree::bytes(tree.len());
            self.interrupt.check_size(bytes)?;
            trees.push(tree);
        }
        let trees_per_round = trees.len();
        Ensemble::new(trees, Objective::SquaredError, center, matrix.columns(), trees_per_round)
    }

    /// How often each row is in the bag.
    fn draw(&self, generator: &mut Mt19937, counts: &mut [u32]) -> Result<(), Interruption> {
        if !self.params.bootstrap {
            counts.fill(1);
            return Ok(());
        }
        loop {
            counts.fill(0);
            let rows = counts.len() as u32;
            let mut left = self.params.draws(counts.len());
            while left > 0 {
                self.interrupt.check()?;
                let now = left.min(DRAWS_AT_ONCE);
                for _ in 0..now {
                    counts[generator.below(rows) as usize] += 1;
                }
                left -= now;
            }
            // Where most rows have no weight, a bag may miss all that have.
            let weighs =
                |weights: &[f32]| counts.iter().zip(weights).any(|(&count, &weight)| count > 0 && weight > 0.0);
            if self.rows.weights.is_none_or(weighs) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Samples;
    use super::*;
    use crate::{Error, data::Matrix};
    use std::{
        sync::atomic::AtomicBool,
        time::{Duration, Instant},
    };

    #[test]
    fn forests_do_not_depend_on_the_scale_of_the_weights() {
        let column: Vec<f32> = (0..120_u8).map(|i| f32::from(i % 37)).collect();
        let targets: Vec<f32> = column.iter().zip(0_u8..).map(|(x, i)| x * x + f32::from(i % 5)).collect();
        let matrix = Matrix::from_columns(60, column).unwrap();
        let params = ForestParams { n_estimators: 5, ..ForestParams::default() };
        let predictions = |scale: f32| {
            let weights: Vec<f32> = (0..60_u8).map(|i| f32::from(1 + i % 3) * scale).collect();
            let forest = params
                .fit(
                    Examples::new(&matrix, &targets[..60], Some(&weights)),
                    Interrupt::default(),
                    &mut Scratch::default(),
                )
                .unwrap();
            forest.predict_matrix(&matrix).unwrap()
        };
        let ordinary = predictions(1.0);
        assert!(ordinary.iter().any(|prediction| *prediction > ordinary[0] + 100.0), "{ordinary:?}");
        for power in [-20, -60, -100, -140] {
            assert_eq!(predictions(libm::scalbnf(1.0, power)), ordinary, "2^{power}");
        }
    }

    #[test]
    fn a_fit_that_only_draws_rows_ends_with_the_patience() {
        let targets = vec![1.0; 200_000];
        let matrix = Matrix::from_columns(200_000, targets.clone()).unwrap();
        let mut weights = vec![0.0; 200_000];
        weights[7] = 1.0;
        let never = AtomicBool::new(false);
        for (draws, weights) in [(ForestParams::MOST_DRAWS, None), (1, Some(&weights[..]))] {
            let params = ForestParams { max_samples: Some(Samples::Count(draws)), ..ForestParams::default() };
            let begun = Instant::now();
            let deadline = Some(begun + Duration::from_millis(50));
            let interrupt = Interrupt { deadline, stop: Some(&never), memory: None };
            let fitted = params.fit(Examples::new(&matrix, &targets, weights), interrupt, &mut Scratch::default());
            assert!(matches!(fitted, Err(Error::Interrupted(Interruption::OutOfTime))), "{draws} draws");
            assert!(begun.elapsed() < Duration::from_secs(10), "{draws} draws");
        }
    }
}
