//! `GET /networks/{id}/members`: who is in a network, with which address.
use crate::call::Call;
use crate::error::ApiError;
use crate::project::Project;
use crate::reply::{Answer, Page};
use crate::resource::network::Network;
use crate::resource::server::Attachment;
use crate::resource::{PER_PAGE_MAX, here, sort_term};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

#[derive(Clone)]
struct Member {
    id: u64,
    kind: &'static str,
    ip: Ipv4Addr,
    alias_ips: Vec<Ipv4Addr>,
    status: String,
}

fn all(project: &Project, network: &Network) -> Vec<Member> {
    let mut found = Vec::new();
    let member = |id: u64, kind: &'static str, a: &Attachment| Member {
        id,
        kind,
        ip: a.ip,
        alias_ips: a.alias_ips.clone(),
        status: a.status.clone(),
    };
    for id in &network.servers {
        let server = project.servers.get(id).or_else(|| project.leaving.get(id));
        let here = server.and_then(|s| s.private_net.iter().find(|a| a.network == network.base.id));
        found.extend(here.map(|a| member(*id, "server", a)));
    }
    for id in &network.load_balancers {
        let balancer = project.load_balancers.get(id);
        let here = balancer.and_then(|b| b.private_net.iter().find(|a| a.network == network.base.id));
        found.extend(here.map(|a| member(*id, "load_balancer", a)));
    }
    found
}

/// All addresses that are taken.
pub fn addresses(project: &Project, network: &Network) -> Vec<Ipv4Addr> {
    let members = all(project, network);
    members.into_iter().flat_map(|m| std::iter::once(m.ip).chain(m.alias_ips)).collect()
}

/// `GET /networks/{id}/members`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call.query, PER_PAGE_MAX)?;
    let network = here::<Network>(call)?;
    let types = call.query.words("type", &["server", "load_balancer"])?;
    let statuses = call.query.words("status", &["ok", "attaching", "detaching", "updating", "error"])?;
    let subnets = call.query.all("subnet");
    let subnet_of = |ip: Ipv4Addr| {
        let found = network.subnets.iter().find(|s| s.ip_range.has(ip.into()));
        found.map_or_else(String::new, |s| s.ip_range.to_string())
    };
    let mut members = all(call.project, network);
    members.retain(|m| {
        (types.is_empty() || types.contains(&m.kind))
            && (statuses.is_empty() || statuses.contains(&m.status.as_str()))
            && (subnets.is_empty() || subnets.contains(&subnet_of(m.ip).as_str()))
    });
    for term in call.query.all("sort").into_iter().rev() {
        let (field, descending) = sort_term(term)?;
        match field {
            "id" => members.sort_by_key(|m| m.id),
            "ip" => members.sort_by_key(|m| m.ip),
            "type" => members.sort_by_key(|m| m.kind),
            "status" => members.sort_by(|a, b| a.status.cmp(&b.status)),
            _ => return Err(ApiError::invalid("sort", "unknown sort field")),
        }
        if descending {
            members.reverse();
        }
    }
    let view = |m: &Member| {
        json!({
            "id": m.id, "type": m.kind, "ip": m.ip, "alias_ips": m.alias_ips, "subnet": subnet_of(m.ip),
            "status": m.status,
        })
    };
    let views: Vec<Value> = page.cut(&members).iter().map(view).collect();
    page.reply("members", &views, members.len(), call.path, call.query)
}
