//! `tracing` events as hclog's JSON lines, the one log format Terraform understands.
//!
//! Terraform reads a line as a log entry only if its time has exactly six fractional digits, and it crashes where a key
//! that begins with `@` is not a string. Both are held here by construction.

use std::{fmt, time::SystemTime};

use serde_json::{Map, Value as Json};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{Layer, layer, layer::SubscriberExt, registry::LookupSpan};

use crate::{serve::Plugin, stdio};

/// Longer texts are cut: Terraform splits lines of 64 KiB, and JSON may need six bytes for one.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// Lines beyond this lose their fields, for the same reason.
const LINE_BYTES_MAX: usize = 60 << 10;

/// Crates whose inner workings nobody looking for a provider's mistake wants to read; only their warnings pass.
const NOISY: [&str; 8] = ["h2", "hyper", "hyper_util", "rustls", "tokio", "tonic", "tower", "mio"];

/// Our own machinery, which has a level of its own.
const SDK: [&str; 2] = ["provider_protocol", "provider_framework"];

/// Sends all events of this process to Terraform, as far as the environment asks for them.
pub(crate) fn install(plugin: &Plugin, var: impl Fn(&str) -> Option<String>) {
    let levels = Levels::from_env(plugin.name, var);
    let layer = Hclog { levels, write: |line: &str| stdio::write_log(line.as_bytes()) };
    // A subscriber that is already there, as in tests or in a larger program, stays.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// Which levels pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels {
    provider: LevelFilter,
    sdk: LevelFilter,
}

impl Levels {
    /// The variables in the order the Go SDK asks them: the most specific one decides.
    fn from_env(name: &str, var: impl Fn(&str) -> Option<String>) -> Self {
        let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
        let level = |names: &[&str]| {
            let text = names.iter().find_map(|name| var(name).filter(|value| !value.is_empty()))?;
            Some(read_level(&text))
        };
        let provider = level(&[&own, "TF_LOG_PROVIDER", "TF_LOG"]).unwrap_or(LevelFilter::OFF);
        let sdk = level(&["TF_LOG_SDK_PROTO", "TF_LOG_SDK"]).unwrap_or(provider);
        Levels { provider, sdk }
    }

    fn pass(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let filter = if SDK.contains(&root) {
            self.sdk
        } else if NOISY.contains(&root) {
            self.provider.min(LevelFilter::WARN)
        } else {
            self.provider
        };
        *metadata.level() <= filter
    }
}

/// As Terraform reads it: `JSON` means everything, and so does a word it does not know.
fn read_level(text: &str) -> LevelFilter {
    match text.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// The layer that renders and writes.
struct Hclog<W> {
    levels: Levels,
    write: W,
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: layer::Context<'_, S>) -> bool {
        self.levels.pass(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels.provider.max(self.levels.sdk))
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: layer::Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: layer::Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        let mut all = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                all.fields.extend(fields.fields.clone());
            }
        }
        event.record(&mut all);
        (self.write)(&line(event.metadata(), all, SystemTime::now()));
    }
}

/// What an event or a span says.
#[derive(Default)]
struct Fields {
    message: String,
    fields: Map<String, Json>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Json) {
        // `@` keys are Terraform's; ours must not look like them.
        let name = field.name().trim_start_matches('@');
        self.fields.insert(name.to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
        if field.name() == "message" {
            self.message = text.to_owned();
        } else {
            self.put(field, text.into());
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}

fn line(metadata: &Metadata<'_>, said: Fields, now: SystemTime) -> String {
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let mut object = Map::new();
    object.insert("@level".into(), level.into());
    object.insert("@message".into(), said.message.into());
    object.insert("@module".into(), metadata.target().into());
    object.insert("@timestamp".into(), timestamp(now).into());
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        object.insert("@caller".into(), format!("{file}:{line}").into());
    }
    let head = object.clone();
    object.extend(said.fields);
    let full = Json::Object(object).to_string();
    // Without its fields a line always fits.
    (if full.len() > LINE_BYTES_MAX { Json::Object(head).to_string() } else { full }) + "\n"
}

/// The time in UTC with exactly six fractional digits, in the form Go calls `2006-01-02T15:04:05.000000Z07:00`.
fn timestamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests;
