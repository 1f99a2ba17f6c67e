//! YAML: PyYAML's dumper and loader.

use runner_playbook::source::Source;
use runner_playbook::yaml::{self, EmitOptions, Event, Style};

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Value, to_str};

const OPTIONS: &[&str] = &[
    "indent",
    "sort_keys",
    "default_flow_style",
    "default_style",
    "width",
    "allow_unicode",
    "explicit_start",
    "explicit_end",
    "line_break",
    "canonical",
    "encoding",
    "version",
    "tags",
    "vault_to_text",
];

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("to_yaml", OPTIONS, |call| to_yaml(call, false)),
    Filter::new("to_nice_yaml", OPTIONS, |call| to_yaml(call, true)),
    Filter::new("from_yaml", &[], |call| match &call.input {
        Value::None => Ok(Value::None),
        Value::Str(text) => load(text.as_str()),
        other => {
            call.context.world().warn(
                &format!("The from_yaml filter ignored non-string input of type '{}'.", other.type_name()),
                &other.span(),
            );
            Ok(other.clone())
        }
    }),
    Filter::new("from_yaml_all", &[], |call| match &call.input {
        Value::None => Ok(Value::list([])),
        Value::Str(text) => {
            let documents: Result<Vec<Value>> =
                documents(text.as_str()).into_iter().map(|one| load(&one)).collect();
            Ok(Value::list(documents?))
        }
        other => Ok(other.clone()),
    }),
];

/// A document; its strings are data.
pub(crate) fn load(text: &str) -> Result<Value> {
    let source = Source::new("<string>", text);
    let (node, problems) = yaml::parse_yaml(&source);
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        return Err(Error::runtime(problem.message.clone()));
    }
    Ok(node.map(|node| Value::from(&node.untrusted())).unwrap_or_default())
}

/// The documents of a stream.
fn documents(text: &str) -> Vec<String> {
    let mut documents = Vec::new();
    let mut current = String::new();
    let mut started = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if bare == "---" || line.starts_with("--- ") {
            if started {
                documents.push(std::mem::take(&mut current));
            }
            current.clear();
            started = true;
            current.push_str(line.get(4..).unwrap_or(""));
            continue;
        }
        if bare == "..." {
            if started {
                documents.push(std::mem::take(&mut current));
            }
            started = false;
            continue;
        }
        started |= !bare.is_empty() && !bare.starts_with('#') && !bare.starts_with('%');
        current.push_str(line);
    }
    if started {
        documents.push(current);
    }
    documents
}

fn to_yaml(call: &Call<'_>, nice: bool) -> Result<Value> {
    let args = &call.args;
    let size = |name: &str, default: i32| -> Result<i32> {
        Ok(args.int_opt(name)?.map_or(default, |n| i32::try_from(n).unwrap_or(i32::MAX)))
    };
    let flow = match args.get("default_flow_style") {
        None if nice => Flow::Never,
        None | Some(Value::None) => Flow::Leaves,
        Some(value) if value.truthy()? => Flow::Always,
        Some(_) => Flow::Never,
    };
    let style = match args.text_opt("default_style")?.as_deref() {
        Some("'") => Style::SingleQuoted,
        Some("\"") => Style::DoubleQuoted,
        Some("|") => Style::Literal,
        Some(">") => Style::Folded,
        _ => Style::Any,
    };
    let mut writer = Writer { events: Vec::new(), flow, style, sort_keys: args.truth_or("sort_keys", true)? };
    writer.events.push(Event::DocumentStart { implicit: !args.truth("explicit_start")? });
    writer.node(&crate::eval::without_omitted(&call.input)?, 0)?;
    writer.events.push(Event::DocumentEnd { implicit: !args.truth("explicit_end")? });
    let options = EmitOptions {
        indent: size("indent", if nice { 4 } else { 2 })?,
        width: size("width", 80)?,
        unicode: args.truth_or("allow_unicode", true)?,
        canonical: args.truth("canonical")?,
    };
    let text = yaml::emit(&writer.events, options).map_err(Error::runtime)?;
    // Ansible's dumper leaves out the end mark that libyaml writes after a bare scalar.
    let marked = text.ends_with("\n...\n") && !args.truth("explicit_end")?;
    Ok(Value::text(if marked { &text[..text.len() - 4] } else { &text }))
}

/// When containers are written on one line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Never,
    /// Those that hold scalars only.
    Leaves,
    Always,
}

