//! What the TLS library says, in the words of whoever has to do something about it. None of its own texts is shown: they
//! are made for those who write programs with it.

use rustls::pki_types::pem;
use rustls::{AlertDescription, CertificateError, Error, InconsistentKeys, OtherError, PeerIncompatible};

/// An error of the library.
pub fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(wrong) => certificate(wrong),
        Error::AlertReceived(told) => alert(*told),
        Error::PeerIncompatible(why) => incompatible(why).to_owned(),
        Error::NoCertificatesPresented => "TLS: the server presented no certificate".to_owned(),
        Error::InvalidMessage(what) => format!("TLS: a message cannot be read ({})", spelled(what)),
        Error::InappropriateMessage { got_type: what, .. } => out_of_order(&spelled(what)),
        Error::InappropriateHandshakeMessage { got_type: what, .. } => out_of_order(&spelled(what)),
        Error::PeerMisbehaved(how) => format!("TLS: the server breaks its rules ({})", spelled(how)),
        Error::PeerSentOversizedRecord => "TLS: a record of the server is too long".to_owned(),
        Error::DecryptError => "TLS: a record of the server cannot be decrypted".to_owned(),
        Error::NoApplicationProtocol => no_protocol(),
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => "the key is not that of the certificate".to_owned(),
        Error::InconsistentKeys(_) => "it cannot be told whether the key is that of the certificate".to_owned(),
        Error::General(_) | Error::Other(_) => "TLS failed, for a reason that has no name".to_owned(),
        Error::InvalidCertRevocationList(what) => format!("TLS: a list of revocations is wrong ({})", spelled(what)),
        Error::InvalidEncryptedClientHello(what) => format!("TLS: the encrypted hello is wrong ({})", spelled(what)),
        Error::FailedToGetCurrentTime => "TLS: this machine does not tell the time".to_owned(),
        Error::FailedToGetRandomBytes => "TLS: this machine gives no random bytes".to_owned(),
        // Of a use of the library that is ours, and is not made.
        other => format!("TLS: {}", spelled(other)),
    }
}

/// What is wrong with a PEM file.
pub fn pem_words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section of it has no end: was the file cut?".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a line of it begins a section wrongly".to_owned(),
        pem::Error::Base64Decode(_) => "a section of it is not base64".to_owned(),
        pem::Error::NoItemsFound => "there is nothing of the kind in it".to_owned(),
        pem::Error::Io(error) => error.to_string(),
        _ => "it is no PEM file that can be read".to_owned(),
    }
}

fn certificate(wrong: &CertificateError) -> String {
    let what = match wrong {
        CertificateError::UnknownIssuer => {
            "comes from an issuer that is not trusted; name its CA's file (`ca`, --cacert)"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet; is this machine's clock right?"
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            return for_another_name(&expected.to_str(), presented);
        }
        CertificateError::NotValidForName => "is for another name",
        CertificateError::Revoked => "has been revoked",
        CertificateError::BadSignature => {
            "has a signature that its issuer's key did not make: is the trusted CA (`ca`, --cacert) an older one of the \
             same name?"
        }
        CertificateError::BadEncoding => "cannot be read: its encoding is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not one for servers: its extended key usage does not name serverAuth"
        }
        CertificateError::UnhandledCriticalExtension => "has a critical extension that is not known here",
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::InvalidOcspResponse => "may have been revoked: nothing that is valid says that it was not",
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed in a way that is not accepted here; RSA of at least 2,048 bits, ECDSA and Ed25519 are"
        }
        CertificateError::Other(other) => of_chain(other),
        _ => "is not accepted",
    };
    format!("the server's certificate {what}")
}

/// What the verifier of chains has no code for in the library's errors: only its name says what it is.
fn of_chain(other: &OtherError) -> &'static str {
    match other.to_string().as_str() {
        "CaUsedAsEndEntity" => {
            "is one of a CA, which no server may show, as `openssl req -x509` makes it unless told otherwise: make it with \
             -addext basicConstraints=critical,CA:FALSE, or accept any (`insecure`, --insecure)"
        }
        "EndEntityUsedAsCa" => "is signed by a certificate that is not one of a CA",
        "UnsupportedCertVersion" => {
            "is of an old version of X.509, as `openssl x509 -req` makes it without extensions: make it with \
             -addext or -extfile and a subjectAltName"
        }
        "NameConstraintViolation" => "is for a name that its issuer may not sign",
        "PathLenConstraintViolated" | "MaximumPathDepthExceeded" => "has a chain that is longer than its CA allows",
        _ => "breaks a rule of X.509; `openssl verify` may say which",
    }
}

