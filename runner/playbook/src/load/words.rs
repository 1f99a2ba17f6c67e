//! Words for messages: what was probably meant, and what Python calls the type of a value.

use crate::node::{Data, Node};

/// The candidate that was probably meant, if one is close enough.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

/// `type(value)` as Ansible's messages show it.
pub fn python_class(node: &Node) -> String {
    let name = match &node.data {
        Data::Null => return "<class 'NoneType'>".to_owned(),
        Data::Bool(_) => return "<class 'bool'>".to_owned(),
        Data::Vault(_) => return "<class 'ansible.parsing.vault.EncryptedString'>".to_owned(),
        Data::Str(_) => "Str",
        Data::Int(_) | Data::BigInt(_) => "Int",
        Data::Float(_) => "Float",
        Data::Bytes(_) => "Bytes",
        Data::Date(_) => "Date",
        Data::DateTime(_) => "DateTime",
        Data::List(_) => "List",
        Data::Tuple(_) => "Tuple",
        Data::Map(_) => "Dict",
        Data::Set(_) => "Set",
    };
    format!("<class 'ansible.module_utils._internal._datatag._AnsibleTagged{name}'>")
}

/// `str(value)`: a string as it is, anything else as Python shows it.
pub fn python_str(node: &Node) -> String {
    match node.as_str() {
        Some(text) => text.to_owned(),
        None => crate::yaml::python::repr(node),
    }
}

/// Whether a word can be the name of a variable.
pub fn is_identifier(word: &str) -> bool {
    if matches!(word, "True" | "False" | "None") {
        return false;
    }
    let mut chars = word.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
