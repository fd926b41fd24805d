//! Redis: its own counters, over two commands.

use std::time::{Duration, Instant};

use super::SourceEntry;
use super::collectors::{EvidenceSources, Gathered};
use super::polling::{CollectedReading, Collector, ReadFigures, Rounds, enter, follow};
use crate::connection::{
    RedisAddress, RedisConnection, RedisConnector, RedisError, Reply, shortened,
};
use crate::record::figure;
use crate::requirement::Source;

/// Longer than a look may take.
const ANSWER: Duration = Duration::from_secs(10);

pub(super) const ENTRY: SourceEntry = SourceEntry {
    gather: |watched, rounds| Box::pin(gather(watched, rounds)),
};

async fn gather(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let Some(address) = watched.given.get::<RedisAddress>() else {
        return Gathered::default();
    };
    match RedisLooker::new(address, watched.destination.insecure) {
        Ok(mut looker) => Gathered::of(follow(&mut looker, rounds).await),
        Err(what) => Gathered::unasked(Source::Redis, what),
    }
}

/// Looks at Redis over one kept connection.
struct RedisLooker {
    connector: RedisConnector,
    address: RedisAddress,
    /// Away while a look is under way: what it left half read is of no use to the next.
    connection: Option<RedisConnection>,
}

impl RedisLooker {
    fn new(address: &RedisAddress, insecure: bool) -> Result<RedisLooker, String> {
        let connector = RedisConnector::new(address, insecure);
        Ok(RedisLooker {
            connector: connector.map_err(|error| error.to_string())?,
            address: address.clone(),
            connection: None,
        })
    }
}

impl Collector for RedisLooker {
    const SOURCE: Source = Source::Redis;

    async fn look(&mut self) -> Result<CollectedReading, String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => RedisConnection::open_by(&self.connector, &self.address)
                .await
                .map_err(|error| error.to_string())?,
        };
        let begun = Instant::now();
        ask(&mut connection, "PING").await?;
        let latency = begun.elapsed().as_secs_f64() * 1e3;
        let info = ask(&mut connection, "INFO").await?;
        let mut figures = figures(&info);
        if figures.is_empty() {
            return Err(RedisError::NoCounters.to_string());
        }
        enter(&mut figures, figure::LATENCY, Some(latency));
        self.connection = Some(connection);
        Ok(CollectedReading {
            figures: vec![(Source::Redis, figures)],
            ..CollectedReading::default()
        })
    }
}

/// The figures of an `INFO`.
fn figures(info: &str) -> ReadFigures {
    const NAMES: [(&str, &str); 7] = [
        ("keyspace_hits", figure::CACHE_HITS),
        ("keyspace_misses", figure::CACHE_MISSES),
        ("evicted_keys", figure::EVICTED),
        ("expired_keys", figure::EXPIRED),
        ("used_memory", figure::CACHE_MEMORY),
        ("maxmemory", figure::CACHE_MEMORY_MAX),
        ("connected_clients", figure::CONNECTIONS),
    ];
    let mut figures = ReadFigures::new();
    for (key, value) in info.lines().filter_map(|line| line.trim().split_once(':')) {
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == key) {
            enter(&mut figures, name, value.parse().ok());
        }
    }
    figures
}

/// One command and its text.
async fn ask(connection: &mut RedisConnection, command: &str) -> Result<String, String> {
    let reply = connection.ask(&[command.as_bytes()], ANSWER).await;
    match reply.map_err(|error| error.to_string())? {
        Reply::Text(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Reply::Refused(why) => Err(RedisError::Refused(shortened(&why)).to_string()),
        _ => Err(RedisError::Garbled.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_info_tells() {
        let figures =
            figures("# Stats\r\nkeyspace_hits:12\r\nkeyspace_misses:x\r\nmaxmemory:0\r\nodd\r\n");
        assert_eq!(figures.len(), 2);
        assert!((figures[figure::CACHE_HITS] - 12.0).abs() < 1e-9);
    }
}
