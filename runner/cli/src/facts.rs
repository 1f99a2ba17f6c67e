//! The fact cache `jsonfile`: one file per host in a directory.

use std::{path::PathBuf, time::Duration};

use runner_engine::fact_cache::FactCache;

use crate::config::Config;

/// Seconds that kept facts are good for when nothing else is said.
const TIMEOUT_S: u64 = 86_400;

/// A directory of facts.
#[derive(Debug)]
pub struct JsonFiles {
    dir: PathBuf,
    prefix: String,
    /// 0 keeps facts for ever.
    timeout_s: u64,
}

impl JsonFiles {
    /// The cache that the configuration asks for; none with `memory`, which a run has anyway.
    ///
    /// # Errors
    /// When the cache needs a directory and has none, or is of another kind.
    pub fn of(config: &Config) -> Result<Option<Self>, String> {
        let name = config.get("defaults.fact_caching").unwrap_or_else(|| "memory".to_owned());
        match name.rsplit('.').next().unwrap_or_default() {
            "memory" | "" => return Ok(None),
            "jsonfile" => {}
            other => return Err(format!("there is no fact cache '{other}'; memory and jsonfile are known")),
        }
        let key = "defaults.fact_caching_connection";
        let Some(place) = config.get(key).filter(|place| !place.is_empty()) else {
            return Err(
                "error, 'jsonfile' cache plugin requires the 'fact_caching_connection' config option to be set (to a writeable directory path)"
                    .to_owned(),
            );
        };
        let dir = config.place(key, &place);
        std::fs::create_dir_all(&dir).map_err(|error| {
            format!(
                "error in 'jsonfile' cache plugin while trying to create cache dir {}: {error}",
                dir.display()
            )
        })?;
        let prefix = config.get("defaults.fact_caching_prefix").unwrap_or_default();
        let timeout_s = config.number("defaults.fact_caching_timeout").unwrap_or(TIMEOUT_S);
        // The schema's number keeps ansible-core from reading files of another version.
        Ok(Some(JsonFiles { dir, prefix: format!("s1_{prefix}"), timeout_s }))
    }

    fn path(&self, host: &str) -> PathBuf {
        self.dir.join(format!("{}{}", self.prefix, host.replace('/', "_")))
    }
}

impl FactCache for JsonFiles {
    fn get(&self, host: &str) -> Option<Vec<u8>> {
        let path = self.path(host);
        let age = std::fs::metadata(&path).ok()?.modified().ok()?.elapsed().unwrap_or(Duration::ZERO);
        let is_fresh = self.timeout_s == 0 || age.as_secs() <= self.timeout_s;
        is_fresh.then(|| std::fs::read(&path).ok()).flatten()
    }

    fn set(&self, host: &str, facts: &[u8]) {
        let path = self.path(host);
        let beside = self.dir.join(format!(".{}.{}.tmp", self.prefix, std::process::id()));
        // A cache that cannot be written is a slower next run, nothing worse.
        let written = std::fs::write(&beside, facts).and_then(|()| std::fs::rename(&beside, &path));
        if let Err(error) = written {
            tracing::debug!(%error, path = %path.display(), "facts were not kept");
        }
    }

    fn forget(&self, host: &str) {
        // What is not there is forgotten already.
        let _ = std::fs::remove_file(self.path(host));
    }

    fn hosts(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter_map(|name| name.strip_prefix(&self.prefix).map(str::to_owned)).collect()
    }
}
