//! What the plans of profiles offer, in words.

use crate::plan::{Arrivals, Bursts, ConstantRate, Journey, PoissonRate, Rate};
use crate::profile::{Overrides, ProfileSource, load};

#[test]
fn journeys_are_begun_where_requests_are_sent() {
    let source = ProfileSource::parse("phase8").unwrap();
    let profile = load(&source, &Overrides::default()).unwrap();
    let rate = Rate::per_second(15.0).unwrap();
    let every = std::time::Duration::from_secs(5);
    let own = profile.plan("api").unwrap().arrivals.clone();
    let models = [
        own,
        Arrivals::Constant(ConstantRate {
            rate,
            connections: 10,
        }),
        Arrivals::Poisson(PoissonRate {
            rate,
            connections: 10,
        }),
        Arrivals::Burst(Bursts {
            count: 1_000,
            every,
        }),
    ];
    let said = models.map(|arrivals| {
        let mut plan = profile.plan("api").unwrap().clone();
        plan.arrivals = arrivals;
        plan.journeys = vec![Journey {
            name: "journey".to_owned(),
            weight: 1,
            endpoint: 0,
            steps: 0..1,
        }];
        plan.offered()
    });
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn users_on_a_websocket_are_said_by_their_messages() {
    let source = ProfileSource::parse("phase8").unwrap();
    let profile = load(&source, &Overrides::default()).unwrap();
    let said = ["api", "websocket", "mixed"].map(|name| {
        let mut plan = profile.plan(name).unwrap().clone();
        if let Some(socket) = &mut plan.socket {
            socket.every_min = std::time::Duration::from_secs(5);
            socket.every_max = std::time::Duration::from_secs(15);
            socket.users = socket.users.min(30 + 70 * u32::from(name == "websocket"));
        }
        plan.offered()
    });
    insta::assert_snapshot!(said.join("\n"));
}
