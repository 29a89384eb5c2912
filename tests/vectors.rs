//! Vectors of Project Wycheproof, on whichever host this run is about: signatures are the port's, the
//! rest is `core`'s own.

mod keys;
mod signatures;
mod tokens;
