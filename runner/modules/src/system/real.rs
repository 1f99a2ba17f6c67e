//! The machine that this process runs on.

use super::{Command, Identity, Kind, Output, Space, Stat, Stream, System, Uname, http};
use rustix::fs::{AtFlags, CWD};
use std::{
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

/// One address of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The interface.
    pub interface: String,
    /// The address.
    pub address: Option<IpAddr>,
    /// Its mask.
    pub netmask: Option<IpAddr>,
    /// Its broadcast address.
    pub broadcast: Option<IpAddr>,
    /// The label, where it differs from the interface.
    pub label: String,
}

/// All addresses of all interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// In the kernel's order.
    pub addresses: Vec<Address>,
}

/// Lets another thread end what a request is doing.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Mutex<CancelState>>);

#[derive(Debug, Default)]
struct CancelState {
    cancelled: bool,
    groups: Vec<u32>,
}

impl Cancel {
    /// Kills the programs that the request runs and lets it run no more.
    pub fn cancel(&self) {
        let mut state = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
        state.cancelled = true;
        for group in &state.groups {
            kill(*group);
        }
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner()).cancelled
    }

    fn started(&self, group: u32) {
        let mut state = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
        state.groups.push(group);
        if state.cancelled {
            kill(group);
        }
    }

    fn ended(&self, group: u32) {
        let mut state = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
        state.groups.retain(|other| *other != group);
    }
}

pub(super) fn kill(group: u32) {
    if let Some(pid) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

/// The machine that this process runs on. Stateless but for the environment of what it runs.
#[derive(Clone, Debug, Default)]
pub struct RealSystem {
    env: Vec<(String, String)>,
    /// Lets another thread end it.
    pub cancel: Cancel,
}

impl RealSystem {
    /// With the environment of this process.
    pub fn new() -> Self {
        RealSystem::default()
    }

    fn spawn(&self, command: &Command) -> io::Result<Output> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
        }
        super::process::run(command, &self.env, &self.which_env(command), &self.cancel)
    }

    fn which_env(&self, command: &Command) -> PathBuf {
        let program = command.argv.first().map(String::as_str).unwrap_or_default();
        if program.contains('/') {
            return program.into();
        }
        self.which(program).unwrap_or_else(|| program.into())
    }
}

impl Cancel {
    pub(super) fn watch<T>(&self, group: u32, work: impl FnOnce() -> T) -> T {
        self.started(group);
        let result = work();
        self.ended(group);
        result
    }
}

fn time(seconds: i64, nanoseconds: i64) -> f64 {
    seconds as f64 + nanoseconds as f64 * 1e-9
}

fn stat_of(meta: &fs::Metadata) -> Stat {
    let kind = meta.file_type();
    let kind = match () {
        () if kind.is_dir() => Kind::Directory,
        () if kind.is_symlink() => Kind::Link,
        () if kind.is_fifo() => Kind::Fifo,
        () if kind.is_socket() => Kind::Socket,
        () if kind.is_block_device() => Kind::Block,
        () if kind.is_char_device() => Kind::Char,
        () => Kind::File,
    };
    Stat {
        kind,
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        size: meta.size(),
        dev: meta.dev(),
        inode: meta.ino(),
        nlink: meta.nlink(),
        rdev: meta.rdev(),
        block_size: meta.blksize(),
        blocks: meta.blocks(),
        atime: time(meta.atime(), meta.atime_nsec()),
        mtime: time(meta.mtime(), meta.mtime_nsec()),
        ctime: time(meta.ctime(), meta.ctime_nsec()),
    }
}

fn timespec(time: Option<f64>) -> rustix::fs::Timespec {
    match time {
        None => rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ },
        Some(time) => {
            let whole = time.floor();
            rustix::fs::Timespec { tv_sec: whole as i64, tv_nsec: ((time - whole) * 1e9) as _ }
        }
    }
}

/// `FS_IOC_GETVERSION` of Linux on 64-bit machines (`linux/fs.h`).
const FS_IOC_GETVERSION: libc::c_ulong = 0x8008_7601;

#[expect(clippy::disallowed_methods, reason = "modules wait on the machine, in a thread of their own")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

