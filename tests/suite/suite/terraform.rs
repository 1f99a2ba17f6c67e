//! The real terraform with the test provider and with ours: through a mirror with mutual TLS, and attached.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use provider_framework::{Attached, Server, attach};
use provider_plugin::cli;
use provider_plugin::provider::Streaming;
use tests_suite::probe::{PLUGIN, Probe, World};
use tests_suite::terraform::{Provider, Workspace, case, streaming_program};

/// Each folder of `tests/cases/terraform` and what it shows.
macro_rules! cases {
    ($($name:ident $folder:literal),* $(,)?) => {
        const CASES: &[&str] = &[$($folder),*];

        mod mirrored {
            $(#[test] fn $name() { super::check_mirrored($folder); })*
        }

        mod attached {
            $(#[test] fn $name() { super::check_attached($folder); })*
        }
    };
}

cases!(
    life "life",
    unknown_values "unknown-values",
    import "import",
    upgrade_of_an_old_state "upgrade-old-state",
    moved_from_another_type "moved",
    taint "taint",
    write_only_and_ephemeral "write-only",
    sensitive "sensitive",
    private_data "private",
    bad_configuration "bad-configuration",
    failed_create "failed-create",
    failed_update "failed-update",
    failed_delete "failed-delete",
    resumable_create "resumable-create",
    drift "drift",
    data_source_and_function "data-source-and-function",
    deprecation "deprecation",
    provider_configured_later "provider-configured-later",
    panic "panic",
);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/terraform")
}

fn probe_mirror() -> Provider {
    Provider::Mirror {
        address: "tests/probe",
        version: "1.2.3",
        program: PathBuf::from(env!("CARGO_BIN_EXE_terraform-provider-probe")),
    }
}

fn streaming_mirror() -> Provider {
    Provider::Mirror {
        address: "md3/streaming",
        version: env!("CARGO_PKG_VERSION"),
        program: streaming_program().to_owned(),
    }
}

fn check_mirrored(name: &str) {
    case::check(&folder().join(name), &Workspace::new(&probe_mirror()), true);
}

/// Serves a provider from this process while the test runs.
fn while_attached(serve: impl AsyncFnOnce() -> Attached, test: impl FnOnce(&Provider)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let attached = runtime.block_on(serve());
    test(&Provider::Attached(attached.reattach_providers().to_owned()));
    drop(attached);
}

fn check_attached(name: &str) {
    let serve = async || attach(Server::new(Probe), &PLUGIN).await.expect("it can be attached to");
    // The attached provider needs no init, but terraform_data does.
    while_attached(serve, |provider| case::check(&folder().join(name), &Workspace::new(provider), true));
}

#[test]
fn every_case_is_listed() {
    let folders: BTreeSet<String> = fs::read_dir(folder())
        .expect("the cases")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, CASES.iter().map(|name| (*name).to_owned()).collect());
}

const EVENT: &str = r#"
terraform {
  required_providers {
    streaming = {
      source = "md3/streaming"
    }
  }
}

variable "start" {
  default = "2026-12-01T20:00:00"
}

data "streaming_event_window" "show" {
  start    = var.start
  timezone = "Asia/Kuwait"
  rrule    = "FREQ=WEEKLY;BYDAY=TU,TH"
  duration = "45m"
  lead     = "45m"
  linger   = "15m"
  at       = "2026-12-01T16:15:00Z"
}

output "active" {
  value = data.streaming_event_window.show.active
}

output "next" {
  value = data.streaming_event_window.show.next.starts_at
}

output "url" {
  value = provider::streaming::wmsauth_url("https://a/live/x.m3u8", "s3cret", "2026-05-04T08:33:05Z", 20, { ip = "192.0.2.10" })
}

output "on" {
  value = provider::streaming::event_active({ start = "2026-12-01T20:00:00", duration = "45m" }, "2026-12-01T20:44:59Z")
}
"#;

/// `init`, `validate`, `plan`, `apply`, `output` and `console` with our provider.
fn check_streaming(provider: &Provider) {
    let workspace = Workspace::new(provider);
    workspace.configure(EVENT);
    workspace.init();
    workspace.run(&["validate", "-no-color"]).succeeded();
    assert_eq!(workspace.plan_actions(&[]).len(), 4, "four outputs are new");
    workspace.apply().succeeded();
    workspace.expect_empty_plan();
    assert_eq!(workspace.output("active"), true);
    assert_eq!(workspace.output("next"), "2026-12-03T17:00:00Z");
    assert_eq!(workspace.output("on"), true);
    let url = workspace.output("url");
    let expected = "?wmsAuthSign=c2VydmVyX3RpbWU9NS80LzIwMjYgODozMzowNSBBTSZoYXNoX3ZhbHVlPXd2THU5UlBWclJyTm84cWYvekNBcGc9\
                    PSZ2YWxpZG1pbnV0ZXM9MjA=";
    assert!(url.as_str().is_some_and(|url| url.ends_with(expected)), "{url}");
    let event = r#"{ start = "2026-12-01T20:00:00", duration = "45m" }"#;
    let ask = |at: &str| format!("provider::streaming::event_active({event}, {at:?})\n");
    let said = workspace.run_with_input(&["console"], &ask("2026-12-01T20:45:00Z")).succeeded();
    assert_eq!(said.out.trim(), "false");
    let said = workspace.run_with_input(&["console"], &ask("noon"));
    assert!(said.all().contains("no time with an offset"), "{}", said.all());
    workspace.run(&["destroy", "-auto-approve", "-no-color"]).succeeded();
}

