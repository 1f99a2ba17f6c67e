//! Locations, and the data centers that are no more.
use crate::call::Call;
use crate::catalogue::Location;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Page, Reply};
use crate::resource::{PER_PAGE_MAX, sort_term};
use serde_json::{Value, json};

/// `GET /locations`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let all = call.shared.catalogue.locations.iter();
    let mut locations: Vec<&Location> = all.filter(|l| name.is_none_or(|n| l.name == n)).collect();
    for term in call.query.all("sort").into_iter().rev() {
        let (field, descending) = sort_term(term)?;
        match field {
            "id" => locations.sort_by_key(|l| l.id),
            "name" => locations.sort_by_key(|l| l.name),
            _ => return Err(ApiError::invalid("sort", "unknown sort field")),
        }
        if descending {
            locations.reverse();
        }
    }
    let views: Vec<Value> = page.cut(&locations).iter().map(|l| l.view()).collect();
    page.reply("locations", &views, locations.len(), call.path, call.query)
}

/// `GET /locations/{id}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let text = call.param(0);
    let id = text.parse::<u64>().ok();
    let found = call.shared.catalogue.locations.iter().find(|l| Some(l.id) == id);
    Reply::one(200, "location", &found.ok_or_else(|| ApiError::not_found(Kind::Location, text))?.view())
}

/// `GET /datacenters` and `GET /datacenters/{id}`: gone since 2026-10-01.
pub fn datacenters(_: &mut Call<'_>) -> Answer {
    let details =
        json!({"announcement": "https://docs.hetzner.cloud/changelog#2025-12-16-phasing-out-datacenters"});
    let message = "the datacenters endpoint is no longer available";
    Err(ApiError::new(410, "deprecated_api_endpoint", message).with_details(details))
}
