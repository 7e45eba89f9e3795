//! The recursion of complex exponential smoothing, its backcast first states, and derivatives.
//!
//! A level l and its information potential c are the two parts of a complex number, as are a season s and its potential. With the
//! error ε = y − f and a complex smoothing parameter α₀ + iα₁, a step is (Svetunkov, Kourentzes and Ord, Complex exponential
//! smoothing, Naval Research Logistics 69(8), 2022)
//!
//! ```text
//! l ← l − (1 − α₁) c + (α₀ − α₁) ε
//! c ← l + (1 − α₀) c + (α₀ + α₁) ε
//! ```
//!
//! The forecast f is the level, the season of the value's place, or their sum. A season is such a pair for each place, or in the
//! partial form a number that follows s ← s + β ε.
//!
//! The first states are those of statsforecast: rough ones are taken through the series to its end, back to its beginning, and the
//! errors are those of the way forth from there. At each turn all states go one step on without an error. So the errors are smooth
//! functions of the smoothing parameters alone, and derivatives of the states run along with it.

use super::form::CesModel;
use crate::local::least_squares::SumOfSquares;

/// The most smoothing parameters.
pub(super) const MOST: usize = 4;

/// One form's recursion over one series.
#[derive(Debug)]
pub(super) struct Recursion<'a> {
    pub(super) form: CesModel,
    pub(super) values: &'a [f64],
    /// The rough first states.
    pub(super) first: &'a States,
    pub(super) buffers: &'a mut Buffers,
}

/// A level, and the season of each place, that of the first value first; each a number and its potential.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct States {
    pub(super) level: [f64; 2],
    pub(super) seasons: Vec<[f64; 2]>,
}

/// Buffers that are reused from pass to pass.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// After a pass: the states after the last value.
    pub(super) states: States,
    /// Derivatives of the seasons: for each place those of the number, and those of its potential.
    slopes: Vec<f64>,
    products: Products,
}

/// Sums of products at a point: of residuals, and of their derivatives.
#[derive(Clone, Copy, Debug, Default)]
struct Products {
    at: [f64; MOST],
    sum: f64,
    gradient: [f64; MOST],
    matrix: [[f64; MOST]; MOST],
}

/// A level or a season with its potential, and their derivatives.
#[derive(Clone, Copy)]
struct Pair<const D: usize> {
    value: [f64; 2],
    slope: [[f64; D]; 2],
}

impl<const D: usize> Pair<D> {
    /// One step with an error and its derivatives; the smoothing parameters are the variables from `first` on.
    #[inline]
    fn follow(&mut self, weights: [f64; 2], error: f64, errors: &[f64; D], first: usize) {
        let [own, potential] = self.value;
        let (rest, gain) = ([1.0 - weights[1], 1.0 - weights[0]], [weights[0] - weights[1], weights[0] + weights[1]]);
        self.value = [own - rest[0] * potential + gain[0] * error, own + rest[1] * potential + gain[1] * error];
        let [own, other] = &mut self.slope;
        for ((own, other), error) in own.iter_mut().zip(other).zip(errors) {
            let (d, dc) = (*own, *other);
            *own = d - rest[0] * dc + gain[0] * error;
            *other = d + rest[1] * dc + gain[1] * error;
        }
        self.slope[0][first] += error;
        self.slope[0][first + 1] += potential - error;
        self.slope[1][first] += error - potential;
        self.slope[1][first + 1] += error;
    }
}

/// What the forecast has beside the level.
const NONE: u8 = 0;
const NUMBER: u8 = 1;
const PAIR: u8 = 2;

/// A pass through the series with derivatives in D variables: with a level, or with a season alone.
struct Pass<'a, const LEVEL: bool, const SEASON: u8, const D: usize> {
    weights: [f64; MOST],
    level: Pair<D>,
    seasons: &'a mut [[f64; 2]],
    slopes: &'a mut [[f64; D]],
}

impl<const LEVEL: bool, const SEASON: u8, const D: usize> Pass<'_, LEVEL, SEASON, D> {
    /// The first variable of the season.
    const OF_SEASON: usize = if LEVEL { 2 } else { 0 };

    /// One value at its place in the season; `each` is given the error and its derivatives.
    #[inline]
    fn step(&mut self, y: f64, place: usize, each: &mut impl FnMut(f64, &[f64; D])) {
        let mut season = Pair { value: [0.0; 2], slope: [[0.0; D]; 2] };
        if SEASON != NONE {
            season.value = self.seasons[place];
            season.slope.copy_from_slice(&self.slopes[2 * place..2 * place + 2]);
        }
        let mut error = y;
        if LEVEL {
            error -= self.level.value[0];
        }
        if SEASON != NONE {
            error -= season.value[0];
        }
        let errors: [f64; D] = std::array::from_fn(|i| match (LEVEL, SEASON) {
            (true, NONE) => -self.level.slope[0][i],
            (true, _) => -self.level.slope[0][i] - season.slope[0][i],
            (false, _) => -season.slope[0][i],
        });
        each(error, &errors);
        let [a, b, c, d] = self.weights;
        if LEVEL {
            self.level.follow([a, b], error, &errors, 0);
        }
        match SEASON {
            PAIR => season.follow(if LEVEL { [c, d] } else { [a, b] }, error, &errors, Self::OF_SEASON),
            NUMBER => {
                season.value[0] += c * error;
                for (slope, error) in season.slope[0].iter_mut().zip(&errors) {
                    *slope += c * error;
                }
                season.slope[0][Self::OF_SEASON] += error;
            }
            _ => {}
        }
        if SEASON != NONE {
            self.seasons[place] = season.value;
            self.slopes[2 * place..2 * place + 2].copy_from_slice(&season.slope);
        }
    }

    /// All states go one step on without an error.
    fn turn(&mut self) {
        let [a, b, c, d] = self.weights;
        let none = [0.0; D];
        if LEVEL {
            self.level.follow([a, b], 0.0, &none, 0);
        }
        if SEASON == PAIR {
            let weights = if LEVEL { [c, d] } else { [a, b] };
            for (value, slope) in self.seasons.iter_mut().zip(self.slopes.as_chunks_mut::<2>().0) {
                let mut season = Pair { value: *value, slope: *slope };
                season.follow(weights, 0.0, &none, Self::OF_SEASON);
                (*value, *slope) = (season.value, season.slope);
            }
        }
    }

    fn forth(&mut self, values: &[f64], mut each: impl FnMut(f64, &[f64; D])) {
        let (mut place, period) = (0, self.seasons.len());
        for &y in values {
            self.step(y, place, &mut each);
            place = if place + 1 >= period { 0 } else { place + 1 };
        }
    }

    fn back(&mut self, values: &[f64]) {
        let period = self.seasons.len().max(1);
        let mut place = values.len() % period;
        for &y in values.iter().rev() {
            place = if place == 0 { period - 1 } else { place - 1 };
            self.step(y, place, &mut |_, _| {});
        }
    }
}

