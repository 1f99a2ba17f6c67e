//! What happens to an attribute in a plan beyond defaults.

use std::fmt;
use std::sync::Arc;

use provider_protocol::cty::Value;

/// Decides a value at plan time, or not.
pub type Decide = Arc<dyn Fn(&Change<'_>) -> Option<Value> + Send + Sync>;

/// A step of planning one attribute; applied in the order of the schema.
#[derive(Clone)]
pub enum PlanModifier {
    /// A value the provider would decide stays what it is in the state.
    UseStateForUnknown,
    /// The same, but only where the state has a value: for attributes that the provider fills in later.
    UseNonNullStateForUnknown,
    /// A change needs a new resource.
    RequiresReplace,
    /// A change needs a new resource if the user has set the attribute.
    RequiresReplaceIfConfigured,
    /// A change needs a new resource on a condition.
    RequiresReplaceIf {
        /// The condition in words, such as "Shrinking it".
        when: String,
        /// The condition.
        condition: Arc<dyn Fn(&Change<'_>) -> bool + Send + Sync>,
    },
    /// Any other value for a computed attribute, decided at plan time.
    Plan(Decide),
}

/// What a modifier sees of its attribute.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What the user wrote.
    pub config: &'a Value,
    /// What the state says.
    pub prior: &'a Value,
    /// What is planned so far.
    pub planned: &'a Value,
}

impl PlanModifier {
    /// The sentence for the documentation, if the modifier concerns the user.
    pub(crate) fn description(&self) -> Option<String> {
        match self {
            Self::RequiresReplace => Some("Changing this forces a replacement.".to_owned()),
            Self::RequiresReplaceIfConfigured => {
                Some("Changing this to another value forces a replacement.".to_owned())
            }
            Self::RequiresReplaceIf { when, .. } => Some(format!("{when} forces a replacement.")),
            Self::UseStateForUnknown | Self::UseNonNullStateForUnknown | Self::Plan(_) => None,
        }
    }
}

impl fmt::Debug for PlanModifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UseStateForUnknown => "UseStateForUnknown",
            Self::UseNonNullStateForUnknown => "UseNonNullStateForUnknown",
            Self::RequiresReplace => "RequiresReplace",
            Self::RequiresReplaceIfConfigured => "RequiresReplaceIfConfigured",
            Self::RequiresReplaceIf { .. } => "RequiresReplaceIf",
            Self::Plan(_) => "Plan",
        })
    }
}
