//! ISOs: listed, attached, nothing else.
use crate::body::Reference;
use crate::call::Call;
use crate::catalogue::Iso;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Page, Reply};
use crate::resource::PER_PAGE_MAX;
use crate::shared::Shared;
use serde_json::{Value, json};

fn view(iso: &Iso) -> Value {
    json!({
        "id": iso.id, "name": iso.name, "description": iso.description, "type": "public",
        "deprecation": iso.deprecation.as_ref().map(|d| d.view()), "architecture": iso.architecture,
    })
}

/// The JSON of an ISO a server holds.
pub fn view_by_id(id: u64, shared: &Shared) -> Option<Value> {
    shared.catalogue.isos.iter().find(|i| i.id == id).map(view)
}

/// The id of an ISO that a server of this architecture can boot.
pub fn usable(shared: &Shared, wanted: &Reference, architecture: &str) -> Result<u64, ApiError> {
    let iso = shared.catalogue.iso(wanted)?;
    if iso.architecture.is_some_and(|a| a != architecture) {
        return Err(ApiError::invalid("iso", "ISO architecture is not compatible with the server"));
    }
    Ok(iso.id)
}

/// `GET /isos`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let architectures = call.query.words("architecture", &["x86", "arm"])?;
    let wildcard = call.query.flag("include_architecture_wildcard")?;
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let fits = |i: &&Iso| match i.architecture {
        _ if architectures.is_empty() => true,
        Some(architecture) => architectures.contains(&architecture),
        None => wildcard,
    };
    let named = |i: &&Iso| name.is_none_or(|n| i.name == n);
    let isos: Vec<&Iso> = call.shared.catalogue.isos.iter().filter(fits).filter(named).collect();
    let views: Vec<Value> = page.cut(&isos).iter().map(|i| view(i)).collect();
    page.reply("isos", &views, isos.len(), call.path, call.query)
}

/// `GET /isos/{id}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let text = call.param(0);
    let found = text.parse().ok().and_then(|id: u64| view_by_id(id, call.shared));
    Reply::one(200, "iso", &found.ok_or_else(|| ApiError::not_found(Kind::Iso, text))?)
}
