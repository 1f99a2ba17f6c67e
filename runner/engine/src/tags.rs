//! Which tasks `--tags` and `--skip-tags` leave.

/// Tags asked for and tags refused.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Tags of which one is needed; `all` when nothing was asked for.
    pub only: Vec<String>,
    /// Tags that rule a task out.
    pub skip: Vec<String>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection { only: vec!["all".to_owned()], skip: Vec::new() }
    }
}

impl Selection {
    /// Whether a task with these tags runs.
    pub fn selects(&self, tags: &[String]) -> bool {
        let has = |tag: &str| tags.iter().any(|own| own == tag);
        let asked = |tag: &str| self.only.iter().any(|own| own == tag);
        let refused = |tag: &str| self.skip.iter().any(|own| own == tag);
        let common =
            |list: &[String]| list.iter().any(|tag| has(tag) || (tag == "untagged" && tags.is_empty()));
        let mut run = self.only.is_empty()
            || has("always")
            || (asked("all") && !has("never"))
            || common(&self.only)
            || (asked("tagged") && !tags.is_empty() && !has("never"));
        if run && !self.skip.is_empty() {
            let ruled_out = if refused("all") {
                !has("always") || refused("always")
            } else {
                common(&self.skip) || (refused("tagged") && !tags.is_empty())
            };
            run = !ruled_out;
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn tags_select_tasks_as_ansible_does() {
        let cases = include_str!("../cases/tags.txt");
        for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let [only, skip, tags, want] = parts[..] else { panic!("four columns: {line}") };
            let selection = Selection { only: words(only), skip: words(skip) };
            let got = if selection.selects(&words(tags)) { "runs" } else { "no" };
            assert_eq!(got, want, "{line}");
        }
    }
}
