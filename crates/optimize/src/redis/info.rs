//! From what `INFO` and `CONFIG GET` say to facts.

use std::collections::HashMap;
use std::str::FromStr;

use super::facts::{
    Persistence, RedisClients, RedisCounters, RedisDatabase, RedisFacts, RedisMemory,
};
use super::text::shown;

/// More than a server has databases with keys, as a rule.
const MOST_DATABASES: usize = 1024;

/// The lines of an `INFO`.
struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied().filter(|value| !value.is_empty())
    }

    fn number<T: FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    fn seconds(&self, key: &str) -> Option<f64> {
        let seconds: Option<f64> = self.number(key);
        seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
    }

    fn is(&self, key: &str, expected: &str) -> Option<bool> {
        self.text(key).map(|value| value == expected)
    }
}

/// The figures of an `INFO`; `None` when it is none.
pub(super) fn facts(info: &str) -> Option<RedisFacts> {
    let lines = info.lines().filter_map(|line| line.trim().split_once(':'));
    let info = Info(lines.clone().collect());
    info.text("used_memory").or(info.text("keyspace_hits"))?;
    Some(RedisFacts {
        version: version(&info),
        uptime_s: info.seconds("uptime_in_seconds"),
        memory: memory(&info),
        counters: RedisCounters {
            hits: info.number("keyspace_hits"),
            misses: info.number("keyspace_misses"),
            evicted: info.number("evicted_keys"),
            expired: info.number("expired_keys"),
            rejected: info.number("rejected_connections"),
        },
        clients: RedisClients {
            connected: info.number("connected_clients"),
            blocked: info.number("blocked_clients"),
            most: info.number("maxclients"),
        },
        persistence: persistence(&info),
        databases: lines
            .filter_map(|(key, value)| database(key, value))
            .take(MOST_DATABASES)
            .collect(),
        ..RedisFacts::default()
    })
}

fn version(info: &Info<'_>) -> Option<String> {
    // Servers that stand in for Redis name a version of it that clients know, and their own beside it.
    let others = [
        ("Valkey", "valkey_version"),
        ("Dragonfly", "dragonfly_version"),
    ];
    let other = others
        .iter()
        .find_map(|(name, key)| Some((*name, info.text(key)?)));
    let (name, version) = other.or(info.text("redis_version").map(|it| ("Redis", it)))?;
    Some(format!("{name} {}", shown(version.as_bytes())))
}

fn memory(info: &Info<'_>) -> RedisMemory {
    let used: Option<u64> = info.number("used_memory");
    let rss: Option<u64> = info.number("used_memory_rss");
    let ratio = |used: u64, rss: u64| (used > 0).then(|| rss as f64 / used as f64);
    RedisMemory {
        used,
        peak: info.number("used_memory_peak"),
        max: info.number("maxmemory"),
        rss,
        machine: info.number("total_system_memory").filter(|it| *it > 0),
        fragmentation: used.zip(rss).and_then(|(used, rss)| ratio(used, rss)),
        policy: info
            .text("maxmemory_policy")
            .map(|policy| shown(policy.as_bytes())),
        defragments: None,
    }
}

fn persistence(info: &Info<'_>) -> Persistence {
    let now: Option<f64> = info.seconds("server_time_usec").map(|us| us / 1e6);
    let saved = info.seconds("rdb_last_save_time");
    Persistence {
        snapshot_ok: info.is("rdb_last_bgsave_status", "ok"),
        snapshot_age_s: now
            .zip(saved)
            .map(|(now, saved)| now - saved)
            .filter(|age| *age >= 0.0),
        changes: info.number("rdb_changes_since_last_save"),
        snapshots: None,
        log: info.is("aof_enabled", "1"),
        log_ok: info.is("aof_last_write_status", "ok"),
        log_rewrite_ok: info.is("aof_last_bgrewrite_status", "ok"),
        fork_ms: info.seconds("latest_fork_usec").map(|us| us / 1e3),
    }
}

/// Reads `db0:keys=12,expires=3,avg_ttl=0`.
fn database(key: &str, value: &str) -> Option<RedisDatabase> {
    let field = |name: &str| {
        let mut fields = value.split(',').filter_map(|field| field.split_once('='));
        fields.find(|(key, _)| *key == name)?.1.parse::<u64>().ok()
    };
    let keys = field("keys")?;
    Some(RedisDatabase {
        number: key.strip_prefix("db")?.parse().ok()?,
        keys,
        expiring: field("expires")?.min(keys),
    })
}

/// The settings that are asked for.
pub(super) const SETTINGS: [&str; 5] = [
    "maxmemory",
    "maxmemory-policy",
    "maxclients",
    "activedefrag",
    "save",
];

