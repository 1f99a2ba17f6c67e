//! From the words of `notify` to the handlers of a play.

use runner_playbook::ast::Handler;

/// A handler as notifications see it: names already templated.
#[derive(Debug, Clone, Default)]
pub struct Bell {
    /// Its own name.
    pub name: String,
    /// The role it belongs to.
    pub role: Option<String>,
    /// Topics it listens to.
    pub listen: Vec<String>,
}

impl Bell {
    /// The bell of a handler whose name has been templated.
    pub fn new(handler: &Handler, name: String) -> Self {
        Bell { name, role: handler.task.role().map(|role| role.name.clone()), listen: handler.listen.clone() }
    }

    fn answers_to(&self, word: &str) -> bool {
        if self.name.is_empty() {
            return false;
        }
        if self.name == word {
            return true;
        }
        let Some(role) = &self.role else { return false };
        word.strip_prefix(role.as_str()).and_then(|rest| rest.strip_prefix(" : ")) == Some(self.name.as_str())
    }
}

/// The handlers that a notification rings, by index: the last one of that name, and every listener (once per name).
pub fn ring(bells: &[Bell], word: &str) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    found.extend(bells.iter().rposition(|bell| bell.answers_to(word)));
    let mut seen: Vec<&str> = Vec::new();
    for (index, bell) in bells.iter().enumerate().rev() {
        if !bell.listen.iter().any(|topic| topic == word) {
            continue;
        }
        if !bell.name.is_empty() {
            if seen.contains(&bell.name.as_str()) {
                continue;
            }
            seen.push(&bell.name);
        }
        if !found.contains(&index) {
            found.push(index);
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::{Bell, ring};

    fn bell(text: &str) -> Bell {
        let (name, topics) = text.split_once('@').unwrap_or((text, ""));
        let (role, name) = match name.split_once(" : ") {
            Some((role, name)) => (Some(role.to_owned()), name),
            None => (None, name),
        };
        Bell {
            name: name.to_owned(),
            role,
            listen: topics.split(',').filter(|topic| !topic.is_empty()).map(str::to_owned).collect(),
        }
    }

    #[test]
    fn notifications_find_their_handlers() {
        let cases: &[(&[&str], &str, &[usize])] = &[
            (&["a", "b"], "b", &[1]),
            (&["a", "a"], "a", &[1]),
            (&["r : a", "a"], "r : a", &[0]),
            (&["r : a", "s : a"], "a", &[1]),
            (&["a@t", "b@t,u"], "t", &[0, 1]),
            (&["a@t", "a@t"], "t", &[1]),
            (&["t", "b@t"], "t", &[0, 1]),
            (&["@t", "@t"], "t", &[0, 1]),
            (&["a"], "nope", &[]),
        ];
        for (names, word, want) in cases {
            let bells: Vec<Bell> = names.iter().map(|name| bell(name)).collect();
            assert_eq!(ring(&bells, word), *want, "{names:?} {word}");
        }
    }
}
