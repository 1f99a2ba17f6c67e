//! A failed step as a person needs it: which machine, which field, Hetzner's code, what to do.

use provider_hcloud::{Error, ErrorCode, Kind};

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was being done.
    pub step: String,
    /// The machine or object it was done to.
    pub object: String,
    /// The field of the wish that is at fault, where one is.
    pub field: Option<String>,
    /// Hetzner's code, when it answered.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Whether going on makes no sense: every further request would end the same way.
    pub fatal: bool,
    refusal: bool,
}

impl Failure {
    /// A failure of ours, without an answer from Hetzner.
    pub(crate) fn plain(
        step: &str,
        object: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            step: step.to_owned(),
            object: object.to_owned(),
            field: None,
            code: None,
            message: message.into(),
            help: help.into(),
            fatal: false,
            refusal: false,
        }
    }

    /// A failed request outside of any step.
    #[must_use]
    pub fn of(step: &str, object: &str, error: &Error) -> Self {
        Self::from_error(step, object, None, error)
    }

    /// Whether the cluster is somebody else's: nothing was touched.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.refusal
    }

    pub(crate) fn refused(step: &str, object: &str, refusal: &crate::Refusal) -> Self {
        let mut failure = Self::plain(step, object, refusal.to_string(), refusal.help()).at("name");
        failure.fatal = true;
        failure.refusal = true;
        failure
    }

    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// A failed request. `role` is the machine's, for pointing at its field.
    pub(crate) fn from_error(step: &str, object: &str, role: Option<&str>, error: &Error) -> Self {
        let (field, help, fatal) = advice(error, role);
        Self {
            step: step.to_owned(),
            object: object.to_owned(),
            field,
            code: error.code().map(|code| code.as_str().to_owned()),
            message: error.to_string(),
            help,
            fatal,
            refusal: false,
        }
    }
}

/// Field, advice, and whether to stop at once.
fn advice(error: &Error, role: Option<&str>) -> (Option<String>, String, bool) {
    let of_role = |part: &str| role.map(|role| format!("{role}.{part}"));
    let again = "apply again: it goes on from what exists";
    let Some(code) = error.code() else {
        let help = match error.kind() {
            Kind::Deadline(_) => "apply again, or raise the resource's timeouts",
            Kind::Decode { .. } => {
                "apply again; if it stays, this is a bug in the provider: please report it with this text"
            }
            _ => "check that the API can be reached from here (endpoint, proxy, network), then apply again",
        };
        return (None, help.to_owned(), false);
    };
    let (field, help, fatal): (Option<String>, &str, bool) = match code {
        ErrorCode::Unauthorized => (
            None,
            "the token is wrong or was revoked: make one in the Hetzner console (Security, API tokens)",
            true,
        ),
        ErrorCode::TokenReadonly | ErrorCode::Forbidden => (
            None,
            "the token may not do this: use one with read and write permission of the right project",
            true,
        ),
        ErrorCode::ResourceLimitExceeded => (
            of_role("count"),
            "the account's limit is reached: ask for a higher one in the Hetzner console (Limits) days before the show, \
             or use fewer machines",
            true,
        ),
        ErrorCode::ResourceUnavailable | ErrorCode::PlacementError => (
            of_role("server_types"),
            "every type and location of the list is sold out right now: add types or locations to the lists, or try later",
            false,
        ),
        ErrorCode::UniquenessError if invalid_field(error, role).as_deref() == Some("ssh.keys") => (
            Some("ssh.keys".to_owned()),
            "the project has this key already: apply again, and it is adopted as it is",
            false,
        ),
        ErrorCode::UniquenessError => (
            Some("name".to_owned()),
            "the name is taken by something that this cluster did not make: delete or rename that, or choose another cluster name",
            false,
        ),
        ErrorCode::InvalidInput | ErrorCode::JsonError => {
            (invalid_field(error, role), "correct the value named by the API", false)
        }
        ErrorCode::Protected => (
            Some("protection".to_owned()),
            "somebody protected the object outside of Terraform: take the protection off in the console, or apply again",
            false,
        ),
        ErrorCode::Locked | ErrorCode::ResourceLocked | ErrorCode::Conflict => (
            None,
            "another operation kept the object busy for too long: apply again when it has ended",
            false,
        ),
        ErrorCode::ResourceInUse | ErrorCode::MustBeUnassigned => (
            None,
            "something outside of the cluster still uses the object: detach it, then apply again",
            false,
        ),
        ErrorCode::ServiceError if error.to_string().contains("placement group") => (
            Some("spread".to_owned()),
            "the placement group holds other servers too: remove them from it, or set `spread = false`",
            false,
        ),
        ErrorCode::NoSubnetAvailable | ErrorCode::IpNotAvailable | ErrorCode::NetworksOverlap => (
            Some("network.ip_range".to_owned()),
            "the network has no free address, or overlaps another one of the machine: use another range",
            false,
        ),
        ErrorCode::RateLimitExceeded => {
            (None, "other programs use up the project's requests: wait some minutes, then apply again", false)
        }
        ErrorCode::Maintenance
        | ErrorCode::Unavailable
        | ErrorCode::BadGateway
        | ErrorCode::Timeout
        | ErrorCode::ServerError => {
            (None, "Hetzner's API has a disturbance (status.hetzner.com): apply again later", false)
        }
        ErrorCode::InvalidServerType | ErrorCode::UnsupportedError => (
            of_role("server_types"),
            "the machine cannot become that type: let it be made anew under another type",
            false,
        ),
        ErrorCode::NotFound => (None, "it was deleted meanwhile: apply again", false),
        ErrorCode::MethodNotAllowed | ErrorCode::DeprecatedApiEndpoint => {
            (None, "the API changed: look for a newer version of the provider", true)
        }
        ErrorCode::IncorrectZoneMode => {
            (Some("dns.zone".to_owned()), "records of a secondary zone cannot be changed", false)
        }
        _ => (None, again, false),
    };
    (field, help.to_owned(), fatal)
}

/// Where the field that the API refuses comes from.
fn invalid_field(error: &Error, role: Option<&str>) -> Option<String> {
    let name = &error.api()?.fields.first()?.name;
    let first = name.split(['.', '[']).next()?;
    Some(match first {
        "server_type" => format!("{}.server_types", role?),
        "location" => format!("{}.locations", role?),
        "image" => "image".to_owned(),
        "user_data" => "user_data".to_owned(),
        "ssh_keys" | "public_key" => "ssh.keys".to_owned(),
        "labels" => "labels".to_owned(),
        "name" => "name".to_owned(),
        "rules" => "access".to_owned(),
        "ip_range" | "subnets" => "network.ip_range".to_owned(),
        _ => return None,
    })
}
