//! Events to nodes: tags, anchors, merge keys, duplicate keys, trust and places, as PyYAML and Ansible construct them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::node::{Data, Map, Node, Text};
use crate::problem::{Kind, Problem};
use crate::source::{Source, Span};
use crate::yaml::libyaml::{Event, Failure, Mark, Parser};
use crate::yaml::{DuplicateKeys, advice, python, scalar};

/// Levels of nesting: far more than any playbook has, far fewer than would exhaust a thread's stack.
const DEPTH_MAX: usize = 256;
/// Nodes counted with every alias expanded: larger than any inventory, and ends a bomb of aliases.
const NODES_MAX: usize = 20_000_000;

/// Strings up to this length are worth storing once.
const INTERNED_BYTES_MAX: usize = 24;
/// Strings remembered per text: beyond this they are no keys but data.
const INTERNED_MAX: usize = 4096;

/// The prefix of every tag that YAML itself defines.
pub const STANDARD: &str = "tag:yaml.org,2002:";

/// What a text of one document says. The node is none when it cannot be used; an empty text is null.
pub fn construct(source: &Source, duplicates: DuplicateKeys) -> (Option<Node>, Vec<Problem>) {
    let mut constructor = Constructor {
        source,
        parser: Parser::new(source.text().strip_prefix('\u{feff}').unwrap_or(source.text())),
        duplicates,
        anchors: HashMap::new(),
        depth: 0,
        problems: Vec::new(),
        interned: HashSet::new(),
    };
    match constructor.document() {
        Ok(node) => {
            let problems = constructor.problems;
            (Some(node).filter(|_| !crate::problem::has_errors(&problems)), problems)
        }
        Err(stop) => {
            // What ends the reading comes first: it is what Ansible would report.
            let mut problems = vec![stop];
            problems.append(&mut constructor.problems);
            (None, problems)
        }
    }
}

/// A finished node and the number of nodes it stands for.
#[derive(Clone)]
struct Built {
    node: Node,
    weight: usize,
    is_merge: bool,
}

struct Constructor<'s> {
    source: &'s Source,
    parser: Parser<'s>,
    duplicates: DuplicateKeys,
    /// Finished anchors; none while the anchored node is still being read.
    anchors: HashMap<String, Option<Built>>,
    depth: usize,
    problems: Vec<Problem>,
    interned: HashSet<Arc<str>>,
}

/// What stops the reading of a text.
type Stop<T> = Result<T, Problem>;

