//! The second factor: time-based one-time codes (RFC 6238), backup codes, and how an account comes to
//! have them (security.md §6).
//!
//! Everything here is a pure function of the stored state and the time. A host stores the state that
//! comes back in one step with the decision: that is what makes a code good once (MF-03, MF-11).

mod backup_code;
mod code;
mod enrolment;
mod qr;

pub use backup_code::{BACKUP_CODES, BackupCode, BackupCodeKey, BackupCodes};
pub use code::{SECRET_BYTES, STEP_SECONDS, Step, TotpCode, TotpSecret};
pub use enrolment::{ConfirmError, Enrolment, Factor, Proof, Proven, STAGED_FOR, Staged};
pub use qr::qr_svg;
