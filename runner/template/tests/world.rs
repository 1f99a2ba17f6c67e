//! The controller of the tests: the folder `fixtures`, a fixed clock, a fixed environment.

use std::path::{Path, PathBuf};

use runner_template::{CommandOutput, HttpRequest, PathInfo, Value, World};

/// The folder `fixtures`.
pub struct Fixtures {
    root: PathBuf,
}

impl Fixtures {
    pub fn new() -> Self {
        Self { root: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures") }
    }

    fn full(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }
}

impl World for Fixtures {
    fn read_file(&self, path: &Path) -> Result<Vec<u8>, String> {
        std::fs::read(self.full(path)).map_err(|error| error.to_string())
    }
    fn write_private_file(&self, path: &Path, _content: &[u8]) -> Result<(), String> {
        Err(format!("{} is read-only", path.display()))
    }
    fn list_dir(&self, path: &Path) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(self.full(path)).map_err(|error| error.to_string())?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
    fn path_info(&self, path: &Path) -> PathInfo {
        let path = self.full(path);
        PathInfo {
            exists: path.exists(),
            link_exists: path.symlink_metadata().is_ok(),
            is_dir: path.is_dir(),
            is_file: path.is_file(),
            is_link: path.is_symlink(),
            is_mount: path == Path::new("/") || path == Path::new("/proc"),
        }
    }
    fn real_path(&self, path: &Path) -> PathBuf {
        std::fs::canonicalize(self.full(path)).unwrap_or_else(|_| path.to_owned())
    }
    fn find_file(&self, subdir: &str, name: &str) -> Option<PathBuf> {
        [self.root.join(subdir).join(name), self.root.join(name)].into_iter().find(|path| path.is_file())
    }
    fn search_dirs(&self, subdir: &str) -> Vec<PathBuf> {
        vec![self.root.join(subdir), self.root.clone()]
    }
    fn current_dir(&self) -> PathBuf {
        self.root.clone()
    }
    fn run_command(&self, command: &str) -> Result<CommandOutput, String> {
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", command])
            .current_dir(&self.root)
            .output()
            .map_err(|error| error.to_string())?;
        Ok(CommandOutput {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/tester".to_owned()),
            "CASE_VARIABLE" => Some("from the environment".to_owned()),
            _ => None,
        }
    }
    fn http_get(&self, _request: &HttpRequest) -> Result<Vec<u8>, String> {
        Err("no network".to_owned())
    }
    fn now(&self) -> jiff::Zoned {
        jiff::Timestamp::from_second(1_700_000_000).expect("a fixed time").to_zoned(jiff::tz::TimeZone::UTC)
    }
    fn random_u64(&self) -> u64 {
        4
    }
    fn inventory_hostnames(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Ok(vec!["h1".to_owned()])
    }
    fn setting(&self, _name: &str) -> Option<Value> {
        None
    }
    fn decrypt(&self, _ciphertext: &str) -> Result<String, String> {
        Err("Attempting to decrypt but no vault secrets found.".to_owned())
    }
    fn encrypt(&self, _text: &str, _secret: &str, _salt: Option<&str>, _id: &str) -> Result<String, String> {
        Err("no".to_owned())
    }
    fn decrypt_with(&self, _ciphertext: &str, _secret: &str) -> Result<String, String> {
        Err("no".to_owned())
    }
}
