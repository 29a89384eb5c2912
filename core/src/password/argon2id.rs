//! Argon2id, version 1.3 (RFC 9106), in segments: a hash of the current cost takes eight of them, and
//! a host with one thread can answer other requests in between.
//!
//! The memory belongs to the host, one [`Workspace`] for each isolate, and is used again by the next
//! hash. Everything follows the RFC; the tests hold it against its vectors and the `argon2` crate.

mod block;

use alloc::vec::Vec;

use blake2::{Blake2b256, Blake2b512, Digest as _};
use zeroize::Zeroize as _;

use self::block::{BLOCK_BYTES, Block, Mode};
use crate::secret::Secret;

/// Bytes of a hash of ours.
pub const HASH_BYTES: usize = 32;

/// Slices of a pass; between them lanes may look at each other (RFC 9106 §3.4).
const SLICES: u32 = 4;
/// Words that one address block holds (RFC 9106 §3.4.1.2).
const ADDRESSES: u32 = 128;
const VERSION: u32 = 0x13;
/// The `y` of Argon2id in H0.
const ARGON2ID: u32 = 2;

/// What a hash costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// Memory, in KiB: at least eight for each lane.
    pub memory_kib: u32,
    /// Passes over the memory, at least one.
    pub iterations: u32,
    /// Lanes, at least one. They run one after the other here.
    pub lanes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane: OWASP's minimum for Argon2id, and one lane because a Worker has
    /// one thread (PW-01).
    pub const CURRENT: Self = Self { memory_kib: 19_456, iterations: 2, lanes: 1 };
}

/// Memory for one hash at a time.
#[derive(Default)]
pub struct Workspace {
    blocks: Vec<Block>,
    jobs: u64,
}

/// A hash being computed in a [`Workspace`].
pub struct Job {
    number: u64,
    cost: Cost,
    lane_blocks: u32,
    pass: u32,
    slice: u32,
    lane: u32,
}

/// How far a hash has come.
#[derive(Debug)]
pub enum Progress {
    /// Done; this is the hash.
    Done(Secret<[u8; HASH_BYTES]>),
    /// Another hash has been started in the workspace since: this one has to begin again.
    Lost,
    /// More segments are to be filled.
    More,
}

impl Workspace {
    /// Starts a hash; one that was under way is [lost](Progress::Lost). Bounds of cost are the caller's
    /// business.
    pub fn begin(&mut self, password: &[u8], salt: &[u8], cost: Cost) -> Job {
        self.begin_with(&[password, salt, &[], &[]], cost)
    }

    /// `inputs` are password, salt, secret and associated data (RFC 9106 §3.1).
    fn begin_with(&mut self, inputs: &[&[u8]; 4], cost: Cost) -> Job {
        let lanes = cost.lanes.max(1);
        let lane_blocks = (cost.memory_kib / (SLICES * lanes)).max(2) * SLICES;
        let blocks = (lane_blocks * lanes) as usize;
        // An imported hash may have needed more; that much is not kept.
        self.blocks.truncate(blocks);
        self.blocks.shrink_to(blocks);
        self.blocks.resize(blocks, Block::ZERO);
        self.jobs += 1;
        let h0 = initial_hash(inputs, &Cost { lanes, ..cost });
        for lane in 0..lanes {
            for column in 0..2 {
                if let Some(block) = self.blocks.get_mut((lane * lane_blocks + column) as usize) {
                    *block = first_block(&h0, column, lane);
                }
            }
        }
        Job { number: self.jobs, cost: Cost { lanes, ..cost }, lane_blocks, pass: 0, slice: 0, lane: 0 }
    }

    /// Fills one segment: about 2 ms for [`Cost::CURRENT`], which has eight.
    pub fn advance(&mut self, job: &mut Job) -> Progress {
        if job.number != self.jobs {
            return Progress::Lost;
        }
        if job.pass < job.cost.iterations {
            self.fill_segment(job);
            job.step();
        }
        if job.pass < job.cost.iterations { Progress::More } else { Progress::Done(self.finish(job)) }
    }

    fn fill_segment(&mut self, job: &Job) {
        let segment = job.lane_blocks / SLICES;
        let first_pass = job.pass == 0;
        // Argon2id: the first half of the first pass takes addresses that do not depend on the password.
        let mut addresses = (first_pass && job.slice < SLICES / 2).then(|| Addresses::of(job));
        let mode = if first_pass { Mode::Overwrite } else { Mode::Combine };
        let lane_start = job.lane * job.lane_blocks;
        let first = if first_pass && job.slice == 0 { 2 } else { 0 };
        for index in first..segment {
            let column = job.slice * segment + index;
            let previous = lane_start + if column == 0 { job.lane_blocks - 1 } else { column - 1 };
            let random = match &mut addresses {
                Some(addresses) => addresses.get(index),
                None => self.blocks.get(previous as usize).map_or(0, |block| block.word(0)),
            };
            let reference = job.reference(random, index, segment);
            let at = [previous, reference, lane_start + column].map(|at| at as usize);
            // The three are always different: a block is never a reference for itself or its successor.
            if let Ok([previous, reference, target]) = self.blocks.get_disjoint_mut(at) {
                previous.compress(reference, target, mode);
            }
        }
    }

