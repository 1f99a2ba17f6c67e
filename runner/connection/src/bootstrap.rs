//! The shell line that finds or receives the agent on a machine, and the lines it speaks with us.

use crate::image::Images;

const SCRIPT: &str = include_str!("bootstrap.sh");

/// What the script prints about itself; everything before the first such line is noise of login scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The agent runs as this user id from this path; its frames follow.
    Ready {
        /// Numeric user id on the machine.
        uid: String,
        /// Where the agent was found.
        path: String,
    },
    /// The script wants the agent, compressed if the machine can decompress it.
    Need {
        /// Whether the machine has gzip.
        gzip: bool,
        /// The machine's `uname -sm`.
        machine: String,
    },
    /// One folder is unusable, with the reason.
    Fail(String),
    /// No folder is usable.
    Nowhere,
    /// The machine's `uname -sm`, for which there is no agent.
    Architecture(String),
}

/// Builds the script as one line of shell that contains no single quote.
///
/// `mark` is a word that login scripts do not print by accident; `folders` are tried first.
pub(crate) fn script(mark: &str, images: &Images, folders: &[String]) -> String {
    let mut hashes = String::new();
    for image in images.all() {
        let names =
            image.machine_names().iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join("|");
        hashes += &format!("{names}) h={}; z={};; ", image.sha256(), image.size());
    }
    let folders: Vec<String> = folders.iter().filter_map(|folder| folder_word(folder)).collect();
    let lines: Vec<&str> = SCRIPT
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .filter(|l| *l != "#")
        .collect();
    lines
        .join(" ")
        .replace("@M@", mark)
        .replace("@HASHES@", &hashes)
        .replace("@DIRS@", &folders.join(" "))
        .replace(" @ARGS@", "")
}

/// A folder as a double-quoted word; `~/` is the home. Folders with characters a shell would act on are left out:
/// they are a preference, and there are others.
pub(crate) fn folder_word(folder: &str) -> Option<String> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/._-+@ ~".contains(c);
    if !folder.chars().all(harmless) {
        return None;
    }
    let folder = folder.trim_end_matches('/');
    match folder.strip_prefix("~/") {
        Some(rest) => Some(format!("\"$HOME/{rest}/playbook-agent\"")),
        None if folder.starts_with('/') => Some(format!("\"{folder}/playbook-agent\"")),
        None => None,
    }
}

/// Reads one line of the script; `None` for noise.
pub(crate) fn parse(mark: &str, line: &[u8]) -> Option<Said> {
    let line = String::from_utf8_lossy(line);
    // A login script may leave an unfinished line in front of ours.
    let (_, rest) = line.trim_end().split_once(mark)?;
    let rest = rest.trim_start();
    let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match word {
        "READY" => {
            let (uid, path) = tail.split_once(' ')?;
            Said::Ready { uid: uid.to_owned(), path: path.to_owned() }
        }
        "NEED" => {
            let (packing, machine) = tail.split_once(' ')?;
            Said::Need { gzip: packing == "gzip", machine: machine.to_owned() }
        }
        "FAIL" => Said::Fail(tail.to_owned()),
        "NONE" => Said::Nowhere,
        "ARCH" => Said::Architecture(tail.to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_every_login_shell() {
        let line = script("MARK-1", &Images::embedded(), &["~/.ansible/tmp".into(), "/opt/$(evil)".into()]);
        for forbidden in ['\'', '!', '\n', '@'] {
            // "#!/bin/sh" is inside double quotes and no history expansion happens in scripts.
            assert!(!line.replace("#!/bin/sh", "").contains(forbidden), "{forbidden:?} in {line}");
        }
        assert!(line.contains("\"$HOME/.ansible/tmp/playbook-agent\""), "{line}");
        assert!(!line.contains("evil"), "{line}");
    }

    #[test]
    fn its_lines_are_found_among_noise() {
        let said = |line: &str| parse("M-7", line.as_bytes());
        assert_eq!(said("Welcome to Debian"), None);
        assert_eq!(said("M-7 SING"), None);
        assert_eq!(said("M-7 READY"), None);
        assert_eq!(said("M-7 NONE"), Some(Said::Nowhere));
        let need = |gzip| Some(Said::Need { gzip, machine: "Linux x86_64".into() });
        assert_eq!(said("M-7 NEED gzip Linux x86_64"), need(true));
        assert_eq!(said("prompt> M-7 NEED plain Linux x86_64\r"), need(false));
        assert_eq!(said("M-7 ARCH Linux riscv64"), Some(Said::Architecture("Linux riscv64".into())));
        assert_eq!(said("M-7 FAIL /tmp: no space "), Some(Said::Fail("/tmp: no space".into())));
        let ready = Said::Ready { uid: "0".into(), path: "/root/a b/agent".into() };
        assert_eq!(said("M-7 READY 0 /root/a b/agent"), Some(ready));
        assert_eq!(parse("M-7", b"\xff\xfe M-7 NONE"), Some(Said::Nowhere));
    }
}
