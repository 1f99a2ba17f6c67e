//! One measured run of a program: time, processor time and memory of it and of everything it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Pause between two looks at the memory; a look at twenty processes takes a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Seconds from start to end.
    pub wall_s: f64,
    /// Processor seconds of the program and all it started, daemons included.
    pub cpu_s: f64,
    /// Highest sum of proportional set sizes seen; 0 if it was not looked at.
    pub memory_kib: u64,
}

impl Sample {
    /// Medians of time and processor time.
    pub fn median(samples: &[Sample]) -> Option<Sample> {
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        Some(Sample {
            wall_s: middle(samples.iter().map(|s| s.wall_s).collect())?,
            cpu_s: middle(samples.iter().map(|s| s.cpu_s).collect())?,
            memory_kib: samples.iter().map(|s| s.memory_kib).max()?,
        })
    }
}

/// Runs a program in a control group of its own, where nothing it starts can hide. Fails when it does.
///
/// Looking at the memory disturbs the time, so a run does one or the other.
pub fn run(program: &mut Command, folder: &Path, with_memory: bool) -> Result<Sample> {
    let group = Group::new()?;
    let mut inside = Command::new("sh");
    inside.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(group.0.join("cgroup.procs"));
    inside.arg(program.get_program()).args(program.get_args()).current_dir(folder);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    let log = tempfile::NamedTempFile::new()?;
    inside.stdin(Stdio::null()).stdout(log.reopen()?).stderr(log.reopen()?);
    let before_us = group.cpu_us()?;
    let start = Instant::now();
    let mut child = inside.spawn().context("start the program")?;
    let done = AtomicBool::new(false);
    let (status, wall_s, memory_kib) = std::thread::scope(|scope| -> Result<_> {
        let looking = with_memory.then(|| scope.spawn(|| group.watch_memory(&done)));
        let status = child.wait();
        let wall_s = start.elapsed().as_secs_f64();
        done.store(true, Ordering::Release);
        let memory = looking.map_or(Ok(0), |thread| thread.join()).unwrap_or(0);
        Ok((status?, wall_s, memory))
    })?;
    let cpu_s = (group.cpu_us()? - before_us) as f64 / 1e6;
    if !status.success() {
        bail!("{:?} {status}:\n{}", program, fs::read_to_string(log.path())?);
    }
    Ok(Sample { wall_s, cpu_s, memory_kib })
}

/// A cgroup2 control group; connections kept after a run live on in it until the next cold one.
struct Group(PathBuf);

impl Group {
    fn new() -> Result<Group> {
        let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].into_iter().map(Path::new);
        let root = root
            .into_iter()
            .find(|root| root.join("cgroup.controllers").exists())
            .context("cgroup2 is mounted")?;
        let path = root.join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Group(path))
    }

    fn cpu_us(&self) -> Result<u64> {
        let stat = fs::read_to_string(self.0.join("cpu.stat"))?;
        let line = stat.lines().find_map(|line| line.strip_prefix("usage_usec "));
        Ok(line.context("cpu.stat has usage_usec")?.trim().parse()?)
    }

    fn watch_memory(&self, done: &AtomicBool) -> u64 {
        let mut most = 0;
        while !done.load(Ordering::Acquire) {
            let pids = fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
            most = most.max(pids.lines().map(pss_kib).sum());
            pause();
        }
        most
    }
}

/// Ends everything that measured programs left running.
pub fn end_leftovers() -> Result<()> {
    let group = Group::new()?;
    fs::write(group.0.join("cgroup.kill"), "1")?;
    while !fs::read_to_string(group.0.join("cgroup.procs"))?.is_empty() {
        pause();
    }
    Ok(())
}

fn pss_kib(pid: &str) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0)
}

#[expect(clippy::disallowed_methods, reason = "memory has no event to wait for")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}
