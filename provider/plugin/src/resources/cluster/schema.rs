//! What a user may write in `streaming_cluster`; the reference page is made from it.

use provider_framework::cty::Type;
use provider_framework::schema::{Attribute, Schema, validate};

use super::TIMEOUTS;

pub(super) fn schema() -> Schema {
    Schema::new(
        "A whole streaming cluster: machines by role, firewalls, networks, placement groups and keys, as one thing that \
         is safe to apply at any time and from any state. Machines exist only while `live` is true; what costs nothing stays.",
    )
    .attributes(identity())
    .attributes(machines())
    .attributes(surroundings())
    .attributes(behaviour())
    .attributes(results())
}

fn identity() -> Vec<Attribute> {
    vec![
        Attribute::string("id").computed().keeps_state().describe("The cluster's name."),
        Attribute::string("name").required().replaces().describe(
            "Begins the name of every object: lower-case letters, digits and hyphens, at most 50. Machines are called \
             `NAME-ROLE-NUMBER`.",
        ),
        Attribute::bool("live").optional_computed().default(true).describe(
            "Whether machines exist. `false` deletes every machine, because a server that is only switched off is billed; \
             firewalls, networks, placement groups and keys cost nothing and stay.",
        ),
    ]
}

fn group(name: &str, what: &str) -> Attribute {
    Attribute::object(
        name,
        [
            Attribute::number("count").optional().validate(validate::between(0..=5000)).describe(
                "How many machines. Numbers are counted from 1; when there are fewer, the highest numbers go first.",
            ),
            Attribute::list("server_types", Type::String).optional().describe(
                "Types by name, the preferred one first: the next is taken when one is sold out in all locations.",
            ),
            Attribute::list("locations", Type::String).optional().describe(
                "Locations by name, the preferred one first: the next is taken when a type is sold out in one.",
            ),
        ],
    )
    .optional()
    .describe(what)
}

fn machines() -> Vec<Attribute> {
    vec![
        group("origin", "Machines that take the encoder's stream in. Two survive the loss of one."),
        group("relay", "Machines between origins and edges, for fan-outs that an origin cannot carry."),
        group("edge", "Machines that serve viewers."),
        Attribute::string("image").optional_computed().default("debian-12").describe(
            "What machines boot from: the name of an image (`debian-12`), the ID of one, or a label selector with `=` in it \
             (`role=edge-image`), which stands for the newest snapshot that it matches.",
        ),
        Attribute::string("user_data").optional().sensitive().validate(validate::length(0..=32_768)).describe(
            "User data for cloud-init, at most 32 KiB. Stored in the state, like every argument.",
        ),
    ]
}

fn surroundings() -> Vec<Attribute> {
    let ranges = |name: &str, what: &str| Attribute::list(name, Type::String).optional().describe(what);
    vec![
        Attribute::object(
            "ssh",
            [
                ranges(
                    "keys",
                    "Keys that may log in: the name or the ID of a key of the project, or a public key in OpenSSH's one-line \
                     form, which is adopted when the project has it already and uploaded otherwise.",
                ),
                Attribute::string("user").optional().describe("Who logs in, for the inventory; `root` without it."),
            ],
        )
        .optional()
        .describe("How machines are reached."),
        Attribute::object(
            "access",
            [
                ranges("ssh_from", "CIDRs that may use SSH; nobody without it."),
                ranges("ingest_from", "CIDRs that may send a stream to origins; nobody without it."),
                ranges("pull_from", "CIDRs that may pull from origins and relays over the public side; nobody without it."),
                ranges("viewers_from", "CIDRs that may watch; everybody without it."),
                ranges("ingest_ports", "Ports for ingest; `tcp/1935` and `udp/4444` without it."),
                ranges("pull_ports", "Ports for pulling; `tcp/8081` without it."),
                ranges("viewer_ports", "Ports for viewers; `tcp/80` and `tcp/443` without it."),
            ],
        )
        .optional()
        .describe("The firewall. It guards the public side only; machines reach one another over the private network."),
        Attribute::object(
            "network",
            [
                Attribute::bool("enabled").optional().describe("Whether there is one; `true` without it."),
                Attribute::string("ip_range").optional().describe(
                    "A private /16 that networks of at most 100 machines are cut from; `10.64.0.0/16` without it.",
                ),
            ],
        )
        .optional()
        .describe("The private network. More than 100 machines get several: origins and relays share the first."),
        Attribute::bool("spread").optional_computed().default(true).describe(
            "Whether machines stand on different hosts (placement groups of ten).",
        ),
        Attribute::map("labels", Type::String).optional().describe("Your own labels, on every object of the cluster."),
        Attribute::bool("protection").optional_computed().default(false).describe(
            "Whether machines are protected against deletion outside of Terraform.",
        ),
    ]
}

