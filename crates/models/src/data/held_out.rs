//! Rows that are kept back from the fit, to judge the model by.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Draws a share of the rows: their positions, ascending, and the same for the same number of rows, share and seed. At least one
/// row is left, and of so few rows that the share is less than half a row, none is drawn.
#[must_use]
pub fn held_out(rows: usize, share: f64, seed: [u8; 32]) -> Vec<usize> {
    let drawn = ((share * rows as f64).round() as usize).min(rows.saturating_sub(1));
    if drawn == 0 {
        return Vec::new();
    }
    let mut drawn = shuffled(rows, seed)[..drawn].to_vec();
    drawn.sort_unstable();
    drawn
}

/// Divides rows into folds at random, the same for the same number of rows, folds and seed: the positions of each fold's rows,
/// ascending. The sizes of folds differ by at most one, and none is empty: there are no more of them than rows.
#[must_use]
pub fn folds(rows: usize, folds: usize, seed: [u8; 32]) -> Vec<Vec<usize>> {
    let order = shuffled(rows, seed);
    let folds = folds.min(rows);
    let of = |fold| {
        let mut of: Vec<usize> = order.iter().copied().skip(fold).step_by(folds).collect();
        of.sort_unstable();
        of
    };
    (0..folds).map(of).collect()
}

/// Positions of rows in random order.
fn shuffled(rows: usize, seed: [u8; 32]) -> Vec<usize> {
    let mut rng = ChaCha8Rng::from_seed(seed);
    let mut lots: Vec<(u64, usize)> = (0..rows).map(|row| (rng.next_u64(), row)).collect();
    lots.sort_unstable();
    lots.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_leaves_a_row() {
        let count = |rows, share| held_out(rows, share, [7; 32]).len();
        let counts = [(0, 0.5), (1, 0.9), (2, 0.2), (2, 0.9), (3, 0.2), (10, 0.25), (1000, 0.3)];
        assert_eq!(counts.map(|(rows, share)| count(rows, share)), [0, 0, 0, 1, 1, 3, 300]);
    }

    #[test]
    fn every_row_is_in_one_fold_and_folds_are_of_one_size() {
        assert_eq!(folds(7, 3, [0; 32]), folds(7, 3, [0; 32]));
        assert_ne!(folds(7, 3, [0; 32]), folds(7, 3, [1; 32]));
        for (rows, count, sizes) in [(7, 3, vec![3, 2, 2]), (2, 5, vec![1, 1]), (0, 5, vec![]), (4, 0, vec![])] {
            let folds = folds(rows, count, [3; 32]);
            assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
            let mut all = folds.concat();
            all.sort_unstable();
            assert_eq!(all, if count == 0 { vec![] } else { (0..rows).collect() });
        }
    }

    #[test]
    fn draws_never_change_between_versions() {
        assert_eq!(held_out(12, 0.25, [0; 32]), [3, 5, 6]);
        assert_ne!(held_out(12, 0.25, [0; 32]), held_out(12, 0.25, [1; 32]));
        let all: Vec<Vec<usize>> = (0..4).map(|seed| held_out(8, 0.5, [seed; 32])).collect();
        assert!(all.iter().all(|drawn| drawn.is_sorted() && drawn.iter().all(|row| *row < 8)));
    }
}
