//! Ansible Vault, envelopes 1.1 and 1.2: decrypting and encrypting with secrets that are handed in.
//!
//! The envelope is a header line `$ANSIBLE_VAULT;1.1;AES256` (or `1.2` with a label), then hex digits in lines of 80
//! columns. They hold, in hex again and each on a line, a salt, an HMAC and the ciphertext. PBKDF2 over the password
//! and the salt gives the cipher's key, the HMAC's key and the counter's first block.

use std::fmt;
use std::sync::Arc;

use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The label of secrets that were given without one.
pub const DEFAULT_LABEL: &str = "default";
/// What every envelope begins with.
const MARK: &str = "$ANSIBLE_VAULT";
/// Rounds of key derivation, fixed by the format.
const ROUNDS: u32 = 10_000;
/// The cipher's block, to which the plain text is padded.
const BLOCK_BYTES: usize = 16;
/// Columns of hex digits per line.
const WRAP_COLUMNS: usize = 80;

/// A vault password with its label. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The vault id.
    pub label: String,
    password: Arc<Zeroizing<Vec<u8>>>,
}

impl Secret {
    /// A password under a label.
    pub fn new(label: impl Into<String>, password: impl AsRef<[u8]>) -> Self {
        Self { label: label.into(), password: Arc::new(Zeroizing::new(password.as_ref().to_vec())) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, ***)", self.label)
    }
}

/// The secrets of a run, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The passwords.
    pub list: Vec<Secret>,
    /// `vault_id_match`: only secrets with the envelope's label are tried.
    pub match_label: bool,
}