impl System for RealSystem {
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>> {
        let meta = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        match meta {
            Ok(meta) => Ok(Some(stat_of(&meta))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let file = fs::File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from_raw_os_error(libc::EISDIR));
        }
        Ok(Box::new(file))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn access(&self, path: &Path, bits: u32) -> bool {
        rustix::fs::access(path, rustix::fs::Access::from_bits_truncate(bits as _)).is_ok()
    }

    fn flags(&self, path: &Path) -> io::Result<(u32, u32)> {
        let file = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let flags = rustix::fs::ioctl_getflags(&file)?;
        let mut version: libc::c_long = 0;
        // SAFETY: the kernel writes one int into the long that the pointer refers to.
        let rc = unsafe {
            libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&file), FS_IOC_GETVERSION as _, &mut version)
        };
        if rc != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((flags.bits(), (version & 0xffff_ffff) as u32))
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let space = rustix::fs::statvfs(path)?;
        Ok(Space {
            block_size: space.f_frsize,
            blocks: space.f_blocks,
            free: space.f_bfree,
            available: space.f_bavail,
            files: space.f_files,
            files_free: space.f_favail,
        })
    }

    fn query(&self, command: &Command) -> io::Result<Output> {
        self.spawn(command)
    }

    fn env(&self, name: &str) -> Option<String> {
        let own = self.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        own.or_else(|| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn environment(&self) -> Vec<(String, String)> {
        let own = self.env.iter().cloned();
        let all = std::env::vars_os().map(|(k, v)| (k.to_string_lossy().into(), v.to_string_lossy().into()));
        let mut merged: std::collections::BTreeMap<String, String> = all.collect();
        merged.extend(own);
        merged.into_iter().collect()
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) {
        // In short steps, so that a cancelled request does not linger.
        const STEP: Duration = Duration::from_millis(100);
        let end = std::time::Instant::now() + time;
        while let Some(left) = end.checked_duration_since(std::time::Instant::now()) {
            if self.cancel.is_cancelled() || left.is_zero() {
                return;
            }
            pause(left.min(STEP));
        }
    }

    fn identity(&self) -> Identity {
        let status = self.text("/proc/self/status");
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        Identity {
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            euid: rustix::process::geteuid().as_raw(),
            egid: rustix::process::getegid().as_raw(),
            pid: std::process::id(),
            umask: umask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022),
        }
    }

    fn uname(&self) -> Uname {
        let uname = rustix::system::uname();
        Uname {
            system: uname.sysname().to_string_lossy().into(),
            node: uname.nodename().to_string_lossy().into(),
            release: uname.release().to_string_lossy().into(),
            version: uname.version().to_string_lossy().into(),
            machine: uname.machine().to_string_lossy().into(),
        }
    }

    fn network(&self) -> io::Result<Network> {
        super::interfaces::network()
    }

    fn connect(&self, host: &str, port: Option<u16>, timeout: Duration) -> io::Result<Box<dyn Stream>> {
        let Some(port) = port else {
            let stream = UnixStream::connect(host)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            return Ok(Box::new(stream));
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "[Errno -2] Name or service not known");
        for address in self.resolve(host)? {
            match TcpStream::connect_timeout(&SocketAddr::new(address, port), timeout) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(timeout))?;
                    stream.set_write_timeout(Some(timeout))?;
                    stream.set_nodelay(true)?;
                    return Ok(Box::new(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if cfg!(target_feature = "crt-static") {
            // The static C library cannot load the machine's name services, so the machine's own tool asks them.
            let answer = self.query(&Command::new(&["getent", "ahosts", host]))?;
            let text = answer.out();
            let mut all: Vec<IpAddr> = Vec::new();
            for address in text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
                if !all.contains(&address) {
                    all.push(address);
                }
            }
            return if all.is_empty() { Err(unknown_host()) } else { Ok(all) };
        }
        let found = (host, 0).to_socket_addrs().map_err(|_| unknown_host())?;
        let mut all: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        all.dedup();
        Ok(all)
    }

    fn tls(&self, stream: Box<dyn Stream>, host: &str, options: &http::Tls) -> io::Result<Box<dyn Stream>> {
        super::tls::client(self, stream, host, options)
    }

    fn set_env(&mut self, name: &str, value: &str) {
        self.env.push((name.into(), value.into()));
    }

    fn create(&mut self, path: &Path, mode: u32, contents: &mut dyn Read) -> io::Result<u64> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        let copied = io::copy(contents, &mut file);
        if copied.is_err() {
            // A half-written file must not stay, whatever was the reason.
            let _ = fs::remove_file(path);
        }
        copied
    }

    fn overwrite(&mut self, path: &Path, contents: &mut dyn Read) -> io::Result<u64> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let count = io::copy(contents, &mut file)?;
        file.flush()?;
        Ok(count)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_tree(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        rustix::fs::mkdir(path, rustix::fs::Mode::from_raw_mode(mode))?;
        Ok(())
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, path)
    }

    fn hard_link(&mut self, existing: &Path, path: &Path) -> io::Result<()> {
        fs::hard_link(existing, path)
    }

    fn chmod(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn chown(&mut self, path: &Path, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        std::os::unix::fs::lchown(path, uid, gid)
    }

    fn set_times(
        &mut self,
        path: &Path,
        atime: Option<f64>,
        mtime: Option<f64>,
        follow: bool,
    ) -> io::Result<()> {
        let times =
            rustix::fs::Timestamps { last_access: timespec(atime), last_modification: timespec(mtime) };
        let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        rustix::fs::utimensat(CWD, path, &times, flags)?;
        Ok(())
    }

    fn set_flags(&mut self, path: &Path, flags: u32) -> io::Result<()> {
        let file = fs::File::open(path)?;
        rustix::fs::ioctl_setflags(&file, rustix::fs::IFlags::from_bits_retain(flags))?;
        Ok(())
    }

    fn run(&mut self, command: &Command) -> io::Result<Output> {
        self.spawn(command)
    }
}

fn unknown_host() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "[Errno -2] Name or service not known")
}

impl Stream for TcpStream {
    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}

impl Stream for UnixStream {
    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}
