//! The Mersenne Twister, and the draws that XGBoost makes from it.
//!
//! Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
//! generator", 1998: the generator is fixed by the C++ standard, the distributions are not. Those here are what the C++
//! library of XGBoost's Linux wheels does, so that rows and columns are sampled as XGBoost samples them.

/// Words of state.
const N: usize = 624;
/// Offset of the second word that each step mixes in.
const M: usize = 397;

/// The 32-bit Mersenne Twister.
#[derive(Clone, Debug)]
pub(crate) struct Mt19937 {
    state: [u32; N],
    /// The tempered outputs of the current block.
    block: [u32; N],
    next: usize,
}

impl Mt19937 {
    /// Starts the sequence of `seed`, as `std::mt19937(seed)` does.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [0; N];
        state[0] = seed;
        for i in 1..N {
            let last: u32 = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        Self { state, block: [0; N], next: N }
    }

    /// The next 32 random bits.
    #[inline]
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.refill();
        }
        let word = self.block[self.next];
        self.next += 1;
        word
    }

    /// Advances the state by one block and tempers it: in bulk, because drawing one by one is a visible part of a small
    /// model's time.
    fn refill(&mut self) {
        let mix = |upper: u32, lower: u32, far: u32| {
            let y = (upper & 0x8000_0000) | (lower & 0x7fff_ffff);
            far ^ (y >> 1) ^ ((y & 1).wrapping_neg() & 0x9908_b0df)
        };
        let state = &mut self.state;
        for i in 0..N - M {
            state[i] = mix(state[i], state[i + 1], state[i + M]);
        }
        for i in N - M..N - 1 {
            state[i] = mix(state[i], state[i + 1], state[i + M - N]);
        }
        state[N - 1] = mix(state[N - 1], state[0], state[M - 1]);
        for (out, &word) in self.block.iter_mut().zip(state.iter()) {
            let mut y = word;
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c_5680;
            y ^= (y << 15) & 0xefc6_0000;
            *out = y ^ (y >> 18);
        }
        self.next = 0;
    }

    /// Whether an event of probability `p` happens: two words make one uniform number, the low word first.
    #[inline]
    pub(crate) fn bernoulli(&mut self, p: f64) -> bool {
        const TWO_32: f64 = 4_294_967_296.0;
        let low = f64::from(self.next_u32());
        let high = f64::from(self.next_u32());
        // u / 2^64 < p, scaled by a power of two, which is exact.
        low + high * TWO_32 < p * (TWO_32 * TWO_32)
    }

    /// A uniform integer in `0..bound`: Lemire's multiplication with rejection, unbiased.
    #[inline]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let mut product = u64::from(self.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// Shuffles in place with the draws of `std::shuffle`: one draw serves two swaps while the product of the two
    /// ranges fits a word.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        let n = items.len();
        if n < 2 {
            return;
        }
        if u64::from(u32::MAX) / (n as u64) < n as u64 {
            for i in 1..n {
                let j = self.below(i as u32 + 1) as usize;
                items.swap(i, j);
            }
            return;
        }
        let mut i = 1;
        if n.is_multiple_of(2) {
            let j = self.below(2) as usize;
            items.swap(1, j);
            i = 2;
        }
        while i < n {
            let second = i as u32 + 2;
            let draw = self.below((i as u32 + 1) * second);
            items.swap(i, (draw / second) as usize);
            items.swap(i + 1, (draw % second) as usize);
            i += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_number_is_the_standards() {
        // C++ standard [rand.predef]: the 10000th invocation of a default-constructed mt19937 (seed 5489).
        let mut generator = Mt19937::new(5489);
        let last = (0..10_000).map(|_| generator.next_u32()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn draws_below_a_bound_stay_below_it_and_reach_every_value() {
        let mut generator = Mt19937::new(1);
        let mut seen = [0; 7];
        for _ in 0..7_000 {
            seen[generator.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
    }

    #[test]
    fn shuffling_keeps_every_item() {
        for n in [0, 1, 2, 3, 6, 7, 100, 70_000] {
            let mut items: Vec<usize> = (0..n).collect();
            Mt19937::new(3).shuffle(&mut items);
            items.sort_unstable();
            assert!(items.iter().copied().eq(0..n), "{n} items");
        }
    }
}
