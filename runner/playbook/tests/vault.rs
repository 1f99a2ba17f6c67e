//! Vault envelopes against ones the oracle made, and what is refused.

use runner_playbook::vault::{self, Error, Secret, Secrets};
use serde_json::Value;

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hex");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn secrets(list: &[(&str, &[u8])]) -> Secrets {
    Secrets {
        list: list.iter().map(|(label, password)| Secret::new(*label, password)).collect(),
        match_label: false,
    }
}

#[test]
fn envelopes_are_the_oracles_both_ways() {
    for line in include_str!("cases/vault/vectors.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("recorded JSON");
        let (label, text) = (case["label"].as_str().expect("label"), case["text"].as_str().expect("text"));
        let (password, plain) = (bytes(&case["password"]), bytes(&case["plain"]));
        let salt: [u8; 32] = bytes(&case["salt"]).try_into().expect("32 bytes");
        let secret = Secret::new(label, &password);
        assert_eq!(vault::encrypt(&plain, &secret, Some(label), &salt), text);
        assert_eq!(vault::decrypt(text.as_bytes(), &secrets(&[(label, &password)])).expect("fits"), plain);
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(
            vault::decrypt(crlf.as_bytes(), &secrets(&[("z", b"no"), ("y", &password)])).expect("fits"),
            plain
        );
        assert_eq!(vault::label(text.as_bytes()).as_deref(), Some(label).filter(|label| *label != "default"));
    }
}

#[test]
fn what_cannot_be_decrypted_is_said_in_ansibles_words() {
    let good = vault::encrypt(b"x", &Secret::new("default", b"secret"), None, &[7; 32]);
    let with = secrets(&[("default", b"secret")]);
    let check = |text: &str, secrets: &Secrets, expected: &str| {
        let error = vault::decrypt(text.as_bytes(), secrets).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
    };
    check("plain", &with, "Input is not vault encrypted data.");
    check(&format!(" {good}"), &with, "Input is not vault encrypted data.");
    check(&good, &Secrets::default(), "Attempting to decrypt but no vault secrets found.");
    let wrong = "Decryption failed (no vault secrets were found that could decrypt).";
    check(&good, &secrets(&[("default", b"wrong"), ("b", b"also")]), wrong);
    check(&good.replace("AES256", "AES"), &with, "Cipher 'AES' could not be found.");
    check("$ANSIBLE_VAULT;1.1\n3030\n", &with, "Vault envelope format error: list index out of range");
    check(
        "$ANSIBLE_VAULT;1.1;AES256\nzz\n",
        &with,
        "Vault format unhexlify error: Non-hexadecimal digit found",
    );
    check("$ANSIBLE_VAULT;1.1;AES256\n303\n", &with, "Vault format unhexlify error: Odd-length string");
    let few = "Vault vaulttext format error: not enough values to unpack (expected 3, got 1)";
    check("$ANSIBLE_VAULT;1.1;AES256\n3030\n", &with, few);
    check("$ANSIBLE_VAULT;1.1;AES256\n", &with, few);
}

#[test]
fn a_label_that_must_match_excludes_other_secrets() {
    let secret = Secret::new("dev", b"secret");
    let text = vault::encrypt(b"x", &secret, Some("dev"), &[1; 32]);
    let mut other = secrets(&[("prod", b"secret")]);
    assert_eq!(vault::decrypt(text.as_bytes(), &other).expect("any secret is tried"), b"x");
    other.match_label = true;
    assert_eq!(vault::decrypt(text.as_bytes(), &other), Err(Error::WrongSecrets));
}

#[test]
fn secrets_are_never_printed() {
    let shown = format!("{:?}", secrets(&[("dev", b"hunter2")]));
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
}
