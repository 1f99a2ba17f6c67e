//! Password hashes of crypt(3): SHA-512, SHA-256, MD5 and bcrypt, with passlib's defaults.

use md5::{Digest, Md5};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BCRYPT_ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The most rounds that SHA-crypt allows.
const ROUNDS_MAX: u32 = 999_999_999;

/// What kind of hash is wanted.
pub(crate) struct Request<'r> {
    pub(crate) scheme: &'r str,
    pub(crate) salt: Option<&'r str>,
    pub(crate) salt_size: Option<usize>,
    pub(crate) rounds: Option<u32>,
    pub(crate) ident: Option<&'r str>,
}

/// The hash of a secret.
pub(crate) fn hash(
    secret: &str,
    request: &Request<'_>,
    random: &mut dyn FnMut() -> u64,
) -> Result<String, String> {
    match request.scheme {
        "sha512" | "sha512_crypt" => sha(secret, request, random, true),
        "sha256" | "sha256_crypt" => sha(secret, request, random, false),
        "md5" | "md5_crypt" => {
            let salt = salt(request, "md5_crypt", 8, random)?;
            Ok(md5_crypt(secret.as_bytes(), &salt))
        }
        "blowfish" | "bcrypt" => bcrypt_hash(secret, request, random),
        other => Err(format!(
            "{other} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512"
        )),
    }
}

fn random_salt(size: usize, alphabet: &[u8; 64], random: &mut dyn FnMut() -> u64) -> String {
    (0..size).map(|_| char::from(alphabet[usize::try_from(random() >> 58).unwrap_or(0)])).collect()
}

fn salt(
    request: &Request<'_>,
    name: &str,
    max: usize,
    random: &mut dyn FnMut() -> u64,
) -> Result<String, String> {
    let Some(salt) = request.salt else {
        return Ok(random_salt(request.salt_size.unwrap_or(max).min(max), ALPHABET, random));
    };
    if !salt.bytes().all(|b| ALPHABET.contains(&b)) {
        return Err(format!("Could not hash the secret: invalid characters in {name} salt"));
    }
    if salt.len() > max {
        return Err(format!("Could not hash the secret: salt too large ({name} requires <= {max} chars)"));
    }
    Ok(salt.to_owned())
}

/// Three bytes as up to four letters, the lowest bits first.
fn letters(out: &mut String, bytes: [u8; 3], count: usize) {
    let mut word = (u32::from(bytes[0]) << 16) | (u32::from(bytes[1]) << 8) | u32::from(bytes[2]);
    for _ in 0..count {
        out.push(char::from(ALPHABET[(word & 0x3f) as usize]));
        word >>= 6;
    }
}

fn sha(
    secret: &str,
    request: &Request<'_>,
    random: &mut dyn FnMut() -> u64,
    long: bool,
) -> Result<String, String> {
    let (name, id, default) =
        if long { ("sha512_crypt", "6", 656_000) } else { ("sha256_crypt", "5", 535_000) };
    let salt = salt(request, name, 16, random)?;
    let rounds = request.rounds.unwrap_or(default);
    if rounds < 1_000 {
        return Err(format!("Could not hash the secret: rounds too low ({name} requires >= 1000 rounds)"));
    }
    if rounds > ROUNDS_MAX {
        return Err(format!(
            "Could not hash the secret: rounds too high ({name} requires <= {ROUNDS_MAX} rounds)"
        ));
    }
    let params = sha_crypt::Params::new(rounds).map_err(|error| error.to_string())?;
    let mut digest = String::new();
    if long {
        let d = sha_crypt::sha512_crypt(secret.as_bytes(), salt.as_bytes(), params);
        let mut triple = [0_usize, 21, 42];
        for _ in 0..21 {
            letters(&mut digest, triple.map(|i| d[i]), 4);
            triple = [triple[1] + 1, triple[2] + 1, triple[0] + 1];
        }
        letters(&mut digest, [0, 0, d[63]], 2);
    } else {
        let d = sha_crypt::sha256_crypt(secret.as_bytes(), salt.as_bytes(), params);
        let mut triple = [0_usize, 10, 20];
        for _ in 0..10 {
            letters(&mut digest, triple.map(|i| d[i]), 4);
            triple = [triple[2] + 1, triple[0] + 1, triple[1] + 1];
        }
        letters(&mut digest, [0, d[31], d[30]], 3);
    }
    let rounds = if rounds == 5_000 { String::new() } else { format!("rounds={rounds}$") };
    Ok(format!("${id}${rounds}{salt}${digest}"))
}

