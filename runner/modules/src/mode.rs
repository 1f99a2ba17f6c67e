//! Permission bits as text: octal or symbolic, read as Ansible reads them.

use crate::python;
use serde_json::Value;

/// Why a mode cannot be read: Ansible's message and its details.
#[derive(Debug, PartialEq, Eq)]
pub struct BadMode {
    /// What `msg` says.
    pub msg: &'static str,
    /// What `details` says.
    pub details: String,
}

/// The bits that a `mode` argument asks for, given the present ones.
pub fn wanted(value: &Value, present: u32, is_dir: bool, umask: u32) -> Result<u32, BadMode> {
    const MSG: &str = "mode must be in octal or symbolic form";
    if let Value::Number(number) = value {
        // A number from YAML has lost how it was written; it is taken as it is.
        let bits = number.as_u64().filter(|bits| *bits <= 0o7777);
        return bits.map(|bits| bits as u32).ok_or_else(|| BadMode {
            msg: "Invalid mode value",
            details: format!("{} is not a valid mode", python::text(value)),
        });
    }
    let text = python::text(value);
    if let Ok(bits) = u32::from_str_radix(text.trim_start_matches("0o"), 8) {
        return Ok(bits & 0o7777);
    }
    symbolic(&text, present, is_dir, umask)
        .ok_or_else(|| BadMode { msg: MSG, details: format!("bad symbolic permission for mode: {text}") })
}

fn symbolic(text: &str, mut mode: u32, is_dir: bool, umask: u32) -> Option<u32> {
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(at);
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return None;
        }
        while let Some(operator) = rest.chars().next() {
            let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
            let permissions = &rest[1..end];
            rest = &rest[end..];
            let everybody = who.is_empty() || who.contains('a');
            // Decided once for all three, so that `a+X` does not see its own effect.
            let before = mode;
            for (user, shift) in [('u', 6), ('g', 3), ('o', 0)] {
                if !everybody && !who.contains(user) {
                    continue;
                }
                let mut bits = bits_for(permissions, shift, before, is_dir)?;
                if who.is_empty() {
                    bits &= !umask;
                }
                let special = match shift {
                    6 => 0o4000,
                    3 => 0o2000,
                    _ => 0o1000,
                };
                mode = match operator {
                    '+' => mode | bits,
                    '-' => mode & !bits,
                    _ => mode & !(0o7 << shift | special) | bits,
                };
            }
        }
    }
    Some(mode)
}

fn bits_for(permissions: &str, shift: u32, mode: u32, is_dir: bool) -> Option<u32> {
    if let Some(from) = ["u", "g", "o"].iter().position(|user| *user == permissions) {
        return Some((mode >> (6 - 3 * from) & 0o7) << shift);
    }
    let mut bits = 0;
    for c in permissions.chars() {
        bits |= match c {
            'r' => 0o4 << shift,
            'w' => 0o2 << shift,
            'x' => 0o1 << shift,
            'X' if is_dir || mode & 0o111 != 0 => 0o1 << shift,
            's' if shift == 6 => 0o4000,
            's' if shift == 3 => 0o2000,
            't' if shift == 0 => 0o1000,
            'X' | 's' | 't' => 0,
            _ => return None,
        };
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::wanted;

    fn check(text: &str, present: u32, is_dir: bool, want: Option<u32>) {
        let got = wanted(&text.into(), present, is_dir, 0o022).ok();
        assert_eq!(got.map(|m| format!("{m:o}")), want.map(|m| format!("{m:o}")), "{text} on {present:o}");
    }

    #[test]
    fn octal_and_symbolic() {
        check("0644", 0, false, Some(0o644));
        check("1777", 0, false, Some(0o1777));
        check("u=rw,g=r,o=", 0o777, false, Some(0o640));
        check("u+x", 0o644, false, Some(0o744));
        check("a+X", 0o644, false, Some(0o644));
        check("a+X", 0o744, false, Some(0o755));
        check("u=rwX,g=rX,o=rX", 0o600, true, Some(0o755));
        check("+w", 0o444, false, Some(0o644));
        check("g=u", 0o640, false, Some(0o660));
        check("u+s,o+t", 0o755, false, Some(0o5755));
        check("o-rwx", 0o755, false, Some(0o750));
        check("u=rw-x", 0o755, false, Some(0o655));
        check("bogus", 0o755, false, None);
        check("u=rwz", 0o755, false, None);
    }
}