    /// RFC 9106 §3.1, step 7.
    fn finish(&mut self, job: &Job) -> Secret<[u8; HASH_BYTES]> {
        let mut last = Block::ZERO;
        for lane in 1..=job.cost.lanes {
            if let Some(block) = self.blocks.get_mut((lane * job.lane_blocks - 1) as usize) {
                last.xor(block);
                // It is as good as the hash. The others tell nothing without the work of a whole pass.
                block.zeroize();
            }
        }
        let hash = tag(&last);
        last.zeroize();
        self.jobs += 1;
        hash
    }
}

impl core::fmt::Debug for Workspace {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Workspace").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for Job {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (pass, slice, lane) = (self.pass, self.slice, self.lane);
        formatter.debug_struct("Job").field("at", &(pass, slice, lane)).finish_non_exhaustive()
    }
}

impl Job {
    /// To the next segment: lanes first, then slices, then passes.
    const fn step(&mut self) {
        self.lane += 1;
        if self.lane == self.cost.lanes {
            (self.lane, self.slice) = (0, self.slice + 1);
        }
        if self.slice == SLICES {
            (self.slice, self.pass) = (0, self.pass + 1);
        }
    }

    /// Which block a random word points to (RFC 9106 §3.4.2).
    fn reference(&self, random: u64, index: u32, segment: u32) -> u32 {
        let at_start = self.pass == 0 && self.slice == 0;
        let lane = if at_start { self.lane } else { (random >> 32) as u32 % self.cost.lanes };
        let finished = if self.pass == 0 { self.slice * segment } else { self.lane_blocks - segment };
        // Own lane: everything before the previous block. Others: finished segments, without the last
        // block when this is the first of a segment.
        let area = if lane == self.lane { finished + index - 1 } else { finished - u32::from(index == 0) };
        let x = random & 0xffff_ffff;
        let back = (u64::from(area) * ((x * x) >> 32)) >> 32;
        let relative = u64::from(area) - 1 - back;
        let later = self.pass > 0 && self.slice < SLICES - 1;
        let start = if later { u64::from((self.slice + 1) * segment) } else { 0 };
        let column = (start + relative) % u64::from(self.lane_blocks);
        lane * self.lane_blocks + column as u32
    }
}

/// Words of the data-independent addressing, 128 at a time (RFC 9106 §3.4.1.2).
struct Addresses {
    input: Block,
    words: Block,
    counter: u64,
}

impl Addresses {
    fn of(job: &Job) -> Self {
        let blocks = u64::from(job.lane_blocks) * u64::from(job.cost.lanes);
        let fields: [u64; 6] = [
            job.pass.into(),
            job.lane.into(),
            job.slice.into(),
            blocks,
            job.cost.iterations.into(),
            ARGON2ID.into(),
        ];
        Self { input: input_block(&fields, 0), words: Block::ZERO, counter: 0 }
    }

    fn get(&mut self, index: u32) -> u64 {
        if self.counter == 0 || index.is_multiple_of(ADDRESSES) {
            self.counter = u64::from(index / ADDRESSES) + 1;
            self.input = with_counter(&self.input, self.counter);
            let mut once = Block::ZERO;
            Block::ZERO.compress(&self.input, &mut once, Mode::Overwrite);
            Block::ZERO.compress(&once, &mut self.words, Mode::Overwrite);
        }
        self.words.word((index % ADDRESSES) as usize)
    }
}

fn input_block(fields: &[u64; 6], counter: u64) -> Block {
    let mut bytes = [0; BLOCK_BYTES];
    let words = fields.iter().chain([&counter]);
    for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
    Block::from_bytes(&bytes)
}

fn with_counter(input: &Block, counter: u64) -> Block {
    input_block(&core::array::from_fn(|at| input.word(at)), counter)
}

/// H0 (RFC 9106 §3.2).
fn initial_hash(inputs: &[&[u8]; 4], cost: &Cost) -> Secret<[u8; 64]> {
    let number = |number: u32| number.to_le_bytes();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut hash = Blake2b512::new();
    for field in
        [cost.lanes, HASH_BYTES as u32, cost.memory_kib, cost.iterations, VERSION, ARGON2ID].map(number)
    {
        hash.update(field);
    }
    for field in inputs {
        hash.update(length(field));
        hash.update(field);
    }
    Secret::new(hash.finalize().into())
}

/// One of the two blocks that a lane begins with: H' with 1,024 bytes (RFC 9106 §3.2, §3.3). Each of its
/// digests but the last gives its first half.
fn first_block(h0: &Secret<[u8; 64]>, column: u32, lane: u32) -> Block {
    let mut bytes = [0; BLOCK_BYTES];
    let mut digest = Blake2b512::new()
        .chain_update((BLOCK_BYTES as u32).to_le_bytes())
        .chain_update(h0.expose_secret())
        .chain_update(column.to_le_bytes())
        .chain_update(lane.to_le_bytes())
        .finalize();
    let (body, whole) = bytes.split_at_mut(BLOCK_BYTES - 64);
    for half in body.as_chunks_mut::<32>().0 {
        half.copy_from_slice(digest.split_at(32).0);
        digest = Blake2b512::digest(digest);
    }
    whole.copy_from_slice(&digest);
    let block = Block::from_bytes(&bytes);
    bytes.zeroize();
    block
}

