//! Becoming another user: the command line for sudo, su and doas, and how their questions and refusals read.

use runner_engine::target::Become;

use crate::quote::quote;

/// How one method is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elevation {
    /// The whole command line, for the login user's shell.
    pub line: String,
    /// Asks only on a terminal of its own (doas).
    pub needs_terminal: bool,
    method: Method,
    nonce: String,
    has_password: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Sudo,
    Su,
    Doas,
}

/// What a method's error output means so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Nothing to do yet.
    Quiet,
    /// It wants the password, once more after `asked` earlier times.
    Asks,
    /// It has refused.
    Refuses,
}

/// Words that end su's question in the languages glibc systems speak; the same list Ansible documents.
const SU_QUESTIONS: &[&str] = &[
    "password",
    "암호",
    "パスワード",
    "adgangskode",
    "contraseña",
    "contrasenya",
    "hasło",
    "heslo",
    "jelszó",
    "lösenord",
    "mật khẩu",
    "mot de passe",
    "parola",
    "parool",
    "pasahitza",
    "passord",
    "passwort",
    "salasana",
    "sandi",
    "senha",
    "wachtwoord",
    "ססמה",
    "лозинка",
    "парола",
    "пароль",
    "गुप्तशब्द",
    "शब्दकूट",
    "సంకేతపదము",
    "හස්පදය",
    "密码",
    "密碼",
    "口令",
];

const REFUSALS: &[(Method, &str)] = &[
    (Method::Sudo, "Sorry, try again."),
    (Method::Sudo, "Sorry, a password is required to run sudo"),
    (Method::Sudo, "sudo: a password is required"),
    (Method::Sudo, "sudo: no password was provided"),
    (Method::Sudo, "incorrect password attempt"),
    (Method::Sudo, "is not in the sudoers file"),
    (Method::Sudo, "is not allowed to execute"),
    (Method::Sudo, "may not run sudo"),
    (Method::Sudo, "unknown user"),
    (Method::Su, "Authentication failure"),
    (Method::Su, "authentication failure"),
    (Method::Su, "user does not exist"),
    (Method::Su, "does not exist"),
    (Method::Su, "Permission denied"),
    (Method::Doas, "doas: Authentication failed"),
    (Method::Doas, "doas: Authorization failed"),
    (Method::Doas, "doas: Authorization required"),
    (Method::Doas, "doas: Authentication required"),
    (Method::Doas, "Operation not permitted"),
    (Method::Doas, "unknown user"),
];

/// Refusals that a password would have prevented, or a right one would.
const PASSWORD_REFUSALS: &[&str] = &[
    "Sorry, try again.",
    "password is required",
    "no password was provided",
    "incorrect password attempt",
    "uthentication fail",
    "Authorization required",
    "Authentication required",
];

/// Wraps a shell script without newlines so that it runs as the other user.
///
/// `nonce` makes sudo's question recognisable. Fails for a method that we do not speak.
pub(crate) fn elevate(to: &Become, script: &str, nonce: &str) -> Result<Elevation, String> {
    let method = match to.method.rsplit('.').next().unwrap_or_default() {
        "sudo" => Method::Sudo,
        "su" => Method::Su,
        "doas" => Method::Doas,
        other => return Err(format!("become method '{other}' is not supported; sudo, su and doas are")),
    };
    let exe = to.exe.as_deref().filter(|exe| !exe.is_empty());
    let given = to.flags.as_deref();
    let has_password = to.password.is_some();
    let user = quote(&to.user);
    let needs_terminal = method == Method::Doas && has_password;
    // A terminal would change the bytes of the frames on their way.
    let preface = if needs_terminal { "stty raw -echo; " } else { "" };
    let shell = format!("/bin/sh -c {}", quote(&format!("{preface}{script}")));
    let line = match method {
        Method::Sudo => {
            let mut flags = given.unwrap_or("-H -S -n").to_owned();
            if has_password {
                flags = without_non_interactive(&flags);
                if !flags.split_whitespace().any(|flag| is_short(flag, 'S') || flag == "--stdin") {
                    flags += " -S";
                }
                flags += &format!(" -p \"[sudo via ansible, key={nonce}] password:\"");
            }
            format!("{} {} -u {user} {shell}", exe.unwrap_or("sudo"), flags.trim())
        }
        Method::Su => {
            format!("{} {} {user} -c {}", exe.unwrap_or("su"), given.unwrap_or_default(), quote(&shell))
        }
        Method::Doas => {
            let quiet = if has_password { "" } else { "-n" };
            format!("{} {} {quiet} -u {user} {shell}", exe.unwrap_or("doas"), given.unwrap_or_default())
        }
    };
    let line = line.split("  ").collect::<Vec<_>>().join(" ");
    Ok(Elevation { line, needs_terminal, method, nonce: nonce.to_owned(), has_password })
}

fn is_short(flag: &str, letter: char) -> bool {
    flag.starts_with('-') && !flag.starts_with("--") && flag.contains(letter)
}

/// `-n` may stand alone or among other letters.
fn without_non_interactive(flags: &str) -> String {
    flags
        .split_whitespace()
        .filter(|flag| *flag != "--non-interactive")
        .map(|flag| if is_short(flag, 'n') { flag.replace('n', "") } else { flag.to_owned() })
        .filter(|flag| flag != "-")
        .collect::<Vec<_>>()
        .join(" ")
}

