//! Measures what starting a provider costs, any provider, Go ones too: `start_cost PATH…` launches each as Terraform does
//! and prints the time to the handshake line and the memory after it.

use std::{
    error::Error,
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Enough for a median that a busy machine cannot spoil.
const LAUNCHES: usize = 41;

/// The kind of certificate Terraform shows, so that TLS is part of the price.
const CERTIFICATE: &str = include_str!("../src/tests/certificates/terraform.pem");

/// One launch: the time to the handshake line, and the memory at that moment in KiB.
struct Launch {
    handshake: Duration,
    resident_kib: u64,
    peak_kib: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args_os().skip(1) {
        let mut launches = (0..LAUNCHES).map(|_| launch(Path::new(&path))).collect::<Result<Vec<_>, _>>()?;
        launches.sort_by_key(|launch| launch.handshake);
        let (fastest, median, slowest) = (&launches[0], &launches[LAUNCHES / 2], &launches[LAUNCHES - 1]);
        writeln!(
            stdout(),
            "{}: handshake {:.1?} (median; {:.1?} to {:.1?}), resident {} KiB, peak {} KiB, binary {} KiB",
            Path::new(&path).display(),
            median.handshake,
            fastest.handshake,
            slowest.handshake,
            median.resident_kib,
            median.peak_kib,
            std::fs::metadata(&path)?.len() / 1024,
        )?;
    }
    Ok(())
}

fn launch(path: &Path) -> Result<Launch, Box<dyn Error>> {
    // A killed provider leaves its socket behind; it goes with this directory.
    let sockets = tempfile::tempdir()?;
    let started = Instant::now();
    let mut child = Command::new(path)
        .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_CLIENT_CERT", CERTIFICATE)
        .env("TMPDIR", sockets.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    let handshake = started.elapsed();
    if !line.starts_with("1|") {
        return Err(format!("not a handshake line: {line:?}").into());
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    child.kill()?;
    child.wait()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such field")?;
        line.trim().trim_end_matches(" kB").parse::<u64>().map_err(Box::<dyn Error>::from)
    };
    Ok(Launch { handshake, resident_kib: field("VmRSS:")?, peak_kib: field("VmHWM:")? })
}
