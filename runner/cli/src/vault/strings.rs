//! `encrypt_string`: single values as YAML that can be pasted into a file of variables.

use std::io::{IsTerminal as _, Read as _};

use clap::Args;
use runner_playbook::vault::Secret;

use super::{refuse, store};
use crate::{operator, output::screen::Screen, setup::Refusal};

/// Columns the envelope stands to the right of its name.
const INDENT: &str = "          ";

/// What to encrypt.
#[derive(Debug, Clone, Args)]
pub struct StringArgs {
    /// Prompt for the string to encrypt
    #[arg(short = 'p', long)]
    prompt: bool,
    /// Do not hide input when prompted for the string to encrypt
    #[arg(long)]
    show_input: bool,
    /// Specify the variable name
    #[arg(short = 'n', long)]
    name: Vec<String>,
    /// Specify the variable name for stdin
    #[arg(long)]
    stdin_name: Option<String>,
    /// String to encrypt
    #[arg(value_name = "string_to_encrypt")]
    strings: Vec<String>,
}

/// Refuses options that cannot go together.
pub fn check(args: &StringArgs) -> Result<(), Refusal> {
    let from_stdin =
        args.strings.iter().any(|text| text == "-") || args.stdin_name.is_some() || args.strings.is_empty();
    if args.prompt && args.strings.iter().any(|text| text == "-") {
        return Err(refuse("The --prompt option is not supported if also reading input from stdin"));
    }
    if args.prompt && args.stdin_name.is_some() && from_stdin {
        return Err(refuse("The --prompt option is not supported if also reading input from stdin"));
    }
    Ok(())
}

/// A text, the variable it is for, and how it was given.
struct Given {
    text: Vec<u8>,
    name: Option<String>,
    origin: &'static str,
}

/// Encrypts and writes the YAML.
pub fn run(args: &StringArgs, secret: &Secret, output: Option<&str>, screen: &Screen) -> Result<(), Refusal> {
    let all = given(args)?;
    let mut out = String::new();
    for (number, given) in all.iter().enumerate() {
        if all.len() > 1 {
            let name = given
                .name
                .as_ref()
                .map(|name| format!("(\"{name}\", the string "))
                .unwrap_or_else(|| "(the string ".to_owned());
            let line =
                format!("# The encrypted version of variable {name}#{} {}).", number + 1, given.origin);
            screen.err(&line, None);
        }
        if let Some(name) = &given.name {
            out.push_str(name);
            out.push_str(": ");
        }
        out.push_str("!vault |\n");
        for line in store::sealed(&given.text, secret)?.lines() {
            out.push_str(INDENT);
            out.push_str(line);
            out.push('\n');
        }
    }
    store::write("-", output, out.as_bytes())
}

fn given(args: &StringArgs) -> Result<Vec<Given>, Refusal> {
    let mut all = Vec::new();
    if args.prompt {
        let name = match args.name.first() {
            Some(name) => Some(name.clone()),
            None => operator::line("Variable name (enter for no name): ").filter(|name| !name.is_empty()),
        };
        let text = if args.show_input {
            operator::line("String to encrypt: ")
        } else {
            let first = operator::hidden_line("String to encrypt (hidden): ");
            let again = operator::hidden_line("Confirm String to encrypt (hidden): ");
            if first != again {
                return Err(Refusal::new("Passwords do not match"));
            }
            first
        };
        let text = text.filter(|text| !text.is_empty());
        let Some(text) = text else {
            return Err(refuse("The plaintext provided from the prompt was empty, not encrypting"));
        };
        all.push(Given { text: text.into_bytes(), name, origin: "from the interactive prompt" });
    }
    let wants_stdin = args.strings.iter().any(|text| text == "-")
        || args.stdin_name.is_some()
        || (args.strings.is_empty() && !args.prompt);
    if wants_stdin {
        if std::io::stdin().is_terminal() {
            let text = "Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)";
            Screen::new(false).err(text, None);
        }
        let mut text = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut text)
            .map_err(|error| Refusal::new(format!("could not read standard input: {error}")))?;
        if text.is_empty() {
            return Err(refuse("stdin was empty, not encrypting"));
        }
        if std::io::stdout().is_terminal() && !text.ends_with(b"\n") {
            Screen::new(false).out("", None);
        }
        all.push(Given { text, name: args.stdin_name.clone(), origin: "from stdin" });
    }
    let words: Vec<&String> = args.strings.iter().filter(|text| *text != "-").collect();
    for (at, word) in words.into_iter().enumerate() {
        if word.is_empty() {
            return Err(refuse(
                "The plaintext provided from the command line args was empty, not encrypting",
            ));
        }
        all.push(Given {
            text: word.as_bytes().to_vec(),
            name: args.name.get(at).cloned(),
            origin: "from the command line args",
        });
    }
    Ok(all)
}
