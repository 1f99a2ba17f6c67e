//! The evaluator.
use crate::value::Value;
/// One evaluation: the templar, the variables, and what has been resolved so far.
#[derive(Clone)]
pub struct Context;
impl Context {
    pub(crate) fn _x(&self) -> Value {
        Value::None
    }
}
