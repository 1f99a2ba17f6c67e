//! A unix socket in a directory of its own that only its owner may enter.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

use super::Address;
use crate::handshake::Launch;

/// The longest socket path every unix takes: macOS has 104 bytes with the closing zero.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// Room for what is added to the directory: `/plugin123456/s`.
const SOCKET_SUFFIX_BYTES: usize = 16;

/// A listening socket; its directory goes with it.
pub(crate) struct Listener {
    socket: UnixListener,
    path: PathBuf,
    _directory: TempDir,
}

impl Listener {
    /// Listens in the directory the host asks for, or in the one for temporary files.
    pub(crate) fn bind(launch: &Launch) -> io::Result<Self> {
        let parent = launch.socket_directory.clone().unwrap_or_else(std::env::temp_dir);
        let directory = tempfile::Builder::new()
            .prefix("plugin")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(short_enough(&parent))?;
        let path = directory.path().join("s");
        let socket = UnixListener::bind(&path)?;
        if let Some(group) = &launch.socket_group {
            admit_group(group, directory.path(), &path)?;
        }
        Ok(Listener { socket, path, _directory: directory })
    }

    pub(crate) fn address(&self) -> Address {
        Address::Unix(self.path.clone())
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.socket.accept().await.map(|(stream, _)| stream)
    }
}

fn short_enough(parent: &Path) -> &Path {
    let fits = parent.as_os_str().len() + SOCKET_SUFFIX_BYTES <= SOCKET_PATH_BYTES_MAX;
    if fits { parent } else { Path::new("/tmp") }
}

/// Lets the members of a group through the directory and to the socket.
fn admit_group(group: &str, directory: &Path, socket: &Path) -> io::Result<()> {
    let gid = group_id(group, &fs::read_to_string("/etc/group").unwrap_or_default())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no group {group:?}")))?;
    for (path, mode) in [(directory, 0o710), (socket, 0o660)] {
        chown(path, None, Some(gid))?;
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The number of a group given by number or by its name in `/etc/group`.
fn group_id(group: &str, groups: &str) -> Option<u32> {
    group.parse().ok().or_else(|| {
        groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _password, gid) = (fields.next()?, fields.next()?, fields.next()?);
            (name == group).then(|| gid.parse().ok()).flatten()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_owner_may_reach_the_socket_and_it_goes_with_the_listener() {
        let parent = tempfile::tempdir().expect("a directory");
        let launch = Launch { socket_directory: Some(parent.path().to_owned()), ..Launch::default() };
        let listener = Listener::bind(&launch).expect("a socket");
        let directory = listener.path.parent().expect("a parent").to_owned();
        assert!(directory.starts_with(parent.path()));
        let mode = fs::metadata(&directory).expect("the directory").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(listener);
        assert!(!directory.exists());
    }

    #[test]
    fn a_long_directory_gives_way_to_a_short_one() {
        let long = PathBuf::from("/").join("d".repeat(SOCKET_PATH_BYTES_MAX));
        assert_eq!(short_enough(&long), Path::new("/tmp"));
        assert_eq!(short_enough(Path::new("/run/user/1000")), Path::new("/run/user/1000"));
    }

    #[test]
    fn groups_are_found_by_number_and_name() {
        let groups = "root:x:0:\nops:x:970:ann,bob\nbroken\n";
        assert_eq!(group_id("ops", groups), Some(970));
        assert_eq!(group_id("42", groups), Some(42));
        assert_eq!(group_id("nobody", groups), None);
    }
}