impl<'a> Recursion<'a> {
    pub(super) fn new(form: CesModel, values: &'a [f64], first: &'a States, buffers: &'a mut Buffers) -> Self {
        // No point is equal to this one: what the products are of is another series or another form.
        buffers.products.at = [f64::NAN; MOST];
        Self { form, values, first, buffers }
    }

    /// Runs through the series from the backcast states; `each` is given the errors. The states after it are left in the buffers.
    pub(super) fn run(&mut self, x: &[f64], mut each: impl FnMut(f64)) {
        match self.form {
            CesModel::Simple => self.pass::<false, PAIR, 2>(x, |error, _| each(error)),
            CesModel::Partial => self.pass::<true, NUMBER, 4>(x, |error, _| each(error)),
            CesModel::Full => self.pass::<true, PAIR, 4>(x, |error, _| each(error)),
            CesModel::None | CesModel::Auto => self.pass::<true, NONE, 2>(x, |error, _| each(error)),
        }
    }

    fn pass<const LEVEL: bool, const SEASON: u8, const D: usize>(
        &mut self,
        x: &[f64],
        each: impl FnMut(f64, &[f64; D]),
    ) {
        let Buffers { states, slopes, .. } = &mut *self.buffers;
        let mut weights = [0.0; MOST];
        weights[..x.len()].copy_from_slice(x);
        states.seasons.clone_from(&self.first.seasons);
        slopes.clear();
        slopes.resize(2 * D * states.seasons.len(), 0.0);
        let mut pass: Pass<'_, LEVEL, SEASON, D> = Pass {
            weights,
            level: Pair { value: self.first.level, slope: [[0.0; D]; 2] },
            seasons: &mut states.seasons,
            slopes: slopes.as_chunks_mut().0,
        };
        pass.forth(self.values, |_, _| {});
        pass.turn();
        pass.back(self.values);
        pass.turn();
        pass.forth(self.values, each);
        states.level = pass.level.value;
    }

    /// The sums of products at a point.
    fn multiply<const LEVEL: bool, const SEASON: u8, const D: usize>(&mut self, x: &[f64]) {
        let (mut sum, mut gradient, mut matrix) = (0.0, [0.0; D], [[0.0; D]; D]);
        self.pass::<LEVEL, SEASON, D>(x, |error, slopes| {
            sum += error * error;
            for i in 0..D {
                gradient[i] += error * slopes[i];
                for j in 0..D {
                    matrix[i][j] += slopes[i] * slopes[j];
                }
            }
        });
        let products = &mut self.buffers.products;
        products.at[..x.len()].copy_from_slice(x);
        products.sum = sum;
        products.gradient[..D].copy_from_slice(&gradient);
        for (row, from) in products.matrix.iter_mut().zip(&matrix) {
            row[..D].copy_from_slice(from);
        }
    }
}

impl SumOfSquares for Recursion<'_> {
    /// Derivatives come along, for most points are gone on from.
    fn value(&mut self, x: &[f64]) -> f64 {
        match self.form {
            CesModel::Simple => self.multiply::<false, PAIR, 2>(x),
            CesModel::Partial => self.multiply::<true, NUMBER, 4>(x),
            CesModel::Full => self.multiply::<true, PAIR, 4>(x),
            CesModel::None | CesModel::Auto => self.multiply::<true, NONE, 2>(x),
        }
        let Products { sum, gradient, matrix, .. } = &mut self.buffers.products;
        let n = x.len();
        let mut all = gradient[..n].iter().chain(matrix[..n].iter().flat_map(|row| &row[..n]));
        // Parameters far from the stable ones make numbers overflow.
        if !(sum.is_finite() && all.all(|product| product.is_finite())) {
            *sum = f64::INFINITY;
        }
        *sum
    }

    fn normal(&mut self, x: &[f64], matrix: &mut [f64], gradient: &mut [f64]) -> f64 {
        let n = x.len();
        let sum = if self.buffers.products.at[..n] == *x { self.buffers.products.sum } else { self.value(x) };
        gradient.copy_from_slice(&self.buffers.products.gradient[..n]);
        for (row, from) in matrix.chunks_exact_mut(n).zip(&self.buffers.products.matrix) {
            row.copy_from_slice(&from[..n]);
        }
        sum
    }
}
