//! What the runner has left on a machine: agents in their cache folders; listed and removed on request.

use runner_engine::target::{Command, Endpoint, Lost};

use crate::connections::Connections;

/// Lists every file of ours as `SIZE SECONDS PATH`; the same folders as in the bootstrap script. `$1` is what to do.
const SCRIPT: &str = r#"
u=$(id -u); c=${XDG_CACHE_HOME:-$HOME/.cache}
for d in @DIRS@ "$c/playbook-agent" "/var/tmp/playbook-agent-$u" "/tmp/playbook-agent-$u" "/run/user/$u/playbook-agent" \
    "/dev/shm/playbook-agent-$u" "/var/lib/playbook-agent-$u" "${TMPDIR:-/tmp}/runner-agent-$u"; do
  [ -d "$d" ] && [ -O "$d" ] && [ ! -L "$d" ] || continue
  find "$d" -type f -exec stat -c '%s %Y %n' {} +
  [ "@ACT@" = list ] || rm -rf "$d"
done
exit 0
"#;

/// A file the runner keeps on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedAgent {
    /// Its path there.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was put there, in seconds since 1970.
    pub modified_s: u64,
}

impl Connections {
    /// What is cached on the endpoint's machine for its user (`playbook agent --status`).
    pub async fn cached_agents(&self, endpoint: &Endpoint) -> Result<Vec<CachedAgent>, Lost> {
        self.agent_files(endpoint, "list").await
    }

    /// Removes it and says what it was (`playbook agent --purge`).
    pub async fn purge_agents(&self, endpoint: &Endpoint) -> Result<Vec<CachedAgent>, Lost> {
        self.agent_files(endpoint, "remove").await
    }

    async fn agent_files(&self, endpoint: &Endpoint, act: &str) -> Result<Vec<CachedAgent>, Lost> {
        let (site, to) = self.site(endpoint)?;
        let folders: Vec<String> =
            endpoint.remote_tmp.iter().filter_map(|f| crate::bootstrap::folder_word(f)).collect();
        let line = SCRIPT.replace("@DIRS@", &folders.join(" ")).replace("@ACT@", act);
        let command = Command { line, executable: Some("/bin/sh".to_owned()), ..Command::default() };
        // Not over the shared connection: that would bring the agent up, and with it the cache.
        let out = site.exec_over(&command, to.as_ref(), false).await?;
        if out.status != 0 {
            return Err(Lost::permanent(String::from_utf8_lossy(&out.stderr).trim().to_owned()));
        }
        Ok(String::from_utf8_lossy(&out.stdout).lines().filter_map(parse).collect())
    }
}

fn parse(line: &str) -> Option<CachedAgent> {
    let mut words = line.splitn(3, ' ');
    let bytes = words.next()?.parse().ok()?;
    let modified_s = words.next()?.parse().ok()?;
    Some(CachedAgent { path: words.next()?.to_owned(), bytes, modified_s })
}
