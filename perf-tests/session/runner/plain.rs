//! A small server, and profiles for it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is answered: a status after some time, or nothing at all.
type Answer = fn(&str) -> Option<(u16, Duration)>;

/// A server of this process that counts what it was asked for. It ends with the process.
pub(crate) struct Plain {
    pub(crate) url: String,
    asked: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Plain {
    pub(crate) fn start(answer: Answer) -> Plain {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(BTreeMap::new()));
        let counts = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&counts);
                std::thread::spawn(move || serve(&stream, answer, &counts));
            }
        });
        Plain { url, asked }
    }

    /// One that answers everything at once.
    pub(crate) fn quick() -> Plain {
        Plain::start(|_| Some((200, Duration::ZERO)))
    }

    /// Requests so far.
    pub(crate) fn total(&self) -> u64 {
        self.asked.lock().expect("no panic").values().sum()
    }
}

fn serve(stream: &TcpStream, answer: Answer, counts: &Mutex<BTreeMap<String, u64>>) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut path = String::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if line == "\r\n" => break,
                Ok(_) if path.is_empty() => {
                    let second = line.split(' ').nth(1);
                    second.unwrap_or_default().clone_into(&mut path);
                }
                Ok(_) => {}
            }
        }
        let answered = answer(&path);
        *counts.lock().expect("no panic").entry(path).or_default() += 1;
        let Some((status, after)) = answered else {
            continue;
        };
        std::thread::sleep(after);
        let head = format!("HTTP/1.1 {status} As asked\r\nContent-Length: 2\r\n\r\nok");
        if writer.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

/// A profile with a scenario `s` of 20 requests a second for a second.
pub(crate) fn profile(folder: &Path, endpoints: &[(&str, u32)], more: &str) -> PathBuf {
    let endpoints: String = endpoints
        .iter()
        .map(|(path, weight)| {
            format!("[[scenario.s.endpoint]]\npath = \"{path}\"\nweight = {weight}\n")
        })
        .collect();
    let text = format!(
        "name = \"plain\"\n[target]\ntimeout = \"1s\"\nconnect_timeout = \"1s\"\n\
         [scenario.s]\narrivals = \"constant\"\nrate = \"20/s\"\nduration = \"1s\"\n{endpoints}\
         [[requirement]]\nname = \"s::p50\"\nscenario = \"s\"\nmetric = \"response_time_p50\"\nlimit = \"< 200 ms\"\n{more}"
    );
    let path = folder.join("plain.toml");
    std::fs::write(&path, text).expect("a file");
    path
}
