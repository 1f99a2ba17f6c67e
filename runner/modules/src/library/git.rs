//! `git`: a checkout of a repository at a version.
//!
//! Returns `before`, `after` and `remote_url_changed`.

use crate::{
    Command, Done, Failure, Module, Output, Plan, Returns, Spec, System, attributes::io_text, outcome::Call,
    placing,
};
use serde_json::Value;
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.git",
    "Checks a repository out.",
    "repo(name) str! # Address of the repository.
dest path! # Where it goes.
version str =HEAD # Branch, tag or commit.
remote str =origin # Name of the remote.
refspec str # More references to fetch.
force bool =false # Throw local changes away.
depth int # Fetch as many commits only.
clone bool =true # Clone it if it is not there.
update bool =true # Fetch new commits.
executable path # The git program.
bare bool =false # Without a working tree.
umask raw # Mask for new files.
recursive bool =true # Submodules too.
single_branch bool =false # Fetch one branch only.
track_submodules bool =false # Submodules follow their branches.
accept_hostkey bool =false # Accept any host key.
accept_newhostkey bool =false # Accept the key of a host that is new.
ssh_opts str # More options for ssh.
key_file path # SSH key.
reference str # A repository to share objects with.
verify_commit bool =false # Check signatures.
archive path # Make an archive too.
archive_prefix str # Folder in the archive.
separate_git_dir path # Where the repository itself is.
gpg_allowlist(gpg_whitelist) list:str =[] # Keys whose signatures count.
!exclusive separate_git_dir,bare
!by archive_prefix needs archive",
)
.with_diff();

/// See the page above.
pub struct Git;

impl Module for Git {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let git = Repository::new(call);
        let args = &call.args;
        let mut plan = Plan::new();
        plan.set("remote_url_changed", false);
        if !git.exists(system) {
            plan.set("before", Value::Null);
            if !args.bool("clone") {
                return remote_only(plan, &git, system);
            }
            if call.check() {
                plan.set("after", git.remote_version(system)?);
                plan.force_changed = Some(true);
                return Ok(plan);
            }
            plan.change("clone", move |system, returns| clone(&git, system, returns));
            return Ok(plan);
        }
        let before = git.head(system)?;
        plan.set("before", before.as_str());
        if !args.bool("update") {
            plan.set("after", before);
            return Ok(plan);
        }
        let modified = git.is_modified(system)?;
        if modified && !args.bool("force") {
            let dest = args.str("dest");
            let msg = format!("Local modifications exist in the destination: {dest} (force=no).");
            return Err(Failure::new(msg).with("before", before).with("remote_url_changed", false));
        }
        let url = git
            .ask(system, &["config", "--get", &format!("remote.{}.url", args.str("remote"))])?
            .out()
            .trim()
            .to_owned();
        let url_differs = url != args.str("repo");
        plan.set("remote_url_changed", url_differs);
        if call.check() {
            let wanted = git.remote_version(system)?;
            plan.set("after", wanted.as_str());
            plan.force_changed = Some(wanted != before || url_differs || modified);
            return Ok(plan);
        }
        plan.change("update", move |system, returns| {
            update(&git, system, &before, url_differs, modified, returns)
        });
        Ok(plan)
    }
}

fn remote_only<'a>(
    mut plan: Plan<'a>,
    git: &Repository<'_>,
    system: &dyn System,
) -> Result<Plan<'a>, Failure> {
    plan.set("after", git.remote_version(system)?);
    plan.force_changed = Some(false);
    Ok(plan)
}

struct Repository<'a> {
    call: &'a Call<'a>,
}

impl<'a> Repository<'a> {
    fn new(call: &'a Call<'a>) -> Self {
        Repository { call }
    }

    fn dest(&self) -> &Path {
        self.call.args.path("dest")
    }

    fn folder(&self) -> PathBuf {
        if self.call.args.bool("bare") { self.dest().to_owned() } else { self.dest().join(".git") }
    }

    fn exists(&self, system: &dyn System) -> bool {
        let folder = self.folder();
        if self.call.args.bool("bare") {
            system.exists(&folder.join("config"))
        } else {
            system.exists(&folder)
        }
    }

    fn command(&self, words: &[&str], inside: bool) -> Command {
        let args = &self.call.args;
        let program = args.some("executable").unwrap_or("git");
        let mut command =
            Command::new(&[&[program], words].concat()).in_english().env("GIT_TERMINAL_PROMPT", "0");
        command.cwd = inside.then(|| self.dest().to_owned());
        let mut ssh: Vec<String> = vec!["ssh".into(), "-o".into(), "BatchMode=yes".into()];
        if let Some(key) = args.some("key_file") {
            ssh.extend(["-i".into(), crate::words::quote(key), "-o".into(), "IdentitiesOnly=yes".into()]);
        }
        if args.bool("accept_hostkey") {
            ssh.extend(["-o".into(), "StrictHostKeyChecking=no".into()]);
        } else if args.bool("accept_newhostkey") {
            ssh.extend(["-o".into(), "StrictHostKeyChecking=accept-new".into()]);
        }
        ssh.extend(args.some("ssh_opts").map(str::to_owned));
        command = command.env("GIT_SSH_COMMAND", &ssh.join(" "));
        command.umask =
            args.value("umask").and_then(|mask| u32::from_str_radix(&crate::python::text(mask), 8).ok());
        command
    }