impl Constructor<'_> {
    fn document(&mut self) -> Stop<Node> {
        self.next()?;
        let (event, mark) = self.next()?;
        if event == Event::StreamEnd {
            return Ok(Node::null(self.place(mark)));
        }
        let (event, mark) = self.next()?;
        let built = self.node(event, mark, true)?;
        self.next()?;
        let (event, mark) = self.next()?;
        if event != Event::StreamEnd {
            let text = "Expected a single document in the stream but found another document.";
            return Err(self.error(text, mark));
        }
        Ok(built.node)
    }

    fn next(&mut self) -> Stop<(Event, Mark)> {
        match self.parser.next() {
            Ok((event, start, _)) => Ok((event, start)),
            Err(failure) => Err(self.failure(&failure)),
        }
    }

    fn place(&self, mark: Mark) -> Span {
        self.source.at(mark.line + 1, mark.column + 1)
    }

    fn failure(&self, failure: &Failure) -> Problem {
        if let Some((value, offset)) = failure.unreadable {
            let text = format!(
                "YAML parsing failed: unacceptable character #x{value:04x}: {} in \"<unicode string>\", position {offset}",
                failure.problem
            );
            return Problem::error(Kind::Yaml, text, &self.source.at(0, 0));
        }
        self.error(&advice::sentence(failure.context.as_deref(), &failure.problem), failure.mark)
    }

    /// An error at a mark; when the line looks like one of the usual mistakes, the advice replaces the text.
    fn error(&self, text: &str, mark: Mark) -> Problem {
        let line = self.source.line(mark.line + 1).unwrap_or("");
        match advice::advise(line) {
            Some(advice) => {
                let span = self.source.at(mark.line + 1, advice.column);
                let text = format!("YAML parsing failed: {}", advice.message);
                Problem { help: advice.help, ..Problem::error(Kind::Yaml, text, &span) }
            }
            None => Problem::error(Kind::Yaml, format!("YAML parsing failed: {text}"), &self.place(mark)),
        }
    }

    /// Notes an error and goes on with null, so that the other mistakes are found too.
    fn note(&mut self, text: &str, mark: Mark) -> Data {
        let problem = self.error(text, mark);
        self.problems.push(problem);
        Data::Null
    }

    fn node(&mut self, event: Event, mark: Mark, trusted: bool) -> Stop<Built> {
        match event {
            Event::Alias(name) => self.alias(&name, mark, trusted),
            Event::Scalar { anchor, tag, value, plain_implicit, .. } => {
                self.declare(anchor.as_ref(), mark)?;
                // `!` alone is libyaml's word for "decide by the characters".
                let (tag, plain_implicit) = match tag.as_deref() {
                    Some("!") => (None, true),
                    _ => (tag, plain_implicit),
                };
                let is_merge = tag.is_none() && plain_implicit && value == "<<";
                let data = self.scalar(tag.as_deref(), value, plain_implicit, mark, trusted);
                let built = Built { node: Node::new(data, self.place(mark)), weight: 1, is_merge };
                Ok(self.finish(anchor, built))
            }
            Event::SequenceStart { anchor, tag, .. } => {
                self.begin(anchor.as_ref(), mark)?;
                let built = self.sequence(tag.as_deref(), mark, trusted)?;
                self.depth -= 1;
                Ok(self.finish(anchor, built))
            }
            Event::MappingStart { anchor, tag, .. } => {
                self.begin(anchor.as_ref(), mark)?;
                let built = self.mapping(tag.as_deref(), mark, trusted)?;
                self.depth -= 1;
                Ok(self.finish(anchor, built))
            }
            _ => Err(self.error("Did not find expected node content.", mark)),
        }
    }

    fn begin(&mut self, anchor: Option<&String>, mark: Mark) -> Stop<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error(&format!("Found more than {DEPTH_MAX} levels of nesting."), mark));
        }
        self.declare(anchor, mark)
    }

    /// Takes a name for a node that is about to be read; a name may be used once.
    fn declare(&mut self, anchor: Option<&String>, mark: Mark) -> Stop<()> {
        let Some(name) = anchor else { return Ok(()) };
        if self.anchors.insert(name.clone(), None).is_some() {
            let text = "Found duplicate anchor; first occurrence second occurrence.";
            return Err(self.error(text, mark));
        }
        Ok(())
    }

    fn finish(&mut self, anchor: Option<String>, built: Built) -> Built {
        if let Some(name) = anchor {
            self.anchors.insert(name, Some(built.clone()));
        }
        built
    }

    fn alias(&mut self, name: &str, mark: Mark, trusted: bool) -> Stop<Built> {
        match self.anchors.get(name) {
            Some(Some(built)) if trusted => Ok(built.clone()),
            Some(Some(built)) => Ok(Built { node: built.node.untrusted(), ..built.clone() }),
            Some(None) => Err(self.error("Found an alias inside the node it refers to.", mark)),
            None => Err(self.error("Found undefined alias.", mark)),
        }
    }

    fn scalar(
        &mut self,
        tag: Option<&str>,
        value: String,
        implicit: bool,
        mark: Mark,
        trusted: bool,
    ) -> Data {
        let made = match tag {
            None if implicit => {
                scalar::plain(&value).map(|data| data.unwrap_or_else(|| self.string(&value, trusted)))
            }
            None => Ok(self.string(&value, trusted)),
            Some("!unsafe") => {
                scalar::plain(&value).map(|data| data.unwrap_or_else(|| self.string(&value, false)))
            }
            Some("!vault") => Ok(scalar::vault(&value)),
            Some("!vault-encrypted") => {
                self.deprecated_tag("!vault-encrypted", "Use the `!vault` tag instead.", mark);
                Ok(scalar::vault(&value))
            }
            Some(tag) => match tag.strip_prefix(STANDARD) {
                Some("seq") => Err("Expected a sequence node, but found scalar.".to_owned()),
                Some("map" | "set") => Err("Expected a mapping node, but found scalar.".to_owned()),
                Some("omap") => {
                    Err("While constructing an ordered map expected a sequence, but found scalar.".to_owned())
                }
                Some("pairs") => {
                    Err("While constructing pairs expected a sequence, but found scalar.".to_owned())
                }
                Some("str") => Ok(self.string(&value, trusted)),
                Some(kind) => scalar::tagged(kind, &value, tag),
                None => Err(no_constructor(tag)),
            },
        };
        made.unwrap_or_else(|text| self.note(&text, mark))
    }

    /// A string; short ones, which are mostly keys, are stored once per text.
    fn string(&mut self, value: &str, trusted: bool) -> Data {
        if value.len() > INTERNED_BYTES_MAX {
            return Data::Str(Text { value: value.into(), trusted });
        }
        let value = match self.interned.get(value) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = value.into();
                if self.interned.len() < INTERNED_MAX {
                    self.interned.insert(new.clone());
                }
                new
            }
        };
        Data::Str(Text { value, trusted })
    }

    fn deprecated_tag(&mut self, tag: &str, help: &str, mark: Mark) {
        let text = format!("Use of the YAML `{tag}` tag is deprecated.");
        self.problems.push(Problem::deprecation(Kind::Yaml, text, &self.place(mark)).with_help(help));
    }

    fn weigh(&self, weight: usize, more: usize, mark: Mark) -> Stop<usize> {
        let sum = weight.saturating_add(more);
        if sum > NODES_MAX {
            return Err(
                self.error(&format!("Found more than {NODES_MAX} nodes once aliases are expanded."), mark)
            );
        }
        Ok(sum)
    }

    fn sequence(&mut self, tag: Option<&str>, mark: Mark, trusted: bool) -> Stop<Built> {
        let trusted = trusted && tag != Some("!unsafe");
        let mut items = Vec::new();
        let mut weight = 1;
        loop {
            let (event, at) = self.next()?;
            if event == Event::SequenceEnd {
                break;
            }
            let built = self.node(event, at, trusted)?;
            weight = self.weigh(weight, built.weight, at)?;
            items.push(built.node);
        }
        let standard = tag.map(|tag| tag.strip_prefix(STANDARD).unwrap_or(tag));
        let data = match standard {
            None | Some("seq" | "!unsafe" | "!") => Data::List(items.into()),
            Some("omap") => {
                self.deprecated_tag(
                    "!!omap",
                    "Use a standard mapping instead, as key order is always preserved.",
                    mark,
                );
                self.pairs(items, "an ordered map", mark)
            }
            Some("pairs") => {
                self.deprecated_tag("!!pairs", "Use a standard mapping instead.", mark);
                self.pairs(items, "pairs", mark)
            }
            Some("map" | "set") => self.note("Expected a mapping node, but found sequence.", mark),
            Some(other) => {
                let text = self.wrong_kind(other, tag, "sequence");
                self.note(&text, mark)
            }
        };
        Ok(Built { node: Node::new(data, self.place(mark)), weight, is_merge: false })
    }

    /// The message for a scalar's tag, or an unknown one, on a collection.
    fn wrong_kind(&self, standard: &str, tag: Option<&str>, found: &str) -> String {
        match standard {
            "!vault" | "!vault-encrypted" => format!("The '{standard}' tag requires a string value."),
            "str" | "int" | "float" | "bool" | "null" | "binary" | "timestamp" => {
                format!("Expected a scalar node, but found {found}.")
            }
            _ => no_constructor(tag.unwrap_or(standard)),
        }
    }

    /// The tuples of `!!omap` and `!!pairs`, from a list of mappings with one entry each.
    fn pairs(&mut self, items: Vec<Node>, what: &str, mark: Mark) -> Data {
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            match &item.data {
                Data::Map(map) if map.len() == 1 => {
                    let both: Vec<Node> =
                        map.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
                    pairs.push(Node::new(Data::Tuple(both.into()), self.place(mark)));
                }
                Data::Map(map) => {
                    let count = map.len();
                    let text = format!(
                        "While constructing {what} expected a single mapping item, but found {count} items."
                    );
                    return self.note(&text, mark);
                }
                other => {
                    let found = if matches!(other, Data::List(_)) { "sequence" } else { "scalar" };
                    let text = format!(
                        "While constructing {what} expected a mapping of length 1, but found {found}."
                    );
                    let (line, column) = (item.span.line() - 1, item.span.column() - 1);
                    return self.note(&text, Mark { line, column });
                }
            }
        }
        Data::List(pairs.into())
    }

    fn mapping(&mut self, tag: Option<&str>, mark: Mark, trusted: bool) -> Stop<Built> {
        let trusted = trusted && tag != Some("!unsafe");
        let mut own = Map::new();
        let mut merged: Vec<(Node, Node)> = Vec::new();
        let mut weight = 1;
        loop {
            let (event, at) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let is_value_key = matches!(&event, Event::Scalar { tag: None, value, plain_implicit: true, .. } if value == "=");
            let key = if is_value_key {
                let span = self.place(at);
                Built { node: Node::new(self.string("=", trusted), span), weight: 1, is_merge: false }
            } else {
                self.key(event, at, trusted)?
            };
            let (event, value_at) = self.next()?;
            let value = self.node(event, value_at, trusted)?;
            weight = self.weigh(weight, key.weight + value.weight, at)?;
            if key.is_merge {
                self.merge(&value.node, value_at, &mut merged);
            } else if matches!(key.node.data, Data::List(_) | Data::Map(_) | Data::Set(_)) {
                self.note("While constructing a mapping found unhashable key.", at);
            } else {
                self.insert(&mut own, key.node, value.node);
            }
        }
        let map = if merged.is_empty() {
            own
        } else {
            let mut map: Map = merged.into_iter().collect();
            map.extend_from(&own);
            map
        };
        let data = self.mapping_data(tag, map, mark);
        Ok(Built { node: Node::new(data, self.place(mark)), weight, is_merge: false })
    }

    /// A key; `<<` is a key of its own kind and not a value of any.
    fn key(&mut self, event: Event, mark: Mark, trusted: bool) -> Stop<Built> {
        if let Event::Scalar { anchor: None, tag: None, value, plain_implicit: true, .. } = &event
            && value == "<<"
        {
            let node = Node::new(self.string("<<", trusted), self.place(mark));
            return Ok(Built { node, weight: 1, is_merge: true });
        }
        self.node(event, mark, trusted)
    }

    fn mapping_data(&mut self, tag: Option<&str>, map: Map, mark: Mark) -> Data {
        let standard = tag.map(|tag| tag.strip_prefix(STANDARD).unwrap_or(tag));
        match standard {
            None | Some("map" | "!unsafe" | "!") => Data::Map(map.into()),
            Some("set") => Data::Set(map.keys().cloned().collect()),
            Some("seq") => self.note("Expected a sequence node, but found mapping.", mark),
            Some("omap") => {
                self.note("While constructing an ordered map expected a sequence, but found mapping.", mark)
            }
            Some("pairs") => {
                self.note("While constructing pairs expected a sequence, but found mapping.", mark)
            }
            Some(other) => {
                let text = self.wrong_kind(other, tag, "mapping");
                self.note(&text, mark)
            }
        }
    }

    /// Sets a key of the mapping's own, telling when it is there already.
    fn insert(&mut self, own: &mut Map, key: Node, value: Node) {
        if self.duplicates != DuplicateKeys::Ignore && own.get_node(&key).is_some() {
            let text = format!("Found duplicate mapping key {}.", python::repr(&key));
            self.problems.push(match self.duplicates {
                DuplicateKeys::Error => {
                    Problem::error(Kind::DuplicateKey, format!("YAML parsing failed: {text}"), &key.span)
                }
                _ => Problem::warning(Kind::DuplicateKey, text, &key.span)
                    .with_help("Using last defined value only."),
            });
        }
        own.insert(key, value);
    }

    /// Adds the entries of a merged mapping, or of a list of them in which earlier ones win.
    fn merge(&mut self, value: &Node, mark: Mark, merged: &mut Vec<(Node, Node)>) {
        let copy =
            |map: &Map| -> Vec<(Node, Node)> { map.iter().map(|(k, v)| (k.clone(), v.clone())).collect() };
        match &value.data {
            Data::Map(map) => merged.extend(copy(map)),
            Data::List(items) => {
                for item in items.iter().rev() {
                    if let Data::Map(map) = &item.data {
                        merged.extend(copy(map));
                    } else {
                        let text = "While constructing a mapping expected a mapping for merging, but found ";
                        let found = if matches!(item.data, Data::List(_)) { "sequence" } else { "scalar" };
                        self.note(&format!("{text}{found}."), mark);
                    }
                }
            }
            _ => {
                let text = "While constructing a mapping expected a mapping or list of mappings for merging, but found scalar.";
                self.note(text, mark);
            }
        }
    }
}

fn no_constructor(tag: &str) -> String {
    format!("Could not determine a constructor for the tag '{tag}'.")
}
