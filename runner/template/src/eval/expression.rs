//! Expressions.

use std::sync::Arc;

use super::globals;
use super::operator::{binary, negative, relation};
use super::{Run, access};
use crate::error::{Error, ErrorKind, Result};
use crate::filters;
use crate::methods;
use crate::stack::guarded;
use crate::syntax::ast::{Arg, Binary, Expr, Kind, Offset};
use crate::tests;
use crate::value::{Args, Dict, Key, Map, Text, Undefined, Value};

impl Run<'_> {
    /// The value of an expression; something missing is a marker, not a failure, until it is used.
    pub(crate) fn eval(&self, expr: &Expr) -> Result<Value> {
        guarded(|| self.eval_unguarded(expr))
    }

    fn eval_unguarded(&self, expr: &Expr) -> Result<Value> {
        let value = match &expr.kind {
            Kind::Const(value) => return self.constant(value),
            Kind::Var(name) => return self.variable(name, expr.at),
            Kind::List(items) => Value::list(self.all(items)?),
            Kind::Tuple(items) => Value::tuple(self.all(items)?),
            Kind::Dict(pairs) => self.dict(pairs, expr.at)?,
            Kind::Not(inner) => Value::Bool(!self.truth(inner)?),
            Kind::Negative(inner) => {
                negative(&self.eval(inner)?).map_err(|error| self.locate(error, expr.at))?
            }
            Kind::Binary(Binary::Concat, _) => self.concat(expr)?,
            Kind::Binary(op, pair) => {
                let (left, right) = (self.eval(&pair.0)?, self.eval(&pair.1)?);
                binary(*op, &left, &right).map_err(|error| self.locate(error, expr.at))?
            }
            Kind::And(pair) => {
                let left = self.eval(&pair.0)?;
                if self.truth_of(&left, pair.0.at)? { self.eval(&pair.1)? } else { left }
            }
            Kind::Or(pair) => {
                let left = self.eval(&pair.0)?;
                if self.truth_of(&left, pair.0.at)? { left } else { self.eval(&pair.1)? }
            }
            Kind::Compare(first, rest) => return self.compare(first, rest),
            Kind::If(parts) => {
                let (test, then, otherwise) = &**parts;
                match (self.truth(test)?, otherwise) {
                    (true, _) => self.eval(then)?,
                    (false, Some(otherwise)) => self.eval(otherwise)?,
                    (false, None) => Value::silent(),
                }
            }
            Kind::Filter { name, input, args } => {
                let Some(input) = input else {
                    return Err(self.locate(Error::runtime("a filter without input"), expr.at));
                };
                let input = self.eval(input)?;
                self.filter(name, input, args, expr.at)?
            }
            Kind::Test { name, input, args } => {
                let input = self.eval(input)?;
                let args = self.args(args)?;
                tests::apply(self.context, name, &input, args).map_err(|error| self.locate(error, expr.at))?
            }
            Kind::Attribute(inner, name) => {
                let inner = self.eval(inner)?;
                self.checked(access::attribute(&inner, name), expr.at)?
            }
            Kind::Item(pair) => {
                let (inner, key) = (self.eval(&pair.0)?, self.eval(&pair.1)?);
                self.checked(access::item(&inner, &key), expr.at)?
            }
            Kind::Slice(inner, parts) => {
                let inner = self.eval(inner)?;
                let part = |part: &Option<Expr>| part.as_ref().map(|part| self.eval(part)).transpose();
                let parts = [part(&parts[0])?, part(&parts[1])?, part(&parts[2])?];
                self.checked(access::slice(&inner, parts), expr.at)?
            }
            Kind::Call(function, args) => self.call(function, args, expr.at)?,
        };
        Ok(value)
    }

    /// Gives failures and markers a place; failures of nested templates that are more than undefined surface here.
    fn checked(&self, result: Result<Value>, at: Offset) -> Result<Value> {
        match result {
            Err(error) => Err(self.locate(error, at)),
            Ok(Value::Undefined(why)) if !why.silent => {
                if why.error.kind() != ErrorKind::Undefined {
                    return Err(self.locate(why.error.clone(), at));
                }
                let error = self.locate(why.error.clone(), at);
                Ok(Value::Undefined(Arc::new(Undefined { error, name: why.name.clone(), silent: false })))
            }
            Ok(value) => Ok(value),
        }
    }

    fn constant(&self, value: &Value) -> Result<Value> {
        match value {
            Value::Str(text) if self.unit.embeds && crate::value::looks_like_template(text.as_str()) => {
                let message = "Jinja constant strings should not contain embedded templates. This feature will be \
                               disabled by default in ansible-core 2.23.";
                self.context.world().deprecate(message, &self.unit.origin);
                let text = Text::trusted(text.shared().clone(), self.unit.origin.clone());
                self.context.render_text(&text)
            }
            other => Ok(other.clone()),
        }
    }

    pub(crate) fn variable(&self, name: &Arc<str>, at: Offset) -> Result<Value> {
        if let Some(value) = self.frame.get(name) {
            return Ok(value);
        }
        if !self.bare
            && let Some(value) = self.context.variable(name)
        {
            return self.checked(Ok(value), at);
        }
        if let Some(value) = self.template_name(name) {
            return Ok(value);
        }
        if let Some(value) = globals::function(name) {
            return Ok(value);
        }
        let error = Error::new(ErrorKind::Undefined, format!("'{name}' is undefined"));
        let error = self.locate(error, at);
        Ok(Value::Undefined(Arc::new(Undefined { error, name: Some(name.clone()), silent: false })))
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn dict(&self, pairs: &[(Expr, Expr)], at: Offset) -> Result<Value> {
        let mut map = Map::with_capacity(pairs.len());
        for (key, value) in pairs {
            let key = Key::new(self.eval(key)?).map_err(|error| self.locate(error, at))?;
            map.insert(key, self.eval(value)?);
        }
        Ok(Value::Dict(Dict::new(map)))
    }

    /// The truth of an expression.
    pub(crate) fn truth(&self, expr: &Expr) -> Result<bool> {
        let value = self.eval(expr)?;
        self.truth_of(&value, expr.at)
    }

    fn truth_of(&self, value: &Value, at: Offset) -> Result<bool> {
        value.truthy().map_err(|error| self.locate(error, at))
    }

    /// `a ~ b ~ c`, joined at once.
    fn concat(&self, expr: &Expr) -> Result<Value> {
        let mut parts = Vec::new();
        let mut rest = expr;
        while let Kind::Binary(Binary::Concat, pair) = &rest.kind {
            parts.push(&pair.1);
            rest = &pair.0;
        }
        parts.push(rest);
        let mut text = String::new();
        for part in parts.into_iter().rev() {
            let value = self.eval(part)?;
            match &value {
                Value::Str(part) => text.push_str(part.as_str()),
                other => {
                    let part = other.to_text().map_err(|error| self.locate(error, part.at))?;
                    text.push_str(&part);
                }
            }
        }
        Ok(Value::text(text))
    }

    fn compare(&self, first: &Expr, rest: &[(crate::syntax::ast::Compare, Expr)]) -> Result<Value> {
        let mut left = self.eval(first)?;
        for (op, right) in rest {
            let right_value = self.eval(right)?;
            let holds = relation(*op, &left, &right_value).map_err(|error| self.locate(error, right.at))?;
            if !holds {
                return Ok(Value::Bool(false));
            }
            left = right_value;
        }
        Ok(Value::Bool(true))
    }

    /// Applies a filter.
    pub(crate) fn filter(&self, name: &str, input: Value, args: &[Arg], at: Offset) -> Result<Value> {
        let args = self.args(args)?;
        let result = filters::apply(self.context, name, input, args);
        self.checked(result, at)
    }

    /// A chain of filters whose innermost input is given.
    pub(crate) fn filter_chain(&self, chain: &Expr, input: Value) -> Result<Value> {
        match &chain.kind {
            Kind::Filter { name, input: inner, args } => {
                let input = match inner {
                    Some(inner) => self.filter_chain(inner, input)?,
                    None => input,
                };
                self.filter(name, input, args, chain.at)
            }
            _ => self.eval(chain),
        }
    }

    pub(crate) fn args(&self, args: &[Arg]) -> Result<Args> {
        let mut result = Args::default();
        for arg in args {
            match arg {
                Arg::Positional(expr) => result.positional.push(self.eval(expr)?),
                Arg::Named(name, expr) => result.named.push((name.clone(), self.eval(expr)?)),
                Arg::Spread(expr) => {
                    let items = self.eval(expr)?.iterate().map_err(|error| self.locate(error, expr.at))?;
                    result.positional.extend(items);
                }
                Arg::SpreadNamed(expr) => {
                    let value = self.eval(expr)?.defined().map_err(|error| self.locate(error, expr.at))?;
                    let Value::Dict(dict) = &value else {
                        let message =
                            format!("argument after ** must be a mapping, not {}", value.type_name());
                        return Err(self.locate(Error::runtime(message), expr.at));
                    };
                    for (key, value) in dict.pairs() {
                        match key {
                            Value::Str(name) => result.named.push((name.shared().clone(), value)),
                            _ => return Err(self.locate(Error::runtime("keywords must be strings"), expr.at)),
                        }
                    }
                }
            }
        }
        Ok(result)
    }

    /// Calls a function or method.
    pub(crate) fn call(&self, function: &Expr, args: &[Arg], at: Offset) -> Result<Value> {
        if let Kind::Attribute(inner, name) = &function.kind {
            let inner = self.eval(inner)?;
            if inner.is_undefined() {
                return Ok(inner);
            }
            if !matches!(&inner, Value::Object(_)) && methods::exists(&inner, name) {
                let args = self.args(args)?;
                if let Some(undefined) = args.first_undefined() {
                    return Ok(undefined.clone());
                }
                if let Some(result) = methods::call(self.context, &inner, name, args) {
                    return self.checked(result, at);
                }
            }
            let callee = self.checked(access::attribute(&inner, name), function.at)?;
            return self.call_value(&callee, args, at);
        }
        let callee = self.eval(function)?;
        self.call_value(&callee, args, at)
    }

    fn call_value(&self, callee: &Value, args: &[Arg], at: Offset) -> Result<Value> {
        match callee {
            Value::Undefined(_) => Ok(callee.clone()),
            Value::Object(object) => {
                let args = self.args(args)?;
                self.checked(object.call(self.context, args), at)
            }
            other => {
                let message = format!("'{}' object is not callable", other.type_name());
                Err(self.locate(Error::runtime(message), at))
            }
        }
    }
}
