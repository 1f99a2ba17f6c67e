//! `timer` and `profile_tasks`: how long the run and its slowest tasks took.

use std::time::{Duration, Instant};

use runner_engine::event::Event;

use super::{Reader, screen::Screen};

/// Tasks that are listed.
const SLOWEST: usize = 20;

/// Columns of a line of the list.
const COLUMNS: usize = 79;

/// Prints the time of the whole run.
pub struct Timer {
    screen: Screen,
    start: Instant,
}

impl Timer {
    /// A reader that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Timer { screen, start: Instant::now() }
    }
}

impl Reader for Timer {
    fn read(&mut self, event: &Event) {
        if let Event::Recap(_) = event {
            let seconds = self.start.elapsed().as_secs();
            let text = format!(
                "Playbook run took {} days, {} hours, {} minutes, {} seconds",
                seconds / 86_400,
                seconds / 3600 % 24,
                seconds / 60 % 60,
                seconds % 60
            );
            self.screen.out(&text, None);
        }
    }
}

/// Prints the slowest tasks.
pub struct Profile {
    screen: Screen,
    current: Option<(String, Instant)>,
    done: Vec<(String, Duration)>,
}

impl Profile {
    /// A reader that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Profile { screen, current: None, done: Vec::new() }
    }

    fn stop(&mut self) {
        if let Some((name, start)) = self.current.take() {
            self.done.push((name, start.elapsed()));
        }
    }

    fn report(&mut self) {
        self.done.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        self.screen.out(&"=".repeat(COLUMNS), None);
        for (name, took) in self.done.drain(..).take(SLOWEST) {
            let took = format!(" {:.2}s", took.as_secs_f64());
            let room = COLUMNS.saturating_sub(took.chars().count());
            let mut name: String = name.chars().take(room).collect();
            let used = name.chars().count();
            if used < room {
                name.push(' ');
                name.push_str(&"-".repeat(room - used - 1));
            }
            self.screen.out(&format!("{name}{took}"), None);
        }
    }
}

impl Reader for Profile {
    fn read(&mut self, event: &Event) {
        match event {
            Event::TaskStarted(task) => {
                self.stop();
                self.current = Some((task.name.clone(), Instant::now()));
            }
            Event::PlayStarted(_) => self.stop(),
            Event::Recap(_) => {
                self.stop();
                self.report();
            }
            _ => {}
        }
    }
}
