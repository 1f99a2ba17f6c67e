//! A task's keywords and arguments as template values, made once per unit instead of once per host.

use runner_playbook::{
    ast::{LoopSource, Task, items},
    keyword::Keyword,
    node::Node,
};
use runner_template::Value;

/// What templating needs of a task.
#[derive(Debug)]
pub(crate) struct Prepared {
    keywords: Vec<(Keyword, Vec<Value>)>,
    /// Named arguments in the order of the text.
    pub args: Vec<(String, Value)>,
    /// A template that yields more arguments.
    pub args_template: Option<Value>,
    /// `when`, outermost first.
    pub when: Vec<Value>,
    /// What is looped over.
    pub looping: Option<Looping>,
}

/// The source of a loop.
#[derive(Debug)]
pub(crate) enum Looping {
    /// `loop`.
    Items(Value),
    /// `with_NAME`.
    Lookup(String, Value),
}

/// Keywords that tasks use while they run.
const USED: &[Keyword] = &[
    Keyword::AnyErrorsFatal,
    Keyword::Async,
    Keyword::Become,
    Keyword::BecomeExe,
    Keyword::BecomeFlags,
    Keyword::BecomeMethod,
    Keyword::BecomeUser,
    Keyword::ChangedWhen,
    Keyword::CheckMode,
    Keyword::Connection,
    Keyword::Delay,
    Keyword::DelegateFacts,
    Keyword::DelegateTo,
    Keyword::Diff,
    Keyword::Environment,
    Keyword::FailedWhen,
    Keyword::IgnoreErrors,
    Keyword::IgnoreUnreachable,
    Keyword::ModuleDefaults,
    Keyword::Name,
    Keyword::NoLog,
    Keyword::Notify,
    Keyword::Poll,
    Keyword::Port,
    Keyword::RemoteUser,
    Keyword::Retries,
    Keyword::RunOnce,
    Keyword::Throttle,
    Keyword::Timeout,
    Keyword::Until,
];

impl Prepared {
    /// Converts everything a task says.
    pub(crate) fn new(task: &Task) -> Self {
        let keywords = USED
            .iter()
            .filter_map(|keyword| {
                let set: Vec<Value> = task
                    .effective(*keyword)
                    .into_iter()
                    .filter(|node| !node.is_null())
                    .map(Value::from)
                    .collect();
                (!set.is_empty()).then_some((*keyword, set))
            })
            .collect();
        let when = task.effective(Keyword::When).into_iter().flat_map(condition_items).collect();
        let args = &task.action.args;
        Prepared {
            keywords,
            args: args.map.str_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
            args_template: args.template.as_ref().map(Value::from),
            when,
            looping: task.loop_source.as_ref().map(|source| match source {
                LoopSource::Loop(node) => Looping::Items(Value::from(node)),
                LoopSource::With { lookup, terms } => Looping::Lookup(lookup.clone(), Value::from(terms)),
            }),
        }
    }

    /// Every value of a keyword that applies, in the keyword's order.
    pub(crate) fn all(&self, keyword: Keyword) -> &[Value] {
        self.keywords.iter().find(|(found, _)| *found == keyword).map_or(&[], |(_, values)| values)
    }

    /// The value of a keyword that applies.
    pub(crate) fn one(&self, keyword: Keyword) -> Option<&Value> {
        self.all(keyword).first()
    }

    /// The conditions of a keyword that holds expressions.
    pub(crate) fn conditions(&self, keyword: Keyword) -> Vec<Value> {
        self.all(keyword)
            .iter()
            .flat_map(|value| value.items().unwrap_or_else(|| vec![value.clone()]))
            .collect()
    }
}

fn condition_items(node: &Node) -> Vec<Value> {
    items(node).iter().map(Value::from).collect()
}
