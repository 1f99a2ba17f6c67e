//! Python's two ways to format text: `%` and `str.format`.

mod braces;
mod number;
mod percent;

pub(crate) use braces::braces;
pub(crate) use number::fixed;
pub(crate) use percent::percent;

/// The widest field: memory stays bounded whatever a template asks for.
const WIDTH_MAX: usize = 1_000_000;
