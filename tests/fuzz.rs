//! A short, repeatable run of the fuzz targets: every file of their corpora, and ten thousand
//! variations of them. `cargo fuzz` runs the same targets for as long as it is let
//! (`tests/fuzz/README.md`).

mod targets;

use std::fs;

use crate::harness::root;

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

/// One to four small changes: a byte replaced, removed, doubled, or a piece of another input put in.
fn vary(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(4) {
            0 if at < input.len() => input[at] = random.next().to_le_bytes()[0],
            1 if at < input.len() => drop(input.remove(at)),
            2 if at < input.len() => input.insert(at, input[at]),
            _ => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let piece = &other[from..(from + random.below(16)).min(other.len())];
                input.splice(at..at, piece.iter().copied());
            }
        }
    }
    input
}

#[test]
fn no_reader_of_hostile_bytes_panics_or_takes_what_it_must_not() {
    for (name, target) in targets::TARGETS {
        let folder = root().join("tests/fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        assert!(corpus.len() >= 5, "{name} has a corpus");
        corpus.iter().for_each(|input| target(input));
        let mut random = Random(2_026);
        // A stored hash costs a real one each time.
        let rounds = if name == "phc" { 200 } else { 10_000 };
        for _ in 0..rounds {
            target(&vary(&mut random, &corpus));
        }
    }
}
