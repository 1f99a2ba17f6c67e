//! A value read from text: data with the place it came from, as Ansible's YAML constructor makes it.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;

use crate::source::Span;

/// A value and where it stood. Cloning is cheap: everything large is shared.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub data: Data,
    /// The place of its first character.
    pub span: Span,
}

/// The values YAML 1.1 and Ansible's tags can express.
#[derive(Clone, PartialEq)]
pub enum Data {
    /// `null`, `~`, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of up to 64 bits.
    Int(i64),
    /// An integer that needs more than 64 bits.
    BigInt(Arc<BigInt>),
    /// A floating point number.
    Float(f64),
    /// A string with its trust.
    Str(Text),
    /// `!!binary`.
    Bytes(Arc<[u8]>),
    /// A date without a time.
    Date(jiff::civil::Date),
    /// A date and time, with the offset from UTC when one was written.
    DateTime(DateTime),
    /// A list.
    List(Arc<[Node]>),
    /// A pair of `!!pairs` or an item of `!!omap`: Python's tuple.
    Tuple(Arc<[Node]>),
    /// A mapping, in the order of the text.
    Map(Arc<Map>),
    /// `!!set`.
    Set(Arc<[Node]>),
    /// `!vault`: a string that is decrypted when it is used.
    Vault(Arc<Ciphertext>),
}

/// A string, and whether templates in it may be evaluated.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The characters.
    pub value: Arc<str>,
    /// False for `!unsafe` and for everything that did not come from the user's own files.
    pub trusted: bool,
}

/// A date and time as Python's `datetime` holds it.
#[derive(Clone, Copy, PartialEq)]
pub struct DateTime {
    /// The clock reading as written.
    pub civil: jiff::civil::DateTime,
    /// Seconds east of UTC; none for a naive datetime.
    pub offset_s: Option<i32>,
}

/// The still encrypted text of a `!vault` value, envelope included.
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext(pub Arc<str>);

impl fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ciphertext(…)")
    }
}

impl Node {
    /// A value at a place.
    pub fn new(data: Data, span: Span) -> Self {
        Self { data, span }
    }

    /// A trusted string at a place.
    pub fn string(value: impl Into<Arc<str>>, span: Span) -> Self {
        Self::new(Data::Str(Text { value: value.into(), trusted: true }), span)
    }

    /// Null at a place.
    pub fn null(span: Span) -> Self {
        Self::new(Data::Null, span)
    }

    /// A list at a place.
    pub fn list(items: Vec<Node>, span: Span) -> Self {
        Self::new(Data::List(items.into()), span)
    }

    /// A mapping at a place.
    pub fn map(map: Map, span: Span) -> Self {
        Self::new(Data::Map(Arc::new(map)), span)
    }

    /// The characters, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(&text.value),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Arc<Map>> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Whether it is a string in which a template may stand: it is trusted and contains `{{`, `{%` or `{#`.
    pub fn may_be_template(&self) -> bool {
        match &self.data {
            Data::Str(text) => text.trusted && has_template(&text.value),
            _ => false,
        }
    }

    /// The name Python gives the type, for messages.
    pub fn type_name(&self) -> &'static str {
        self.data.type_name()
    }

    /// What Python's `str()` gives for a scalar; none for containers, bytes and vaulted values.
    pub fn scalar_text(&self) -> Option<Cow<'_, str>> {
        Some(match &self.data {
            Data::Null => Cow::Borrowed("None"),
            Data::Bool(true) => Cow::Borrowed("True"),
            Data::Bool(false) => Cow::Borrowed("False"),
            Data::Int(value) => Cow::Owned(value.to_string()),
            Data::BigInt(value) => Cow::Owned(value.to_string()),
            Data::Float(value) => Cow::Owned(crate::yaml::number::python_float(*value)),
            Data::Str(text) => Cow::Borrowed(&text.value),
            Data::Date(date) => Cow::Owned(date.to_string()),
            Data::DateTime(time) => Cow::Owned(time.to_string()),
            _ => return None,
        })
    }

    /// The same value with every string in it untrusted, as `!unsafe` makes it.
    #[must_use]
    pub fn untrusted(&self) -> Self {
        let data = match &self.data {
            Data::Str(text) => Data::Str(Text { value: text.value.clone(), trusted: false }),
            Data::List(items) => Data::List(items.iter().map(Self::untrusted).collect()),
            Data::Tuple(items) => Data::Tuple(items.iter().map(Self::untrusted).collect()),
            Data::Set(items) => Data::Set(items.iter().map(Self::untrusted).collect()),
            Data::Map(map) => Data::Map(Arc::new(
                map.iter().map(|(key, value)| (key.untrusted(), value.untrusted())).collect(),
            )),
            other => other.clone(),
        };
        Self { data, span: self.span.clone() }
    }
}

/// Whether a string contains the start of a Jinja block, variable or comment.
pub fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

impl Data {
    /// The name Python gives the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) | Self::Vault(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::DateTime(_) => "datetime",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Map(_) => "dict",
            Self::Set(_) => "set",
        }
    }
}

