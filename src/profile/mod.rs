//! Profiles: what to load, how, and what it has to keep.

mod plan;

pub use plan::{
    Arrivals, Bounds, Destination, Endpoint, HealthCheck, Phases, Plan, Profile, Rate, Secret,
    UptimeCheck,
};
