//! TLS of a target: a certificate of the user's, or one of a CA that lives as long as the target.
//!
//! The generated CA signs for this machine's loopback names and the address that is listened on. Its certificate goes
//! into a file, so that a client can be told to trust it; its key never leaves the process.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, SanType};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};

/// What ALPN agrees on, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a target can speak no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file is not right.
    #[error("{}: {problem}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificate of the CA could not be written down.
    #[error("cannot write the certificate of the target's own CA to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// Certificate and key do not go together, or the like.
    #[error("the certificate and its key cannot be used: {0}")]
    Config(#[from] rustls::Error),
}

/// How a target speaks TLS 1.2 and 1.3, with HTTP/2 before HTTP/1.1.
#[derive(Clone, Debug)]
pub struct ServerTls(pub(super) Arc<ServerConfig>);

/// The file of a generated CA's certificate, as PEM; removed when this is dropped.
#[derive(Debug)]
pub struct CaFile(PathBuf);

impl ServerTls {
    /// With the certificates of a PEM file, the server's own first, and their key in another.
    ///
    /// # Errors
    /// A file cannot be read or is no PEM, or key and certificate do not go together.
    pub fn from_files(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let fail = |path: &Path, problem: String| TlsError::Pem { path: path.to_owned(), problem };
        let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| fail(certificates, error.to_string()))?;
        if chain.is_empty() {
            return Err(fail(certificates, "there is no certificate in it".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| fail(key, error.to_string()))?;
        Self::new(chain, key)
    }

    /// With a certificate of a new CA, for loopback and `address`.
    ///
    /// # Errors
    /// The CA's certificate cannot be written to the system's folder for temporary files.
    pub fn with_own_ca(address: IpAddr) -> Result<(Self, CaFile), TlsError> {
        let ca_key = KeyPair::generate()?;
        let mut params = named("scrutinio target CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca = params.self_signed(&ca_key)?;
        let issuer = Issuer::new(params, ca_key);

        let key = KeyPair::generate()?;
        let mut params = named("scrutinio target");
        params.subject_alt_names = names(address)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer)?;
        let tls = Self::new(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        Ok((tls, CaFile::write(&ca.pem())?))
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12])?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self(Arc::new(config)))
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn names(address: IpAddr) -> Result<Vec<SanType>, rcgen::Error> {
    let mut names = vec![SanType::DnsName("localhost".try_into()?)];
    let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    if !address.is_unspecified() && !addresses.contains(&address) {
        addresses.push(address);
    }
    names.extend(addresses.into_iter().map(SanType::IpAddress));
    Ok(names)
}

impl CaFile {
    /// Into a new file, so that nobody can have laid another in its way.
    fn write(pem: &str) -> Result<Self, TlsError> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir();
        loop {
            let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("scrutinio-ca-{}-{number}.pem", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let file_of = Self(path);
                    return match file.write_all(pem.as_bytes()) {
                        Ok(()) => Ok(file_of),
                        Err(source) => Err(TlsError::Write { path: file_of.0.clone(), source }),
                    };
                }
                // Left by a process that was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => {}
                Err(source) => return Err(TlsError::Write { path, source }),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        // Best effort: nobody needs it any more.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_listened_on_is_named_once() {
        let addresses = |listen: &str| names(listen.parse().unwrap()).unwrap().len();
        assert_eq!(["127.0.0.1", "0.0.0.0", "::", "10.0.0.7"].map(addresses), [3, 3, 3, 4]);
    }

    #[test]
    fn the_file_of_the_ca_goes_with_it() {
        let (_, ca) = ServerTls::with_own_ca(Ipv4Addr::LOCALHOST.into()).unwrap();
        let path = ca.path().to_owned();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        drop(ca);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrong.pem");
        std::fs::write(&file, "no PEM").unwrap();
        let error = ServerTls::from_files(&file, &file).unwrap_err().to_string();
        assert!(error.contains("wrong.pem: there is no certificate in it"), "{error}");
    }
}
