use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::*;

const MS: u64 = 1_000_000;

/// Runs something beside the keeper of a fresh agenda, on virtual time.
fn beside<F: Future>(work: impl FnOnce(Rc<TimerQueue>) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let set = LocalSet::new();
    runtime.block_on(set.run_until(async {
        let agenda = TimerQueue::new(Instant::now());
        let keeper = Rc::clone(&agenda);
        tokio::task::spawn_local(async move { keeper.keep(OsTimer::coarse()).await });
        work(agenda).await
    }))
}

#[test]
fn sleepers_wake_in_the_order_of_their_times() {
    let woken = beside(|agenda| async move {
        let woken = Rc::new(RefCell::new(Vec::new()));
        let sleepers: Vec<_> = [70, 10, 30, 50, 30, 0]
            .into_iter()
            .map(|ms| {
                let (agenda, woken) = (Rc::clone(&agenda), Rc::clone(&woken));
                tokio::task::spawn_local(async move {
                    agenda.timer().sleep_until(ms * MS).await;
                    let late = agenda.now() - ms * MS;
                    woken.borrow_mut().push((ms, late <= 2 * MS));
                })
            })
            .collect();
        for sleeper in sleepers {
            sleeper.await.unwrap();
        }
        woken.take()
    });
    let all = [0, 10, 30, 30, 50, 70].map(|ms| (ms, true));
    assert_eq!(woken, all);
}

#[test]
fn a_timer_set_again_and_again_stays_one_time() {
    let (left, took) = beside(|agenda| async move {
        let timer = agenda.timer();
        for _ in 0..1000 {
            timer.set(agenda.now() + 10_000 * MS);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let left = agenda.kept();
        timer.sleep_until(agenda.now() + 3 * MS).await;
        (left, agenda.now())
    });
    assert_eq!(left, 1);
    assert!((1_003 * MS..2_100 * MS).contains(&took), "{took}");
}

#[test]
fn a_timer_let_go_wakes_nobody_and_its_place_is_used_again() {
    beside(|agenda| async move {
        let first = agenda.timer();
        first.set(5 * MS);
        drop(first);
        let second = agenda.timer();
        second.set(50 * MS);
        second.sleep_until(50 * MS).await;
        assert!(agenda.now() >= 50 * MS);
        assert_eq!(agenda.kept(), 0);
    });
}

#[test]
fn what_is_ready_in_time_is_taken_and_what_is_not_given_up() {
    beside(|agenda| async move {
        let mut deadlines = [Deadline::Paced(agenda.timer()), Deadline::tokio()];
        for deadline in &mut deadlines {
            let at = Instant::now() + Duration::from_millis(20);
            let quick = tokio::time::sleep(Duration::from_millis(10));
            assert!(deadline.within(at, quick).await.is_some());
            let at = Instant::now() + Duration::from_millis(20);
            let slow = tokio::time::sleep(Duration::from_millis(30));
            assert!(deadline.within(at, slow).await.is_none());
            assert!(Instant::now() >= at);
        }
    });
}

#[test]
fn a_thread_held_up_knows_for_how_long() {
    beside(|agenda| async move {
        let timer = agenda.timer();
        timer.sleep_until(20 * MS).await;
        // Time continues, and nothing is polled meanwhile.
        tokio::time::advance(Duration::from_secs(1)).await;
        let now = agenda.now();
        let held = agenda.stalled_for(0, now);
        assert!((990 * MS..=1_000 * MS).contains(&held), "{held}");
        timer.sleep_until(now + 100 * MS).await;
        assert_eq!(agenda.stalled_for(0, now), held);
        assert_eq!(agenda.stalled_for(now, agenda.now()), 0);
        assert_eq!(agenda.stalled_for(0, 15 * MS), 0);
        let half = now - 500 * MS;
        assert_eq!(agenda.stalled_for(half, agenda.now()), 500 * MS);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_is_forgotten(
        steps in prop::collection::vec((0..6usize, 0..200u64, any::<bool>()), 1..60),
    ) {
        beside(|agenda| async move {
            let timers: Vec<_> = (0..6).map(|_| agenda.timer()).collect();
            let mut wanted = [None; 6];
            for (which, ms, clear) in steps {
                let at = agenda.now() + ms * MS;
                if clear {
                    timers[which].clear();
                    wanted[which] = None;
                } else {
                    timers[which].set(at);
                    wanted[which] = Some(at);
                }
                tokio::time::sleep(Duration::from_millis(ms / 7)).await;
            }
            for (timer, wanted) in timers.iter().zip(wanted) {
                if let Some(at) = wanted {
                    std::future::poll_fn(|cx| timer.poll_rung(cx)).await;
                    assert!(agenda.now() >= at);
                }
            }
        });
    }
}
