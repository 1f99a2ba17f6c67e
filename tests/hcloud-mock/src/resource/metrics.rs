//! Metrics of servers and load balancers: right in shape and number, made up in value.
use crate::call::Call;
use crate::clock::{Ms, parse_rfc3339, rfc3339};
use crate::error::ApiError;
use crate::reply::{Answer, Reply};
use crate::resource::here;
use crate::resource::load_balancer::LoadBalancer;
use crate::resource::server::Server;
use serde_json::{Map, Value, json};

/// Samples when no step is given.
const SAMPLES_DEFAULT: Ms = 200;
/// Most samples in an answer.
const SAMPLES_MAX: Ms = 500;

/// The series of each type, with the value a busy machine would show.
type Series = &'static [(&'static str, &'static [(&'static str, f64)])];

const SERVER: Series = &[
    ("cpu", &[("cpu", 12.0)]),
    (
        "disk",
        &[
            ("disk.0.iops.read", 2.0),
            ("disk.0.iops.write", 9.0),
            ("disk.0.bandwidth.read", 16_384.0),
            ("disk.0.bandwidth.write", 65_536.0),
        ],
    ),
    (
        "network",
        &[
            ("network.0.pps.in", 150.0),
            ("network.0.pps.out", 450.0),
            ("network.0.bandwidth.in", 40_000.0),
            ("network.0.bandwidth.out", 900_000.0),
        ],
    ),
];

const BALANCER: Series = &[
    ("open_connections", &[("open_connections", 40.0)]),
    ("connections_per_second", &[("connections_per_second", 5.0)]),
    ("requests_per_second", &[("requests_per_second", 12.0)]),
    ("bandwidth", &[("bandwidth.in", 20_000.0), ("bandwidth.out", 300_000.0)]),
];

/// `GET /servers/{id}/metrics`.
pub fn of_server(call: &mut Call<'_>) -> Answer {
    let scale = if here::<Server>(call)?.status == "running" { 1.0 } else { 0.0 };
    answer(call, SERVER, scale)
}

/// `GET /load_balancers/{id}/metrics`.
pub fn of_load_balancer(call: &mut Call<'_>) -> Answer {
    here::<LoadBalancer>(call)?;
    answer(call, BALANCER, 1.0)
}

fn time(call: &Call<'_>, key: &str) -> Result<Ms, ApiError> {
    let text =
        call.query.one(key).ok_or_else(|| ApiError::invalid(key, "missing data for required field"))?;
    parse_rfc3339(text).ok_or_else(|| ApiError::invalid(key, "must be a time in RFC 3339 format"))
}

fn answer(call: &Call<'_>, known: Series, scale: f64) -> Answer {
    let types: Vec<&str> = call.query.all("type").into_iter().flat_map(|t| t.split(',')).collect();
    if types.is_empty() {
        return Err(ApiError::invalid("type", "missing data for required field"));
    }
    let (start, end) = (time(call, "start")?, time(call, "end")?);
    if end <= start {
        return Err(ApiError::invalid("end", "must be after start"));
    }
    let smallest = (end - start).div_euclid(1000 * SAMPLES_MAX).max(1);
    let step = match call.query.one("step").filter(|s| !s.is_empty()) {
        None => ((end - start).div_euclid(1000 * SAMPLES_DEFAULT)).max(1),
        Some(text) => match text.parse::<f64>() {
            Ok(step) if (1.0..1e9).contains(&step) => step as Ms,
            _ => return Err(ApiError::invalid("step", "must be a number of seconds")),
        },
    };
    let step = step.max(smallest);
    let mut series = Map::new();
    for wanted in types {
        let Some((_, names)) = known.iter().find(|(name, _)| *name == wanted) else {
            return Err(ApiError::invalid("type", "unknown type of metrics"));
        };
        for (name, height) in *names {
            series.insert((*name).to_owned(), json!({"values": values(start, end, step, height * scale)}));
        }
    }
    let metrics = json!({"start": rfc3339(start), "end": rfc3339(end), "step": step, "time_series": series});
    Reply::one(200, "metrics", &metrics)
}

/// A gentle saw tooth that depends only on the time.
fn values(start: Ms, end: Ms, step: Ms, height: f64) -> Vec<Value> {
    let count = usize::try_from(((end - start) / 1000 / step).clamp(1, SAMPLES_MAX)).unwrap_or(1);
    let first = start.div_euclid(1000);
    (0..count)
        .map(|n| {
            let at = first + step * Ms::try_from(n).unwrap_or(0);
            let wave = (at.rem_euclid(3600) as f64) / 3600.0;
            json!([at, format!("{:.6}", height * (0.75 + wave / 2.0))])
        })
        .collect()
}
