//! How much of a machine the processes of a target may use: their processors, and the limits of their cgroup.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const CGROUPS: &str = "sys/fs/cgroup";
/// How version 1 writes that memory has no limit: some page below the largest number.
const NO_LIMIT: u64 = 1 << 62;

/// What processes may use; `None` where nothing holds them back from using the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Allowance {
    /// How many processors' worth.
    pub(super) processors: Option<f64>,
    /// How much memory, in bytes.
    pub(super) memory: Option<f64>,
}

impl Allowance {
    /// What these processes may use, the first being the one that the others come from; `system` is the root of the file
    /// system.
    pub(super) fn of(processes: &[u32], system: &Path) -> Allowance {
        let proc = |pid: &u32| system.join("proc").join(pid.to_string());
        let mut processors = BTreeSet::new();
        for pid in processes {
            let status = fs::read_to_string(proc(pid).join("status")).unwrap_or_default();
            processors.extend(status.lines().find_map(allowed_list).unwrap_or_default());
        }
        let affinity = (!processors.is_empty()).then_some(processors.len() as f64);
        let cgroup = processes.first().map(|pid| proc(pid).join("cgroup"));
        let cgroup = cgroup.and_then(|file| fs::read_to_string(file).ok());
        let cgroup = cgroup.unwrap_or_default();
        let quota = smallest(&folders(&cgroup, "cpu", system), quota);
        Allowance {
            processors: smaller(affinity, quota),
            memory: smallest(&folders(&cgroup, "memory", system), memory),
        }
    }
}

fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::min)
}

fn smallest(folders: &[PathBuf], limit: impl Fn(&Path) -> Option<f64>) -> Option<f64> {
    let limits = folders.iter().filter_map(|folder| limit(folder));
    limits.reduce(f64::min)
}

/// The processors of a line `Cpus_allowed_list: 0-2,5`.
fn allowed_list(line: &str) -> Option<Vec<u32>> {
    let list = line.strip_prefix("Cpus_allowed_list:")?.trim();
    let ranges = list.split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<u32>().ok()?..=last.parse().ok()?)
    });
    let ranges: Option<Vec<_>> = ranges.collect();
    Some(ranges?.into_iter().flatten().collect())
}

/// The folder of a process's cgroup with all that it lies in, of both versions: a limit of each holds.
///
/// In a container the path may be that of the host while only the container's own folder can be seen, as the root.
fn folders(cgroup: &str, controller: &str, system: &Path) -> Vec<PathBuf> {
    let root = system.join(CGROUPS);
    let mut folders = Vec::new();
    for line in cgroup.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let mounts = if controllers.is_empty() {
            vec![root.clone(), root.join("unified")]
        } else if controllers.split(',').any(|one| one == controller) {
            vec![root.join(controllers), root.join(controller)]
        } else {
            continue;
        };
        for mount in mounts {
            let within = Path::new(path).ancestors();
            folders.extend(within.filter_map(|at| Some(mount.join(at.strip_prefix("/").ok()?))));
        }
    }
    folders
}

/// The processors that a quota leaves.
fn quota(folder: &Path) -> Option<f64> {
    let number = |file: &str| -> Option<f64> { read(folder, file)?.trim().parse().ok() };
    let (quota, period) = match read(folder, "cpu.max") {
        Some(both) => {
            let (quota, period) = both.trim().split_once(' ')?;
            (quota.parse().ok()?, period.parse().ok()?)
        }
        None => (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?),
    };
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

fn memory(folder: &Path) -> Option<f64> {
    let limit = read(folder, "memory.max").or_else(|| read(folder, "memory.limit_in_bytes"))?;
    let limit: u64 = limit.trim().parse().ok()?;
    (limit < NO_LIMIT).then_some(limit as f64)
}

fn read(folder: &Path, file: &str) -> Option<String> {
    fs::read_to_string(folder.join(file)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and texts.
    type Files<'a> = &'a [(&'a str, &'a str)];

    /// What process 7 and its child 8 may use on a machine with these files.
    fn allowed(files: Files<'_>) -> Allowance {
        let machine = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = machine.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        Allowance::of(&[7, 8], machine.path())
    }

    #[test]
    fn the_smallest_limit_counts() {
        const MIB: f64 = 1_048_576.0;
        let all = (
            "proc/7/status",
            "Name:\tpython\nCpus_allowed_list:\t0-3,6\nSeccomp:\t0\n",
        );
        let one = ("proc/7/status", "Cpus_allowed_list:\t2\n");
        let child = ("proc/8/status", "Cpus_allowed_list:\t3\n");
        let v2 = ("proc/7/cgroup", "0::/app.slice/web.service\n");
        let v1 = (
            "proc/7/cgroup",
            "5:memory:/web\n4:cpu,cpuacct:/docker/abc\n2:cpuset:/\n0::/\n",
        );
        let table: [(Files<'_>, Option<f64>, Option<f64>); 9] = [
            (&[], None, None),
            (&[all], Some(5.0), None),
            (&[one, child], Some(2.0), None),
            (
                &[
                    all,
                    v2,
                    ("sys/fs/cgroup/app.slice/cpu.max", "150000 100000\n"),
                    (
                        "sys/fs/cgroup/app.slice/web.service/cpu.max",
                        "max 100000\n",
                    ),
                    (
                        "sys/fs/cgroup/app.slice/web.service/memory.max",
                        "268435456\n",
                    ),
                    ("sys/fs/cgroup/memory.max", "max\n"),
                ],
                Some(1.5),
                Some(256.0 * MIB),
            ),
            (
                &[
                    one,
                    v2,
                    ("sys/fs/cgroup/app.slice/cpu.max", "400000 100000\n"),
                ],
                Some(1.0),
                None,
            ),
            (
                &[
                    all,
                    v1,
                    (
                        "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us",
                        "50000\n",
                    ),
                    (
                        "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us",
                        "100000\n",
                    ),
                    (
                        "sys/fs/cgroup/memory/web/memory.limit_in_bytes",
                        "9223372036854771712\n",
                    ),
                ],
                Some(0.5),
                None,
            ),
            // From within the container, the host's path leads nowhere and the root is its own.
            (
                &[
                    all,
                    v1,
                    ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n"),
                    ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
                ],
                Some(2.0),
                None,
            ),
            (
                &[
                    all,
                    v1,
                    ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
                    ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
                ],
                Some(5.0),
                None,
            ),
            (
                &[
                    ("proc/7/status", "Cpus_allowed_list:\tx\n"),
                    ("proc/7/cgroup", "odd"),
                ],
                None,
                None,
            ),
        ];
        for (number, (files, processors, memory)) in table.iter().enumerate() {
            let expected = Allowance {
                processors: *processors,
                memory: *memory,
            };
            assert_eq!(allowed(files), expected, "case {number}");
        }
    }
}
