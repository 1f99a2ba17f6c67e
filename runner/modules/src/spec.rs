//! A module's options, written as text next to the code and parsed on first use.
//!
//! One line per option: `name(alias|alias) type! =default {choice|choice} no_log # What it does.`
//! Lines that start with `@` add a shared group of options; those with `!` are rules between options.

use std::sync::OnceLock;

/// What an option's value must be; conversions are Ansible's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Str,
    /// Ansible's yes, on, 1, true … and their opposites.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text in which `~` and `$VAR` are expanded on the machine.
    Path,
    /// Anything, untouched.
    Raw,
    /// A mapping.
    Dict,
    /// A list of anything.
    List,
    /// A list of texts.
    ListStr,
    /// A list of whole numbers.
    ListInt,
    /// A list of paths.
    ListPath,
    /// A list of mappings.
    ListDict,
    /// JSON as text.
    Json,
    /// A size such as `10M`, as a number of bytes.
    Bytes,
}

impl Type {
    /// Ansible's name of the type, for messages and pages.
    pub fn name(self) -> &'static str {
        match self {
            Type::Str => "str",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::Path => "path",
            Type::Raw => "raw",
            Type::Dict => "dict",
            Type::List | Type::ListStr | Type::ListInt | Type::ListPath | Type::ListDict => "list",
            Type::Json => "json",
            Type::Bytes => "bytes",
        }
    }

    /// The type of a list's elements.
    pub fn element(self) -> Option<Type> {
        match self {
            Type::ListStr => Some(Type::Str),
            Type::ListInt => Some(Type::Int),
            Type::ListPath => Some(Type::Path),
            Type::ListDict => Some(Type::Dict),
            Type::List => Some(Type::Raw),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Type> {
        Some(match text {
            "str" => Type::Str,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "float" => Type::Float,
            "path" => Type::Path,
            "raw" => Type::Raw,
            "dict" => Type::Dict,
            "list" => Type::List,
            "list:str" => Type::ListStr,
            "list:int" => Type::ListInt,
            "list:path" => Type::ListPath,
            "list:dict" => Type::ListDict,
            "json" => Type::Json,
            "bytes" => Type::Bytes,
            _ => return None,
        })
    }
}

/// One option.
#[derive(Clone, Debug)]
pub struct Opt {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: Vec<&'static str>,
    /// What its value must be.
    pub kind: Type,
    /// Whether it must be given.
    pub required: bool,
    /// The default, as text that is converted like a given value.
    pub default: Option<&'static str>,
    /// The values allowed; empty for any.
    pub choices: Vec<&'static str>,
    /// Whether its value is a secret.
    pub no_log: bool,
    /// One sentence or two.
    pub doc: &'static str,
}

/// A rule between options.
#[derive(Clone, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(Vec<&'static str>),
    /// All or none of them.
    Together(Vec<&'static str>),
    /// At least one of them.
    OneOf(Vec<&'static str>),
    /// If the option has the value, all (or any) of the others must be given.
    If {
        /// The option.
        option: &'static str,
        /// Its value, as text.
        value: &'static str,
        /// What is then needed.
        needs: Vec<&'static str>,
        /// One of them is enough.
        any: bool,
    },
    /// If the option is given, the others must be too.
    By {
        /// The option.
        option: &'static str,
        /// What is then needed.
        needs: Vec<&'static str>,
    },
}

/// How a module answers in check mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As it would for real.
    Full,
    /// It is skipped.
    None,
    /// It only reads, so there is no difference.
    ReadOnly,
}

/// Everything known about a module without running it.
pub struct Spec {
    /// Full name, such as `ansible.builtin.copy`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Check mode.
    pub check: Support,
    /// Whether `--diff` shows something.
    pub diff: bool,
    /// Whether arguments may be text that is not `key=value`.
    pub free_form: bool,
    /// Whether any other key is allowed (set_fact, add_host …).
    pub open: bool,
    text: &'static str,
    parsed: OnceLock<(Vec<Opt>, Vec<Rule>)>,
}

impl Spec {
    /// A module with full check mode and no diff; see the other constructors for what can be changed.
    pub const fn new(name: &'static str, summary: &'static str, text: &'static str) -> Self {
        Spec {
            name,
            summary,
            check: Support::Full,
            diff: false,
            free_form: false,
            open: false,
            text,
            parsed: OnceLock::new(),
        }
    }

    /// It shows diffs.
    #[must_use]
    pub const fn with_diff(mut self) -> Self {
        self.diff = true;
        self
    }

    /// It is skipped in check mode.
    #[must_use]
    pub const fn no_check(mut self) -> Self {
        self.check = Support::None;
        self
    }

    /// It only reads.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.check = Support::ReadOnly;
        self
    }

    /// It takes free-form text.
    #[must_use]
    pub const fn free_form(mut self) -> Self {
        self.free_form = true;
        self
    }

    /// It takes any key.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The name without its collection.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The options, in the order they are documented.
    pub fn options(&self) -> &[Opt] {
        &self.parsed().0
    }

    /// The rules between options.
    pub fn rules(&self) -> &[Rule] {
        &self.parsed().1
    }

    /// The option that has this name or alias.
    pub fn option(&self, name: &str) -> Option<&Opt> {
        self.options().iter().find(|option| option.name == name || option.aliases.contains(&name))
    }

    fn parsed(&self) -> &(Vec<Opt>, Vec<Rule>) {
        self.parsed.get_or_init(|| {
            let (mut options, mut rules) = (Vec::new(), Vec::new());
            parse(self.text, &mut options, &mut rules);
            (options, rules)
        })
    }
}

