//! The machine as a module sees it: `&self` looks, `&mut self` touches.

pub mod fake;
pub mod http;
mod interfaces;
mod process;
pub mod real;
mod tls;

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What a name in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block device.
    Block,
    /// A character device.
    Char,
}

/// What `stat` says. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, set-id bits included.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// Device of the file system.
    pub dev: u64,
    /// Number within the file system.
    pub inode: u64,
    /// Names that it has.
    pub nlink: u64,
    /// Device number, for devices.
    pub rdev: u64,
    /// Preferred block size.
    pub block_size: u64,
    /// 512-byte blocks in use.
    pub blocks: u64,
    /// Last access.
    pub atime: f64,
    /// Last change of the contents.
    pub mtime: f64,
    /// Last change of anything.
    pub ctime: f64,
}

impl Stat {
    /// Whether it is a folder.
    pub fn is_dir(&self) -> bool {
        self.kind == Kind::Directory
    }
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == Kind::File
    }
    /// Whether it is a symbolic link.
    pub fn is_link(&self) -> bool {
        self.kind == Kind::Link
    }
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program, found on PATH if it has no slash, and its arguments.
    pub argv: Vec<String>,
    /// Additions to the environment.
    pub env: Vec<(String, String)>,
    /// The folder to run it in.
    pub cwd: Option<PathBuf>,
    /// What it reads; nothing if not set.
    pub stdin: Option<Vec<u8>>,
    /// The mask for files it creates.
    pub umask: Option<u32>,
    /// It is killed after this many seconds.
    pub timeout_s: Option<u64>,
}

impl Command {
    /// A program and its arguments.
    pub fn new<S: AsRef<str>>(argv: &[S]) -> Self {
        Command { argv: argv.iter().map(|word| word.as_ref().to_owned()).collect(), ..Command::default() }
    }

    /// With messages in English, for programs whose output is read.
    #[must_use]
    pub fn in_english(mut self) -> Self {
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"] {
            self.env.push((name.into(), "C.UTF-8".into()));
        }
        self.env.push(("LANGUAGE".into(), "C.UTF-8".into()));
        self
    }

    /// With one more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// With something to read.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }
}

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit code; minus the signal's number if a signal ended it.
    pub rc: i32,
    /// What it wrote to its output.
    pub stdout: Vec<u8>,
    /// What it wrote to its error output.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Its output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
    /// Its error output as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
    /// Whether it ended with 0.
    pub fn ok(&self) -> bool {
        self.rc == 0
    }
}

/// Space of a file system, from `statvfs`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Space {
    /// Bytes per block.
    pub block_size: u64,
    /// Blocks there are.
    pub blocks: u64,
    /// Blocks that are free.
    pub free: u64,
    /// Blocks that ordinary users may still fill.
    pub available: u64,
    /// Inodes there are.
    pub files: u64,
    /// Inodes that are free.
    pub files_free: u64,
}

/// Who the module runs as, and other facts of the process.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Real user.
    pub uid: u32,
    /// Real group.
    pub gid: u32,
    /// Effective user.
    pub euid: u32,
    /// Effective group.
    pub egid: u32,
    /// The process.
    pub pid: u32,
    /// Mask for new files.
    pub umask: u32,
}

/// `uname`.
#[derive(Clone, Debug, Default)]
pub struct Uname {
    /// `Linux`.
    pub system: String,
    /// Host name.
    pub node: String,
    /// Kernel release.
    pub release: String,
    /// Kernel version.
    pub version: String,
    /// `x86_64`, `aarch64`.
    pub machine: String,
}

