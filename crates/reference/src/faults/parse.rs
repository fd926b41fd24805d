use std::time::Duration;

use thiserror::Error;

use super::{Delay, Fault, FaultShare, FaultWindow};
use crate::RateLimit;

const ACCEPTED_FAULTS: &str = "latency=DELAY[:/path], errors=P%[:/path], stall=FOR@AT, refuse=FOR@AT, \
     restart=FOR@AT, drop-body=P%, rate-limit=N/DURATION, close-every=N, degraded, workflows-404, \
     ws-latency=DELAY, ws-chatter=N, ws-lose=P%, ws-close=CODE@AFTER (CODE may be drop), ws-refuse=P%, seed=N; \
     DELAY is a duration (300ms, 1.5s), uniform(LOW,HIGH), exponential(MEAN), lognormal(MEDIAN,SIGMA) \
     or bimodal(USUAL,RARE,P%)";

/// How a rate limit is written.
pub(crate) const ACCEPTED_RATE_LIMIT: &str = "N/DURATION with both above zero, such as 100/60s";

/// A fault spec that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("fault `{spec}`: {why}; accepted are {ACCEPTED_FAULTS}")]
pub struct FaultError {
    spec: String,
    why: String,
}

pub(super) fn fault(spec: &str) -> Result<Fault, FaultError> {
    let (name, value) = match spec.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (spec.trim(), None),
    };
    named(name, value).map_err(|why| FaultError {
        spec: spec.to_owned(),
        why,
    })
}

fn named(name: &str, value: Option<&str>) -> Result<Fault, String> {
    let given = || value.ok_or_else(|| format!("{name} needs a value"));
    match name {
        "latency" => {
            let (delay, path) = with_path(given()?)?;
            let delay = self::delay(delay)?;
            Ok(Fault::Latency { delay, path })
        }
        "errors" => {
            let (share, path) = with_path(given()?)?;
            let share = self::share(share)?;
            Ok(Fault::Errors { share, path })
        }
        "stall" => window(given()?).map(Fault::Stall),
        "refuse" => window(given()?).map(Fault::Refuse),
        "restart" => window(given()?).map(Fault::Restart),
        "drop-body" => share(given()?).map(|share| Fault::DropBody { share }),
        "rate-limit" => rate_limit(given()?)
            .map(Fault::RateLimit)
            .ok_or_else(|| format!("a rate limit is {ACCEPTED_RATE_LIMIT}")),
        "close-every" => number(given()?).map(Fault::CloseEvery),
        "ws-latency" => self::delay(given()?).map(Fault::SocketLatency),
        "ws-chatter" => number(given()?).map(Fault::SocketChatter),
        "ws-lose" => share(given()?).map(Fault::SocketLoss),
        "ws-close" => socket_close(given()?),
        "ws-refuse" => share(given()?).map(Fault::SocketRefusal),
        "seed" => number(given()?).map(Fault::Seed),
        "degraded" | "workflows-404" if value.is_some() => Err(format!("{name} takes no value")),
        "degraded" => Ok(Fault::Degraded),
        "workflows-404" => Ok(Fault::WorkflowsMissing),
        _ => Err(format!("there is no fault named `{name}`")),
    }
}

fn with_path(value: &str) -> Result<(&str, Option<String>), String> {
    match value.split_once(':') {
        None => Ok((value, None)),
        Some((value, path)) if path.starts_with('/') => Ok((value, Some(path.to_owned()))),
        Some((_, path)) => Err(format!("the path `{path}` does not begin with /")),
    }
}

fn delay(value: &str) -> Result<Delay, String> {
    let Some((kind, rest)) = value.split_once('(') else {
        return duration(value).map(Delay::Fixed);
    };
    let inner = rest
        .strip_suffix(')')
        .ok_or_else(|| format!("`{value}` lacks its closing bracket"))?;
    let arguments: Vec<&str> = inner.split(',').map(str::trim).collect();
    match (kind.trim(), arguments.as_slice()) {
        ("uniform", [low, high]) => {
            let (low, high) = (duration(low)?, duration(high)?);
            if low > high {
                return Err(format!("`{value}` ends before it begins"));
            }
            Ok(Delay::Uniform { low, high })
        }
        ("exponential", [mean]) => duration(mean).map(|mean| Delay::Exponential { mean }),
        ("lognormal", [median, sigma]) => Ok(Delay::LogNormal {
            median: duration(median)?,
            sigma: sigma
                .parse()
                .ok()
                .filter(|sigma: &f64| (0.0..=10.0).contains(sigma))
                .ok_or_else(|| format!("`{sigma}` is not a sigma between 0 and 10"))?,
        }),
        ("bimodal", [usual, rare, share]) => Ok(Delay::Bimodal {
            usual: duration(usual)?,
            rare: duration(rare)?,
            share: self::share(share)?,
        }),
        _ => Err(format!("`{value}` is not a delay")),
    }
}