    fn ask(&self, system: &dyn System, words: &[&str]) -> Result<Output, Failure> {
        system.query(&self.command(words, true)).map_err(|error| not_there(&error))
    }

    fn run(&self, system: &mut dyn System, words: &[&str], inside: bool) -> Result<Output, Failure> {
        system.run(&self.command(words, inside)).map_err(|error| not_there(&error))
    }

    fn must(
        &self,
        system: &mut dyn System,
        words: &[&str],
        inside: bool,
        what: &str,
    ) -> Result<Output, Failure> {
        let output = self.run(system, words, inside)?;
        if output.ok() {
            return Ok(output);
        }
        let msg = format!("{what}: {}", (output.out() + &output.err()).trim());
        Err(Failure::new(msg).with("rc", output.rc).with("stdout", output.out()).with("stderr", output.err()))
    }

    fn head(&self, system: &dyn System) -> Result<String, Failure> {
        Ok(self.ask(system, &["rev-parse", "HEAD"])?.out().trim().to_owned())
    }

    fn is_modified(&self, system: &dyn System) -> Result<bool, Failure> {
        if self.call.args.bool("bare") {
            return Ok(false);
        }
        let output = self.ask(system, &["status", "--porcelain"])?;
        Ok(output.out().lines().any(|line| !line.starts_with("??")))
    }

    /// The commit that the version is on the remote.
    fn remote_version(&self, system: &dyn System) -> Result<String, Failure> {
        let args = &self.call.args;
        let (version, repo) = (args.str("version"), args.str("repo"));
        let output =
            system.query(&self.command(&["ls-remote", repo], false)).map_err(|error| not_there(&error))?;
        if !output.ok() {
            return Err(Failure::new(format!(
                "Failed to download remote objects and refs: {}",
                output.out() + &output.err()
            )));
        }
        let text = output.out();
        let find = |name: &str| {
            text.lines().find_map(|line| {
                line.split_once('\t').filter(|(_, known)| *known == name).map(|(sha, _)| sha.to_owned())
            })
        };
        let names = [
            version.to_owned(),
            format!("refs/heads/{version}"),
            format!("refs/tags/{version}^{{}}"),
            format!("refs/tags/{version}"),
        ];
        Ok(names.iter().find_map(|name| find(name)).unwrap_or_else(|| version.to_owned()))
    }

    /// Whether the version is the name of a branch of the remote, as it was fetched.
    fn is_branch(&self, system: &dyn System, version: &str) -> Result<bool, Failure> {
        let name = format!("refs/remotes/{}/{version}", self.call.args.str("remote"));
        Ok(self.ask(system, &["rev-parse", "--verify", "--quiet", &name])?.ok())
    }
}

fn not_there(error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => "Failed to find required executable \"git\" in paths".into(),
        _ => io_text(error).into(),
    }
}

fn clone(git: &Repository<'_>, system: &mut dyn System, returns: &mut Returns) -> Result<Done, Failure> {
    let args = &git.call.args;
    let dest = args.str("dest");
    if let Some(parent) = git.dest().parent() {
        placing::make_dirs(system, parent)?;
    }
    let version = args.str("version");
    let is_commit = version.len() == 40 && version.chars().all(|c| c.is_ascii_hexdigit());
    let depth = args.int("depth").map(|depth| depth.to_string());
    let mut words = vec!["clone"];
    if args.bool("bare") {
        words.push("--bare");
    } else {
        words.extend(["--origin", args.str("remote")]);
    }
    if let Some(depth) = depth.as_deref().filter(|_| !is_commit) {
        words.extend(["--depth", depth]);
    }
    if version != "HEAD" && !is_commit && (depth.is_some() || args.bool("single_branch")) {
        words.extend(["--branch", version]);
    }
    words.extend(args.bool("single_branch").then_some("--single-branch"));
    if let Some(reference) = args.some("reference") {
        words.extend(["--reference", reference]);
    }
    if let Some(folder) = args.some("separate_git_dir") {
        words.extend(["--separate-git-dir", folder]);
    }
    words.extend([args.str("repo"), dest]);
    git.must(system, &words, false, "Failed to clone")?;
    if let Some(refspec) = args.some("refspec") {
        git.must(system, &["fetch", args.str("remote"), refspec], true, "Failed to fetch")?;
    }
    if !args.bool("bare") {
        check_out(git, system)?;
        submodules(git, system)?;
    }
    verify(git, system)?;
    let after = git.head(system)?;
    returns.insert("after".into(), after.into());
    archive(git, system, returns)?;
    Ok(Done::Changed)
}

