//! Blocks of 1 KiB and the function that makes one of two others (RFC 9106 §3.5, §3.6).
//!
//! Written over pairs of 64-bit words. With wasm's `simd128` a pair is one vector register, which
//! makes the function about one and a half times as fast as scalar code; elsewhere it is an array,
//! and the code is otherwise the same. Vector instructions of wasm are safe functions: there is no
//! `unsafe` here.

use zeroize::Zeroize;

use pair::Pair;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 1_024;
const PAIRS: usize = BLOCK_BYTES / 16;

/// 1 KiB of memory: 128 words, in pairs.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Block([Pair; PAIRS]);

impl Block {
    pub(super) const ZERO: Self = Self([pair::ZERO; PAIRS]);

    /// Reads words, least significant byte first.
    pub(super) fn from_bytes(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let mut block = Self::ZERO;
        let (words, _) = bytes.as_chunks::<8>();
        for (pair, words) in block.0.iter_mut().zip(words.chunks_exact(2)) {
            let word = |at: usize| words.get(at).map_or(0, |bytes| u64::from_le_bytes(*bytes));
            *pair = pair::of(word(0), word(1));
        }
        block
    }

    pub(super) fn to_bytes(self) -> [u8; BLOCK_BYTES] {
        let mut bytes = [0; BLOCK_BYTES];
        let (words, _) = bytes.as_chunks_mut::<8>();
        for (at, word) in words.iter_mut().enumerate() {
            *word = self.word(at).to_le_bytes();
        }
        bytes
    }

    /// One word; zero beyond the end.
    pub(super) fn word(&self, at: usize) -> u64 {
        self.0.get(at / 2).map_or(0, |pair| pair::word(*pair, at % 2))
    }

    pub(super) fn xor(&mut self, other: &Self) {
        for (pair, other) in self.0.iter_mut().zip(&other.0) {
            *pair = pair::xor(*pair, *other);
        }
    }

    /// `G(self, other)`, written over `target`, or combined with it in later passes (RFC 9106 §3.4).
    ///
    /// Two permutations run side by side, statement by statement: a single one waits for its own results
    /// most of the time.
    #[expect(clippy::indexing_slicing, reason = "constants and counters below 8, in arrays of 64")]
    pub(super) fn compress(&self, other: &Self, target: &mut Self, mode: Mode) {
        // Two rows at a time: pair `column` of row `2 · at + next` is `mixed[at][column][next]`.
        let mixed: [[Both; 8]; 4] = core::array::from_fn(|at| {
            let xor = |at: usize| pair::xor(self.0[at], other.0[at]);
            permute(core::array::from_fn(|column| [xor(16 * at + column), xor(16 * at + 8 + column)]))
        });
        for column in (0..8).step_by(2) {
            let of = |row: usize, column: usize| mixed[row / 2][column][row % 2];
            let permuted = permute(core::array::from_fn(|row| [of(row, column), of(row, column + 1)]));
            for (row, both) in permuted.into_iter().enumerate() {
                for (next, permuted) in both.into_iter().enumerate() {
                    let at = 8 * row + column + next;
                    let made = pair::xor(permuted, pair::xor(self.0[at], other.0[at]));
                    target.0[at] = match mode {
                        Mode::Combine => pair::xor(target.0[at], made),
                        Mode::Overwrite => made,
                    };
                }
            }
        }
    }
}

impl Zeroize for Block {
    fn zeroize(&mut self) {
        *self = Self::ZERO;
        // Keeps the writes although nobody reads them.
        core::hint::black_box(self);
    }
}

/// What becomes of a block that is made again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    /// Later passes: the new content is added to the old.
    Combine,
    /// The first pass.
    Overwrite,
}

/// The same pair of two states that are permuted side by side.
type Both = [Pair; 2];

