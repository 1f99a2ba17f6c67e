//! Placement groups: servers of a group stand on different hosts.

use serde::Deserialize;
use serde_json::json;

use crate::Id;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::Creation;
use crate::label::{Labels, Selector};
use crate::lenient::null_as_default;

const KIND: Plural = Plural { plural: "placement_groups", singular: "placement_group", sorted: true };

/// A placement group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlacementGroup {
    /// Its ID.
    pub id: Id,
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Only `spread` exists.
    #[serde(default, rename = "type", deserialize_with = "null_as_default")]
    pub kind: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// IDs of its servers, at most ten.
    #[serde(default, deserialize_with = "null_as_default")]
    pub servers: Vec<Id>,
}

/// A spread group to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlacementGroup {
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: Labels,
}

impl Client {
    /// All groups, or those that the selector matches.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn placement_groups(&self, selector: Option<&Selector>) -> Result<Vec<PlacementGroup>, Error> {
        self.list(KIND, selector).await
    }

    /// A group by name.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn find_placement_group(&self, name: &str) -> Result<Option<PlacementGroup>, Error> {
        self.find(KIND, name).await
    }

    /// A group by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn placement_group(&self, id: Id) -> Result<PlacementGroup, Error> {
        self.get(KIND, id).await
    }

    /// Makes a spread group.
    ///
    /// # Errors
    /// [`Error::is_taken`], [`Error::is_account_limit`], otherwise why it was refused.
    pub async fn create_placement_group(&self, new: &NewPlacementGroup) -> Result<PlacementGroup, Error> {
        let body = json!({ "name": new.name, "type": "spread", "labels": new.labels });
        match self.create(KIND, &new.name, body, |group: &PlacementGroup| group.labels == new.labels).await? {
            Creation::Answered(answer) => answer.member(KIND.singular),
            Creation::Found(group) => Ok(group),
        }
    }

    /// Sets a group's name and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_placement_group(
        &self,
        id: Id,
        name: Option<&str>,
        labels: Option<&Labels>,
    ) -> Result<PlacementGroup, Error> {
        self.update(KIND, id, name, labels).await
    }

    /// Deletes a group; its servers stay.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_placement_group(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }
}
