//! Room on the stack for deep recursion: templates nest as deep as their authors want, worker threads have small stacks.

/// Grow when less than this is left: more than any frame of the evaluator needs between two checks.
const RED_ZONE_BYTES: usize = 128 * 1024;

/// How much to grow by.
const GROWTH_BYTES: usize = 2 * 1024 * 1024;

/// Runs a step of a recursion with enough stack.
pub(crate) fn guarded<R>(step: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE_BYTES, GROWTH_BYTES, step)
}