impl Elevation {
    /// Judges everything the method has said so far; `asked` is how many questions were answered already.
    pub(crate) fn judge(&self, said: &str, asked: usize) -> Mood {
        if REFUSALS.iter().any(|(method, words)| *method == self.method && said.contains(words)) {
            return Mood::Refuses;
        }
        let questions = match self.method {
            Method::Sudo => said.matches(&format!("key={}] password:", self.nonce)).count(),
            Method::Su => said.lines().filter(|line| is_su_question(line)).count(),
            Method::Doas => said.matches("password: ").count(),
        };
        if questions > asked { Mood::Asks } else { Mood::Quiet }
    }

    /// Why it refused, in Ansible's words.
    pub(crate) fn refusal(&self, said: &str) -> String {
        let name = match self.method {
            Method::Sudo => "sudo",
            Method::Su => "su",
            Method::Doas => "doas",
        };
        if PASSWORD_REFUSALS.iter().any(|words| said.contains(words)) {
            let what = if self.has_password { "Incorrect" } else { "Missing" };
            return format!("{what} {name} password");
        }
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        format!("{name} refused: {}", said.join(" "))
    }

    /// What to say when it asked and there is no password.
    pub(crate) fn missing(&self) -> String {
        self.refusal("password is required")
    }
}

fn is_su_question(line: &str) -> bool {
    let line = line.trim_end().to_lowercase();
    let Some(line) = line.strip_suffix([':', '：']) else { return false };
    let line = line.trim_end();
    SU_QUESTIONS.iter().any(|word| line.ends_with(word))
        // "Password for root:" and its like.
        || SU_QUESTIONS.iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use runner_engine::target::Secret;

    use super::*;

    fn to(method: &str, password: bool, flags: Option<&str>) -> Become {
        Become {
            method: method.into(),
            user: "root".into(),
            password: password.then(|| Secret::new("hush")),
            exe: None,
            flags: flags.map(str::to_owned),
        }
    }

    fn line(to: &Become) -> String {
        elevate(to, "echo \"a\"", "k7").expect("a known method").line
    }

    #[test]
    fn lines_are_ansibles() {
        assert_eq!(line(&to("sudo", false, None)), "sudo -H -S -n -u root /bin/sh -c 'echo \"a\"'");
        assert_eq!(
            line(&to("ansible.builtin.sudo", true, None)),
            "sudo -H -S -p \"[sudo via ansible, key=k7] password:\" -u root /bin/sh -c 'echo \"a\"'"
        );
        assert_eq!(
            line(&to("sudo", true, Some("-HnE"))),
            "sudo -HE -S -p \"[sudo via ansible, key=k7] password:\" -u root /bin/sh -c 'echo \"a\"'"
        );
        assert_eq!(line(&to("su", true, Some("-"))), "su - root -c '/bin/sh -c '\"'\"'echo \"a\"'\"'\"''");
        assert_eq!(line(&to("doas", false, None)), "doas -n -u root /bin/sh -c 'echo \"a\"'");
        let evil = Become { user: "x; reboot".into(), ..to("sudo", false, None) };
        assert_eq!(line(&evil), "sudo -H -S -n -u 'x; reboot' /bin/sh -c 'echo \"a\"'");
        assert!(elevate(&to("runas", false, None), "true", "k").is_err());
    }

    #[test]
    fn no_password_is_ever_in_a_line() {
        for method in ["sudo", "su", "doas"] {
            assert!(!line(&to(method, true, None)).contains("hush"));
        }
    }

    #[test]
    fn questions_and_refusals_are_told_apart() {
        let sudo = elevate(&to("sudo", true, None), "true", "k7").expect("known");
        assert_eq!(sudo.judge("We trust you have received the usual lecture", 0), Mood::Quiet);
        assert_eq!(sudo.judge("[sudo via ansible, key=k7] password:", 0), Mood::Asks);
        assert_eq!(sudo.judge("[sudo via ansible, key=k7] password:", 1), Mood::Quiet);
        assert_eq!(sudo.judge("[sudo via ansible, key=other] password:", 0), Mood::Quiet);
        assert_eq!(sudo.judge("Sorry, try again.", 1), Mood::Refuses);
        assert_eq!(sudo.refusal("Sorry, try again."), "Incorrect sudo password");
        let bare = elevate(&to("sudo", false, None), "true", "k7").expect("known");
        assert_eq!(bare.refusal("sudo: a password is required"), "Missing sudo password");
        let stranger = "eve is not in the sudoers file.";
        assert_eq!(bare.judge(stranger, 0), Mood::Refuses);
        assert_eq!(bare.refusal(stranger), "sudo refused: eve is not in the sudoers file.");
        let su = elevate(&to("su", true, None), "true", "k7").expect("known");
        for question in ["Password: ", "Passwort: ", "パスワード：", "root's password:", "Password for root:"]
        {
            assert_eq!(su.judge(question, 0), Mood::Asks, "{question}");
        }
        assert_eq!(su.judge("Last login: today", 0), Mood::Quiet);
        assert_eq!(su.refusal("su: Authentication failure"), "Incorrect su password");
    }
}
