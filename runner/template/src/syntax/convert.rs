//! minijinja's tree, which borrows the text, into ours, which does not.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::machinery::{Span, ast as mj};

use super::Options;
use super::ast::{
    Arg, Binary, Block, Compare, Expr, For, Kind, Macro, Offset, Stmt, Target, Template, Unknown,
};
use super::fault::Fault;
use super::literal;
use super::rewrite::Rewritten;
use super::scan::{Piece, PieceKind, Token, TokenKind};
use crate::stack::guarded;
use crate::value::{Text, Value};

/// Carries the tree over, and remembers on the way what the tree does not say.
pub(crate) struct Converter<'t> {
    text: &'t str,
    rewritten: &'t Rewritten,
    pieces: &'t [Piece],
    options: &'t Options,
    blocks: HashMap<Arc<str>, Arc<Block>>,
    unknown: Vec<Unknown>,
    /// Names used since a mark was set: macros must know whether they use `varargs`, loops whether they use `loop`.
    used: Vec<Arc<str>>,
    conditional: usize,
    in_variable: bool,
}

type Conversion<T> = Result<T, Fault>;

impl<'t> Converter<'t> {
    pub(crate) fn new(
        text: &'t str,
        rewritten: &'t Rewritten,
        pieces: &'t [Piece],
        options: &'t Options,
    ) -> Self {
        Self {
            text,
            rewritten,
            pieces,
            options,
            blocks: HashMap::new(),
            unknown: Vec::new(),
            used: Vec::new(),
            conditional: 0,
            in_variable: false,
        }
    }

    pub(crate) fn template(mut self, root: &mj::Stmt<'_>) -> Conversion<Template> {
        let mj::Stmt::Template(template) = root else {
            return Err(Fault::new("invalid template", 0));
        };
        let body = self.body(&template.children)?;
        Ok(Template { body, blocks: self.blocks, unknown: self.unknown, ..Template::default() })
    }

    fn at(&self, span: Span) -> Offset {
        Offset::try_from(self.rewritten.original(span.start_offset as usize)).unwrap_or(Offset::MAX)
    }