fn update(
    git: &Repository<'_>,
    system: &mut dyn System,
    before: &str,
    url_differs: bool,
    modified: bool,
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let args = &git.call.args;
    let remote = args.str("remote");
    if url_differs {
        git.must(system, &["remote", "set-url", remote, args.str("repo")], true, "Failed to set a new url")?;
    }
    if modified {
        git.must(system, &["reset", "--hard", "HEAD"], true, "Failed to reset")?;
    }
    let depth = args.int("depth").map(|depth| depth.to_string());
    let mut words = vec!["fetch"];
    if let Some(depth) = depth.as_deref() {
        words.extend(["--depth", depth]);
    }
    if args.bool("bare") {
        words.extend([remote, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]);
    } else {
        words.extend(["--tags", "--force", remote]);
        let version = args.str("version");
        let one = depth.is_some() && version != "HEAD";
        words.extend(one.then_some(version));
        git.must(system, &words, true, "Failed to download remote objects and refs")?;
        words = vec!["fetch", remote];
        words.extend(args.some("refspec"));
    }
    if depth.is_none() || args.bool("bare") || args.some("refspec").is_some() {
        git.must(system, &words, true, "Failed to download remote objects and refs")?;
    }
    let mut changed = url_differs || modified;
    if !args.bool("bare") {
        check_out(git, system)?;
        changed |= submodules(git, system)?;
    }
    verify(git, system)?;
    let after = git.head(system)?;
    changed |= after != before;
    returns.insert("after".into(), after.into());
    archive(git, system, returns)?;
    Ok(if changed { Done::Changed } else { Done::Unchanged })
}

fn check_out(git: &Repository<'_>, system: &mut dyn System) -> Result<(), Failure> {
    let args = &git.call.args;
    let (version, remote) = (args.str("version"), args.str("remote"));
    let version = if version == "HEAD" {
        // The branch that the remote calls its own.
        git.run(system, &["remote", "set-head", remote, "--auto"], true)?;
        let head =
            git.ask(system, &["symbolic-ref", "--short", &format!("refs/remotes/{remote}/HEAD")])?.out();
        head.trim().strip_prefix(&format!("{remote}/")).unwrap_or("HEAD").to_owned()
    } else {
        version.to_owned()
    };
    if version == "HEAD" {
        return Ok(());
    }
    if git.is_branch(system, &version)? {
        let upstream = format!("{remote}/{version}");
        let local =
            git.ask(system, &["rev-parse", "--verify", "--quiet", &format!("refs/heads/{version}")])?.ok();
        if local {
            git.must(system, &["checkout", "--force", &version], true, "Failed to checkout branch")?;
        } else {
            git.must(
                system,
                &["checkout", "--track", "-b", &version, &upstream],
                true,
                "Failed to checkout branch",
            )?;
        }
        git.must(system, &["reset", "--hard", &upstream, "--"], true, "Failed to reset branch")?;
        return Ok(());
    }
    if !git.ask(system, &["rev-parse", "--verify", "--quiet", &format!("{version}^{{commit}}")])?.ok() {
        // A commit that no branch shows must be asked for by its name.
        git.run(system, &["fetch", remote, &version], true)?;
    }
    git.must(system, &["checkout", "--force", &version], true, &format!("Failed to checkout {version}"))
        .map(drop)
}

fn submodules(git: &Repository<'_>, system: &mut dyn System) -> Result<bool, Failure> {
    let args = &git.call.args;
    if !args.bool("recursive") || !system.exists(&git.dest().join(".gitmodules")) {
        return Ok(false);
    }
    let before = git.ask(system, &["submodule", "status", "--recursive"])?.out();
    git.must(system, &["submodule", "sync", "--recursive"], true, "Failed to sync submodules")?;
    let mut words = vec!["submodule", "update", "--init", "--recursive"];
    words.extend(args.bool("track_submodules").then_some("--remote"));
    words.extend(args.bool("force").then_some("--force"));
    git.must(system, &words, true, "Failed to init/update submodules")?;
    let after = git.ask(system, &["submodule", "status", "--recursive"])?.out();
    Ok(before != after)
}

fn verify(git: &Repository<'_>, system: &mut dyn System) -> Result<(), Failure> {
    if git.call.args.bool("verify_commit") {
        git.must(system, &["verify-commit", "HEAD"], true, "Failed to verify GPG signature of commit/tag")?;
    }
    Ok(())
}

fn archive(git: &Repository<'_>, system: &mut dyn System, returns: &mut Returns) -> Result<(), Failure> {
    let args = &git.call.args;
    let Some(file) = args.some("archive") else { return Ok(()) };
    let output = format!("--output={file}");
    let prefix = args.some("archive_prefix").map(|prefix| format!("--prefix={prefix}"));
    let mut words = vec!["archive", output.as_str()];
    words.extend(prefix.as_deref());
    words.push("HEAD");
    git.must(system, &words, true, "Failed to perform archive operation")?;
    returns.insert("archive".into(), file.into());
    Ok(())
}
