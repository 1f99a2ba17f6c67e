//! Bad input of every attribute is refused before anything is made, at its path; secrets appear nowhere.

use serde_json::Value as Json;

use crate::cluster_show::{HEAD, Show, config};

/// Resource arguments, the attribute at fault, and part of what is said.
const BAD: &[(&str, &str, &str)] = &[
    ("name = \"Trivia\"", "name", "cannot begin the names of machines"),
    ("name = \"\"", "name", "cannot begin the names of machines"),
    ("live = \"maybe\"", "live", "bool"),
    ("origin = { count = -1 }", "origin.count", "from 0 to 5000"),
    ("origin = { count = 1, server_types = [], locations = [\"fsn1\"] }", "origin.server_types", "Is empty"),
    ("origin = { count = 1, server_types = [\"cpx22\"] }", "origin.locations", "Is empty"),
    ("edge = { count = 5001 }", "edge.count", "from 0 to 5000"),
    ("edge = { count = 1.5 }", "edge.count", "whole number"),
    (
        "edge = { count = 1, server_types = [\"cpx22\"], locations = [\"fsn1\", \"fsn1\"] }",
        "edge.locations[1]",
        "there twice",
    ),
    (
        "relay = { count = 26, server_types = [\"cpx22\"], locations = [\"fsn1\"] }",
        "network",
        "do not fit into one network",
    ),
    ("ssh = { keys = [\"ssh-ed25519 AAAA\"] }", "ssh.keys[0]", "cannot be read"),
    ("ssh = { keys = [\"\"] }", "ssh.keys[0]", "Is empty"),
    ("access = { ssh_from = [\"203.0.113.7\"] }", "access.ssh_from[0]", "no prefix length"),
    ("access = { ingest_from = [\"::/129\"] }", "access.ingest_from[0]", "too long"),
    ("access = { pull_from = [\"x/8\"] }", "access.pull_from[0]", "is no address"),
    ("access = { viewers_from = [\"10.0.0.1/8\"] }", "access.viewers_from[0]", "beyond its prefix"),
    ("access = { ingest_ports = [\"1935\"] }", "access.ingest_ports[0]", "is no port"),
    ("access = { pull_ports = [\"tcp/0\"] }", "access.pull_ports[0]", "is no port"),
    ("access = { viewer_ports = [\"icmp/1\"] }", "access.viewer_ports[0]", "is no port"),
    ("network = { ip_range = \"8.8.0.0/16\" }", "network.ip_range", "not a private range"),
    ("network = { ip_range = \"10.0.0.0/24\" }", "network.ip_range", "is no /16"),
    ("spread = 3", "spread", "bool"),
    ("labels = { \"owner\" = \"me\" }", "labels[\"owner\"]", "provider's own"),
    ("labels = { \"a b\" = \"c\" }", "labels[\"a b\"]", "can be no label"),
    ("labels = { a = \"b c\" }", "labels[\"a\"]", "can be no label"),
    ("labels = { \"hetzner.cloud/x\" = \"y\" }", "labels[\"hetzner.cloud/x\"]", "Hetzner's own"),
    ("protection = []", "protection", "bool"),
    ("rollout = { max_unavailable = \"many\" }", "rollout.max_unavailable", "neither a number"),
    ("rollout = { max_unavailable = \"0\" }", "rollout.max_unavailable", "may be down"),
    ("rollout = { max_parallel = 0 }", "rollout.max_parallel", "from 1 to 50"),
    ("rollout = { on_change = \"explode\" }", "rollout.on_change", "replace"),
    ("on_failure = \"panic\"", "on_failure", "resume"),
    ("timeouts = { create = \"soon\" }", "timeouts.create", "duration"),
    ("surprise = 1", "surprise", "Unsupported argument"),
];

fn resource(arguments: &str) -> String {
    let name = if arguments.starts_with("name") { "" } else { "name = \"trivia\"\n" };
    let origin = "origin = { count = 1, server_types = [\"cpx22\"], locations = [\"fsn1\"] }\n";
    let origin = if arguments.starts_with("origin") { "" } else { origin };
    format!("{HEAD}\nresource \"streaming_cluster\" \"trivia\" {{\n{name}{origin}{arguments}\n}}\n")
}