/// Enters a setting; what `INFO` has told stays.
pub(super) fn enter(facts: &mut RedisFacts, name: &str, value: &str) {
    let memory = &mut facts.memory;
    match name {
        "maxmemory" => memory.max = memory.max.or(value.parse().ok()),
        "maxmemory-policy" => {
            let told = Some(shown(value.as_bytes())).filter(|policy| !policy.is_empty());
            memory.policy = memory.policy.take().or(told);
        }
        "maxclients" => facts.clients.most = facts.clients.most.or(value.parse().ok()),
        "activedefrag" => memory.defragments = Some(value == "yes"),
        "save" => facts.persistence.snapshots = Some(!value.trim().is_empty()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:86400\r\n\
        server_time_usec:1700000100000000\r\n\r\n# RedisClients\r\nconnected_clients:12\r\nmaxclients:10000\r\n\
        blocked_clients:1\r\n# RedisMemory\r\nused_memory:1000000\r\nused_memory_rss:1500000\r\n\
        used_memory_peak:2000000\r\ntotal_system_memory:8000000000\r\nmaxmemory:4000000\r\n\
        maxmemory_policy:allkeys-lru\r\nmem_fragmentation_ratio:1.51\r\n# Persistence\r\n\
        rdb_changes_since_last_save:7\r\nrdb_last_save_time:1700000000\r\nrdb_last_bgsave_status:err\r\n\
        aof_enabled:1\r\naof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\n# Stats\r\n\
        rejected_connections:3\r\nexpired_keys:20\r\nevicted_keys:30\r\nkeyspace_hits:700\r\n\
        keyspace_misses:300\r\nlatest_fork_usec:2500\r\n# Keyspace\r\ndb0:keys=100,expires=40,avg_ttl=5\r\n\
        db12:keys=1,expires=0,avg_ttl=0,subexpiry=0\r\n";

    #[test]
    fn all_of_an_info() {
        let facts = facts(INFO).expect("an INFO");
        assert_eq!(facts.version.as_deref(), Some("Redis 7.0.15"));
        assert_eq!(facts.uptime_s, Some(86400.0));
        let memory = RedisMemory {
            used: Some(1_000_000),
            peak: Some(2_000_000),
            max: Some(4_000_000),
            rss: Some(1_500_000),
            machine: Some(8_000_000_000),
            fragmentation: Some(1.5),
            policy: Some("allkeys-lru".to_owned()),
            defragments: None,
        };
        assert_eq!(facts.memory, memory);
        let counters = RedisCounters {
            hits: Some(700),
            misses: Some(300),
            evicted: Some(30),
            expired: Some(20),
            rejected: Some(3),
        };
        assert_eq!(facts.counters, counters);
        let clients = RedisClients {
            connected: Some(12),
            blocked: Some(1),
            most: Some(10_000),
        };
        assert_eq!(facts.clients, clients);
        let persistence = Persistence {
            snapshot_ok: Some(false),
            snapshot_age_s: Some(100.0),
            changes: Some(7),
            snapshots: None,
            log: Some(true),
            log_ok: Some(true),
            log_rewrite_ok: Some(true),
            fork_ms: Some(2.5),
        };
        assert_eq!(facts.persistence, persistence);
        let databases = [(0, 100, 40), (12, 1, 0)].map(|(number, keys, expiring)| RedisDatabase {
            number,
            keys,
            expiring,
        });
        assert_eq!(facts.databases, databases);
    }

    #[test]
    fn what_is_missing_or_odd_is_not_known() {
        for none in ["", "OK", "# Server\r\n", "redis_version:7\r\n", "<html>:"] {
            assert_eq!(facts(none), None, "{none}");
        }
        let odd = "used_memory:0\r\nused_memory_rss:5\r\nmaxmemory:-1\r\nkeyspace_hits:many\r\n\
            uptime_in_seconds:NaN\r\nmaxmemory_policy:\r\nrdb_last_save_time:5\r\nserver_time_usec:1000000\r\n\
            total_system_memory:0\r\ndb0:keys=x,expires=1\r\ndbx:keys=1,expires=1\r\n\
            db1:keys=1,expires=9\r\nevicted_keys:99999999999999999999999\r\n";
        let facts = facts(odd).expect("an INFO of sorts");
        assert_eq!(facts.memory.max, None);
        assert_eq!(facts.memory.fragmentation, None);
        assert_eq!(facts.memory.policy, None);
        assert_eq!(facts.memory.machine, None);
        assert_eq!(facts.counters, RedisCounters::default());
        assert_eq!(facts.uptime_s, None);
        assert_eq!(facts.persistence.snapshot_age_s, None);
        let only = RedisDatabase {
            number: 1,
            keys: 1,
            expiring: 1,
        };
        assert_eq!(facts.databases, [only]);
    }

    #[test]
    fn servers_by_their_own_names() {
        let table = [
            ("redis_version:7.2.4", Some("Redis 7.2.4")),
            (
                "redis_version:7.2.4\r\nvalkey_version:8.0.1",
                Some("Valkey 8.0.1"),
            ),
            ("redis_version:\x1b[2J", Some("Redis \\x1b[2J")),
            ("other:1", None),
        ];
        for (line, expected) in table {
            let facts = facts(&format!("used_memory:1\r\n{line}\r\n")).expect("an INFO");
            assert_eq!(facts.version.as_deref(), expected, "{line:?}");
        }
    }

    #[test]
    fn settings_fill_what_info_leaves_open() {
        let mut facts = facts("used_memory:1\r\n").expect("an INFO");
        let told = [
            ("maxmemory", "100"),
            ("maxmemory-policy", "noeviction"),
            ("maxclients", "10"),
            ("activedefrag", "no"),
            ("save", "3600 1"),
            ("other", "x"),
        ];
        for (name, value) in told {
            enter(&mut facts, name, value);
        }
        enter(&mut facts, "maxmemory", "7");
        enter(&mut facts, "maxmemory-policy", "x");
        assert_eq!(facts.memory.max, Some(100));
        assert_eq!(facts.memory.policy.as_deref(), Some("noeviction"));
        assert_eq!(facts.clients.most, Some(10));
        assert_eq!(facts.memory.defragments, Some(false));
        assert_eq!(facts.persistence.snapshots, Some(true));
        enter(&mut facts, "save", "");
        assert_eq!(facts.persistence.snapshots, Some(false));
    }
}