/// An open connection: text goes both ways.
pub trait Stream: io::Read + io::Write {
    /// Half-closes it.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The machine. Methods with `&self` must not change anything on it.
pub trait System {
    /// What is at the path, links followed or not; none if nothing is.
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>>;
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>>;
    /// The names in a folder, in the order that the system has them.
    fn list(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>>;
    /// Where a link points.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;
    /// The path without links.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Whether this process may read (4), write (2), execute (1).
    fn access(&self, path: &Path, bits: u32) -> bool;
    /// The inode's flags as chattr shows them (`FS_IOC_GETFLAGS`), and its version.
    fn flags(&self, path: &Path) -> io::Result<(u32, u32)>;
    /// Space of the file system at the path.
    fn space(&self, path: &Path) -> io::Result<Space>;
    /// Runs a program that only reads.
    fn query(&self, command: &Command) -> io::Result<Output>;
    /// A variable of the environment.
    fn env(&self, name: &str) -> Option<String>;
    /// The whole environment.
    fn environment(&self) -> Vec<(String, String)>;
    /// The time.
    fn now(&self) -> SystemTime;
    /// Waits.
    fn sleep(&self, time: Duration);
    /// Who we are.
    fn identity(&self) -> Identity;
    /// What kernel this is.
    fn uname(&self) -> Uname;
    /// The network's interfaces, addresses and routes, for facts.
    fn network(&self) -> io::Result<real::Network>;
    /// Opens a TCP connection (`host`, `port`) or, if port is none, a socket file.
    fn connect(&self, host: &str, port: Option<u16>, timeout: Duration) -> io::Result<Box<dyn Stream>>;
    /// The addresses of a name.
    fn resolve(&self, host: &str) -> io::Result<Vec<std::net::IpAddr>>;
    /// Speaks TLS on an open connection.
    fn tls(&self, stream: Box<dyn Stream>, host: &str, options: &http::Tls) -> io::Result<Box<dyn Stream>>;

    /// Changes variables for the programs that are run, and for `env`.
    fn set_env(&mut self, name: &str, value: &str);
    /// Creates a new file (it must not exist) with the bits and fills it.
    fn create(&mut self, path: &Path, mode: u32, contents: &mut dyn Read) -> io::Result<u64>;
    /// Overwrites the contents of a file, creating it if needed.
    fn overwrite(&mut self, path: &Path, contents: &mut dyn Read) -> io::Result<u64>;
    /// Renames.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file or link.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Removes a folder and everything in it.
    fn remove_tree(&mut self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Makes one folder.
    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes a symbolic link.
    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()>;
    /// Makes a hard link.
    fn hard_link(&mut self, existing: &Path, path: &Path) -> io::Result<()>;
    /// Sets permission bits; links are followed.
    fn chmod(&mut self, path: &Path, mode: u32) -> io::Result<()>;
    /// Sets the owner and group; links are not followed.
    fn chown(&mut self, path: &Path, uid: Option<u32>, gid: Option<u32>) -> io::Result<()>;
    /// Sets times, seconds since 1970; links are followed or not.
    fn set_times(
        &mut self,
        path: &Path,
        atime: Option<f64>,
        mtime: Option<f64>,
        follow: bool,
    ) -> io::Result<()>;
    /// Sets the inode's flags.
    fn set_flags(&mut self, path: &Path, flags: u32) -> io::Result<()>;
    /// Runs a program.
    fn run(&mut self, command: &Command) -> io::Result<Output>;

    /// All bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
    /// A file as text; empty if it is not there or cannot be read.
    fn text(&self, path: &str) -> String {
        self.read(Path::new(path))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
    /// Whether something is at the path, links followed.
    fn exists(&self, path: &Path) -> bool {
        matches!(self.stat(path, true), Ok(Some(_)))
    }
    /// Whether a folder is at the path, links followed.
    fn is_dir(&self, path: &Path) -> bool {
        matches!(self.stat(path, true), Ok(Some(stat)) if stat.is_dir())
    }
    /// Seconds since 1970.
    fn epoch(&self) -> f64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
    }
    /// Where a program is, as `which` finds it; the system folders are searched after PATH.
    fn which(&self, program: &str) -> Option<PathBuf> {
        let path = self.env("PATH").unwrap_or_default();
        let folders = path.split(':').chain(["/sbin", "/usr/sbin", "/usr/local/sbin", "/bin", "/usr/bin"]);
        let mut found =
            folders.filter(|folder| !folder.is_empty()).map(|folder| Path::new(folder).join(program));
        found.find(|path| {
            matches!(self.stat(path, true), Ok(Some(stat)) if stat.is_file()) && self.access(path, 1)
        })
    }
}
