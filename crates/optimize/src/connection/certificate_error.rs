//! Why a server's certificate was not accepted.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// How many letters of a certificate's names are shown.
const MOST_NAMES: usize = 80;

/// Why a server's certificate was not accepted, as far as something can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It hangs on no root that is trusted.
    #[error("its certificate is not signed by a trusted authority")]
    Issuer,
    /// It is another host's.
    #[error("its certificate is for another name ({0})")]
    Name(String),
    /// An authority's own certificate, which is there to sign others.
    #[error("its certificate is that of an authority, not of a server")]
    Authority,
}

impl Distrust {
    /// What an error, or what caused it, says of the certificate; `None` when it is not a matter of that.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Distrust> {
        let mut at = Some(error);
        while let Some(error) = at {
            if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
                return Distrust::from(why);
            }
            at = match error.downcast_ref::<io::Error>() {
                // What an error of the system wraps is not its source.
                Some(wrapping) => wrapping
                    .get_ref()
                    .map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        None
    }

    fn from(why: &CertificateError) -> Option<Distrust> {
        match why {
            // The latter where an authority has the name of one that is trusted, such as its own old one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Some(Distrust::Issuer)
            }
            CertificateError::NotValidForName => Some(Distrust::Name("not told".to_owned())),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = match presented.as_slice() {
                    [] => "it has no subjectAltName".to_owned(),
                    names => {
                        let bare: Vec<&str> = names.iter().map(|name| bare(name)).collect();
                        bare.join(", ").chars().take(MOST_NAMES).collect()
                    }
                };
                Some(Distrust::Name(names))
            }
            // It is told by a type of a crate that is not used here.
            CertificateError::Other(other)
                if format!("{other:?}").contains("CaUsedAsEndEntity") =>
            {
                Some(Distrust::Authority)
            }
            _ => None,
        }
    }
}

/// `example.com`, of which the library says `DnsName("example.com")`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_people_write_them() {
        for (name, shown) in [
            ("DnsName(\"example.com\")", "example.com"),
            ("IpAddress(127.0.0.1)", "127.0.0.1"),
            ("example.com", "example.com"),
        ] {
            assert_eq!(bare(name), shown);
        }
    }

    #[test]
    fn it_is_found_however_deep_it_lies() {
        for why in [
            CertificateError::UnknownIssuer,
            CertificateError::BadSignature,
        ] {
            let why = rustls::Error::InvalidCertificate(why);
            assert_eq!(Distrust::of(&why), Some(Distrust::Issuer));
            let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, why));
            assert_eq!(Distrust::of(&wrapped), Some(Distrust::Issuer));
        }
        for other in [
            io::Error::from(io::ErrorKind::ConnectionRefused),
            io::Error::other(rustls::Error::HandshakeNotComplete),
            io::Error::other(rustls::Error::from(CertificateError::Revoked)),
            io::Error::other("nobody"),
        ] {
            assert_eq!(Distrust::of(&other), None);
        }
    }
}
