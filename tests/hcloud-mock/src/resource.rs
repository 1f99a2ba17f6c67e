//! The resources, one file each, and what they have in common: an id, a name, labels, a place in the project.
pub mod action;
pub mod certificate;
pub mod firewall;
pub mod floating_ip;
pub mod image;
pub mod iso;
pub mod load_balancer;
pub mod load_balancer_type;
pub mod location;
pub mod metrics;
pub mod network;
pub mod placement_group;
pub mod pricing;
pub mod primary_ip;
pub mod rrset;
pub mod server;
pub mod server_type;
pub mod ssh_key;
pub mod volume;
pub mod zone;

use crate::call::Call;
use crate::clock::{Ms, rfc3339};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::label::Labels;
use crate::project::Project;
use crate::reply::{Answer, Page, Reply};
use crate::shared::Shared;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Longest name of most resources.
pub const NAME_MAX: usize = 128;
/// Largest page of most lists.
pub const PER_PAGE_MAX: usize = 50;

/// What every object has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// Unique over all projects and kinds, so that a mixed-up id is never right by accident.
    pub id: u64,
    /// Unique per project and kind.
    pub name: String,
    /// User-defined labels.
    pub labels: Labels,
    /// When it was made.
    pub created: Ms,
}

impl Base {
    /// A new object's.
    pub fn new(shared: &mut Shared, name: String, labels: Option<Labels>) -> Base {
        Base { id: shared.new_id(), name, labels: labels.unwrap_or_default(), created: shared.now() }
    }

    /// When it was made, as the API writes it.
    pub fn created(&self) -> String {
        rfc3339(self.created)
    }
}

/// A kind of object that lives in a project.
pub trait Entity: Sized {
    /// Which kind.
    const KIND: Kind;
    /// What every object has.
    fn base(&self) -> &Base;
    /// The same, to change.
    fn base_mut(&mut self) -> &mut Base;
    /// All of this kind.
    fn all(project: &Project) -> &BTreeMap<u64, Self>;
    /// The same, to change.
    fn all_mut(project: &mut Project) -> &mut BTreeMap<u64, Self>;
    /// The JSON of the API.
    fn view<'a>(&'a self, project: &'a Project, shared: &'a Shared) -> impl Serialize + use<'a, Self>;
    /// Whether it is about to change although no action runs on it.
    fn is_settling(&self, _: &Project) -> bool {
        false
    }
    /// Whether it shows in lists besides the usual rules.
    fn is_listed(&self) -> bool {
        true
    }
}

/// Writes the four look-ups of [`Entity`] for a struct with a `base` and a field of [`Project`].
macro_rules! entity {
    ($kind:ident, $field:ident) => {
        const KIND: crate::kind::Kind = crate::kind::Kind::$kind;
        fn base(&self) -> &crate::resource::Base {
            &self.base
        }
        fn base_mut(&mut self) -> &mut crate::resource::Base {
            &mut self.base
        }
        fn all(project: &crate::project::Project) -> &std::collections::BTreeMap<u64, Self> {
            &project.$field
        }
        fn all_mut(project: &mut crate::project::Project) -> &mut std::collections::BTreeMap<u64, Self> {
            &mut project.$field
        }
    };
}
pub(crate) use entity;

/// The object of an id in the body, or 404.
pub fn find<T: Entity>(project: &Project, id: u64) -> Result<&T, ApiError> {
    T::all(project).get(&id).filter(|t| t.is_listed()).ok_or_else(|| ApiError::not_found(T::KIND, id))
}

/// The object named by the path, or 404.
pub fn here<'c, T: Entity>(call: &'c Call<'_>) -> Result<&'c T, ApiError> {
    find(call.project, call.id::<T>()?)
}

/// The object named by the path, to change.
pub fn here_mut<'c, T: Entity>(call: &'c mut Call<'_>) -> Result<&'c mut T, ApiError> {
    let id = call.id::<T>()?;
    T::all_mut(call.project)
        .get_mut(&id)
        .filter(|t| t.is_listed())
        .ok_or_else(|| ApiError::not_found(T::KIND, id))
}

/// `GET /KIND/{id}`.
pub fn get<T: Entity>(call: &mut Call<'_>) -> Answer {
    let id = call.id::<T>()?;
    let item = find::<T>(call.project, id)?;
    let waits = call.project.is_busy(T::KIND, id) || item.is_settling(call.project);
    let reply = Reply::one(200, T::KIND.singular(), &item.view(call.project, call.shared));
    call.waits |= waits;
    reply
}

/// The JSON of an object that was just made.
pub fn entity_view<T: Entity>(call: &Call<'_>, id: u64) -> Option<Box<RawValue>> {
    let item = T::all(call.project).get(&id)?;
    to_raw_value(&item.view(call.project, call.shared)).ok()
}

