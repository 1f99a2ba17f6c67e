//! Debian's order of version numbers (Debian policy 5.6.12).

use std::cmp::Ordering;

/// Which of two versions is later.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (epoch_a, rest_a) = epoch(a);
    let (epoch_b, rest_b) = epoch(b);
    let (upstream_a, revision_a) = rest_a.rsplit_once('-').unwrap_or((rest_a, ""));
    let (upstream_b, revision_b) = rest_b.rsplit_once('-').unwrap_or((rest_b, ""));
    epoch_a
        .cmp(&epoch_b)
        .then_with(|| part(upstream_a, upstream_b))
        .then_with(|| part(revision_a, revision_b))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    }
}

/// Texts and numbers by turns; in texts, `~` comes before the end, letters before other characters.
fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        let text_a = a.iter().position(u8::is_ascii_digit).unwrap_or(a.len());
        let text_b = b.iter().position(u8::is_ascii_digit).unwrap_or(b.len());
        let weight = |byte: Option<&u8>| match byte {
            None => 0,
            Some(b'~') => -1,
            Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
            Some(other) => i32::from(*other) + 256,
        };
        for at in 0..text_a.max(text_b) {
            let order = weight(a[..text_a].get(at)).cmp(&weight(b[..text_b].get(at)));
            if order != Ordering::Equal {
                return order;
            }
        }
        (a, b) = (&a[text_a..], &b[text_b..]);
        let (number_a, rest_a) = number(a);
        let (number_b, rest_b) = number(b);
        // Without leading zeros, the longer number is the larger one.
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let zeros = text[..end].iter().position(|byte| *byte != b'0').unwrap_or(end);
    (&text[zeros..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    #[test]
    fn as_dpkg_orders_them() {
        let check = |a: &str, b: &str, want: Ordering| assert_eq!(compare(a, b), want, "{a} against {b}");
        check("1.0", "1.0", Equal);
        check("1.0~rc1", "1.0", Less);
        check("1:0.9", "1.0", Greater);
        check("1.10", "1.9", Greater);
        check("1.0-1", "1.0-1+deb12u1", Less);
        check("1.0a", "1.0+", Less);
        check("2.4.57-2", "2.4.57-10", Less);
        check("1.01", "1.1", Equal);
        check("1.0~~", "1.0~", Less);
    }
}
