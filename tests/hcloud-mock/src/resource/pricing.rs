//! `GET /pricing`: the same prices as the types list, and those of everything else.
use crate::call::Call;
use crate::catalogue::prices::{
    BACKUP_PERCENT, FLOATING_IPV4_MONTHLY, FLOATING_IPV6_MONTHLY, IPV4_MONTHLY, SNAPSHOT_GB_MONTHLY,
    VOLUME_GB_MONTHLY, amount, hourly_of, money, price_list,
};
use crate::catalogue::{CURRENCY, VAT_PERCENT};
use crate::reply::{Answer, Reply};
use serde_json::{Value, json};

/// `GET /pricing`.
pub fn get(call: &mut Call<'_>) -> Answer {
    let catalogue = &call.shared.catalogue;
    let everywhere = |line: &dyn Fn(&str) -> Value| -> Value {
        catalogue.locations.iter().map(|l| line(l.name)).collect()
    };
    let primary = |monthly: &str| {
        let monthly = money(monthly);
        everywhere(&|location| {
            json!({
                "location": location, "price_hourly": amount(hourly_of(monthly)), "price_monthly": amount(monthly),
            })
        })
    };
    let floating = |monthly: &str| {
        everywhere(&|location| json!({"location": location, "price_monthly": amount(money(monthly))}))
    };
    let servers: Vec<Value> = catalogue
        .server_types
        .iter()
        .map(|t| json!({"id": t.id, "name": t.name, "prices": price_list(&t.prices)}))
        .collect();
    let balancers: Vec<Value> = catalogue
        .load_balancer_types
        .iter()
        .map(|t| json!({"id": t.id, "name": t.name, "prices": price_list(&t.prices)}))
        .collect();
    let pricing = json!({
        "currency": CURRENCY, "vat_rate": format!("{VAT_PERCENT:.2}"),
        "primary_ips": [
            {"type": "ipv4", "prices": primary(IPV4_MONTHLY)}, {"type": "ipv6", "prices": primary("0")},
        ],
        "floating_ips": [
            {"type": "ipv4", "prices": floating(FLOATING_IPV4_MONTHLY)},
            {"type": "ipv6", "prices": floating(FLOATING_IPV6_MONTHLY)},
        ],
        "floating_ip": {"price_monthly": amount(money(FLOATING_IPV4_MONTHLY))},
        "image": {"price_per_gb_month": amount(money(SNAPSHOT_GB_MONTHLY))},
        "volume": {"price_per_gb_month": amount(money(VOLUME_GB_MONTHLY))},
        "server_backup": {"percentage": BACKUP_PERCENT},
        "server_types": servers, "load_balancer_types": balancers,
    });
    Reply::one(200, "pricing", &pricing)
}
