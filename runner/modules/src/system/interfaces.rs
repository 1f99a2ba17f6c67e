//! The addresses of the network interfaces, from the kernel through `getifaddrs`.

use super::real::{Address, Network};
use std::{
    ffi::CStr,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Asks the kernel.
pub fn network() -> io::Result<Network> {
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: getifaddrs writes a list that we free below, after copying everything out of it.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut addresses = Vec::new();
    let mut next = first;
    while !next.is_null() {
        // SAFETY: the list's entries are valid until freeifaddrs.
        let entry = unsafe { &*next };
        // SAFETY: names are C strings.
        let label = unsafe { CStr::from_ptr(entry.ifa_name) }.to_string_lossy().into_owned();
        let interface = label.split(':').next().unwrap_or_default().to_owned();
        // SAFETY: the pointers are null or valid socket addresses.
        let (address, netmask, broadcast) =
            unsafe { (ip(entry.ifa_addr), ip(entry.ifa_netmask), ip(entry.ifa_ifu)) };
        if address.is_some() {
            let broadcast = broadcast.filter(|_| entry.ifa_flags & libc::IFF_BROADCAST as u32 != 0);
            addresses.push(Address { interface, address, netmask, broadcast, label });
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list came from getifaddrs and is not used any more.
    unsafe { libc::freeifaddrs(first) };
    Ok(Network { addresses })
}

/// # Safety
/// The pointer is null or points to a socket address of the size that its family says.
unsafe fn ip(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller promises the rest.
    match i32::from(unsafe { (*address).sa_family }) {
        libc::AF_INET => {
            // SAFETY: the family says that it is one.
            let v4 = unsafe { &*address.cast::<libc::sockaddr_in>() };
            Some(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that it is one.
            let v6 = unsafe { &*address.cast::<libc::sockaddr_in6>() };
            Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}
