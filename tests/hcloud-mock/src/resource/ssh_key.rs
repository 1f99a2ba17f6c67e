//! SSH keys, unique by name and by fingerprint.
use crate::call::Call;
use crate::error::ApiError;
use crate::project::Project;
use crate::reply::{Answer, Reply};
use crate::resource::{Base, Entity, NAME_MAX, SortField, check_name_free, entity, get, here};
use crate::shared::Shared;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An SSH key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SshKey {
    pub base: Base,
    pub fingerprint: String,
    pub public_key: String,
}

impl Entity for SshKey {
    entity!(SshKey, ssh_keys);

    fn view<'a>(&'a self, _: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        json!({
            "id": self.base.id, "name": self.base.name, "fingerprint": self.fingerprint,
            "public_key": self.public_key, "labels": self.base.labels, "created": self.base.created(),
        })
    }
}

/// The MD5 fingerprint of a public key line; `None` when it is not one.
pub fn fingerprint(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (kind, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
    let known = ["ssh-rsa", "ssh-ed25519", "ssh-dss", "sk-ssh-ed25519@openssh.com"];
    if !(known.contains(&kind) || kind.starts_with("ecdsa-sha2-") || kind.starts_with("sk-ecdsa-sha2-")) {
        return None;
    }
    // The blob begins with its own type, length first.
    let length = u32::from_be_bytes(blob.get(..4)?.try_into().ok()?) as usize;
    if blob.get(4..)?.get(..length)? != kind.as_bytes() {
        return None;
    }
    let digest = Md5::digest(&blob);
    Some(digest.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":"))
}

/// `POST /ssh_keys`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, public_key, labels) = (body.need_name(NAME_MAX), body.need_text("public_key"), body.labels());
    let public_key = public_key.trim().to_owned();
    let found = fingerprint(&public_key);
    if found.is_none() && !public_key.is_empty() {
        body.problem("public_key", "is not a valid SSH public key");
    } else if found.is_none() && body.has("public_key") {
        body.problem("public_key", "must not be empty");
    }
    body.check()?;
    let fingerprint = found.unwrap_or_default();
    check_name_free::<SshKey>(call.project, &name, 0)?;
    if call.project.ssh_keys.values().any(|k| k.fingerprint == fingerprint) {
        return Err(ApiError::uniqueness("public_key", "SSH key with the same fingerprint already exists"));
    }
    call.project.check_limit::<SshKey>(call.shared)?;
    let key = SshKey { base: Base::new(call.shared, name, labels), fingerprint, public_key };
    let id = key.base.id;
    call.project.ssh_keys.insert(id, key);
    call.params = vec![id.to_string()];
    get::<SshKey>(call).map(|r| Reply { status: 201, ..r })
}

/// `GET /ssh_keys`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let query = call.query;
    let fingerprint = query.one("fingerprint").filter(|f| !f.is_empty());
    let keep = |k: &SshKey| fingerprint.is_none_or(|f| k.fingerprint == f);
    crate::resource::list::<SshKey>(call, &[SortField::Id, SortField::Name], keep)
}

/// `DELETE /ssh_keys/{id}`.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let id = here::<SshKey>(call)?.base.id;
    call.project.ssh_keys.remove(&id);
    Reply::empty()
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn fingerprints_are_md5_of_the_blob() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPSnTBxaMF5o4bXVLfqKtBoFeXm0Zf5U1p1RJL9rXjA me@here";
        let found = fingerprint(key).expect("a key");
        assert_eq!(found.len(), 47);
        assert_eq!(fingerprint(key.trim_end_matches(" me@here")), Some(found));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in
            ["", "ssh-rsa", "ssh-rsa !!!", "ssh-rsa AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", "x AAAA y"]
        {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }
}
