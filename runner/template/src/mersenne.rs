//! Python's `random.Random`: the Mersenne Twister with Python's seeding, choosing and shuffling, to the same bits.

use num_bigint::BigInt;
use num_traits::Signed;
use sha2::{Digest, Sha512};

use crate::value::Value;

const N: usize = 624;
const M: usize = 397;

/// The generator.
pub(crate) struct Random {
    state: [u32; N],
    index: usize,
}

/// Python's hash of a float, as the unsigned number that seeding takes.
fn float_hash(f: f64) -> u64 {
    const BITS: u32 = 61;
    const PRIME: u64 = (1 << BITS) - 1;
    if !f.is_finite() {
        return if f > 0.0 { 314_159 } else { 0 };
    }
    let (mut mantissa, mut exponent) = (f.abs(), 0_i32);
    while mantissa >= 1.0 {
        mantissa /= 2.0;
        exponent += 1;
    }
    while mantissa > 0.0 && mantissa < 0.5 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    let mut x: u64 = 0;
    while mantissa > 0.0 {
        x = ((x << 28) & PRIME) | (x >> (BITS - 28));
        mantissa *= 268_435_456.0;
        exponent -= 28;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2^28")]
        let digit = mantissa as u64;
        #[expect(clippy::cast_precision_loss, reason = "below 2^28")]
        let whole = digit as f64;
        mantissa -= whole;
        x += digit;
        if x >= PRIME {
            x -= PRIME;
        }
    }
    let turn = exponent.rem_euclid(61).unsigned_abs();
    x = ((x << turn) & PRIME) | (x >> (BITS - turn));
    if f < 0.0 { x.wrapping_neg() } else { x }
}

impl Random {
    /// Seeded by a value as Python does: integers by their digits, text by its bytes and their SHA-512.
    pub(crate) fn seeded(seed: &Value) -> Self {
        let number = match seed {
            Value::Int(i) => BigInt::from(*i).abs(),
            Value::Bool(b) => BigInt::from(i64::from(*b)),
            Value::BigInt(big) => big.abs(),
            Value::Float(f) => BigInt::from(float_hash(*f)),
            other => {
                let text = other.to_text().unwrap_or_default();
                let mut bytes = text.into_bytes();
                let digest = Sha512::digest(&bytes);
                bytes.extend_from_slice(&digest);
                BigInt::from_bytes_be(num_bigint::Sign::Plus, &bytes)
            }
        };
        let (_, mut key) = number.to_u32_digits();
        if key.is_empty() {
            key.push(0);
        }
        Self::by_array(&key)
    }

    /// Seeded by true randomness.
    pub(crate) fn from_bits(mut next: impl FnMut() -> u64) -> Self {
        let mut key = Vec::new();
        for _ in 0..8 {
            let bits = next();
            #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
            key.extend([bits as u32, (bits >> 32) as u32]);
        }
        Self::by_array(&key)
    }

    fn by_array(key: &[u32]) -> Self {
        let mut s = [0_u32; N];
        s[0] = 19_650_218;
        for i in 1..N {
            #[expect(clippy::cast_possible_truncation, reason = "624 fits")]
            let n = i as u32;
            s[i] = 1_812_433_253_u32.wrapping_mul(s[i - 1] ^ (s[i - 1] >> 30)).wrapping_add(n);
        }
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            #[expect(clippy::cast_possible_truncation, reason = "key lengths are small")]
            let n = j as u32;
            let mixed = s[i] ^ (s[i - 1] ^ (s[i - 1] >> 30)).wrapping_mul(1_664_525);
            s[i] = mixed.wrapping_add(key[j]).wrapping_add(n);
            i += 1;
            j += 1;
            if i >= N {
                s[0] = s[N - 1];
                i = 1;
            }
            if j >= key.len() {
                j = 0;
            }
        }
        for _ in 0..N - 1 {
            #[expect(clippy::cast_possible_truncation, reason = "624 fits")]
            let n = i as u32;
            s[i] = (s[i] ^ (s[i - 1] ^ (s[i - 1] >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(n);
            i += 1;
            if i >= N {
                s[0] = s[N - 1];
                i = 1;
            }
        }
        s[0] = 0x8000_0000;
        Self { state: s, index: N }
    }

    fn next_u32(&mut self) -> u32 {
        if self.index >= N {
            for k in 0..N {
                let y = (self.state[k] & 0x8000_0000) | (self.state[(k + 1) % N] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + M) % N] ^ (y >> 1) ^ odd;
            }
            self.index = 0;
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `getrandbits` for at most 64 bits.
    fn bits(&mut self, bits: u32) -> u64 {
        if bits == 0 {
            return 0;
        }
        if bits <= 32 {
            return u64::from(self.next_u32() >> (32 - bits));
        }
        let low = u64::from(self.next_u32());
        let high = u64::from(self.next_u32() >> (64 - bits));
        low | (high << 32)
    }

    /// A number below `n`, as Python's `_randbelow`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let bits = 64 - n.leading_zeros();
        loop {
            let r = self.bits(bits);
            if r < n {
                return r;
            }
        }
    }

    /// `shuffle`.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1);
            items.swap(i, usize::try_from(j).unwrap_or(0));
        }
    }

    /// The place of a `choice` among some things.
    pub(crate) fn place(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }
}
