//! The program `hcloud-mock`: a Hetzner Cloud to point any client at.
use clap::{Parser, ValueEnum};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tests_hcloud_mock::{Addresses, Mock, Options, Settings, TOKEN, Time};

/// A stateful, faithful Hetzner Cloud API. Point clients at http://ADDRESS/v1.
#[derive(Parser)]
#[command(version, name = "hcloud-mock")]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A token, opening a project of its own; may be repeated.
    #[arg(long = "token", env = "HCLOUD_MOCK_TOKEN", hide_env_values = true, default_value = TOKEN)]
    tokens: Vec<String>,
    /// How time passes.
    #[arg(long, value_enum, default_value_t = Passing::Real)]
    time: Passing,
    /// With real time: how many times as fast as the wall clock.
    #[arg(long, default_value_t = 1)]
    speed: u32,
    /// All CX and CAX types are sold out.
    #[arg(long)]
    cx_and_cax_sold_out: bool,
    /// Public addresses of servers come from 127.0.0.0/8.
    #[arg(long)]
    loopback: bool,
    /// Servers and primary IPs still carry the data center that was removed in July 2026, for older clients.
    #[arg(long)]
    datacenters: bool,
    /// Requests per hour and project; 0 switches the limit off.
    #[arg(long, default_value_t = 3600)]
    rate_limit: u32,
    /// Serve the admin path /_mock.
    #[arg(long)]
    admin: bool,
    /// Load the state from this file if it exists, and save it there every few seconds.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Do not write a line per request to standard error.
    #[arg(long)]
    quiet: bool,
    /// What boots for a server.
    #[arg(long, value_enum, default_value_t = Machine::None)]
    machines: Machine,
}

#[derive(Clone, Copy, ValueEnum)]
enum Passing {
    /// By the wall clock.
    Real,
    /// Only when asked: 10 ms with every request, a second with every poll.
    Virtual,
}

#[derive(Clone, Copy, ValueEnum)]
enum Machine {
    /// Nothing.
    None,
}

/// How often the state is saved.
const SAVE_EVERY: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done when even standard error is closed.
            let _ = writeln!(std::io::stderr(), "hcloud-mock: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> std::io::Result<()> {
    let Machine::None = arguments.machines;
    let mut settings = Settings::default();
    if arguments.cx_and_cax_sold_out {
        settings = settings.cx_and_cax_sold_out();
    }
    if arguments.loopback {
        settings.addresses = Addresses::Loopback;
    }
    settings.datacenters = arguments.datacenters;
    settings.rate_limit_per_hour = (arguments.rate_limit > 0).then_some(arguments.rate_limit);
    let mock = Mock::with(Options {
        listen: arguments.listen,
        tokens: arguments.tokens,
        time: match arguments.time {
            Passing::Real => Time::Real { speed: arguments.speed },
            Passing::Virtual => Time::stepping(),
        },
        settings,
        admin: arguments.admin,
        trace: (!arguments.quiet).then(|| Box::new(std::io::stderr()) as Box<dyn Write + Send>),
        ..Options::default()
    })?;
    if let Some(path) = arguments.state.as_ref().filter(|p| p.exists()) {
        mock.load(path)?;
    }
    writeln!(std::io::stdout(), "{}", mock.endpoint())?;
    match arguments.state {
        None => mock.wait(),
        Some(path) => save_for_ever(&mock, &path)?,
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the pause between two saves is the point")]
fn save_for_ever(mock: &Mock, path: &Path) -> std::io::Result<()> {
    loop {
        std::thread::sleep(SAVE_EVERY);
        mock.save(path)?;
    }
}
