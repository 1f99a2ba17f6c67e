//! Answering requests: each module runs in a thread of its own, files are written by the reading thread.

use crate::{
    job,
    wire::{self, CHUNK, Hello, Reply, Request, VERSION},
};
use runner_modules::{Invocation, Outcome, RealSystem};
use std::{
    collections::HashMap,
    fs, io,
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// The writing side, shared by the threads of the requests: one frame at a time.
type Shared<W> = Arc<Mutex<W>>;

/// Answers until the input ends. `system` makes the machine that one request works on. What is running when the
/// input ends is killed: nobody waits for it any more.
pub fn serve<W: Write + Send + 'static>(
    mut reader: impl Read,
    writer: W,
    system: impl Fn() -> RealSystem,
) -> io::Result<()> {
    let writer = Arc::new(Mutex::new(writer));
    reply_raw(&writer, &Hello::own(), &[])?;
    let Some(first) = wire::receive(&mut reader)? else { return Ok(()) };
    let hello: Hello = first.decode()?;
    if hello.version != VERSION {
        let message =
            format!("the controller speaks version {}, this agent version {VERSION}", hello.version);
        return reply(&writer, &Reply::Failed { id: 0, errno: None, message }, &[]);
    }
    let mut state = State { writer, running: HashMap::new(), uploads: HashMap::new() };
    while let Some(frame) = wire::receive(&mut reader)? {
        match frame.decode::<Request>() {
            Ok(request) => state.handle(request, frame.body, &system)?,
            Err(error) => {
                reply(&state.writer, &Reply::Failed { id: 0, errno: None, message: error.to_string() }, &[])?;
            }
        }
    }
    state.end();
    Ok(())
}

struct State<W> {
    writer: Shared<W>,
    running: HashMap<u64, (runner_modules::Cancel, std::thread::JoinHandle<()>)>,
    uploads: HashMap<u64, Upload>,
}

fn reply_raw<W: Write, T: serde::Serialize>(writer: &Shared<W>, header: &T, body: &[u8]) -> io::Result<()> {
    let mut writer = writer.lock().unwrap_or_else(|broken| broken.into_inner());
    wire::send(&mut *writer, header, body)
}

fn reply<W: Write>(writer: &Shared<W>, reply: &Reply, body: &[u8]) -> io::Result<()> {
    reply_raw(writer, reply, body)
}

fn failed(id: u64, error: &io::Error) -> Reply {
    Reply::Failed { id, errno: error.raw_os_error(), message: error.to_string() }
}

