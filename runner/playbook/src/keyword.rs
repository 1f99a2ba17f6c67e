//! The table of every keyword: where it is legal, its type, how children inherit it, and whether it is templated.

use crate::node::Node;

/// Where a keyword may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A play.
    Play,
    /// An entry of `roles:`, or a dependency of a role.
    Role,
    /// A block.
    Block,
    /// A task.
    Task,
    /// A handler.
    Handler,
    /// `include_tasks` or `include_role` in a list of tasks.
    Include,
    /// `include_tasks` in a list of handlers.
    HandlerInclude,
    /// The mapping under `loop_control`.
    LoopControl,
}

impl Place {
    /// The name messages use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Play => "Play",
            Self::Role => "RoleInclude",
            Self::Block => "Block",
            Self::Task => "Task",
            Self::Handler => "Handler",
            Self::Include => "TaskInclude",
            Self::HandlerInclude => "HandlerTaskInclude",
            Self::LoopControl => "LoopControl",
        }
    }

    fn bit(self) -> u16 {
        match self {
            Self::Play => P,
            Self::Role => R,
            Self::Block => B,
            Self::Task => T,
            Self::Handler => H,
            Self::Include => I,
            Self::HandlerInclude => HI,
            Self::LoopControl => L,
        }
    }
}

const P: u16 = 1;
const R: u16 = 2;
const B: u16 = 4;
const T: u16 = 8;
const H: u16 = 16;
const I: u16 = 32;
const HI: u16 = 64;
const L: u16 = 128;
const TASKS: u16 = T | H;
const TASKS_AND_INCLUDES: u16 = T | H | I | HI;
const ALL: u16 = P | R | B | T | H;
const ALL_AND_INCLUDES: u16 = ALL | I | HI;

/// What a keyword's value must be once its templates are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Ansible's booleans: `yes`, `on`, `1`, `true`, `t`, `y` and their opposites in any case.
    Bool,
    /// A whole number, or a string that is one.
    Int,
    /// A number, or a string that is one.
    Float,
    /// A number or `N%`.
    Percent,
    /// A string; null means the empty string.
    Str,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A list; a scalar means a list of one.
    List,
    /// A list of strings; a scalar is split at commas.
    StrList,
    /// A list of expressions, all of which must hold.
    Conditions,
    /// A mapping.
    Dict,
    /// A list of mappings, or one mapping.
    DictList,
    /// A list of tasks and blocks.
    Tasks,
    /// The entries of `roles:`.
    Roles,
    /// Anything; its reader has rules of its own.
    Any,
}

/// What a child gets from the things it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inheritance {
    /// Nothing.
    None,
    /// The nearest value that is set.
    Nearest,
    /// All values, the outermost first.
    Extend,
    /// All values, the child's first.
    ExtendChildFirst,
}

/// When templates in a value are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Templating {
    /// Never: the text is taken as it stands.
    Static,
    /// When the task runs, where the text has `{{ }}`.
    Explicit,
    /// When the task runs, as an expression without `{{ }}`.
    Implicit,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The word in the file.
    pub name: &'static str,
    places: u16,
    /// What the value must be.
    pub kind: Type,
    /// What children get of it.
    pub inheritance: Inheritance,
    /// When it is templated.
    pub templating: Templating,
}

macro_rules! keywords {
    ($($variant:ident $name:literal $places:expr, $kind:expr, $inheritance:ident, $templating:ident;)*) => {
        /// Every keyword of playbooks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Keyword {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Keyword {
            /// Every keyword, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its row of the table.
            pub fn rule(self) -> &'static Rule {
                match self {
                    $(Self::$variant => &Rule {
                        name: $name,
                        places: $places,
                        kind: $kind,
                        inheritance: Inheritance::$inheritance,
                        templating: Templating::$templating,
                    },)*
                }
            }

            /// The keyword of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Some(match name {
                    $($name => Self::$variant,)*
                    _ => return None,
                })
            }
        }
    };
}

use Type::{
    Any, Bool, Choice, Conditions, Dict, DictList, Float, Int, List, Percent, Roles, Str, StrList, Tasks,
};

/// The words `debugger` takes.
const DEBUGGER: &[&str] = &["always", "never", "on_failed", "on_unreachable", "on_skipped"];
/// The words `order` takes.
const ORDER: &[&str] = &["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"];

