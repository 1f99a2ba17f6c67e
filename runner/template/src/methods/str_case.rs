//! Python's letter cases and character classes.

/// Python's white space.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => title_char(first) + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

fn title_char(c: char) -> String {
    match c {
        'ß' => "Ss".to_owned(),
        'ǆ' | 'ǅ' | 'Ǆ' => "ǅ".to_owned(),
        other => other.to_uppercase().collect(),
    }
}

pub(crate) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if is_cased(c) {
            if inside {
                out.extend(c.to_lowercase())
            } else {
                out.push_str(&title_char(c))
            }
            inside = true;
        } else {
            out.push(c);
            inside = false;
        }
    }
    out
}

pub(crate) fn swapcase(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() { out.extend(c.to_lowercase()) } else { out.extend(c.to_uppercase()) }
    }
    out
}

pub(crate) fn casefold(text: &str) -> String {
    text.to_lowercase().replace('ß', "ss").replace('ς', "σ")
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// The `is…` methods.
pub(crate) fn is(text: &str, name: &str) -> bool {
    let all = |check: fn(char) -> bool| !text.is_empty() && text.chars().all(check);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdecimal" => all(|c| c.is_numeric() && is_decimal(c)),
        "isdigit" => {
            all(|c| is_decimal(c) || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨'))
        }
        "isnumeric" => all(char::is_numeric),
        "isidentifier" => {
            let mut chars = text.chars();
            chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
                && chars.all(|c| c == '_' || c.is_alphanumeric())
        }
        "islower" => text.chars().any(is_cased) && !text.chars().any(char::is_uppercase),
        "isupper" => text.chars().any(is_cased) && !text.chars().any(char::is_lowercase),
        "isprintable" => text.chars().all(crate::value::is_printable),
        "isspace" => all(is_space),
        "istitle" => text.chars().any(is_cased) && title(text) == text,
        _ => false,
    }
}

fn is_decimal(c: char) -> bool {
    c.is_ascii_digit()
        || [
            0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0,
            0xf20, 0xff10,
        ]
        .iter()
        .any(|zero| (*zero..*zero + 10).contains(&u32::from(c)))
}
