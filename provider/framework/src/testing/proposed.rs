//! The state that Terraform proposes: the configuration, filled in from the prior state where the provider decides.

use provider_protocol::cty::{Step, Value};
use provider_protocol::schema::Nesting;

use crate::schema::{Attribute, Block, Body};

static NULL: Value = Value::Null;

/// What Terraform proposes for a configuration and a prior state, null for "nothing yet" or "destroy".
#[must_use]
pub fn proposed_new(body: &Body, prior: &Value, config: &Value) -> Value {
    if config.is_null() {
        return Value::Null;
    }
    object(&body.attributes, &body.blocks, prior, config)
}

fn object(attributes: &[Attribute], blocks: &[Block], prior: &Value, config: &Value) -> Value {
    let sides = |name: &str| (prior.get(name).unwrap_or(&NULL), config.get(name).unwrap_or(&NULL));
    let attributes = attributes.iter().map(|attribute| {
        let (prior, config) = sides(&attribute.name);
        (attribute.name.clone(), proposed_attribute(attribute, prior, config))
    });
    let blocks = blocks.iter().map(|block| {
        let (prior, config) = sides(&block.name);
        (block.name.clone(), nested(block.nesting, &block.body.attributes, &block.body.blocks, prior, config))
    });
    Value::Object(attributes.chain(blocks).collect())
}

fn proposed_attribute(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    if attribute.is_computed() && config.is_null() {
        return prior.clone();
    }
    match attribute.nested() {
        Some((nesting, inner)) => nested(nesting, inner, &[], prior, config),
        None => config.clone(),
    }
}

fn nested(
    nesting: Nesting,
    attributes: &[Attribute],
    blocks: &[Block],
    prior: &Value,
    config: &Value,
) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    let element = |prior: &Value, config: &Value| {
        if config.is_null() || config.is_unknown() {
            config.clone()
        } else {
            object(attributes, blocks, prior, config)
        }
    };
    match (nesting, config) {
        (Nesting::List, Value::List(elements)) => {
            Value::list(elements.iter().enumerate().map(|(index, config)| {
                element(prior.step(&Step::Index(index as i64)).unwrap_or(&NULL), config)
            }))
        }
        (Nesting::Map, Value::Map(elements)) => Value::map(elements.iter().map(|(key, config)| {
            (key, element(prior.step(&Step::Key(key.clone())).unwrap_or(&NULL), config))
        })),
        (Nesting::Set, Value::Set(elements)) => {
            Value::set(elements.iter().map(|config| element(matching(attributes, prior, config), config)))
        }
        _ => element(prior, config),
    }
}

/// The element of the prior set that agrees in everything configured.
fn matching<'a>(attributes: &[Attribute], prior: &'a Value, config: &Value) -> &'a Value {
    let Value::Set(elements) = prior else { return &NULL };
    let agrees = |element: &&Value| {
        attributes.iter().all(|attribute| {
            let configured = config.get(&attribute.name).unwrap_or(&NULL);
            element.get(&attribute.name) == Some(configured)
                || (attribute.is_computed() && configured.is_null())
        })
    };
    elements.iter().find(agrees).unwrap_or(&NULL)
}
