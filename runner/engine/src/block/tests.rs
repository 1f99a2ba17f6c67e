//! Walks blocks written as text and compares the order in which tasks ran.

use std::{fmt::Write as _, sync::Arc};

use super::{Block, Fate, Item, Place};

/// A task is a word; `!` at its end makes it fail; `+(…)` after it is what it includes.
#[derive(Debug, Clone)]
struct Word {
    name: String,
    fails: bool,
    includes: Option<Arc<Block<Word>>>,
}

struct Reader<'a> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
}

impl Reader<'_> {
    /// `a b! ( c | r | z ) d`: parentheses are a block with `|` before rescue and always.
    fn items(&mut self) -> Vec<Item<Word>> {
        let mut items: Vec<Item<Word>> = Vec::new();
        while let Some(&word) = self.words.peek() {
            match word {
                ")" | "|" => break,
                "(" => {
                    self.words.next();
                    items.push(Item::Block(self.block()));
                }
                "+(" => {
                    self.words.next();
                    let block = self.block();
                    let Some(Item::Task(last)) = items.last_mut() else {
                        panic!("`+(` needs a task before it")
                    };
                    last.includes = Some(block);
                }
                word => {
                    self.words.next();
                    let fails = word.ends_with('!');
                    items.push(Item::Task(Word {
                        name: word.trim_end_matches('!').to_owned(),
                        fails,
                        includes: None,
                    }));
                }
            }
        }
        items
    }

    fn block(&mut self) -> Arc<Block<Word>> {
        let mut parts = vec![self.items()];
        while self.words.next() == Some("|") {
            parts.push(self.items());
        }
        parts.resize_with(3, Vec::new);
        let always = parts.pop().expect("three parts");
        let rescue = parts.pop().expect("three parts");
        let tasks = parts.pop().expect("three parts");
        Arc::new(Block { tasks, rescue, always, role: None })
    }
}

fn walk(text: &str) -> String {
    let mut reader = Reader { words: text.split_whitespace().peekable() };
    let root = Arc::new(Block::of(reader.items()));
    let mut place = Place::new(root);
    let mut out = String::new();
    while let Some(task) = place.head(|_| true) {
        place.take();
        out.push_str(&task.name);
        if task.fails {
            out.push_str(match place.fail() {
                Fate::Rescued => "!rescued",
                Fate::Pending => "!pending",
                Fate::Ended => "!ended",
            });
        } else if let Some(block) = task.includes {
            place.include(vec![block]);
        }
        out.push(' ');
    }
    let _ = write!(out, "=> {}", if place.has_failed() { "failed" } else { "ok" });
    out
}

#[test]
fn hosts_walk_blocks_as_ansible_does() {
    let cases = include_str!("../../cases/block/walk.txt");
    let mut wrong = String::new();
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (text, want) = line.split_once(" -> ").expect("`blocks -> walk`");
        let got = walk(text);
        if got != want.trim() {
            let _ = writeln!(wrong, "{text}\n  want {want}\n  got  {got}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
