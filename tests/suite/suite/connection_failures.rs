//! What goes wrong with machines and connections: each time a clear text, no hang, and the next attempt works.

use std::time::{Duration, Instant};

use runner_engine::target::{Contents, Endpoint, Target};
use serde_json::json;

use crate::connection_world::{World, add_args, becoming, call, command, on_machine, raw, stdout, text};

async fn lost(target: &dyn Target) -> String {
    command(target, &["true"]).await.expect_err("the machine is not reachable").message
}

#[test]
fn a_host_that_is_not_there_is_unreachable() {
    on_machine(0, async |world| {
        let mut closed = world.endpoint("root");
        closed.port = Some(9);
        let text = lost(world.target(&closed).await.as_ref()).await;
        assert!(
            text.starts_with("Failed to connect to the host via ssh: ")
                && text.contains("Connection refused"),
            "{text}"
        );
        let mut strange = world.endpoint("root");
        strange.settings.insert(
            "ansible_ssh_common_args".into(),
            "-o UserKnownHostsFile=/dev/null -o BatchMode=yes".into(),
        );
        let text = lost(world.target(&strange).await.as_ref()).await;
        assert!(text.contains("Host key verification failed"), "{text}");
        strange.settings.insert("ansible_host_key_checking".into(), "False".into());
        assert_eq!(stdout(world.target(&strange).await.as_ref(), &["hostname"]).await, "m1");
        let mut keyless = world.endpoint("root");
        keyless.private_key_file = Some("/no/such/key".into());
        let text = lost(world.target(&keyless).await.as_ref()).await;
        assert!(text.contains("Permission denied"), "{text}");
        let mut nameless = world.endpoint("root");
        nameless.address = "no-such-host.invalid".into();
        let text = lost(world.target(&nameless).await.as_ref()).await;
        assert!(text.contains("Could not resolve hostname"), "{text}");
        let mut toolless = world.endpoint("root");
        toolless.settings.insert("ansible_ssh_executable".into(), "/no/such/ssh".into());
        let text = lost(world.target(&toolless).await.as_ref()).await;
        assert!(text.contains("cannot start /no/such/ssh"), "{text}");
        let odd = Endpoint { transport: "carrier_pigeon".into(), ..world.endpoint("root") };
        let text = match runner_engine::target::Connector::connect(world.connections.as_ref(), &odd).await {
            Ok(_) => panic!("there is no such plugin"),
            Err(lost) => lost.message,
        };
        assert_eq!(text, "the connection plugin 'carrier_pigeon' was not found");
    });
}

#[test]
fn a_killed_agent_is_a_lost_host_that_comes_back() {
    on_machine(0, async |world| {
        let target = world.target(&world.endpoint("plain")).await;
        stdout(target.as_ref(), &["true"]).await;
        let kill = async {
            wait_until(&world, "pgrep -u plain -x sleep >/dev/null").await;
            world.check("pkill -KILL -u plain -f playbook-agent/agent-");
        };
        let (result, ()) = tokio::join!(command(target.as_ref(), &["sleep", "60"]), kill);
        let lost = result.expect_err("its agent was killed");
        assert!(lost.message.starts_with("Failed to connect to the host via ssh: "), "{lost}");
        assert!(lost.transient);
        assert_eq!(stdout(target.as_ref(), &["id", "-un"]).await, "plain");
    });
}

#[test]
fn a_connection_cut_by_the_server_is_lost_and_comes_back() {
    on_machine(0, async |world| {
        let target = world.target(&world.endpoint("deploy")).await;
        stdout(target.as_ref(), &["true"]).await;
        world.check("pkill -KILL -f '^sshd: deploy'");
        // Whether the loss was noticed before this call is a race; after it, it was.
        let _ = command(target.as_ref(), &["true"]).await;
        assert_eq!(stdout(target.as_ref(), &["id", "-un"]).await, "deploy");
        target.reset().await.expect("a reset never fails");
        assert_eq!(stdout(target.as_ref(), &["id", "-un"]).await, "deploy");
    });
}

#[test]
fn a_reboot_is_survived() {
    on_machine(3, async |world| {
        let target = world.root().await;
        let before =
            stdout(target.as_ref(), &["cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"]).await;
        let _ = raw(target.as_ref(), "systemctl reboot").await;
        let _ = target.reset().await;
        world.machine.power_off().expect("it may be half way down");
        world.machine.power_on().expect("it boots");
        let deadline = Instant::now() + Duration::from_secs(60);
        let after = loop {
            match command(target.as_ref(), &["cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"]).await
            {
                Ok(outcome) => break text(&outcome, "stdout"),
                Err(lost) => assert!(Instant::now() < deadline, "{lost}"),
            }
        };
        assert_ne!(before, after);
    });
}

