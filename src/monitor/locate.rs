//! Where the target runs: on this machine or elsewhere, and as which process.

use std::net::{IpAddr, ToSocketAddrs};

use sysinfo::Networks;

use super::host::Listening;
use crate::record::TargetProcess;

/// Processes that hold a port here for a target on this machine, whose own work says nothing of it.
const FRONTS: [&str; 8] = [
    "docker-proxy",
    "rootlessport",
    "pasta",
    "nginx",
    "haproxy",
    "envoy",
    "traefik",
    "caddy",
];
/// Processes that carry a port here to a target elsewhere.
const TUNNELS: [&str; 6] = [
    "ssh",
    "sshd",
    "kubectl",
    "socat",
    "cloudflared",
    "slirp4netns",
];

/// What was found of the target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Located {
    /// Whether it is on this machine; `None` when its name could not be looked up.
    pub(super) local: Option<bool>,
    /// Its process.
    pub(super) pid: Option<u32>,
    /// Why its process is not known, when it should be.
    pub(super) problem: Option<String>,
}

impl Located {
    /// The process with its name.
    pub(super) fn process(&self) -> Option<TargetProcess> {
        let pid = self.pid?;
        let name = name(pid).unwrap_or_else(|| "process".to_owned());
        Some(TargetProcess { pid, name })
    }
}

/// Looks up the target's address, and who listens there. May block on the name.
pub(super) fn locate(target: &Listening, networks: &Networks) -> Located {
    if let Some(pid) = target.pid {
        return Located {
            local: Some(true),
            pid: Some(pid),
            problem: None,
        };
    }
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let Ok(addresses) = (host, target.port).to_socket_addrs() else {
        return Located::default();
    };
    let own = |address: IpAddr| {
        let mut known = networks
            .values()
            .flat_map(sysinfo::NetworkData::ip_networks);
        address.is_loopback() || known.any(|network| network.addr == address)
    };
    if !addresses.into_iter().any(|address| own(address.ip())) {
        return Located {
            local: Some(false),
            ..Located::default()
        };
    }
    match listener(target.port) {
        None => unknown("who listens on its port could not be found out"),
        Some(pid) => judged(pid, name(pid)),
    }
}

fn judged(pid: u32, name: Option<String>) -> Located {
    let name = name.unwrap_or_default();
    if TUNNELS.contains(&name.as_str()) {
        return Located {
            local: Some(false),
            ..unknown(&format!(
                "{name} listens on its port, which leads elsewhere"
            ))
        };
    }
    if FRONTS.contains(&name.as_str()) {
        return unknown(&format!("{name} listens on its port, which only passes on"));
    }
    Located {
        local: Some(true),
        pid: Some(pid),
        problem: None,
    }
}

fn unknown(why: &str) -> Located {
    Located {
        local: Some(true),
        pid: None,
        problem: Some(format!(
            "{why}; name the target's process with --target-pid"
        )),
    }
}

#[cfg(target_os = "linux")]
fn name(pid: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn name(_pid: u32) -> Option<String> {
    None
}

/// The process that listens on a port of this machine; of several that share it, the oldest.
#[cfg(target_os = "linux")]
fn listener(port: u16) -> Option<u32> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|table| listening(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let holds = |pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
        files.into_iter().flatten().flatten().any(|file| {
            std::fs::read_link(file.path()).is_ok_and(|link| {
                inodes
                    .iter()
                    .any(|inode| link.as_os_str() == inode.as_str())
            })
        })
    };
    let entries = std::fs::read_dir("/proc").ok()?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut pids: Vec<u32> = pids.collect();
    pids.sort_unstable();
    pids.into_iter().filter(|_| !inodes.is_empty()).find(holds)
}

#[cfg(not(target_os = "linux"))]
fn listener(_port: u16) -> Option<u32> {
    None
}

/// The inodes of sockets in `/proc/net/tcp` that listen on a port.
#[cfg(target_os = "linux")]
fn listening(table: &str, port: u16) -> Vec<u64> {
    const LISTENS: &str = "0A";
    let inode = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (_, at) = columns.get(1)?.rsplit_once(':')?;
        let matches = u16::from_str_radix(at, 16).ok()? == port && *columns.get(3)? == LISTENS;
        columns.get(9)?.parse().ok().filter(|_| matches)
    };
    table.lines().filter_map(inode).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_sockets_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41 1 0\n\
             1: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000  1000        0 42 1 0\n\
             2: 00000000000000000000000000000000:1F90 0:0 0A 0:0 00:0 0 1000 0 43 1 0\n\
             garbage\n";
        assert_eq!(listening(table, 8080), [41, 43]);
        assert!(listening(table, 8081).is_empty());
    }

    #[test]
    fn a_listener_of_this_process_is_found() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let target = Listening {
            host: "localhost".to_owned(),
            port: socket.local_addr().expect("an address").port(),
            pid: None,
        };
        let located = locate(&target, &Networks::new());
        assert_eq!(located.local, Some(true));
        assert_eq!(located.pid, Some(std::process::id()));
    }

    #[test]
    fn who_only_passes_on_is_not_the_target() {
        assert_eq!(judged(7, Some("uvicorn".into())).pid, Some(7));
        let front = judged(7, Some("docker-proxy".into()));
        assert_eq!((front.local, front.pid), (Some(true), None));
        assert_eq!(judged(7, Some("ssh".into())).local, Some(false));
    }

    #[test]
    fn another_machine_is_not_this_one() {
        let target = Listening {
            host: "192.0.2.1".to_owned(),
            port: 80,
            pid: None,
        };
        assert_eq!(locate(&target, &Networks::new()).local, Some(false));
    }
}
