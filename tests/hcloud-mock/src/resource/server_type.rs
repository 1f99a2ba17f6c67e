//! Server types with their prices and where they can be ordered right now.
use crate::call::Call;
use crate::catalogue::prices::price_list;
use crate::catalogue::{Price, ServerType};
use crate::clock::parse_rfc3339;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{Answer, Page, Reply};
use crate::resource::PER_PAGE_MAX;
use crate::shared::Shared;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::OnceCell;

/// Whether a type can be ordered in a location now.
pub fn is_orderable(shared: &Shared, server_type: &ServerType, location: &str) -> bool {
    let sold = server_type.prices.iter().any(|p| p.location == location);
    let end = server_type.deprecations.get(location).and_then(|d| parse_rfc3339(&d.unavailable_after));
    sold && end.is_none_or(|end| shared.now() < end)
        && shared.settings.is_available(server_type.name, location)
}

fn view(server_type: &ServerType, shared: &Shared) -> Value {
    let place = |price: &Price| {
        let id = shared.catalogue.locations.iter().find(|l| l.name == price.location).map(|l| l.id);
        let available = is_orderable(shared, server_type, price.location);
        json!({
            "id": id, "name": price.location,
            "deprecation": server_type.deprecations.get(price.location).map(|d| d.view()),
            "recommended": available, "available": available,
        })
    };
    // The old field speaks for all locations: deprecated everywhere or not at all.
    let everywhere = server_type.prices.iter().all(|p| server_type.deprecations.contains_key(p.location));
    let deprecation = server_type.deprecations.values().next().filter(|_| everywhere);
    json!({
        "id": server_type.id, "name": server_type.name, "description": server_type.name.to_uppercase(),
        "cores": server_type.cores, "memory": f64::from(server_type.memory), "disk": server_type.disk,
        "deprecated": deprecation.is_some(), "prices": price_list(&server_type.prices), "storage_type": "local",
        "cpu_type": server_type.cpu_type, "category": server_type.category,
        "architecture": server_type.architecture, "deprecation": deprecation.map(|d| d.view()),
        "locations": server_type.prices.iter().map(place).collect::<Vec<_>>(),
    })
}

impl Shared {
    /// The JSON of a server type, rendered once and kept until settings or catalogue change.
    pub fn server_type_json<'a>(&'a self, server_type: &ServerType) -> Cow<'a, RawValue> {
        let render = || to_raw_value(&view(server_type, self)).expect("views hold only string keys");
        let index = self.catalogue.server_types.iter().position(|t| t.id == server_type.id);
        // With an announced end the answer depends on the clock.
        match index.and_then(|i| self.rendered.get(i)).filter(|_| server_type.deprecations.is_empty()) {
            Some(cell) => Cow::Borrowed(cell.get_or_init(render)),
            None => Cow::Owned(render()),
        }
    }

    /// Forgets what was rendered; to be called whenever settings or catalogue have changed.
    pub fn forget_rendered(&mut self) {
        self.rendered = self.catalogue.server_types.iter().map(|_| OnceCell::new()).collect();
    }
}

/// `GET /server_types`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let all = call.shared.catalogue.server_types.iter();
    let types: Vec<&ServerType> = all.filter(|t| name.is_none_or(|n| t.name == n)).collect();
    let views: Vec<_> = page.cut(&types).iter().map(|t| call.shared.server_type_json(t)).collect();
    page.reply("server_types", &views, types.len(), call.path, call.query)
}

/// `GET /server_types/{id}`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let text = call.param(0);
    let id = text.parse::<u64>().ok();
    let found = call.shared.catalogue.server_types.iter().find(|t| Some(t.id) == id);
    let found = found.ok_or_else(|| ApiError::not_found(Kind::ServerType, text))?;
    Reply::one(200, "server_type", &call.shared.server_type_json(found))
}
