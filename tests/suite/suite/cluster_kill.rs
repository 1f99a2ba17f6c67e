//! Killed and interrupted at any request, under the real terraform: the next apply converges, nothing is there twice, nothing
//! is left. `CLUSTER_KILL_EVERY=1` tries every request; without it a sample is tried.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tests_hcloud_mock::{Fault, Then};

use crate::cluster_show::{Show, config, pause, providers, signal};

/// Every so many requests one is the last, unless the environment says otherwise: a run has about sixty.
const KILL_EVERY: usize = 11;

/// Terraform must be back this soon after an interrupt.
const INTERRUPT_MAX: Duration = Duration::from_secs(5);

/// Requests beyond which no run of five machines goes.
const REQUESTS_MAX: usize = 200;

fn moments(first: usize) -> impl Iterator<Item = usize> {
    let every = std::env::var("CLUSTER_KILL_EVERY").ok().and_then(|text| text.parse().ok());
    let every = every.unwrap_or(KILL_EVERY).max(1);
    (if every == 1 { 1 } else { first }..REQUESTS_MAX).step_by(every)
}

/// Runs a command whose provider is killed right after its k-th request; whether it was.
fn kill_provider(show: &Show, k: usize, arguments: &[&str]) -> bool {
    let folder = show.folder();
    show.wire.arm(k, move || signal("KILL", &providers(&folder)));
    let said = show.terraform.run(arguments);
    let killed = show.wire.disarm();
    assert!(killed || said.success, "{}", said.all());
    show.wait_for_providers();
    killed
}

const APPLY: &[&str] = &["apply", "-auto-approve", "-no-color"];
const DESTROY: &[&str] = &["destroy", "-auto-approve", "-no-color"];

#[track_caller]
fn converges_and_goes(show: &Show, at: &str) {
    let said = show.terraform.apply();
    assert!(said.success, "{at}: {}", said.all());
    let expected = ["trivia-edge-1", "trivia-edge-2", "trivia-edge-3", "trivia-origin-1", "trivia-origin-2"];
    assert_eq!(show.names("servers"), expected, "{at}");
    assert_eq!(show.names("firewalls"), ["trivia", "trivia-edge", "trivia-origin"], "{at}");
    assert_eq!(show.names("networks"), ["trivia-1"], "{at}");
    assert_eq!(show.names("placement_groups").len(), 2, "{at}");
    assert_eq!(show.names("ssh_keys").len(), 1, "{at}");
    assert_eq!(show.terraform.plan_actions(&[]), Default::default(), "{at}");
}

#[test]
fn a_create_whose_provider_is_killed_is_finished_by_the_next_apply() {
    let show = Show::new(&config(3, ""));
    let mut tried = 0;
    for k in moments(6) {
        let killed = kill_provider(&show, k, APPLY);
        converges_and_goes(&show, &format!("killed at {k}"));
        show.terraform.run(DESTROY).succeeded();
        show.assert_empty();
        tried += 1;
        if !killed {
            break;
        }
    }
    assert!(tried > 2, "the create was never killed");
}

#[test]
fn an_update_whose_provider_is_killed_is_finished_by_the_next_apply() {
    let show = Show::new(&config(2, ""));
    for k in moments(9) {
        show.apply(&config(2, ""));
        show.terraform.configure(&config(3, "protection = true"));
        let killed = kill_provider(&show, k, APPLY);
        converges_and_goes(&show, &format!("killed at {k}"));
        if !killed {
            break;
        }
    }
    show.terraform.run(DESTROY).succeeded();
    show.assert_empty();
}

#[test]
fn a_destroy_whose_provider_is_killed_is_finished_by_the_next() {
    let show = Show::new(&config(3, ""));
    for k in moments(9) {
        show.terraform.apply().succeeded();
        let killed = kill_provider(&show, k, DESTROY);
        show.terraform.run(DESTROY).succeeded();
        show.assert_empty();
        if !killed {
            break;
        }
    }
}

