//! Certificates: uploaded ones are read, managed ones are issued by nobody.
use crate::action::{Effect, Failure};
use crate::call::Call;
use crate::clock::{HOUR_MS, Ms, rfc3339};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::project::Project;
use crate::reply::{Answer, Object, Reply};
use crate::resource::load_balancer::users_of_certificate;
use crate::resource::{Base, Entity, NAME_MAX, SORT_ALL, check_name_free, entity, entity_view, find, here};
use crate::shared::Shared;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// How long Let's Encrypt's certificates last.
const MANAGED_LIFE_MS: Ms = 90 * 24 * HOUR_MS;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    pub base: Base,
    pub managed: bool,
    pub certificate: Option<String>,
    pub not_valid_before: Option<Ms>,
    pub not_valid_after: Option<Ms>,
    pub domain_names: Vec<String>,
    pub fingerprint: Option<String>,
    /// How issuing went: `pending`, `completed` or `failed`.
    pub issuance: String,
    pub error: Option<Failure>,
}

/// What an action does to a certificate when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was issued.
    Issued,
}

impl Entity for Certificate {
    entity!(Certificate, certificates);

    fn view<'a>(&'a self, project: &'a Project, _: &'a Shared) -> impl Serialize + use<'a> {
        let error = self.error.as_ref().map(|e| json!({"code": e.code, "message": e.message}));
        let renewal = if self.issuance == "completed" { "scheduled" } else { "unavailable" };
        let status = json!({"issuance": self.issuance, "renewal": renewal, "error": error});
        json!({
            "id": self.base.id, "name": self.base.name, "labels": self.base.labels,
            "type": if self.managed { "managed" } else { "uploaded" }, "certificate": self.certificate,
            "created": self.base.created(), "not_valid_before": self.not_valid_before.map(rfc3339),
            "not_valid_after": self.not_valid_after.map(rfc3339), "domain_names": self.domain_names,
            "fingerprint": self.fingerprint, "status": if self.managed { status } else { Value::Null },
            "used_by": users_of_certificate(project, self.base.id),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

/// Does what the action promised.
pub fn apply(project: &mut Project, id: u64, _: &Change, when: Ms) {
    let Some(certificate) = project.certificates.get_mut(&id) else { return };
    let digest = Sha256::digest(format!("{id}{:?}{when}", certificate.domain_names));
    let text = STANDARD.encode(digest);
    certificate.issuance = "completed".to_owned();
    certificate.error = None;
    certificate.certificate =
        Some(format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
    certificate.fingerprint = Some(hex(&digest));
    certificate.not_valid_before = Some(when);
    certificate.not_valid_after = Some(when + MANAGED_LIFE_MS);
}

/// Issuing failed.
pub fn revert(project: &mut Project, id: u64, _: &Change) {
    let failure = project.actions.values().rev().find_map(|a| match &a.effect {
        Effect::Certificate(of, _) if *of == id => a.fails.clone(),
        _ => None,
    });
    if let Some(certificate) = project.certificates.get_mut(&id) {
        certificate.issuance = "failed".to_owned();
        certificate.error = failure;
    }
}

/// What can be read out of an uploaded certificate: validity, names, fingerprint.
type Content = (Ms, Ms, Vec<String>, String);

fn read_pem(text: &str) -> Option<Content> {
    let pem = Pem::iter_from_buffer(text.as_bytes()).next()?.ok()?;
    if pem.label != "CERTIFICATE" {
        return None;
    }
    let x509 = pem.parse_x509().ok()?;
    let mut names = Vec::new();
    if let Ok(Some(extension)) = x509.subject_alternative_name() {
        names.extend(extension.value.general_names.iter().filter_map(|n| match n {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        }));
    }
    if names.is_empty() {
        let common = x509.subject().iter_common_name();
        names.extend(common.filter_map(|c| c.as_str().ok()).map(str::to_owned));
    }
    let (before, after) = (x509.validity().not_before.timestamp(), x509.validity().not_after.timestamp());
    Some((
        before.saturating_mul(1000),
        after.saturating_mul(1000),
        names,
        hex(&Sha256::digest(&pem.contents)),
    ))
}

fn is_private_key(text: &str) -> bool {
    let pem = Pem::iter_from_buffer(text.as_bytes()).next();
    pem.is_some_and(|p| p.is_ok_and(|p| p.label.ends_with("PRIVATE KEY")))
}

/// `POST /certificates`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let mut body = call.body()?;
    let (name, labels) = (body.need_name(NAME_MAX), body.labels());
    let managed = body.choice("type", &["uploaded", "managed"]) == Some("managed");
    let mut content: Option<Content> = None;
    let (mut text, mut domain_names) = (None, Vec::new());
    if managed {
        domain_names = body.texts("domain_names").unwrap_or_default();
        if domain_names.is_empty() {
            body.problem("domain_names", "missing data for required field");
        }
    } else {
        let pem = body.need_text("certificate");
        content = read_pem(&pem);
        if content.is_none() && !pem.is_empty() {
            body.problem("certificate", "is not a valid certificate in PEM format");
        }
        text = Some(pem);
        let key = body.need_text("private_key");
        if !key.is_empty() && !is_private_key(&key) {
            body.problem("private_key", "is not a valid private key in PEM format");
        }
    }
    body.check()?;
    check_name_free::<Certificate>(call.project, &name, 0)?;
    call.project.check_limit::<Certificate>(call.shared)?;
    let (before, after, names, fingerprint) = match content {
        Some((before, after, names, fingerprint)) => (Some(before), Some(after), names, Some(fingerprint)),
        None => (None, None, domain_names, None),
    };
    let base = Base::new(call.shared, name, labels);
    let id = base.id;
    let certificate = Certificate {
        base,
        managed,
        certificate: text,
        not_valid_before: before,
        not_valid_after: after,
        domain_names: names,
        fingerprint,
        issuance: "pending".to_owned(),
        error: None,
    };
    call.project.certificates.insert(id, certificate);
    let action = managed.then(|| begin_issue(call, id, "create_certificate"));
    let view = entity_view::<Certificate>(call, id);
    let action = action.map(|a| call.action(a));
    Object::new().set("certificate", &view).set("action", &action).send(201)
}

fn begin_issue(call: &mut Call<'_>, id: u64, command: &str) -> u64 {
    let action = call.begin_on(command, Kind::Certificate, id, Effect::Certificate(id, Change::Issued));
    let failure = call.shared.settings.certificate_error.clone();
    if let (Some(code), Some(action)) = (failure, call.project.actions.get_mut(&action)) {
        action.fails = Some(Failure { message: code.replace('_', " "), code });
    }
    action
}

/// `GET /certificates`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let types = call.query.words("type", &["uploaded", "managed"])?;
    let word = |c: &Certificate| if c.managed { "managed" } else { "uploaded" };
    crate::resource::list::<Certificate>(call, SORT_ALL, |c| types.is_empty() || types.contains(&word(c)))
}

/// `DELETE /certificates/{id}`: not while a load balancer uses it.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let id = here::<Certificate>(call)?.base.id;
    call.check_unlocked(Kind::Certificate, id)?;
    if !users_of_certificate(call.project, id).is_empty() {
        return Err(ApiError::in_use(Kind::Certificate, id));
    }
    call.project.certificates.remove(&id);
    Reply::empty()
}

/// `retry`: only for a managed certificate that could not be issued.
pub fn retry(call: &mut Call<'_>) -> Answer {
    let id = here::<Certificate>(call)?.base.id;
    call.check_unlocked(Kind::Certificate, id)?;
    let certificate = find::<Certificate>(call.project, id)?;
    if !certificate.managed || certificate.issuance != "failed" {
        let message = "only a failed issuance or renewal of a managed certificate can be retried";
        return Err(ApiError::unprocessable("unsupported_error", message));
    }
    if let Some(certificate) = call.project.certificates.get_mut(&id) {
        certificate.issuance = "pending".to_owned();
    }
    let action = begin_issue(call, id, "issue_certificate");
    call.reply_action(201, action)
}
