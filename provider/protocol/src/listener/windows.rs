//! A TCP port on the loopback interface, in the range the host asks for. TLS keeps other users out.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpStream};

use super::Address;
use crate::handshake::Launch;

/// A listening port.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on the first free port of the range; without a range on any.
    pub(crate) fn bind(launch: &Launch) -> io::Result<Self> {
        let ports = launch.ports.clone().unwrap_or(0..=0);
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports {
            match std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                Ok(socket) => {
                    socket.set_nonblocking(true)?;
                    let address = socket.local_addr()?;
                    return Ok(Listener { socket: TcpListener::from_std(socket)?, address });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn address(&self) -> Address {
        Address::Tcp(self.address)
    }

    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