fn for_another_name(expected: &str, presented: &[String]) -> String {
    let kind = if expected.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    let names: Vec<String> = presented.iter().map(|name| plain_name(name)).collect();
    let has = match names.is_empty() {
        // A name in the subject alone has not counted for twenty years.
        true => format!("no name at all; make it with -addext subjectAltName={kind}:{expected}"),
        false => names.join(", "),
    };
    format!("the server's certificate is not for `{expected}`; it is for {has}")
}

/// `localhost` of `DnsName("localhost")`.
fn plain_name(shown: &str) -> String {
    match shown.split_once('(').and_then(|(kind, rest)| Some((kind, rest.strip_suffix(')')?))) {
        Some(("DnsName" | "IpAddress" | "UniformResourceIdentifier", name)) => name.trim_matches('"').to_owned(),
        _ => "a name of another kind".to_owned(),
    }
}

fn alert(told: AlertDescription) -> String {
    match told {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "the server wants a client certificate (`client_cert` and `client_key`, --cert and --key)".to_owned()
        }
        AlertDescription::ProtocolVersion => "the server speaks no TLS version that is allowed here".to_owned(),
        AlertDescription::UnknownCA => "the server does not trust our client certificate's issuer".to_owned(),
        AlertDescription::UnrecognisedName => "the server does not know this name (SNI)".to_owned(),
        AlertDescription::NoApplicationProtocol => no_protocol(),
        AlertDescription::Unknown(number) => format!("the server broke TLS off with alert {number}"),
        told => format!("the server broke TLS off: {}", spelled(&told)),
    }
}

fn no_protocol() -> String {
    "the server does not speak the HTTP that is asked for here (ALPN)".to_owned()
}

fn out_of_order(what: &str) -> String {
    format!("TLS: a message of the server does not belong there ({what})")
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => {
            "TLS: client and server have no version in common: here it is 1.2 or 1.3, or what `min_version`, --tls-min says"
        }
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
            "TLS: client and server have no cipher, group or kind of signature in common"
        }
        _ => "TLS: the server lacks an extension that is needed here, or asks for one that is not known here",
    }
}

