//! The agent of this machine: the same loop as on any other, in a thread of this process.

use std::io;
use std::os::unix::net::UnixStream;

use runner_modules::RealSystem;

use crate::channel::Ending;
use crate::dial::Lease;
use crate::greet::Greeted;

/// Starts the thread; it ends when the link does.
pub(crate) fn start() -> io::Result<Greeted> {
    let (ours, theirs) = UnixStream::pair()?;
    let reader = io::BufReader::new(theirs.try_clone()?);
    std::thread::Builder::new().name("local modules".to_owned()).spawn(move || {
        // Its only errors are those of the stream, and then nobody listens any more.
        let _ = runner_agent::serve(reader, theirs, RealSystem::new);
    })?;
    ours.set_nonblocking(true)?;
    let (stdout, stdin) = tokio::net::UnixStream::from_std(ours)?.into_split();
    Ok(Greeted {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(tokio::io::empty()),
        ending: Ending::Past,
        lease: Lease::of_nothing(),
        early: Vec::new(),
    })
}
