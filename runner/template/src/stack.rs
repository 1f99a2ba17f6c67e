//! Room on the stack for deep recursion: templates nest as deep as their authors want, worker threads have small stacks.

/// Grow when less than this is left: more than any frame of the evaluator needs between two checks.
const RED_ZONE_BYTES: usize = 128 * 1024;

/// How much to grow by.
const GROWTH_BYTES: usize = 2 * 1024 * 1024;

/// What minijinja's parser may need for the longest expression that is let through: it checks its depth only in places.
const PARSER_BYTES: usize = 32 * 1024 * 1024;

/// Texts below this length cannot nest deep enough to need it.
const LONG_TEXT: usize = 1_000;

/// Runs the parser over a text with enough stack.
pub(crate) fn guarded_parser<R>(text: &str, parse: impl FnOnce() -> R) -> R {
    if text.len() < LONG_TEXT { parse() } else { stacker::maybe_grow(PARSER_BYTES / 2, PARSER_BYTES, parse) }
}

/// Runs a step of a recursion with enough stack.
pub(crate) fn guarded<R>(step: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE_BYTES, GROWTH_BYTES, step)
}
