//! The flags of what is tested: the service, the profile, and who its users are.

use crate::diagnostic::{Diagnostic, Spanned};
use crate::harness::options::flags::value::{Or, Read as _, Text, Value, YesNo, secret};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::raw_args::Typed;
use crate::profile::{HttpVersion, ProfileSource, Target};
use crate::secret::Secret;

flags! {
    /// What is tested.
    TargetFlags {
        target_url: Option<Spanned<Target>> = Value("URL", Target::parse),
            "target-url" alias "url", ["PERF_TARGET_URL", "PERF_URL"], Never, Applies,
            "The service to test, such as http://localhost:8000; a path in it goes before those \
             of the profile. Without it the profile's url, or else the embedded AgentOS. \
             `--url` is the same";
        profile: ProfileSource = Or(Value("NAME|FILE", ProfileSource::parse), ProfileSource::default),
            "profile", ["PERF_PROFILE"], Last, Applies,
            "What to ask and what to require: phase8 (the default), phase8-full, capacity, journeys, or a TOML file";
        token_file: Option<Spanned<String>> = Text("FILE", str::to_owned),
            "token-file", ["PERF_TOKEN_FILE"], Last, Applies,
            "A file with the bearer token for endpoints that need one";
        token: Option<Spanned<Secret>> = Text("TOKEN", secret),
            "token", ["PERF_TOKEN"], Never, Applies,
            "The bearer token itself. Everybody on the machine can read it in the process list: \
             PERF_TOKEN and --token-file don't show there";
        users_file: Option<Spanned<String>> = Text("FILE", str::to_owned),
            "users-file", ["PERF_USERS_FILE"], Last, Applies,
            "Who the virtual users are: CSV (user,token or user,password) or JSON lines";
        jwt_secret: Option<Spanned<Secret>> = Text("KEY", secret),
            "jwt-secret", ["PERF_JWT_SECRET"], Never, Applies,
            "What the service signs tokens with: every virtual user is given one of its own, with the claims \
             under [identity] in the profile. In the process list everybody can read it: use the variable";
        login_password: Option<Spanned<Secret>> = Text("TEXT", secret),
            "login-password", ["PERF_LOGIN_PASSWORD"], Never, Applies,
            "With what every virtual user logs in, once and before the load, as [identity.login] in the \
             profile says. In the process list everybody can read it: use the variable";
        insecure: bool = YesNo,
            "insecure", ["PERF_INSECURE"], Last, Applies,
            "Accept any TLS certificate, even a forged one: an attacker on the network can read \
             and change everything, including the token";
        http: Option<Spanned<HttpVersion>> = Value("VERSION", HttpVersion::parse),
            "http", ["PERF_HTTP"], Last, Applies,
            "Which HTTP to speak: auto (the default: over TLS what the service picks, else 1.1), 1.1, or 2 \
             (without TLS by prior knowledge)";
    }
}