/// Writes values as PyYAML's representers and serializer do.
struct Writer {
    events: Vec<Event>,
    flow: Flow,
    style: Style,
    sort_keys: bool,
}

const TAG: &str = "tag:yaml.org,2002:";

impl Writer {
    fn plain(&mut self, kind: &str, text: String) {
        let style = self.style;
        self.scalar(kind, text, true, style);
    }

    fn scalar(&mut self, kind: &str, value: String, plain_implicit: bool, style: Style) {
        let quoted_implicit = kind == "str";
        let tag = Some(format!("{TAG}{kind}"));
        self.events.push(Event::Scalar { anchor: None, tag, value, plain_implicit, quoted_implicit, style });
    }

    fn node(&mut self, value: &Value, depth: usize) -> Result<()> {
        if depth > 200 {
            return Err(Error::new(crate::error::ErrorKind::Limit, "data is nested too deeply"));
        }
        match value {
            Value::None => self.plain("null", "null".to_owned()),
            Value::Bool(b) => self.plain("bool", b.to_string()),
            Value::Int(_) | Value::BigInt(_) => self.plain("int", to_str(value)?),
            Value::Float(f) => self.plain("float", float_text(*f)),
            Value::Date(date) => self.plain("timestamp", date.to_string()),
            Value::DateTime(moment) => self.plain("timestamp", moment.iso(' ')),
            Value::Str(text) => {
                let node = yaml::plain_scalar(text.as_str());
                let plain = node.is_some_and(|node| node.as_str().is_some());
                let style = self.style;
                self.scalar("str", text.as_str().to_owned(), plain, style);
            }
            Value::Bytes(bytes) => {
                use base64::Engine;
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                let lines: Vec<String> = text
                    .as_bytes()
                    .chunks(76)
                    .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
                    .collect();
                self.scalar("binary", lines.concat(), false, Style::Literal);
            }
            Value::Dict(dict) => self.dict(dict.pairs(), depth)?,
            Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Range(..) => {
                let items = value.iterate()?;
                let flow = self.on_one_line(items.iter());
                let tag = Some(format!("{TAG}seq"));
                self.events.push(Event::SequenceStart { anchor: None, tag, implicit: true, flow });
                for item in &items {
                    self.node(item, depth + 1)?;
                }
                self.events.push(Event::SequenceEnd);
            }
            Value::Object(object) if object.is_mapping() => {
                return self.node(&crate::eval::finalize(value)?, depth + 1);
            }
            Value::Undefined(why) => return Err(why.error.clone()),
            other => return Err(crate::value::unsupported(other)),
        }
        Ok(())
    }

    fn dict(&mut self, mut pairs: Vec<(Value, Value)>, depth: usize) -> Result<()> {
        if self.sort_keys {
            let keyed = pairs
                .iter()
                .map(|(key, value)| (key.clone(), Value::tuple([key.clone(), value.clone()])))
                .collect();
            // PyYAML leaves keys that have no order as they are.
            if let Ok(sorted) = crate::methods::sorted(keyed, false) {
                pairs = crate::eval::pairs_of(&Value::list(sorted))?
                    .into_iter()
                    .map(|(key, value)| (key.0, value))
                    .collect();
            }
        }
        let flow = self.on_one_line(pairs.iter().flat_map(|(key, value)| [key, value]));
        let tag = Some(format!("{TAG}map"));
        self.events.push(Event::MappingStart { anchor: None, tag, implicit: true, flow });
        for (key, value) in &pairs {
            self.node(key, depth + 1)?;
            self.node(value, depth + 1)?;
        }
        self.events.push(Event::MappingEnd);
        Ok(())
    }

    fn on_one_line<'v>(&self, mut children: impl Iterator<Item = &'v Value>) -> bool {
        match self.flow {
            Flow::Never => false,
            Flow::Always => true,
            Flow::Leaves => {
                self.style == Style::Any
                    && children.all(|child| {
                        !matches!(
                            child,
                            Value::List(_)
                                | Value::Tuple(_)
                                | Value::Dict(_)
                                | Value::Set(_)
                                | Value::Object(_)
                                | Value::Bytes(_)
                                | Value::Range(..)
                        )
                    })
            }
        }
    }
}

/// PyYAML's text of a float: an exponent needs a point.
fn float_text(f: f64) -> String {
    if f.is_nan() {
        return ".nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = crate::value::float_repr(f);
    if !text.contains('.') && text.contains('e') { text.replacen('e', ".0e", 1) } else { text }
}