fn share(value: &str) -> Result<FaultShare, String> {
    value
        .strip_suffix('%')
        .and_then(|percent| percent.trim().parse::<f64>().ok())
        .and_then(|percent| FaultShare::new(percent / 100.0))
        .ok_or_else(|| format!("`{value}` is not a percentage between 0% and 100%"))
}

fn window(value: &str) -> Result<FaultWindow, String> {
    let (lasts, at) = value
        .split_once('@')
        .ok_or_else(|| format!("`{value}` does not say when: FOR@AT, such as 2s@5s"))?;
    Ok(FaultWindow {
        at: duration(at)?,
        lasts: duration(lasts)?,
    })
}

fn socket_close(value: &str) -> Result<Fault, String> {
    let (code, after) = value
        .split_once('@')
        .ok_or_else(|| format!("`{value}` does not say when: CODE@AFTER, such as 1001@5s"))?;
    Ok(Fault::SocketClose {
        code: close_code(code.trim())?,
        after: duration(after)?,
    })
}

/// 1006 is what a peer sees that got no close frame, and is never sent.
fn close_code(value: &str) -> Result<Option<u16>, String> {
    match value {
        "drop" | "1006" => return Ok(None),
        _ => value.parse().ok(),
    }
    .filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999))
    .map(Some)
    .ok_or_else(|| {
        format!("`{value}` is not a close code that may be sent (1000–1003, 1007–1014, 3000–4999), nor drop")
    })
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("`{value}` is not a whole number in range"))
}

/// `None` when it is not [`ACCEPTED_RATE_LIMIT`].
pub(crate) fn rate_limit(value: &str) -> Option<RateLimit> {
    let (requests, window) = value.split_once('/')?;
    let requests = requests.trim().parse().ok()?;
    let window = duration(window).ok().filter(|window| !window.is_zero())?;
    Some(RateLimit { requests, window })
}

