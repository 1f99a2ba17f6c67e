//! Where the token, the endpoint and the poll interval come from: the provider block, the environment, the hcloud CLI.
//!
//! The order is the hcloud CLI's: what is written beats the environment, the environment beats a context, and a context
//! that is named beats the active one. Pure: environment and files are handed in.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use provider_framework::cty::Path as AttributePath;
use provider_framework::{Diagnostics, duration};
use provider_hcloud::Secret;
use serde::Deserialize;

/// Tokens of the real API have this many characters; other endpoints may have other tokens.
const TOKEN_CHARACTERS: usize = 64;

/// What is looked at besides the provider block.
pub struct Surroundings<'a> {
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The files.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// What the user wrote in the provider block.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// `token`.
    pub token: Option<Secret>,
    /// `endpoint`.
    pub endpoint: Option<String>,
    /// `context`.
    pub context: Option<String>,
    /// `poll_interval`.
    pub poll_interval: Option<String>,
}

/// What holds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The token; none is fine until something asks for the cloud.
    pub token: Option<Secret>,
    /// The endpoint; none for the real one.
    pub endpoint: Option<String>,
    /// First pause between two looks at an action.
    pub poll_interval: Option<Duration>,
    /// Where the token came from, for messages: "HCLOUD_TOKEN".
    pub token_source: String,
}

/// The part of the hcloud CLI's `cli.toml` that concerns us.
#[derive(Deserialize)]
struct CliConfig {
    active_context: Option<String>,
    #[serde(default)]
    contexts: Vec<CliContext>,
}

#[derive(Deserialize)]
struct CliContext {
    name: String,
    token: Option<String>,
    endpoint: Option<String>,
    #[serde(default)]
    preferences: BTreeMap<String, toml::Value>,
}

impl Settings {
    /// Settles what holds; problems are added with the attribute they concern.
    #[must_use]
    pub fn resolve(written: Written, surroundings: &Surroundings<'_>, diagnostics: &mut Diagnostics) -> Self {
        let variable = |name: &str| (surroundings.variable)(name).filter(|value| !value.trim().is_empty());
        let named = written.context.clone().or_else(|| variable("HCLOUD_CONTEXT"));
        let own_token = written.token.map(|token| (token, "the provider block".to_owned())).or_else(|| {
            variable("HCLOUD_TOKEN").map(|token| (Secret::new(token.trim()), "HCLOUD_TOKEN".to_owned()))
        });
        // A context in the block is meant, so it beats a token that happens to be in the environment.
        let context_wins = written.context.is_some()
            && own_token.as_ref().is_none_or(|(_, source)| source == "HCLOUD_TOKEN");
        let context = if own_token.is_none() || context_wins {
            find_context(named.as_deref(), written.context.is_some(), surroundings, diagnostics)
        } else {
            None
        };
        let context_token = context.as_ref().and_then(|context| {
            let token = context.token.clone().filter(|token| !token.is_empty())?;
            Some((Secret::new(token), format!("the hcloud CLI's context \"{}\"", context.name)))
        });
        let token = if context_wins { context_token.or(own_token) } else { own_token.or(context_token) };
        let endpoint = written
            .endpoint
            .or_else(|| variable("HCLOUD_ENDPOINT"))
            .or_else(|| context.as_ref().and_then(CliContext::endpoint));
        let (token, token_source) = token.unzip();
        let settings = Self {
            token,
            endpoint,
            poll_interval: poll_interval(
                written.poll_interval,
                variable("HCLOUD_POLL_INTERVAL"),
                diagnostics,
            ),
            token_source: token_source.unwrap_or_default(),
        };
        settings.check_token(diagnostics);
        settings
    }

    fn check_token(&self, diagnostics: &mut Diagnostics) {
        let Some(token) = &self.token else { return };
        let length = token.expose().chars().count();
        if self.endpoint.is_none() && length != TOKEN_CHARACTERS {
            diagnostics.error_at(
                attribute("token"),
                "Invalid token",
                format!(
                    "A token of the Hetzner Cloud has {TOKEN_CHARACTERS} characters, but the one from {} has {length}. \
                     Create one in the Hetzner Console under Security, API tokens, with read and write permission.",
                    self.token_source
                ),
            );
        }
    }
}

