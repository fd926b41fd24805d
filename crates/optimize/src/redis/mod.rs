//! What could be improved in a Redis server: read with commands that change nothing.
//!
//! `read` asks the server, `walk` some of its keys and `sizes` how big these are; `info`, `sample` and `text` make `facts` of what they say, and
//! `rules` make findings of these.

mod facts;
mod info;
mod read;
mod rules;
mod sample;
mod sizes;
mod text;
mod walk;

pub use crate::connection::RedisError;
pub use facts::{
    BigKey, KeyGroup, KeySample, Persistence, RedisClients, RedisCounters, RedisDatabase,
    RedisFacts, RedisMemory,
};
pub use read::read;
pub use rules::findings;
