//! A look at a Redis: at a real one, and at what is none.

use std::time::{Duration, Instant};

use agentos_perf::connection::RedisAddress;
use agentos_perf::optimize::redis::{RedisError, RedisFacts, findings, read};

mod strangers;
mod tls;
mod writer;

use crate::support::servers::{PASSWORD, Redis};
use writer::Writer;

/// Each look ends within this, whatever it looks at: less than all its limits together on a busy machine.
const BOUND: Duration = Duration::from_secs(20);

/// What must not be sent to a terminal.
const HOSTILE: [&[u8]; 5] = [
    b"evil\r\n+OK\r\n:1",
    b"\x1b]0;owned\x07:1",
    b"\xff\xfe\x00:1",
    "\u{202e}gnp:1".as_bytes(),
    b"",
];

fn looked(url: &str) -> Result<RedisFacts, RedisError> {
    let address = RedisAddress::parse(url).expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let begun = Instant::now();
    let facts = runtime.block_on(read(&address, false));
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    facts
}

/// What is said of a look that came to nothing: one line without the password.
fn complaint(url: &str) -> String {
    let error = looked(url).expect_err("no look");
    let told = format!("{error} {error:?}");
    assert!(
        !told.contains(PASSWORD) && !told.contains("hunter2"),
        "{told}"
    );
    assert!(!error.to_string().contains('\n'), "{told}");
    error.to_string()
}

/// Sessions that expire but for some, carts that stay, keys that are called badly, and two big ones.
fn seed(redis: &Redis) {
    let mut writer = Writer::connect(redis);
    for n in 0..600 {
        let key = format!("session:{n}");
        if n % 10 == 0 {
            writer.ask(&[b"SET", key.as_bytes(), b"x"]);
        } else {
            writer.ask(&[b"SET", key.as_bytes(), b"x", b"EX", b"3600"]);
        }
        let key = format!("cart:{n}:items");
        writer.ask(&[b"SET", key.as_bytes(), b"y"]);
    }
    for key in HOSTILE {
        writer.ask(&[b"SET", key, b"z"]);
    }
    let big = vec![b'b'; 3 << 20];
    writer.ask(&[b"SET", b"page:\x1b[2J", &big, b"EX", b"3600"]);
    for n in 0..20_000 {
        writer.ask(&[b"RPUSH", b"queue", format!("job {n}").as_bytes()]);
    }
    writer.settle();
}

/// What is found, as lines.
fn finding_lines(facts: &RedisFacts) -> Vec<String> {
    let lines = findings(facts).into_iter();
    let lines = lines.map(|one| format!("{} ▶ {}", one.what, one.advice));
    lines.chain(facts.unseen.iter().cloned()).collect()
}

fn line<'a>(lines: &'a [String], words: &str) -> &'a str {
    let found = lines.iter().find(|line| line.contains(words));
    found.unwrap_or_else(|| panic!("{words}: {lines:#?}"))
}