/// Refuses a name that another object of the kind has.
pub fn check_name_free<T: Entity>(project: &Project, name: &str, except: u64) -> Result<(), ApiError> {
    let clash = |t: &T| t.base().name == name && t.base().id != except && t.is_listed();
    if T::all(project).values().any(clash) { Err(ApiError::taken(T::KIND, "name")) } else { Ok(()) }
}

/// `PUT /KIND/{id}` for kinds where only name and labels change.
pub fn update<T: Entity>(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.name(NAME_MAX), body.labels());
    let id = here::<T>(call)?.base().id;
    body.check()?;
    rename::<T>(call, id, name, labels)?;
    get::<T>(call)
}

/// Sets name and labels, when given.
pub fn rename<T: Entity>(
    call: &mut Call<'_>,
    id: u64,
    name: Option<String>,
    labels: Option<Labels>,
) -> Result<(), ApiError> {
    if let Some(name) = &name {
        check_name_free::<T>(call.project, name, id)?;
    }
    let relabelled = labels.is_some();
    let item = T::all_mut(call.project).get_mut(&id).ok_or_else(|| ApiError::not_found(T::KIND, id))?;
    let base = item.base_mut();
    base.name = name.unwrap_or_else(|| std::mem::take(&mut base.name));
    base.labels = labels.unwrap_or_else(|| std::mem::take(&mut base.labels));
    if relabelled && T::KIND == Kind::Server {
        call.project.selectors_changed(call.shared);
    }
    Ok(())
}

/// A field lists can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SortField {
    Id,
    Name,
    Created,
}

impl SortField {
    fn parse(word: &str) -> Option<SortField> {
        match word {
            "id" => Some(SortField::Id),
            "name" => Some(SortField::Name),
            "created" => Some(SortField::Created),
            _ => None,
        }
    }

    fn order(self, a: &Base, b: &Base) -> Ordering {
        match self {
            SortField::Id => a.id.cmp(&b.id),
            SortField::Name => a.name.cmp(&b.name),
            SortField::Created => a.created.cmp(&b.created),
        }
    }
}

/// The fields of kinds that sort by everything.
pub const SORT_ALL: &[SortField] = &[SortField::Id, SortField::Name, SortField::Created];

/// Splits `field:desc` and checks the direction.
pub fn sort_term(term: &str) -> Result<(&str, bool), ApiError> {
    match term.split_once(':') {
        None => Ok((term, false)),
        Some((field, "asc")) => Ok((field, false)),
        Some((field, "desc")) => Ok((field, true)),
        Some(_) => Err(ApiError::invalid("sort", "sort direction must be asc or desc")),
    }
}

/// `GET /KIND`: selector, name, the kind's own filter, order, page.
pub fn list<T: Entity>(call: &mut Call<'_>, sorts: &[SortField], keep: impl Fn(&T) -> bool) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let selector = call.query.selector()?;
    let mut order = Vec::new();
    for term in call.query.all("sort") {
        let (word, descending) = sort_term(term)?;
        let field = SortField::parse(word).filter(|f| sorts.contains(f));
        let field = field.ok_or_else(|| ApiError::invalid("sort", "unknown sort field"))?;
        if !order.iter().any(|(f, _)| *f == field) {
            order.push((field, descending));
        }
    }
    let name = call.query.one("name").filter(|n| !n.is_empty());
    let visible_before = call.shared.now().saturating_sub(call.shared.settings.list_lag_ms);
    let wanted = |t: &&T| {
        let base = t.base();
        base.created <= visible_before
            && t.is_listed()
            && name.is_none_or(|n| base.name == n)
            && selector.as_ref().is_none_or(|s| s.matches(&base.labels))
            && keep(t)
    };
    let mut items: Vec<&T> = T::all(call.project).values().filter(wanted).collect();
    if !order.is_empty() {
        items.sort_by(|a, b| {
            let by = |(field, descending): &(SortField, bool)| {
                let order = field.order(a.base(), b.base());
                if *descending { order.reverse() } else { order }
            };
            order.iter().map(by).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
    }
    let shown = page.cut(&items);
    let busy = |t: &&T| call.project.is_busy(T::KIND, t.base().id) || t.is_settling(call.project);
    let waits = shown.iter().any(busy);
    let views: Vec<_> = shown.iter().map(|t| t.view(call.project, call.shared)).collect();
    let reply = page.reply(T::KIND.plural(), &views, items.len(), call.path, call.query);
    // Whoever looks at something unfinished is probably waiting for it.
    call.waits |= waits;
    reply
}
