//! The Debian tree all machines share: built once with debootstrap, kept in a cache, never written again.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{ACCOUNTS, path_str, run};

/// The release of the machines; Hetzner's `debian-12`.
const SUITE: &str = "bookworm";

/// Used when this host's own package configuration names no Debian mirror.
const MIRROR: &str = "http://deb.debian.org/debian";

/// What a rented Debian server has that matters to modules, and what the Python runner needs.
const PACKAGES: &[&str] = &[
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "opendoas",
    "python3",
    "python3-apt",
    "acl",
    "locales",
    "iproute2",
    "iputils-ping",
    "procps",
    "kmod",
    "netbase",
    "ca-certificates",
    "curl",
    "gnupg",
    "xz-utils",
    "bzip2",
    "zstd",
    "unzip",
    "cron",
    "tzdata",
];

const FURNISH: &str = include_str!("tree.sh");

/// The folder of the finished tree; builds it when it is not there (a minute; 400 MB).
pub(super) fn cached() -> Result<PathBuf> {
    let mirror = mirror();
    let mut recipe = DefaultHasher::new();
    (SUITE, &mirror, PACKAGES, FURNISH).hash(&mut recipe);
    for account in ACCOUNTS {
        (account.name, account.password).hash(&mut recipe);
    }
    let cache = cache();
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let tree = cache.join(format!("tree-{SUITE}-{:016x}", recipe.finish()));
    let lock = File::create(cache.join("tree.lock"))?;
    lock.lock().context("wait for another build of the machines' tree")?;
    if !tree.exists() {
        let partial = cache.join("tree.partial");
        build(&partial, &mirror).context("build the machines' tree")?;
        fs::rename(&partial, &tree)?;
    }
    Ok(tree)
}

/// `MACHINES_CACHE`, or where systems keep what can be made again.
fn cache() -> PathBuf {
    std::env::var_os("MACHINES_CACHE")
        .map_or_else(|| PathBuf::from("/var/cache/streaming-machines"), PathBuf::from)
}

/// The mirror this host itself installs Debian packages from.
fn mirror() -> String {
    let known = Command::new("apt-get")
        .args(["indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"])
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
        .unwrap_or_default();
    known
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(uri, codename)| *codename == SUITE && uri.trim_end_matches('/').ends_with("/debian"))
        .map_or_else(|| MIRROR.to_owned(), |(uri, _)| uri.trim_end_matches('/').to_owned())
}

fn build(tree: &Path, mirror: &str) -> Result<()> {
    discard(tree)?;
    let include = format!("--include={}", PACKAGES.join(","));
    run("debootstrap", &["--variant=minbase", &include, SUITE, path_str(tree)?, mirror])?;
    fs::write(tree.join("tree.sh"), FURNISH)?;
    let accounts: Vec<String> = ACCOUNTS.iter().map(|a| format!("{}:{}", a.name, a.password)).collect();
    fs::copy("/etc/resolv.conf", tree.join("etc/resolv.conf"))?;
    let proxy = Command::new("apt-config").args(["shell", "PROXY", "Acquire::http::Proxy"]).output();
    if let Some(line) = proxy.ok().map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
        && let Some(proxy) = line.strip_prefix("PROXY='").and_then(|rest| rest.strip_suffix('\''))
    {
        fs::write(tree.join("etc/apt/apt.conf.d/proxy"), format!("Acquire::http::Proxy \"{proxy}\";\n"))?;
    }
    run("chroot", &[&[path_str(tree)?, "sh", "/tree.sh", mirror, SUITE], &strs(&accounts)[..]].concat())?;
    fs::remove_file(tree.join("tree.sh"))?;
    Ok(())
}

/// Removes a half-built tree, with the mounts an interrupted debootstrap left in it.
fn discard(tree: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let below = format!("{}/", tree.display());
    for mount in mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|m| m.starts_with(&below)) {
        run("umount", &["-l", mount])?;
    }
    run("rm", &["-rf", "--one-file-system", path_str(tree)?])?;
    Ok(())
}

fn strs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}
