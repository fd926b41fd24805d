//! Certificates of a test's own authority, and servers that show them.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::servers::{Postgres, Redis, give_away};

/// Who signs, with a folder for what is signed.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority of this test");
        let key = KeyPair::generate().expect("a key");
        let authority = Authority {
            issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate"),
            folder: TempDir::new().expect("a folder"),
        };
        fs::write(authority.roots(), authority.issuer.pem()).expect("a file");
        authority
    }

    /// The file with its certificate.
    pub(crate) fn roots(&self) -> PathBuf {
        self.folder.path().join("roots.pem")
    }

    /// Files of a certificate for a name or an address, and of its key that nobody else may read.
    pub(crate) fn certificate(&self, name: &str) -> [PathBuf; 2] {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let files = ["crt", "key"].map(|end| self.folder.path().join(format!("{name}.{end}")));
        fs::write(&files[0], certificate.pem()).expect("a file");
        fs::write(&files[1], key.serialize_pem()).expect("a file");
        private(&files[1]);
        files
    }

    /// A server that lets nobody in without TLS but the superuser `plain`, asks the role `certified` for a certificate,
    /// and shows one for this name.
    pub(crate) fn postgres(&self, name: &str) -> Postgres {
        self.postgres_with(&self.certificate(name))
    }

    /// The same, showing the certificate of the authority.
    pub(crate) fn postgres_itself(&self) -> Postgres {
        let key = self.folder.path().join("roots.key");
        fs::write(&key, self.issuer.key().serialize_pem()).expect("a file");
        self.postgres_with(&[self.roots(), key])
    }

    fn postgres_with(&self, shown: &[PathBuf; 2]) -> Postgres {
        let server = Postgres::start_prepared(&[], |data| {
            let put = |from: &Path, to: &str| {
                let to = data.join(to);
                fs::copy(from, &to).expect("a copy");
                private(&to);
                give_away(&[&to]);
            };
            put(&shown[0], "server.crt");
            put(&shown[1], "server.key");
            put(&self.roots(), "roots.crt");
            let who = "hostssl all certified 127.0.0.1/32 cert\n\
                hostnossl all plain 127.0.0.1/32 scram-sha-256\n\
                hostssl all all 127.0.0.1/32 scram-sha-256\n";
            fs::write(data.join("pg_hba.conf"), who).expect("who may come in");
            let settings = "ssl = on\nssl_ca_file = 'roots.crt'\n";
            fs::write(data.join("postgresql.auto.conf"), settings).expect("settings");
        });
        let password = super::servers::PASSWORD;
        server.sql(&format!(
            "CREATE ROLE plain SUPERUSER LOGIN PASSWORD '{password}'; CREATE ROLE certified SUPERUSER LOGIN"
        ));
        server
    }

    /// A Redis that speaks nothing but TLS, with a certificate for its address.
    pub(crate) fn redis(&self) -> Redis {
        Redis::start_with(Some(self.certificate("127.0.0.1")))
    }
}

/// As servers and clients want keys to be.
pub(crate) fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its owner");
    }
    #[cfg(not(unix))]
    let _ = path;
}
