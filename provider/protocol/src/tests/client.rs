//! The other side of the wire: starts the example provider as Terraform does, and speaks to it with Terraform's kind of
//! certificate.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hyper_util::rt::TokioIo;
use p521::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::DecodePrivateKey,
};
use rustls::{
    ClientConfig, RootCertStore, SignatureAlgorithm, SignatureScheme,
    client::ResolvesClientCert,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject},
    sign::{CertifiedKey, Signer, SigningKey as RustlsSigningKey},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader},
    net::UnixStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use crate::wire::provider_client::ProviderClient;

/// Longer than anything here takes, on a busy machine too.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate with its key, as in `certificates/`: made by `openssl` with the curve and the extensions Terraform uses.
pub(super) struct Identity {
    pub(super) certificate_pem: &'static str,
    pub(super) key_pem: &'static str,
}

pub(super) const TERRAFORM: Identity = Identity {
    certificate_pem: include_str!("certificates/terraform.pem"),
    key_pem: include_str!("certificates/terraform.key.pem"),
};

pub(super) const FOREIGN: Identity = Identity {
    certificate_pem: include_str!("certificates/foreign.pem"),
    key_pem: include_str!("certificates/foreign.key.pem"),
};

/// The example provider; built here if a filter kept cargo from building it.
pub(super) fn tiny() -> PathBuf {
    let here = std::env::current_exe().expect("this test has a path");
    let profile = here.parent().and_then(Path::parent).expect("target/PROFILE/deps/test");
    let path = profile.join("examples/tiny");
    if !path.exists() {
        let mut build = std::process::Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "provider-protocol", "--example", "tiny"]);
        assert!(build.status().expect("cargo runs").success(), "the example must build");
    }
    path
}

/// The variables Terraform sets.
pub(super) fn launch_environment(command: &mut Command, certificate: Option<&str>) {
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env_remove("PLUGIN_CLIENT_CERT")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(pem) = certificate {
        command.env("PLUGIN_CLIENT_CERT", pem);
    }
}

/// A provider process that has shaken hands.
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) stdout: BufReader<ChildStdout>,
    pub(super) line: String,
}

impl Process {
    /// Starts the example with Terraform's environment and what the test adds to it.
    pub(super) async fn start(certificate: Option<&str>, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(tiny());
        launch_environment(&mut command, certificate);
        command.envs(environment.iter().copied());
        let mut child = command.spawn().expect("the example starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line))
            .await
            .expect("a handshake")
            .expect("stdout can be read");
        Process { child, stdout, line }
    }

    fn field(&self, number: usize) -> &str {
        self.line.trim_end().split('|').nth(number).expect("a field of the handshake line")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.field(3).into()
    }

    /// The certificate in the handshake line.
    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        STANDARD_NO_PAD.decode(self.field(5)).expect("base64 without padding").into()
    }

    /// A bare TLS connection, as whoever the identity says.
    pub(super) async fn tls(
        &self,
        identity: Option<&Identity>,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<UnixStream>> {
        let stream = UnixStream::connect(self.socket()).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(client_config(self.certificate(), identity)).connect(name, stream).await
    }

    /// A gRPC channel, over TLS with Terraform's certificate.
    pub(super) async fn channel(&self) -> Channel {
        let stream = self.tls(Some(&TERRAFORM)).await.expect("a TLS handshake");
        channel(stream).await
    }

    /// The typed client.
    pub(super) async fn provider(&self) -> ProviderClient<Channel> {
        client(self.channel().await)
    }

    /// Waits for the end: the exit code, and all that was written after the handshake line.
    pub(super) async fn end(mut self) -> Ended {
        drop(self.child.stdin.take());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let mut errors = self.child.stderr.take().expect("stderr is piped");
        let all = async {
            let (out, err, status) = tokio::join!(
                self.stdout.read_to_string(&mut stdout),
                errors.read_to_string(&mut stderr),
                self.child.wait()
            );
            out.and(err).and(status).expect("the process can be waited for").code()
        };
        let code = timeout(PATIENCE, all).await.expect("the process ends and nobody holds its streams");
        Ended { code, stdout, stderr }
    }
}

/// What a process left.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A channel over a stream that is already connected.
pub(super) async fn channel(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Channel {
    let mut stream = Some(TokioIo::new(stream));
    let connect = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| std::io::Error::other("the stream is used up"));
        async move { stream }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connect)
        .await
        .expect("a gRPC connection")
}

pub(super) fn client(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel).max_decoding_message_size(usize::MAX).max_encoding_message_size(usize::MAX)
}

/// As Go's TLS does it: the provider's certificate is the only root, ours is shown when asked for.
fn client_config(root: CertificateDer<'static>, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("the provider's certificate can be a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has a cipher for each version")
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(Shown::new(identity))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// Always shows the same certificate.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl Shown {
    fn new(identity: &Identity) -> Self {
        let certificate =
            CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes()).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from_pem_slice(identity.key_pem.as_bytes()).expect("a key");
        let key = p521::SecretKey::from_pkcs8_der(key.secret_pkcs8_der()).expect("a P-521 key");
        let key = P521Key(Arc::new(SigningKey::from_slice(&key.to_bytes()).expect("a P-521 key")));
        Shown(Arc::new(CertifiedKey::new(vec![certificate], Arc::new(key))))
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Signs with P-521, which ring cannot.
#[derive(Clone)]
struct P521Key(Arc<SigningKey>);

impl std::fmt::Debug for P521Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P521Key(***)")
    }
}

impl RustlsSigningKey for P521Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: Signature = self.0.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}