/// H' with 32 bytes (RFC 9106 §3.3).
fn tag(block: &Block) -> Secret<[u8; HASH_BYTES]> {
    let length = (HASH_BYTES as u32).to_le_bytes();
    Secret::new(Blake2b256::new().chain_update(length).chain_update(block.to_bytes()).finalize().into())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;
    use crate::ports::Entropy as _;
    use argon2::{Algorithm, Argon2, Params, Version};
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

    fn hash(workspace: &mut Workspace, password: &[u8], salt: &[u8], cost: Cost) -> [u8; HASH_BYTES] {
        let mut job = workspace.begin(password, salt, cost);
        loop {
            match workspace.advance(&mut job) {
                Progress::Done(hash) => return *hash.expose_secret(),
                Progress::Lost => panic!("nobody else uses the workspace"),
                Progress::More => {}
            }
        }
    }

    fn reference(password: &[u8], salt: &[u8], cost: Cost) -> [u8; HASH_BYTES] {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.lanes, Some(HASH_BYTES)).unwrap();
        let mut output = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password, salt, &mut output)
            .unwrap();
        output
    }

    #[test]
    fn every_shape_of_memory_gives_what_the_argon2_crate_gives() {
        /* PW-01 */
        let (mut workspace, entropy) = (Workspace::default(), Memory::default());
        for (memory_kib, iterations, lanes) in [
            (8, 1, 1),
            (9, 3, 1),
            (64, 2, 1),
            (32, 3, 4),
            (600, 1, 1),
            (1_033, 2, 3),
            (2_048, 4, 1),
            (128, 1, 16),
        ] {
            let cost = Cost { memory_kib, iterations, lanes };
            for length in [0, 1, 64, 1_024] {
                let (mut password, mut salt) = (alloc::vec![0; length], [0; 16]);
                entropy.fill(&mut password).unwrap();
                entropy.fill(&mut salt).unwrap();
                assert_eq!(
                    hash(&mut workspace, &password, &salt, cost),
                    reference(&password, &salt, cost),
                    "{cost:?}, {length} bytes"
                );
            }
        }
    }

    #[test]
    fn the_example_of_rfc_9106_section_5_3_has_that_tag() {
        let mut workspace = Workspace::default();
        let inputs: [&[u8]; 4] = [&[1; 32], &[2; 16], &[3; 8], &[4; 12]];
        let mut job = workspace.begin_with(&inputs, Cost { memory_kib: 32, iterations: 3, lanes: 4 });
        let tag = loop {
            if let Progress::Done(tag) = workspace.advance(&mut job) {
                break tag;
            }
        };
        assert_eq!(
            tag.expose_secret(),
            &[
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53,
                0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01,
                0xe6, 0x59,
            ]
        );
    }

    #[test]
    fn a_hash_of_the_current_cost_is_that_of_the_reference_implementation() {
        /* PW-01 */
        // printf 'correct horse' | argon2 saltsaltsaltsalt -id -t 2 -k 19456 -p 1 -l 32 -e
        let made = hash(&mut Workspace::default(), b"correct horse", b"saltsaltsaltsalt", Cost::CURRENT);
        let expected = STANDARD_NO_PAD.decode("AdweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7Is").unwrap();
        assert_eq!(made.as_slice(), expected);
    }

    #[test]
    fn a_hash_takes_eight_segments_and_notices_when_it_lost_its_memory() {
        /* PW-18 */
        let mut workspace = Workspace::default();
        let mut job = workspace.begin(b"a", b"saltsalt", Cost { memory_kib: 64, iterations: 2, lanes: 1 });
        let mut segments = 1;
        while matches!(workspace.advance(&mut job), Progress::More) {
            segments += 1;
        }
        assert_eq!(segments, 8);
        assert!(matches!(workspace.advance(&mut job), Progress::Lost), "it is over");
        let cost = Cost { memory_kib: 64, iterations: 1, lanes: 1 };
        let mut first = workspace.begin(b"a", b"saltsalt", cost);
        assert!(matches!(workspace.advance(&mut first), Progress::More));
        let _second = workspace.begin(b"b", b"saltsalt", cost);
        assert!(matches!(workspace.advance(&mut first), Progress::Lost));
    }

    #[test]
    fn memory_beyond_what_the_next_hash_needs_is_given_back() {
        let mut workspace = Workspace::default();
        let small = Cost { memory_kib: 64, iterations: 1, lanes: 1 };
        hash(&mut workspace, b"a", b"saltsalt", Cost { memory_kib: 4_096, ..small });
        hash(&mut workspace, b"a", b"saltsalt", small);
        assert_eq!((workspace.blocks.len(), workspace.blocks.capacity()), (64, 64));
    }
}
