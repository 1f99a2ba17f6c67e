//! Global functions (`range`, `lookup`, `namespace` …) and the variables that are made on demand (`hostvars`, `vars`).

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::filters::Bound;
use crate::lookups;
use crate::scope::{Hosts, Scope};
use crate::templar::{LookupStyle, Templar};
use crate::value::{Args, Dict, Key, Map, Moment, NativeFn, Object, Value, range_len};

/// The longest range: more turns than a template may take anyway.
const RANGE_MAX: i64 = 5_000_000;

/// A global function.
pub(crate) fn function(name: &str) -> Option<Value> {
    let call: fn(&Context, Args) -> Result<Value> = match name {
        "range" => range,
        "dict" => dict,
        "lipsum" => lipsum,
        "cycler" => cycler,
        "joiner" => joiner,
        "namespace" => namespace,
        "lookup" => |context, args| lookup(context, args, LookupStyle::Joined),
        "query" | "q" => |context, args| lookup(context, args, LookupStyle::List),
        "now" => now,
        "undef" => undef,
        _ => return None,
    };
    let name = match name {
        "range" => "range",
        "dict" => "dict",
        "lookup" => "lookup",
        "query" | "q" => "query",
        _ => "function",
    };
    Some(Value::Object(Arc::new(NativeFn { name, call })))
}

/// A variable that is made on demand.
pub(crate) fn magic(context: &Context, name: &str) -> Option<Value> {
    match name {
        "omit" => Some(Value::Omit),
        "hostvars" => {
            let hosts = context.scope().hosts()?.clone();
            Some(Value::Object(Arc::new(HostVars { hosts, templar: context.templar().clone() })))
        }
        "vars" if !context.scope().names().is_empty() => {
            let scope = context.scope().clone();
            Some(Value::Object(Arc::new(ScopeVars { scope, templar: context.templar().clone() })))
        }
        _ => None,
    }
}

/// `hostvars`: a mapping of hosts.
struct HostVars {
    hosts: Arc<dyn Hosts>,
    templar: Templar,
}

impl Object for HostVars {
    fn type_name(&self) -> &str {
        "HostVars"
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        let Some(host) = key.as_str() else { return Ok(None) };
        Ok(self
            .hosts
            .scope(host)
            .map(|scope| Value::Object(Arc::new(ScopeVars { scope, templar: self.templar.clone() }))))
    }

    fn keys(&self) -> Option<Vec<Value>> {
        Some(self.hosts.names().into_iter().map(Value::text).collect())
    }

    fn is_mapping(&self) -> bool {
        true
    }
}

/// The variables of a host, templated as they are touched.
struct ScopeVars {
    scope: Scope,
    templar: Templar,
}

impl Object for ScopeVars {
    fn type_name(&self) -> &str {
        "HostVarsVars"
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        let Some(name) = key.as_str() else { return Ok(None) };
        if self.scope.level(name).is_none() {
            return Ok(None);
        }
        Ok(Context::new(&self.templar, &self.scope, None).variable(name))
    }

    fn keys(&self) -> Option<Vec<Value>> {
        Some(self.scope.names().into_iter().map(Value::text).collect())
    }

    fn is_mapping(&self) -> bool {
        true
    }
}

fn range(_context: &Context, args: Args) -> Result<Value> {
    let mut numbers = Vec::new();
    for arg in &args.positional {
        let arg = arg.clone().defined()?;
        let number = arg.as_int().ok_or_else(|| {
            Error::runtime(format!("'{}' object cannot be interpreted as an integer", arg.type_name()))
        })?;
        numbers.push(number);
    }
    let (start, stop, step) = match numbers.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] => (*start, *stop, *step),
        [] => return Err(Error::runtime("range expected at least 1 argument, got 0")),
        more => {
            return Err(Error::runtime(format!("range expected at most 3 arguments, got {}", more.len())));
        }
    };
    if step == 0 {
        return Err(Error::runtime("range() arg 3 must not be zero"));
    }
    if range_len(start, stop, step) > RANGE_MAX {
        return Err(Error::new(ErrorKind::Limit, "the range is too long"));
    }
    Ok(Value::Range(start, stop, step))
}

fn dict(_context: &Context, args: Args) -> Result<Value> {
    let mut map = Map::new();
    if let Some(source) = args.positional.into_iter().next() {
        for (key, value) in pairs_of(&source.defined()?)? {
            map.insert(key, value);
        }
    }
    for (name, value) in args.named {
        map.insert(Key(Value::text(name)), value);
    }
    Ok(Value::Dict(Dict::new(map)))
}

/// The pairs of a mapping, or of a list of pairs.
pub(crate) fn pairs_of(source: &Value) -> Result<Vec<(Key, Value)>> {
    if let Value::Dict(dict) = source {
        return Ok(dict.snapshot().iter().map(|(k, v)| (k.clone(), v.clone())).collect());
    }
    let mut pairs = Vec::new();
    for (i, pair) in source.iterate()?.into_iter().enumerate() {
        let parts = pair.iterate().map_err(|_| {
            Error::runtime(format!("cannot convert dictionary update sequence element #{i} to a sequence"))
        })?;
        match <[Value; 2]>::try_from(parts) {
            Ok([key, value]) => pairs.push((Key::new(key)?, value)),
            Err(parts) => {
                return Err(Error::runtime(format!(
                    "dictionary update sequence element #{i} has length {}; 2 is required",
                    parts.len()
                )));
            }
        }
    }
    Ok(pairs)
}