/// Options that many modules share.
const SHARED: &[(&str, &str)] = &[
    (
        "files",
        "mode raw # Permissions: an octal number as text, or symbolic such as u=rw,g=r,o=r.
owner str # The user that should own the file.
group str # The group that should own the file.
seuser str # The user part of the SELinux context.
serole str # The role part of the SELinux context.
selevel str # The level part of the SELinux context.
setype str # The type part of the SELinux context.
unsafe_writes bool =false # Write in place if the file cannot be replaced at once (bind mounts).
attributes(attr) str # Flags as chattr takes them.",
    ),
    ("backup", "backup bool =false # Keep the old file under a name with the time in it."),
    (
        "validate",
        "validate str # A command that must succeed before the file is put in place; %s is the new file.",
    ),
    (
        "url",
        "url_username(user|username) str # User for HTTP authentication.
url_password(password) str no_log # Password for HTTP authentication.
force_basic_auth bool =false # Send the password with the first request.
validate_certs bool =true # Check the server's certificate.
use_proxy bool =true # Use the proxy that the environment names.
http_agent str =ansible-httpget # User-Agent header.
client_cert path # Certificate for TLS client authentication.
client_key path # Its private key.
ciphers list:str # Accepted and ignored: the TLS library's own safe choice is used.
unredirected_headers list:str =[] # Headers that are not sent again after a redirect.
use_gssapi bool =false # Not supported.
use_netrc bool =true # Take credentials from ~/.netrc.
decompress bool =true # Undo gzip content encoding.",
    ),
];

fn parse(text: &'static str, options: &mut Vec<Opt>, rules: &mut Vec<Rule>) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(group) = line.strip_prefix('@') {
            let shared = SHARED.iter().find(|(name, _)| *name == group);
            parse(shared.expect("groups are named in SHARED").1, options, rules);
        } else if let Some(rule) = line.strip_prefix('!') {
            rules.push(parse_rule(rule).expect("rules are checked by a test over all modules"));
        } else {
            options.push(parse_option(line).expect("options are checked by a test over all modules"));
        }
    }
}

fn parse_rule(line: &'static str) -> Option<Rule> {
    let (kind, rest) = line.split_once(' ')?;
    let split = |text: &'static str, at: char| text.split(at).map(str::trim).collect::<Vec<_>>();
    Some(match kind {
        "exclusive" => Rule::Exclusive(split(rest, ',')),
        "together" => Rule::Together(split(rest, ',')),
        "one_of" => Rule::OneOf(split(rest, ',')),
        "by" => {
            let (option, needs) = rest.split_once(" needs ")?;
            Rule::By { option, needs: split(needs, ',') }
        }
        "if" => {
            let (condition, needs) = rest.split_once(" needs ")?;
            let (option, value) = condition.split_once('=')?;
            let any = needs.contains('|');
            Rule::If { option, value, needs: split(needs, if any { '|' } else { ',' }), any }
        }
        _ => return None,
    })
}

fn parse_option(line: &'static str) -> Option<Opt> {
    let (head, doc) = line.split_once(" # ")?;
    let (names, mut rest) = head.split_once(' ')?;
    let (name, aliases) = match names.split_once('(') {
        Some((name, aliases)) => (name, aliases.strip_suffix(')')?.split('|').collect()),
        None => (names, Vec::new()),
    };
    let kind = rest.split_whitespace().next()?;
    rest = rest[kind.len()..].trim();
    let required = kind.ends_with('!');
    let mut option = Opt {
        name,
        aliases,
        kind: Type::parse(kind.trim_end_matches('!'))?,
        required,
        default: None,
        choices: Vec::new(),
        no_log: false,
        doc: doc.trim(),
    };
    if let Some(head) = rest.strip_suffix("no_log") {
        option.no_log = true;
        rest = head.trim();
    }
    // Choices are at the end; a default may have braces of its own.
    let choices = rest.strip_suffix('}').and_then(|rest| {
        rest.rsplit_once(" {").or_else(|| rest.strip_prefix('{').map(|choices| ("", choices)))
    });
    if let Some((head, choices)) = choices {
        option.choices = choices.split('|').collect();
        rest = head.trim();
    }
    if let Some(default) = rest.strip_prefix('=') {
        option.default = Some(default);
    } else if !rest.is_empty() {
        return None;
    }
    Some(option)
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_specs_can_be_read() {
        for entry in crate::library() {
            let (options, rules) = (entry.spec.options(), entry.spec.rules());
            for option in options {
                assert!(!option.doc.is_empty(), "{}: {} has no text", entry.spec.name, option.name);
                assert!(
                    option.doc.ends_with('.') || option.doc.ends_with('…'),
                    "{}: {}",
                    entry.spec.name,
                    option.doc
                );
            }
            let names = rules.iter().flat_map(|rule| match rule {
                super::Rule::Exclusive(names) | super::Rule::Together(names) | super::Rule::OneOf(names) => {
                    names.clone()
                }
                super::Rule::If { option, needs, .. } | super::Rule::By { option, needs } => {
                    [vec![*option], needs.clone()].concat()
                }
            });
            for name in names {
                assert!(entry.spec.option(name).is_some(), "{}: a rule names {name}", entry.spec.name);
            }
        }
    }
}
