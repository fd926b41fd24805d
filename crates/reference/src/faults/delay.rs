use std::time::Duration;

use rand::{Rng, RngExt as _};
use rand_distr::StandardNormal;

use super::FaultShare;

/// A tail may be long, but a test must end.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How much later an answer comes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Delay {
    /// Always the same.
    Fixed(Duration),
    /// Anything between two bounds, equally likely.
    Uniform {
        /// The shortest.
        low: Duration,
        /// The longest.
        high: Duration,
    },
    /// Mostly short, with a tail.
    Exponential {
        /// On average.
        mean: Duration,
    },
    /// The shape of most services: a hump with a long tail.
    LogNormal {
        /// Half of them are shorter.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// Two speeds, such as cache hits and misses.
    Bimodal {
        /// The common one.
        usual: Duration,
        /// The other one.
        rare: Duration,
        /// How many take the other one.
        share: FaultShare,
    },
}

impl Delay {
    /// One delay drawn at random.
    pub fn draw(&self, random: &mut impl Rng) -> Duration {
        let seconds = match *self {
            Self::Fixed(delay) => return delay,
            Self::Bimodal { usual, rare, share } => {
                return if random.random_bool(share.get()) {
                    rare
                } else {
                    usual
                };
            }
            Self::Uniform { low, high } => {
                let part: f64 = random.random();
                low.as_secs_f64() + part * high.saturating_sub(low).as_secs_f64()
            }
            Self::Exponential { mean } => {
                let draw: f64 = random.sample(rand_distr::Exp1);
                draw * mean.as_secs_f64()
            }
            Self::LogNormal { median, sigma } => {
                let draw: f64 = random.sample(StandardNormal);
                median.as_secs_f64() * (sigma * draw).exp()
            }
        };
        Duration::try_from_secs_f64(seconds).map_or(LONGEST, |delay| delay.min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    fn sorted(delay: Delay) -> Vec<f64> {
        let mut random = SmallRng::seed_from_u64(1);
        let mut drawn: Vec<f64> = (0..20_000)
            .map(|_| delay.draw(&mut random).as_secs_f64() * 1e3)
            .collect();
        drawn.sort_by(f64::total_cmp);
        drawn
    }

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 0.05 * expected
    }

    #[test]
    fn each_shape_is_the_one_it_is_named_after() {
        let ms = Duration::from_millis;
        let uniform = sorted(Delay::Uniform {
            low: ms(10),
            high: ms(50),
        });
        assert!(uniform[0] >= 10.0 && uniform[19_999] <= 50.0);
        assert!(near(uniform[10_000], 30.0), "{}", uniform[10_000]);

        let exponential = sorted(Delay::Exponential { mean: ms(20) });
        let mean = exponential.iter().sum::<f64>() / 20_000.0;
        assert!(near(mean, 20.0), "{mean}");
        assert!(near(exponential[10_000], 20.0 * 2_f64.ln()));

        let lognormal = sorted(Delay::LogNormal {
            median: ms(20),
            sigma: 0.5,
        });
        assert!(near(lognormal[10_000], 20.0), "{}", lognormal[10_000]);
        assert!(near(lognormal[16_827], 20.0 * 0.5_f64.exp()));

        let share = FaultShare::new(0.05).unwrap();
        let bimodal = sorted(Delay::Bimodal {
            usual: ms(10),
            rare: ms(500),
            share,
        });
        let rare = bimodal.iter().filter(|&&delay| delay > 100.0).count();
        assert!((800..1200).contains(&rare), "{rare}");
    }

    #[test]
    fn an_endless_tail_ends() {
        let delay = Delay::LogNormal {
            median: LONGEST,
            sigma: 10.0,
        };
        let mut random = SmallRng::seed_from_u64(1);
        let longest = (0..100).map(|_| delay.draw(&mut random)).max();
        assert_eq!(longest, Some(LONGEST));
    }
}
