//! The kinds of resource the API knows, and the words each is called by.
use serde::{Deserialize, Serialize};

/// One kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the API's own word")]
pub enum Kind {
    Server,
    Image,
    SshKey,
    Network,
    Firewall,
    PlacementGroup,
    LoadBalancer,
    PrimaryIp,
    FloatingIp,
    Volume,
    Certificate,
    Zone,
    Iso,
    Location,
    ServerType,
    LoadBalancerType,
}

impl Kind {
    /// The JSON key of one object, also the `type` in an action's resources.
    pub fn singular(self) -> &'static str {
        match self {
            Kind::Server => "server",
            Kind::Image => "image",
            Kind::SshKey => "ssh_key",
            Kind::Network => "network",
            Kind::Firewall => "firewall",
            Kind::PlacementGroup => "placement_group",
            Kind::LoadBalancer => "load_balancer",
            Kind::PrimaryIp => "primary_ip",
            Kind::FloatingIp => "floating_ip",
            Kind::Volume => "volume",
            Kind::Certificate => "certificate",
            Kind::Zone => "zone",
            Kind::Iso => "iso",
            Kind::Location => "location",
            Kind::ServerType => "server_type",
            Kind::LoadBalancerType => "load_balancer_type",
        }
    }

    /// The JSON key of a list.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Server => "servers",
            Kind::Image => "images",
            Kind::SshKey => "ssh_keys",
            Kind::Network => "networks",
            Kind::Firewall => "firewalls",
            Kind::PlacementGroup => "placement_groups",
            Kind::LoadBalancer => "load_balancers",
            Kind::PrimaryIp => "primary_ips",
            Kind::FloatingIp => "floating_ips",
            Kind::Volume => "volumes",
            Kind::Certificate => "certificates",
            Kind::Zone => "zones",
            Kind::Iso => "isos",
            Kind::Location => "locations",
            Kind::ServerType => "server_types",
            Kind::LoadBalancerType => "load_balancer_types",
        }
    }

    /// The words used in messages for people.
    pub fn words(self) -> &'static str {
        match self {
            Kind::SshKey => "SSH key",
            Kind::PlacementGroup => "placement group",
            Kind::LoadBalancer => "load balancer",
            Kind::PrimaryIp => "primary IP",
            Kind::FloatingIp => "floating IP",
            Kind::Iso => "ISO",
            Kind::ServerType => "server type",
            Kind::LoadBalancerType => "load balancer type",
            other => other.singular(),
        }
    }
}
