//! Blocks, and the lists of tasks and blocks they hold.

use std::sync::Arc;

use crate::ast::{Layer, Task};

/// A task or a block.
#[derive(Clone, Debug)]
pub enum Item {
    /// A task, or an include that is resolved at run time.
    Task(Arc<Task>),
    /// A block, or a static import that has become one.
    Block(Arc<Block>),
}

/// A group of tasks with what to do when one of them fails.
#[derive(Debug)]
pub struct Block {
    /// The level this block makes; its keywords, variables and parents.
    pub layer: Arc<Layer>,
    /// The tasks.
    pub block: Vec<Item>,
    /// What runs when one of them fails.
    pub rescue: Vec<Item>,
    /// What runs in any case.
    pub always: Vec<Item>,
}

impl Item {
    /// Every task below this item, in the order of the file: block, rescue, always.
    pub fn tasks(&self) -> Vec<&Arc<Task>> {
        fn walk<'a>(item: &'a Item, out: &mut Vec<&'a Arc<Task>>) {
            match item {
                Item::Task(task) => out.push(task),
                Item::Block(block) => {
                    let parts = block.block.iter().chain(&block.rescue).chain(&block.always);
                    parts.for_each(|item| walk(item, out));
                }
            }
        }
        let mut out = Vec::new();
        walk(self, &mut out);
        out
    }
}
