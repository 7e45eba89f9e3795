//! Fast formatting of numbers.

/// Appends a number with two decimals, halves rounded away from zero; magnitudes are clamped to 10¹⁵.
pub(super) fn hundredths(number: f64, out: &mut Vec<u8>) {
    let rounded = (number * 100.0).round();
    if rounded < 0.0 {
        out.push(b'-');
    }
    let all = rounded.abs().min(1e17) as u64;
    whole(all / 100, out);
    let part = (all % 100) as u8;
    out.extend([b'.', b'0' + part / 10, b'0' + part % 10]);
}

/// Appends an integer.
pub(super) fn whole(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut left, mut at) = (number, digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_decimals_are_those_of_the_standard_library() {
        for number in [0.0, 0.125, -0.01, -0.001, 1.0, 9.994, 9.996, 1995.0, 429_500.25, -73.5, 1e15] {
            let mut out = vec![];
            hundredths(number, &mut out);
            let expected = format!("{:.2}", (number * 100.0).round() / 100.0 + 0.0);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{number}");
        }
    }
}
