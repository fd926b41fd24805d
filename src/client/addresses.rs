//! The addresses of a name that a load is spread over.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

/// How often a name is looked up again.
const LOOK_UP_EVERY: Duration = Duration::from_secs(30);
/// A name is looked up again after a connection error, but not for each of a thousand users.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(1);

/// All addresses of one name. Clones of the connector share it, on all threads.
#[derive(Debug)]
pub(super) struct Addresses {
    table: RwLock<AddressTable>,
    /// How many addresses connections go to.
    width: AtomicU32,
    trouble: SyncSender<()>,
}

#[derive(Debug)]
struct AddressTable {
    /// Every address that was ever resolved, in the order of their discovery; none is removed.
    all: Vec<AddressEntry>,
    /// Those that connections go to, as places in `all`. Never empty.
    current: Vec<u16>,
    /// Addresses of a family of which none takes connections, such as those of IPv6 on a machine without it.
    ignored: Vec<AddressFound>,
}

#[derive(Debug)]
struct AddressEntry {
    address: SocketAddr,
    round_trip: Arc<RoundTrip>,
    left_out: Option<String>,
}

/// One address of a name, as it came out of the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFound {
    /// The address.
    pub address: SocketAddr,
    /// Why it gets no load, if it does not.
    pub left_out: Option<String>,
}

/// Where one connection goes.
#[derive(Debug, Clone)]
pub(super) struct AddressSlot {
    pub(super) address: SocketAddr,
    /// The address's index among all of the name; `None` while there is only one.
    pub(super) index: Option<u16>,
    pub(super) round_trip: Arc<RoundTrip>,
}

/// The shortest time that a TCP connection took, in nanoseconds.
#[derive(Debug)]
pub(super) struct RoundTrip(AtomicU64);

impl Default for RoundTrip {
    fn default() -> RoundTrip {
        RoundTrip(AtomicU64::new(u64::MAX))
    }
}

impl RoundTrip {
    /// The round trip of a connection that was made in this time. A packet that was lost, or a busy generator,
    /// does not make it longer than twice the shortest.
    pub(super) fn of(&self, took: Duration) -> Duration {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let shortest = self.0.fetch_min(nanos, Ordering::Relaxed).min(nanos);
        took.min(Duration::from_nanos(shortest.saturating_mul(2)))
    }
}

/// Which of the addresses of a name each connection of one user goes to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Turns {
    next: u32,
    step: u32,
}

impl Turns {
    /// One address after the other, beginning with the one at `first`.
    pub fn beginning_with(first: u64) -> Turns {
        Turns {
            next: first as u32,
            step: 1,
        }
    }

    /// Always the same one.
    pub fn always(at: u32) -> Turns {
        Turns { next: at, step: 0 }
    }

    pub(super) fn take(&mut self) -> u32 {
        let turn = self.next;
        self.next = turn.wrapping_add(self.step);
        turn
    }
}

impl Addresses {
    /// Spreads connections over these addresses of a name, of which some are left out for a reason. All are used
    /// when all would be left out.
    ///
    /// The name is looked up again for as long as the result lives.
    pub(super) fn of(host: &str, port: u16, found: Vec<AddressFound>) -> Arc<Addresses> {
        let (trouble, wake) = sync_channel(1);
        let addresses = Arc::new(Addresses::fixed(found, trouble));
        let theirs = Arc::downgrade(&addresses);
        let host = host.to_owned();
        // A thread of its own: the system's resolver blocks, and no request is to wait for it.
        let spawned = thread::Builder::new().name("resolver".to_owned());
        drop(spawned.spawn(move || keep_up(&host, port, &theirs, &wake)));
        addresses
    }

    fn fixed(found: Vec<AddressFound>, trouble: SyncSender<()>) -> Addresses {
        let is_none_used = found.iter().all(|one| one.left_out.is_some());
        let entry = |one: AddressFound| AddressEntry {
            address: one.address,
            round_trip: Arc::default(),
            left_out: one.left_out.filter(|_| !is_none_used),
        };
        let works = |v4| {
            let mut family = found.iter().filter(|one| one.address.is_ipv4() == v4);
            is_none_used || family.any(|one| one.left_out.is_none())
        };
        let (v4, v6) = (works(true), works(false));
        let is_ignored = |one: &AddressFound| !(if one.address.is_ipv4() { v4 } else { v6 });
        let (ignored, found): (Vec<_>, Vec<_>) = found.into_iter().partition(is_ignored);
        let all: Vec<AddressEntry> = found.into_iter().map(entry).collect();
        let current: Vec<u16> = (0..all.len() as u16)
            .filter(|index| all[usize::from(*index)].left_out.is_none())
            .collect();
        Addresses {
            width: AtomicU32::new(current.len() as u32),
            table: RwLock::new(AddressTable {
                all,
                current,
                ignored,
            }),
            trouble,
        }
    }

    /// How many addresses connections go to.
    pub(super) fn width(&self) -> u32 {
        self.width.load(Ordering::Relaxed)
    }

    /// Where the connection with this turn goes.
    pub(super) fn place(&self, turn: u32) -> AddressSlot {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let index = table.current[turn as usize % table.current.len()];
        let entry = &table.all[usize::from(index)];
        AddressSlot {
            address: entry.address,
            index: (table.all.len() > 1).then_some(index),
            round_trip: Arc::clone(&entry.round_trip),
        }
    }

