//! One reading of the clock for a whole Terraform run.
//!
//! A run is several provider processes (plan and apply are different ones, aliases too), and a window must not open between
//! two of them. What they share is Terraform, the parent of them all: its start is the time of the run. Where that cannot be
//! seen, each process takes the time it first asks.

use std::sync::OnceLock;

use jiff::Timestamp;

/// The time of this run, in whole seconds.
pub fn now() -> Timestamp {
    static NOW: OnceLock<Timestamp> = OnceLock::new();
    // Attached to, we outlive runs, and our parent is a shell: then only the clock on the wall tells.
    if !provider_framework::launched_by_terraform() {
        return whole_seconds(Timestamp::now());
    }
    *NOW.get_or_init(|| whole_seconds(parent_start().unwrap_or_else(Timestamp::now)))
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(target_os = "linux")]
fn parent_start() -> Option<Timestamp> {
    let parent = std::os::unix::process::parent_id();
    let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).ok()?;
    let boot = std::fs::read_to_string("/proc/stat").ok()?;
    start_of(&stat, &boot)
}

#[cfg(not(target_os = "linux"))]
fn parent_start() -> Option<Timestamp> {
    None
}

/// The start of a process from its `/proc/PID/stat` and the machine's `/proc/stat`.
#[cfg(any(target_os = "linux", test))]
fn start_of(process: &str, machine: &str) -> Option<Timestamp> {
    /// The kernel counts start times in ticks of `USER_HZ`, which is 100 on every platform Linux runs on.
    const TICKS_PER_SECOND: i64 = 100;
    /// Fields after the program's name, of which the start is the 22nd of all (proc_pid_stat(5)).
    const START_AFTER_NAME: usize = 19;
    // The name stands in parentheses and may hold anything, parentheses included.
    let (_, after_name) = process.rsplit_once(')')?;
    let ticks: i64 = after_name.split_ascii_whitespace().nth(START_AFTER_NAME)?.parse().ok()?;
    let boot: i64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Timestamp::from_second(boot.checked_add(ticks / TICKS_PER_SECOND)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_process_is_boot_plus_ticks() {
        let process = "4242 (terra) form) S 1 2 3 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 12345 1 2 3";
        let machine = "cpu 1 2 3\nbtime 1700000000\nprocesses 9\n";
        assert_eq!(start_of(process, machine), Timestamp::from_second(1_700_000_123).ok());
        assert_eq!(start_of("4242 (terraform", machine), None);
        assert_eq!(start_of(process, "cpu 1\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_parent_has_started_before_now() {
        let start = parent_start().expect("the test runner is our parent");
        assert!(start <= Timestamp::now());
        assert_eq!(Some(start), parent_start(), "asked twice, the same answer");
    }
}
