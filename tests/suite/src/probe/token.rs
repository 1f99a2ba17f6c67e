//! `ephemeral.probe_token`: opened, renewed, closed, and never stored.

use std::time::{Duration, SystemTime};

use provider_framework::schema::{Attribute, Schema, validate};
use provider_framework::{Attr, Diagnostics, Ephemeral, Opened, Private, Run, async_trait, model};

use super::World;

/// The ephemeral resource.
pub struct Token;

model! {
    /// What the user writes and gets.
    pub struct TokenModel {
        pub name: Attr<String>,
        pub token: Attr<String>,
    }
}

#[async_trait]
impl Ephemeral for Token {
    type Model = TokenModel;
    type Client = World;

    fn name(&self) -> &'static str {
        "probe_token"
    }

    fn schema(&self) -> Schema {
        Schema::new("A token for a moment.")
            .attribute(
                Attribute::string("name").required().validate(validate::not_empty()).describe("For whom."),
            )
            .attribute(Attribute::string("token").computed().sensitive().describe("The token."))
    }

    async fn open(
        &self,
        run: &mut Run<World>,
        mut config: TokenModel,
    ) -> Result<Opened<TokenModel>, Diagnostics> {
        let name = config.name.clone().unwrap_or_default();
        run.client()?.log(&format!("open {name}"));
        config.token = Attr::Known(format!("token-of-{name}"));
        run.private.set("name", &name).map_err(|error| {
            provider_framework::Diagnostic::error("Cannot keep the name", error.to_string())
        })?;
        Ok(Opened { result: config, renew_at: Some(SystemTime::now() + Duration::from_millis(1)) })
    }

    async fn renew(&self, run: &mut Run<World>) -> Result<Option<SystemTime>, Diagnostics> {
        let name: String = run.private.get("name").unwrap_or_default();
        run.client()?.log(&format!("renew {name}"));
        Ok(None)
    }

    async fn close(&self, run: &mut Run<World>, private: Private) -> Result<(), Diagnostics> {
        let name: String = private.get("name").unwrap_or_default();
        run.client()?.log(&format!("close {name}"));
        Ok(())
    }
}
