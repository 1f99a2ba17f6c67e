//! A machine as the engine sees it: modules, commands and files, as the login user or as somebody else.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use runner_agent::wire::INLINE_MAX;
use runner_engine::target::{Become, Command, Contents, Lost, Output, Target, TransferError};
use runner_modules::{Invocation, Outcome};
use serde_json::json;

use crate::dial::Route;
use crate::greet::Unstarted;
use crate::link::Link;
use crate::site::Site;

/// Permission bits of a payload's temporary file: it may hold a secret.
const PAYLOAD_MODE: u32 = 0o600;

/// One machine as one user.
#[derive(Debug)]
pub(crate) struct Remote {
    pub site: Arc<Site>,
    pub r#become: Option<Become>,
}

impl Remote {
    async fn link(&self) -> Result<Arc<Link>, Unstarted> {
        self.site.link(self.r#become.as_ref()).await
    }

    async fn link_for_files(&self) -> Result<Arc<Link>, TransferError> {
        self.link().await.map_err(|unstarted| match unstarted {
            Unstarted::Lost(lost) | Unstarted::Unusable(lost) => lost.into(),
            Unstarted::Refused(message) => TransferError::Refused { message },
        })
    }
}

#[async_trait]
impl Target for Remote {
    async fn invoke(&self, mut invocation: Invocation) -> Result<Outcome, Lost> {
        let link = match self.link().await {
            Ok(link) => link,
            Err(Unstarted::Lost(lost) | Unstarted::Unusable(lost)) => return Err(lost),
            Err(Unstarted::Refused(message)) => return Ok(Outcome::failure(message)),
        };
        let bytes = invocation.payload.as_mut().and_then(|payload| payload.bytes.take());
        let Some(bytes) = bytes else { return link.invoke(invocation, None).await };
        if bytes.len() as u64 <= INLINE_MAX {
            return link.invoke(invocation, Some(&bytes)).await;
        }
        // Most files are there already, so a large one is sent only when the machine asks for it.
        let outcome = link.invoke(invocation.clone(), None).await?;
        if !outcome.wants_payload {
            return Ok(outcome);
        }
        let uploaded = match link.upload(Contents::Bytes(&bytes), None, PAYLOAD_MODE).await {
            Ok(path) => path,
            Err(TransferError::Lost(lost)) => return Err(lost),
            Err(other) => return Ok(Outcome::failure(format!("failed to upload the file: {other}"))),
        };
        if let Some(payload) = &mut invocation.payload {
            payload.uploaded = Some(uploaded.into());
        }
        link.invoke(invocation, None).await
    }

    async fn exec(&self, command: &Command) -> Result<Output, Lost> {
        self.site.exec(command, self.r#become.as_ref()).await
    }

    async fn put(&self, contents: Contents<'_>, dest: &str, mode: u32) -> Result<(), TransferError> {
        self.link_for_files().await?.upload(contents, Some(Path::new(dest)), mode).await.map(drop)
    }

    async fn fetch(&self, source: &str, dest: &Path) -> Result<(), TransferError> {
        self.link_for_files().await?.download(source, dest).await
    }

    async fn scratch(&self) -> Result<String, TransferError> {
        let link = self.link_for_files().await?;
        let script = "umask 077; mktemp -d \"${TMPDIR:-/tmp}/playbook-XXXXXXXX\"";
        let args = json!({ "argv": ["/bin/sh", "-c", script] });
        let args = args.as_object().cloned().unwrap_or_default();
        let outcome = link.invoke(Invocation::new("command", args), None).await?;
        let said = outcome.result.get("stdout").and_then(|out| out.as_str()).unwrap_or_default().trim();
        if outcome.failed() || !said.starts_with('/') {
            let error = outcome.result.get("stderr").or_else(|| outcome.result.get("msg"));
            let error = error.and_then(|text| text.as_str()).unwrap_or_default();
            return Err(TransferError::Refused {
                message: format!("cannot make a temporary directory: {error}"),
            });
        }
        link.remove_at_close(said.to_owned());
        Ok(said.to_owned())
    }

    async fn reset(&self) -> Result<(), Lost> {
        self.site.close().await;
        Ok(())
    }

    fn transport(&self) -> &str {
        match self.site.route {
            Route::Ssh(_) => "ssh",
            Route::Local => "local",
        }
    }
}
