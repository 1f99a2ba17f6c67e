//! A provider for the tests of the framework: one resource that has everything a resource can have.
//!
//! Its world is a folder with a file per thing, so that several processes share it and tests can reach in. It is served from
//! the test's own process and as the program `terraform-provider-probe`.

mod thing;
mod token;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use provider_framework::cty::{Type, Value};
use provider_framework::schema::{Attribute, Schema, validate};
use provider_framework::{
    Arguments, Attr, DataSource, Diagnostic, Diagnostics, Function, FunctionError, Offers, Outcome,
    Parameter, Plugin, Provider, Run, Setup, Signature, async_trait, model,
};
use serde_json::{Value as Json, json};

pub use thing::{PartModel, Thing, ThingModel};
pub use token::Token;

/// What the plugin is.
pub const PLUGIN: Plugin = Plugin { name: "probe", version: "1.2.3", address: "tests/probe" };

/// The provider.
pub struct Probe;

model! {
    /// The provider block.
    pub struct ProbeConfig {
        pub world: Attr<String>,
        pub old_world: Attr<String>,
        pub level: Attr<i64>,
    }
}

/// The folder that stands for the world.
#[derive(Debug, Clone)]
pub struct World(PathBuf);

impl World {
    /// The world in that folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    /// What there is of a thing.
    pub fn get(&self, name: &str) -> Option<Json> {
        serde_json::from_str(&fs::read_to_string(self.path(name)).ok()?).ok()
    }

    /// Makes or changes a thing.
    pub fn put(&self, name: &str, thing: &Json) -> io::Result<()> {
        fs::write(self.path(name), thing.to_string())
    }

    /// Removes a thing; one that is not there is removed already.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Notes what happened.
    pub fn log(&self, what: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(self.0.join("log.txt"));
        // A world that cannot be written to fails the test elsewhere.
        let _ = file.and_then(|mut file| writeln!(file, "{what}"));
    }

    /// What happened so far, a line each.
    pub fn happened(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.join("log.txt")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[async_trait]
impl Provider for Probe {
    type Config = ProbeConfig;
    type Client = World;

    fn name(&self) -> &'static str {
        "probe"
    }

    fn version(&self) -> &'static str {
        PLUGIN.version
    }

    fn schema(&self) -> Schema {
        Schema::new("A provider for tests.")
            .attribute(
                Attribute::string("world").optional().describe("The folder; without it, `PROBE_WORLD`."),
            )
            .attribute(
                Attribute::string("old_world").optional().deprecated("Use world.").describe("The same."),
            )
            .attribute(
                Attribute::number("level")
                    .optional()
                    .validate(validate::between(1..=3))
                    .describe("A number."),
            )
    }

    async fn configure(&self, setup: Setup<ProbeConfig>, diagnostics: &mut Diagnostics) -> Option<World> {
        let folder = match setup.config.world {
            Attr::Unknown => return None,
            Attr::Known(folder) => Some(folder),
            Attr::Null => std::env::var("PROBE_WORLD").ok(),
        };
        let Some(folder) = folder else {
            diagnostics.error("There is no world", "Set world, or the environment variable PROBE_WORLD.");
            return None;
        };
        let world = World::new(folder);
        world.log("configure");
        Some(world)
    }

    fn offers(&self) -> Offers<World> {
        Offers::new().resource(Thing).data_source(Look).function(Shout).ephemeral(Token)
    }
}

/// `data.probe_look`: looks a thing up.
struct Look;

model! {
    struct LookModel {
        name: Attr<String>,
        size: Attr<i64>,
        prefix: Attr<String>,
    }
}

#[async_trait]
impl DataSource for Look {
    type Model = LookModel;
    type Client = World;

    fn name(&self) -> &'static str {
        "probe_look"
    }

    fn schema(&self) -> Schema {
        Schema::new("Looks a thing up.")
            .attribute(
                Attribute::string("name").required().validate(validate::not_empty()).describe("Its name."),
            )
            .attribute(Attribute::number("size").computed().describe("Its size."))
            .attribute(Attribute::string("prefix").default("p-").describe("A default."))
    }

    async fn read(&self, run: &mut Run<World>, mut config: LookModel) -> Outcome<LookModel> {
        let world = match run.client() {
            Ok(world) => world,
            Err(diagnostic) => return Outcome::failed(diagnostic),
        };
        let name = config.name.clone().unwrap_or_default();
        let Some(thing) = world.get(&name) else {
            return Outcome::failed(Diagnostic::error(
                "There is no such thing",
                format!("Nothing is named {name}."),
            ));
        };
        config.size = thing["size"].as_i64().into();
        config.into()
    }
}

/// `provider::probe::shout(text)`.
struct Shout;

impl Function for Shout {
    fn name(&self) -> &'static str {
        "shout"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Shouts".to_owned(),
            description: "Turns text into capitals.".to_owned(),
            parameters: vec![Parameter::new("text", Type::String, "The text.")],
            variadic: Some(Parameter::new("more", Type::String, "More text.")),
            returns: Type::String,
            deprecated: String::new(),
        }
    }

    fn call(&self, arguments: &Arguments) -> Result<Value, FunctionError> {
        let mut words = Vec::new();
        for index in 0..arguments.len() {
            let word: String = arguments.get(index)?;
            if word.is_empty() {
                return Err(provider_framework::wrong_argument(index, "there is nothing to shout"));
            }
            words.push(word.to_uppercase());
        }
        Ok(Value::string(words.join(" ")))
    }
}

/// The world's view of a thing.
fn thing_json(size: i64, secret_length: usize) -> Json {
    json!({ "size": size, "secret_length": secret_length })
}
