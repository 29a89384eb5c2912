use core::cell::RefCell;

use portico_core::ports::PortError;

/// Bytes that are fetched at once: most requests need a few dozen, and a call costs as much as the bytes.
const POOL_BYTES: usize = 512;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], left: 0 }) };
}

/// Random bytes that nobody has used yet, at the start of `bytes`. Those handed out are wiped.
struct Pool {
    bytes: [u8; POOL_BYTES],
    left: usize,
}

/// Random bytes from the runtime's WebCrypto (SR-06).
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), PortError> {
    if bytes.len() > POOL_BYTES {
        return from_the_runtime(bytes);
    }
    POOL.with_borrow_mut(|pool| {
        if pool.left < bytes.len() {
            pool.left = 0;
            from_the_runtime(&mut pool.bytes)?;
            pool.left = POOL_BYTES;
        }
        let rest = pool.left - bytes.len();
        if let Some(taken) = pool.bytes.get_mut(rest..pool.left) {
            bytes.copy_from_slice(taken);
            taken.fill(0);
        }
        pool.left = rest;
        Ok(())
    })
}

fn from_the_runtime(bytes: &mut [u8]) -> Result<(), PortError> {
    #[expect(clippy::disallowed_methods, reason = "this is the random source")]
    getrandom::fill(bytes).map_err(|error| PortError { port: "entropy", detail: error.to_string() })
}
