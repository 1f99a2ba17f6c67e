//! Images: what servers boot from, Hetzner's and our own snapshots.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use crate::Id;
use crate::action::Action;
use crate::client::{Client, Plural};
use crate::error::Error;
use crate::http::{Method, Request};
use crate::label::{Labels, Selector};
use crate::lenient::{null_as_default, timestamp};
use crate::open_enum::open_enum;
use crate::paging;
use crate::pricing::decimal;
use crate::server::Protection;

const KIND: Plural = Plural { plural: "images", singular: "image", sorted: true };

open_enum! {
    /// A processor architecture.
    Architecture { X86 = "x86", Arm = "arm" }
}
open_enum! {
    /// Where an image comes from.
    ImageType { System = "system", App = "app", Snapshot = "snapshot", Backup = "backup" }
}
open_enum! {
    /// Whether an image can be used.
    ImageStatus { Available = "available", Creating = "creating", Unavailable = "unavailable" }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// Its ID.
    pub id: Id,
    /// Its name, e.g. `debian-12`; snapshots have none.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it comes from.
    #[serde(default, rename = "type")]
    pub kind: ImageType,
    /// Whether it can be used.
    #[serde(default)]
    pub status: ImageStatus,
    /// For people; a snapshot's only free text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// Billed size in GB.
    #[serde(default, deserialize_with = "decimal")]
    pub image_size: Option<Decimal>,
    /// Smallest disk in GB that it fits on.
    #[serde(default, deserialize_with = "decimal")]
    pub disk_size: Option<Decimal>,
    /// When it was made.
    #[serde(default, deserialize_with = "timestamp")]
    pub created: Option<Timestamp>,
    /// `x86` or `arm`.
    #[serde(default)]
    pub architecture: Architecture,
    /// E.g. `debian`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os_flavor: String,
    /// E.g. `12`.
    #[serde(default)]
    pub os_version: Option<String>,
    /// When it was deprecated.
    #[serde(default, deserialize_with = "timestamp")]
    pub deprecated: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "timestamp")]
    pub deleted: Option<Timestamp>,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default")]
    pub labels: Labels,
    /// Protection against deletion.
    #[serde(default, deserialize_with = "null_as_default")]
    pub protection: Protection,
}

/// Which images to list; the empty filter lists all that are not deprecated.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// Exactly this name; the same name exists once per architecture.
    pub name: Option<String>,
    /// Only of this kind.
    pub kind: Option<ImageType>,
    /// Only for this architecture.
    pub architecture: Option<Architecture>,
    /// Only with these labels.
    pub selector: Option<Selector>,
    /// Old ones too.
    pub include_deprecated: bool,
}

impl Client {
    /// Images that pass the filter.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn images(&self, filter: &ImageFilter) -> Result<Vec<Image>, Error> {
        let mut request = Request::new(Method::Get, "list images", &["images"]).query("sort", "id:asc");
        if let Some(name) = &filter.name {
            request = request.query("name", name);
        }
        if let Some(kind) = &filter.kind {
            request = request.query("type", kind.as_str());
        }
        if let Some(architecture) = &filter.architecture {
            request = request.query("architecture", architecture.as_str());
        }
        if let Some(selector) = &filter.selector {
            request = request.query("label_selector", selector.to_string());
        }
        if filter.include_deprecated {
            request = request.query("include_deprecated", "true");
        }
        paging::list_all(&self.http, request, KIND.plural).await
    }

    /// An image by ID.
    ///
    /// # Errors
    /// [`Error::is_not_found`] or why the API could not be read.
    pub async fn image(&self, id: Id) -> Result<Image, Error> {
        self.get(KIND, id).await
    }

    /// Sets a snapshot's description and labels.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn update_image(&self, id: Id, description: &str, labels: &Labels) -> Result<Image, Error> {
        let body = json!({ "description": description, "labels": labels });
        let path = ["images", &id.to_string()];
        let request = Request::new(Method::Put, format!("update image {id}"), &path).json(body);
        self.http.read(&request, KIND.singular).await
    }

    /// Protects a snapshot against deletion, or no longer.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn protect_image(&self, id: Id, delete: bool) -> Result<Action, Error> {
        self.act(KIND, id, "change_protection", Some(json!({ "delete": delete }))).await?.member("action")
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// Why it was refused.
    pub async fn delete_image(&self, id: Id) -> Result<(), Error> {
        self.delete(KIND, id).await.map(drop)
    }
}
