//! Counting what hosts went through, for the recap.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value as Json};

use crate::event::{Recap, Tally};

/// Tallies and custom statistics of one playbook.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    hosts: BTreeMap<String, Tally>,
    custom: Map<String, Json>,
    custom_by_host: BTreeMap<String, Map<String, Json>>,
}

impl Tallies {
    /// The tally of a host, to count in.
    pub(crate) fn of(&mut self, host: &Arc<str>) -> &mut Tally {
        if !self.hosts.contains_key(&**host) {
            self.hosts.insert(host.to_string(), Tally::default());
        }
        self.hosts.get_mut(&**host).expect("inserted above")
    }

    /// Adds what `set_stats` says.
    pub(crate) fn custom(&mut self, host: Option<&Arc<str>>, data: &Map<String, Json>, aggregate: bool) {
        let place = match host {
            Some(host) => self.custom_by_host.entry(host.to_string()).or_default(),
            None => &mut self.custom,
        };
        for (name, value) in data {
            match place.get_mut(name) {
                Some(known) if aggregate => add(known, value),
                _ => {
                    place.insert(name.clone(), value.clone());
                }
            }
        }
    }

    /// The end.
    pub(crate) fn recap(self) -> Recap {
        Recap { hosts: self.hosts, custom: self.custom, custom_by_host: self.custom_by_host }
    }
}

/// Python's `+` for what statistics are made of; different types are left alone.
fn add(known: &mut Json, more: &Json) {
    match (&mut *known, more) {
        (Json::Number(a), Json::Number(b)) => {
            if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
                *known = (a + b).into();
            } else if let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) {
                *known = (a + b).into();
            }
        }
        (Json::String(a), Json::String(b)) => a.push_str(b),
        (Json::Array(a), Json::Array(b)) => a.extend(b.iter().cloned()),
        (Json::Object(a), Json::Object(b)) => a.extend(b.iter().map(|(k, v)| (k.clone(), v.clone()))),
        _ => {}
    }
}