impl<W: Write + Send + 'static> State<W> {
    fn handle(
        &mut self,
        request: Request,
        body: Vec<u8>,
        system: &impl Fn() -> RealSystem,
    ) -> io::Result<()> {
        match request {
            Request::Invoke { id, mut invocation, inline } => {
                if let Some(payload) = invocation.payload.as_mut().filter(|_| inline) {
                    payload.bytes = Some(body);
                }
                self.running.retain(|_, (_, thread)| !thread.is_finished());
                let (system, writer) = (system(), self.writer.clone());
                let cancel = system.cancel.clone();
                let thread = std::thread::Builder::new().spawn(move || {
                    let outcome = invoke(&invocation, system);
                    // If nobody can hear it any more, there is nobody to tell that either.
                    let _ = reply(&writer, &Reply::Outcome { id, outcome }, &[]);
                })?;
                self.running.insert(id, (cancel, thread));
                Ok(())
            }
            Request::Upload { id, path, mode } => match Upload::start(path, mode) {
                Ok(upload) => {
                    self.uploads.insert(id, upload);
                    Ok(())
                }
                Err(error) => reply(&self.writer, &failed(id, &error), &[]),
            },
            Request::Chunk { id, last } => self.chunk(id, &body, last),
            Request::Download { id, path } => {
                let writer = self.writer.clone();
                let thread = std::thread::Builder::new().spawn(move || {
                    if let Err(error) = download(id, &path, &writer) {
                        let _ = reply(&writer, &failed(id, &error), &[]);
                    }
                })?;
                self.running.insert(id, (runner_modules::Cancel::default(), thread));
                Ok(())
            }
            Request::Cancel { id } => {
                if let Some((cancel, _)) = self.running.get(&id) {
                    cancel.cancel();
                }
                let Some(upload) = self.uploads.remove(&id) else { return Ok(()) };
                // Dropping it removes its partial file; whoever reads the answer must not find one.
                drop(upload);
                reply(&self.writer, &failed(id, &io::ErrorKind::Interrupted.into()), &[])
            }
        }
    }

    fn chunk(&mut self, id: u64, body: &[u8], last: bool) -> io::Result<()> {
        // Chunks of an upload that has failed already are on their way; they are dropped.
        let Some(mut upload) = self.uploads.remove(&id) else { return Ok(()) };
        if let Err(error) = upload.file.write_all(body) {
            drop(upload);
            return reply(&self.writer, &failed(id, &error), &[]);
        }
        upload.size += body.len() as u64;
        if !last {
            self.uploads.insert(id, upload);
            return Ok(());
        }
        let answer = match upload.finish() {
            Ok((path, size)) => Reply::Stored { id, path, size },
            Err(error) => failed(id, &error),
        };
        reply(&self.writer, &answer, &[])
    }

    fn end(&mut self) {
        for (cancel, _) in self.running.values() {
            cancel.cancel();
        }
        for (_, (_, thread)) in self.running.drain() {
            let _ = thread.join();
        }
    }
}

/// Runs a module, detached if it is asked for; a panic becomes a failed outcome.
pub fn invoke(invocation: &Invocation, mut system: RealSystem) -> Outcome {
    let work = std::panic::AssertUnwindSafe(|| {
        if invocation.async_s.is_some() {
            job::start(invocation, &system)
        } else {
            runner_modules::run(invocation, &mut system)
        }
    });
    std::panic::catch_unwind(work).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Outcome::failure(format!("the module {} has a bug and panicked: {text}", invocation.module))
    })
}

fn download<W: Write>(id: u64, path: &Path, writer: &Shared<W>) -> io::Result<()> {
    let mut file = fs::File::open(path)?;
    let mut block = vec![0; CHUNK];
    loop {
        let mut filled = 0;
        while filled < block.len() {
            match file.read(&mut block[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        let last = filled < block.len();
        reply(writer, &Reply::Chunk { id, last }, &block[..filled])?;
        if last {
            return Ok(());
        }
    }
}

/// A file that is being written beside its final place.
struct Upload {
    file: fs::File,
    partial: PathBuf,
    path: PathBuf,
    size: u64,
    done: bool,
}

impl Upload {
    fn start(path: Option<PathBuf>, mode: u32) -> io::Result<Self> {
        let path = match path {
            Some(path) => path,
            None => temporary_folder()?.join(format!("upload-{}", job::unique())),
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        let partial = folder.join(format!(".ansible_tmp{}", job::unique()));
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
        let upload = Upload { file, partial, path, size: 0, done: false };
        upload.file.set_permissions(fs::Permissions::from_mode(mode))?;
        Ok(upload)
    }

    fn finish(mut self) -> io::Result<(PathBuf, u64)> {
        fs::rename(&self.partial, &self.path)?;
        self.done = true;
        Ok((self.path.clone(), self.size))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.done {
            // It cannot be told to anybody if this fails.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// A folder that only this user can look into.
fn temporary_folder() -> io::Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let uid = Hello::own().uid;
    let base = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let folder = base.join(format!("runner-agent-{uid}"));
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => return Ok(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // It was there already: somebody else may have prepared it for us.
    let meta = fs::symlink_metadata(&folder)?;
    if meta.is_dir() && meta.uid() == uid && meta.mode() & 0o077 == 0 {
        return Ok(folder);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} belongs to somebody else", folder.display()),
    ))
}
