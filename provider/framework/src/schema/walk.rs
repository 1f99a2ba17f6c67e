//! Walks a value together with its schema, its configuration and its prior state.

use provider_protocol::cty::{Path, Set, Step, Value};
use provider_protocol::schema::Nesting;

use super::{Attribute, Block, Body};

static NULL: Value = Value::Null;

/// Where a walk stands.
pub(crate) struct Place<'a> {
    /// From the root to the attribute.
    pub path: &'a Path,
    /// What the user wrote there.
    pub config: &'a Value,
    /// What the state says there.
    pub prior: &'a Value,
    /// Whether the user wrote the object that the attribute belongs to.
    pub parent_is_set: bool,
    /// Whether the state has the object that the attribute belongs to.
    pub parent_existed: bool,
}

type Visit<'v> = dyn FnMut(&Attribute, &mut Value, &Place<'_>) + 'v;

/// Visits each attribute of a value, parents first, in the order of the schema; the visitor may change the value.
pub(crate) fn each_attribute(
    body: &Body,
    value: &mut Value,
    config: &Value,
    prior: &Value,
    visit: &mut Visit<'_>,
) {
    let mut walk = Walk { path: Path::root(), visit };
    walk.object(&body.attributes, &body.blocks, value, config, prior);
}

/// Visits each attribute of a configuration.
pub(crate) fn each_config(body: &Body, config: &Value, visit: &mut dyn FnMut(&Attribute, &Value, &Path)) {
    let mut copy = config.clone();
    each_attribute(body, &mut copy, config, &NULL, &mut |attribute, value, place| {
        visit(attribute, value, place.path)
    });
}

struct Walk<'w, 'v> {
    path: Path,
    visit: &'w mut Visit<'v>,
}

impl Walk<'_, '_> {
    fn object(
        &mut self,
        attributes: &[Attribute],
        blocks: &[Block],
        value: &mut Value,
        config: &Value,
        prior: &Value,
    ) {
        let Value::Object(members) = value else { return };
        let (parent_is_set, parent_existed) = (!config.is_null(), !prior.is_null());
        for attribute in attributes {
            let Some(member) = members.get_mut(&attribute.name) else { continue };
            let config = config.get(&attribute.name).unwrap_or(&NULL);
            let prior = prior.get(&attribute.name).unwrap_or(&NULL);
            self.path.push(Step::Attribute(attribute.name.clone()));
            let place = Place { path: &self.path, config, prior, parent_is_set, parent_existed };
            (self.visit)(attribute, member, &place);
            if let Some((nesting, nested)) = attribute.nested() {
                self.nested(nesting, nested, &[], member, config, prior);
            }
            self.path.pop();
        }
        for block in blocks {
            let Some(member) = members.get_mut(&block.name) else { continue };
            let config = config.get(&block.name).unwrap_or(&NULL);
            let prior = prior.get(&block.name).unwrap_or(&NULL);
            self.path.push(Step::Attribute(block.name.clone()));
            self.nested(block.nesting, &block.body.attributes, &block.body.blocks, member, config, prior);
            self.path.pop();
        }
    }

    fn nested(
        &mut self,
        nesting: Nesting,
        attributes: &[Attribute],
        blocks: &[Block],
        value: &mut Value,
        config: &Value,
        prior: &Value,
    ) {
        match (nesting, value) {
            (Nesting::Single, value) => self.object(attributes, blocks, value, config, prior),
            (Nesting::List, Value::List(elements)) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    self.element(Step::Index(index as i64), attributes, blocks, element, config, prior);
                }
            }
            (Nesting::Map, Value::Map(elements)) => {
                for (key, element) in elements {
                    self.element(Step::Key(key.clone()), attributes, blocks, element, config, prior);
                }
            }
            (Nesting::Set, Value::Set(elements)) => {
                let mut changed = Vec::with_capacity(elements.len());
                for element in &*elements {
                    let config = counterpart(attributes, element, config);
                    let prior = counterpart(attributes, element, prior);
                    let mut element = element.clone();
                    self.path.push(Step::Element(Box::new(element.clone())));
                    self.object(attributes, blocks, &mut element, config, prior);
                    self.path.pop();
                    changed.push(element);
                }
                *elements = Set::from_iter(changed);
            }
            // Null, unknown, or not what the schema says, which the codec refuses elsewhere.
            _ => {}
        }
    }

    fn element(
        &mut self,
        step: Step,
        attributes: &[Attribute],
        blocks: &[Block],
        element: &mut Value,
        config: &Value,
        prior: &Value,
    ) {
        let config = config.step(&step).unwrap_or(&NULL);
        let prior = prior.step(&step).unwrap_or(&NULL);
        self.path.push(step);
        self.object(attributes, blocks, element, config, prior);
        self.path.pop();
    }
}

/// The element of another set that is this one but for what the provider computes.
fn counterpart<'a>(attributes: &[Attribute], element: &Value, others: &'a Value) -> &'a Value {
    let Value::Set(others) = others.inner() else { return &NULL };
    let same = |other: &&Value| {
        attributes.iter().all(|attribute| {
            let (mine, theirs) = (element.get(&attribute.name), other.get(&attribute.name));
            mine == theirs
                || attribute.write_only
                || (attribute.is_computed()
                    && [mine, theirs]
                        .iter()
                        .any(|side| side.is_none_or(|side| side.is_null() || side.is_unknown())))
        })
    };
    others.iter().find(same).unwrap_or(&NULL)
}
