//! Every path of the API description is served or listed in the README with the reason.
use crate::shapes::FACTS;
use std::collections::{BTreeMap, BTreeSet};
use tests_hcloud_mock::route::ROUTES;

const README: &str = include_str!("../README.md");

/// The rows of the README's table: path, methods, remark.
fn table() -> BTreeMap<String, (BTreeSet<String>, String)> {
    let rows = README.lines().filter_map(|line| line.strip_prefix("| `/"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let path = format!("/{}", cells[0].trim_end_matches('`'));
        let methods = cells[1].split(' ').filter(|m| !m.is_empty()).map(str::to_owned).collect();
        (path, (methods, cells[2].to_owned()))
    })
    .collect()
}

#[test]
fn the_readme_lists_every_path_as_it_is_served() {
    let operations = FACTS["operations"].as_object().expect("operations are an object");
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path) in operations.keys().filter_map(|o| o.split_once(' ')) {
        described.entry(path.to_owned()).or_default().insert(method.to_owned());
    }
    let mut served: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in ROUTES {
        served.entry(route.path.to_owned()).or_default().insert(route.method.to_owned());
    }
    let listed = table();
    let mut wrong = Vec::new();
    for (path, methods) in &described {
        match listed.get(path) {
            None => wrong.push(format!("{path} is not in the README")),
            Some((_, remark)) if !served.contains_key(path) && remark.is_empty() => {
                wrong.push(format!("{path} is neither served nor is there a reason"));
            }
            Some((told, _)) if served.get(path) != Some(told) || told != methods => {
                wrong.push(format!(
                    "{path}: described {methods:?}, listed {told:?}, served {:?}",
                    served.get(path)
                ));
            }
            Some(_) => {}
        }
    }
    wrong.extend(
        served.keys().filter(|p| !described.contains_key(*p)).map(|p| format!("{p} is our own invention")),
    );
    wrong.extend(
        listed.keys().filter(|p| !described.contains_key(*p)).map(|p| format!("{p} is not described")),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(described.len(), 152);
}