#[test]
fn a_real_one_is_seen_as_it_is() {
    let redis = Redis::start();
    seed(&redis);
    let mut writer = Writer::connect(&redis);
    for n in 0..3000 {
        writer.ask(&[b"EXISTS", format!("absent:{n}").as_bytes()]);
    }
    writer.settle();
    let facts = looked(&redis.url()).expect("a look");
    assert!(facts.unseen.is_empty(), "{:?}", facts.unseen);
    let version = facts.version.as_deref().expect("a version");
    assert!(version.starts_with("Redis "), "{version}");
    assert_eq!(facts.memory.max, Some(0));
    assert_eq!(facts.memory.policy.as_deref(), Some("noeviction"));
    assert!(facts.memory.used > Some(3 << 20) && facts.memory.rss > Some(0));
    assert_eq!(facts.persistence.snapshots, Some(false));
    assert!(facts.clients.most > Some(100));
    let sample = facts.sample.as_ref().expect("a sample");
    assert!(sample.complete);
    let keys = 1200 + HOSTILE.len() as u64 + 2;
    assert_eq!((sample.keys, sample.sized), (keys, keys));
    assert_eq!(facts.sampled().expect("its database").keys, keys);
    assert_eq!(sample.lasting, 600 + 60 + HOSTILE.len() as u64 + 1);
    assert_eq!(sample.groups[0].pattern, "cart:*:*");
    assert_eq!(sample.biggest[0].key, "page:\\x1b[2J");
    let lines = finding_lines(&facts);
    line(&lines, "no memory limit");
    line(&lines, "the hit rate is");
    line(&lines, "similar names have one: `session:*` 60 of 600");
    line(&lines, "`cart:*:*` 50 %");
    line(&lines, "big keys: `page:\\x1b[2J` (string, ");
    let all = format!("{lines:?}{sample:?}");
    assert!(
        !all.contains(['\u{1b}', '\u{202e}']) && !all.contains(PASSWORD),
        "{all}"
    );
    assert!(lines.iter().all(|line| !line.contains(char::is_control)));
    let patterns: Vec<&str> = sample.groups.iter().map(|group| &*group.pattern).collect();
    for pattern in [
        "evil\\r\\n+OK\\r\\n:*",
        "\\x1b]0;owned\\x07:*",
        "\\xff\\xfe\\x00:*",
        "\\xe2\\x80\\xaegnp:*",
    ] {
        assert!(patterns.contains(&pattern), "{pattern}: {patterns:?}");
    }
}

#[test]
fn evictions_at_a_limit() {
    let redis = Redis::start();
    let mut writer = Writer::connect(&redis);
    writer.say("CONFIG SET maxmemory 4mb");
    writer.say("CONFIG SET maxmemory-policy allkeys-lru");
    let value = vec![b'v'; 10_000];
    for n in 0..1000 {
        writer.ask(&[b"SET", format!("page:{n}").as_bytes(), &value]);
    }
    writer.settle();
    let facts = looked(&redis.url()).expect("a look");
    assert!(facts.counters.evicted > Some(100), "{:?}", facts.counters);
    let lines = finding_lines(&facts);
    line(&lines, "were evicted for lack of memory");
    writer.say("CONFIG SET maxmemory-policy noeviction");
    writer.say("CONFIG SET maxmemory 1mb");
    line(
        &finding_lines(&looked(&redis.url()).expect("a look")),
        "nothing may be evicted (noeviction)",
    );
    writer.say("CONFIG SET maxmemory-policy volatile-lru");
    line(
        &finding_lines(&looked(&redis.url()).expect("a look")),
        "(100 %) have no expiry, and volatile-lru",
    );
}

#[test]
fn many_keys_are_sampled_in_the_fullest_database() {
    let redis = Redis::start();
    let mut writer = Writer::connect(&redis);
    writer.say("SET alone 1");
    writer.say("SELECT 3");
    for n in 0..30_000 {
        let key = format!("user:{n}");
        match n % 4 {
            0 => writer.ask(&[b"SET", key.as_bytes(), b"1"]),
            _ => writer.ask(&[b"SET", key.as_bytes(), b"1", b"EX", b"3600"]),
        }
    }
    writer.settle();
    let facts = looked(&redis.url()).expect("a look");
    assert_eq!(facts.database, 3);
    let sample = facts.sample.as_ref().expect("a sample");
    assert!(!sample.complete);
    assert!(sample.keys <= 10_100, "{}", sample.keys);
    // The time ends it earlier on a busy machine.
    assert!(sample.keys >= 200, "{}", sample.keys);
    let share = sample.lasting as f64 / sample.keys as f64;
    assert!((0.1..0.4).contains(&share), "{share}");
    let first = looked(&format!("{}0", redis.url())).expect("a look");
    assert_eq!(first.sample.expect("a sample").keys, 1);
    let told = complaint(&format!("{}77", redis.url()));
    assert!(told.contains("database 77"), "{told}");
}

