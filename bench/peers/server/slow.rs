//! HTTP/1.1 that answers after a while, and once stalls altogether.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::Service;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";

pub struct Slow {
    delay: Duration,
    stall_at: Duration,
    stall_end: Duration,
    /// When the first request came: the stall counts from there.
    begun: OnceLock<Instant>,
    /// How long each request was here.
    waits: Mutex<Vec<u64>>,
    /// When the connections with more than one request were first asked, in seconds.
    begins: Mutex<Vec<f64>>,
}

impl Slow {
    pub fn new(delay: u64, stall_at: u64, stall_for: u64) -> Slow {
        Slow {
            delay: Duration::from_millis(delay),
            stall_at: Duration::from_millis(stall_at),
            stall_end: Duration::from_millis(stall_at + stall_for),
            begun: OnceLock::new(),
            waits: Mutex::new(Vec::new()),
            begins: Mutex::new(Vec::new()),
        }
    }

    /// When the answer to what came at `came` is due, as of a process that sleeps during the stall: what
    /// comes then is only read at its end, and what was to be answered then is answered at its end.
    fn answer_at(&self, came: Duration) -> Duration {
        let read = if self.stalled(came) {
            self.stall_end
        } else {
            came
        };
        let ready = read + self.delay;
        if self.stalled(ready) {
            self.stall_end
        } else {
            ready
        }
    }

    fn stalled(&self, moment: Duration) -> bool {
        (self.stall_at..self.stall_end).contains(&moment)
    }
}

impl Service for Slow {
    fn attend(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut head = Vec::with_capacity(1024);
        let mut chunk = [0; 4096];
        let (mut asked, mut first) = (0_u64, Duration::ZERO);
        loop {
            let end = loop {
                if let Some(place) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                    break place + 4;
                }
                match stream.read(&mut chunk)? {
                    0 => return Ok(()),
                    count => head.extend_from_slice(&chunk[..count]),
                }
            };
            let came = Instant::now();
            let begun = *self.begun.get_or_init(|| came);
            let came_after = came.duration_since(begun);
            asked += 1;
            match asked {
                1 => first = came_after,
                2 => self
                    .begins
                    .lock()
                    .expect("no thread panics with it")
                    .push(first.as_secs_f64()),
                _ => {}
            }
            let closes = head[..end].to_ascii_lowercase();
            let closes = closes
                .windows(17)
                .any(|bytes| bytes == b"connection: close");
            head.drain(..end);
            let answer = begun + self.answer_at(came_after);
            thread::sleep(answer.saturating_duration_since(Instant::now()));
            stream.write_all(ANSWER)?;
            let waited = came.elapsed().as_nanos() as u64;
            self.waits
                .lock()
                .expect("no thread panics with it")
                .push(waited);
            if closes {
                return Ok(());
            }
        }
    }

    fn tell(&self) -> String {
        let mut waits = self.waits.lock().expect("no thread panics with it").clone();
        waits.sort_unstable();
        let at = |share: f64| {
            let rank = (share * waits.len() as f64).ceil().max(1.0) as usize;
            waits.get(rank - 1).map_or(0.0, |nanos| *nanos as f64 / 1e6)
        };
        let begins = self.begins.lock().expect("no thread panics with it");
        format!(
            "{{\"requests\":{},\"p50\":{},\"p95\":{},\"p99\":{},\"max\":{},\"begins\":{begins:?}}}",
            waits.len(),
            at(0.5),
            at(0.95),
            at(0.99),
            at(1.0)
        )
    }
}