/// The permutation `P` on sixteen words `v0 … v15`, two in a pair, for two states: BLAKE2's round with
/// a multiplication added (RFC 9106 §3.6).
#[inline(always)]
fn permute(v: [Both; 8]) -> [Both; 8] {
    let [mut a0, mut a1, mut b0, mut b1, mut c0, mut c1, mut d0, mut d1] = v;
    // Columns of the 4×4 matrix: v0 v4 v8 v12 and its three neighbours.
    quarter_rounds(&mut a0, &mut a1, &mut b0, &mut b1, &mut c0, &mut c1, &mut d0, &mut d1);
    // Diagonals become columns when the rows are rotated by one, two and three words.
    (b0, b1) = (both(b0, b1, pair::join), both(b1, b0, pair::join));
    (d0, d1) = (both(d1, d0, pair::join), both(d0, d1, pair::join));
    quarter_rounds(&mut a0, &mut a1, &mut b0, &mut b1, &mut c1, &mut c0, &mut d0, &mut d1);
    (b0, b1) = (both(b1, b0, pair::join), both(b0, b1, pair::join));
    (d0, d1) = (both(d0, d1, pair::join), both(d1, d0, pair::join));
    [a0, a1, b0, b1, c0, c1, d0, d1]
}

/// Four quarter rounds side by side, two words in a pair and two pairs in a row.
#[expect(clippy::too_many_arguments, reason = "the eight registers of a round, kept apart on purpose")]
#[inline(always)]
fn quarter_rounds(
    a0: &mut Both,
    a1: &mut Both,
    b0: &mut Both,
    b1: &mut Both,
    c0: &mut Both,
    c1: &mut Both,
    d0: &mut Both,
    d1: &mut Both,
) {
    multiply_add(a0, a1, *b0, *b1);
    (*d0, *d1) = (both(*d0, *a0, xor_32), both(*d1, *a1, xor_32));
    multiply_add(c0, c1, *d0, *d1);
    (*b0, *b1) = (both(*b0, *c0, xor_24), both(*b1, *c1, xor_24));
    multiply_add(a0, a1, *b0, *b1);
    (*d0, *d1) = (both(*d0, *a0, xor_16), both(*d1, *a1, xor_16));
    multiply_add(c0, c1, *d0, *d1);
    (*b0, *b1) = (both(*b0, *c0, xor_63), both(*b1, *c1, xor_63));
}

#[inline(always)]
fn both(x: Both, y: Both, act: impl Fn(Pair, Pair) -> Pair) -> Both {
    [act(x[0], y[0]), act(x[1], y[1])]
}

/// `x + y + 2 · low(x) · low(y)` for both halves of a row, in both states.
#[inline(always)]
fn multiply_add(x0: &mut Both, x1: &mut Both, y0: Both, y1: Both) {
    (x0[0], x1[0]) = pair::multiply_add(x0[0], x1[0], y0[0], y1[0]);
    (x0[1], x1[1]) = pair::multiply_add(x0[1], x1[1], y0[1], y1[1]);
}

#[inline(always)]
fn xor_32(x: Pair, y: Pair) -> Pair {
    pair::rotate_32(pair::xor(x, y))
}

#[inline(always)]
fn xor_24(x: Pair, y: Pair) -> Pair {
    pair::rotate_24(pair::xor(x, y))
}

#[inline(always)]
fn xor_16(x: Pair, y: Pair) -> Pair {
    pair::rotate_16(pair::xor(x, y))
}

