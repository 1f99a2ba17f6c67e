//! Services of load balancers: protocol, ports, health check, HTTP options.
use crate::body::Body;
use crate::error::ApiError;
use crate::project::Project;
use crate::resource::certificate::Certificate;
use crate::resource::find;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How targets are checked over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpCheck {
    pub domain: Option<String>,
    pub path: String,
    pub response: String,
    pub status_codes: Vec<String>,
    pub tls: bool,
}

/// How targets are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    pub protocol: String,
    pub port: u16,
    pub interval: i64,
    pub timeout: i64,
    pub retries: i64,
    pub http: Option<HttpCheck>,
}

/// Options of `http` and `https` services; all are always shown, as clients need them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Http {
    pub cookie_name: String,
    pub cookie_lifetime: i64,
    pub timeout_idle: i64,
    pub certificates: Vec<u64>,
    pub redirect_http: bool,
    pub sticky_sessions: bool,
}

impl Default for Http {
    fn default() -> Http {
        Http {
            cookie_name: "HCLBSTICKY".to_owned(),
            cookie_lifetime: 300,
            timeout_idle: 50,
            certificates: Vec::new(),
            redirect_http: false,
            sticky_sessions: false,
        }
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub protocol: String,
    pub listen_port: u16,
    pub destination_port: u16,
    pub proxyprotocol: bool,
    pub health_check: HealthCheck,
    pub http: Option<Http>,
}

impl Service {
    /// The JSON of the API: `http` only where it means something.
    pub fn view(&self) -> Value {
        let check = &self.health_check;
        let mut health = json!({
            "protocol": check.protocol, "port": check.port, "interval": check.interval,
            "timeout": check.timeout, "retries": check.retries,
        });
        if let Some(http) = &check.http {
            health["http"] = json!(http);
        }
        let mut view = json!({
            "protocol": self.protocol, "listen_port": self.listen_port,
            "destination_port": self.destination_port, "proxyprotocol": self.proxyprotocol,
            "health_check": health,
        });
        if let Some(http) = &self.http {
            view["http"] = json!(http);
        }
        view
    }

