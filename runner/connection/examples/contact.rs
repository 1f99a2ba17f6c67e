//! Measures the first contact with a host and one more task on it: `contact ADDRESS [SSH-ARGUMENTS]`.
#![expect(clippy::print_stdout, reason = "a program for people speaks on standard output")]

use std::time::{Duration, Instant};

use runner_connection::{Connections, Defaults};
use runner_engine::target::{Connector, Endpoint};
use runner_modules::Invocation;

/// Tasks of which the median counts.
const TASKS: usize = 200;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().ok_or("usage: contact ADDRESS [SSH-ARGUMENTS]")?;
    let mut endpoint = Endpoint { transport: "ssh".into(), address, ..Endpoint::local("host") };
    endpoint.settings.insert("ansible_ssh_common_args".into(), args.collect::<Vec<_>>().join(" "));
    let start = Instant::now();
    let connections = Connections::new(Defaults::default())?;
    let target = connections.connect(&endpoint).await?;
    target.invoke(Invocation::new("ping", serde_json::Map::new())).await?;
    println!("first contact and one task: {:.1} ms", ms(start.elapsed()));
    let mut times = Vec::new();
    for _ in 0..TASKS {
        let start = Instant::now();
        target.invoke(Invocation::new("ping", serde_json::Map::new())).await?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("one more task: {:.3} ms (median of {TASKS})", ms(times[TASKS / 2]));
    let start = Instant::now();
    connections.close().await;
    println!("goodbye: {:.1} ms", ms(start.elapsed()));
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
