//! From what the user wrote to what the planner wants, and from the planner's words back to attribute paths.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use provider_cluster::{
    Access, Desired, Group, ImageReference, KeyReference, NetworkWish, OnChange, Problem, Role, Rollout,
    Severity, Unavailable,
};
use provider_framework::cty::Path;
use provider_framework::{Attr, Diagnostics};
use sha2::Sha256;

use super::model::{AccessModel, ClusterModel, GroupModel};

/// Characters of a digest that fit into a label and still tell any two texts apart.
const DIGEST_CHARS: usize = 16;

/// What the user wants; `None` while part of it is unknown. Mistakes go to the diagnostics.
pub(super) fn desired(model: &ClusterModel, diagnostics: &mut Diagnostics) -> Option<Desired> {
    let mut reader = Reader { complete: true, diagnostics };
    let desired = Desired {
        name: reader.get(&model.name).unwrap_or_default(),
        live: reader.get(&model.live).unwrap_or(true),
        groups: reader.groups(model),
        image: image(&reader.get(&model.image).unwrap_or_else(|| "debian-12".to_owned())),
        keys: reader.keys(model),
        access: reader.access(&model.access),
        network: reader.network(model),
        spread: reader.get(&model.spread).unwrap_or(true),
        labels: reader.get(&model.labels).unwrap_or_default(),
        protected: reader.get(&model.protection).unwrap_or(false),
        user_data_digest: reader.get(&model.user_data).map(|text| digest(text.reveal())).unwrap_or_default(),
        rollout: reader.rollout(model),
    };
    reader.complete.then_some(desired)
}

struct Reader<'a> {
    complete: bool,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn get<T: Clone>(&mut self, attr: &Attr<T>) -> Option<T> {
        self.complete &= !attr.is_unknown();
        attr.known().cloned()
    }

    fn groups(&mut self, model: &ClusterModel) -> BTreeMap<Role, Group> {
        let mut groups = BTreeMap::new();
        for (role, attr) in
            [(Role::Origin, &model.origin), (Role::Relay, &model.relay), (Role::Edge, &model.edge)]
        {
            let GroupModel { count, server_types, locations } = self.get(attr).unwrap_or_default();
            let group = Group {
                count: self.get(&count).unwrap_or(0),
                server_types: self.get(&server_types).unwrap_or_default(),
                locations: self.get(&locations).unwrap_or_default(),
            };
            groups.insert(role, group);
        }
        groups
    }

    fn keys(&mut self, model: &ClusterModel) -> Vec<KeyReference> {
        let ssh = self.get(&model.ssh).unwrap_or_default();
        let keys = self.get(&ssh.keys).unwrap_or_default();
        let mut references = Vec::new();
        for (at, text) in keys.iter().enumerate() {
            match key(text) {
                Some(reference) => references.push(reference),
                None => self.diagnostics.error_at(
                    Path::root().attribute("ssh").attribute("keys").index(at),
                    "Unreadable public key",
                    "The text looks like a public key and cannot be read as one. Give the whole line, such as \
                     `ssh-ed25519 AAAA… me@home`.",
                ),
            }
        }
        references
    }

    fn access(&mut self, attr: &Attr<AccessModel>) -> Access {
        let model = self.get(attr).unwrap_or_default();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Access {
            ssh_from: self.get(&model.ssh_from).unwrap_or_default(),
            ingest_from: self.get(&model.ingest_from).unwrap_or_default(),
            pull_from: self.get(&model.pull_from).unwrap_or_default(),
            viewers_from: self.get(&model.viewers_from).unwrap_or_else(|| owned(&["0.0.0.0/0", "::/0"])),
            ingest_ports: self.get(&model.ingest_ports).unwrap_or_else(|| owned(&["tcp/1935", "udp/4444"])),
            pull_ports: self.get(&model.pull_ports).unwrap_or_else(|| owned(&["tcp/8081"])),
            viewer_ports: self.get(&model.viewer_ports).unwrap_or_else(|| owned(&["tcp/80", "tcp/443"])),
        }
    }

    fn network(&mut self, model: &ClusterModel) -> Option<NetworkWish> {
        let network = self.get(&model.network).unwrap_or_default();
        if !self.get(&network.enabled).unwrap_or(true) {
            return None;
        }
        let range = self.get(&network.ip_range).unwrap_or_else(|| "10.64.0.0/16".to_owned());
        match base(&range) {
            Some(base) => Some(NetworkWish { base }),
            None => {
                self.diagnostics.error_at(
                    Path::root().attribute("network").attribute("ip_range"),
                    "Unsuitable range",
                    format!("{range:?} is no /16 such as `10.64.0.0/16`."),
                );
                None
            }
        }
    }

    fn rollout(&mut self, model: &ClusterModel) -> Rollout {
        let rollout = self.get(&model.rollout).unwrap_or_default();
        let text = self.get(&rollout.max_unavailable).unwrap_or_else(|| "1".to_owned());
        let max_unavailable = unavailable(&text).unwrap_or_else(|| {
            self.diagnostics.error_at(
                Path::root().attribute("rollout").attribute("max_unavailable"),
                "Unsuitable number of machines",
                format!("{text:?} is neither a number of machines such as `2` nor a share such as `10%`."),
            );
            Unavailable::Machines(1)
        });
        let rebuild = self.get(&rollout.on_change).is_some_and(|word| word == "rebuild");
        Rollout {
            max_unavailable,
            max_parallel: self.get(&rollout.max_parallel).unwrap_or(10),
            on_change: if rebuild { OnChange::Rebuild } else { OnChange::Replace },
        }
    }
}