#[test]
fn it_asks_for_nothing_but_what_reads() {
    let redis = Redis::start();
    seed(&redis);
    let mut writer = Writer::connect(&redis);
    // No pattern of Redis 7.0 fits a key without a name.
    writer.ask(&[b"DEL", b""]);
    writer.settle();
    writer.say(
        "ACL SETUSER reader on >hunter2 %R~* -@all +info +config|get +slowlog|len +scan +ttl +type +memory|usage",
    );
    let url = redis
        .url()
        .replace(&format!(":{PASSWORD}"), "reader:hunter2");
    let facts = looked(&url).expect("a look");
    assert!(facts.unseen.is_empty(), "{:?}", facts.unseen);
    assert!(facts.sample.expect("a sample").complete);
}

#[test]
fn what_is_forbidden_is_unseen() {
    let redis = Redis::start();
    seed(&redis);
    let mut writer = Writer::connect(&redis);
    // Of so many big keys one is among the first thousand, in whatever order they come.
    for n in 0..10 {
        let key = format!("page:{n}");
        writer.ask(&[b"SET", key.as_bytes(), &vec![b'b'; 3 << 20], b"EX", b"3600"]);
    }
    writer.say("ACL SETUSER some on >hunter2 ~* +@all -config -memory -slowlog");
    writer.say("ACL SETUSER cart on >hunter2 ~cart:* +@all");
    writer.say("ACL SETUSER none on >hunter2 ~* -@all");
    let by = |user: &str| {
        redis
            .url()
            .replace(&format!(":{PASSWORD}"), &format!("{user}:hunter2"))
    };
    let facts = looked(&by("some")).expect("a look");
    for command in ["CONFIG GET", "MEMORY USAGE", "SLOWLOG LEN"] {
        let line = line(&facts.unseen, command);
        assert!(
            line.contains("NOPERM") && line.contains("ACL SETUSER NAME +"),
            "{line}"
        );
    }
    assert_eq!(facts.unseen.len(), 3, "{:?}", facts.unseen);
    assert_eq!(facts.memory.max, Some(0), "INFO tells it as well");
    let lines = finding_lines(&facts);
    let big = line(&lines, "big keys");
    // Keys come in no order, and only the first thousand are measured by their lengths.
    let sample = facts.sample.as_ref().expect("a sample");
    assert!(
        sample.sized >= 1000 && sample.keys > sample.sized,
        "{sample:?}"
    );
    assert!(big.contains("elements)") || big.contains("MiB)"), "{big}");

    let facts = looked(&by("cart")).expect("a look");
    let sample = facts.sample.as_ref().expect("a sample");
    assert_eq!((sample.keys, sample.lasting, sample.sized), (600, 600, 600));
    assert_eq!(facts.unseen.len(), 1, "{:?}", facts.unseen);
    line(
        &facts.unseen,
        "whether 617 of 1217 keys expire: TTL is refused (NOPERM",
    );

    let facts = looked(&by("none")).expect("a look");
    assert_eq!(facts.sample, None);
    for command in ["INFO", "CONFIG GET", "SLOWLOG LEN", "SCAN"] {
        line(&facts.unseen, command);
    }
    assert_eq!(findings(&facts), []);
}

#[test]
fn passwords_that_are_wrong_missing_or_too_many() {
    let redis = Redis::start();
    let told = complaint(&redis.url().replace(PASSWORD, "hunter2"));
    assert!(told.contains("the user or the password is wrong"), "{told}");
    let told = complaint(&redis.url().replace(&format!(":{PASSWORD}@"), ""));
    assert!(told.contains("it requires a password"), "{told}");
    Writer::connect(&redis).ask(&[b"CONFIG", b"SET", b"requirepass", b""]);
    let begun = Instant::now();
    loop {
        let told = looked(&redis.url());
        match told {
            Err(error) => {
                break assert!(error.to_string().contains("it has no password"), "{error}");
            }
            Ok(_) => assert!(begun.elapsed() < BOUND, "the password is still there"),
        }
    }
}

#[test]
fn a_server_that_is_gone() {
    let mut redis = Redis::start();
    redis.stop();
    let told = complaint(&redis.url());
    assert!(told.contains("cannot connect to 127.0.0.1"), "{told}");
}
