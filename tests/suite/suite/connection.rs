//! Connections to real machines over real SSH: modules, commands, files, other users, and no secret anywhere.

use std::path::Path;
use std::time::{Duration, Instant};

use runner_connection::{Connections, Defaults};
use runner_engine::target::{Command, Connector, Contents, Endpoint, TransferError};
use runner_modules::Payload;
use serde_json::json;

use crate::connection_world::{add_args, becoming, call, command, on_machine, password, raw, stdout, text};

const AGENTS: &str = "stat -c '%a %U %i' /root/.cache/playbook-agent /root/.cache/playbook-agent/agent-*";

#[test]
fn the_agent_comes_once_and_stays() {
    on_machine(0, async |world| {
        world.check("rm -rf /root/.cache/playbook-agent");
        let pong = world.root().await.invoke(call("ping", json!({}))).await.expect("reachable");
        assert_eq!(text(&pong, "ping"), "pong");
        let first = world.check(AGENTS);
        assert!(
            first.lines().all(|line| line.starts_with("700 root ")) && first.lines().count() == 2,
            "{first}"
        );
        let again = Connections::new(Defaults::default()).expect("a temporary folder");
        let target = again.connect(&world.endpoint("root")).await.expect("lazy");
        target.invoke(call("ping", json!({}))).await.expect("reachable");
        assert_eq!(world.check(AGENTS), first, "the same file is used again");
        again.close().await;
    });
}

#[test]
fn everything_shares_one_connection() {
    on_machine(0, async |world| {
        let mut endpoint = world.endpoint("admin");
        let plain = world.target(&endpoint).await;
        endpoint.r#become = becoming("sudo", "root", None);
        let root = world.target(&endpoint).await;
        let calls = (0..20).map(|n| {
            let target = if n % 2 == 0 { &plain } else { &root };
            async move { stdout(target.as_ref(), &["id", "-un"]).await }
        });
        let mut names = futures::future::join_all(calls).await;
        names.sort();
        names.dedup();
        assert_eq!(names, ["admin", "root"]);
        let count = raw(plain.as_ref(), "pgrep -fc '^sshd: admin@notty'").await.expect("reachable");
        assert_eq!(String::from_utf8_lossy(&count.stdout).trim(), "1");
    });
}

#[test]
fn more_commands_than_channels_all_run() {
    on_machine(0, async |world| {
        let target = world.root().await;
        let runs =
            (0..14).map(|n| {
                let target = target.clone();
                async move {
                    raw(target.as_ref(), &format!("sleep 0.3; echo {n}")).await.expect("reachable").stdout
                }
            });
        let said = futures::future::join_all(runs).await;
        let wanted: Vec<Vec<u8>> = (0..14).map(|n| format!("{n}\n").into_bytes()).collect();
        assert_eq!(said, wanted);
    });
}

#[test]
fn payloads_of_every_size_arrive() {
    on_machine(0, async |world| {
        let target = world.root().await;
        for size in [0, 1, 16 << 10, (16 << 10) + 1, 3 << 20] {
            let bytes: Vec<u8> = (0..size).map(|n| (n * 7 % 251) as u8).collect();
            let dest = format!("/srv/payload-{size}");
            let mut copy = call("copy", json!({ "dest": dest, "mode": "0640" }));
            copy.payload = Some(Payload::inline("payload", bytes.clone()));
            let outcome = target.invoke(copy).await.expect("reachable");
            assert!(!outcome.failed() && outcome.changed(), "{size}: {:?}", outcome.result);
            assert_eq!(
                std::fs::read(world.machine.root().join(&dest[1..])).expect("it is there"),
                bytes,
                "{size}"
            );
        }
    });
}

