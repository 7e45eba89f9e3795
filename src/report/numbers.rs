//! Numbers as short JSON: six significant digits, which is more than a page shows or a plot resolves.

use std::fmt::Write;

/// Appends a number; `null` for what JSON has no number for.
pub(super) fn push_number(text: &mut String, number: f64) {
    if number.is_finite() {
        write!(text, "{}", serde_json::Number::from_f64(rounded(number)).expect("it is finite")).expect("text grows");
    } else {
        text.push_str("null");
    }
}

/// Appends an array of numbers.
pub(super) fn push_numbers(text: &mut String, numbers: impl IntoIterator<Item = f64>) {
    text.push('[');
    for (at, number) in numbers.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if number.trunc() == number && number.abs() < 1e6 {
            write!(text, "{number}").expect("text grows");
        } else {
            push_number(text, number);
        }
    }
    text.push(']');
}

/// The nearest number of six significant digits.
fn rounded(number: f64) -> f64 {
    let digits = 5 - number.abs().log10().floor() as i32;
    match digits {
        // Powers of ten up to this one are exact.
        0..=22 => {
            let scale = 10_f64.powi(digits);
            (number * scale).round() / scale
        }
        -17..0 => {
            let scale = 10_f64.powi(-digits);
            (number / scale).round() * scale
        }
        _ => number,
    }
}

/// Appends times: the first, the unit, and the distances from one to the next in that unit, all in milliseconds.
pub(super) fn push_times(text: &mut String, times: &[i64]) {
    let distances = || times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let unit = distances().fold(0, |unit, distance| common_divisor(unit, distance.unsigned_abs())).max(1);
    write!(text, "{{\"first\":{},\"unit\":{unit},\"steps\":[", times.first().copied().unwrap_or_default())
        .expect("text grows");
    for (at, distance) in distances().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(text, "{comma}{}", distance / unit as i64).expect("text grows");
    }
    text.push_str("]}");
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits() {
        let mut text = String::new();
        push_numbers(
            &mut text,
            [0.0, 1.0, -12.0, 0.1 + 0.2, 1_234_567.8, -1.0 / 3.0, 1e-300, 9.876_543_21e300, f64::NAN, f64::INFINITY],
        );
        let read: Vec<Option<f64>> = serde_json::from_str(&text).unwrap();
        assert!(text.starts_with("[0,1,-12,0.3,1234570.0,-0.333333,1e-300,"), "{text}");
        assert_eq!(read[7..], [Some(9.876_543_21e300), None, None]);
    }

    #[test]
    fn times_are_steps_of_their_common_unit() {
        let mut text = String::new();
        let day = 86_400_000;
        push_times(&mut text, &[day, 32 * day, 60 * day]);
        push_times(&mut text, &[7]);
        push_times(&mut text, &[5, 5, 2]);
        assert_eq!(
            text,
            "{\"first\":86400000,\"unit\":86400000,\"steps\":[31,28]}{\"first\":7,\"unit\":1,\"steps\":[]}\
             {\"first\":5,\"unit\":3,\"steps\":[0,-1]}"
        );
    }
}