/// A name of the library's as words: `too many key updates` of `TooManyKeyUpdates(7)`.
fn spelled(name: &impl std::fmt::Debug) -> String {
    let shown = format!("{name:?}");
    let name: String = shown.chars().take_while(char::is_ascii_alphanumeric).collect();
    let mut words = String::new();
    for letter in name.chars() {
        let begins = letter.is_ascii_uppercase() && words.chars().last().is_some_and(|last| last.is_ascii_lowercase());
        words.push_str(if begins { " " } else { "" });
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{
        CertRevocationListError, ContentType, EncryptedClientHelloError, ExtendedKeyPurpose, HandshakeType,
        InvalidMessage, PeerMisbehaved,
    };

    use super::*;

    /// What the verifier of chains calls a fault; its names are all that is shown of it.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Named(&'static str);

    fn named(name: &'static str) -> OtherError {
        OtherError(Arc::new(Named(name)))
    }

    #[allow(deprecated)] // The old variants still come.
    fn certificates() -> Vec<CertificateError> {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(1));
        let expected = ServerName::try_from("shop.example").expect("a name");
        let not_for = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: expected.clone(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        };
        let names = ["DnsName(\"localhost\")", "IpAddress(127.0.0.1)", "DirectoryName", "Unsupported(0x83)"];
        vec![
            CertificateError::BadEncoding,
            CertificateError::Expired,
            CertificateError::ExpiredContext { time, not_after: time },
            CertificateError::NotValidYet,
            CertificateError::NotValidYetContext { time, not_before: time },
            CertificateError::Revoked,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::UnknownIssuer,
            CertificateError::UnknownRevocationStatus,
            CertificateError::ExpiredRevocationList,
            CertificateError::ExpiredRevocationListContext { time, next_update: time },
            CertificateError::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithm,
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: vec![42, 134],
                supported_algorithms: Vec::new(),
            },
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: vec![42, 134],
                public_key_algorithm_id: vec![42, 134],
            },
            CertificateError::NotValidForName,
            not_for(&[]),
            not_for(&names),
            CertificateError::InvalidPurpose,
            CertificateError::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::Other(vec![1, 3])],
            },
            CertificateError::InvalidOcspResponse,
            CertificateError::ApplicationVerificationFailure,
            CertificateError::Other(named("CaUsedAsEndEntity")),
            CertificateError::Other(named("EndEntityUsedAsCa")),
            CertificateError::Other(named("UnsupportedCertVersion")),
            CertificateError::Other(named("NameConstraintViolation")),
            CertificateError::Other(named("PathLenConstraintViolated")),
            CertificateError::Other(named("MaximumSignatureChecksExceeded")),
        ]
    }

    fn errors() -> Vec<Error> {
        let alerts = (0..=255).map(|number| Error::AlertReceived(AlertDescription::from(number)));
        let others = [
            Error::InappropriateMessage { expect_types: vec![], got_type: ContentType::ApplicationData },
            Error::InappropriateHandshakeMessage { expect_types: vec![], got_type: HandshakeType::ServerHello },
            Error::InvalidEncryptedClientHello(EncryptedClientHelloError::NoCompatibleConfig),
            Error::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
            Error::InvalidMessage(InvalidMessage::DuplicateExtension(7)),
            Error::NoCertificatesPresented,
            Error::UnsupportedNameType,
            Error::DecryptError,
            Error::EncryptError,
            Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(None)),
            Error::PeerMisbehaved(PeerMisbehaved::TooManyKeyUpdateRequests),
            Error::InvalidCertRevocationList(CertRevocationListError::Other(named("CaUsedAsEndEntity"))),
            Error::General("SomeText { of: \"the library\" }".to_owned()),
            Error::FailedToGetCurrentTime,
            Error::FailedToGetRandomBytes,
            Error::HandshakeNotComplete,
            Error::PeerSentOversizedRecord,
            Error::NoApplicationProtocol,
            Error::BadMaxFragmentSize,
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
            Error::InconsistentKeys(InconsistentKeys::Unknown),
            Error::Other(named("SomeText { of: 1 }")),
        ];
        certificates().into_iter().map(Error::InvalidCertificate).chain(alerts).chain(others).collect()
    }

    /// Names of X.509 are written in one word, with a capital in its middle; names of a library's types begin with one.
    fn is_a_name_of_a_type(word: &str) -> bool {
        let capitals = word.chars().filter(char::is_ascii_uppercase).count();
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && capitals > 1
            && word.chars().any(|c| c.is_ascii_lowercase())
    }

    #[test]
    fn no_message_shows_how_a_library_names_its_types() {
        for error in errors() {
            let told = words(&error);
            let letters = |c: char| !c.is_ascii_alphanumeric();
            assert!(!told.split(letters).any(is_a_name_of_a_type), "{error:?}: {told}");
            assert!(!told.contains(['"', '{', '[']) && !told.ends_with("()"), "{error:?}: {told}");
        }
        assert!(is_a_name_of_a_type("DnsName") && is_a_name_of_a_type("CaUsedAsEndEntity"));
        assert!(
            !is_a_name_of_a_type("subjectAltName") && !is_a_name_of_a_type("RSA") && !is_a_name_of_a_type("Ed25519")
        );
    }

    #[test]
    fn a_certificate_that_its_maker_can_mend_has_the_way_out_beside_it() {
        let told = |wrong: &CertificateError| certificate(wrong);
        let all: Vec<String> = certificates().iter().map(told).collect();
        for way_out in [
            "-addext basicConstraints=critical,CA:FALSE, or accept any (`insecure`, --insecure)",
            "-addext subjectAltName=DNS:shop.example",
            "it is for localhost, 127.0.0.1, a name of another kind, a name of another kind",
            "is the trusted CA (`ca`, --cacert) an older one of the same name?",
        ] {
            assert!(all.iter().any(|told| told.contains(way_out)), "{way_out} is not in {all:#?}");
        }
        assert_eq!(alert(AlertDescription::HandshakeFailure), "the server broke TLS off: handshake failure");
    }
}
