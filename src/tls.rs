//! TLS: the certificate that the server shows, and whose certificates nodes and the command line take.

use crate::keys::to_hex;
use crate::settings::Settings;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme};

/// Says for the whole process how TLS is computed: clients of libraries ask for that when they are made.
pub fn install() {
    // It fails where it was said before.
    let _ = ring::default_provider().install_default();
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificate that the server shows, with its key: read from files, and again when it is told to.
#[derive(Debug)]
pub struct Shown {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Shown {
    /// What `--tls-cert` and `--tls-key` name; `None` where the server speaks plain HTTP.
    ///
    /// # Errors
    /// A sentence that names the setting and what is wrong with its file.
    pub fn open(settings: &Settings) -> Result<Option<Arc<Self>>, String> {
        let (Some(cert), Some(key)) = (&settings.tls_cert, &settings.tls_key) else { return Ok(None) };
        let current = RwLock::new(Arc::new(read(cert, key)?));
        Ok(Some(Arc::new(Self { cert: cert.clone(), key: key.clone(), current })))
    }

    /// Reads both files again; connections that are made from now on see what they have. Where they cannot be read
    /// everything stays as it was.
    ///
    /// # Errors
    /// As [`Shown::open`].
    pub fn reload(&self) -> Result<(), String> {
        let read = read(&self.cert, &self.key)?;
        *self.current.write() = Arc::new(read);
        Ok(())
    }

    /// The SHA-256 of the certificate that is shown now, in hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.current.read().cert.first().map(|cert| fingerprint(cert)).unwrap_or_default()
    }

    /// What speaks TLS 1.2 or 1.3 on accepted connections, with HTTP/1.1 in it.
    ///
    /// # Errors
    /// If this build cannot do both.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = config.map_err(|error| format!("TLS: {error}"))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().clone())
    }
}

fn read(cert: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let chain = certificates("--tls-cert", cert)?;
    let bad_key = |why: String| format!("--tls-key {}: {why}", key.display());
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        bad_key(format!("no private key in PEM, or one that a password locks, can be read from it: {error}"))
    })?;
    let pair = CertifiedKey::from_der(chain, secret, &provider());
    pair.map_err(|error| bad_key(format!("it is no key of the certificate in {}: {error}", cert.display())))
}

/// All certificates of a file, of which there must be one.
fn certificates(setting: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bad = |why: String| format!("{setting} {}: {why}", file.display());
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| bad(format!("no certificates in PEM can be read from it: {error}")))?;
    if found.is_empty() { Err(bad("it has no certificate in PEM".to_owned())) } else { Ok(found) }
}

fn fingerprint(certificate: &[u8]) -> String {
    to_hex(&Sha256::digest(certificate))
}

/// A client that takes certificates which one of the authorities in this file has signed for the name that is asked;
/// without a file none at all.
///
/// # Errors
/// A sentence that names the setting and what is wrong with its file.
pub fn trusting(authorities: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = authorities {
        for certificate in certificates("--tls-ca", file)? {
            let added = roots.add(certificate);
            added.map_err(|error| format!("--tls-ca {}: it has what is no authority: {error}", file.display()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| format!("TLS: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A client that takes one certificate, whatever name and end it has: the one with this SHA-256 in hex.
///
/// # Errors
/// If this build cannot speak TLS.
pub fn pinned(fingerprint: String) -> Result<ClientConfig, String> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| format!("TLS: {error}"))?;
    let pinned = Arc::new(Pinned { fingerprint, algorithms });
    Ok(config.dangerous().with_custom_certificate_verifier(pinned).with_no_client_auth())
}

/// Takes one certificate, from whoever proves to have its key.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if fingerprint(shown) == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::General("it shows another certificate than server.json in its data folder says".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
