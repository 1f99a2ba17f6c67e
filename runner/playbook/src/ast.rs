//! What a playbook says, as typed trees: plays, blocks, tasks, handlers and roles, everything with its place.

mod block;
mod include;
mod layer;
mod play;
mod role;
mod task;

pub use block::{Block, Item};
pub use include::{Include, IncludeRole, IncludeTasks};
pub use layer::{Layer, LayerKind, items};
pub use play::{Play, Playbook, VarsPrompt};
pub use role::{Role, RoleEntry, RoleMeta, RoleUse};
pub use task::{Action, Args, Handler, LoopControl, LoopSource, Task};
