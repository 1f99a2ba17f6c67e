//! Host names as inventories write them: ranges such as `db[01:10]`, ports, IPv6 addresses in brackets.

/// Hosts one pattern may stand for: far more than any inventory has.
const HOSTS_MAX: usize = 1_000_000;

/// The host names a pattern stands for, and the port written after it.
///
/// # Errors
/// Ansible's words for a broken range.
pub fn expand(pattern: &str) -> Result<(Vec<String>, Option<u16>), String> {
    if pattern.trim().ends_with(':') {
        return Err(format!(
            "Invalid host pattern '{pattern}' supplied, ending in ':' is not allowed, this character is reserved to provide a port."
        ));
    }
    let (name, port) = split_port(pattern, true);
    let names = if has_range(name) { ranges(name)? } else { vec![name.to_owned()] };
    if names.iter().any(|name| name.trim() == "---") {
        return Err(format!(
            "Invalid host pattern '{pattern}' supplied, '---' is normally a sign this is a YAML file."
        ));
    }
    Ok((names, port))
}

/// A name and the port after it; without `with_ranges`, brackets are part of an IPv6 address only.
pub fn split_port(pattern: &str, with_ranges: bool) -> (&str, Option<u16>) {
    if let Some(rest) = pattern.strip_prefix('[')
        && let Some((inside, after)) = rest.split_once(']')
    {
        if let Some(port) = after.strip_prefix(':').and_then(|port| port.parse().ok())
            && is_address(inside, with_ranges)
        {
            return (inside, Some(port));
        }
        if after.is_empty() && inside.contains(':') && is_ipv6(inside) {
            return (inside, None);
        }
    }
    let outside = pattern.rfind(']').map_or(0, |at| at + 1);
    if let Some(colon) = pattern[outside..].rfind(':').map(|at| outside + at) {
        let (name, port) = (&pattern[..colon], &pattern[colon + 1..]);
        let one_colon = colons_outside(name) == 0;
        let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        if one_colon && digits && is_address(name, with_ranges) {
            return (name, port.parse().ok());
        }
    }
    (pattern, None)
}

/// Colons that are not in brackets.
fn colons_outside(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut colons = 0;
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => colons += 1,
            _ => {}
        }
    }
    colons
}

/// Whether a text can be the name or address of a host.
pub fn is_address(text: &str, with_ranges: bool) -> bool {
    if is_ipv6(text) {
        return true;
    }
    let mut label = String::new();
    let mut rest = text;
    loop {
        let Some(c) = rest.chars().next() else { return is_label(&label) };
        rest = &rest[c.len_utf8()..];
        match c {
            '.' => {
                if !is_label(&label) {
                    return false;
                }
                label.clear();
            }
            '[' if with_ranges => {
                let Some((range, after)) = rest.split_once(']') else { return false };
                let parts = range.split(':').count();
                if !(2..=3).contains(&parts) || !range.chars().all(|c| c.is_ascii_alphanumeric() || c == ':')
                {
                    return false;
                }
                // A range stands for letters or digits.
                label.push('0');
                rest = after;
            }
            c => label.push(c),
        }
    }
}

fn is_label(label: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    !label.is_empty()
        && label.chars().all(|c| word(c) || c == '-')
        && label.starts_with(word)
        && label.ends_with(word)
        && label.chars().count() <= 63
}

fn is_ipv6(text: &str) -> bool {
    text.contains(':') && text.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Whether a name holds a range.
pub fn has_range(name: &str) -> bool {
    match (name.find('['), name.find(':'), name.find(']')) {
        (Some(open), Some(colon), Some(close)) => open < colon && colon < close,
        _ => false,
    }
}

fn ranges(name: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut rest = name;
    while has_range(rest) {
        let (head, after) = rest.split_once('[').expect("a range has a bracket");
        let (range, tail) = after.split_once(']').expect("a range has both brackets");
        let items = range_items(range)?;
        if names.len().saturating_mul(items.len()) > HOSTS_MAX {
            return Err(format!("host range stands for more than {HOSTS_MAX} hosts"));
        }
        names = names
            .iter()
            .flat_map(|name| items.iter().map(move |item| format!("{name}{head}{item}")))
            .collect();
        rest = tail;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

/// The items of `1:3`, `01:10`, `a:f`, `1:10:2`.
fn range_items(range: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match parts[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err("host range must be begin:end or begin:end:step".to_owned()),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err("host range must specify end value".to_owned());
    }
    let step: usize =
        step.parse().ok().filter(|step| *step > 0).ok_or("host range step must be a positive number")?;
    if let ([from], [to]) = (begin.as_bytes(), end.as_bytes())
        && from.is_ascii_alphabetic()
    {
        // Python's order of letters: small ones first.
        let letters: Vec<u8> = (b'a'..=b'z').chain(b'A'..=b'Z').collect();
        let index = |letter: &u8| letters.iter().position(|known| known == letter);
        let (Some(first), Some(last)) = (index(from), index(to)) else {
            return Err("host range must have begin <= end".to_owned());
        };
        if first > last {
            return Err("host range must have begin <= end".to_owned());
        }
        return Ok(letters[first..=last]
            .iter()
            .step_by(step)
            .map(|letter| char::from(*letter).to_string())
            .collect());
    }
    let width = if begin.starts_with('0') && begin.len() > 1 {
        if begin.len() != end.len() {
            return Err("host range must specify equal-length begin and end formats".to_owned());
        }
        begin.len()
    } else {
        0
    };
    let number = |text: &str| {
        text.parse::<u64>().map_err(|_| format!("invalid literal for int() with base 10: '{text}'"))
    };
    let (first, last) = (number(begin)?, number(end)?);
    if last.saturating_sub(first) / step as u64 > HOSTS_MAX as u64 {
        return Err(format!("host range stands for more than {HOSTS_MAX} hosts"));
    }
    Ok((first..=last).step_by(step).map(|number| format!("{number:0width$}")).collect())
}