#[test]
fn streaming_through_a_mirror_with_mutual_tls() {
    check_streaming(&streaming_mirror());
}

#[test]
fn streaming_attached() {
    let serve = async || attach(Server::new(Streaming), &cli::PLUGIN).await.expect("it can be attached to");
    while_attached(serve, check_streaming);
}

#[test]
fn streaming_tells_every_mistake_at_validate_with_its_attribute() {
    let workspace = Workspace::new(&streaming_mirror());
    workspace.configure(
        &EVENT.replace("Asia/Kuwait", "Asia/Quwait").replace("TU,TH", "XX").replace("\"15m\"", "\"15\""),
    );
    workspace.init();
    workspace.run(&["validate", "-no-color"]).failed_saying(&[
        "timezone: \"Asia/Quwait\" is no IANA time zone",
        "rrule: \"FREQ=WEEKLY;BYDAY=XX\" is no RFC 5545 recurrence rule",
        "linger must be a duration",
        "timezone = \"Asia/Quwait\"",
        "linger   = \"15\"",
    ]);
    let provider = "\nprovider \"streaming\" {\n  token = \"x\"\n  endpoint = \"ftp://x\"\n  poll_interval = \"often\"\n}\n";
    workspace.configure(&format!("{EVENT}{provider}"));
    workspace
        .run(&["validate", "-no-color"])
        .failed_saying(&["endpoint must be a URL", "poll_interval must be a duration"]);
}

#[test]
fn the_time_is_the_same_in_plan_apply_and_for_every_provider_of_a_run() {
    let window = |name: &str, provider: &str, more: &str| {
        format!(
            "data \"streaming_event_window\" \"{name}\" {{\n  provider = {provider}\n  start = \"2020-01-01T00:00:00\"\n  \
             rrule = \"FREQ=SECONDLY\"\n  duration = \"1s\"\n{more}}}\n\
             output \"{name}\" {{\n  value = data.streaming_event_window.{name}.next.starts_at\n}}\n"
        )
    };
    let head = EVENT.split("variable").next().expect("the head");
    let wait = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 1.5\"\n  }\n}\n";
    let workspace = Workspace::new(&streaming_mirror());
    workspace.configure(&format!(
        "{head}provider \"streaming\" {{\n}}\nprovider \"streaming\" {{\n  alias = \"other\"\n}}\n{wait}{}{}{}",
        window("planned", "streaming", ""),
        window("other", "streaming.other", ""),
        window("late", "streaming", "  depends_on = [terraform_data.slow]\n"),
    ));
    workspace.init();
    workspace.apply().succeeded();
    let times = ["planned", "other", "late"].map(|name| workspace.output(name));
    assert_eq!(times[0], times[1], "another provider process of the plan");
    assert_eq!(times[0], times[2], "the apply, more than a second later");
}

#[test]
fn an_interrupt_saves_what_was_made() {
    let workspace = Workspace::new(&probe_mirror());
    let world = World::new(workspace.path("world"));
    workspace.configure(&format!(
        "terraform {{\n  required_providers {{\n    probe = {{\n      source = \"tests/probe\"\n    }}\n  }}\n}}\n\
         provider \"probe\" {{\n  world = {:?}\n}}\n\
         resource \"probe_thing\" \"a\" {{\n  name = \"a\"\n  fail = \"slow\"\n}}\n",
        world.folder().display().to_string()
    ));
    workspace.init();
    let output = fs::File::create(workspace.path("output.txt")).expect("our own folder");
    let mut apply = workspace.command(&["apply", "-auto-approve", "-no-color"]);
    let mut child =
        apply.stdout(output.try_clone().expect("a file")).stderr(output).spawn().expect("terraform runs");
    wait_until("the create waits", || world.happened().contains(&"waiting".to_owned()));
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    let interrupted = Instant::now();
    let status = child.wait().expect("it ends");
    assert!(interrupted.elapsed() < Duration::from_secs(5), "it took {:?}", interrupted.elapsed());
    let mut said = String::new();
    fs::File::open(workspace.path("output.txt"))
        .and_then(|mut file| file.read_to_string(&mut said))
        .expect("a file");
    assert!(!status.success() && said.contains("Interrupted"), "{said}");
    let thing = workspace.state("probe_thing.a").expect("it is in the state");
    assert_eq!(thing["values"]["id"], "thing-a");
}

/// Waits for another process, which has no other way to tell.
#[expect(
    clippy::disallowed_methods,
    reason = "a pause between two looks at a process, bounded by the deadline"
)]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    /// Terraform starts in a second or two, on a busy machine in ten.
    const WAIT_MAX: Duration = Duration::from_secs(60);
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < WAIT_MAX, "{what}: not within {WAIT_MAX:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