    fn body(&mut self, statements: &[mj::Stmt<'_>]) -> Conversion<Vec<Stmt>> {
        statements.iter().map(|statement| guarded(|| self.statement(statement))).collect()
    }

    fn statement(&mut self, statement: &mj::Stmt<'_>) -> Conversion<Stmt> {
        Ok(match statement {
            mj::Stmt::EmitRaw(raw) => {
                let text = if self.options.newline == "\n" {
                    Arc::from(raw.raw)
                } else {
                    Arc::from(raw.raw.replace('\n', &self.options.newline))
                };
                Stmt::Text(text)
            }
            mj::Stmt::EmitExpr(emit) => {
                self.in_variable = true;
                let expr = self.expr(&emit.expr);
                self.in_variable = false;
                Stmt::Emit(expr?)
            }
            mj::Stmt::ForLoop(for_loop) => self.for_loop(for_loop)?,
            mj::Stmt::IfCond(cond) => {
                let test = self.expr(&cond.expr)?;
                self.conditional += 1;
                let then = self.body(&cond.true_body)?;
                let otherwise = self.body(&cond.false_body)?;
                self.conditional -= 1;
                Stmt::If { test, then, otherwise }
            }
            mj::Stmt::WithBlock(with) => {
                let mut assignments = Vec::new();
                for (target, value) in &with.assignments {
                    assignments.push((self.target(target)?, self.expr(value)?));
                }
                Stmt::With(assignments, self.body(&with.body)?)
            }
            mj::Stmt::Set(set) => Stmt::Set(self.target(&set.target)?, self.expr(&set.expr)?),
            mj::Stmt::SetBlock(set) => Stmt::SetBlock {
                target: self.target(&set.target)?,
                filter: set.filter.as_ref().map(|filter| self.expr(filter)).transpose()?,
                body: self.body(&set.body)?,
            },
            mj::Stmt::AutoEscape(escape) => Stmt::Group(self.body(&escape.body)?),
            mj::Stmt::FilterBlock(filter) => {
                Stmt::Filter(self.expr(&filter.filter)?, self.body(&filter.body)?)
            }
            mj::Stmt::Block(block) => {
                let name: Arc<str> = Arc::from(block.name);
                let scoped = self.tag_has(block.span(), &["scoped"]);
                let body = self.body(&block.body)?;
                let block = Arc::new(Block { name: name.clone(), scoped, required: block.required, body });
                self.blocks.insert(name, block.clone());
                Stmt::Block(block)
            }
            mj::Stmt::Import(import) => Stmt::Import {
                source: self.expr(&import.expr)?,
                name: self.name(&import.name)?,
                context: self.tag_has(import.span(), &["with", "context"]),
            },
            mj::Stmt::FromImport(import) => {
                let mut names = Vec::new();
                for (name, alias) in &import.names {
                    let name = self.name(name)?;
                    let alias = alias.as_ref().map(|alias| self.name(alias)).transpose()?;
                    names.push((name.clone(), alias.unwrap_or(name)));
                }
                let context = self.tag_has(import.span(), &["with", "context"]);
                Stmt::FromImport { source: self.expr(&import.expr)?, names, context }
            }
            mj::Stmt::Extends(extends) => Stmt::Extends(self.expr(&extends.name)?),
            mj::Stmt::Include(include) => Stmt::Include {
                source: self.expr(&include.name)?,
                ignore_missing: include.ignore_missing,
                context: !self.tag_has(include.span(), &["without", "context"]),
            },
            mj::Stmt::Macro(definition) => Stmt::Macro(Arc::new(self.definition(definition)?)),
            mj::Stmt::CallBlock(block) => {
                let at = self.at(block.call.span());
                let call = self.call(&block.call, at)?;
                Stmt::Call { call, body: Arc::new(self.definition(&block.macro_decl)?) }
            }
            mj::Stmt::Template(_) | mj::Stmt::Continue(_) | mj::Stmt::Break(_) | mj::Stmt::Do(_) => {
                return Err(Fault::new("invalid statement", 0));
            }
        })
    }

    /// Whether the tag that starts at a statement contains these tokens in a row.
    fn tag_has(&self, span: Span, wanted: &[&str]) -> bool {
        let at = self.rewritten.original(span.start_offset as usize);
        let piece = self.pieces.iter().find(|p| p.kind == PieceKind::Block && p.start <= at && at < p.end);
        let Some(piece) = piece else { return false };
        let tokens: Vec<&Token> = piece.tokens.iter().filter(|t| t.kind != TokenKind::Space).collect();
        tokens
            .windows(wanted.len())
            .any(|window| window.iter().zip(wanted).all(|(token, want)| token.text(self.text) == *want))
    }

    fn for_loop(&mut self, for_loop: &mj::ForLoop<'_>) -> Conversion<Stmt> {
        let target = self.target(&for_loop.target)?;
        let iter = self.expr(&for_loop.iter)?;
        let mark = self.used.len();
        let filter = for_loop.filter_expr.as_ref().map(|filter| self.expr(filter)).transpose()?;
        let body = self.body(&for_loop.body)?;
        let uses_loop = for_loop.recursive || self.used[mark..].iter().any(|name| &**name == "loop");
        let otherwise = self.body(&for_loop.else_body)?;
        let recursive = for_loop.recursive;
        Ok(Stmt::For(Box::new(For { target, iter, filter, recursive, body, otherwise, uses_loop })))
    }

    fn definition(&mut self, definition: &mj::Macro<'_>) -> Conversion<Macro> {
        let mark = self.used.len();
        let params = definition.args.iter().map(|arg| self.name(arg)).collect::<Conversion<_>>()?;
        let defaults = definition.defaults.iter().map(|value| self.expr(value)).collect::<Conversion<_>>()?;
        let body = self.body(&definition.body)?;
        let uses = |name: &str| self.used[mark..].iter().any(|used| &**used == name);
        Ok(Macro {
            name: Arc::from(definition.name),
            params,
            defaults,
            body,
            uses_varargs: uses("varargs"),
            uses_kwargs: uses("kwargs"),
            uses_caller: uses("caller"),
        })
    }

    fn name(&self, expr: &mj::Expr<'_>) -> Conversion<Arc<str>> {
        match expr {
            mj::Expr::Var(var) => Ok(Arc::from(var.id)),
            other => Err(Fault::new("expected token 'name'", self.at(other.span()) as usize)),
        }
    }

    fn target(&self, expr: &mj::Expr<'_>) -> Conversion<Target> {
        Ok(match expr {
            mj::Expr::Var(var) => Target::Name(Arc::from(var.id)),
            mj::Expr::GetAttr(attr) => Target::Attribute(self.name(&attr.expr)?, Arc::from(attr.name)),
            mj::Expr::List(list) => {
                Target::Many(list.items.iter().map(|item| self.target(item)).collect::<Conversion<_>>()?)
            }
            mj::Expr::Tuple(tuple) => {
                Target::Many(tuple.items.iter().map(|item| self.target(item)).collect::<Conversion<_>>()?)
            }
            other => {
                let what = other.description().to_owned();
                return Err(Fault::new(format!("can't assign to '{what}'"), self.at(other.span()) as usize));
            }
        })
    }

    fn exprs(&mut self, exprs: &[mj::Expr<'_>]) -> Conversion<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&mut self, expr: &mj::Expr<'_>) -> Conversion<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn expr(&mut self, expr: &mj::Expr<'_>) -> Conversion<Expr> {
        guarded(|| self.expr_unguarded(expr))
    }

    fn expr_unguarded(&mut self, expr: &mj::Expr<'_>) -> Conversion<Expr> {
        let mut at = self.at(expr.span());
        let kind = match expr {
            mj::Expr::Var(var) => {
                let name: Arc<str> = Arc::from(var.id);
                self.used.push(name.clone());
                Kind::Var(name)
            }
            mj::Expr::Const(constant) => self.constant(constant, expr.span())?,
            mj::Expr::Slice(slice) => {
                let mut part = |part: &Option<mj::Expr<'_>>| part.as_ref().map(|e| self.expr(e)).transpose();
                let parts = Box::new([part(&slice.start)?, part(&slice.stop)?, part(&slice.step)?]);
                Kind::Slice(self.boxed(&slice.expr)?, parts)
            }
            mj::Expr::UnaryOp(op) => match op.op {
                mj::UnaryOpKind::Not => Kind::Not(self.boxed(&op.expr)?),
                mj::UnaryOpKind::Neg => Kind::Negative(self.boxed(&op.expr)?),
            },
            mj::Expr::BinOp(op) => self.binary(op)?,
            mj::Expr::Compare(compare) => {
                let first = self.boxed(&compare.expr)?;
                let mut rest = Vec::new();
                for op in &compare.ops {
                    rest.push((comparison(op.op), self.expr(&op.expr)?));
                }
                Kind::Compare(first, rest)
            }
            mj::Expr::IfExpr(choice) => {
                let test = self.expr(&choice.test_expr)?;
                self.conditional += 1;
                let then = self.expr(&choice.true_expr)?;
                let otherwise = choice.false_expr.as_ref().map(|e| self.expr(e)).transpose()?;
                self.conditional -= 1;
                Kind::If(Box::new((test, then, otherwise)))
            }
            mj::Expr::Filter(filter) => {
                let name: Arc<str> = Arc::from(filter.name);
                if !crate::filters::exists(&name) {
                    self.remember("filter", &name, at);
                }
                let input = filter.expr.as_ref().map(|e| self.boxed(e)).transpose()?;
                let args = self.args(&filter.args)?;
                self.check_named("map", &name, "filter", &args, at);
                self.check_named("select", &name, "test", &args, at);
                Kind::Filter { name, input, args }
            }
            mj::Expr::Test(test) => {
                let name: Arc<str> = Arc::from(test.name);
                if !crate::tests::exists(&name) {
                    self.remember("test", &name, at);
                }
                Kind::Test { name, input: self.boxed(&test.expr)?, args: self.args(&test.args)? }
            }
            mj::Expr::GetAttr(attr) => Kind::Attribute(self.boxed(&attr.expr)?, Arc::from(attr.name)),
            mj::Expr::GetItem(item) => {
                Kind::Item(Box::new((self.expr(&item.expr)?, self.expr(&item.subscript_expr)?)))
            }
            mj::Expr::Call(call) => return self.call(call, at),
            mj::Expr::List(list) => Kind::List(self.exprs(&list.items)?),
            mj::Expr::Tuple(tuple) => Kind::Tuple(self.exprs(&tuple.items)?),
            mj::Expr::Map(map) => {
                let mut pairs = Vec::new();
                for (key, value) in map.keys.iter().zip(&map.values) {
                    pairs.push((self.expr(key)?, self.expr(value)?));
                }
                Kind::Dict(pairs)
            }
        };
        if let Kind::Attribute(inner, _) = &kind {
            at = inner.at;
        }
        Ok(Expr { at, kind })
    }

    fn call(&mut self, call: &mj::Call<'_>, at: Offset) -> Conversion<Expr> {
        let function = self.boxed(&call.expr)?;
        let args = self.args(&call.args)?;
        if let Kind::Var(name) = &function.kind
            && matches!(&**name, "lookup" | "query" | "q")
            && let Some(Arg::Positional(Expr { kind: Kind::Const(Value::Str(plugin)), .. })) = args.first()
            && !crate::lookups::exists(plugin.as_str())
        {
            self.remember("lookup", plugin.shared(), at);
        }
        Ok(Expr { at, kind: Kind::Call(function, args) })
    }

    /// Filters and tests that are named by a string: `map('upper')`, `select('match')`.
    fn check_named(&mut self, filter: &str, name: &str, kind: &'static str, args: &[Arg], at: Offset) {
        let matching = match filter {
            "map" => name == "map",
            _ => matches!(name, "select" | "reject"),
        };
        let Some(Arg::Positional(Expr { kind: Kind::Const(Value::Str(plugin)), .. })) = args.first() else {
            return;
        };
        let exists = match kind {
            "filter" => crate::filters::exists(plugin.as_str()),
            _ => crate::tests::exists(plugin.as_str()),
        };
        if matching && !exists {
            self.conditional += 1;
            self.remember(kind, plugin.shared(), at);
            self.conditional -= 1;
        }
    }

    fn remember(&mut self, kind: &'static str, name: &Arc<str>, at: Offset) {
        let conditional = self.conditional > 0 || kind == "lookup";
        self.unknown.push(Unknown { kind, name: name.clone(), at, conditional });
    }

    fn args(&mut self, args: &[mj::CallArg<'_>]) -> Conversion<Vec<Arg>> {
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    mj::CallArg::Pos(expr) => Arg::Positional(self.expr(expr)?),
                    mj::CallArg::Kwarg(name, expr) => Arg::Named(Arc::from(*name), self.expr(expr)?),
                    mj::CallArg::PosSplat(expr) => Arg::Spread(self.expr(expr)?),
                    mj::CallArg::KwargSplat(expr) => Arg::SpreadNamed(self.expr(expr)?),
                })
            })
            .collect()
    }

    /// The value of a literal, read from the user's own text: minijinja's reading differs in escapes and size.
    fn constant(&self, constant: &mj::Const, span: Span) -> Conversion<Kind> {
        let start = self.rewritten.original(span.start_offset as usize);
        let end = self.rewritten.original(span.end_offset as usize).max(start);
        let source = self.text.get(start..end).unwrap_or_default();
        let value = match source.trim_start().chars().next() {
            Some('\'' | '"') => {
                let raw = self.options.raw_backslashes && self.in_variable;
                Value::Str(Text::plain(literal::strings(source, raw, start)?))
            }
            Some(c) if c.is_ascii_digit() => literal::number(source)
                .ok_or_else(|| Fault::new(format!("invalid number {source}"), start))?,
            _ if constant.value.is_none() => Value::None,
            _ => Value::Bool(constant.value.is_true()),
        };
        Ok(Kind::Const(value))
    }

    fn binary(&mut self, op: &mj::BinOp<'_>) -> Conversion<Kind> {
        use mj::BinOpKind as B;
        let pair = Box::new((self.expr(&op.left)?, self.expr(&op.right)?));
        let binary = match op.op {
            B::ScAnd => return Ok(Kind::And(pair)),
            B::ScOr => return Ok(Kind::Or(pair)),
            B::Eq => Err(Compare::Equal),
            B::Ne => Err(Compare::NotEqual),
            B::Lt => Err(Compare::Less),
            B::Lte => Err(Compare::LessEqual),
            B::Gt => Err(Compare::Greater),
            B::Gte => Err(Compare::GreaterEqual),
            B::In => Err(Compare::In),
            B::Add => Ok(Binary::Add),
            B::Sub => Ok(Binary::Subtract),
            B::Mul => Ok(Binary::Multiply),
            B::Div => Ok(Binary::Divide),
            B::FloorDiv => Ok(Binary::FloorDivide),
            B::Rem => Ok(Binary::Modulo),
            B::Pow => Ok(Binary::Power),
            B::Concat => Ok(Binary::Concat),
        };
        Ok(match binary {
            Ok(binary) => Kind::Binary(binary, pair),
            Err(compare) => {
                let (left, right) = *pair;
                Kind::Compare(Box::new(left), vec![(compare, right)])
            }
        })
    }
}

fn comparison(op: mj::CompareOpKind) -> Compare {
    match op {
        mj::CompareOpKind::Eq => Compare::Equal,
        mj::CompareOpKind::Ne => Compare::NotEqual,
        mj::CompareOpKind::Lt => Compare::Less,
        mj::CompareOpKind::Lte => Compare::LessEqual,
        mj::CompareOpKind::Gt => Compare::Greater,
        mj::CompareOpKind::Gte => Compare::GreaterEqual,
        mj::CompareOpKind::In => Compare::In,
        mj::CompareOpKind::NotIn => Compare::NotIn,
    }
}