fn behaviour() -> Vec<Attribute> {
    vec![
        Attribute::object(
            "rollout",
            [
                Attribute::string("max_unavailable").optional().describe(
                    "How many machines of a role may be down at once while they are changed: a number, or `10%`; `1` \
                     without it. Of several origins one always stays.",
                ),
                Attribute::number("max_parallel").optional().validate(validate::between(1..=50)).describe(
                    "How many machines are asked for or changed at once; 10 without it. Those that only boot do not count.",
                ),
                Attribute::string("on_change").optional().validate(validate::one_of(&["replace", "rebuild"])).describe(
                    "What happens to machines when image or user data change: `replace` (without it) deletes and makes them \
                     anew, `rebuild` keeps address, placement and price.",
                ),
            ],
        )
        .optional()
        .describe("How changes are spread over time."),
        Attribute::string("on_failure")
            .optional_computed()
            .default("resume")
            .validate(validate::one_of(&["resume", "taint"]))
            .describe(
                "What a failed create means: `resume` keeps what exists, sets `ready` to false and warns, and the next apply \
                 goes on; `taint` is Terraform's usual way, by which the next apply destroys everything and starts over. Guard \
                 what needs the cluster with a postcondition on `ready`.",
            ),
        TIMEOUTS.attribute(),
    ]
}

fn results() -> Vec<Attribute> {
    let text = |name: &str, what: &str| Attribute::string(name).computed().describe(what);
    vec![
        Attribute::bool("ready").computed().describe(
            "Whether everything is as wished. False after an apply that could not finish; the next one goes on.",
        ),
        machines_by_name(),
        text("inventory", "The running machines as an Ansible inventory in YAML, grouped by role."),
        Attribute::object(
            "cost",
            [
                text("currency", "The account's currency."),
                text("per_hour", "Per started hour as the cluster stands, without VAT."),
                text("per_hour_live", "Per started hour while live, without VAT."),
            ],
        )
        .computed()
        .describe(
            "What the machines cost, from the account's own prices, with their IPv4 addresses; each machine taken as its \
             preferred type and location.",
        ),
        Attribute::list("steps", Type::String).computed().describe("What this apply does, machine by machine; what the last one did."),
        Attribute::list("drift", Type::String).computed().describe(
            "What the last refresh found to repair: changes made outside of Terraform, or an apply that could not finish.",
        ),
    ]
}

/// The machines of a cluster, in the resource and in the data source.
pub(crate) fn machines_by_name() -> Attribute {
    let text = |name: &str, what: &str| Attribute::string(name).computed().describe(what);
    Attribute::map_of(
        "machines",
        [
            Attribute::number("id").computed().describe("The ID of its server."),
            text("role", "`origin`, `relay` or `edge`."),
            Attribute::number("number").computed().describe("Its number within the role, from 1."),
            text("server_type", "The type it got."),
            text("location", "The location it got."),
            text("public_ipv4", "Its public IPv4 address."),
            text("public_ipv6", "Its public IPv6 network."),
            text("private_ip", "Its address in the private network."),
            text(
                "state",
                "`running`, `off`, `deleting`, `busy`, or `absent` when it should be there and is not.",
            ),
        ],
    )
    .computed()
    .describe("Machines by name.")
}