keywords! {
    Action "action" TASKS_AND_INCLUDES, Any, None, Explicit;
    Always "always" B, Tasks, None, Explicit;
    AnyErrorsFatal "any_errors_fatal" ALL, Bool, Nearest, Explicit;
    Args "args" TASKS_AND_INCLUDES, Dict, None, Explicit;
    Async "async" TASKS, Int, None, Explicit;
    Become "become" ALL, Bool, Nearest, Explicit;
    BecomeExe "become_exe" ALL, Str, Nearest, Explicit;
    BecomeFlags "become_flags" ALL, Str, Nearest, Explicit;
    BecomeMethod "become_method" ALL, Str, Nearest, Explicit;
    BecomeUser "become_user" ALL, Str, Nearest, Explicit;
    Block "block" B, Tasks, None, Explicit;
    ChangedWhen "changed_when" TASKS, Conditions, None, Implicit;
    CheckMode "check_mode" ALL, Bool, Nearest, Explicit;
    Collections "collections" ALL_AND_INCLUDES, StrList, Nearest, Static;
    Connection "connection" ALL, Str, Nearest, Explicit;
    Debugger "debugger" ALL_AND_INCLUDES, Choice(DEBUGGER), Nearest, Explicit;
    Delay "delay" TASKS, Float, None, Explicit;
    DelegateFacts "delegate_facts" R | B | TASKS, Bool, Nearest, Explicit;
    DelegateTo "delegate_to" R | B | TASKS, Str, Nearest, Explicit;
    Diff "diff" ALL, Bool, Nearest, Explicit;
    Environment "environment" ALL, DictList, ExtendChildFirst, Explicit;
    FactPath "fact_path" P, Str, None, Explicit;
    FailedWhen "failed_when" TASKS, Conditions, None, Implicit;
    ForceHandlers "force_handlers" P, Bool, None, Explicit;
    GatherFacts "gather_facts" P, Bool, None, Explicit;
    GatherSubset "gather_subset" P, List, None, Explicit;
    GatherTimeout "gather_timeout" P, Int, None, Explicit;
    Handlers "handlers" P, Tasks, None, Explicit;
    Hosts "hosts" P, StrList, None, Explicit;
    IgnoreErrors "ignore_errors" ALL_AND_INCLUDES, Bool, Nearest, Explicit;
    IgnoreUnreachable "ignore_unreachable" ALL, Bool, Nearest, Explicit;
    Listen "listen" H | HI, StrList, None, Static;
    LocalAction "local_action" TASKS, Any, None, Explicit;
    Loop "loop" TASKS_AND_INCLUDES, Any, None, Explicit;
    LoopControl "loop_control" TASKS_AND_INCLUDES, Dict, None, Explicit;
    MaxFailPercentage "max_fail_percentage" P, Percent, None, Explicit;
    ModuleDefaults "module_defaults" ALL, DictList, ExtendChildFirst, Explicit;
    Name "name" ALL_AND_INCLUDES, Str, None, Explicit;
    NoLog "no_log" ALL_AND_INCLUDES, Bool, Nearest, Explicit;
    Notify "notify" B | TASKS, StrList, ExtendChildFirst, Explicit;
    Order "order" P, Choice(ORDER), None, Explicit;
    Poll "poll" TASKS, Int, None, Explicit;
    Port "port" ALL, Int, Nearest, Explicit;
    PostTasks "post_tasks" P, Tasks, None, Explicit;
    PreTasks "pre_tasks" P, Tasks, None, Explicit;
    Register "register" TASKS_AND_INCLUDES, Str, None, Static;
    RemoteUser "remote_user" ALL, Str, Nearest, Explicit;
    Rescue "rescue" B, Tasks, None, Explicit;
    Retries "retries" TASKS, Int, None, Explicit;
    Roles "roles" P, Roles, None, Explicit;
    RunOnce "run_once" ALL_AND_INCLUDES, Bool, Nearest, Explicit;
    Serial "serial" P, List, None, Explicit;
    Strategy "strategy" P, Str, None, Explicit;
    Tags "tags" ALL_AND_INCLUDES, StrList, Extend, Explicit;
    Tasks "tasks" P, Tasks, None, Explicit;
    Throttle "throttle" ALL, Int, Nearest, Explicit;
    Timeout "timeout" ALL_AND_INCLUDES, Int, Nearest, Explicit;
    Until "until" TASKS, Conditions, None, Implicit;
    Vars "vars" ALL_AND_INCLUDES, Dict, None, Static;
    VarsFiles "vars_files" P, List, None, Explicit;
    VarsPrompt "vars_prompt" P, List, None, Static;
    When "when" R | B | TASKS | I | HI, Conditions, ExtendChildFirst, Implicit;
    LoopVar "loop_var" L, Str, None, Explicit;
    IndexVar "index_var" L, Str, None, Explicit;
    Label "label" L, Any, None, Explicit;
    Pause "pause" L, Float, None, Explicit;
    Extended "extended" L, Bool, None, Explicit;
    ExtendedAllitems "extended_allitems" L, Bool, None, Explicit;
    BreakWhen "break_when" L, Conditions, None, Implicit;
}

impl Keyword {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// Whether it may stand there.
    pub fn is_legal(self, place: Place) -> bool {
        self.rule().places & place.bit() != 0
    }

    /// The keywords that may stand somewhere.
    pub fn legal(place: Place) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |keyword| keyword.is_legal(place))
    }
}

/// The keywords that are set on one thing, as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keywords(Vec<(Keyword, Node)>);

impl Keywords {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value as written, not yet templated.
    pub fn get(&self, keyword: Keyword) -> Option<&Node> {
        self.0.iter().find(|(found, _)| *found == keyword).map(|(_, value)| value)
    }

    /// Sets a value; the last one counts.
    pub fn set(&mut self, keyword: Keyword, value: Node) {
        match self.0.iter_mut().find(|(found, _)| *found == keyword) {
            Some((_, old)) => *old = value,
            None => self.0.push((keyword, value)),
        }
    }

    /// Removes a value.
    pub fn take(&mut self, keyword: Keyword) -> Option<Node> {
        let at = self.0.iter().position(|(found, _)| *found == keyword)?;
        Some(self.0.remove(at).1)
    }

    /// What is set, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (Keyword, &Node)> {
        self.0.iter().map(|(keyword, value)| (*keyword, value))
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