    /// Whether it ends TLS with this certificate.
    pub fn uses_certificate(&self, id: u64) -> bool {
        self.http.as_ref().is_some_and(|h| h.certificates.contains(&id))
    }
}

fn port(body: &mut Body, key: &str) -> Option<u16> {
    body.int(key, 1, 65_535).and_then(|p| u16::try_from(p).ok())
}

fn read_http_check(body: &mut Body, old: Option<HttpCheck>) -> HttpCheck {
    let mut check = old.unwrap_or_else(|| HttpCheck {
        domain: None,
        path: "/".to_owned(),
        response: String::new(),
        status_codes: vec!["2??".to_owned(), "3??".to_owned()],
        tls: false,
    });
    if body.has("domain") {
        check.domain = body.text("domain").filter(|d| !d.is_empty());
        let bad = |d: &String| d.len() > 128 || d.contains([' ', '%', '\\']);
        if check.domain.as_ref().is_some_and(bad) {
            body.problem("domain", "is not a valid host name");
        }
    }
    if let Some(path) = body.text("path") {
        if path.is_empty() || path.len() > 256 || path.contains(' ') {
            body.problem("path", "is not a valid path");
        }
        check.path = path;
    }
    if let Some(response) = body.text("response") {
        if response.len() > 256 {
            body.problem("response", "is too long, the maximum is 256 characters");
        }
        check.response = response;
    }
    if let Some(codes) = body.texts("status_codes") {
        if codes.len() > 20 {
            body.problem("status_codes", "must contain at most 20 entries");
        }
        check.status_codes = codes;
    }
    check.tls = body.flag("tls").unwrap_or(check.tls);
    check
}

fn read_health_check(body: &mut Body, mut check: HealthCheck) -> HealthCheck {
    if let Some(protocol) = body.choice("protocol", &["tcp", "http"]) {
        check.protocol = protocol.to_owned();
    }
    check.port = port(body, "port").unwrap_or(check.port);
    check.interval = body.int("interval", 3, 60).unwrap_or(check.interval);
    check.timeout = body.int("timeout", 1, 60).unwrap_or(check.timeout);
    check.retries = body.int("retries", 1, 5).unwrap_or(check.retries);
    if check.protocol == "http" {
        let old = check.http.take();
        check.http = Some(match body.object("http") {
            Some(mut inner) => {
                let http = read_http_check(&mut inner, old);
                body.absorb(inner);
                http
            }
            None => read_http_check(&mut Body::nested(Default::default(), String::new()), old),
        });
    } else {
        check.http = None;
    }
    check
}

fn read_http(body: &mut Body, mut http: Http, protocol: &str) -> Http {
    if let Some(name) = body.text("cookie_name") {
        if name.is_empty() || name.len() > 100 {
            body.problem("cookie_name", "must have 1 to 100 characters");
        }
        http.cookie_name = name;
    }
    http.cookie_lifetime = body.int("cookie_lifetime", 30, 86_400).unwrap_or(http.cookie_lifetime);
    http.timeout_idle = body.int("timeout_idle", 30, 300).unwrap_or(http.timeout_idle);
    http.sticky_sessions = body.flag("sticky_sessions").unwrap_or(http.sticky_sessions);
    http.redirect_http = body.flag("redirect_http").unwrap_or(http.redirect_http);
    if body.has("certificates") {
        http.certificates = body.ids("certificates");
    }
    if protocol == "http" && (http.redirect_http || !http.certificates.is_empty()) {
        body.problem("redirect_http", "redirect_http and certificates are only allowed for protocol https");
    }
    http
}

fn default_port(protocol: &str) -> Option<u16> {
    match protocol {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Reads a new service; ports follow from the protocol, the health check from the service.
pub fn read(body: &mut Body) -> Service {
    let protocol = body.need_choice("protocol", &["tcp", "http", "https"]);
    let default = default_port(protocol);
    let listen_port = port(body, "listen_port").or(default);
    if listen_port.is_none() && !body.has("listen_port") {
        body.problem("listen_port", "missing data for required field");
    }
    let destination_port = port(body, "destination_port").or(default.map(|_| 80));
    if destination_port.is_none() && !body.has("destination_port") {
        body.problem("destination_port", "missing data for required field");
    }
    let proxyprotocol = body.flag("proxyprotocol").unwrap_or(false);
    let destination_port = destination_port.unwrap_or(1);
    let fresh = HealthCheck {
        protocol: if protocol == "tcp" { "tcp" } else { "http" }.to_owned(),
        port: destination_port,
        interval: 15,
        timeout: 10,
        retries: 3,
        http: None,
    };
    let service = Service {
        protocol: protocol.to_owned(),
        listen_port: listen_port.unwrap_or(1),
        destination_port,
        proxyprotocol,
        health_check: fresh,
        http: None,
    };
    read_parts(body, service)
}

/// Reads the nested parts into a service and keeps what is not given.
fn read_parts(body: &mut Body, mut service: Service) -> Service {
    let check = service.health_check;
    service.health_check = match body.object("health_check") {
        Some(mut inner) => {
            let check = read_health_check(&mut inner, check);
            body.absorb(inner);
            check
        }
        None => read_health_check(&mut Body::nested(Default::default(), String::new()), check),
    };
    let inner = body.object("http");
    if service.protocol == "tcp" {
        service.http = None;
        return service;
    }
    let mut http = service.http.unwrap_or_default();
    if let Some(mut inner) = inner {
        http = read_http(&mut inner, http, &service.protocol);
        body.absorb(inner);
    }
    service.http = Some(http);
    service
}

/// Reads the changes to a service.
pub fn read_update(body: &mut Body, mut service: Service) -> Service {
    if let Some(protocol) = body.choice("protocol", &["tcp", "http", "https"]) {
        service.protocol = protocol.to_owned();
    }
    service.destination_port = port(body, "destination_port").unwrap_or(service.destination_port);
    service.proxyprotocol = body.flag("proxyprotocol").unwrap_or(service.proxyprotocol);
    read_parts(body, service)
}

/// Refuses certificates that do not exist.
pub fn check_certificates(project: &Project, service: &Service) -> Result<(), ApiError> {
    let certificates = service.http.iter().flat_map(|h| h.certificates.iter());
    for id in certificates {
        find::<Certificate>(project, *id)?;
    }
    Ok(())
}
