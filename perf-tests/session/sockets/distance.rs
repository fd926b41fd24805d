//! A proxy that holds all bytes for a while in both directions, as the way to a distant service does.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Serves `target` at another port, each way taking `one_way` longer. Ends with the process.
pub(crate) fn away(target: SocketAddr, one_way: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(target) else {
                continue;
            };
            for (from, to) in [(&client, &server), (&server, &client)] {
                let both = from
                    .try_clone()
                    .and_then(|from| Ok((from, to.try_clone()?)));
                let (from, to) = both.expect("a second handle");
                pass(from, to, one_way);
            }
        }
    });
    address
}

fn pass(mut from: TcpStream, to: TcpStream, one_way: Duration) {
    let (sender, receiver) = channel();
    let _ = to.set_nodelay(true);
    thread::spawn(move || deliver(&receiver, to));
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let due = Instant::now() + one_way;
            if sender.send((due, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
    });
}

fn deliver(receiver: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    for (due, bytes) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
