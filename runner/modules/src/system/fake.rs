//! A machine in memory, for tests: files, accounts, and programs whose answers are written down.

use super::{Command, Identity, Kind, Output, Space, Stat, Stream, System, Uname, http, real::Network};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Read},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime},
};

/// One name in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// A file's bytes, a link's target.
    pub bytes: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access.
    pub atime: f64,
    /// Last change.
    pub mtime: f64,
    /// Number; names with the same number are hard links.
    pub inode: u64,
}

/// A program's answer, written down in a case.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The command line, words joined by blanks; a `*` stands for anything.
    pub line: String,
    /// What it says.
    pub output: Output,
    /// Files that it writes.
    pub writes: Vec<(PathBuf, String)>,
    /// Files that it removes.
    pub removes: Vec<PathBuf>,
    /// How often the answer is good for; 0 is always.
    pub times: u32,
    /// Good only after a program with this line was run to change something.
    pub after: Option<String>,
}

/// A machine in memory.
#[derive(Debug)]
pub struct FakeSystem {
    /// Everything in the file system, by path.
    pub nodes: BTreeMap<PathBuf, Node>,
    /// Answers, the first that fits is taken.
    pub answers: Mutex<Vec<Answer>>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Command lines that were run to change something.
    pub ran: Vec<String>,
    /// The clock, seconds since 1970.
    pub clock: f64,
    inodes: u64,
}

/// What the fake's clock says: any fixed time will do.
const CLOCK: f64 = 1_700_000_000.0;

impl Default for FakeSystem {
    fn default() -> Self {
        let mut fake = FakeSystem {
            nodes: BTreeMap::new(),
            answers: Mutex::default(),
            env: BTreeMap::from([
                ("HOME".into(), "/root".into()),
                ("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into()),
            ]),
            ran: Vec::new(),
            clock: CLOCK,
            inodes: 1,
        };
        for folder in ["/", "/etc", "/tmp", "/root"] {
            fake.add(Path::new(folder), Kind::Directory, b"", 0o755);
        }
        fake.add(Path::new("/etc/passwd"), Kind::File, b"root:x:0:0:root:/root:/bin/bash\n", 0o644);
        fake.add(Path::new("/etc/group"), Kind::File, b"root:x:0:\n", 0o644);
        fake
    }
}

impl FakeSystem {
    /// Puts something there, with the folders above it.
    pub fn add(&mut self, path: &Path, kind: Kind, bytes: &[u8], mode: u32) {
        for folder in path.ancestors().skip(1) {
            if !self.nodes.contains_key(folder) {
                let node = self.node(Kind::Directory, b"", 0o755);
                self.nodes.insert(folder.into(), node);
            }
        }
        let node = self.node(kind, bytes, mode);
        self.nodes.insert(path.into(), node);
    }

    fn node(&mut self, kind: Kind, bytes: &[u8], mode: u32) -> Node {
        self.inodes += 1;
        let (atime, mtime) = (self.clock, self.clock);
        Node { kind, bytes: bytes.into(), mode, uid: 0, gid: 0, atime, mtime, inode: self.inodes }
    }

