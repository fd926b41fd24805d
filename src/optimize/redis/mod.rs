//! What a Redis could do better: looked at with commands that only read, and told; nothing is changed there.
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

pub use crate::monitor::RedisError;
pub use facts::{
    BigKey, Clients, Counters, Database, Group, Memory, Persistence, RedisFacts, Sample,
};
pub use read::read;
pub use rules::findings;