fn lookup(context: &Context, args: Args, style: LookupStyle) -> Result<Value> {
    if let Some(undefined) = args.first_undefined() {
        return Ok(undefined.clone());
    }
    let mut terms = args.positional.into_iter();
    let Some(name) = terms.next() else {
        return Err(Error::runtime("_lookup() missing 1 required positional argument: 'plugin_name'"));
    };
    let name = name.to_text()?;
    let options: Map = args.named.into_iter().map(|(key, value)| (Key(Value::text(key)), value)).collect();
    lookups::run(context, &name, terms.collect(), &Dict::new(options), style)
}

fn now(context: &Context, args: Args) -> Result<Value> {
    let bound = Bound::new("now", &["utc", "fmt"], args)?;
    let zoned = context.world().now();
    let (civil, offset_s) = if bound.truth("utc")? {
        (zoned.with_time_zone(jiff::tz::TimeZone::UTC).datetime(), None)
    } else {
        (zoned.datetime(), None)
    };
    let micros = civil.subsec_nanosecond() / 1000 * 1000;
    let civil = civil.with().subsec_nanosecond(micros).build().unwrap_or(civil);
    let moment = Moment { civil, offset_s };
    match bound.text_opt("fmt")? {
        Some(format) => Ok(Value::text(crate::moment::strftime(&moment, &format, None))),
        None => Ok(Value::DateTime(moment)),
    }
}

fn undef(_context: &Context, args: Args) -> Result<Value> {
    let bound = Bound::new("undef", &["hint"], args)?;
    let hint = bound.text_opt("hint")?;
    let message = hint.unwrap_or_else(|| "Mandatory variable has not been overridden".to_owned());
    Ok(Value::undefined(Error::new(ErrorKind::Undefined, message)))
}

fn namespace(context: &Context, args: Args) -> Result<Value> {
    let Value::Dict(dict) = dict(context, args)? else { return Ok(Value::None) };
    let fields =
        dict.pairs().into_iter().filter_map(|(key, value)| Some((Arc::from(key.as_str()?), value))).collect();
    Ok(Value::Object(Arc::new(Namespace { fields: Mutex::new(fields) })))
}

/// A place for values that survive loops.
pub(crate) struct Namespace {
    fields: Mutex<IndexMap<Arc<str>, Value>>,
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(self.fields.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        key.as_str().map_or(Ok(None), |name| self.attribute(name))
    }

    fn set_attribute(&self, name: &str, value: Value) -> Result<()> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::from(name), value);
        Ok(())
    }

    fn text(&self) -> Option<String> {
        let fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let dict = Value::dict(fields);
        Some(format!("<Namespace {}>", dict.to_repr().ok()?))
    }
}

struct Cycler {
    items: Vec<Value>,
    position: Mutex<usize>,
}

struct CyclerMethod(Arc<Cycler>, bool);

impl Object for CyclerMethod {
    fn type_name(&self) -> &str {
        "method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _context: &Context, _args: Args) -> Result<Value> {
        let mut position = self.0.position.lock().unwrap_or_else(PoisonError::into_inner);
        if self.1 {
            *position = 0;
            return Ok(Value::None);
        }
        let value = self.0.items[*position].clone();
        *position = (*position + 1) % self.0.items.len();
        Ok(value)
    }
}

impl Object for Arc<Cycler> {
    fn type_name(&self) -> &str {
        "Cycler"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(Some(match name {
            "next" => Value::Object(Arc::new(CyclerMethod(self.clone(), false))),
            "reset" => Value::Object(Arc::new(CyclerMethod(self.clone(), true))),
            "current" => self.items[*self.position.lock().unwrap_or_else(PoisonError::into_inner)].clone(),
            "items" => Value::tuple(self.items.clone()),
            _ => return Ok(None),
        }))
    }
}

fn cycler(_context: &Context, args: Args) -> Result<Value> {
    if args.positional.is_empty() {
        return Err(Error::runtime("at least one item has to be provided"));
    }
    let cycler = Cycler { items: args.positional, position: Mutex::new(0) };
    Ok(Value::Object(Arc::new(Arc::new(cycler))))
}

struct Joiner {
    separator: Value,
    used: Mutex<bool>,
}

impl Object for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _context: &Context, _args: Args) -> Result<Value> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if *used {
            return Ok(self.separator.clone());
        }
        *used = true;
        Ok(Value::text(""))
    }
}

fn joiner(_context: &Context, args: Args) -> Result<Value> {
    let bound = Bound::new("joiner", &["sep"], args)?;
    let separator = bound.get("sep").cloned().unwrap_or_else(|| Value::text(", "));
    Ok(Value::Object(Arc::new(Joiner { separator, used: Mutex::new(false) })))
}

const LIPSUM: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore \
                      et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi";

fn lipsum(context: &Context, args: Args) -> Result<Value> {
    let bound = Bound::new("lipsum", &["n", "html", "min", "max"], args)?;
    let paragraphs = bound.int_or("n", 5)?.clamp(0, 1_000);
    let html = bound.get("html").is_none_or(|html| html.truthy().unwrap_or(true));
    let (low, high) = (bound.int_or("min", 20)?.clamp(1, 10_000), bound.int_or("max", 100)?.clamp(2, 10_000));
    let words: Vec<&str> = LIPSUM.split_whitespace().collect();
    let mut seed = context.world().random_u64();
    let mut next = |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound.max(1)
    };
    let mut out = Vec::new();
    for _ in 0..paragraphs {
        let span = u64::try_from((high - low).max(1)).unwrap_or(1);
        let count = low + i64::try_from(next(span)).unwrap_or(0);
        let text: Vec<&str> =
            (0..count).map(|_| words[usize::try_from(next(words.len() as u64)).unwrap_or(0)]).collect();
        let mut text = text.join(" ") + ".";
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        out.push(if html { format!("<p>{text}</p>") } else { text });
    }
    Ok(Value::text(out.join(if html { "\n" } else { "\n\n" })))
}
