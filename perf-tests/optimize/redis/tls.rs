//! A Redis that speaks nothing but TLS, with a certificate of an authority that is known to nobody else.

use std::process::{Command, Output};

use crate::support::authority::Authority;
use crate::support::servers::{PASSWORD, Redis};

/// Looks at it as anybody would, with the named variables alone of those that name certificates.
fn looked(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "DATABASE_URL", "PGSERVICE"] {
        command.env_remove(name);
    }
    command
        .env("REDIS_URL", url)
        .envs(variables.iter().copied())
        .arg("optimize")
        .args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it runs");
    let told = [stdout, stderr].concat();
    let told = String::from_utf8(told).expect("text");
    assert!(!told.contains(PASSWORD), "{told}");
    (status.code(), told)
}

/// The one line of a look that came to nothing.
fn refused(url: &str, variables: &[(&str, &str)]) -> String {
    let (code, told) = looked(url, &[], variables);
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[test]
fn an_authority_of_ones_own_is_named_by_a_variable() {
    let authority = Authority::new();
    let redis = authority.redis();
    let roots = authority.roots().display().to_string();
    let (code, told) = looked(&redis.url(), &[], &[("SSL_CERT_FILE", &roots)]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("no memory limit"), "{told}");
    let other = Authority::new();
    let other = other.roots().display().to_string();
    for variables in [&[][..], &[("SSL_CERT_FILE", other.as_str())]] {
        let told = refused(&redis.url(), variables);
        assert!(
            told.contains("SSL_CERT_FILE") && told.contains("--insecure"),
            "{told}"
        );
    }
    let (code, told) = looked(&redis.url(), &["--insecure"], &[]);
    assert_eq!(code, Some(0), "{told}");
    let absent = refused(&redis.url(), &[("SSL_CERT_FILE", "/no/where.pem")]);
    assert!(absent.contains("/no/where.pem"), "{absent}");
    // To the other name of the address no certificate is issued.
    let named = redis.url().replace("127.0.0.1", "localhost");
    let told = refused(&named, &[("SSL_CERT_FILE", &roots)]);
    assert!(
        told.contains("is for another name (127.0.0.1)") && told.contains("--insecure"),
        "{told}"
    );
}

#[test]
fn the_wrong_scheme_is_one_line() {
    // Either side may end the connection, wait for more, or answer what the other doesn't read.
    let redis = Authority::new().redis();
    refused(&redis.url().replace("rediss:", "redis:"), &[]);
    let redis = Redis::start();
    refused(&redis.url().replace("redis:", "rediss:"), &[]);
}