#[test]
fn files_go_both_ways_whole_or_not_at_all() {
    on_machine(0, async |world| {
        let target = world.root().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (here, back) = (folder.path().join("here"), folder.path().join("back"));
        let bytes: Vec<u8> =
            (0..20_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        std::fs::write(&here, &bytes).expect("written");
        target.put(Contents::File(&here), "/srv/there", 0o600).await.expect("it goes");
        assert_eq!(
            world.check("stat -c '%a %s' /srv/there; ls -A /srv | grep -c tmp || true"),
            "600 20000000\n0\n"
        );
        target.fetch("/srv/there", &back).await.expect("it comes back");
        assert!(std::fs::read(&back).expect("it is there") == bytes, "every byte is the same");

        let missing = target.fetch("/srv/nothing", &folder.path().join("x")).await;
        assert!(
            matches!(missing, Err(TransferError::Missing { ref path }) if path == "/srv/nothing"),
            "{missing:?}"
        );
        assert!(!folder.path().join("x").exists());
        let missing = target.put(Contents::Bytes(b"x"), "/srv/no/such/folder", 0o600).await;
        assert!(matches!(missing, Err(TransferError::Missing { .. })), "{missing:?}");
        let missing = target.put(Contents::File(Path::new("/no/such/file")), "/srv/y", 0o600).await;
        assert!(matches!(missing, Err(TransferError::Missing { .. })), "{missing:?}");
        let scratch = target.scratch().await.expect("a folder");
        assert_eq!(world.check(&format!("stat -c %a {scratch}")), "700\n");
        world.connections.close().await;
        assert_eq!(
            world.check(&format!("ls -d {scratch} 2>/dev/null || true")),
            "",
            "it ends with the connection"
        );
    });
}

#[test]
fn every_way_to_become_somebody() {
    on_machine(1, async |world| {
        let cases = [
            ("admin", "sudo", "root", None),
            ("admin", "sudo", "plain", None),
            ("admin", "doas", "root", None),
            ("deploy", "sudo", "root", Some("deploy")),
            ("deploy", "doas", "root", Some("deploy")),
            ("plain", "su", "root", Some("root")),
            ("plain", "su", "deploy", Some("deploy")),
            ("root", "su", "plain", None),
            ("root", "sudo", "nobody", None),
        ];
        for (login, method, user, owner) in cases {
            let mut endpoint = world.endpoint(login);
            endpoint.r#become = becoming(method, user, owner.map(password));
            let target = world.target(&endpoint).await;
            let name = stdout(target.as_ref(), &["id", "-un"]).await;
            assert_eq!(name, user, "{login} becomes {user} by {method}");
            let out = raw(target.as_ref(), "id -un").await.expect("reachable");
            assert_eq!(
                String::from_utf8_lossy(&out.stdout).trim(),
                user,
                "raw: {login} becomes {user} by {method}"
            );
        }
    });
}

#[test]
fn a_refused_become_fails_the_task_and_not_the_host() {
    on_machine(1, async |world| {
        let cases = [
            ("deploy", "sudo", None, "Missing sudo password"),
            ("deploy", "sudo", Some("wrong"), "Incorrect sudo password"),
            ("plain", "su", Some("wrong"), "Incorrect su password"),
            ("plain", "su", None, "Missing su password"),
            ("deploy", "doas", Some("wrong"), "Incorrect doas password"),
            ("deploy", "doas", None, "Missing doas password"),
            ("plain", "sudo", Some("plain-secret-4"), "plain is not in the sudoers file"),
            ("admin", "runas", None, "become method 'runas' is not supported"),
        ];
        for (login, method, secret, wanted) in cases {
            let mut endpoint = world.endpoint(login);
            endpoint.r#become = becoming(method, "root", secret);
            let target = world.target(&endpoint).await;
            let outcome = target.invoke(call("ping", json!({}))).await.expect("the host is reachable");
            assert!(
                outcome.failed() && text(&outcome, "msg").contains(wanted),
                "{login} {method}: {:?}",
                outcome.result
            );
            let out = raw(target.as_ref(), "id").await.expect("the host is reachable");
            assert!(out.status != 0 && String::from_utf8_lossy(&out.stderr).contains(wanted), "{out:?}");
        }
        assert_eq!(
            stdout(world.target(&world.endpoint("deploy")).await.as_ref(), &["id", "-un"]).await,
            "deploy"
        );
    });
}

#[test]
fn passwords_log_in() {
    on_machine(1, async |world| {
        let endpoint = world.endpoint_with_password("plain", password("plain"));
        let target = world.target(&endpoint).await;
        assert_eq!(stdout(target.as_ref(), &["id", "-un"]).await, "plain");
        let endpoint = world.endpoint_with_password("plain", "wrong");
        let lost = command(world.target(&endpoint).await.as_ref(), &["true"]).await.expect_err("it is wrong");
        assert!(lost.message.starts_with("Failed to connect to the host via ssh: "), "{lost}");
        assert!(lost.message.contains("Permission denied") && !lost.transient, "{lost}");
    });
}

/// Everything that processes of this host, or of the machine whose script this is run on, show to others.
const SHOWN: &str =
    "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; tr '\\0' ' ' <$p/environ; done 2>/dev/null; true";

#[test]
fn secrets_are_in_no_process_list_and_no_file() {
    on_machine(1, async |world| {
        let mut endpoint = world.endpoint_with_password("deploy", password("deploy"));
        endpoint.r#become = becoming("su", "root", Some(password("root")));
        let su = world.target(&endpoint).await;
        endpoint.r#become = becoming("sudo", "root", Some(password("deploy")));
        let sudo = world.target(&endpoint).await;
        let mut secret = call("command", json!({ "argv": ["sleep", "2"] }));
        secret.environment.insert("TASK_TOKEN".into(), "token-secret-5".into());
        let watching = async {
            let mut seen = String::new();
            let until = Instant::now() + Duration::from_millis(1800);
            while Instant::now() < until {
                seen += &world.check(SHOWN);
                let here =
                    tokio::process::Command::new("sh").args(["-c", SHOWN]).output().await.expect("sh runs");
                seen += &String::from_utf8_lossy(&here.stdout);
            }
            seen
        };
        let (one, two, seen) =
            tokio::join!(su.invoke(secret), command(sudo.as_ref(), &["sleep", "1"]), watching);
        assert!(!one.expect("reachable").failed() && !two.expect("reachable").failed());
        assert!(seen.contains("sudo") && seen.contains("ssh"), "the watch saw what it was to see");
        for secret in ["deploy-secret-3", "root-secret-1"] {
            assert!(!seen.contains(secret), "{secret} was in a process list");
        }
        let files = "grep -rlE 'secret-[0-9]' /root /home /tmp /var/tmp /var/log /run /srv /etc --exclude=shadow* || true";
        assert_eq!(world.check(files), "");
    });
}

#[test]
fn raw_output_comes_as_it_is() {
    on_machine(0, async |world| {
        let target = world.root().await;
        let cases: &[(&str, i32, &[u8], &[u8])] = &[
            ("printf '\\377\\000\\n'", 0, b"\xff\0\n", b""),
            ("echo out; echo err >&2; exit 7", 7, b"out\n", b"err\n"),
            ("no-such-program 2>/dev/null", 127, b"", b""),
            ("exit 255", 255, b"", b""),
            ("echo \"it's $HOME\" '\\'", 0, b"it's /root \\\n", b""),
        ];
        for (line, status, out, err) in cases {
            let said = raw(target.as_ref(), line).await.expect("reachable");
            assert_eq!((said.status, &said.stdout[..], &said.stderr[..]), (*status, *out, *err), "{line}");
        }
        let mut with_input = Command { line: "tr a-z A-Z; echo $NAME".into(), ..Command::default() };
        with_input.stdin = Some(b"hello\n".to_vec());
        with_input.environment.insert("NAME".into(), "it's x".into());
        with_input.executable = Some("/bin/bash".into());
        // The variable is set for the shell, so the shell's own children see it.
        assert_eq!(target.exec(&with_input).await.expect("reachable").stdout, b"HELLO\nit's x\n");
        let big = raw(target.as_ref(), "head -c 5000000 /dev/zero").await.expect("reachable");
        assert_eq!(big.stdout.len(), 5_000_000);
        let outcome = command(target.as_ref(), &["printf", "\\377\\n"]).await.expect("reachable");
        assert!(!outcome.failed(), "{:?}", outcome.result);
    });
}

#[test]
fn a_background_child_does_not_hold_raw_up() {
    on_machine(0, async |world| {
        let target = world.root().await;
        let start = Instant::now();
        let said = raw(target.as_ref(), "sleep 60 >/dev/null 2>&1 & echo started").await.expect("reachable");
        assert_eq!(said.stdout, b"started\n");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    });
}

#[test]
fn this_machine_needs_no_ssh() {
    on_machine(0, async |world| {
        let target = world.target(&Endpoint::local("localhost")).await;
        assert_eq!((target.transport(), target.is_local()), ("local", true));
        assert_eq!(stdout(target.as_ref(), &["echo", "here"]).await, "here");
        let said = raw(target.as_ref(), "printf '\\377'; exit 3").await.expect("reachable");
        assert_eq!((said.status, said.stdout), (3, vec![0xff]));
        let mut other = Endpoint::local("localhost");
        other.r#become = becoming("sudo", "nobody", None);
        assert_eq!(stdout(world.target(&other).await.as_ref(), &["id", "-un"]).await, "nobody");
        other.r#become = becoming("sudo", "root", None);
        assert_eq!(stdout(world.target(&other).await.as_ref(), &["id", "-un"]).await, "root");
    });
}

#[test]
fn the_users_own_ways_to_connect_work() {
    on_machine(1, async |world| {
        let mut jump = world.endpoint("root");
        add_args(&mut jump, &format!("-o ProxyCommand=\"ssh -F {} -W %h:%p m1\"", world.ssh_config()));
        assert_eq!(stdout(world.target(&jump).await.as_ref(), &["hostname"]).await, "m2");

        // The name is known to the user's configuration only.
        let mut named = Endpoint { transport: "smart".into(), address: "m2".into(), ..Endpoint::local("m2") };
        named.settings.insert("ansible_ssh_args".into(), format!("-F {}", world.ssh_config()));
        assert_eq!(stdout(world.target(&named).await.as_ref(), &["hostname"]).await, "m2");

        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut shared = world.endpoint("root");
        let control = format!(
            "-o ControlMaster=auto -o ControlPersist=5s -o ControlPath={}/%h",
            folder.path().display()
        );
        shared.settings.insert("ansible_ssh_args".into(), control);
        let target = world.target(&shared).await;
        assert_eq!(stdout(target.as_ref(), &["hostname"]).await, "m2");
        assert!(folder.path().join(world.machine.address()).exists(), "the user's socket is there");
        assert_eq!(raw(target.as_ref(), "hostname").await.expect("reachable").stdout, b"m2\n");
    });
}

#[test]
fn asynchronous_jobs_outlive_the_connection() {
    on_machine(1, async |world| {
        let target = world.root().await;
        let mut job = call("command", json!({ "argv": ["sh", "-c", "sleep 1; echo done"] }));
        job.async_s = Some(60);
        job.job = Some("j123456789012".into());
        let started = target.invoke(job).await.expect("reachable");
        let id = text(&started, "ansible_job_id");
        assert!(id.starts_with("j123456789012."), "{:?}", started.result);
        target.reset().await.expect("a reset never fails");
        let deadline = Instant::now() + Duration::from_secs(30);
        let finished = loop {
            let status = target.invoke(call("async_status", json!({ "jid": id }))).await.expect("reachable");
            if status.result.get("finished").is_some_and(|f| f == &json!(true) || f == &json!(1)) {
                break status;
            }
            assert!(Instant::now() < deadline, "{:?}", status.result);
        };
        assert_eq!(text(&finished, "stdout"), "done");
    });
}

#[test]
fn what_is_cached_can_be_listed_and_removed() {
    on_machine(2, async |world| {
        let endpoint = world.endpoint("admin");
        assert_eq!(world.connections.purge_agents(&endpoint).await.expect("reachable").len(), 0);
        assert_eq!(stdout(world.target(&endpoint).await.as_ref(), &["id", "-un"]).await, "admin");
        let cached = world.connections.cached_agents(&endpoint).await.expect("reachable");
        assert_eq!(cached.len(), 1, "{cached:?}");
        assert!(cached[0].path.starts_with("/home/admin/.cache/playbook-agent/agent-"), "{cached:?}");
        assert_eq!(world.connections.purge_agents(&endpoint).await.expect("reachable"), cached);
        assert_eq!(world.check("find / -xdev -name 'agent-*' -user admin"), "");
    });
}
