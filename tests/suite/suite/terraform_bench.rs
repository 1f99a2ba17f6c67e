//! What the provider costs, side by side with a provider written in Go. Run by hand: `make bench-provider`.
//!
//! The Go provider is looked for in the filesystem mirror that `GO_PROVIDER_MIRROR` names, laid out as Terraform's own:
//! `HOST/NAMESPACE/NAME/VERSION/OS_ARCH/terraform-provider-NAME_vVERSION`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests_suite::terraform::{Provider, Workspace, built};

/// What go-plugin asks of its children.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// How often each is measured; the median counts.
const STARTS: usize = 21;
const COMMANDS: usize = 7;

/// The limits we set ourselves.
const HANDSHAKE_MAX: Duration = Duration::from_millis(10);
const MEMORY_KB_MAX: u64 = 15 * 1024;
const PROGRAM_BYTES_MAX: u64 = 15_000_000;

/// A configuration that a provider plans without a network.
const OURS: &str = r#"
data "streaming_event_window" "show" {
  start    = "2026-12-01T20:00:00"
  rrule    = "FREQ=WEEKLY;BYDAY=TU,TH"
  duration = "45m"
}

output "next" {
  value = data.streaming_event_window.show.active
}
"#;
const AWS: &str = r#"
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "aws_sqs_queue" "x" {
  name = "x"
}
"#;

#[test]
#[ignore = "a benchmark; run it with `make bench-provider`"]
fn bench_provider() {
    let program = built("provider-plugin", "terraform-provider-streaming", true);
    let bytes = fs::metadata(&program).expect("just built").len();
    let version = env!("CARGO_PKG_VERSION");
    let ours = Provider::Mirror { address: "md3/streaming", version, program: program.clone() };
    say(format_args!("{:<44} {:>10}", "ours: size of the program", format!("{:.1} MB", bytes as f64 / 1e6)));
    let (handshake, memory_kb) = measure("ours", &program, &ours, "md3/streaming", version, OURS);
    match go_provider() {
        None => say(format_args!(
            "no Go provider found: set GO_PROVIDER_MIRROR to a filesystem mirror that has one"
        )),
        Some((address, version, program)) => {
            let bytes = fs::metadata(&program).expect("it was found").len();
            let size = format!("{:.1} MB", bytes as f64 / 1e6);
            say(format_args!("{:<44} {size:>10}", format!("{address}: size of the program")));
            let body = if address == "hashicorp/aws" { AWS } else { "" };
            let (address, version): (&'static str, &'static str) = (address.leak(), version.leak());
            let theirs = Provider::Mirror { address, version, program: program.clone() };
            measure(address, &program, &theirs, address, version, body);
        }
    }
    assert!(handshake <= HANDSHAKE_MAX, "the handshake took {handshake:?}");
    assert!(memory_kb <= MEMORY_KB_MAX, "idle memory is {memory_kb} KB");
    assert!(bytes <= PROGRAM_BYTES_MAX, "the program has {bytes} bytes");
}

fn measure(
    name: &str,
    program: &Path,
    provider: &Provider,
    address: &str,
    version: &str,
    body: &str,
) -> (Duration, u64) {
    // Once without looking, so that the file is in memory for everybody.
    start(program);
    let mut starts: Vec<(Duration, u64)> = (0..STARTS).map(|_| start(program)).collect();
    starts.sort_unstable();
    let handshake = starts[STARTS / 2].0;
    starts.sort_unstable_by_key(|(_, memory_kb)| *memory_kb);
    let memory_kb = starts[STARTS / 2].1;
    say(format_args!("{:<44} {:>10}", format!("{name}: spawn to handshake"), millis(handshake)));
    let memory = format!("{:.1} MB", memory_kb as f64 / 1024.0);
    say(format_args!("{:<44} {memory:>10}", format!("{name}: idle memory (peak so far)")));
    let workspace = Workspace::new(provider);
    let short = address.rsplit('/').next().unwrap_or_default();
    workspace.configure(&format!(
        "terraform {{\n  required_providers {{\n    {short} = {{\n      source  = {address:?}\n      version = {version:?}\n    }}\n  \
         }}\n}}\n{body}"
    ));
    workspace.init();
    for arguments in [&["validate"][..], &["plan", "-refresh=false"]] {
        let mut times: Vec<Duration> = (0..COMMANDS)
            .map(|_| {
                let begun = Instant::now();
                workspace.run(arguments).succeeded();
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        let what = format!("{name}: terraform {}", arguments[0]);
        say(format_args!("{what:<44} {:>10}", millis(times[COMMANDS / 2])));
    }
    (handshake, memory_kb)
}

/// Starts a provider as Terraform does (without TLS, which only Terraform can end) and waits for its line.
fn start(program: &Path) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the provider starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("it speaks");
    let elapsed = begun.elapsed();
    assert!(line.starts_with("1|"), "{line}");
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let memory_kb = peak.and_then(|text| text.trim().split(' ').next()?.parse().ok()).unwrap_or(0);
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    (elapsed, memory_kb)
}

/// A Go provider in the mirror: `namespace/name`, version, program.
fn go_provider() -> Option<(String, String, PathBuf)> {
    let mirror = PathBuf::from(std::env::var_os("GO_PROVIDER_MIRROR")?);
    let inside = |folder: &Path| {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        paths.sort_unstable();
        paths
    };
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for namespace in inside(&mirror).iter().flat_map(|host| inside(host)) {
        for provider in inside(&namespace) {
            for version in inside(&provider) {
                let program = inside(&version)
                    .iter()
                    .flat_map(|platform| inside(platform))
                    .find(|path| name(path).starts_with("terraform-provider-"));
                if let Some(program) = program {
                    return Some((
                        format!("{}/{}", name(&namespace), name(&provider)),
                        name(&version),
                        program,
                    ));
                }
            }
        }
    }
    None
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// The numbers are what a benchmark is for, so they go to the terminal even when the test passes.
fn say(line: std::fmt::Arguments<'_>) {
    // Nobody is left to read them when the terminal is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
