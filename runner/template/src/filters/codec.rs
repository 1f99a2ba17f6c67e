//! Filters that encode: base64, hashes, UUIDs, URLs.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Value, to_str};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("b64encode", &["encoding", "urlsafe"], b64encode),
    Filter::new("b64decode", &["encoding", "urlsafe"], b64decode),
    Filter::new("hash", &["hashtype"], |call| hash(call, &call.args.text_or("hashtype", "sha1")?)),
    Filter::new("checksum", &[], |call| hash(call, "sha1")),
    Filter::new("sha1", &[], |call| hash(call, "sha1")),
    Filter::new("md5", &[], |call| hash(call, "md5")),
    Filter::new("to_uuid", &["namespace"], to_uuid),
    Filter::new("urldecode", &[], urldecode),
    Filter::new("urlencode", &[], urlencode),
    Filter::new("urlsplit", &["query", "alias"], urlsplit),
    Filter::new("crc32", &[], |call| Ok(Value::text(format!("{:x}", crc32(&bytes(&call.input)?))))),
];

fn bytes(value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.to_vec()),
        other => Ok(to_str(other)?.into_bytes()),
    }
}

/// The text in another encoding, as far as encodings still matter.
fn encoded(text: &str, encoding: &str) -> Result<Vec<u8>> {
    let name = encoding.to_ascii_lowercase().replace('_', "-");
    Ok(match name.as_str() {
        "utf-16-le" | "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" | "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-16" => [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        "utf-8" | "utf8" | "ascii" | "us-ascii" => text.as_bytes().to_vec(),
        "latin-1" | "latin1" | "iso-8859-1" => {
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
        }
        _ => return Err(Error::runtime(format!("unknown encoding: {encoding}"))),
    })
}

fn decoded(bytes: &[u8], encoding: &str) -> Result<String> {
    let name = encoding.to_ascii_lowercase().replace('_', "-");
    let units = |big: bool| -> Vec<u16> {
        bytes
            .chunks_exact(2)
            .map(|pair| {
                if big {
                    u16::from_be_bytes([pair[0], pair[1]])
                } else {
                    u16::from_le_bytes([pair[0], pair[1]])
                }
            })
            .collect()
    };
    Ok(match name.as_str() {
        "utf-16-le" | "utf-16le" => String::from_utf16_lossy(&units(false)),
        "utf-16-be" | "utf-16be" => String::from_utf16_lossy(&units(true)),
        "utf-16" => String::from_utf16_lossy(&units(false)).trim_start_matches('\u{feff}').to_owned(),
        "utf-8" | "utf8" | "ascii" | "us-ascii" => String::from_utf8_lossy(bytes).into_owned(),
        "latin-1" | "latin1" | "iso-8859-1" => bytes.iter().map(|b| char::from(*b)).collect(),
        _ => return Err(Error::runtime(format!("unknown encoding: {encoding}"))),
    })
}

fn b64encode(call: &Call<'_>) -> Result<Value> {
    let data = match &call.input {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => encoded(&to_str(other)?, &call.args.text_or("encoding", "utf-8")?)?,
    };
    Ok(Value::text(if call.args.truth("urlsafe")? { URL_SAFE.encode(data) } else { STANDARD.encode(data) }))
}

fn b64decode(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let url_safe = call.args.truth("urlsafe")?;
    // Python skips everything outside of the alphabet.
    let alphabet = |c: char| c.is_ascii_alphanumeric() || (if url_safe { "-_=" } else { "+/=" }).contains(c);
    let clean: String = text.chars().filter(|c| alphabet(*c)).collect();
    let data = clean.trim_end_matches('=');
    if data.len() % 4 == 1 {
        return Err(Error::runtime(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            data.len()
        )));
    }
    if data.len() + (clean.len() - data.len()).min(2) < data.len().next_multiple_of(4) {
        return Err(Error::runtime("Incorrect padding"));
    }
    let padded = format!("{data}{}", "=".repeat(data.len().next_multiple_of(4) - data.len()));
    let config = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let alphabet = if url_safe { base64::alphabet::URL_SAFE } else { base64::alphabet::STANDARD };
    let engine = base64::engine::GeneralPurpose::new(&alphabet, config);
    let bytes = engine.decode(padded).map_err(|error| Error::runtime(error.to_string()))?;
    decoded(&bytes, &call.args.text_or("encoding", "utf-8")?).map(Value::text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn hash(call: &Call<'_>, kind: &str) -> Result<Value> {
    let data = bytes(&call.input)?;
    digest(kind, &data)
        .map(Value::text)
        .ok_or_else(|| Error::runtime(format!("unsupported hash type {kind}")))
}

/// The hex digest of some bytes by the name of the algorithm.
pub(crate) fn digest(kind: &str, data: &[u8]) -> Option<String> {
    Some(match kind {
        "md5" => hex(&md5::Md5::digest(data)),
        "sha1" | "sha" => hex(&Sha1::digest(data)),
        "sha224" => hex(&Sha224::digest(data)),
        "sha256" => hex(&Sha256::digest(data)),
        "sha384" => hex(&Sha384::digest(data)),
        "sha512" => hex(&Sha512::digest(data)),
        "blake2b" => hex(&blake2::Blake2b512::digest(data)),
        "blake2s" => hex(&blake2::Blake2s256::digest(data)),
        "sha3_224" => hex(&sha3::Sha3_224::digest(data)),
        "sha3_256" => hex(&sha3::Sha3_256::digest(data)),
        "sha3_384" => hex(&sha3::Sha3_384::digest(data)),
        "sha3_512" => hex(&sha3::Sha3_512::digest(data)),
        _ => return None,
    })
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn to_uuid(call: &Call<'_>) -> Result<Value> {
    let namespace = call.args.text_or("namespace", "361E6D51-FAEC-444A-9079-341386DA8E2E")?;
    let parsed = uuid::Uuid::parse_str(&namespace).map_err(|_| {
        Error::runtime(format!(
            "Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"
        ))
    })?;
    Ok(Value::text(uuid::Uuid::new_v5(&parsed, to_str(&call.input)?.as_bytes()).to_string()))
}

fn urldecode(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?.replace('+', " ");
    Ok(Value::text(percent_decode_str(&text).decode_utf8_lossy()))
}

/// Percent-encoding with the characters that stay.
fn quoted(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "_.-~".contains(c) || (byte < 0x80 && safe.contains(c)) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn urlencode(call: &Call<'_>) -> Result<Value> {
    let pairs = match &call.input {
        Value::Dict(dict) => dict.pairs(),
        Value::List(_) | Value::Tuple(_) => {
            let mut pairs = Vec::new();
            for pair in call.input.iterate()? {
                match <[Value; 2]>::try_from(pair.iterate()?) {
                    Ok([key, value]) => pairs.push((key, value)),
                    Err(_) => return Err(Error::runtime("not enough values to unpack (expected 2, got 1)")),
                }
            }
            pairs
        }
        other => return Ok(Value::text(quoted(&to_str(other)?, "/"))),
    };
    let mut parts = Vec::new();
    for (key, value) in pairs {
        let plus = |text: String| quoted(&text, "").replace("%20", "+");
        parts.push(format!("{}={}", plus(to_str(&key)?), plus(to_str(&value)?)));
    }
    Ok(Value::text(parts.join("&")))
}

fn urlsplit(call: &Call<'_>) -> Result<Value> {
    let text = to_str(&call.input)?;
    let text = text.trim();
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, after))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (scheme.to_ascii_lowercase(), after)
        }
        _ => (String::new(), rest),
    };
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
        None => ("", rest),
    };
    let (userinfo, hostport) =
        netloc.rsplit_once('@').map_or((None, netloc), |(user, host)| (Some(user), host));
    let (username, password) = match userinfo {
        Some(info) => match info.split_once(':') {
            Some((user, password)) => (Value::text(user), Value::text(password)),
            None => (Value::text(info), Value::None),
        },
        None => (Value::None, Value::None),
    };
    let (host, port) = match hostport.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':').unwrap_or("")),
        None => hostport.split_once(':').unwrap_or((hostport, "")),
    };
    let port = if port.is_empty() {
        Value::None
    } else {
        port.parse().map(Value::Int).map_err(|_| {
            Error::runtime(format!(
                "Port could not be cast to integer value as {}",
                crate::value::quote_repr(port)
            ))
        })?
    };
    let host = if host.is_empty() { Value::None } else { Value::text(host.to_lowercase()) };
    let result = [
        ("fragment", Value::text(fragment)),
        ("hostname", host),
        ("netloc", Value::text(netloc)),
        ("password", password),
        ("path", Value::text(path)),
        ("port", port),
        ("query", Value::text(query)),
        ("scheme", Value::text(scheme)),
        ("username", username),
    ];
    match call.args.text_opt("query")?.filter(|query| !query.is_empty()) {
        Some(wanted) => result
            .into_iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
            .ok_or_else(|| Error::runtime(format!("urlsplit: unknown URL component: {wanted}"))),
        None => Ok(Value::dict(result)),
    }
}
