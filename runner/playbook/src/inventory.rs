//! Hosts, groups and their variables, from any kind of inventory source.

mod model;

pub use model::{ALL, Group, GroupError, Host, Inventory, LOCALHOST, UNGROUPED};
