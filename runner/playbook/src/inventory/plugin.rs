//! Inventory plugins: YAML files that name a plugin with `plugin:` are handed to it; the plugins live in crates above.

use crate::inventory::model::Inventory;
use crate::node::Map;
use crate::problem::Problem;
use crate::source::Source;

/// Something that fills an inventory from a configuration file.
pub trait Plugin: Send + Sync {
    /// The names under which `plugin:` asks for it, full name first.
    fn names(&self) -> &[&str];

    /// Adds hosts, groups and variables. What it returns is why it could not.
    fn parse(
        &self,
        options: &Map,
        source: &Source,
        inventory: &mut Inventory,
    ) -> Result<Vec<Problem>, Problem>;
}
