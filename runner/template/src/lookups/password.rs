//! The `password` lookup: a password that is made once and kept in a file.

use std::path::{Path, PathBuf};

use super::{Call, Lookup, key_values};
use crate::crypt;
use crate::error::{Error, Result};
use crate::filters::password_chars;
use crate::mersenne::Random;
use crate::value::{Value, to_str};

/// The longest password.
const LENGTH_MAX: i64 = 10_000;

pub(super) const LOOKUPS: &[(&str, Lookup)] = &[("password", password), ("random_string", random_string)];

struct Wanted {
    path: String,
    length: usize,
    chars: Vec<char>,
    encrypt: Option<String>,
    ident: Option<String>,
    seed: Option<String>,
}

fn wanted(call: &Call<'_>, term: &str) -> Result<Wanted> {
    let (path, pairs) = key_values(term);
    let given = |name: &str| -> Result<Option<Value>> {
        if let Some((_, value)) = pairs.iter().find(|(key, _)| key == name) {
            return Ok(Some(Value::text(value.as_str())));
        }
        Ok(call.option(name).filter(|value| !value.is_none()))
    };
    if let Some((unknown, _)) = pairs
        .iter()
        .find(|(key, _)| !matches!(key.as_str(), "length" | "chars" | "encrypt" | "ident" | "seed"))
    {
        return Err(Error::runtime(format!(
            "Unrecognized value after key=value parameters given to password lookup: ['{unknown}']"
        )));
    }
    let length = given("length")?.map_or(Ok(20), |value| crate::filters::whole(&value))?;
    let chars = match given("chars")? {
        None => vec!["ascii_letters".to_owned(), "digits".to_owned(), ".,:-_".to_owned()],
        Some(Value::Str(text)) => {
            // A doubled comma stands for the comma itself.
            let (rest, comma) = match text.as_str().contains(",,") {
                true => (text.as_str().replace(",,", ","), true),
                false => (text.as_str().to_owned(), false),
            };
            let mut names: Vec<String> =
                rest.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            if comma {
                names.push(",".to_owned());
            }
            names
        }
        Some(list) => list.iterate()?.iter().map(to_str).collect::<Result<_>>()?,
    };
    let text = |value: Option<Value>| value.as_ref().map(to_str).transpose();
    Ok(Wanted {
        path,
        length: usize::try_from(length.clamp(0, LENGTH_MAX)).unwrap_or(20),
        chars: password_chars(&chars),
        encrypt: text(given("encrypt")?)?,
        ident: text(given("ident")?)?,
        seed: text(given("seed")?)?,
    })
}

fn random_text(call: &Call<'_>, length: usize, chars: &[char], seed: Option<&str>) -> Result<String> {
    if chars.is_empty() {
        return Err(Error::runtime("Cannot choose from an empty sequence"));
    }
    let world = call.context.world().clone();
    let mut random = match seed {
        Some(seed) => Random::seeded(&Value::text(seed)),
        None => Random::from_bits(|| world.random_u64()),
    };
    Ok((0..length).map(|_| chars[random.place(chars.len())]).collect())
}

fn password(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let wanted = wanted(call, &term)?;
        let world = call.context.world();
        let path = match wanted.path.strip_prefix("~/") {
            Some(rest) => PathBuf::from(world.env("HOME").unwrap_or_default()).join(rest),
            None if wanted.path.starts_with('/') => PathBuf::from(&wanted.path),
            None => world.current_dir().join(&wanted.path),
        };
        let keep = path != Path::new("/dev/null");
        let stored = if keep && world.path_info(&path).exists {
            let bytes = world.read_file(&path).map_err(Error::runtime)?;
            Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned())
        } else {
            None
        };
        let mut changed = stored.is_none();
        let (plain, mut salt, mut ident) = match &stored {
            Some(content) => parse_content(content),
            None => (random_text(call, wanted.length, &wanted.chars, wanted.seed.as_deref())?, None, None),
        };
        let mut result = plain.clone();
        if let Some(scheme) = &wanted.encrypt {
            if salt.is_none() {
                let size = match scheme.as_str() {
                    "bcrypt" | "blowfish" => 22,
                    "md5_crypt" | "md5" => 8,
                    _ => 16,
                };
                let alphabet: Vec<char> =
                    password_chars(&["ascii_letters".into(), "digits".into(), "./".into()]);
                salt = Some(random_text(call, size, &alphabet, None)?);
                changed = true;
            }
            if ident.is_none() && wanted.ident.is_some() {
                ident.clone_from(&wanted.ident);
                changed = true;
            }
            let request = crypt::Request {
                scheme,
                salt: salt.as_deref(),
                salt_size: None,
                rounds: None,
                ident: ident.as_deref(),
            };
            let world = world.clone();
            result = crypt::hash(&plain, &request, &mut || world.random_u64()).map_err(Error::runtime)?;
        }
        if keep && changed {
            let mut content = plain;
            if let Some(salt) = &salt {
                content.push_str(&format!(" salt={salt}"));
            }
            if let Some(ident) = &ident {
                content.push_str(&format!(" ident={ident}"));
            }
            content.push('\n');
            world.write_private_file(&path, content.as_bytes()).map_err(Error::runtime)?;
        }
        out.push(Value::text(result));
    }
    Ok(out)
}

/// The password, salt and ident of a kept file.
fn parse_content(content: &str) -> (String, Option<String>, Option<String>) {
    let Some((plain, rest)) = content.rsplit_once(" salt=") else { return (content.to_owned(), None, None) };
    match rest.split_once(" ident=") {
        Some((salt, ident)) => (plain.to_owned(), Some(salt.to_owned()), Some(ident.to_owned())),
        None => (plain.to_owned(), Some(rest.to_owned()), None),
    }
}

fn random_string(call: &Call<'_>) -> Result<Vec<Value>> {
    let length = call.option("length").map_or(Ok(8), |value| crate::filters::whole(&value))?;
    let mut names = Vec::new();
    for (option, class) in [
        ("upper", "ascii_uppercase"),
        ("lower", "ascii_lowercase"),
        ("numbers", "digits"),
        ("special", "punctuation"),
    ] {
        if call.truth(option, true)? {
            names.push(class.to_owned());
        }
    }
    let chars = password_chars(&names);
    let seed = call.option("seed").map(|seed| to_str(&seed)).transpose()?;
    let length = usize::try_from(length.clamp(0, LENGTH_MAX)).unwrap_or(8);
    Ok(vec![Value::text(random_text(call, length, &chars, seed.as_deref())?)])
}
