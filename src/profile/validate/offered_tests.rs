//! What the plans of profiles offer, in words.

use crate::profile::{Overrides, ProfileSource, load};

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
