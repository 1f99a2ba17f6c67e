//! Exit codes, as ansible-core has them.

/// All went well.
pub const OK: i32 = 0;
/// Something is wrong with the command line, the inventory or a file that was named.
pub const ERROR: i32 = 1;
/// At least one host failed.
pub const FAILED: i32 = 2;
/// A host was unreachable, or a playbook cannot be parsed.
pub const UNREACHABLE: i32 = 4;
/// Options that exclude each other.
pub const OPTIONS: i32 = 5;
/// Ctrl-C.
pub const INTERRUPTED: i32 = 99;

use runner_engine::Status;

/// The exit code of a run; an unreachable host weighs more than a failed one.
pub fn of(status: Status) -> i32 {
    match status {
        Status { cancelled: true, .. } => INTERRUPTED,
        Status { unreachable: true, .. } => UNREACHABLE,
        Status { failed: true, .. } => FAILED,
        _ => OK,
    }
}
