//! Measures the runner beside ansible-core, mitogen and pyinfra on machines booted for it; prints Markdown tables.
#![expect(clippy::print_stdout, reason = "a command for people speaks on standard output")]

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tests_suite::bench::{Contender, Plan, SCENARIOS, run};

const USAGE: &str = "usage: bench [--hosts 1,5,20] [--runs 5] [--scenarios cheap,files,loop,role] \
    [--contenders ours,ssh,ansible,mitogen,pyinfra] [--playbook PATH]";

fn main() -> Result<()> {
    let mut plan = Plan {
        scenarios: SCENARIOS.iter().map(|scenario| scenario.name.to_owned()).collect(),
        contenders: Contender::ALL.to_vec(),
        hosts: vec![1, 5, 20],
        runs: 5,
        playbook: PathBuf::from("target/release/playbook"),
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().context(USAGE)?;
        let list = || value.split(',').map(str::to_owned);
        match name.as_str() {
            "--hosts" => plan.hosts = list().map(|n| n.parse()).collect::<Result<_, _>>().context(USAGE)?,
            "--runs" => plan.runs = value.parse().context(USAGE)?,
            "--scenarios" => plan.scenarios = list().collect(),
            "--contenders" => {
                let find =
                    |name: String| Contender::ALL.into_iter().find(|c| c.name() == name).context(USAGE);
                plan.contenders = list().map(find).collect::<Result<_>>()?;
            }
            "--playbook" => plan.playbook = PathBuf::from(&value),
            _ => bail!(USAGE),
        }
    }
    plan.playbook =
        plan.playbook.canonicalize().with_context(|| format!("there is no {}", plan.playbook.display()))?;
    run(&plan, |text| println!("{text}"))
}
