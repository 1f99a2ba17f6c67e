//! Measures the runner beside ansible-core, mitogen and pyinfra: same machines, same work, one run, medians.
//!
//! `make bench` runs the binary of the same name. It is no test: it takes a quarter of an hour and judges nothing.

mod contender;
mod measure;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::machines::Machines;
pub use contender::Contender;
pub use measure::Sample;

/// One piece of work, written for every contender; the files are in `tests/suite/bench`.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Stem of its files.
    pub name: &'static str,
    /// What it is, for the report.
    pub what: &'static str,
    /// Whether connections that a contender keeps between runs are cut before each run.
    pub cold: bool,
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "cheap", what: "25 cheap tasks, cold", cold: true },
    Scenario { name: "files", what: "30 file tasks, nothing to change", cold: false },
    Scenario { name: "loop", what: "a loop of 100 files, nothing to change", cold: false },
    Scenario { name: "role", what: "a server role's second run", cold: false },
];

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Scenario names.
    pub scenarios: Vec<String>,
    /// Who takes part.
    pub contenders: Vec<Contender>,
    /// How many machines, one table each.
    pub hosts: Vec<usize>,
    /// Runs of which the median counts.
    pub runs: usize,
    /// The runner's own binary.
    pub playbook: PathBuf,
}

/// Boots the machines, measures, and gives every finished table to `tell`.
pub fn run(plan: &Plan, mut tell: impl FnMut(&str)) -> Result<()> {
    let most = plan.hosts.iter().max().copied().context("at least one number of hosts")?;
    for contender in &plan.contenders {
        contender.prepare().with_context(|| format!("prepare {}", contender.name()))?;
    }
    let machines = Machines::boot(most)?;
    for &hosts in &plan.hosts {
        for scenario in
            SCENARIOS.iter().filter(|scenario| plan.scenarios.iter().any(|name| name == scenario.name))
        {
            tell(&table(plan, scenario, &machines, hosts)?);
        }
    }
    tell(&start_up(plan)?);
    Ok(())
}

/// One scenario on so many hosts, all contenders.
fn table(plan: &Plan, scenario: &Scenario, machines: &Machines, hosts: usize) -> Result<String> {
    let bench = contender::Bench::new(machines, hosts, &plan.playbook)?;
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); plan.contenders.len()];
    let mut memory = Vec::new();
    for contender in plan.contenders.iter().filter(|contender| contender.does(scenario)) {
        // The first run makes the changes and fills caches; it also tells what the rest needs to know: it works.
        bench
            .run(*contender, scenario, false)
            .with_context(|| format!("{} {}", contender.name(), scenario.name))?;
    }
    // In turns, so that a disturbance of this host hits all alike.
    for _ in 0..plan.runs {
        for (contender, samples) in plan.contenders.iter().zip(&mut samples) {
            if contender.does(scenario) {
                samples.push(bench.run(*contender, scenario, false)?);
            }
        }
    }
    for contender in &plan.contenders {
        memory.push(if contender.does(scenario) {
            bench.run(*contender, scenario, true)?.memory_kib
        } else {
            0
        });
    }
    let base = samples.first().and_then(|ours| Sample::median(ours));
    let mut text = format!("\n### {}, {hosts} host{}\n\n", scenario.what, if hosts == 1 { "" } else { "s" });
    text += "| | seconds | × ours | controller CPU s | × ours | memory MiB |\n|---|---|---|---|---|---|\n";
    for ((contender, samples), memory) in plan.contenders.iter().zip(&samples).zip(memory) {
        let Some(median) = Sample::median(samples) else { continue };
        let (times, cpu_times) =
            base.map_or((1.0, 1.0), |base| (median.wall_s / base.wall_s, median.cpu_s / base.cpu_s));
        writeln!(
            text,
            "| {} | {:.3} | {times:.1} | {:.3} | {cpu_times:.1} | {:.0} |",
            contender.name(),
            median.wall_s,
            median.cpu_s,
            memory as f64 / 1024.0
        )?;
    }
    Ok(text)
}

/// How long the programs take to say their version.
fn start_up(plan: &Plan) -> Result<String> {
    let mut text = String::from("\n### `--version`\n\n| | ms |\n|---|---|\n");
    for contender in plan
        .contenders
        .iter()
        .filter(|c| matches!(c, Contender::Ours | Contender::Ansible | Contender::Pyinfra))
    {
        let mut program = contender.program(&plan.playbook).0;
        if *contender == Contender::Ours {
            program.arg("run");
        }
        program.arg("--version");
        let samples: Result<Vec<Sample>> =
            (0..plan.runs.max(5)).map(|_| measure::run(&mut program, Path::new("/tmp"), false)).collect();
        let median = Sample::median(&samples?).context("at least one run")?;
        writeln!(text, "| {} | {:.1} |", contender.name(), median.wall_s * 1000.0)?;
    }
    Ok(text)
}
