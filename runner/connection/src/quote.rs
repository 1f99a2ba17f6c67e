//! Words for a POSIX shell: quoted so that they arrive as they are, and taken apart as a shell would.

/// Quotes one word; plain ones stay readable.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// Splits a line into words by the shell's quoting rules; says what is wrong with one that cannot be split.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(|| unclosed(line))? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or_else(|| unclosed(line))? {
                        '"' => break,
                        '\\' => match chars.next().ok_or_else(|| unclosed(line))? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn unclosed(line: &str) -> String {
    format!("a quote is not closed in: {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_round_trip() {
        for word in ["plain", "", "two words", "it's", "$HOME `x` \"y\"", "a\nb", "ä"] {
            assert_eq!(split(&quote(word)).expect("what we quote can be split"), [word]);
        }
    }

    #[test]
    fn lines_are_split_as_a_shell_does() {
        let check = |line: &str, words: &[&str]| assert_eq!(split(line).expect("a sound line"), words);
        check("", &[]);
        check("  -o  A=b ", &["-o", "A=b"]);
        check(
            "-o ProxyCommand=\"ssh -W %h:%p 'jump host'\"",
            &["-o", "ProxyCommand=ssh -W %h:%p 'jump host'"],
        );
        check(r#"a\ b "c\"d" "e\f""#, &["a b", "c\"d", "e\\f"]);
        assert!(split("it's").is_err());
        assert!(split("\"open").is_err());
    }
}
