//! Zone files in the format of RFC 1035: written for export, read for import.
use crate::clock::Ms;
use crate::resource::rrset::{Record, RrSet, TYPES, value_problem};
use crate::resource::zone::Zone;

/// Writes a zone file.
pub fn export(zone: &Zone) -> String {
    let mut out = format!("$ORIGIN\t{}.\n$TTL\t{}\n\n", zone.base.name, zone.ttl);
    for rrset in &zone.rrsets {
        for record in &rrset.records {
            let ttl = rrset.ttl.map(|t| format!("{t}\t")).unwrap_or_default();
            let comment =
                if record.comment.is_empty() { String::new() } else { format!(" ; {}", record.comment) };
            out.push_str(&format!("{}\t{ttl}IN\t{}\t{}{comment}\n", rrset.name, rrset.kind, record.value));
        }
    }
    out
}

/// Joins lines that parentheses hold together, without comments.
fn logical_lines(text: &str) -> Vec<String> {
    let (mut lines, mut line, mut depth, mut quoted) = (Vec::new(), String::new(), 0usize, false);
    for raw in text.lines() {
        for c in raw.chars() {
            match c {
                '"' => {
                    quoted = !quoted;
                    line.push(c);
                }
                ';' if !quoted => break,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth = depth.saturating_sub(1),
                other => line.push(other),
            }
        }
        quoted = false;
        if depth == 0 {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push(' ');
        }
    }
    lines.push(line);
    lines.retain(|l| !l.trim().is_empty());
    lines
}

/// A name of the file as RRSets write it: relative to the zone, `@` for its apex.
fn relative(name: &str, origin: &str, zone: &str) -> Option<String> {
    let full = match name.strip_suffix('.') {
        Some(absolute) => absolute.to_lowercase(),
        None if name == "@" => origin.to_owned(),
        None => format!("{}.{origin}", name.to_lowercase()),
    };
    if full == zone {
        return Some("@".to_owned());
    }
    full.strip_suffix(zone)?.strip_suffix('.').map(str::to_owned)
}

/// Reads a zone file.
///
/// # Errors
/// What is wrong, with the number of the line.
pub fn import(text: &str, zone: &str, created: Ms) -> Result<(Vec<RrSet>, Option<i64>), String> {
    let (mut rrsets, mut origin, mut default_ttl): (Vec<RrSet>, String, Option<i64>) =
        (Vec::new(), zone.to_owned(), None);
    let mut last_name = "@".to_owned();
    for (number, line) in logical_lines(text).iter().enumerate() {
        let problem = |what: &str| format!("line {}: {what}", number + 1);
        let mut words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["$ORIGIN", name] => {
                origin = name.trim_end_matches('.').to_lowercase();
                continue;
            }
            ["$TTL", ttl] => {
                default_ttl = Some(ttl.parse().map_err(|_| problem("invalid $TTL"))?);
                continue;
            }
            [first, ..] if first.starts_with('$') => return Err(problem("unknown directive")),
            _ => {}
        }
        if !line.starts_with(char::is_whitespace) && !words.is_empty() {
            let name = words.remove(0);
            last_name =
                relative(name, &origin, zone).ok_or_else(|| problem("name is outside of the zone"))?;
        }
        let mut ttl = None;
        while let Some(word) = words.first() {
            if let Ok(number) = word.parse::<i64>() {
                ttl = Some(number);
            } else if !word.eq_ignore_ascii_case("IN") {
                break;
            }
            words.remove(0);
        }
        let kind = words.first().map(|w| w.to_uppercase()).filter(|w| TYPES.contains(&w.as_str()));
        let kind = kind.ok_or_else(|| problem("unknown record type"))?;
        let value = words.get(1..).unwrap_or_default().join(" ");
        if let Some(what) = value_problem(&kind, &value) {
            return Err(problem(what));
        }
        let id = format!("{last_name}/{kind}");
        if !rrsets.iter().any(|r| r.id() == id) {
            rrsets.push(RrSet::new(&last_name, &kind, ttl, created));
        }
        if let Some(rrset) = rrsets.iter_mut().find(|r| r.id() == id) {
            rrset.records.push(Record { value, comment: String::new() });
        }
    }
    Ok((rrsets, default_ttl))
}

#[cfg(test)]
mod tests {
    use super::import;

    #[test]
    fn reads_what_bind_writes() {
        let text = "$ORIGIN example.com.\n$TTL 600\n@ IN SOA a. b. (1 2 ; serial\n 3 4 5)\n@ 60 IN NS ns1.example.org.\n\
                    www A 192.0.2.1\n    A 192.0.2.2 ; second\nmail.example.com. IN MX 10 @\ntxt TXT \"a;b\"\n";
        let (rrsets, ttl) = import(text, "example.com", 0).expect("a zone file");
        let shown: Vec<String> = rrsets.iter().map(|r| format!("{}={}", r.id(), r.records.len())).collect();
        assert_eq!(shown.join(" "), "@/SOA=1 @/NS=1 www/A=2 mail/MX=1 txt/TXT=1");
        assert_eq!((ttl, rrsets[1].ttl), (Some(600), Some(60)));
    }

    #[test]
    fn tells_the_line_of_a_mistake() {
        for (text, expected) in [
            ("www A nonsense", "line 1: is not an IPv4 address"),
            ("www.example.org. A 192.0.2.1", "line 1: name is outside of the zone"),
            ("www WHAT x", "line 1: unknown record type"),
            ("$TTL soon", "line 1: invalid $TTL"),
            ("$INCLUDE x", "line 1: unknown directive"),
        ] {
            assert_eq!(import(text, "example.com", 0).err().as_deref(), Some(expected), "{text}");
        }
    }
}