    /// Follows links; at most as many as Linux does.
    fn real(&self, path: &Path, last: bool) -> io::Result<PathBuf> {
        const LINKS_MAX: usize = 40;
        let mut todo: Vec<OsString> = path.iter().rev().map(OsString::from).collect();
        let (mut at, mut links) = (PathBuf::new(), 0);
        while let Some(part) = todo.pop() {
            match part.to_str() {
                Some("..") => drop(at.pop()),
                Some(".") => {}
                _ => at.push(&part),
            }
            if let Some(node) = self.nodes.get(&at).filter(|node| node.kind == Kind::Link)
                && (last || !todo.is_empty())
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(io::Error::from_raw_os_error(libc::ELOOP));
                }
                let target = PathBuf::from(String::from_utf8_lossy(&node.bytes).into_owned());
                todo.extend(target.iter().rev().map(OsString::from));
                at.pop();
            }
        }
        Ok(at)
    }

    fn get(&self, path: &Path, follow: bool) -> io::Result<&Node> {
        self.nodes.get(&self.real(path, follow)?).ok_or_else(missing)
    }

    fn get_mut(&mut self, path: &Path, follow: bool) -> io::Result<&mut Node> {
        let path = self.real(path, follow)?;
        self.nodes.get_mut(&path).ok_or_else(missing)
    }

    fn insert(&mut self, path: &Path, node: Node) -> io::Result<()> {
        let path = self.real(path, false)?;
        let parent = path.parent().unwrap_or(Path::new("/"));
        match self.nodes.get(parent) {
            Some(node) if node.kind == Kind::Directory => {}
            Some(_) => return Err(io::Error::from_raw_os_error(libc::ENOTDIR)),
            None => return Err(missing()),
        }
        self.nodes.insert(path, node);
        Ok(())
    }

    /// Replaces the answers.
    pub fn set_answers(&mut self, answers: Vec<Answer>) {
        self.answers = Mutex::new(answers);
    }

    fn is_due(&self, answer: &Answer) -> bool {
        let was_run = |wanted: &String| self.ran.iter().any(|line| crate::glob::matches(wanted, line));
        answer.after.as_ref().is_none_or(was_run)
    }

    fn answer(&self, command: &Command) -> io::Result<Answer> {
        let line = command.argv.join(" ");
        let mut answers = self.answers.lock().unwrap_or_else(|broken| broken.into_inner());
        let Some(at) = answers
            .iter()
            .position(|answer| self.is_due(answer) && crate::glob::matches(&answer.line, &line))
        else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("the case has no answer for: {line}"),
            ));
        };
        let answer = answers[at].clone();
        if answer.times == 1 {
            answers.remove(at);
        } else if answer.times > 1 {
            answers[at].times -= 1;
        }
        Ok(answer)
    }
}

fn missing() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