fn duration(value: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0), ("m", 60.0)];
    let value = value.trim();
    UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, seconds)))
        .filter(|(number, _)| number.starts_with(|first: char| first.is_ascii_digit()))
        .and_then(|(number, seconds)| Some(number.parse::<f64>().ok()? * seconds))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|&duration| duration <= Duration::from_secs(24 * 3600))
        .ok_or_else(|| {
            format!("`{value}` is not a duration such as 300ms, 1.5s or 2m (a day at most)")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn percent(percent: f64) -> FaultShare {
        FaultShare::new(percent / 100.0).unwrap()
    }

    fn latency(delay: Delay, path: Option<&str>) -> Fault {
        let path = path.map(str::to_owned);
        Fault::Latency { delay, path }
    }

    #[test]
    fn delays_are_read() {
        let path = Some("/api/v1/agents/");
        let table = [
            ("latency=300ms", Delay::Fixed(ms(300)), None),
            ("latency=300ms:/api/v1/agents/", Delay::Fixed(ms(300)), path),
            ("latency=1.5s", Delay::Fixed(ms(1500)), None),
            ("latency=2m", Delay::Fixed(ms(120_000)), None),
            (
                "latency=250us",
                Delay::Fixed(Duration::from_micros(250)),
                None,
            ),
            (
                "latency=lognormal(20ms,0.5)",
                Delay::LogNormal {
                    median: ms(20),
                    sigma: 0.5,
                },
                None,
            ),
            (
                "latency=uniform(10ms, 50ms):/api/v1/agents/",
                Delay::Uniform {
                    low: ms(10),
                    high: ms(50),
                },
                path,
            ),
            (
                "latency=exponential(20ms)",
                Delay::Exponential { mean: ms(20) },
                None,
            ),
            (
                "latency=bimodal(10ms,500ms,5%)",
                Delay::Bimodal {
                    usual: ms(10),
                    rare: ms(500),
                    share: percent(5.0),
                },
                None,
            ),
        ];
        for (spec, delay, path) in table {
            assert_eq!(spec.parse(), Ok(latency(delay, path)), "{spec}");
        }
    }

    #[test]
    fn the_other_faults_are_read() {
        let window = |lasts, at| FaultWindow {
            at: ms(at),
            lasts: ms(lasts),
        };
        let socket_close = |code| Fault::SocketClose {
            code,
            after: ms(5000),
        };
        let path = Some("/health".to_owned());
        let limit = RateLimit {
            requests: 100.try_into().unwrap(),
            window: ms(60_000),
        };
        let table = [
            (
                "errors=2%",
                Fault::Errors {
                    share: percent(2.0),
                    path: None,
                },
            ),
            (
                "errors=100%:/health",
                Fault::Errors {
                    share: percent(100.0),
                    path,
                },
            ),
            ("stall=2s@5s", Fault::Stall(window(2000, 5000))),
            ("refuse=3s@0s", Fault::Refuse(window(3000, 0))),
            ("restart=500ms@5s", Fault::Restart(window(500, 5000))),
            (
                "drop-body=0.5%",
                Fault::DropBody {
                    share: percent(0.5),
                },
            ),
            ("rate-limit=100/60s", Fault::RateLimit(limit)),
            (
                "close-every=100",
                Fault::CloseEvery(100.try_into().unwrap()),
            ),
            ("degraded", Fault::Degraded),
            ("workflows-404", Fault::WorkflowsMissing),
            (
                "ws-latency=uniform(1ms,5ms)",
                Fault::SocketLatency(Delay::Uniform {
                    low: ms(1),
                    high: ms(5),
                }),
            ),
            ("ws-chatter=3", Fault::SocketChatter(3.try_into().unwrap())),
            ("ws-lose=5%", Fault::SocketLoss(percent(5.0))),
            ("ws-close=1001@5s", socket_close(Some(1001))),
            ("ws-close=4000@5s", socket_close(Some(4000))),
            ("ws-close=1006@5s", socket_close(None)),
            ("ws-close= drop @ 5s", socket_close(None)),
            ("ws-refuse=20%", Fault::SocketRefusal(percent(20.0))),
            ("seed=7", Fault::Seed(7)),
        ];
        for (spec, fault) in table {
            assert_eq!(spec.parse(), Ok(fault), "{spec}");
        }
    }

    #[test]
    fn a_bad_spec_is_named_with_what_would_be_accepted() {
        let table = [
            ("", "no fault named ``"),
            ("slowness=3s", "no fault named `slowness`"),
            ("latency", "needs a value"),
            ("latency=", "not a duration"),
            ("latency=300", "not a duration"),
            ("latency=-3s", "not a duration"),
            ("latency=infs", "not a duration"),
            ("latency=1e300s", "not a duration"),
            ("latency=3s:health", "does not begin with /"),
            ("latency=uniform(50ms,10ms)", "ends before it begins"),
            ("latency=uniform(50ms)", "not a delay"),
            ("latency=pareto(50ms)", "not a delay"),
            ("latency=exponential(5ms", "closing bracket"),
            ("latency=lognormal(5ms,-1)", "not a sigma"),
            ("latency=lognormal(5ms,NaN)", "not a sigma"),
            ("errors=0.02", "not a percentage"),
            ("errors=101%", "not a percentage"),
            ("errors=-1%", "not a percentage"),
            ("errors=NaN%", "not a percentage"),
            ("stall=2s", "does not say when"),
            ("rate-limit=100", "a rate limit is"),
            ("rate-limit=0/60s", "a rate limit is"),
            ("rate-limit=5/0s", "a rate limit is"),
            ("close-every=0", "not a whole number"),
            ("seed=-1", "not a whole number"),
            ("degraded=yes", "takes no value"),
            ("ws-latency=soon", "not a duration"),
            ("ws-chatter=0", "not a whole number"),
            ("ws-lose=5", "not a percentage"),
            ("ws-close=1001", "does not say when"),
            ("ws-close=1005@5s", "not a close code"),
            ("ws-close=99999@5s", "not a close code"),
            ("ws-close=1001@", "not a duration"),
            ("ws-refuse=101%", "not a percentage"),
        ];
        for (spec, why) in table {
            let message = spec.parse::<Fault>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{spec}`")), "{message}");
            assert!(message.contains(why), "{spec}: {message}");
            assert!(message.contains("stall=FOR@AT"), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
