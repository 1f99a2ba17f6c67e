//! Tasks in order: blocks with their rescue and always sections, and the place where one host stands in them.
//!
//! Pure: no variables, no results. A host's [`Place`] is told that its task failed, or that an include brought
//! more tasks, and answers what comes next. Flushed handlers and included files are blocks pushed on top, so
//! that a failure in them walks up to the rescue of whatever surrounds the including task.

use std::sync::Arc;

/// What may stand in a block.
#[derive(Debug, Clone)]
pub enum Item<T> {
    /// One task.
    Task(T),
    /// A block within the block.
    Block(Arc<Block<T>>),
}

/// Tasks, what to do when one of them fails, and what to do in any case.
#[derive(Debug)]
pub struct Block<T> {
    /// `block`.
    pub tasks: Vec<Item<T>>,
    /// `rescue`.
    pub rescue: Vec<Item<T>>,
    /// `always`.
    pub always: Vec<Item<T>>,
    /// The role whose tasks these are, for `meta: end_role`; a number unique to the role's occurrence.
    pub role: Option<u64>,
}

impl<T> Default for Block<T> {
    fn default() -> Self {
        Block { tasks: Vec::new(), rescue: Vec::new(), always: Vec::new(), role: None }
    }
}

impl<T: Clone> Block<T> {
    /// A plain list of items.
    pub fn of(tasks: Vec<Item<T>>) -> Self {
        Block { tasks, ..Block::default() }
    }

    /// Every task in the order of the text: tasks, rescue, always, depth first.
    pub fn flatten(&self, into: &mut Vec<T>) {
        for item in self.tasks.iter().chain(&self.rescue).chain(&self.always) {
            match item {
                Item::Task(task) => into.push(task.clone()),
                Item::Block(block) => block.flatten(into),
            }
        }
    }
}

/// The section of a block a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The tasks themselves.
    Tasks,
    /// A task failed and is being rescued.
    Rescue,
    /// What is done in any case.
    Always,
}

/// What a failure led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A rescue section comes next.
    Rescued,
    /// An always section comes next, and the failure lives on after it.
    Pending,
    /// Nothing of the play is left for the host.
    Ended,
}

#[derive(Debug)]
struct Frame<T> {
    block: Arc<Block<T>>,
    section: Section,
    next: usize,
    /// A failure waits for the end of the always section.
    failed: bool,
    /// The frame came from an include or a flush, not from the text around it.
    pushed: bool,
}

impl<T> Clone for Frame<T> {
    fn clone(&self) -> Self {
        Frame {
            block: self.block.clone(),
            section: self.section,
            next: self.next,
            failed: self.failed,
            pushed: self.pushed,
        }
    }
}

impl<T> Frame<T> {
    fn items(&self) -> &[Item<T>] {
        match self.section {
            Section::Tasks => &self.block.tasks,
            Section::Rescue => &self.block.rescue,
            Section::Always => &self.block.always,
        }
    }
}

/// Where one host stands in a play.
#[derive(Debug, Clone)]
pub struct Place<T> {
    frames: Vec<Frame<T>>,
    failed: bool,
}

impl<T: Clone> Place<T> {
    /// Before the first task of a block.
    pub fn new(root: Arc<Block<T>>) -> Self {
        let mut place = Place { frames: Vec::new(), failed: false };
        place.push(root, false);
        place
    }

    fn push(&mut self, block: Arc<Block<T>>, pushed: bool) {
        self.frames.push(Frame { block, section: Section::Tasks, next: 0, failed: false, pushed });
    }

    /// The next task that is wanted; unwanted ones are passed over for good.
    pub fn head(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Option<T> {
        loop {
            let frame = self.frames.last_mut()?;
            match frame.items().get(frame.next) {
                Some(Item::Task(task)) => {
                    if wanted(task) {
                        return Some(task.clone());
                    }
                    frame.next += 1;
                }
                Some(Item::Block(block)) => {
                    let block = block.clone();
                    frame.next += 1;
                    self.push(block, false);
                }
                None => self.leave_section(),
            }
        }
    }

    /// Passes the task that [`Place::head`] returned.
    pub fn take(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.next += 1;
        }
    }

    fn leave_section(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.section == Section::Always {
            let failed = frame.failed;
            self.frames.pop();
            if failed {
                self.fail();
            }
            return;
        }
        frame.section = Section::Always;
        frame.next = 0;
    }

    /// The task taken last failed: goes to the nearest rescue or always section that is still ahead.
    pub fn fail(&mut self) -> Fate {
        while let Some(frame) = self.frames.last_mut() {
            if frame.section == Section::Tasks && !frame.block.rescue.is_empty() {
                frame.section = Section::Rescue;
                frame.next = 0;
                return Fate::Rescued;
            }
            if frame.section != Section::Always && !frame.block.always.is_empty() {
                frame.section = Section::Always;
                frame.next = 0;
                frame.failed = true;
                return Fate::Pending;
            }
            self.frames.pop();
        }
        self.failed = true;
        Fate::Ended
    }

    /// What a failure of the task taken last would lead to in the end.
    pub fn would_rescue(&self) -> bool {
        self.frames.iter().any(|frame| frame.section == Section::Tasks && !frame.block.rescue.is_empty())
    }

    /// Puts blocks between the task taken last and the one after it.
    pub fn include(&mut self, blocks: Vec<Arc<Block<T>>>) {
        for block in blocks.into_iter().rev() {
            self.push(block, true);
        }
    }

    /// Ends the play for this host, well (`meta: end_host`) or because nothing can reach it any more.
    pub fn end(&mut self) {
        self.frames.clear();
    }

    /// Ends the innermost block that belongs to a role (`meta: end_role`).
    pub fn end_role(&mut self, role: u64) {
        let Some(at) = self.frames.iter().position(|frame| frame.block.role == Some(role)) else { return };
        self.frames.truncate(at);
    }

    /// Forgets failures, pending and final, so that the host takes part again.
    pub fn forgive(&mut self) {
        self.failed = false;
        for frame in &mut self.frames {
            frame.failed = false;
        }
    }

    /// Whether a failure ended the play for this host, or will once its always sections are through.
    pub fn has_failed(&self) -> bool {
        if self.failed {
            return true;
        }
        let Some(at) = self.frames.iter().rposition(|frame| frame.failed) else { return false };
        !self.frames[..at]
            .iter()
            .any(|frame| frame.section == Section::Tasks && !frame.block.rescue.is_empty())
    }

    /// Whether the host is in a rescue section, or in a block that one surrounds.
    pub fn is_rescuing(&self) -> bool {
        self.frames.iter().any(|frame| frame.section == Section::Rescue)
    }

    /// Whether a failure waits for the end of an always section.
    pub fn is_pending(&self) -> bool {
        self.frames.iter().any(|frame| frame.failed)
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many included blocks are open above the text of the play; bounds include recursion.
    pub fn depth(&self) -> usize {
        self.frames.iter().filter(|frame| frame.pushed).count()
    }
}

#[cfg(test)]
mod tests;
