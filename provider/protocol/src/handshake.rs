//! How Terraform and the provider find each other: the environment it sets, and the one line we answer on stdout.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::listener::Address;

/// The variable that tells a launch by Terraform from one by a person, and its value.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The version of go-plugin's own protocol; there has only been one.
const CORE_VERSION: u32 = 1;

/// Terraform's plugin protocol. The only one served, so also the answer where Terraform offers others: it then says so
/// to the user itself.
pub(crate) const PROTOCOL_VERSION: u32 = 6;

/// What the host asks for in the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Launch {
    /// The certificate of the client in PEM; none when the host wants no TLS.
    pub(crate) client_certificate: Option<String>,
    /// Where to put a unix socket.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no unix socket on Windows"))]
    pub(crate) socket_directory: Option<PathBuf>,
    /// Who besides us may connect to a unix socket: the name or number of a group.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no unix socket on Windows"))]
    pub(crate) socket_group: Option<String>,
    /// The TCP ports to choose from; none for any.
    pub(crate) ports: Option<std::ops::RangeInclusive<u16>>,
    /// Whether the host asked if many brokered connections can share one; the line then has a seventh field.
    pub(crate) asks_for_multiplexing: bool,
}

impl Launch {
    /// Reads the environment; none when the magic cookie is missing or wrong.
    pub(crate) fn from_env(var: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if var(COOKIE.0)? != COOKIE.1 {
            return None;
        }
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let port = |name: &str| set(name)?.parse::<u16>().ok().filter(|port| *port != 0);
        Some(Launch {
            client_certificate: set("PLUGIN_CLIENT_CERT"),
            socket_directory: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: port("PLUGIN_MIN_PORT").zip(port("PLUGIN_MAX_PORT")).map(|(min, max)| min..=max),
            asks_for_multiplexing: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }

    /// The handshake line, with the certificate we serve with unless it is without TLS.
    pub(crate) fn line(&self, address: &Address, certificate: Option<&[u8]>) -> String {
        let (network, address) = match address {
            Address::Unix(path) => ("unix", path.display().to_string()),
            Address::Tcp(address) => ("tcp", address.to_string()),
        };
        let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        // Old hosts read six fields at most, so the seventh is only for those that asked. We do no brokering at all.
        let multiplexing = if self.asks_for_multiplexing { "|false" } else { "" };
        format!("{CORE_VERSION}|{PROTOCOL_VERSION}|{network}|{address}|grpc|{certificate}{multiplexing}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(variables: &[(&str, &str)]) -> Option<Launch> {
        Launch::from_env(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_the_cookie_there_is_no_launch() {
        assert_eq!(launch(&[]), None);
        assert_eq!(launch(&[(COOKIE.0, "something else")]), None);
        assert_eq!(launch(&[COOKIE]), Some(Launch::default()));
    }

    #[test]
    fn everything_the_host_asks_for_is_read() {
        let asked = launch(&[
            COOKIE,
            ("PLUGIN_CLIENT_CERT", "-----BEGIN"),
            ("PLUGIN_UNIX_SOCKET_DIR", "/run/x"),
            ("PLUGIN_UNIX_SOCKET_GROUP", "ops"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
            ("PLUGIN_MULTIPLEX_GRPC", "true"),
        ]);
        let expected = Launch {
            client_certificate: Some("-----BEGIN".into()),
            socket_directory: Some("/run/x".into()),
            socket_group: Some("ops".into()),
            ports: Some(10000..=25000),
            asks_for_multiplexing: true,
        };
        assert_eq!(asked, Some(expected));
    }

    #[test]
    fn empty_and_zero_mean_not_set() {
        let asked =
            launch(&[COOKIE, ("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_MIN_PORT", "0"), ("PLUGIN_MAX_PORT", "0")]);
        assert_eq!(asked, Some(Launch::default()));
    }

    #[test]
    fn the_line_has_six_fields_and_no_padding() {
        let unix = Address::Unix("/tmp/plugin1/s".into());
        let plain = Launch::default();
        assert_eq!(plain.line(&unix, None), "1|6|unix|/tmp/plugin1/s|grpc|\n");
        assert_eq!(plain.line(&unix, Some(b"cert")), "1|6|unix|/tmp/plugin1/s|grpc|Y2VydA\n");
        let tcp = Address::Tcp("127.0.0.1:10000".parse().expect("an address"));
        assert_eq!(plain.line(&tcp, None), "1|6|tcp|127.0.0.1:10000|grpc|\n");
    }

    #[test]
    fn a_host_that_asks_for_multiplexing_hears_that_there_is_none() {
        let asking = Launch { asks_for_multiplexing: true, ..Launch::default() };
        assert!(asking.line(&Address::Unix("/s".into()), None).ends_with("|grpc||false\n"));
    }
}