#[test]
fn a_host_that_hangs_is_noticed() {
    on_machine(4, async |world| {
        let mut endpoint = world.endpoint("root");
        add_args(&mut endpoint, "-o ServerAliveInterval=1 -o ServerAliveCountMax=2");
        endpoint.timeout_s = 2;
        let target = world.target(&endpoint).await;
        stdout(target.as_ref(), &["true"]).await;
        world.machine.freeze().expect("it freezes");
        let start = Instant::now();
        let text = lost(target.as_ref()).await;
        assert!(text.contains("not responding"), "{text}");
        let text = lost(target.as_ref()).await;
        assert!(text.contains("timed out"), "{text}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        world.machine.thaw().expect("it thaws");
        assert_eq!(stdout(target.as_ref(), &["hostname"]).await, "m5");
    });
}

#[test]
fn an_abandoned_task_ends_on_the_machine_too() {
    on_machine(0, async |world| {
        let target = world.root().await;
        let sleeping = command(target.as_ref(), &["sleep", "4242"]);
        let gave_up = tokio::time::timeout(Duration::from_millis(1500), sleeping).await;
        assert!(gave_up.is_err());
        wait_until(&world, "! pgrep -f '[s]leep 4242' >/dev/null").await;
        assert_eq!(stdout(target.as_ref(), &["hostname"]).await, "m1");
    });
}

#[test]
fn an_abandoned_upload_leaves_nothing() {
    on_machine(0, async |world| {
        let target = world.root().await;
        stdout(target.as_ref(), &["mkdir", "-p", "/srv/half"]).await;
        let bytes = vec![7; 100 << 20];
        let putting = target.put(Contents::Bytes(&bytes), "/srv/half/file", 0o600);
        let gave_up = tokio::time::timeout(Duration::from_millis(300), putting).await;
        assert!(gave_up.is_err(), "a hundred megabytes take longer");
        wait_until(&world, "[ -z \"$(ls -A /srv/half)\" ]").await;
        assert_eq!(stdout(target.as_ref(), &["ls", "-A", "/srv/half"]).await, "");
    });
}

#[test]
fn a_login_shell_that_hangs_is_given_up() {
    on_machine(6, async |world| {
        world.check("echo 'sleep 300' >/home/deploy/.bashrc");
        let mut endpoint = world.endpoint("deploy");
        endpoint.timeout_s = 1;
        let text = lost(world.target(&endpoint).await.as_ref()).await;
        world.check("rm /home/deploy/.bashrc");
        assert!(text.contains("no shell answered within 31 s"), "{text}");
    });
}

#[test]
fn the_agent_finds_a_place_among_broken_ones() {
    on_machine(5, async |world| {
        let broken = [
            ("a full cache", "mkdir -p ~/.cache; mount -t tmpfs -o size=64k,mode=700 none ~/.cache"),
            ("a read-only home", "mount --bind /root /root; mount -o remount,bind,ro /root"),
            ("a noexec home", "mount -t tmpfs -o noexec,mode=700 none /root"),
            (
                "a cache that is a link",
                "rm -rf ~/.cache; mkdir /srv/open; chmod 777 /srv/open; ln -s /srv/open ~/.cache",
            ),
            ("a home that is a file", "umount -l /root; rm -rf ~/.cache; touch ~/.cache"),
        ];
        for (what, script) in broken {
            world.check("umount -l /root/.cache /root 2>/dev/null; rm -rf /root/.cache /var/tmp/playbook-agent-0; true");
            world.check(&format!("export HOME=/root; {script} 2>/dev/null || true"));
            let target = world.root().await;
            assert_eq!(stdout(target.as_ref(), &["hostname"]).await, "m6", "{what}");
            target.reset().await.expect("a reset never fails");
        }
        world.check("umount -l /root/.cache /root 2>/dev/null; rm -rf /root/.cache /srv/open; true");
    });
}

#[test]
fn no_place_at_all_is_said_with_every_reason() {
    on_machine(5, async |world| {
        // A user without rights, whose every folder is closed.
        world.check("mkdir -p /mnt/none; chmod 000 /mnt/none; usermod -d /mnt/none plain");
        world.check("for d in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o noexec,mode=1777 none $d; done");
        let target = world.target(&world.endpoint("plain")).await;
        let text = lost(target.as_ref()).await;
        world.check("umount -l /tmp /var/tmp /dev/shm; usermod -d /home/plain plain");
        assert!(text.starts_with("Failed to create temporary directory."), "{text}");
        assert!(
            text.contains("/var/tmp/playbook-agent-") && text.contains("nothing can be executed there"),
            "{text}"
        );
        target.reset().await.expect("a reset never fails");
        assert_eq!(stdout(target.as_ref(), &["id", "-un"]).await, "plain");
    });
}

#[test]
fn a_cached_agent_that_is_not_ours_is_not_run() {
    on_machine(2, async |world| {
        let endpoint = world.endpoint("root");
        let target = world.target(&endpoint).await;
        stdout(target.as_ref(), &["true"]).await;
        target.reset().await.expect("a reset never fails");
        // Same name, other contents; and a folder that others can write to.
        world
            .check("for f in ~/.cache/playbook-agent/agent-*; do printf '#!/bin/sh\\ntouch /evil' >$f; done");
        world.check("chmod 777 ~/.cache/playbook-agent");
        assert_eq!(stdout(target.as_ref(), &["hostname"]).await, "m3");
        assert_eq!(world.check("ls /evil 2>/dev/null; stat -c %a ~/.cache/playbook-agent"), "700\n");
        // Somebody prepared the folder we would fall back to.
        let other = world.target(&world.endpoint("deploy")).await;
        world.check(
            "rm -rf /home/deploy/.cache; chmod 555 /home/deploy; u=$(id -u deploy); \
            su plain -c \"mkdir -m 777 /var/tmp/playbook-agent-$u\"",
        );
        assert_eq!(stdout(other.as_ref(), &["id", "-un"]).await, "deploy");
        assert_eq!(world.check("ls -A /var/tmp/playbook-agent-$(id -u deploy)"), "");
        world.check("chmod 755 /home/deploy; rm -rf /var/tmp/playbook-agent-*");
    });
}

#[test]
fn login_shells_of_every_kind() {
    on_machine(2, async |world| {
        world.check("printf 'echo noise; echo more >&2; printf unfinished\\n' >/home/admin/.bashrc");
        assert_eq!(
            stdout(world.target(&world.endpoint("admin")).await.as_ref(), &["id", "-un"]).await,
            "admin"
        );
        world.check("usermod -s /usr/sbin/nologin plain");
        let text = lost(world.target(&world.endpoint("plain")).await.as_ref()).await;
        world.check("usermod -s /bin/dash plain");
        assert!(text.contains("This account is currently not available"), "{text}");
        assert_eq!(
            stdout(world.target(&world.endpoint("plain")).await.as_ref(), &["id", "-un"]).await,
            "plain"
        );
    });
}

#[test]
fn an_unknown_architecture_fails_the_task_but_raw_works() {
    on_machine(2, async |world| {
        world.check(
            "mkdir -p /home/deploy/bin; printf '#!/bin/sh\\necho Linux riscv64\\n' >/home/deploy/bin/uname",
        );
        world.check("chmod 755 /home/deploy/bin/uname; echo 'PATH=$HOME/bin:$PATH' >/home/deploy/.bashrc");
        let target = world.target(&world.endpoint("deploy")).await;
        let outcome = target.invoke(call("ping", json!({}))).await.expect("the host is reachable");
        assert!(
            outcome.failed() && text(&outcome, "msg").contains("'Linux riscv64'"),
            "{:?}",
            outcome.result
        );
        assert_eq!(raw(target.as_ref(), "id -un").await.expect("reachable").stdout, b"deploy\n");
        world.check("rm -r /home/deploy/bin");
    });
}

#[test]
fn one_lost_host_does_not_disturb_another_user() {
    on_machine(0, async |world| {
        let mut endpoint = world.endpoint("admin");
        endpoint.r#become = becoming("sudo", "deploy", None);
        let deploy = world.target(&endpoint).await;
        endpoint.r#become = becoming("sudo", "plain", None);
        let plain = world.target(&endpoint).await;
        stdout(deploy.as_ref(), &["true"]).await;
        stdout(plain.as_ref(), &["true"]).await;
        // The first agent is the connection's foundation; the second must survive it or come back.
        world.check("pkill -KILL -u deploy -f playbook-agent/agent-; true");
        assert_eq!(stdout(plain.as_ref(), &["id", "-un"]).await, "plain");
        let _ = command(deploy.as_ref(), &["true"]).await;
        assert_eq!(stdout(deploy.as_ref(), &["id", "-un"]).await, "deploy");
    });
}

/// Waits until a script succeeds on the machine; the test's own limit bounds it.
async fn wait_until(world: &World, script: &str) {
    while !world.machine.run(script).expect("the machine runs").status.success() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