#[test]
fn bad_input_of_every_attribute_is_refused_at_validate() {
    let show = Show::new(&resource(""));
    show.terraform.run(&["validate", "-no-color"]).succeeded();
    let mut problems = Vec::new();
    for (arguments, path, said) in BAD {
        show.terraform.configure(&resource(arguments));
        let answer = show.terraform.run(&["validate", "-json"]);
        let json: Json = serde_json::from_str(&answer.out).expect("terraform prints JSON");
        let errors = json["diagnostics"].as_array().cloned().unwrap_or_default();
        let hit = errors.iter().any(|error| {
            let text = format!("{} {}", error["summary"], error["detail"]).replace("\\\"", "\"");
            let code = error["snippet"]["code"].as_str().unwrap_or_default();
            // Terraform before 1.15 points at an outermost attribute only; of others the path is in the text.
            let is_nested = path.contains(['.', '[']);
            text.contains(said)
                && if is_nested { text.contains(path) } else { code.contains(path) || text.contains(path) }
        });
        if answer.success || !hit {
            problems.push(format!("{arguments} should be refused at {path} with {said:?}: {errors:#?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(show.mock.requests().len(), 0, "validate asks nobody");
}

#[test]
fn what_only_hetzner_knows_is_refused_at_plan() {
    let origin = |types: &str, locations: &str| {
        format!("origin = {{ count = 1, server_types = [\"{types}\"], locations = [\"{locations}\"] }}")
    };
    let show = Show::new(&resource(""));
    for (arguments, parts) in [
        (origin("cpx23", "fsn1"), ["there is no server type \"cpx23\"", "did you mean"]),
        (origin("cpx22", "fsn9"), ["there is no location \"fsn9\"", "did you mean"]),
        (origin("cax11", "ash"), ["cax11 is not sold in ash", "it is sold in"]),
    ] {
        show.terraform.configure(&resource(&arguments));
        let parts = parts.map(|part| part[1..].to_owned());
        show.terraform.run(&["plan", "-no-color"]).failed_saying(&[&parts[0], &parts[1]]);
    }
    for (arguments, parts) in [
        ("image = \"debian-99\"", ["no such image", "image"]),
        ("ssh = { keys = [\"nobody\"] }", ["nobody", "key"]),
        ("image = \"nothing=here\"", ["no such image", "label selector"]),
    ] {
        show.terraform.configure(&resource(arguments));
        show.terraform.apply().failed_saying(&parts);
        assert_eq!(show.names("servers"), Vec::<String>::new(), "{arguments}");
        assert_eq!(show.names("firewalls"), Vec::<String>::new(), "{arguments}");
    }
}

#[test]
fn secrets_appear_nowhere() {
    const USER_DATA: &str = "passwd-hunter2-correct-horse";
    let mut show = Show::new(&config(1, &format!("user_data = \"#cloud-config\\n# {USER_DATA}\\n\"")));
    let log = show.terraform.path("trace.log").display().to_string();
    show.terraform.variable("TF_LOG", "trace").variable("TF_LOG_PATH", &log);
    let mut said = String::new();
    said += &show.terraform.run(&["plan", "-no-color", "-out=plan.bin"]).succeeded().all();
    let plan = show.terraform.run(&["show", "-no-color", "plan.bin"]).succeeded().all();
    let plan_json = show.terraform.run(&["show", "-json", "plan.bin"]).succeeded().all();
    said += &show.terraform.run(&["apply", "-no-color", "plan.bin"]).succeeded().all();
    said += &show.terraform.run(&["show", "-no-color"]).succeeded().all();
    // A failing request quotes what it was about.
    show.mock.revoke_tokens(true);
    said += &show.terraform.run(&["plan", "-no-color"]).failed_saying(&["unauthorized"]).all();
    show.mock.revoke_tokens(false);
    let log = std::fs::read_to_string(log).expect("terraform wrote it");
    let trace = show.trace.text();
    let state = show.terraform.state_file();
    let token = show.mock.token().to_owned();
    assert!(log.len() > 10_000 && trace.contains("POST /v1/servers") && state.contains(USER_DATA));
    for (place, text) in [
        ("output", &said),
        ("plan", &plan),
        ("plan as JSON", &plan_json),
        ("log", &log),
        ("trace", &trace),
        ("state", &state),
    ] {
        assert!(!text.contains(&token), "the token is in the {place}");
        // The plan file and the state hold arguments, as Terraform's own do; nothing else may.
        if !["plan as JSON", "state"].contains(&place) {
            assert!(!text.contains(USER_DATA), "user data is in the {place}");
        }
    }
}