impl fmt::Display for DateTime {
    /// As Python's `str(datetime)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.civil;
        write!(f, "{} {:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second())?;
        let micros = time.subsec_nanosecond() / 1000;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        if let Some(offset_s) = self.offset_s {
            let sign = if offset_s < 0 { '-' } else { '+' };
            let minutes = offset_s.abs() / 60;
            write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.fmt(f)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.trusted { "" } else { "!unsafe " };
        write!(f, "{mark}{:?}", self.value)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&crate::yaml::number::python_float(*value)),
            Self::Str(text) => text.fmt(f),
            Self::Bytes(bytes) => write!(f, "!!binary \"{}\"", bytes.escape_ascii()),
            Self::Date(date) => write!(f, "!!date {date}"),
            Self::DateTime(time) => write!(f, "!!datetime {time}"),
            Self::List(items) => f.debug_list().entries(items.iter()).finish(),
            Self::Tuple(items) => {
                f.write_str("!!tuple ")?;
                f.debug_list().entries(items.iter()).finish()
            }
            Self::Map(map) => map.fmt(f),
            Self::Set(items) => {
                f.write_str("!!set ")?;
                f.debug_set().entries(items.iter()).finish()
            }
            Self::Vault(_) => f.write_str("!vault …"),
        }
    }
}

/// A mapping in the order of its text, whose keys are equal as Python's are (`1`, `1.0` and `true` are one key).
#[derive(Clone, Default, PartialEq)]
pub struct Map(IndexMap<Key, Node>);

#[derive(Clone)]
struct Key(Node);

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty mapping with room.
    pub fn with_capacity(entries: usize) -> Self {
        Self(IndexMap::with_capacity(entries))
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a string key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.get(&StrKey(key))
    }

    /// The key node and value of a string key.
    pub fn get_entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.0.get_key_value(&StrKey(key)).map(|(key, value)| (&key.0, value))
    }

    /// The value of any key.
    pub fn get_node(&self, key: &Node) -> Option<&Node> {
        self.0.get(&KeyRef(key))
    }

    /// Whether a string key is present.
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(&StrKey(key))
    }

    /// Sets a key; a key that is present keeps its place and its first spelling, as in Python.
    pub fn insert(&mut self, key: Node, value: Node) -> Option<Node> {
        self.0.insert(Key(key), value)
    }

    /// Sets a string key.
    pub fn set(&mut self, key: &str, value: Node) -> Option<Node> {
        let span = value.span.clone();
        self.insert(Node::string(key, span), value)
    }

    /// Removes a string key and keeps the order of the others.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.0.shift_remove(&StrKey(key))
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Node, &Node)> + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (&key.0, value))
    }

    /// The entries whose keys are strings, in order.
    pub fn str_iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.iter().filter_map(|(key, value)| Some((key.as_str()?, value)))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Node> {
        self.0.keys().map(|key| &key.0)
    }

    /// Sets every entry of another mapping here.
    pub fn extend_from(&mut self, other: &Map) {
        for (key, value) in other.iter() {
            self.insert(key.clone(), value.clone());
        }
    }
}

impl FromIterator<(Node, Node)> for Map {
    fn from_iter<T: IntoIterator<Item = (Node, Node)>>(entries: T) -> Self {
        Self(entries.into_iter().map(|(key, value)| (Key(key), value)).collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

struct StrKey<'a>(&'a str);
struct KeyRef<'a>(&'a Node);

impl Hash for StrKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl indexmap::Equivalent<Key> for StrKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_str() == Some(self.0)
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_key(self.0, state);
    }
}

impl indexmap::Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        same_key(self.0, &key.0)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_key(&self.0, state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        same_key(&self.0, &other.0)
    }
}

impl Eq for Key {}

/// Numbers that are equal in Python have one form here, so that they hash alike.
enum Number<'a> {
    Int(i64),
    Big(&'a BigInt),
    Float(u64),
}

fn number(data: &Data) -> Option<Number<'_>> {
    Some(match data {
        Data::Bool(value) => Number::Int(i64::from(*value)),
        Data::Int(value) => Number::Int(*value),
        Data::BigInt(value) => Number::Big(value),
        // Exact for every float that is an integer an i64 can hold.
        Data::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => Number::Int(*value as i64),
        Data::Float(value) => Number::Float(value.to_bits()),
        _ => return None,
    })
}

fn hash_key<H: Hasher>(node: &Node, state: &mut H) {
    match number(&node.data) {
        Some(Number::Int(value)) => return value.hash(state),
        Some(Number::Big(value)) => return value.hash(state),
        Some(Number::Float(bits)) => return bits.hash(state),
        None => {}
    }
    match &node.data {
        Data::Str(text) => text.value.hash(state),
        Data::Bytes(bytes) => bytes.hash(state),
        Data::Date(date) => date.hash(state),
        Data::DateTime(time) => time.civil.hash(state),
        Data::Tuple(items) => items.iter().for_each(|item| hash_key(item, state)),
        Data::Vault(text) => text.0.hash(state),
        _ => 0_u8.hash(state),
    }
}

fn same_key(a: &Node, b: &Node) -> bool {
    match (number(&a.data), number(&b.data)) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => a == b,
        (Some(Number::Big(a)), Some(Number::Big(b))) => a == b,
        (Some(Number::Float(a)), Some(Number::Float(b))) => a == b,
        (None, None) => match (&a.data, &b.data) {
            (Data::Str(a), Data::Str(b)) => a.value == b.value,
            (Data::Tuple(a), Data::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_key(a, b))
            }
            (a, b) => a == b,
        },
        _ => false,
    }
}
