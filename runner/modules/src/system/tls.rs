//! TLS over an open connection, with the machine's own list of certificate authorities.

use super::{Stream, System, http::Tls};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use std::{
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

/// Where distributions keep the bundle of certificate authorities, the most common first.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Speaks TLS as a client.
pub fn client(
    system: &dyn System,
    stream: Box<dyn Stream>,
    host: &str,
    tls: &Tls,
) -> io::Result<Box<dyn Stream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let builder = if tls.verify {
        builder.with_root_certificates(authorities(system, tls)?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    let config = match &tls.client_cert {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let pem = system.read(path)?;
            let chain = CertificateDer::pem_slice_iter(&pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(io::Error::other)?;
            let key = match &tls.client_key {
                Some(path) => system.read(path)?,
                None => pem.clone(),
            };
            let key = PrivateKeyDer::from_pem_slice(&key).map_err(io::Error::other)?;
            builder.with_client_auth_cert(chain, key).map_err(io::Error::other)?
        }
    };
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    // The handshake now, so that a bad certificate is told apart from a bad answer.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(Box::new(Encrypted(stream)))
}

fn authorities(system: &dyn System, tls: &Tls) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let own = system.env("SSL_CERT_FILE");
    let bundle = match &tls.ca_path {
        Some(path) => system.read(path)?,
        None => {
            let mut places = own.iter().map(String::as_str).chain(BUNDLES.iter().copied());
            places.find_map(|path| system.read(Path::new(path)).ok()).unwrap_or_default()
        }
    };
    for certificate in CertificateDer::pem_slice_iter(&bundle).flatten() {
        // A certificate that cannot be read cannot vouch for anybody, and the others still can.
        let _ = roots.add(certificate);
    }
    Ok(roots)
}

struct Encrypted(StreamOwned<ClientConnection, Box<dyn Stream>>);

impl Read for Encrypted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            // Many servers hang up without saying so; the length of the body tells whether something is missing.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }
}

impl Write for Encrypted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Encrypted {}

/// For `validate_certs: false`.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
