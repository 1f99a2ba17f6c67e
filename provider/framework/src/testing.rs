//! Terraform's side of the conversation, for testing a resource without Terraform: every answer is held to its rules.
//!
//! ```no_run
//! # use provider_framework::{cty::Value, testing::Simulator, Provider};
//! # async fn example(provider: impl Provider) {
//! let mut terraform = Simulator::new(provider);
//! terraform.configure(Value::object::<String>([])).await.expect("a good provider block");
//! let config = Value::object([("name", Value::from("hall"))]);
//! let change = terraform.apply("demo_room", "a", &config).await.expect("it can be created");
//! assert_eq!(change.action.to_string(), "create");
//! terraform.expect_settled("demo_room", "a", &config).await;
//! # }
//! ```

mod proposed;

use std::collections::BTreeMap;
use std::fmt;

use provider_protocol::cty::{Path, Type, Value};
use provider_protocol::rpc::{
    apply_resource_change, configure_provider, import_resource_state, plan_resource_change, read_data_source,
    read_resource, validate_resource_config,
};
use provider_protocol::schema::Nesting;
use provider_protocol::{ClientCapabilities, Context, Diagnostic, DynamicValue, ProviderServer};

pub use proposed::proposed_new;

use crate::schema::{Block, Body};
use crate::values::conform;
use crate::{Provider, Server};

/// A Terraform that has only this provider.
pub struct Simulator<P: Provider> {
    server: Server<P>,
    instances: BTreeMap<(String, String), Instance>,
    /// What this Terraform can do.
    pub capabilities: ClientCapabilities,
    /// The circumstances of each call; cancel it to stop one.
    pub context: Context,
}

/// One resource in the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// What is.
    pub state: Value,
    /// Private data.
    pub private: Vec<u8>,
    /// Whether its creation failed, so that the next apply replaces it.
    pub tainted: bool,
}

/// What a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Deletes and makes it.
    Replace,
    /// Deletes it.
    Delete,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOp => "no-op",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        })
    }
}

/// A change that is planned or made.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// What will be, or is.
    pub state: Value,
    /// Why it is replaced.
    pub replace: Vec<Path>,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
    private: Vec<u8>,
}

impl<P: Provider> Simulator<P> {
    /// A Terraform with nothing in its state.
    pub fn new(provider: P) -> Self {
        Self {
            server: Server::new(provider).checking_contract(true),
            instances: BTreeMap::new(),
            capabilities: ClientCapabilities {
                write_only_attributes_allowed: true,
                ..ClientCapabilities::default()
            },
            context: Context::background(),
        }
    }

    /// The server under test.
    pub const fn server(&self) -> &Server<P> {
        &self.server
    }

    /// What the state has of a resource.
    pub fn instance(&self, type_name: &str, name: &str) -> Option<&Instance> {
        self.instances.get(&(type_name.to_owned(), name.to_owned()))
    }