impl CliContext {
    fn endpoint(&self) -> Option<String> {
        let preferred =
            || self.preferences.get("endpoint").and_then(|value| value.as_str()).map(str::to_owned);
        self.endpoint.clone().or_else(preferred).filter(|endpoint| !endpoint.is_empty())
    }
}

fn attribute(name: &str) -> AttributePath {
    AttributePath::root().attribute(name)
}

fn poll_interval(
    written: Option<String>,
    from_environment: Option<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Duration> {
    let text = written.or(from_environment)?;
    let interval =
        duration::parse(&text).ok().and_then(duration::Signed::positive).filter(|found| !found.is_zero());
    if interval.is_none() {
        diagnostics.error_at(
            attribute("poll_interval"),
            "Invalid value",
            format!("poll_interval must be a positive duration such as \"500ms\", not \"{text}\"."),
        );
    }
    interval
}

/// Where the hcloud CLI keeps its contexts, and whether the user said so.
fn cli_config_path(surroundings: &Surroundings<'_>) -> Option<(PathBuf, bool)> {
    let variable = |name: &str| (surroundings.variable)(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("HCLOUD_CONFIG") {
        return Some((PathBuf::from(path), true));
    }
    let folder = if cfg!(windows) {
        variable("APPDATA").map(PathBuf::from)
    } else {
        let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        xdg.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))
    };
    Some((folder?.join("hcloud").join("cli.toml"), false))
}