impl System for FakeSystem {
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>> {
        let Ok(node) = self.get(path, follow) else { return Ok(None) };
        let nlink = self.nodes.values().filter(|other| other.inode == node.inode).count() as u64;
        Ok(Some(Stat {
            kind: node.kind,
            mode: if node.kind == Kind::Link { 0o777 } else { node.mode },
            uid: node.uid,
            gid: node.gid,
            size: node.bytes.len() as u64,
            dev: 1,
            inode: node.inode,
            nlink,
            rdev: 0,
            block_size: 4096,
            blocks: node.bytes.len().div_ceil(512) as u64,
            atime: node.atime,
            mtime: node.mtime,
            ctime: node.mtime,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let node = self.get(path, true)?;
        match node.kind {
            Kind::Directory => Err(io::Error::from_raw_os_error(libc::EISDIR)),
            _ => Ok(Box::new(io::Cursor::new(node.bytes.clone()))),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let folder = self.real(path, true)?;
        if !self.nodes.contains_key(&folder) {
            return Err(missing());
        }
        let inside = self.nodes.keys().filter(|path| path.parent() == Some(&folder));
        Ok(inside.filter_map(|path| path.file_name().map(OsString::from)).collect())
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let node = self.get(path, false)?;
        match node.kind {
            Kind::Link => Ok(PathBuf::from(String::from_utf8_lossy(&node.bytes).into_owned())),
            _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let real = self.real(path, true)?;
        if self.nodes.contains_key(&real) { Ok(real) } else { Err(missing()) }
    }

    fn access(&self, path: &Path, bits: u32) -> bool {
        self.get(path, true).is_ok_and(|node| bits & 1 == 0 || node.mode & 0o111 != 0)
    }

    fn flags(&self, path: &Path) -> io::Result<(u32, u32)> {
        self.get(path, true).map(|_| (0, 0))
    }

    fn space(&self, _: &Path) -> io::Result<Space> {
        Ok(Space { block_size: 4096, blocks: 1000, free: 500, available: 400, files: 1000, files_free: 900 })
    }

    fn query(&self, command: &Command) -> io::Result<Output> {
        self.answer(command).map(|answer| answer.output)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.env.clone().into_iter().collect()
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(self.clock)
    }

    fn sleep(&self, _: Duration) {}

    fn identity(&self) -> Identity {
        Identity { pid: 4242, umask: 0o022, ..Identity::default() }
    }

    fn uname(&self) -> Uname {
        Uname {
            system: "Linux".into(),
            node: "fake".into(),
            release: "6.1.0".into(),
            version: "#1".into(),
            machine: "x86_64".into(),
        }
    }

    fn network(&self) -> io::Result<Network> {
        Ok(Network::default())
    }

    fn connect(&self, _: &str, _: Option<u16>, _: Duration) -> io::Result<Box<dyn Stream>> {
        Err(io::Error::from_raw_os_error(libc::ECONNREFUSED))
    }

    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        host.parse().map(|address| vec![address]).map_err(|_| missing())
    }

    fn tls(&self, stream: Box<dyn Stream>, _: &str, _: &http::Tls) -> io::Result<Box<dyn Stream>> {
        Ok(stream)
    }

    fn set_env(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
    }

    fn create(&mut self, path: &Path, mode: u32, contents: &mut dyn Read) -> io::Result<u64> {
        if self.get(path, false).is_ok() {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        let mut bytes = Vec::new();
        contents.read_to_end(&mut bytes)?;
        let node = self.node(Kind::File, &bytes, mode & !0o022);
        self.insert(path, node)?;
        Ok(bytes.len() as u64)
    }

    fn overwrite(&mut self, path: &Path, contents: &mut dyn Read) -> io::Result<u64> {
        if self.get(path, true).is_err() {
            return self.create(path, 0o666, contents);
        }
        let mut bytes = Vec::new();
        contents.read_to_end(&mut bytes)?;
        let clock = self.clock;
        let node = self.get_mut(path, true)?;
        (node.bytes, node.mtime) = (bytes, clock);
        Ok(node.bytes.len() as u64)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let from = self.real(from, false)?;
        let node = self.nodes.get(&from).cloned().ok_or_else(missing)?;
        self.insert(to, node)?;
        let inside: Vec<_> =
            self.nodes.keys().filter(|path| **path != from && path.starts_with(&from)).cloned().collect();
        for path in inside {
            let node = self.nodes.remove(&path).ok_or_else(missing)?;
            let rest = path.strip_prefix(&from).expect("it was selected by this prefix");
            self.nodes.insert(to.join(rest), node);
        }
        self.nodes.remove(&from);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        let path = self.real(path, false)?;
        match self.nodes.get(&path) {
            Some(node) if node.kind == Kind::Directory => Err(io::Error::from_raw_os_error(libc::EISDIR)),
            Some(_) => {
                self.nodes.remove(&path);
                Ok(())
            }
            None => Err(missing()),
        }
    }

    fn remove_tree(&mut self, path: &Path) -> io::Result<()> {
        let path = self.real(path, false)?;
        self.nodes.retain(|other, _| !other.starts_with(&path));
        Ok(())
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        if !self.list(path)?.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ENOTEMPTY));
        }
        self.remove_tree(path)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        if self.get(path, false).is_ok() {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        let node = self.node(Kind::Directory, b"", mode & !0o022);
        self.insert(path, node)
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        if self.get(path, false).is_ok() {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        let node = self.node(Kind::Link, target.as_os_str().as_encoded_bytes(), 0o777);
        self.insert(path, node)
    }

    fn hard_link(&mut self, existing: &Path, path: &Path) -> io::Result<()> {
        let node = self.get(existing, true)?.clone();
        if self.get(path, false).is_ok() {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        self.insert(path, node)
    }

    fn chmod(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        self.get_mut(path, true).map(|node| node.mode = mode)
    }

    fn chown(&mut self, path: &Path, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        let node = self.get_mut(path, false)?;
        node.uid = uid.unwrap_or(node.uid);
        node.gid = gid.unwrap_or(node.gid);
        Ok(())
    }

    fn set_times(
        &mut self,
        path: &Path,
        atime: Option<f64>,
        mtime: Option<f64>,
        follow: bool,
    ) -> io::Result<()> {
        let node = self.get_mut(path, follow)?;
        node.atime = atime.unwrap_or(node.atime);
        node.mtime = mtime.unwrap_or(node.mtime);
        Ok(())
    }

    fn set_flags(&mut self, path: &Path, _: u32) -> io::Result<()> {
        self.get(path, true).map(drop)
    }

    fn run(&mut self, command: &Command) -> io::Result<Output> {
        let answer = self.answer(command)?;
        self.ran.push(command.argv.join(" "));
        for (path, text) in &answer.writes {
            self.add(path, Kind::File, text.as_bytes(), 0o644);
        }
        for path in &answer.removes {
            self.remove_tree(path)?;
        }
        Ok(answer.output)
    }
}
