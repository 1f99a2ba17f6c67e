//! `password_hash`: the schemes of crypt(3).

use super::{Call, Filter};
use crate::error::{Error, Result};
use crate::value::{Value, to_str};

pub(super) const FILTERS: &[Filter] =
    &[Filter::new("password_hash", &["hashtype", "salt", "salt_size", "rounds", "ident"], password_hash)];

fn password_hash(call: &Call<'_>) -> Result<Value> {
    let scheme = call.args.text_or("hashtype", "sha512")?;
    let salt = call.args.text_opt("salt")?;
    let size = call.args.int_opt("salt_size")?.and_then(|n| usize::try_from(n).ok());
    let rounds = call.args.int_opt("rounds")?.and_then(|n| u32::try_from(n).ok());
    let ident = call.args.text_opt("ident")?;
    if !matches!(&call.input, Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_)) {
        return Err(Error::runtime(format!(
            "secret must be unicode or bytes, not {}",
            call.input.type_name()
        )));
    }
    let secret = to_str(&call.input)?;
    let world = call.context.world().clone();
    let request = crate::crypt::Request {
        scheme: &scheme,
        salt: salt.as_deref(),
        salt_size: size,
        rounds,
        ident: ident.as_deref(),
    };
    crate::crypt::hash(&secret, &request, &mut || world.random_u64()).map(Value::text).map_err(Error::runtime)
}
