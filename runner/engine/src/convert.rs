//! Values back to nodes, for variables that tasks give to new hosts.

use std::sync::Arc;

use runner_playbook::{
    node::{Data, Map, Node, Text},
    source::Span,
};
use runner_template::Value;

/// A node of a value; what only templates can hold becomes null.
pub fn node_of(value: &Value) -> Node {
    let data = match value {
        Value::Bool(flag) => Data::Bool(*flag),
        Value::Int(number) => Data::Int(*number),
        Value::BigInt(number) => Data::BigInt(number.clone()),
        Value::Float(number) => Data::Float(*number),
        Value::Str(text) => Data::Str(Text { value: text.shared().clone(), trusted: text.is_trusted() }),
        Value::Bytes(bytes) => Data::Bytes(bytes.clone()),
        Value::Date(date) => Data::Date(*date),
        Value::Dict(dict) => {
            let map: Map = dict.pairs().iter().map(|(key, value)| (node_of(key), node_of(value))).collect();
            Data::Map(Arc::new(map))
        }
        other => match other.items() {
            Some(items) => Data::List(items.iter().map(node_of).collect()),
            None => Data::Null,
        },
    };
    Node::new(data, Span::none())
}
