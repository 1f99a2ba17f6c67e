//! Load balancer types with their limits and prices.
use crate::call::Call;
use crate::catalogue::LoadBalancerType;
use crate::catalogue::prices::price_list;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Page, Reply};
use crate::resource::PER_PAGE_MAX;
use serde_json::{Value, json};

/// The JSON of the API.
pub fn view(balancer_type: &LoadBalancerType) -> Value {
    json!({
        "id": balancer_type.id, "name": balancer_type.name, "description": balancer_type.name.to_uppercase(),
        "max_connections": balancer_type.max_connections, "max_services": balancer_type.max_services,
        "max_targets": balancer_type.max_targets,
        "max_assigned_certificates": balancer_type.max_certificates, "deprecated": null, "deprecation": null,
        "prices": price_list(&balancer_type.prices),
    })
}

/// `GET /load_balancer_types`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let all = call.shared.catalogue.load_balancer_types.iter();
    let types: Vec<&LoadBalancerType> = all.filter(|t| name.is_none_or(|n| t.name == n)).collect();
    let views: Vec<Value> = page.cut(&types).iter().map(|t| view(t)).collect();
    page.reply("load_balancer_types", &views, types.len(), call.path, call.query)
}

/// `GET /load_balancer_types/{id}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let text = call.param(0);
    let id = text.parse::<u64>().ok();
    let found = call.shared.catalogue.load_balancer_types.iter().find(|t| Some(t.id) == id);
    Reply::one(
        200,
        "load_balancer_type",
        &view(found.ok_or_else(|| ApiError::not_found(Kind::LoadBalancerType, text))?),
    )
}
