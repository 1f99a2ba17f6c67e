//! The provider block, and the list of everything the provider has.

use std::time::Duration;

use provider_cluster::Catalogue;
use provider_framework::schema::{Attribute, Schema, validate};
use provider_framework::{
    Attr, Diagnostic, Diagnostics, Offers, Provider, Secret, Setup, async_trait, model,
};
use provider_hcloud::{Client, Timing};

use crate::data_sources::cluster::ClusterLookup;
use crate::data_sources::event_window::EventWindow;
use crate::functions::event_active::EventActive;
use crate::functions::wmsauth_url::WmsauthUrl;
use crate::resources::cluster::Cluster;
use crate::settings::{Settings, Surroundings, Written};

/// The provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct Streaming;

model! {
    /// The provider block.
    pub struct ProviderConfig {
        pub token: Attr<Secret<String>>,
        pub endpoint: Attr<String>,
        pub context: Attr<String>,
        pub poll_interval: Attr<String>,
    }
}

/// What resources and data sources reach the world through.
#[derive(Debug)]
pub struct Cloud {
    hetzner: Option<Client>,
    catalogue: Option<Result<Catalogue, provider_hcloud::Error>>,
    terraform_version: String,
}

impl Cloud {
    /// The Hetzner Cloud.
    ///
    /// # Errors
    /// There is no token: say where one is looked for.
    pub fn hetzner(&self) -> Result<&Client, Diagnostic> {
        self.hetzner.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "No token for the Hetzner Cloud",
                "Set the environment variable HCLOUD_TOKEN, or token in the provider block, or choose a context of the \
                 hcloud CLI with HCLOUD_CONTEXT.",
            )
            .at(provider_framework::cty::Path::root())
        })
    }

    /// Types, locations and prices, read once when the provider was configured: plans must not wait.
    ///
    /// # Errors
    /// There is no token, or the API could not be read.
    pub fn catalogue(&self) -> Result<&Catalogue, Diagnostic> {
        self.hetzner()?;
        match &self.catalogue {
            Some(Ok(catalogue)) => Ok(catalogue),
            Some(Err(error)) => Err(Diagnostic::error(
                "Cannot read Hetzner's types and prices",
                format!(
                    "{error}.\n\nNothing can be planned without them. Check token, endpoint and network."
                ),
            )
            .at(provider_framework::cty::Path::root())),
            None => {
                Err(Diagnostic::error("Cannot read Hetzner's types and prices", "They were not asked for."))
            }
        }
    }

    /// The version of the calling Terraform.
    pub fn terraform_version(&self) -> &str {
        &self.terraform_version
    }
}

#[async_trait]
impl Provider for Streaming {
    type Config = ProviderConfig;
    type Client = Cloud;

    fn name(&self) -> &'static str {
        "streaming"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Streaming clusters on the Hetzner Cloud: machines come before the show, and nothing is billed after it.",
        )
        .attribute(Attribute::string("token").optional().sensitive().validate(validate::not_empty()).describe(
            "The token of the Hetzner Cloud project, with read and write permission. Without it, the environment \
             variable `HCLOUD_TOKEN` is used, then the hcloud CLI's context.",
        ))
        .attribute(Attribute::string("endpoint").optional().validate(validate::http_url()).describe(
            "Another address of the API, such as a mock's. Without it, the environment variable `HCLOUD_ENDPOINT` is \
             used, then the context's, then `https://api.hetzner.cloud/v1`.",
        ))
        .attribute(Attribute::string("context").optional().validate(validate::not_empty()).describe(
            "The context of the hcloud CLI to take token and endpoint from. Without it, the environment variable \
             `HCLOUD_CONTEXT` is used, then the active context of `~/.config/hcloud/cli.toml` (or of the file that \
             `HCLOUD_CONFIG` names).",
        ))
        .attribute(
            Attribute::string("poll_interval").optional().validate(validate::positive_duration()).describe(
                "The first pause between two looks at an action of the API; later ones are longer. Without it, the \
                 environment variable `HCLOUD_POLL_INTERVAL` is used, then `500ms`.",
            ),
        )
    }

    async fn configure(&self, setup: Setup<ProviderConfig>, diagnostics: &mut Diagnostics) -> Option<Cloud> {
        let ProviderConfig { token, endpoint, context, poll_interval } = setup.config;
        let is_unknown =
            token.is_unknown() || endpoint.is_unknown() || context.is_unknown() || poll_interval.is_unknown();
        if is_unknown {
            return None;
        }
        let written = Written {
            token: token.into_known().map(|token| provider_hcloud::Secret::new(token.reveal().trim())),
            endpoint: endpoint.into_known(),
            context: context.into_known(),
            poll_interval: poll_interval.into_known(),
        };
        let settings = resolve(written, diagnostics);
        if diagnostics.has_error() {
            return None;
        }
        tracing::debug!(
            token_source = settings.token_source,
            endpoint = settings.endpoint,
            "provider configured"
        );
        let hetzner = match hetzner(settings) {
            Ok(client) => client,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return None;
            }
        };
        // Only what a resource uses is worth three requests, but nobody knows yet what will be used.
        let catalogue = match &hetzner {
            Some(client) => Some(provider_apply::catalogue(client).await),
            None => None,
        };
        Some(Cloud { hetzner, catalogue, terraform_version: setup.terraform_version })
    }

    fn offers(&self) -> Offers<Cloud> {
        Offers::new()
            .resource(Cluster)
            .data_source(ClusterLookup)
            .data_source(EventWindow)
            .function(EventActive)
            .function(WmsauthUrl)
    }
}

/// What is written, what the environment says, what the hcloud CLI's file says.
fn resolve(written: Written, diagnostics: &mut Diagnostics) -> Settings {
    let surroundings = Surroundings {
        variable: &|name| std::env::var(name).ok(),
        read: &|path| std::fs::read_to_string(path),
    };
    Settings::resolve(written, &surroundings, diagnostics)
}

/// Pauses between looks grow to this multiple of the first one, as they do without other words (500 ms to 5 s).
const POLL_SLOWDOWN_MAX: u32 = 10;

/// Pauses never grow beyond this, so that a slow first pause does not become an idle one.
const POLL_MAX: Duration = Duration::from_secs(60);

/// The client, if there is a token.
fn hetzner(settings: Settings) -> Result<Option<Client>, Diagnostic> {
    let Some(token) = settings.token else { return Ok(None) };
    let mut timing = Timing::default();
    if let Some(interval) = settings.poll_interval {
        timing.poll_interval = interval;
        timing.poll_interval_max = (interval * POLL_SLOWDOWN_MAX).min(POLL_MAX.max(interval));
    }
    let mut builder = Client::builder(token).application("terraform-provider-streaming").timing(timing);
    if let Some(endpoint) = settings.endpoint {
        builder = builder.endpoint(endpoint);
    }
    builder.build().map(Some).map_err(|error| {
        Diagnostic::error(
            "Cannot set up the Hetzner Cloud client",
            provider_framework::diagnostics::chain(&error),
        )
    })
}
