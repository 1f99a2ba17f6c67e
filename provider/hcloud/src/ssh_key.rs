//! SSH keys of the project.

use serde::Deserialize;
use serde_json::json;

use crate::Id;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::{Creation, Method, Request};
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;

const KIND: Plural = Plural { plural: "ssh_keys", singular: "ssh_key", sorted: true };

/// A public key. Name and fingerprint are both unique in a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SshKey {
    /// Its ID.
    pub id: Id,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// MD5 of the key blob, as colon-separated hex.
    #[serde(default, deserialize_with = "null_as_default")]
    pub fingerprint: String,
    /// In OpenSSH's one-line form.
    #[serde(default, deserialize_with = "null_as_default")]
    pub public_key: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
}

/// A key to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSshKey {
    /// Its name.
    pub name: String,
    /// In OpenSSH's one-line form.
    pub public_key: String,
    /// Labels.
    pub labels: Labels,
}

/// Type and blob: what makes two lines the same key, whatever their comments.
fn essence(public_key: &str) -> Vec<&str> {
    public_key.split_whitespace().take(2).collect()
}

impl Client {
    /// All keys, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn ssh_keys(&self, selector: Option<&Selector>) -> Result<Vec<SshKey>, Error> {
        self.list(KIND, selector).await
    }

    /// A key by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_ssh_key(&self, name: &str) -> Result<Option<SshKey>, Error> {
        self.find(KIND, name).await
    }

    /// A key by the MD5 fingerprint of its blob.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_ssh_key_by_fingerprint(&self, fingerprint: &str) -> Result<Option<SshKey>, Error> {
        let operation = format!("look for the ssh key {fingerprint}");
        let request = Request::new(Method::Get, operation, &["ssh_keys"]).query("fingerprint", fingerprint);
        Ok(self.http.read::<Vec<SshKey>>(&request, KIND.plural).await?.into_iter().next())
    }

    /// A key by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn ssh_key(&self, id: Id) -> Result<SshKey, Error> {
        self.get(KIND, id).await
    }

    /// Uploads a key.
    ///
    /// # Errors
    /// [`Error::is_taken`] when the name or the key is there already; otherwise why it was refused.
    pub async fn create_ssh_key(&self, new: &NewSshKey) -> Result<SshKey, Error> {
        let body = json!({ "name": new.name, "public_key": new.public_key, "labels": new.labels });
        let ours = |key: &SshKey| essence(&key.public_key) == essence(&new.public_key);
        match self.create(KIND, &new.name, body, ours).await? {
            Creation::Answered(answer) => answer.member(KIND.singular),
            Creation::Found(key) => Ok(key),
        }
    }

    /// Sets a key's name and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_ssh_key(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<SshKey, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_ssh_key(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }
}