/// `2`, or `10%`.
fn unavailable(text: &str) -> Option<Unavailable> {
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|percent| *percent <= 100).map(Unavailable::Percent),
        None => text.parse().ok().map(Unavailable::Machines),
    }
}

/// The first two bytes of a /16.
fn base(range: &str) -> Option<(u8, u8)> {
    let address: std::net::Ipv4Addr = range.strip_suffix("/16")?.parse().ok()?;
    let [a, b, c, d] = address.octets();
    (c == 0 && d == 0).then_some((a, b))
}

/// Digits are an ID; what has an equals sign is a label selector; all else is a name.
fn image(text: &str) -> ImageReference {
    match text.parse() {
        Ok(id) => ImageReference::Id(id),
        Err(_) if text.contains('=') => ImageReference::Selector(text.to_owned()),
        Err(_) => ImageReference::Name(text.to_owned()),
    }
}

/// Digits are an ID; what begins like a public key is one; all else is a name. `None` for a public key that cannot be read.
fn key(text: &str) -> Option<KeyReference> {
    if let Ok(id) = text.parse() {
        return Some(KeyReference::Id(id));
    }
    let is_key = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start)) && text.contains(' ');
    if !is_key {
        return Some(KeyReference::Name(text.to_owned()));
    }
    let line = text.trim().to_owned();
    let fingerprint = fingerprint(&line)?;
    Some(KeyReference::Public { line, fingerprint })
}

/// MD5 of the key blob as colon-separated hex, as Hetzner shows it.
fn fingerprint(line: &str) -> Option<String> {
    use base64::Engine as _;
    let blob = base64::engine::general_purpose::STANDARD.decode(line.split_whitespace().nth(1)?).ok()?;
    // An SSH blob begins with the length of its type's name; a cut-off paste does not survive that.
    let length = usize::try_from(u32::from_be_bytes(blob.get(..4)?.try_into().ok()?)).ok()?;
    let kind = blob.get(4..4 + length)?;
    (kind == line.split_whitespace().next()?.as_bytes() && blob.len() > 4 + length)
        .then(|| Md5::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}

/// A digest that fits into a label.
fn digest(text: &str) -> String {
    let hex: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(DIGEST_CHARS).collect()
}

/// Turns problems into diagnostics at their attributes.
pub(super) fn report(problems: &[Problem], diagnostics: &mut Diagnostics) {
    for problem in problems {
        let mut message = problem.message.clone();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let mut help = problem.help.clone();
        if let Some(first) = help.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let summary = format!("{} of the cluster", problem.field.split(['.', '[']).next().unwrap_or("part"));
        let summary = format!("Problem with {summary}");
        let detail = format!("{message}. {help}.");
        match problem.severity {
            Severity::Error => diagnostics.error_at(path(&problem.field), summary, detail),
            Severity::Warning => diagnostics.warning_at(path(&problem.field), summary, detail),
        }
    }
}

/// `edge.server_types[1]` or `labels["key"]` as a path.
pub(super) fn path(field: &str) -> Path {
    let mut path = Path::root();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some((step, after)) = inside.split_once(']') else { break };
            path = match (step.parse::<usize>(), step.trim_matches('"')) {
                (Ok(index), _) => path.index(index),
                (Err(_), key) => path.key(key),
            };
            rest = after;
        } else {
            let word = rest.trim_start_matches('.');
            let end = word.find(['.', '[']).unwrap_or(word.len());
            path = path.attribute(&word[..end]);
            rest = &word[end..];
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_paths() {
        for (field, shown) in [
            ("name", "name"),
            ("edge.server_types[1]", "edge.server_types[1]"),
            ("labels[\"role\"]", "labels[\"role\"]"),
            ("ssh.keys[0]", "ssh.keys[0]"),
        ] {
            assert_eq!(path(field).to_string(), shown);
        }
    }

    #[test]
    fn keys_are_told_apart() {
        // The blob of RFC 8709's ed25519 form: a type name and 32 bytes.
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home";
        assert!(
            matches!(key(line), Some(KeyReference::Public { fingerprint, .. }) if fingerprint.len() == 47)
        );
        assert_eq!(key("12"), Some(KeyReference::Id(12)));
        assert_eq!(key("ops"), Some(KeyReference::Name("ops".into())));
        assert_eq!(key("ssh-ops"), Some(KeyReference::Name("ssh-ops".into())));
        for bad in [
            "ssh-ed25519 AAAA",
            "ssh-rsa !!!",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        ] {
            assert_eq!(key(bad), None, "{bad}");
        }
    }

    #[test]
    fn images_are_told_apart() {
        assert_eq!(image("debian-12"), ImageReference::Name("debian-12".into()));
        assert_eq!(image("4711"), ImageReference::Id(4711));
        assert_eq!(image("role=edge"), ImageReference::Selector("role=edge".into()));
    }

    #[test]
    fn shares_and_ranges_are_read() {
        assert_eq!(unavailable("10%"), Some(Unavailable::Percent(10)));
        assert_eq!(unavailable("3"), Some(Unavailable::Machines(3)));
        for bad in ["", "%", "101%", "-1", "1.5", "many"] {
            assert_eq!(unavailable(bad), None, "{bad}");
        }
        assert_eq!(base("10.64.0.0/16"), Some((10, 64)));
        for bad in ["10.64.0.0", "10.64.1.0/16", "10.64.0.0/24", "x/16"] {
            assert_eq!(base(bad), None, "{bad}");
        }
    }
}