    /// Those that the name has as well, and that get no load because nothing of their family takes connections.
    pub(super) fn ignored(&self) -> Vec<AddressFound> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.ignored.clone()
    }

    /// Every address so far, by index.
    pub(super) fn all(&self) -> Vec<AddressFound> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let found = |entry: &AddressEntry| AddressFound {
            address: entry.address,
            left_out: entry.left_out.clone(),
        };
        table.all.iter().map(found).collect()
    }

    /// Has the name looked up again soon: a connection could not be made.
    pub(super) fn look_up_soon(&self) {
        // One wish in the queue is enough.
        let _ = self.trouble.try_send(());
    }

    /// Takes over what the name resolves to now. Kept connections stay where they are.
    fn update(&self, found: &[SocketAddr]) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let mut current: Vec<u16> = Vec::new();
        for address in found {
            if table.ignored.iter().any(|one| one.address == *address) {
                continue;
            }
            let known = table.all.iter().position(|entry| entry.address == *address);
            let index = known.unwrap_or(table.all.len());
            if known.is_none() {
                table.all.push(AddressEntry {
                    address: *address,
                    round_trip: Arc::default(),
                    left_out: None,
                });
            }
            let index = index as u16;
            if table.all[usize::from(index)].left_out.is_none() && !current.contains(&index) {
                current.push(index);
            }
        }
        if !current.is_empty() {
            self.width.store(current.len() as u32, Ordering::Relaxed);
            table.current = current;
        }
    }
}

/// Looks a name up again and again, until nothing connects to it any more.
fn keep_up(host: &str, port: u16, addresses: &Weak<Addresses>, wake: &Receiver<()>) {
    while !matches!(
        wake.recv_timeout(LOOK_UP_EVERY),
        Err(RecvTimeoutError::Disconnected)
    ) {
        let found: Vec<SocketAddr> = (host, port)
            .to_socket_addrs()
            .map(Iterator::collect)
            .unwrap_or_default();
        let Some(addresses) = addresses.upgrade() else {
            return;
        };
        addresses.update(&found);
        drop(addresses);
        thread::sleep(LOOK_UP_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, last], 80))
    }

    fn of(found: &[(u8, Option<&str>)]) -> Addresses {
        let found = found.iter().map(|(last, left_out)| AddressFound {
            address: address(*last),
            left_out: left_out.map(str::to_owned),
        });
        Addresses::fixed(found.collect(), sync_channel(1).0)
    }

    /// Where the first connections go, and as which address they are counted.
    fn places(addresses: &Addresses, mut turns: Turns) -> Vec<(u8, Option<u16>)> {
        let place = |turn| addresses.place(turn);
        let last = |place: AddressSlot| match place.address {
            SocketAddr::V4(address) => (address.ip().octets()[3], place.index),
            SocketAddr::V6(_) => unreachable!(),
        };
        (0..4).map(|_| last(place(turns.take()))).collect()
    }

    #[test]
    fn connections_take_turns_and_those_with_a_fixed_place_do_not() {
        let three = of(&[(1, None), (2, None), (3, None)]);
        let turns = places(&three, Turns::beginning_with(2));
        assert_eq!(
            turns,
            [(3, Some(2)), (1, Some(0)), (2, Some(1)), (3, Some(2))]
        );
        assert_eq!(places(&three, Turns::always(4)), [(2, Some(1)); 4]);
        assert_eq!(three.width(), 3);
    }

    #[test]
    fn what_is_left_out_gets_nothing_unless_all_would_be() {
        let one = of(&[(1, Some("refused")), (2, None)]);
        assert_eq!(places(&one, Turns::beginning_with(0)), [(2, Some(1)); 4]);
        let all = of(&[(1, Some("refused")), (2, Some("refused"))]);
        assert_eq!(all.width(), 2);
        assert!(all.all().iter().all(|one| one.left_out.is_none()));
    }

    #[test]
    fn a_family_that_does_not_work_is_no_address_beside_one_that_does() {
        let v6 = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 80));
        let refused = AddressFound {
            address: v6,
            left_out: Some("refused".to_owned()),
        };
        let good = AddressFound {
            address: address(1),
            left_out: None,
        };
        let found = vec![refused.clone(), good.clone()];
        let addresses = Addresses::fixed(found, sync_channel(1).0);
        assert_eq!(places(&addresses, Turns::beginning_with(0)), [(1, None); 4]);
        addresses.update(&[v6, address(1)]);
        assert_eq!(
            (addresses.all(), addresses.ignored()),
            (vec![good], vec![refused])
        );
    }

    #[test]
    fn a_new_look_brings_new_addresses_and_takes_old_ones() {
        let addresses = of(&[(1, None), (2, Some("refused"))]);
        addresses.update(&[address(2), address(3), address(4), address(4)]);
        let turns = places(&addresses, Turns::beginning_with(0));
        assert_eq!(
            turns,
            [(3, Some(2)), (4, Some(3)), (3, Some(2)), (4, Some(3))]
        );
        // Nothing to go to is not a reason to go nowhere.
        addresses.update(&[]);
        addresses.update(&[address(2)]);
        assert_eq!(places(&addresses, Turns::beginning_with(0)), turns);
        // An address that comes back keeps its index.
        addresses.update(&[address(1)]);
        assert_eq!(
            places(&addresses, Turns::beginning_with(0)),
            [(1, Some(0)); 4]
        );
        assert_eq!(addresses.all().len(), 4);
    }

    #[test]
    fn a_slow_connect_is_no_longer_a_round_trip_than_twice_the_shortest() {
        let (round_trip, ms) = (RoundTrip::default(), Duration::from_millis);
        assert_eq!(round_trip.of(ms(20)), ms(20));
        assert_eq!(round_trip.of(ms(1_000)), ms(40));
        assert_eq!(round_trip.of(ms(5)), ms(5));
        assert_eq!(round_trip.of(ms(20)), ms(10));
    }
}
