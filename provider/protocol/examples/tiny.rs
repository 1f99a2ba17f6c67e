//! The smallest whole provider: one resource that keeps a text, one function. The process tests drive it, so some texts
//! make it misbehave: `panic` does, `wait` goes on until stopped, `child` starts a process that writes rubbish.

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode},
};

use async_trait::async_trait;
use provider_protocol::{
    Context, Diagnostic, DynamicValue, Plugin, ProviderServer, ServerCapabilities,
    cty::{Path, Type, Value},
    launched_by_terraform,
    rpc::{
        apply_resource_change, call_function, configure_provider, get_provider_schema, import_resource_state,
        plan_resource_change, read_data_source, read_resource, upgrade_resource_state,
        validate_data_resource_config, validate_provider_config, validate_resource_config,
    },
    schema::{Attribute, AttributeType, Block, Function, Parameter, Schema, StringKind},
    serve, serve_debug,
};

const PLUGIN: Plugin = Plugin { name: "tiny", version: "0.1.0", address: "example/tiny" };

fn main() -> ExitCode {
    let debug = std::env::args().any(|argument| argument == "--debug");
    let served =
        if debug && !launched_by_terraform() { serve_debug(Tiny, &PLUGIN) } else { serve(Tiny, &PLUGIN) };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Nobody is left to tell where this fails.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

struct Tiny;

fn attribute(name: &str, ty: Type) -> Attribute {
    Attribute {
        name: name.into(),
        ty: AttributeType::Plain(ty),
        description: format!("The {name}."),
        description_kind: StringKind::Plain,
        required: false,
        optional: false,
        computed: false,
        sensitive: false,
        write_only: false,
        deprecated: None,
    }
}

fn note() -> Schema {
    let attributes = vec![
        Attribute { computed: true, ..attribute("id", Type::String) },
        Attribute { required: true, ..attribute("text", Type::String) },
        Attribute { optional: true, ..attribute("anything", Type::Dynamic) },
    ];
    Schema { version: 0, block: Block { attributes, ..Block::default() } }
}

fn echo() -> Function {
    let value = Parameter {
        name: "value".into(),
        ty: Type::Dynamic,
        allow_null_value: true,
        allow_unknown_values: true,
        description: "What to return.".into(),
        description_kind: StringKind::Plain,
    };
    Function {
        parameters: vec![value],
        variadic_parameter: None,
        return_type: Type::Dynamic,
        summary: "Returns its argument".into(),
        description: "Returns its argument.".into(),
        description_kind: StringKind::Plain,
        deprecation_message: String::new(),
    }
}

/// The state, or what is wrong with it.
fn decode(value: &DynamicValue) -> Result<Value, Vec<Diagnostic>> {
    value.decode(&note().implied_type()).map_err(|error| vec![Diagnostic::bug("Unreadable value", &error)])
}

fn encode(value: &Value) -> DynamicValue {
    DynamicValue::encode(value, &note().implied_type())
        .expect("states here are made from states of the same type")
}

fn with_id(state: Value, id: Value) -> Value {
    match state {
        Value::Object(mut attributes) => {
            attributes.insert("id".into(), id);
            Value::Object(attributes)
        }
        other => other,
    }
}

#[async_trait]
impl ProviderServer for Tiny {
    async fn get_provider_schema(
        &self,
        _: &Context,
        _: get_provider_schema::Request,
    ) -> get_provider_schema::Response {
        get_provider_schema::Response {
            resource_schemas: BTreeMap::from([("tiny_note".to_owned(), note())]),
            functions: BTreeMap::from([("echo".to_owned(), echo())]),
            server_capabilities: ServerCapabilities {
                plan_destroy: true,
                get_provider_schema_optional: true,
                ..ServerCapabilities::default()
            },
            ..Default::default()
        }
    }

    async fn validate_provider_config(
        &self,
        _: &Context,
        _: validate_provider_config::Request,
    ) -> validate_provider_config::Response {
        Default::default()
    }

    async fn validate_resource_config(
        &self,
        _: &Context,
        request: validate_resource_config::Request,
    ) -> validate_resource_config::Response {
        let diagnostics = match decode(&request.config) {
            Ok(config) if config.get("text").and_then(Value::as_str) == Some("") => {
                vec![Diagnostic::error("Empty text", "Write something.").at(Path::root().attribute("text"))]
            }
            Ok(_) => Vec::new(),
            Err(diagnostics) => diagnostics,
        };
        validate_resource_config::Response { diagnostics }
    }

    async fn validate_data_resource_config(
        &self,
        _: &Context,
        _: validate_data_resource_config::Request,
    ) -> validate_data_resource_config::Response {
        Default::default()
    }

    async fn upgrade_resource_state(
        &self,
        _: &Context,
        request: upgrade_resource_state::Request,
    ) -> upgrade_resource_state::Response {
        match request.raw_state.decode(&note().implied_type()) {
            Ok(state) => {
                upgrade_resource_state::Response { upgraded_state: encode(&state), ..Default::default() }
            }
            Err(error) => {
                let diagnostics = vec![Diagnostic::bug("Unreadable state", &error)];
                upgrade_resource_state::Response { diagnostics, ..Default::default() }
            }
        }
    }

    async fn configure_provider(
        &self,
        _: &Context,
        request: configure_provider::Request,
    ) -> configure_provider::Response {
        tracing::info!(terraform = request.terraform_version, "configured");
        Default::default()
    }

    async fn read_resource(&self, _: &Context, request: read_resource::Request) -> read_resource::Response {
        read_resource::Response {
            new_state: request.current_state,
            private: request.private,
            ..Default::default()
        }
    }

    async fn plan_resource_change(
        &self,
        _: &Context,
        request: plan_resource_change::Request,
    ) -> plan_resource_change::Response {
        if request.proposed_new_state.is_null() {
            return Default::default();
        }
        match decode(&request.proposed_new_state) {
            Ok(state) if request.prior_state.is_null() => {
                let planned_state = encode(&with_id(state, Value::unknown()));
                plan_resource_change::Response { planned_state, ..Default::default() }
            }
            Ok(state) => {
                plan_resource_change::Response { planned_state: encode(&state), ..Default::default() }
            }
            Err(diagnostics) => plan_resource_change::Response { diagnostics, ..Default::default() },
        }
    }

    async fn apply_resource_change(
        &self,
        context: &Context,
        request: apply_resource_change::Request,
    ) -> apply_resource_change::Response {
        if request.planned_state.is_null() {
            return Default::default();
        }
        let planned = match decode(&request.planned_state) {
            Ok(planned) => planned,
            Err(diagnostics) => return apply_resource_change::Response { diagnostics, ..Default::default() },
        };
        let mut diagnostics = Vec::new();
        match planned.get("text").and_then(Value::as_str) {
            Some("panic") => panic!("asked to"),
            Some("wait") => {
                tracing::info!("waiting");
                context.cancelled.cancelled().await;
                diagnostics.push(Diagnostic::error("Stopped", "The work was cancelled."));
            }
            Some("child") => {
                let child =
                    "echo '{\"@message\":5}' >&2; echo rubbish; read line && echo \"$line\" >&2; sleep 30 &";
                drop(Command::new("sh").args(["-c", child]).status());
            }
            _ => {}
        }
        let new_state = encode(&with_id(planned, Value::string("note-1")));
        apply_resource_change::Response { new_state, diagnostics, ..Default::default() }
    }

    async fn import_resource_state(
        &self,
        _: &Context,
        request: import_resource_state::Request,
    ) -> import_resource_state::Response {
        let state = Value::object([
            ("id", Value::string(request.id)),
            ("text", Value::string("imported")),
            ("anything", Value::Null),
        ]);
        let imported = import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: encode(&state),
            ..Default::default()
        };
        import_resource_state::Response { imported_resources: vec![imported], ..Default::default() }
    }

    async fn read_data_source(
        &self,
        _: &Context,
        _: read_data_source::Request,
    ) -> read_data_source::Response {
        Default::default()
    }

    async fn call_function(&self, _: &Context, request: call_function::Request) -> call_function::Response {
        let wrong = |text: String| call_function::FunctionError { text, argument: Some(0) };
        let argument = request.arguments.first().ok_or_else(|| wrong("an argument is missing".into()))?;
        let value = argument.decode(&Type::Dynamic).map_err(|error| wrong(error.to_string()))?;
        DynamicValue::encode(&value, &Type::Dynamic).map_err(|error| wrong(error.to_string()))
    }
}
