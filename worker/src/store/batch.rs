//! Reading the results of a batch, and giving numbers to D1.

use portico_core::time::UnixSeconds;
use serde::Deserialize;
use worker::{D1Result, D1Type};

/// Whether a statement of a batch has changed a row.
pub(super) fn changed(results: &[D1Result], statement: usize) -> worker::Result<bool> {
    let result = results.get(statement).ok_or_else(|| missing("batch result"))?;
    let meta = result.meta()?.ok_or_else(|| missing("meta data"))?;
    Ok(meta.changes.unwrap_or_default() > 0)
}

/// The first row of one statement of a batch.
pub(super) fn first<T: for<'de> Deserialize<'de>>(
    results: &[D1Result],
    statement: usize,
) -> worker::Result<Option<T>> {
    Ok(rows(results, statement)?.into_iter().next())
}

/// All rows of one statement of a batch.
pub(super) fn rows<T: for<'de> Deserialize<'de>>(
    results: &[D1Result],
    statement: usize,
) -> worker::Result<Vec<T>> {
    results.get(statement).ok_or_else(|| missing("batch result"))?.results()
}

/// D1 takes numbers as JavaScript has them; Unix seconds are exact in those.
#[expect(clippy::cast_precision_loss, reason = "Unix seconds stay far below 2^53")]
pub(super) const fn seconds(value: UnixSeconds) -> D1Type<'static> {
    D1Type::Real(value.get() as f64)
}

/// A text, or NULL.
pub(super) fn optional(text: Option<&str>) -> D1Type<'_> {
    text.map_or(D1Type::Null, D1Type::Text)
}

/// Something that every answer has was not in it.
pub(super) fn missing(what: &str) -> worker::Error {
    worker::Error::RustError(format!("D1 gave no {what}"))
}
