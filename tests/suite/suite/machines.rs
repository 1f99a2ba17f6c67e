//! The machines library keeps its word: machines are real, apart from each other, and leave nothing behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests_suite::machines::{Machines, available};

/// Far more than a keeper needs.
const CLEANUP_MAX: Duration = Duration::from_secs(20);

#[test]
fn machines_are_real_and_apart() {
    if !available() {
        return;
    }
    let set = Machines::boot(2).expect("two machines boot");
    let ssh = |name: &str, command: &str| {
        let out = Command::new("ssh").arg("-F").arg(set.ssh_config()).args([name, command]).output();
        let out = out.expect("ssh runs");
        assert!(out.status.success(), "{command}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    };
    assert_eq!(ssh("m1", "hostname; cat /proc/1/comm; id -un"), "m1\nsystemd\nroot");
    assert_eq!(ssh("m2", "echo two > /srv/mark && hostname"), "m2");
    assert_eq!(ssh("m1", "ls /srv"), "");
    assert_eq!(fs::read_to_string(set[1].root().join("srv/mark")).expect("seen from here"), "two\n");
    assert_eq!(set[1].check("cat /srv/mark").expect("runs inside"), "two\n");

    set[1].power_off().expect("the power can be cut");
    set[1].power_on().expect("it comes back");
    set[1].wait_for_ssh().expect("it answers again");
    assert_eq!(ssh("m2", "cat /srv/mark"), "two");

    let folder = set.folder().to_owned();
    let bridge = bridge_of(&folder);
    assert!(Path::new("/sys/class/net").join(&bridge).exists());
    drop(set);
    assert_gone(&folder, &bridge);
}

#[test]
fn a_killed_owner_leaves_nothing_behind() {
    if !available() {
        return;
    }
    let mut holder = Command::new(env!("CARGO_BIN_EXE_machines"))
        .args(["hold", "1", "--no-internet"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the holder starts");
    let mut inventory = String::new();
    BufReader::new(holder.stdout.take().expect("piped")).read_line(&mut inventory).expect("it says where");
    let folder = Path::new(inventory.trim()).parent().expect("in a folder").to_owned();
    let bridge = bridge_of(&folder);
    assert!(Path::new("/sys/class/net").join(&bridge).exists());
    holder.kill().expect("SIGKILL is delivered");
    holder.wait().expect("it dies");
    let deadline = Instant::now() + CLEANUP_MAX;
    while folder.exists() && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_gone(&folder, &bridge);
}

fn bridge_of(folder: &Path) -> String {
    format!("sm{}", folder.file_name().expect("a number").to_string_lossy())
}

fn assert_gone(folder: &Path, bridge: &str) {
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert!(!Path::new("/sys/class/net").join(bridge).exists(), "bridge {bridge} is still there");
    let mounts = fs::read_to_string("/proc/self/mounts").expect("readable");
    assert!(!mounts.contains(&format!("{}/", folder.display())), "mounts are left");
}
