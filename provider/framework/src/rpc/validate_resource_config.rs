//! Checks the configuration of a resource: every mistake, each with its path; offline, and with unknown values.

use provider_protocol::Context;
use provider_protocol::cty::Value;
use provider_protocol::rpc::validate_resource_config::{Request, Response};

use crate::schema::{Schema, each_config};
use crate::server::{Server, decode, or_report};
use crate::{Diagnostics, Provider};

pub(crate) async fn answer<P: Provider>(server: &Server<P>, _: &Context, request: Request) -> Response {
    let mut diagnostics = Diagnostics::new();
    if let Some(resource) = or_report(server.resource(&request.type_name), &mut diagnostics) {
        let config = or_report(decode(&request.config, resource.ty(), "configuration"), &mut diagnostics);
        if let Some(config) = config {
            let may_write_only = request.client_capabilities.write_only_attributes_allowed;
            check_against_schema(resource.schema(), &config, may_write_only, &mut diagnostics);
            resource.validate(&config, &mut diagnostics);
        }
    }
    Response { diagnostics: diagnostics.into_wire() }
}

/// Validators and deprecations of attributes, then relations between them.
pub(crate) fn check_against_schema(
    schema: &Schema,
    config: &Value,
    may_write_only: bool,
    diagnostics: &mut Diagnostics,
) {
    each_config(&schema.body, config, &mut |attribute, value, path| {
        for validator in &attribute.validators {
            validator.check(value, path, attribute.sensitive || attribute.write_only, diagnostics);
        }
        if let Some(instead) = attribute.deprecated.as_ref().filter(|_| !value.is_null()) {
            // Terraform says this itself only from 1.15 on.
            diagnostics.warning_at(path.clone(), "Deprecated attribute", format!("{path}: {instead}"));
        }
        if attribute.write_only && !value.is_null() && !may_write_only {
            diagnostics.error_at(
                path.clone(),
                "Write-only attribute is not allowed",
                format!("{path} is write-only, which is only supported in Terraform 1.11 and later."),
            );
        }
    });
    for relation in &schema.relations {
        relation.check(config, diagnostics);
    }
}
