//! The person at the terminal: questions and hidden answers.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use async_trait::async_trait;
use runner_engine::settings::{Operator, Question};

/// Whoever sits at standard input.
#[derive(Debug, Default)]
pub struct Terminal;

#[async_trait]
impl Operator for Terminal {
    async fn ask(&self, question: &Question) -> Option<String> {
        let question = question.clone();
        let asked = tokio::task::spawn_blocking(move || {
            if question.hidden { hidden_line(&question.text) } else { line(&question.text) }
        });
        asked.await.ok().flatten()
    }
}

/// A line typed after a question; nothing at the end of input.
pub fn line(text: &str) -> Option<String> {
    {
        let mut stdout = std::io::stdout().lock();
        // A closed output still lets the answer be read.
        let _ = write!(stdout, "{text}");
        let _ = stdout.flush();
    }
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer).ok()?;
    (read > 0).then(|| answer.trim_end_matches(['\n', '\r']).to_owned())
}

/// The same without showing what is typed.
pub fn hidden_line(text: &str) -> Option<String> {
    let quiet = std::io::stdin().is_terminal() && echo(false);
    let answer = line(text);
    if quiet {
        echo(true);
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout);
    }
    answer
}

fn echo(on: bool) -> bool {
    let word = if on { "echo" } else { "-echo" };
    std::process::Command::new("stty").arg(word).status().is_ok_and(|status| status.success())
}
