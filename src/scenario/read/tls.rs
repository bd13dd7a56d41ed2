//! `tls:` of an origin: files are read and looked into here, so that `check` reports a wrong one.

use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use super::{Reader, shorten};
use crate::scenario::keys::TLS;
use crate::scenario::model::Tls;
use crate::scenario::problem::{Problem, Read, Told};
use crate::scenario::yaml::Node;

impl Reader<'_> {
    /// What a `tls:` map says.
    pub fn tls(&mut self, node: &Node) -> Read<Tls> {
        let fields = self.fields(node, &TLS)?;
        let ca = fields.get("ca").map(|node| self.certificates(node)).transpose();
        let certificate = fields.get("client_cert").map(|node| self.certificates(node)).transpose();
        let key = fields.get("client_key").map(|node| self.private_key(node)).transpose();
        let server_name = fields.get("server_name").map(|node| self.server_name(node)).transpose();
        let insecure = fields.get("insecure").map(|node| self.flag(node)).transpose();
        let versions = [("1.2", false), ("1.3", true)];
        let only_tls13 = fields.get("min_version").map(|node| self.word(node, &versions)).transpose();
        let resume = fields.get("resume").map(|node| self.flag(node)).transpose();
        for (has, lacks) in [("client_cert", "client_key"), ("client_key", "client_cert")] {
            if let (Some(_), None) = (fields.get(has), fields.get(lacks)) {
                return Err(self.problem(fields.place(has), format!("`{has}` needs `{lacks}` beside it")));
            }
        }
        let insecure = insecure?.unwrap_or(false);
        if let (true, Some(_)) = (insecure, fields.get("ca")) {
            let problem = Problem::new(fields.place("insecure"), "with `insecure` any certificate is accepted");
            return Err(self
                .problems
                .push(problem.also(fields.place("ca"), "so this CA would not be used").hint("keep one")));
        }
        Ok(Tls {
            ca: ca?,
            client: certificate?.zip(key?),
            server_name: server_name?,
            insecure,
            only_tls13: only_tls13?.unwrap_or(false),
            resume: resume?.unwrap_or(true),
        })
    }

    fn certificates(&mut self, node: &Node) -> Read<Arc<[u8]>> {
        let (name, bytes) = self.file(node)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match found {
            Ok(certificates) if !certificates.is_empty() => Ok(bytes),
            Ok(_) => Err(self.no_pem(node, &format!("there is no certificate in `{name}`"), "CERTIFICATE")),
            Err(error) => Err(self.no_pem(node, &format!("`{name}` cannot be read as PEM: {error}"), "CERTIFICATE")),
        }
    }

    fn private_key(&mut self, node: &Node) -> Read<Arc<[u8]>> {
        let (name, bytes) = self.file(node)?;
        match PrivateKeyDer::from_pem_slice(&bytes) {
            Ok(_) => Ok(bytes),
            Err(_) => Err(self.no_pem(node, &format!("there is no private key in `{name}`"), "PRIVATE KEY")),
        }
    }

    fn no_pem(&mut self, node: &Node, message: &str, label: &str) -> Told {
        self.problem_with_hint(node.place, message, format!("a PEM file has lines such as `-----BEGIN {label}-----`"))
    }

    fn server_name(&mut self, node: &Node) -> Read<String> {
        let name = self.text(node, "a host name, such as `portal.example`")?;
        match ServerName::try_from(name) {
            Ok(_) => Ok(name.to_owned()),
            Err(_) => {
                let message = format!("`{}` cannot be the name in a certificate", shorten(name));
                Err(self.problem_with_hint(node.place, message, "a host name or an address, without scheme and port"))
            }
        }
    }
}
