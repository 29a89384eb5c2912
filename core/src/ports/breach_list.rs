use alloc::string::String;

use super::PortError;

/// A list of passwords that were found in breaches, somewhere on the network (PW-09).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait BreachList {
    /// The list's answer for five digits; see [`BreachQuery`](crate::password::BreachQuery). `list` is the
    /// address that the digits are appended to.
    ///
    /// # Errors
    /// When the list does not answer within a second, or with anything but a list: whoever asked goes on
    /// without it.
    async fn breached(&self, list: &str, prefix: &str) -> Result<String, PortError>;
}
