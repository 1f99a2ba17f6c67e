//! INI inventories: hosts with variables, `[group]`, `[group:children]`, `[group:vars]`.

use indexmap::IndexMap;

use crate::inventory::address::expand;
use crate::inventory::literal;
use crate::inventory::model::{Inventory, UNGROUPED};
use crate::node::Node;
use crate::source::{Source, Span};

/// What a section holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Hosts,
    Children,
    Vars,
}

/// A group that was named before it was defined.
struct Pending {
    section: Section,
    line: u32,
    /// The groups it is to be a child of.
    parents: Vec<String>,
}

/// A line that cannot be read.
#[derive(Debug)]
pub struct Mistake {
    /// The sentence.
    pub message: String,
    /// The line.
    pub span: Span,
}

/// Reads an INI inventory into `inventory`. The first mistake ends the reading, as in Ansible.
///
/// # Errors
/// The mistake.
pub fn read(source: &Source, inventory: &mut Inventory) -> Result<(), Mistake> {
    let mut reader = Reader {
        inventory,
        source,
        pending: IndexMap::new(),
        group: UNGROUPED.to_owned(),
        section: Section::Hosts,
        line: 0,
    };
    for (number, line) in source.text().lines().enumerate() {
        reader.line = u32::try_from(number + 1).unwrap_or(u32::MAX);
        reader.line(line).map_err(|message| Mistake { message, span: source.at(reader.line, 0) })?;
    }
    reader.finish()
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    source: &'a Source,
    pending: IndexMap<String, Pending>,
    group: String,
    section: Section,
    line: u32,
}

impl Reader<'_> {
    fn line(&mut self, raw: &str) -> Result<(), String> {
        let line = raw.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return Ok(());
        }
        if let Some((group, kind)) = section(line) {
            return self.open(group, kind);
        }
        if line.starts_with('[') && line.ends_with(']') {
            return Err(format!(
                "Invalid section entry: '{line}'. Please make sure that there are no spaces in the section entry, and that there are no other invalid characters"
            ));
        }
        match self.section {
            Section::Hosts => self.host(line),
            Section::Children => self.child(line),
            Section::Vars => self.variable(line),
        }
    }

    fn open(&mut self, group: &str, kind: Option<&str>) -> Result<(), String> {
        self.section = match kind {
            None | Some("hosts") => Section::Hosts,
            Some("children") => Section::Children,
            Some("vars") => Section::Vars,
            Some(kind) => return Err(format!("Section [{group}:{kind}] has unknown type: {kind}")),
        };
        self.group = group.to_owned();
        if self.inventory.group(group).is_none() {
            if self.section == Section::Vars && !self.pending.contains_key(group) {
                let pending = Pending { section: Section::Vars, line: self.line, parents: Vec::new() };
                self.pending.insert(group.to_owned(), pending);
            }
            self.inventory.add_group(group);
        }
        if self.section != Section::Vars {
            self.settle(group)?;
        }
        Ok(())
    }

    /// A group that was only named is defined now.
    fn settle(&mut self, group: &str) -> Result<(), String> {
        let Some(pending) = self.pending.shift_remove(group) else { return Ok(()) };
        for parent in pending.parents {
            self.add_child(&parent, group)?;
        }
        Ok(())
    }

    fn add_child(&mut self, parent: &str, child: &str) -> Result<(), String> {
        self.inventory.add_child_group(parent, child).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn host(&mut self, line: &str) -> Result<(), String> {
        let words =
            words(line).map_err(|reason| format!("Error parsing host definition '{line}': {reason}"))?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        let (names, port) = expand(pattern)?;
        let span = self.source.at(self.line, 1);
        let mut vars: Vec<(&str, Node)> = Vec::with_capacity(assignments.len());
        for word in assignments {
            let Some((key, text)) = word.split_once('=') else {
                return Err(format!("Expected key=value host variable assignment, got: {word}"));
            };
            vars.push((key, literal::value(text, &span)));
        }
        for name in &names {
            super::add_host(self.inventory, name, Some(&self.group), port, self.source);
            for (key, value) in &vars {
                super::set_variable(self.inventory, name, key, value.clone());
            }
        }
        Ok(())
    }

    fn child(&mut self, line: &str) -> Result<(), String> {
        let name = line.split_once('#').map_or(line, |(name, _)| name).trim_end();
        if name.is_empty() || name.contains([':', ']', ' ', '\t']) {
            return Err(format!("Expected group name, got: {line}"));
        }
        if self.inventory.group(name).is_some() && !self.pending.contains_key(name) {
            let parent = self.group.clone();
            return self.add_child(&parent, name);
        }
        let (line, parent) = (self.line, self.group.clone());
        let pending = self.pending.entry(name.to_owned()).or_insert_with(|| Pending {
            section: Section::Children,
            line,
            parents: Vec::new(),
        });
        pending.parents.push(parent);
        Ok(())
    }

    fn variable(&mut self, line: &str) -> Result<(), String> {
        let Some((key, text)) = line.split_once('=') else {
            return Err(format!("Expected key=value, got: {line}"));
        };
        let value = literal::value(text.trim(), &self.source.at(self.line, 1));
        self.inventory.set_group_var(&self.group, key.trim(), value);
        Ok(())
    }

    /// What was named and never defined is an error.
    fn finish(self) -> Result<(), Mistake> {
        for (name, pending) in &self.pending {
            let span = self.source.at(pending.line, 0);
            let message = match (pending.section, pending.parents.last()) {
                (Section::Vars, _) => {
                    format!("Section [{name}:vars] not valid for undefined group '{name}'.")
                }
                (_, Some(parent)) => {
                    format!("Section [{parent}:children] includes undefined group '{name}'.")
                }
                _ => continue,
            };
            return Err(Mistake { message, span });
        }
        Ok(())
    }
}

/// The group and kind of a section line.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    if !(after.is_empty() || after.starts_with('#')) {
        return None;
    }
    let (group, kind) = match inside.split_once(':') {
        Some((group, kind)) => (group, Some(kind)),
        None => (inside, None),
    };
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let group_fits = !group.is_empty() && !group.contains(char::is_whitespace);
    (group_fits && kind.is_none_or(word)).then_some((group, kind))
}

/// Splits as a POSIX shell does, comments included.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => {
                words.extend(word.take());
                return Ok(words);
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation"),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("No escaped character")?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next().ok_or("No closing quotation")? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or("No escaped character")? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}