#[inline(always)]
fn xor_63(x: Pair, y: Pair) -> Pair {
    pair::rotate_63(pair::xor(x, y))
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod pair {
    use core::arch::wasm32::{
        i8x16_shuffle, i32x4_shuffle, i64x2_add, i64x2_shuffle, u64x2, u64x2_extmul_high_u32x4,
        u64x2_extmul_low_u32x4, u64x2_extract_lane, u64x2_shr, v128, v128_or, v128_xor,
    };

    /// Two 64-bit words in a vector register.
    pub(super) type Pair = v128;
    pub(super) const ZERO: Pair = u64x2(0, 0);

    #[inline(always)]
    pub(super) const fn of(first: u64, second: u64) -> Pair {
        u64x2(first, second)
    }

    #[inline(always)]
    pub(super) fn word(pair: Pair, at: usize) -> u64 {
        if at == 0 { u64x2_extract_lane::<0>(pair) } else { u64x2_extract_lane::<1>(pair) }
    }

    #[inline(always)]
    pub(super) fn xor(a: Pair, b: Pair) -> Pair {
        v128_xor(a, b)
    }

    /// `a + b + 2 · low(a) · low(b)` for two pairs: one shuffle collects the low halves of all four
    /// words, two widening multiplications take them from there.
    #[inline(always)]
    pub(super) fn multiply_add(a0: Pair, a1: Pair, b0: Pair, b1: Pair) -> (Pair, Pair) {
        let a = i32x4_shuffle::<0, 2, 4, 6>(a0, a1);
        let b = i32x4_shuffle::<0, 2, 4, 6>(b0, b1);
        let (first, second) = (u64x2_extmul_low_u32x4(a, b), u64x2_extmul_high_u32x4(a, b));
        (
            i64x2_add(i64x2_add(a0, b0), i64x2_add(first, first)),
            i64x2_add(i64x2_add(a1, b1), i64x2_add(second, second)),
        )
    }

    /// The second word of `a` and the first of `b`.
    #[inline(always)]
    pub(super) fn join(a: Pair, b: Pair) -> Pair {
        i64x2_shuffle::<1, 2>(a, b)
    }

    #[inline(always)]
    pub(super) fn rotate_32(x: Pair) -> Pair {
        i32x4_shuffle::<1, 0, 3, 2>(x, x)
    }

    #[inline(always)]
    pub(super) fn rotate_24(x: Pair) -> Pair {
        i8x16_shuffle::<3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10>(x, x)
    }

    #[inline(always)]
    pub(super) fn rotate_16(x: Pair) -> Pair {
        i8x16_shuffle::<2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9>(x, x)
    }

    #[inline(always)]
    pub(super) fn rotate_63(x: Pair) -> Pair {
        v128_or(i64x2_add(x, x), u64x2_shr(x, 63))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod pair {
    /// Two 64-bit words.
    pub(super) type Pair = [u64; 2];
    pub(super) const ZERO: Pair = [0; 2];

    pub(super) const fn of(first: u64, second: u64) -> Pair {
        [first, second]
    }

    #[inline(always)]
    pub(super) const fn word(pair: Pair, at: usize) -> u64 {
        if at == 0 { pair[0] } else { pair[1] }
    }

    #[inline(always)]
    pub(super) fn xor(a: Pair, b: Pair) -> Pair {
        [a[0] ^ b[0], a[1] ^ b[1]]
    }

    #[inline(always)]
    pub(super) fn multiply_add(a0: Pair, a1: Pair, b0: Pair, b1: Pair) -> (Pair, Pair) {
        let word = |a: u64, b: u64| {
            let product = (a & 0xffff_ffff).wrapping_mul(b & 0xffff_ffff);
            a.wrapping_add(b).wrapping_add(product << 1)
        };
        ([word(a0[0], b0[0]), word(a0[1], b0[1])], [word(a1[0], b1[0]), word(a1[1], b1[1])])
    }

    /// The second word of `a` and the first of `b`.
    #[inline(always)]
    pub(super) const fn join(a: Pair, b: Pair) -> Pair {
        [a[1], b[0]]
    }

    #[inline(always)]
    pub(super) fn rotate_32(x: Pair) -> Pair {
        x.map(|word| word.rotate_right(32))
    }

    #[inline(always)]
    pub(super) fn rotate_24(x: Pair) -> Pair {
        x.map(|word| word.rotate_right(24))
    }

    #[inline(always)]
    pub(super) fn rotate_16(x: Pair) -> Pair {
        x.map(|word| word.rotate_right(16))
    }

    #[inline(always)]
    pub(super) fn rotate_63(x: Pair) -> Pair {
        x.map(|word| word.rotate_right(63))
    }
}