    /// Configures the provider. Attributes that are not given are null.
    ///
    /// # Errors
    /// The provider answered with an error.
    pub async fn configure(&mut self, config: Value) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let request = configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config: encoded(&complete(&self.server.schema.body, &config), &self.server.ty),
            client_capabilities: self.capabilities,
        };
        checked(self.server.configure_provider(&self.context, request).await.diagnostics)
    }

    /// Validates a configuration.
    pub async fn validate(&self, type_name: &str, config: &Value) -> Vec<Diagnostic> {
        let (body, ty) = self.shape(type_name);
        let request = validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: encoded(&complete(body, config), ty),
            client_capabilities: self.capabilities,
        };
        self.server.validate_resource_config(&self.context, request).await.diagnostics
    }

    /// Refreshes a resource.
    ///
    /// # Errors
    /// The provider answered with an error; the state stays.
    pub async fn refresh(&mut self, type_name: &str, name: &str) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let Some(instance) = self.instance(type_name, name).cloned() else { return Ok(Vec::new()) };
        let (_, ty) = self.shape(type_name);
        let request = read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: encoded(&instance.state, ty),
            private: instance.private,
            client_capabilities: self.capabilities,
            ..read_resource::Request::default()
        };
        let response = self.server.read_resource(&self.context, request).await;
        let state = decoded(&response.new_state, ty);
        let diagnostics = checked(response.diagnostics)?;
        let key = (type_name.to_owned(), name.to_owned());
        if state.is_null() {
            self.instances.remove(&key);
        } else {
            self.instances
                .insert(key, Instance { state, private: response.private, tainted: instance.tainted });
        }
        Ok(diagnostics)
    }

    /// Plans a change; a configuration of null destroys.
    ///
    /// # Errors
    /// The provider answered with an error.
    pub async fn plan(&self, type_name: &str, name: &str, config: &Value) -> Result<Change, Vec<Diagnostic>> {
        let (body, _) = self.shape(type_name);
        let config = if config.is_null() { Value::Null } else { complete(body, config) };
        let prior = self.instance(type_name, name).cloned();
        let prior_state = prior.as_ref().map_or(Value::Null, |instance| instance.state.clone());
        let private = prior.as_ref().map_or_else(Vec::new, |instance| instance.private.clone());
        let mut change = self.ask_plan(type_name, &prior_state, &config, private).await?;
        let replace: Vec<Path> = change
            .replace
            .iter()
            .filter(|path| prior_state.at(path) != change.state.at(path))
            .cloned()
            .collect();
        let tainted = prior.as_ref().is_some_and(|instance| instance.tainted);
        change.action = match (prior_state.is_null(), change.state.is_null()) {
            (true, true) => Action::NoOp,
            (true, false) => Action::Create,
            (false, true) => Action::Delete,
            (false, false) if tainted || !replace.is_empty() => Action::Replace,
            (false, false) if change.state == prior_state => Action::NoOp,
            (false, false) => Action::Update,
        };
        if change.action == Action::Replace {
            // Terraform asks again as if there were nothing, with the private data of the first answer.
            let again = self.ask_plan(type_name, &Value::Null, &config, change.private).await?;
            change = Change { action: Action::Replace, replace, ..again };
        }
        Ok(change)
    }

    async fn ask_plan(
        &self,
        type_name: &str,
        prior: &Value,
        config: &Value,
        private: Vec<u8>,
    ) -> Result<Change, Vec<Diagnostic>> {
        let (body, ty) = self.shape(type_name);
        let request = plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: encoded(prior, ty),
            proposed_new_state: encoded(&proposed_new(body, prior, config), ty),
            config: encoded(config, ty),
            prior_private: private,
            client_capabilities: self.capabilities,
            ..plan_resource_change::Request::default()
        };
        let response = self.server.plan_resource_change(&self.context, request).await;
        let diagnostics = checked(response.diagnostics)?;
        let state = decoded(&response.planned_state, ty);
        assert!(!config.is_null() || state.is_null(), "a destroy was planned as something else");
        Ok(Change {
            action: Action::NoOp,
            state,
            replace: response.requires_replace,
            diagnostics,
            private: response.planned_private,
        })
    }

    /// Refreshes, validates, plans twice and applies; a configuration of null destroys.
    ///
    /// # Errors
    /// The provider answered with an error. As with Terraform, what it made is in the state all the same.
    pub async fn apply(
        &mut self,
        type_name: &str,
        name: &str,
        config: &Value,
    ) -> Result<Change, Vec<Diagnostic>> {
        if !config.is_null() {
            checked(self.validate(type_name, config).await)?;
        }
        self.refresh(type_name, name).await?;
        let change = self.plan(type_name, name, config).await?;
        let again = self.plan(type_name, name, config).await?;
        assert_eq!(change.state, again.state, "asked twice, the plan differs");
        let (body, _) = self.shape(type_name);
        let config = if config.is_null() { Value::Null } else { complete(body, config) };
        match change.action {
            Action::NoOp => Ok(change),
            Action::Replace => {
                let private =
                    self.instance(type_name, name).map_or_else(Vec::new, |found| found.private.clone());
                let delete = Change { state: Value::Null, private, ..change.clone() };
                self.ask_apply(type_name, name, &Value::Null, delete).await?;
                self.ask_apply(type_name, name, &config, change).await
            }
            _ => self.ask_apply(type_name, name, &config, change).await,
        }
    }

    async fn ask_apply(
        &mut self,
        type_name: &str,
        name: &str,
        config: &Value,
        change: Change,
    ) -> Result<Change, Vec<Diagnostic>> {
        let (_, ty) = self.shape(type_name);
        let prior = self.instance(type_name, name).map_or(Value::Null, |instance| instance.state.clone());
        let request = apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: encoded(&prior, ty),
            planned_state: encoded(&change.state, ty),
            config: encoded(config, ty),
            planned_private: change.private.clone(),
            ..apply_resource_change::Request::default()
        };
        let response = self.server.apply_resource_change(&self.context, request).await;
        let state = decoded(&response.new_state, ty);
        let failed = response.diagnostics.iter().any(Diagnostic::is_error);
        let key = (type_name.to_owned(), name.to_owned());
        if state.is_null() {
            self.instances.remove(&key);
        } else {
            assert!(state.is_wholly_known(), "an unknown value reached the state");
            let tainted = failed && prior.is_null();
            self.instances.insert(key, Instance { state: state.clone(), private: response.private, tainted });
        }
        let diagnostics = checked(response.diagnostics)?;
        Ok(Change { state, diagnostics, ..change })
    }

    /// Imports a resource by id and reads it.
    ///
    /// # Errors
    /// The provider answered with an error.
    pub async fn import(&mut self, type_name: &str, name: &str, id: &str) -> Result<(), Vec<Diagnostic>> {
        let (_, ty) = self.shape(type_name);
        let request = import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: self.capabilities,
            identity: None,
        };
        let response = self.server.import_resource_state(&self.context, request).await;
        let state = response.imported_resources.first().map(|found| decoded(&found.state, ty));
        let private = response.imported_resources.into_iter().next().map(|found| found.private);
        checked(response.diagnostics)?;
        let state = state.expect("an import without errors finds something");
        let key = (type_name.to_owned(), name.to_owned());
        let private = private.unwrap_or_default();
        self.instances.insert(key, Instance { state, private, tainted: false });
        self.refresh(type_name, name).await?;
        Ok(())
    }

    /// Looks a data source up.
    ///
    /// # Errors
    /// The provider answered with an error.
    pub async fn look_up(&self, type_name: &str, config: &Value) -> Result<Value, Vec<Diagnostic>> {
        let source = self.server.data_source(type_name).expect("the data source exists");
        let request = read_data_source::Request {
            type_name: type_name.to_owned(),
            config: encoded(&complete(&source.schema().body, config), source.ty()),
            client_capabilities: self.capabilities,
            ..read_data_source::Request::default()
        };
        let response = self.server.read_data_source(&self.context, request).await;
        let state = decoded(&response.state, source.ty());
        checked(response.diagnostics).map(|_| state)
    }

    /// Asserts that a refresh and a plan change nothing.
    ///
    /// # Panics
    /// Something would change, or the provider answered with an error.
    pub async fn expect_settled(&mut self, type_name: &str, name: &str, config: &Value) {
        let before = self.instance(type_name, name).cloned();
        self.refresh(type_name, name).await.expect("a settled resource can be read");
        assert_eq!(self.instance(type_name, name).cloned(), before, "reading changed the state");
        let change = self.plan(type_name, name, config).await.expect("a settled resource can be planned");
        let (prior, planned) = (before.map_or(Value::Null, |before| before.state), change.state);
        assert_eq!(
            change.action,
            Action::NoOp,
            "a settled resource plans a change\nfrom {prior:?}\nto   {planned:?}"
        );
    }

    fn shape(&self, type_name: &str) -> (&Body, &Type) {
        let resource = self.server.resource(type_name).expect("the resource type exists");
        (&resource.schema().body, resource.ty())
    }
}

