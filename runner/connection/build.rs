//! Builds the agent that is pushed to machines, and embeds it: a plain `cargo build` gives a runner that works.
//!
//! `PLAYBOOK_AGENT_X86_64` and `PLAYBOOK_AGENT_AARCH64` name finished agents to embed instead of building them;
//! `none` leaves one out. The agent for the other architecture is built in release builds where the tools are.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// Architectures of rented servers, as Rust and as `uname -m` calls them.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

fn main() {
    let root =
        Path::new(&var("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there");
    for path in ["runner/agent", "runner/modules", "Cargo.lock", "Cargo.toml"] {
        println!("cargo:rerun-if-changed={}", root.join(path).display());
    }
    let out = PathBuf::from(var("OUT_DIR"));
    let release = var("PROFILE") == "release";
    let mut list = String::from("&[\n");
    for architecture in ARCHITECTURES {
        let Some(agent) = find_or_build(architecture, &root, &out, release) else { continue };
        let bytes = fs::read(&agent).expect("the agent was just built or named");
        list += &embed(architecture, &bytes, &out, release);
    }
    list += "]\n";
    fs::write(out.join("images.rs"), list).expect("OUT_DIR is writable");
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

fn find_or_build(architecture: &str, root: &Path, out: &Path, release: bool) -> Option<PathBuf> {
    let name = format!("PLAYBOOK_AGENT_{}", architecture.to_uppercase());
    println!("cargo:rerun-if-env-changed={name}");
    match env::var(&name).as_deref() {
        Ok("none") => return None,
        Ok(path) if !path.is_empty() => {
            println!("cargo:rerun-if-changed={path}");
            return Some(PathBuf::from(path));
        }
        _ => {}
    }
    let target = format!("{architecture}-unknown-linux-gnu");
    let mut cargo = Command::new(var("CARGO"));
    if var("HOST") != target {
        // Cross builds cost minutes, so development builds do without.
        let tools = release.then(|| foreign_tools(architecture)).flatten()?;
        cargo.env("RUSTC", tools.rustc);
        let key = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        cargo.env(key, tools.linker);
    }
    let folder = out.ancestors().nth(3).expect("OUT_DIR is deep in the target folder").join("agent");
    let profile = if release { "agent" } else { "agent-dev" };
    cargo
        .current_dir(root)
        .args(["build", "--package", "runner-agent", "--bin", "runner-agent", "--locked", "--quiet"])
        .args(["--profile", profile, "--target", &target, "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    // What the outer build was told must not reach the inner one: wrappers, flags, its own profile.
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CLIPPY_ARGS",
        "CARGO_BUILD_TARGET",
    ] {
        cargo.env_remove(name);
    }
    let done = cargo.status().expect("cargo runs: it runs us");
    assert!(done.success(), "the agent for {architecture} does not build");
    Some(folder.join(&target).join(profile).join("runner-agent"))
}

struct Tools {
    rustc: PathBuf,
    linker: String,
}

/// A compiler with the other architecture's standard library: Debian's, with its cross linker.
fn foreign_tools(architecture: &str) -> Option<Tools> {
    let library = format!("/usr/lib/rustlib/{architecture}-unknown-linux-gnu");
    let linker = format!("{architecture}-linux-gnu-gcc");
    let has_linker = env::split_paths(&env::var_os("PATH")?).any(|folder| folder.join(&linker).is_file());
    let rustc = PathBuf::from("/usr/bin/rustc");
    (Path::new(&library).is_dir() && has_linker && rustc.is_file()).then_some(Tools { rustc, linker })
}

/// Writes the bytes to embed, and the line of the list that describes them.
fn embed(architecture: &str, bytes: &[u8], out: &Path, compress: bool) -> String {
    let file = out.join(format!("agent-{architecture}"));
    let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if compress {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).expect("memory takes it");
        fs::write(&file, gzip.finish().expect("memory takes it")).expect("OUT_DIR is writable");
    } else {
        fs::write(&file, bytes).expect("OUT_DIR is writable");
    }
    format!(
        "Image {{ architecture: {architecture:?}, sha256: {sha256:?}, size: {}, compressed: {compress}, stored: include_bytes!({file:?}) }},\n",
        bytes.len()
    )
}
