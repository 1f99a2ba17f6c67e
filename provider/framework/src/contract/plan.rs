//! Terraform's rules for a planned state.

use provider_protocol::cty::{Path, Step, Value};
use provider_protocol::schema::Nesting;

use super::{Violation, check_type};
use crate::schema::{Attribute, Block, Schema};

static NULL: Value = Value::Null;

/// Checks a planned state against the configuration and the prior state.
#[must_use]
pub fn check_plan(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
    requires_replace: &[Path],
) -> Vec<Violation> {
    let mut check = Check { found: check_type(schema, planned), path: Path::root() };
    if !check.found.is_empty() {
        return check.found;
    }
    if planned.is_null() != config.is_null() {
        check.say(if planned.is_null() {
            "planned to vanish though it is configured"
        } else {
            "planned though it is to be destroyed"
        });
    } else if !planned.is_null() {
        check.object(&schema.body.attributes, &schema.body.blocks, prior, config, planned);
    }
    for path in requires_replace {
        let visible: Path =
            path.steps().iter().take_while(|step| !matches!(step, Step::Element(_))).cloned().collect();
        if !prior.is_null() && prior.at(&visible).is_none() && planned.at(&visible).is_none() {
            check.found.push(Violation::new(path, "replacement is asked for where nothing is"));
        }
    }
    check.found
}

struct Check {
    found: Vec<Violation>,
    path: Path,
}

impl Check {
    fn say(&mut self, what: &str) {
        self.found.push(Violation::new(&self.path, what));
    }

    fn inside(&mut self, step: Step, check: impl FnOnce(&mut Self)) {
        self.path.push(step);
        check(self);
        self.path.pop();
    }

    fn object(
        &mut self,
        attributes: &[Attribute],
        blocks: &[Block],
        prior: &Value,
        config: &Value,
        planned: &Value,
    ) {
        for attribute in attributes {
            let [prior, config, planned] =
                [prior, config, planned].map(|side| side.get(&attribute.name).unwrap_or(&NULL));
            self.inside(Step::Attribute(attribute.name.clone()), |check| {
                check.attribute(attribute, prior, config, planned)
            });
        }
        for block in blocks {
            let [prior, config, planned] =
                [prior, config, planned].map(|side| side.get(&block.name).unwrap_or(&NULL));
            self.inside(Step::Attribute(block.name.clone()), |check| {
                check.blocks(block, prior, config, planned)
            });
        }
    }

    fn attribute(&mut self, attribute: &Attribute, prior: &Value, config: &Value, planned: &Value) {
        if attribute.write_only {
            if !planned.is_null() {
                self.say("a write-only value must not be planned");
            }
            return;
        }
        let provider_decides = attribute.is_computed() && config.is_null();
        if same(planned, config) || provider_decides {
            return;
        }
        if same(planned, prior) && !prior.is_null() && !config.is_null() {
            return;
        }
        if config.is_null() {
            return self.say("a value is planned that is neither configured nor computed");
        }
        match attribute.nested() {
            Some((nesting, nested)) => self.nested(nesting, nested, &[], prior, config, planned),
            None => self.say("the planned value is neither the configured nor the stored one"),
        }
    }

    /// Elements of nested attributes or blocks: as many, under the same keys, as configured.
    fn nested(
        &mut self,
        nesting: Nesting,
        attributes: &[Attribute],
        blocks: &[Block],
        prior: &Value,
        config: &Value,
        planned: &Value,
    ) {
        if config.is_unknown() {
            if !planned.is_unknown() {
                self.say("it is configured as unknown, so it cannot be known");
            }
            return;
        }
        if planned.is_unknown() {
            return self.say("it is configured, so it cannot be unknown");
        }
        if planned.is_null() || config.is_null() {
            return self.say("it must be null exactly when the configuration is");
        }
        match (nesting, config, planned) {
            (Nesting::Single, config, planned) => self.object(attributes, blocks, prior, config, planned),
            (Nesting::List, Value::List(wanted), Value::List(given)) => {
                if wanted.len() != given.len() {
                    return self.say("the number of elements differs from the configuration");
                }
                for (index, (config, planned)) in wanted.iter().zip(given).enumerate() {
                    let step = Step::Index(index as i64);
                    let prior = prior.step(&step).unwrap_or(&NULL);
                    self.inside(step, |check| check.element(attributes, blocks, prior, config, planned));
                }
            }
            (Nesting::Map, Value::Map(wanted), Value::Map(given)) => {
                if !wanted.keys().eq(given.keys()) {
                    return self.say("the keys differ from the configuration");
                }
                for (key, config) in wanted {
                    let step = Step::Key(key.clone());
                    let (prior, planned) = (prior.step(&step).unwrap_or(&NULL), &given[key]);
                    self.inside(step, |check| check.element(attributes, blocks, prior, config, planned));
                }
            }
            // Elements of sets cannot be told apart, so only their number is checked.
            (Nesting::Set, Value::Set(wanted), Value::Set(given)) if wanted.len() != given.len() => {
                self.say("the number of elements differs from the configuration");
            }
            _ => {}
        }
    }

    fn element(
        &mut self,
        attributes: &[Attribute],
        blocks: &[Block],
        prior: &Value,
        config: &Value,
        planned: &Value,
    ) {
        if same(planned, config) {
            return;
        }
        if planned.is_null() || planned.is_unknown() || config.is_null() || config.is_unknown() {
            return self.say("an element must be null or unknown exactly when the configuration says so");
        }
        self.object(attributes, blocks, prior, config, planned);
    }

    fn blocks(&mut self, block: &Block, prior: &Value, config: &Value, planned: &Value) {
        if block.nesting != Nesting::Single && planned.is_null() {
            return self.say("blocks that are absent are empty, not null");
        }
        if same(planned, config) {
            return;
        }
        self.nested(block.nesting, &block.body.attributes, &block.body.blocks, prior, config, planned);
    }
}

/// Whether two values are equal; of unknown values, only that they are unknown counts.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Unknown(_), Value::Unknown(_)) => true,
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Set(a), Value::Set(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) | (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((key, a), (other, b))| key == other && same(a, b))
        }
        (Value::Dynamic(a), Value::Dynamic(b)) => a.ty == b.ty && same(&a.value, &b.value),
        (a, b) => a == b,
    }
}
