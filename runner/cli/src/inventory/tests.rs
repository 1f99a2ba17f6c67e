//! Inventories of every kind against what `ansible-inventory` printed for them.

use std::{path::Path, sync::Arc};

use runner_playbook::{
    files::Disk,
    inventory::{InventoryLoader, InventoryVars, list::View},
    load::{Loader, Settings},
    node::Map,
};
use runner_template::Templar;

use crate::{
    names::{Imports, Library},
    output::json,
};

fn check(name: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/inventory");
    let templar = Templar::new(runner_template::Settings::default());
    let loader = Loader {
        files: Arc::new(Disk::new(&folder, None)),
        secrets: Arc::default(),
        names: Arc::new(Library),
        imports: Arc::new(Imports(templar.clone())),
        settings: Arc::new(Settings::default()),
    };
    let mut reader = InventoryLoader::new(loader.clone());
    super::equip(&mut reader, &templar, &Map::new());
    let (inventory, _) = reader.load(&[name.to_owned()]);
    let vars = InventoryVars::new(loader, &inventory, None);
    let extra = Map::new();
    let view = View { inventory: &inventory, vars: &vars, extra: &extra, only: None, export: false };
    let exported = View { export: true, ..view };
    let shown = [
        ("list.json", json::dumps(&view.list(), Some(4))),
        ("export.json", json::dumps(&exported.list(), Some(4))),
        ("graph.txt", super::show::graph(&view, "all", true).unwrap_or_default()),
    ];
    for (kind, ours) in shown {
        let golden = folder.join(format!("{name}.{kind}"));
        let theirs = std::fs::read_to_string(&golden).map_err(|error| error.to_string())?;
        if ours.trim_end() != theirs.trim_end() {
            return Err(format!("{name}.{kind}\n--- ours\n{ours}\n--- theirs\n{theirs}"));
        }
    }
    Ok(())
}

#[test]
fn inventories_are_shown_as_the_oracle_shows_them() {
    let wrong: Vec<String> = ["constructed", "generator.yml", "groups.toml", "nested"]
        .iter()
        .filter_map(|name| check(name).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