#[test]
fn terraform_itself_killed_and_its_state_lost() {
    let show = Show::new(&config(3, ""));
    for k in moments(12).skip(1).take(if std::env::var_os("CLUSTER_KILL_EVERY").is_some() {
        REQUESTS_MAX
    } else {
        3
    }) {
        let mut terraform = show.terraform.command(APPLY);
        let mut terraform =
            terraform.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("terraform runs");
        let id = terraform.id();
        show.wire.arm(k, move || signal("KILL", &[id]));
        let status = terraform.wait().expect("it ends");
        let killed = show.wire.disarm();
        // The provider sees that its terraform is gone.
        show.wait_for_providers();
        for file in ["terraform.tfstate", "terraform.tfstate.backup", ".terraform.tfstate.lock.info"] {
            let _ = std::fs::remove_file(show.terraform.path(file));
        }
        converges_and_goes(&show, &format!("terraform killed at {k}"));
        show.terraform.run(DESTROY).succeeded();
        show.assert_empty();
        if !killed {
            assert!(status.success());
            break;
        }
    }
}

#[test]
fn an_interrupt_returns_within_seconds_with_the_state_saved() {
    for (at, arguments) in [("create", APPLY), ("destroy", DESTROY)] {
        let show = Show::new(&config(3, ""));
        let method = if at == "create" { "POST" } else { "DELETE" };
        if at == "destroy" {
            show.terraform.apply().succeeded();
        }
        // Slower than anybody waits, so that the interrupt meets requests under way.
        show.mock.fault(Fault::on(method, "/servers*", Then::Slow(30_000)));
        show.mock.clear_requests();
        let mut terraform = show.terraform.command(arguments);
        let mut terraform =
            terraform.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("terraform runs");
        let begun = Instant::now();
        while show.mock.count(method, "/servers*") < 2 {
            assert!(begun.elapsed() < Duration::from_secs(60), "{at}: no request ever came");
            pause();
        }
        signal("INT", &[terraform.id()]);
        let interrupted = Instant::now();
        let status = terraform.wait().expect("it ends");
        let took = interrupted.elapsed();
        assert!(took < INTERRUPT_MAX, "{at}: {took:?}");
        assert!(!status.success() || at == "create", "{at}: {status}");
        show.mock.remove_faults(None);
        let values = show.values();
        assert_eq!(values["ready"], false, "{at}: {values}");
        assert!(!show.is_tainted(), "{at}");
        if at == "create" {
            converges_and_goes(&show, "after the interrupt");
        }
        show.terraform.run(DESTROY).succeeded();
        show.assert_empty();
    }
}

#[test]
fn of_two_applies_at_once_the_second_is_refused() {
    let show = Show::new(&config(3, ""));
    let other = show.elsewhere(&config(3, ""));
    show.mock.fault(Fault::on("POST", "/servers", Then::Slow(4_000)));
    let said = std::thread::scope(|scope| {
        let first = scope.spawn(|| show.terraform.apply());
        let begun = Instant::now();
        while show.mock.count("POST", "/servers") == 0 && begun.elapsed() < Duration::from_secs(60) {
            pause();
        }
        let before = show.mock.requests().iter().filter(|entry| entry.method == "POST").count();
        let second = other.terraform.apply();
        let after = show.mock.requests().iter().filter(|entry| entry.method == "POST").count();
        let first = first.join().expect("no panic");
        first.succeeded();
        (second, before <= 12 && after <= 12)
    });
    let (second, made_nothing) = said;
    second.failed_saying(&["another apply is at work on cluster trivia", "wait until it has ended"]);
    assert!(made_nothing, "{:?}", show.names("servers"));
    assert_eq!(other.terraform.state(crate::cluster_show::CLUSTER), None);
    assert_eq!(show.names("servers").len(), 5);
}
