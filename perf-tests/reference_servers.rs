//! The embedded `AgentOS` on a real PostgreSQL and a real Redis.

#[path = "support/servers.rs"]
mod servers;

use servers::{Postgres, Redis};

#[test]
fn servers_of_a_test_start_stop_and_start_again() {
    let mut postgres = Postgres::start();
    let mut redis = Redis::start();
    postgres.stop();
    redis.stop();
    postgres.start_again();
    redis.start_again();
}