/// The configuration with everything that is not given: attributes null, blocks empty.
fn complete(body: &Body, config: &Value) -> Value {
    let mut config = conform(config, &body.ty());
    fill_blocks(&body.blocks, &mut config);
    config
}

fn fill_blocks(blocks: &[Block], value: &mut Value) {
    let Value::Object(members) = value else { return };
    for block in blocks {
        let Some(member) = members.get_mut(&block.name) else { continue };
        if member.is_null() && block.nesting != Nesting::Single {
            *member = match block.nesting {
                Nesting::List => Value::list([]),
                Nesting::Set => Value::set([]),
                Nesting::Map | Nesting::Single => Value::map::<String>([]),
            };
        }
        if let Value::List(elements) = member {
            elements.iter_mut().for_each(|element| fill_blocks(&block.body.blocks, element));
        }
        if block.nesting == Nesting::Single {
            fill_blocks(&block.body.blocks, member);
        }
    }
}

fn encoded(value: &Value, ty: &Type) -> DynamicValue {
    DynamicValue::encode(value, ty).unwrap_or_else(|error| panic!("the test's value does not fit: {error:?}"))
}

fn decoded(value: &DynamicValue, ty: &Type) -> Value {
    value.decode(ty).unwrap_or_else(|error| panic!("the provider's value does not fit: {error:?}"))
}

fn checked(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(diagnostics) }
}