/// Why something cannot be decrypted, in Ansible's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It has no envelope.
    #[error("Input is not vault encrypted data.")]
    NotVault,
    /// There is no secret to try.
    #[error("Attempting to decrypt but no vault secrets found.")]
    NoSecrets,
    /// No secret fits.
    #[error("Decryption failed (no vault secrets were found that could decrypt).")]
    WrongSecrets,
    /// The header names a cipher other than AES256.
    #[error("Cipher '{0}' could not be found.")]
    Cipher(String),
    /// The header is incomplete.
    #[error("Vault envelope format error: {0}")]
    Envelope(&'static str),
    /// The digits are not hex digits.
    #[error("Vault format unhexlify error: {0}")]
    Hex(&'static str),
    /// The digits do not hold a salt, an HMAC and a ciphertext.
    #[error("Vault vaulttext format error: not enough values to unpack (expected 3, got {0})")]
    Body(usize),
    /// The padding of the plain text is broken although the HMAC fits.
    #[error("Invalid padding bytes.")]
    Padding,
}

/// Whether data begins with a vault envelope.
pub fn is_encrypted(data: &[u8]) -> bool {
    data.starts_with(MARK.as_bytes())
}

/// The label in the header of an envelope 1.2; none for the other envelopes and for data without one.
pub fn label(data: &[u8]) -> Option<String> {
    let header = data.split(|byte| *byte == b'\n').next()?;
    let header = String::from_utf8_lossy(header);
    let mut fields = header.trim().split(';');
    (fields.next() == Some(MARK) && fields.next() == Some("1.2")).then_some(())?;
    fields.nth(1).map(|label| label.trim().to_owned())
}

/// Decrypts an envelope with the first secret that fits: those with its label first, then all others.
///
/// # Errors
/// When there is no envelope, it is malformed, or no secret fits.
pub fn decrypt(data: &[u8], secrets: &Secrets) -> Result<Vec<u8>, Error> {
    decrypt_with_label(data, secrets).map(|(plain, _)| plain)
}

/// As [`decrypt`], also telling the label of the secret that fitted, for encrypting again.
///
/// # Errors
/// As [`decrypt`].
pub fn decrypt_with_label(data: &[u8], secrets: &Secrets) -> Result<(Vec<u8>, String), Error> {
    if !is_encrypted(data) {
        return Err(Error::NotVault);
    }
    if secrets.list.is_empty() {
        return Err(Error::NoSecrets);
    }
    let envelope = Envelope::read(data)?;
    let wanted = envelope.label.as_deref().unwrap_or(DEFAULT_LABEL);
    let (matching, others): (Vec<&Secret>, Vec<&Secret>) =
        secrets.list.iter().partition(|secret| secret.label == wanted);
    let others = if secrets.match_label { Vec::new() } else { others };
    for secret in matching.into_iter().chain(others) {
        if let Some(plain) = envelope.open(secret)? {
            return Ok((plain, secret.label.clone()));
        }
    }
    Err(Error::WrongSecrets)
}

/// Encrypts data. The header is 1.2 with `label` when one is given that is not `default`, 1.1 otherwise.
///
/// `salt` must be random; the same salt and password must not be used for two texts.
pub fn encrypt(plain: &[u8], secret: &Secret, label: Option<&str>, salt: &[u8]) -> String {
    let keys = Keys::derive(secret, salt);
    let mut text = plain.to_vec();
    let pad = BLOCK_BYTES - plain.len() % BLOCK_BYTES;
    text.resize(plain.len() + pad, u8::try_from(pad).expect("a block is small"));
    keys.cipher(&mut text);
    let body = format!("{}\n{}\n{}", hex(salt), hex(&keys.mac(&text)), hex(&text));
    let header = match label.filter(|label| *label != DEFAULT_LABEL) {
        Some(label) => format!("{MARK};1.2;AES256;{label}"),
        None => format!("{MARK};1.1;AES256"),
    };
    let digits = hex(body.as_bytes());
    let mut out = header;
    out.push('\n');
    for line in digits.as_bytes().chunks(WRAP_COLUMNS) {
        out.push_str(std::str::from_utf8(line).expect("hex digits are ASCII"));
        out.push('\n');
    }
    out
}

/// The parts of an envelope.
struct Envelope {
    label: Option<String>,
    salt: Vec<u8>,
    mac: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl Envelope {
    fn read(data: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(data);
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let fields: Vec<&str> = header.trim().split(';').map(str::trim).collect();
        let (version, cipher) = match fields[..] {
            [_, version, cipher, ..] => (version, cipher),
            _ => return Err(Error::Envelope("list index out of range")),
        };
        if cipher != "AES256" {
            return Err(Error::Cipher(cipher.to_owned()));
        }
        let label = fields.get(3).filter(|_| version == "1.2").map(|label| (*label).to_owned());
        let body = unhex(&lines.map(str::trim_end).collect::<String>())?;
        let parts: Vec<&[u8]> = body.splitn(3, |byte| *byte == b'\n').collect();
        let [salt, mac, ciphertext] = parts[..] else { return Err(Error::Body(parts.len())) };
        let part = |bytes: &[u8]| unhex(&String::from_utf8_lossy(bytes));
        Ok(Self { label, salt: part(salt)?, mac: part(mac)?, ciphertext: part(ciphertext)? })
    }

    /// The plain text; none when the secret does not fit.
    fn open(&self, secret: &Secret) -> Result<Option<Vec<u8>>, Error> {
        let keys = Keys::derive(secret, &self.salt);
        let mut mac = keys.new_mac();
        mac.update(&self.ciphertext);
        // Compared in constant time by the library.
        if mac.verify_slice(&self.mac).is_err() {
            return Ok(None);
        }
        let mut text = self.ciphertext.clone();
        keys.cipher(&mut text);
        let pad = usize::from(*text.last().ok_or(Error::Padding)?);
        let fits = (1..=BLOCK_BYTES).contains(&pad) && pad <= text.len();
        if !fits || text[text.len() - pad..].iter().any(|byte| usize::from(*byte) != pad) {
            return Err(Error::Padding);
        }
        text.truncate(text.len() - pad);
        Ok(Some(text))
    }
}

/// What PBKDF2 gives: 32 bytes for the cipher, 32 for the HMAC, 16 for the counter.
struct Keys(Zeroizing<[u8; 80]>);

impl Keys {
    fn derive(secret: &Secret, salt: &[u8]) -> Self {
        let mut keys = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(&secret.password, salt, ROUNDS, &mut *keys);
        Self(keys)
    }

    fn cipher(&self, text: &mut [u8]) {
        let mut cipher = ctr::Ctr128BE::<aes::Aes256>::new_from_slices(&self.0[..32], &self.0[64..])
            .expect("the lengths are the cipher's");
        cipher.apply_keystream(text);
    }

    fn new_mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0[32..64]).expect("an HMAC takes keys of any length")
    }

    fn mac(&self, text: &[u8]) -> Vec<u8> {
        let mut mac = self.new_mac();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, Error> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::Hex("Non-hexadecimal digit found"));
    }
    if !text.len().is_multiple_of(2) {
        return Err(Error::Hex("Odd-length string"));
    }
    let pairs = text.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16);
    pairs.map(|pair| byte(pair).map_err(|_| Error::Hex("Non-hexadecimal digit found"))).collect()
}
