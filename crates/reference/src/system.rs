use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sysinfo::{Disks, System};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use super::app::App;

const EVERY: Duration = Duration::from_secs(1);

/// What the machine was doing at the last look.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct CpuSample {
    cpu_percent: f32,
    memory_percent: f64,
    memory_used_mb: u64,
    disk_usage_percent: f64,
}

/// A task that ends with its owner.
pub(super) struct Background(JoinHandle<()>);

impl Background {
    pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Looks at the machine, the database and the cache each second: no request waits for that.
pub(super) fn watch(app: Arc<App>) -> Background {
    Background::spawn(async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut system = System::new();
        // CPU usage is a difference between two looks: the first tells nothing.
        let mut first = true;
        loop {
            ticks.tick().await;
            let (database, cache) = tokio::join!(app.store.probe(), app.cache.probe());
            app.set_database_alive(database);
            app.set_cache_alive(cache);
            let looked = spawn_blocking(move || {
                let sample = look(&mut system);
                (system, sample)
            });
            let Ok((returned, sample)) = looked.await else {
                return;
            };
            system = returned;
            if !first {
                app.set_system(sample);
            }
            first = false;
        }
    })
}

fn look(system: &mut System) -> CpuSample {
    system.refresh_cpu_usage();
    system.refresh_memory();
    let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    CpuSample {
        cpu_percent: system.global_cpu_usage(),
        memory_percent: percent(system.used_memory(), system.total_memory()),
        memory_used_mb: system.used_memory() / (1024 * 1024),
        disk_usage_percent: disk(),
    }
}

/// The usage of the disk that holds the temporary folder.
fn disk() -> f64 {
    let folder = std::env::temp_dir();
    let disks = Disks::new_with_refreshed_list();
    disks
        .iter()
        .filter(|disk| holds(disk.mount_point(), &folder) && disk.total_space() > 0)
        .max_by_key(|disk| disk.mount_point().components().count())
        .map_or(0.0, |disk| {
            let used = disk.total_space().saturating_sub(disk.available_space());
            100.0 * used as f64 / disk.total_space() as f64
        })
}

fn holds(mount: &Path, folder: &Path) -> bool {
    folder.starts_with(mount)
}