/// The MD5-based scheme of FreeBSD.
fn md5_crypt(secret: &[u8], salt: &str) -> String {
    let salt = salt.as_bytes();
    let inner = Md5::new_with_prefix(secret).chain_update(salt).chain_update(secret).finalize();
    let mut outer = Md5::new_with_prefix(secret).chain_update(b"$1$").chain_update(salt);
    for chunk in secret.chunks(16) {
        outer.update(&inner[..chunk.len()]);
    }
    let mut length = secret.len();
    while length > 0 {
        outer.update(if length & 1 == 1 { &[0][..] } else { secret.get(..1).unwrap_or(&[]) });
        length >>= 1;
    }
    let mut digest = outer.finalize();
    for round in 0..1_000 {
        let mut next = Md5::new();
        if round & 1 == 1 {
            next.update(secret)
        } else {
            next.update(digest)
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(secret);
        }
        if round & 1 == 1 {
            next.update(digest)
        } else {
            next.update(secret)
        }
        digest = next.finalize();
    }
    let mut text = String::new();
    for triple in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        letters(&mut text, triple.map(|i: usize| digest[i]), 4);
    }
    letters(&mut text, [0, 0, digest[11]], 2);
    format!("$1${}${text}", String::from_utf8_lossy(salt))
}

fn bcrypt_hash(
    secret: &str,
    request: &Request<'_>,
    random: &mut dyn FnMut() -> u64,
) -> Result<String, String> {
    let text = match request.salt {
        Some(salt) if salt.len() != 22 => {
            return Err(if salt.len() % 4 == 1 {
                "source length must != 1 mod 4".to_owned()
            } else if salt.len() < 22 {
                "Could not hash the secret: salt too small (bcrypt requires exactly 22 chars)".to_owned()
            } else {
                "Could not hash the secret: salt too large (bcrypt requires exactly 22 chars)".to_owned()
            });
        }
        Some(salt) => salt.to_owned(),
        None => random_salt(22, BCRYPT_ALPHABET, random),
    };
    let mut salt = [0_u8; 16];
    let (mut bits, mut count, mut at) = (0_u32, 0, 0);
    for letter in text.bytes() {
        let Some(value) = BCRYPT_ALPHABET.iter().position(|b| *b == letter) else {
            return Err("Could not hash the secret: invalid characters in bcrypt salt".to_owned());
        };
        bits = (bits << 6) | u32::try_from(value).unwrap_or(0);
        count += 6;
        if count >= 8 && at < salt.len() {
            count -= 8;
            salt[at] = u8::try_from((bits >> count) & 0xff).unwrap_or(0);
            at += 1;
        }
    }
    let cost = request.rounds.unwrap_or(12);
    let version = match request.ident {
        None | Some("2b" | "$2b$") => bcrypt::Version::TwoB,
        Some("2a" | "$2a$") => bcrypt::Version::TwoA,
        Some("2y" | "$2y$") => bcrypt::Version::TwoY,
        Some("2x" | "$2x$") => bcrypt::Version::TwoX,
        Some(other) => return Err(format!("Could not hash the secret: invalid ident: '{other}'")),
    };
    let parts = bcrypt::hash_with_salt(secret, cost, salt)
        .map_err(|error| format!("Could not hash the secret: {error}"))?;
    Ok(parts.format_for_version(version))
}
