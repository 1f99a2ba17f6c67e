//! The tree of a template: owned, shared between hosts, every node with its place in the text.

use std::collections::HashMap;
use std::sync::Arc;

use crate::value::Value;

/// A place: a byte offset in the template's text.
pub(crate) type Offset = u32;

/// A whole template.
#[derive(Default)]
pub(crate) struct Template {
    pub(crate) body: Vec<Stmt>,
    pub(crate) blocks: HashMap<Arc<str>, Arc<Block>>,
    pub(crate) source: Arc<str>,
    /// How many line breaks end the text: a result that is a string ends with as many.
    pub(crate) trailing_newlines: usize,
    /// Bytes of the `#jinja2:` header before the source.
    pub(crate) shift: usize,
    /// Bytes that were put in front of a bare expression.
    pub(crate) lead: usize,
    /// Names of filters, tests and lookups that do not exist, and where they stand.
    pub(crate) unknown: Vec<Unknown>,
}

/// A plugin name that nothing is known about.
pub(crate) struct Unknown {
    pub(crate) kind: &'static str,
    pub(crate) name: Arc<str>,
    pub(crate) at: Offset,
    /// Inside of an `if`: an error only when it is reached.
    pub(crate) conditional: bool,
}

/// A named block.
pub(crate) struct Block {
    pub(crate) name: Arc<str>,
    pub(crate) scoped: bool,
    pub(crate) required: bool,
    pub(crate) body: Vec<Stmt>,
}

/// A macro, or the body of a call block.
pub(crate) struct Macro {
    pub(crate) name: Arc<str>,
    pub(crate) params: Vec<Arc<str>>,
    /// Of the last parameters.
    pub(crate) defaults: Vec<Expr>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) uses_varargs: bool,
    pub(crate) uses_kwargs: bool,
    pub(crate) uses_caller: bool,
}

/// What a name or tuple of names is assigned to.
pub(crate) enum Target {
    Name(Arc<str>),
    Attribute(Arc<str>, Arc<str>),
    Many(Vec<Target>),
}

/// A statement.
pub(crate) enum Stmt {
    Text(Arc<str>),
    Emit(Expr),
    For(Box<For>),
    If { test: Expr, then: Vec<Stmt>, otherwise: Vec<Stmt> },
    With(Vec<(Target, Expr)>, Vec<Stmt>),
    Set(Target, Expr),
    SetBlock { target: Target, filter: Option<Expr>, body: Vec<Stmt> },
    Group(Vec<Stmt>),
    Filter(Expr, Vec<Stmt>),
    Block(Arc<Block>),
    Import { source: Expr, name: Arc<str>, context: bool },
    FromImport { source: Expr, names: Vec<(Arc<str>, Arc<str>)>, context: bool },
    Extends(Expr),
    Include { source: Expr, ignore_missing: bool, context: bool },
    Macro(Arc<Macro>),
    Call { call: Expr, body: Arc<Macro> },
}

/// A loop.
pub(crate) struct For {
    pub(crate) target: Target,
    pub(crate) iter: Expr,
    pub(crate) filter: Option<Expr>,
    pub(crate) recursive: bool,
    pub(crate) body: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
    /// Whether the body mentions `loop`.
    pub(crate) uses_loop: bool,
}

/// An expression and its place.
pub(crate) struct Expr {
    pub(crate) at: Offset,
    pub(crate) kind: Kind,
}

/// What an expression is.
pub(crate) enum Kind {
    Const(Value),
    Var(Arc<str>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(Binary, Box<(Expr, Expr)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    If(Box<(Expr, Expr, Option<Expr>)>),
    Filter { name: Arc<str>, input: Option<Box<Expr>>, args: Vec<Arg> },
    Test { name: Arc<str>, input: Box<Expr>, args: Vec<Arg> },
    Attribute(Box<Expr>, Arc<str>),
    Item(Box<(Expr, Expr)>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call(Box<Expr>, Vec<Arg>),
}

/// An argument.
pub(crate) enum Arg {
    Positional(Expr),
    Named(Arc<str>, Expr),
    Spread(Expr),
    SpreadNamed(Expr),
}

/// An arithmetic operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Concat,
}

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}
