//! Splitting a command line into words as a POSIX shell would, and putting words together again.

/// Splits as Python's `shlex.split` does. The error is Python's text.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation".into()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("No closing quotation".into()),
                        },
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation".into()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("No escaped character".into()),
            },
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Quotes one word for a shell, as Python's `shlex.quote` does.
pub fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

/// Quotes and joins.
pub fn join<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn splits_as_shlex_does() {
        let check = |line: &str, want: &[&str]| assert_eq!(super::split(line).expect(line), want, "{line}");
        check("echo  'a b' \"c $d\" e\\ f", &["echo", "a b", "c $d", "e f"]);
        check("x '' y", &["x", "", "y"]);
        check("\"a\\\"b\\n\"", &["a\"b\\n"]);
        assert_eq!(super::split("a 'b").expect_err("open quote"), "No closing quotation");
        assert_eq!(super::join(&["a b", "c"]), "'a b' c");
    }
}