/// The context to use: the named one, else the active one. A named one that is not there is an error.
fn find_context(
    named: Option<&str>,
    in_block: bool,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<CliContext> {
    let place = |diagnostics: &mut Diagnostics, detail: String| {
        if in_block {
            diagnostics.error_at(attribute("context"), "Cannot use the hcloud context", detail);
        } else {
            diagnostics.error("Cannot use the hcloud context", detail);
        }
    };
    let (path, is_explicit) = cli_config_path(surroundings)?;
    let shown = path.display();
    let text = match (surroundings.read)(&path) {
        Ok(text) => text,
        Err(error) => {
            if named.is_some() || is_explicit {
                place(
                    diagnostics,
                    format!("The hcloud CLI's configuration {shown} cannot be read: {error}."),
                );
            }
            return None;
        }
    };
    let config: CliConfig = match toml::from_str(&text) {
        Ok(config) => config,
        // The parser's own message would quote the file, tokens included.
        Err(error) => {
            let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
            let line = line.map_or(String::new(), |line| format!(" (line {line})"));
            place(diagnostics, format!("The hcloud CLI's configuration {shown} is no valid TOML{line}."));
            return None;
        }
    };
    let active = config.active_context.as_deref().filter(|name| !name.is_empty());
    let name = named.or(active)?;
    let names: Vec<String> = config.contexts.iter().map(|context| format!("\"{}\"", context.name)).collect();
    let found = config.contexts.into_iter().find(|context| context.name == name);
    if found.is_none() {
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        place(diagnostics, format!("There is no context \"{name}\" in {shown}, which has {known}."));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLI: &str = r#"
        active_context = "work"
        [[contexts]]
        name = "work"
        token = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
        [[contexts]]
        name = "lab"
        token = "lab-token"
        [contexts.preferences]
        endpoint = "http://127.0.0.1:8080/v1"
    "#;

    fn resolve(written: Written, variables: &[(&str, &str)], cli: &str) -> (Settings, Vec<String>) {
        let variable = |name: &str| {
            let home = (name == "HOME").then(|| "/home/ops".to_owned());
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).or(home)
        };
        let read = |path: &Path| {
            let there = path == Path::new("/home/ops/.config/hcloud/cli.toml")
                || path == Path::new("/etc/hcloud.toml");
            if there && !cli.is_empty() { Ok(cli.to_owned()) } else { Err(io::ErrorKind::NotFound.into()) }
        };
        let mut diagnostics = Diagnostics::new();
        let surroundings = Surroundings { variable: &variable, read: &read };
        let settings = Settings::resolve(written, &surroundings, &mut diagnostics);
        let said = diagnostics
            .iter()
            .map(|said| {
                format!("{}: {}", said.path.as_ref().map_or("-".into(), ToString::to_string), said.detail)
            })
            .collect();
        (settings, said)
    }

    #[track_caller]
    fn check(
        written: Written,
        variables: &[(&str, &str)],
        token: &str,
        source: &str,
        endpoint: Option<&str>,
    ) {
        let (settings, said) = resolve(written, variables, CLI);
        assert_eq!(said, Vec::<String>::new());
        assert_eq!(settings.token.map(|token| token.expose().to_owned()).unwrap_or_default(), token);
        assert_eq!(settings.token_source, source);
        assert_eq!(settings.endpoint.as_deref(), endpoint);
    }

    #[test]
    fn the_order_is_the_hcloud_clis() {
        let (real, work) = ("t".repeat(64), "w".repeat(64));
        let lab = || Some("lab".to_owned());
        let block = || Written { token: Some(Secret::new("b".repeat(64))), ..Written::default() };
        let local = Some("http://127.0.0.1:8080/v1");
        check(block(), &[("HCLOUD_TOKEN", &real)], &"b".repeat(64), "the provider block", None);
        check(
            Written::default(),
            &[("HCLOUD_TOKEN", &real), ("HCLOUD_CONTEXT", "lab")],
            &real,
            "HCLOUD_TOKEN",
            None,
        );
        check(
            Written::default(),
            &[("HCLOUD_CONTEXT", "lab")],
            "lab-token",
            "the hcloud CLI's context \"lab\"",
            local,
        );
        check(Written::default(), &[], &work, "the hcloud CLI's context \"work\"", None);
        let context = || Written { context: lab(), ..Written::default() };
        check(context(), &[("HCLOUD_TOKEN", &real)], "lab-token", "the hcloud CLI's context \"lab\"", local);
        check(
            Written { endpoint: Some("http://e".into()), ..context() },
            &[("HCLOUD_ENDPOINT", "http://f")],
            "lab-token",
            "the hcloud CLI's context \"lab\"",
            Some("http://e"),
        );
        let variables = [("HCLOUD_TOKEN", "short"), ("HCLOUD_ENDPOINT", "http://f")];
        check(Written::default(), &variables, "short", "HCLOUD_TOKEN", Some("http://f"));
    }

    #[track_caller]
    fn check_error(written: Written, variables: &[(&str, &str)], cli: &str, expected: &str) {
        let (_, said) = resolve(written, variables, cli);
        assert_eq!(said, [expected]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_attribute() {
        let missing =
            "-: There is no context \"x\" in /home/ops/.config/hcloud/cli.toml, which has \"work\", \"lab\".";
        check_error(Written::default(), &[("HCLOUD_CONTEXT", "x")], CLI, missing);
        let unreadable = "context: The hcloud CLI's configuration /home/ops/.config/hcloud/cli.toml cannot be read: entity not found.";
        check_error(Written { context: Some("x".into()), ..Written::default() }, &[], "", unreadable);
        let broken = "-: The hcloud CLI's configuration /etc/hcloud.toml is no valid TOML (line 1).";
        check_error(Written::default(), &[("HCLOUD_CONFIG", "/etc/hcloud.toml")], "token = hunter2", broken);
        let interval =
            "poll_interval: poll_interval must be a positive duration such as \"500ms\", not \"0s\".";
        check_error(Written { poll_interval: Some("0s".into()), ..Written::default() }, &[], "", interval);
        let (_, said) = resolve(Written::default(), &[("HCLOUD_TOKEN", "hunter2")], "");
        assert!(said[0].contains("HCLOUD_TOKEN has 7") && !said[0].contains("hunter2"), "{said:?}");
    }

    #[test]
    fn without_anything_there_is_no_token_and_no_complaint() {
        let (settings, said) = resolve(Written::default(), &[], "");
        assert!(settings.token.is_none() && said.is_empty(), "{said:?}");
    }
}
