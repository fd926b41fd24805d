//! Where it is said how TLS is spoken, and who asks.

use std::path::Path;
use std::process::Output;

use rcgen::KeyPair;

use crate::database::{one_error, optimize, output_text};
use crate::support::authority::{Authority, private};
use crate::support::servers::PASSWORD;
use crate::tls::{Behind, by, succeeded};

#[test]
fn variables_say_it_after_the_url() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres("127.0.0.1"));
    let roots = authority.roots();
    let folder = behind.folder.path();
    let url = behind.server.url();
    let with_variables = |url: &str, mode: &str| {
        let mut command = optimize(url, folder, &[]);
        command.env("PGSSLMODE", mode).env("PGSSLROOTCERT", &roots);
        command.output().expect("it runs")
    };
    succeeded(&with_variables(&url, "verify-full"), "variables");
    let asked = with_variables(&format!("{url}?sslmode=disable"), "verify-full");
    assert!(
        output_text(&asked).contains("no encryption"),
        "{}",
        output_text(&asked)
    );
    let asked = with_variables(&url, "verify");
    assert!(
        one_error(&output_text(&asked)).contains("PGSSLMODE is none of disable, "),
        "{}",
        output_text(&asked)
    );

    // Without a file they are this machine's roots, which a variable names as well.
    let by_machine = |file: &Path| {
        let mut command = optimize(&format!("{url}?sslrootcert=system"), folder, &[]);
        command
            .env_remove("SSL_CERT_DIR")
            .env("SSL_CERT_FILE", file);
        command.output().expect("it runs")
    };
    succeeded(&by_machine(&roots), "this machine's roots");
    let told = output_text(&by_machine(Path::new("/no/where.pem")));
    let error = one_error(&told);
    assert!(
        error.contains("/no/where.pem") && error.contains("sslrootcert=FILE"),
        "{told}"
    );
}

#[test]
fn a_service_says_it_before_variables() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres("127.0.0.1"));
    let roots = authority.roots();
    let folder = behind.folder.path();
    let url = behind.server.url();
    let port = behind.server.port();
    let services = folder.join("services");
    let text = format!(
        "[ours]\nhost=127.0.0.1\nport={port}\nuser=perf\ndbname=postgres\npassword={PASSWORD}\n\
         sslmode=verify-full\nsslrootcert={}\n[revoked]\nhost=127.0.0.1\nsslcrl={PASSWORD}\n",
        roots.display()
    );
    std::fs::write(&services, text).expect("services");
    let by_service = |name: &str, url: Option<&str>| {
        let mut command = optimize(url.unwrap_or_default(), folder, &[]);
        command
            .env("PGSERVICE", name)
            .env("PGSERVICEFILE", &services);
        if url.is_none() {
            command.env_remove("DATABASE_URL");
        }
        // The service's own goes first.
        command
            .env("PGSSLMODE", "disable")
            .output()
            .expect("it runs")
    };
    succeeded(&by_service("ours", None), "a service");
    succeeded(&by_service("ours", Some(&url)), "a URL and a service");
    let asked = by_service("revoked", None);
    assert!(
        one_error(&output_text(&asked)).contains("sslcrl is not a known parameter"),
        "{}",
        output_text(&asked)
    );
}

#[test]
fn who_asks_may_have_a_certificate() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres("127.0.0.1"));
    let [certificate, key] = authority.certificate("certified");
    let [_, of_other] = authority.certificate("other");
    let folder = behind.folder.path();
    let bare = format!(
        "postgres://certified@127.0.0.1:{}/postgres?{}&sslmode=verify-full",
        behind.server.port(),
        by(&authority.roots())
    );
    let asked = |key: &Path| {
        let (certificate, key) = (certificate.display(), key.display());
        let url = format!("{bare}&sslcert={certificate}&sslkey={key}");
        optimize(&url, folder, &[]).output().expect("it runs")
    };
    succeeded(&asked(&key), "a certificate");
    let refused = |asked: &Output, wanted: &str| {
        let told = output_text(asked);
        assert!(one_error(&told).contains(wanted), "{wanted}: {told}");
    };
    let without = optimize(&bare, folder, &[]).output().expect("it runs");
    refused(&without, "valid client certificate");
    let half = format!("{bare}&sslcert={}", certificate.display());
    let half = optimize(&half, folder, &[]).output().expect("it runs");
    refused(&half, "sslcert and sslkey go together");
    refused(&asked(&of_other), "it is not the certificate's key");
    private(&certificate);
    refused(&asked(&certificate), "it holds no key");
    let encrypted = folder.join("encrypted.key");
    let text = KeyPair::generate().expect("a key").serialize_pem();
    let text = text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    std::fs::write(&encrypted, text).expect("a key");
    private(&encrypted);
    refused(&asked(&encrypted), "it is encrypted");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&key, open).expect("its owner");
        refused(&asked(&key), "chmod 600");
    }
}
