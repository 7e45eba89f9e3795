//! Box and Cox's transformation of positive values. (An analysis of transformations, Journal of the Royal Statistical Society B 26(2),
//! 1964.)

use super::spectrum::TINY;

/// Fewer values than this are left as they are.
const LEAST_VALUES: usize = 10;
/// The smallest value that is transformed.
const SMALLEST: f64 = 1e-8;
/// The logarithm of the largest value that comes back.
const LARGEST_LOG: f64 = 30.0;

/// The power of the greatest likelihood, within 0 (the logarithm) and 1 (the identity).
///
/// With u = log x minus its mean, the profile likelihood falls with f(λ) = log var(e^{λu}) − 2 log λ. Its slope at 0 has the sign of
/// cov(u, u²); between the ends its zero is found by the secant method with bisection (Illinois).
pub(super) fn power(values: &[f64], centred: &mut Vec<f64>) -> f64 {
    centred.clear();
    centred.extend(values.iter().map(|x| libm::log(*x)));
    let (n, first) = (values.len() as f64, values.first().copied().unwrap_or(0.0));
    if values.len() < LEAST_VALUES || values.iter().all(|x| *x == first) {
        return 1.0;
    }
    let mean = centred.iter().sum::<f64>() / n;
    for u in centred.iter_mut() {
        *u -= mean;
    }
    if centred.iter().map(|u| u * u * u).sum::<f64>() >= 0.0 {
        return 0.0;
    }
    let mut high = (1.0, slope(centred, 1.0));
    if high.1 <= 0.0 {
        return 1.0;
    }
    let mut low = (1e-3, slope(centred, 1e-3));
    if low.1 >= 0.0 {
        // So close to the logarithm that it makes no difference to a forecast.
        return 1e-3;
    }
    for _ in 0..60 {
        let span = high.0 - low.0;
        let guess = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let next = if guess > low.0 && guess < high.0 { guess } else { low.0 + 0.5 * span };
        let at = slope(centred, next);
        if at == 0.0 || span < 1e-10 {
            return next;
        }
        // The end that stays twice counts half, so that both ends move.
        if at < 0.0 {
            low = (next, at);
            high.1 *= 0.5;
        } else {
            high = (next, at);
            low.1 *= 0.5;
        }
    }
    0.5 * (low.0 + high.0)
}

/// Half the slope of f: cov(e^{λu}, u e^{λu}) / var(e^{λu}) − 1/λ.
fn slope(centred: &[f64], power: f64) -> f64 {
    let n = centred.len() as f64;
    let (mut first, mut second, mut squares, mut products) = (0.0, 0.0, 0.0, 0.0);
    for u in centred {
        // Less one, which changes neither: small powers keep their digits.
        let e = libm::expm1(power * u);
        let ue = u * (e + 1.0);
        first += e;
        second += ue;
        squares += e * e;
        products += e * ue;
    }
    (products - first * second / n) / (squares - first * first / n) - 1.0 / power
}

pub(super) fn transform(x: f64, power: f64) -> f64 {
    let x = x.max(SMALLEST);
    if power == 0.0 {
        libm::log(x)
    } else if power == 1.0 {
        x - 1.0
    } else {
        (libm::pow(x, power) - 1.0) / power
    }
}

/// The value before the transformation; finite for every number, and for none.
#[expect(clippy::manual_clamp, reason = "a clamp hands on what is no number")]
pub(super) fn restore(z: f64, power: f64) -> f64 {
    if power == 0.0 {
        return libm::exp(z.max(-LARGEST_LOG).min(LARGEST_LOG));
    }
    let base = (z * power + 1.0).max(TINY).min(libm::exp(LARGEST_LOG * power));
    if power == 1.0 { base } else { libm::pow(base, 1.0 / power) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize, x: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..n).map(|k| x(libm::sin((k * k + 1) as f64))).collect()
    }

    #[test]
    fn the_power_has_the_greatest_likelihood() {
        // scipy 1.17.1: boxcox_normmax(x, method="mle") of the same values, within 0 and 1.
        let mut buffer = Vec::new();
        for (x, expected) in [
            (values(40, |s| 10.0 + 4.0 * s), 1.0),
            (values(40, |s| libm::exp(2.0 * s)), 0.280_268_603),
            (values(25, |s| 5.0 + libm::exp(s * 1.5)), 0.0),
        ] {
            assert!((power(&x, &mut buffer) - expected).abs() < 1e-7, "{} {expected}", power(&x, &mut buffer));
        }
    }

    #[test]
    fn few_values_and_equal_ones_are_left_alone() {
        assert_eq!(power(&[1.0, 2.0, 4.0], &mut Vec::new()), 1.0);
        assert_eq!(power(&[3.0; 20], &mut Vec::new()), 1.0);
    }

    #[test]
    fn what_is_transformed_is_restored() {
        for power in [0.0, 0.3, 1.0] {
            for x in [1e-3, 1.0, 7.5, 1e6] {
                assert!((restore(transform(x, power), power) / x - 1.0).abs() < 1e-12);
            }
            for z in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(restore(z, power).is_finite());
            }
        }
    }
}
