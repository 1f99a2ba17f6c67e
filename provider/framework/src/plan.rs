//! The plan of one resource as far as the schema decides it: a function of its arguments.
//!
//! Terraform asks twice, before and while applying, and compares: nothing here looks at the world.

use provider_protocol::cty::{Path, Value};

use crate::schema::{Change, Place, PlanModifier, Schema, each_attribute};
use crate::values::conform;
use crate::{Attribute, schema};

/// What the schema says will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub state: Value,
    pub replace: Vec<Path>,
}

/// Plans a create (`prior` is null) or an update, from what Terraform proposes.
///
/// The order matters: defaults first, because they may be the only difference; what the provider decides becomes unknown
/// only if there is a difference, otherwise every plan would show one; modifiers last, because they take that back.
pub(crate) fn plan(schema: &Schema, prior: &Value, config: &Value, proposed: &Value) -> Planned {
    let mut state = proposed.clone();
    each_attribute(&schema.body, &mut state, config, prior, &mut settle);
    if state != *prior {
        each_attribute(&schema.body, &mut state, config, prior, &mut mark_unknown);
    }
    let mut replace = Vec::new();
    let is_update = !prior.is_null();
    each_attribute(&schema.body, &mut state, config, prior, &mut |attribute, value, place| {
        for modifier in &attribute.modifiers {
            modify(modifier, attribute, value, place, is_update, &mut replace);
        }
    });
    replace.sort_unstable();
    replace.dedup();
    Planned { state, replace }
}

/// Marks everything the provider decides as unknown: for resources whose plan finds a difference of its own.
pub(crate) fn mark_computed(schema: &Schema, state: &mut Value, config: &Value, prior: &Value) {
    each_attribute(&schema.body, state, config, prior, &mut mark_unknown);
    each_attribute(&schema.body, state, config, prior, &mut |attribute, value, place| {
        for modifier in &attribute.modifiers {
            modify(modifier, attribute, value, place, !prior.is_null(), &mut Vec::new());
        }
    });
}

/// Nulls what is write-only, wherever it stands.
pub(crate) fn without_write_only(schema: &Schema, value: &mut Value) {
    each_attribute(&schema.body, value, &Value::Null, &Value::Null, &mut |attribute, value, _| {
        if attribute.write_only {
            *value = Value::Null;
        }
    });
}

/// Keeps the notation of `old` where `new` means the same.
pub(crate) fn keep_notation(schema: &Schema, new: &mut Value, old: &Value) {
    each_attribute(&schema.body, new, &Value::Null, old, &mut |attribute, value, place| {
        if value != place.prior && attribute.same(value, place.prior) {
            *value = place.prior.clone();
        }
    });
}

/// Defaults, write-only, and values that mean the same as what is stored.
fn settle(attribute: &Attribute, value: &mut Value, place: &Place<'_>) {
    if attribute.write_only {
        *value = Value::Null;
        return;
    }
    let default = attribute.default.as_ref().filter(|_| place.config.is_null() && place.parent_is_set);
    if let Some(default) = default {
        *value = conform(default, &attribute.ty());
    }
    if value != place.prior && attribute.same(value, place.prior) {
        *value = place.prior.clone();
    }
}

fn mark_unknown(attribute: &Attribute, value: &mut Value, place: &Place<'_>) {
    let provider_decides = attribute.is_computed() && place.config.is_null() && attribute.default.is_none();
    // A part that the default of its parent object has set is decided.
    if provider_decides && (place.parent_is_set || value.is_null()) {
        *value = Value::unknown();
    }
}

fn modify(
    modifier: &schema::PlanModifier,
    attribute: &Attribute,
    value: &mut Value,
    place: &Place<'_>,
    is_update: bool,
    replace: &mut Vec<Path>,
) {
    let keeps =
        |value: &Value| is_update && place.parent_existed && value.is_unknown() && !place.config.is_unknown();
    // What is added or removed as part of a collection replaces nothing by its parts.
    let changed = is_update && place.parent_existed && value != place.prior;
    let replaces = match modifier {
        PlanModifier::UseStateForUnknown => {
            if keeps(value) {
                *value = place.prior.clone();
            }
            false
        }
        PlanModifier::UseNonNullStateForUnknown => {
            if keeps(value) && !place.prior.is_null() {
                *value = place.prior.clone();
            }
            false
        }
        PlanModifier::RequiresReplace => changed,
        PlanModifier::RequiresReplaceIfConfigured => changed && !place.config.is_null(),
        PlanModifier::RequiresReplaceIf { condition, .. } => {
            changed && condition(&Change { config: place.config, prior: place.prior, planned: value })
        }
        PlanModifier::Plan(decide) => {
            if attribute.is_computed() && place.config.is_null() {
                let decided = decide(&Change { config: place.config, prior: place.prior, planned: value });
                if let Some(decided) = decided {
                    *value = conform(&decided, &attribute.ty());
                }
            }
            false
        }
    };
    if replaces {
        replace.push(place.path.clone());
    }
}
