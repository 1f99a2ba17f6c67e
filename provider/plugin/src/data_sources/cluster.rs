//! `data.streaming_cluster`: a cluster that another configuration manages, looked up by its name.

use std::collections::BTreeMap;

use provider_apply::{Failure, observe};
use provider_cluster::{Names, Observed, inventory};
use provider_framework::cty::Path;
use provider_framework::schema::{Attribute, Schema, validate};
use provider_framework::{Attr, DataSource, Diagnostic, Outcome, Run, async_trait, model};

use crate::provider::Cloud;
use crate::resources::cluster::model::MachineModel;
use crate::resources::cluster::{diagnostic, results, schema};

/// The data source.
pub struct ClusterLookup;

model! {
    /// What the user writes and gets.
    pub struct LookupModel {
        pub name: Attr<String>,
        pub user: Attr<String>,
        pub id: Attr<String>,
        pub live: Attr<bool>,
        pub machines: Attr<BTreeMap<String, MachineModel>>,
        pub inventory: Attr<String>,
    }
}

#[async_trait]
impl DataSource for ClusterLookup {
    type Model = LookupModel;
    type Client = Cloud;

    fn name(&self) -> &'static str {
        "streaming_cluster"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "A cluster that exists, whoever manages it: its machines and their inventory, for configurations that use a \
             cluster and do not own it.",
        )
        .attribute(
            Attribute::string("name").required().validate(validate::not_empty()).describe("The cluster's name."),
        )
        .attribute(
            Attribute::string("user")
                .default("root")
                .validate(validate::not_empty())
                .describe("Who logs in, for the inventory."),
        )
        .attribute(Attribute::string("id").computed().describe("The cluster's name."))
        .attribute(Attribute::bool("live").computed().describe("Whether there are machines."))
        .attribute(schema::machines_by_name())
        .attribute(
            Attribute::string("inventory")
                .computed()
                .describe("The running machines as an Ansible inventory in YAML, grouped by role."),
        )
    }

    async fn read(&self, run: &mut Run<Cloud>, mut config: LookupModel) -> Outcome<LookupModel> {
        let client = match run.client().and_then(|cloud| cloud.hetzner().cloned()) {
            Ok(client) => client,
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        let name = config.name.as_str().unwrap_or_default().to_owned();
        let observed = match observe(&client, &name, None, &Observed::default()).await {
            Ok(observed) => observed,
            Err(error) => {
                let failure = Failure::of(&format!("look at cluster {name}"), &name, &error);
                return Outcome::failed(diagnostic(&failure, false));
            }
        };
        let anchor = Names::new(&name).anchor();
        if observed.machines.is_empty() && !observed.firewalls.contains_key(&anchor) {
            let detail = format!(
                "The project of this token has no cluster called {name:?}. Check the name, and whether the token belongs to \
                 the project that the cluster is in."
            );
            let missing = Diagnostic::error("There is no such cluster", detail);
            return Outcome::failed(missing.at(Path::root().attribute("name")));
        }
        let user = config.user.as_str().unwrap_or("root");
        config.inventory = Attr::Known(inventory(&name, &observed, user));
        config.machines = Attr::Known(results::machines(&name, &observed));
        config.live = Attr::Known(!observed.machines.is_empty());
        config.id = Attr::Known(name);
        Outcome::state(config)
    }
}
