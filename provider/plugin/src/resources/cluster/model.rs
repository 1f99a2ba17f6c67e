//! What the user writes in `streaming_cluster`, and what Terraform stores of it.

use std::collections::BTreeMap;

use provider_framework::timeouts::TimeoutsModel;
use provider_framework::{Attr, Secret, model};

model! {
    /// The resource.
    pub struct ClusterModel {
        pub id: Attr<String>,
        pub name: Attr<String>,
        pub live: Attr<bool>,
        pub origin: Attr<GroupModel>,
        pub relay: Attr<GroupModel>,
        pub edge: Attr<GroupModel>,
        pub image: Attr<String>,
        pub ssh: Attr<SshModel>,
        pub access: Attr<AccessModel>,
        pub network: Attr<NetworkModel>,
        pub spread: Attr<bool>,
        pub labels: Attr<BTreeMap<String, String>>,
        pub protection: Attr<bool>,
        pub user_data: Attr<Secret<String>>,
        pub rollout: Attr<RolloutModel>,
        pub on_failure: Attr<String>,
        pub timeouts: Attr<TimeoutsModel>,
        pub ready: Attr<bool>,
        pub machines: Attr<BTreeMap<String, MachineModel>>,
        pub inventory: Attr<String>,
        pub cost: Attr<CostModel>,
        pub steps: Attr<Vec<String>>,
        pub drift: Attr<Vec<String>>,
    }

    /// Machines of one role.
    pub struct GroupModel {
        pub count: Attr<u32>,
        pub server_types: Attr<Vec<String>>,
        pub locations: Attr<Vec<String>>,
    }

    /// Who logs in.
    pub struct SshModel {
        pub keys: Attr<Vec<String>>,
        pub user: Attr<String>,
    }

    /// Who may reach what.
    pub struct AccessModel {
        pub ssh_from: Attr<Vec<String>>,
        pub ingest_from: Attr<Vec<String>>,
        pub pull_from: Attr<Vec<String>>,
        pub viewers_from: Attr<Vec<String>>,
        pub ingest_ports: Attr<Vec<String>>,
        pub pull_ports: Attr<Vec<String>>,
        pub viewer_ports: Attr<Vec<String>>,
    }

    /// The private network.
    pub struct NetworkModel {
        pub enabled: Attr<bool>,
        pub ip_range: Attr<String>,
    }

    /// How changes are spread over time.
    pub struct RolloutModel {
        pub max_unavailable: Attr<String>,
        pub max_parallel: Attr<u32>,
        pub on_change: Attr<String>,
    }

    /// A machine as it is.
    pub struct MachineModel {
        pub id: Attr<u64>,
        pub role: Attr<String>,
        pub number: Attr<u32>,
        pub server_type: Attr<String>,
        pub location: Attr<String>,
        pub public_ipv4: Attr<String>,
        pub public_ipv6: Attr<String>,
        pub private_ip: Attr<String>,
        pub state: Attr<String>,
    }

    /// What the cluster costs.
    pub struct CostModel {
        pub currency: Attr<String>,
        pub per_hour: Attr<String>,
        pub per_hour_live: Attr<String>,
    }
}
