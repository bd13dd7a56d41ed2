//! The TLS options of the command line, named as curl names them; they override the scenario.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::scenario::{Scenario, Scheme, read_file};

/// The largest PEM file; those of a system's authorities have a quarter of a megabyte.
const LARGEST_PEM: u64 = 64 << 20;

const TLS: &str = "TLS";

/// The options; each applies to every `https://` origin.
#[derive(Debug, Clone, clap::Args)]
pub struct TlsArgs {
    /// Accept any certificate of an https target; the report says so
    #[arg(short = 'k', long, env = "SCRUTINIO_INSECURE", help_heading = TLS)]
    pub insecure: bool,
    /// Trust the certificates of this PEM file instead of the system's
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_CACERT", conflicts_with = "insecure", help_heading = TLS)]
    pub cacert: Option<PathBuf>,
    /// A PEM file with the client's certificate
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_CERT", requires = "key", help_heading = TLS)]
    pub cert: Option<PathBuf>,
    /// A PEM file with the key of --cert
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_KEY", requires = "cert", help_heading = TLS)]
    pub key: Option<PathBuf>,
    /// The name in the server's certificate and in SNI, if not the URL's
    #[arg(long, value_name = "NAME", env = "SCRUTINIO_SERVER_NAME", help_heading = TLS)]
    pub server_name: Option<String>,
    /// The oldest version of TLS to accept [default: 1.2]
    #[arg(long, value_name = "VERSION", env = "SCRUTINIO_TLS_MIN", value_parser = ["1.2", "1.3"], help_heading = TLS)]
    pub tls_min: Option<String>,
    /// Make a full TLS handshake on every connection
    #[arg(long, env = "SCRUTINIO_NO_TLS_RESUMPTION", help_heading = TLS)]
    pub no_tls_resumption: bool,
}

impl TlsArgs {
    /// Applies the options to the scenario's origins.
    pub fn apply(&self, scenario: &mut Scenario) -> anyhow::Result<()> {
        let ca = self.cacert.as_deref().map(read).transpose()?;
        let client = match (&self.cert, &self.key) {
            (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
            _ => None,
        };
        let mut origins: Vec<_> = scenario.target.origins.iter_mut().filter(|o| o.scheme == Scheme::Https).collect();
        if let (true, [first, ..]) = (origins.is_empty(), self.typed().as_slice()) {
            bail!("`{first}` is for an https target, and there is none");
        }
        for tls in origins.iter_mut().map(|origin| &mut origin.tls) {
            tls.insecure |= self.insecure;
            if let Some(ca) = &ca {
                (tls.ca, tls.insecure) = (Some(Arc::clone(ca)), false);
            }
            tls.client = client.clone().or(tls.client.take());
            tls.server_name = self.server_name.clone().or(tls.server_name.take());
            tls.only_tls13 = self.tls_min.as_deref().map_or(tls.only_tls13, |version| version == "1.3");
            tls.resume &= !self.no_tls_resumption;
        }
        Ok(())
    }

    /// The options that were given, as typed.
    pub fn typed(&self) -> Vec<String> {
        let file = |name: &str, file: &Option<PathBuf>| file.as_ref().map(|file| format!("{name} {}", file.display()));
        let text = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} {text}"));
        let all = [
            self.insecure.then(|| "--insecure".to_owned()),
            file("--cacert", &self.cacert),
            file("--cert", &self.cert),
            file("--key", &self.key),
            text("--server-name", &self.server_name),
            text("--tls-min", &self.tls_min),
            self.no_tls_resumption.then(|| "--no-tls-resumption".to_owned()),
        ];
        all.into_iter().flatten().collect()
    }
}

fn read(file: &Path) -> anyhow::Result<Arc<[u8]>> {
    let bytes = read_file(file, LARGEST_PEM).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(bytes.into())
}
