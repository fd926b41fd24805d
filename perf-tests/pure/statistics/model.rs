//! Virtual targets: requests whose true distribution is known.

use std::f64::consts::TAU;

/// `SplitMix64` (Steele, Lea and Flood 2014): small, seeded, the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }
}

/// How the requests of a run hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Model {
    /// Each on its own.
    Independent,
    /// AR(1) logarithms of latency; the correlation falls to 1/e in so many seconds.
    Autoregressive(f64),
    /// The target stalls for an exponential time of this mean, and every request due then is slow.
    /// This share of all slow requests comes from stalls, the rest is independent.
    Stalls(f64, f64),
}

impl Model {
    /// Seconds of a disturbance, over the share of all slow requests that disturbances make.
    pub(crate) fn disturbance(self) -> f64 {
        match self {
            Self::Independent => 0.0,
            Self::Autoregressive(length) => length,
            Self::Stalls(mean, share) => mean / share,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Independent => "independent".to_owned(),
            Self::Autoregressive(length) => format!("AR(1), {length} s"),
            Self::Stalls(mean, share) => {
                format!("stalls of {mean} s make {:.0} % of it", 100.0 * share)
            }
        }
    }
}

/// For each request of a run, how slow it is as a uniform number: a latency limit that a share `p` of
/// all requests exceeds is exceeded by those below `p`.
pub(crate) fn slowness(
    model: Model,
    rate: f64,
    seconds: f64,
    p: f64,
    random: &mut Random,
) -> Vec<f64> {
    let requests = (rate * seconds) as usize;
    match model {
        Model::Independent => (0..requests).map(|_| random.uniform()).collect(),
        Model::Autoregressive(length) => {
            let phi = (-1.0 / (rate * length)).exp();
            let noise = (1.0 - phi * phi).sqrt();
            let mut state = random.normal();
            (0..requests)
                .map(|_| {
                    state = phi * state + noise * random.normal();
                    upper_tail(state)
                })
                .collect()
        }
        Model::Stalls(mean, share) => stalls(requests, rate, mean, share, p, random),
    }
}

fn stalls(n: usize, rate: f64, mean: f64, share: f64, p: f64, random: &mut Random) -> Vec<f64> {
    let stalled = share * p;
    let background = (p - stalled) / (1.0 - stalled);
    let up = mean * (1.0 - stalled) / stalled;
    let mut down = random.uniform() < stalled;
    let mut change = random.exponential(if down { mean } else { up });
    (0..n)
        .map(|request| {
            let due = request as f64 / rate;
            while change <= due {
                down = !down;
                change += random.exponential(if down { mean } else { up });
            }
            let u = random.uniform();
            if down || u < background {
                u * p
            } else {
                p + (1.0 - p) * (u - background) / (1.0 - background)
            }
        })
        .collect()
}

pub(crate) fn upper_tail(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(z / std::f64::consts::SQRT_2)
}

/// The same requests second by second, for runs that may end at any of them.
pub(crate) struct Seconds<'a> {
    model: Model,
    rate: f64,
    /// Share of slow requests.
    p: f64,
    /// What this share of a normal variable exceeds.
    border: f64,
    random: &'a mut Random,
    /// Of the autoregressive kind: the last request's normal variable.
    state: f64,
    /// Of the stalling kind: whether it does, and until when.
    down: bool,
    change: f64,
    request: u32,
}

impl Seconds<'_> {
    pub(crate) fn new(model: Model, rate: f64, p: f64, random: &mut Random) -> Seconds<'_> {
        let mut seconds = Seconds {
            model,
            rate,
            p,
            border: normal_quantile(p),
            random,
            state: 0.0,
            down: false,
            change: f64::INFINITY,
            request: 0,
        };
        match model {
            Model::Independent => {}
            Model::Autoregressive(_) => seconds.state = seconds.random.normal(),
            Model::Stalls(_, share) => {
                seconds.down = seconds.random.uniform() < share * p;
                seconds.change = seconds.lasts();
            }
        }
        seconds
    }

    /// Slow requests of the next second.
    pub(crate) fn hits(&mut self) -> f64 {
        if let Model::Autoregressive(_) = self.model {
            let border = self.border;
            return self.normals().filter(|z| *z > border).count() as f64;
        }
        let slow = (0..self.rate as u32).filter(|_| self.is_slow()).count();
        slow as f64
    }

    /// The logarithms of the latencies of the next second, as normal variables; without stalls.
    pub(crate) fn normals(&mut self) -> impl Iterator<Item = f64> {
        let phi = match self.model {
            Model::Autoregressive(length) => (-1.0 / (self.rate * length)).exp(),
            _ => 0.0,
        };
        let noise = (1.0 - phi * phi).sqrt();
        (0..self.rate as u32).map(move |_| {
            self.state = phi * self.state + noise * self.random.normal();
            self.state
        })
    }

    fn is_slow(&mut self) -> bool {
        let background = match self.model {
            Model::Stalls(_, share) => (self.p - share * self.p) / (1.0 - share * self.p),
            _ => self.p,
        };
        while self.change <= f64::from(self.request) / self.rate {
            self.down = !self.down;
            self.change += self.lasts();
        }
        self.request += 1;
        self.down || self.random.uniform() < background
    }

    /// How long the target stays as it is now.
    fn lasts(&mut self) -> f64 {
        let Model::Stalls(mean, share) = self.model else {
            return f64::INFINITY;
        };
        let stalled = share * self.p;
        self.random.exponential(if self.down {
            mean
        } else {
            mean * (1.0 - stalled) / stalled
        })
    }
}

/// What a share `p` of a normal variable exceeds.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if upper_tail(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
