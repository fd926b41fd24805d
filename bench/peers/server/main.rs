//! The servers that nginx cannot be: one that answers late and stalls once, to the microsecond, and one
//! that sends WebSocket messages back. Without dependencies, so that `rustc -O` builds it in seconds.
//!
//! `server slow DELAY_MS STALL_AT_MS STALL_FOR_MS` or `server echo`. The first line of the output is the
//! port. Every line on standard input is answered with what was counted; its end is the server's.

mod echo;
mod sha1;
mod slow;

use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Idle threads are to cost little: there are thousands in the runs that look at memory.
const STACK: usize = 64 * 1024;

/// What one kind of server does with a connection, and what it tells of itself.
trait Service: Send + Sync + 'static {
    /// Attends to a connection until it ends.
    fn attend(&self, stream: TcpStream) -> io::Result<()>;
    /// What was counted, as one line of JSON.
    fn tell(&self) -> String;
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = words
        .iter()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    match (words.first().map(String::as_str), numbers.as_slice()) {
        (Some("slow"), &[delay, at, long]) => serve(slow::Slow::new(delay, at, long)),
        (Some("echo"), []) => serve(echo::Echo::default()),
        _ => {
            eprintln!("usage: server slow DELAY_MS STALL_AT_MS STALL_FOR_MS | server echo");
            std::process::exit(2);
        }
    }
}

fn serve(service: impl Service) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let service = Arc::new(service);
    let teller = Arc::clone(&service);
    thread::spawn(move || accept(&listener, &service));
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", teller.tell());
        io::stdout().flush()?;
    }
    Ok(())
}

fn accept(listener: &TcpListener, service: &Arc<impl Service>) {
    for stream in listener.incoming().flatten() {
        let service = Arc::clone(service);
        // A connection that breaks off is the client's business.
        let attend = move || {
            drop(
                stream
                    .set_nodelay(true)
                    .and_then(|()| service.attend(stream)),
            )
        };
        if let Err(error) = thread::Builder::new().stack_size(STACK).spawn(attend) {
            eprintln!("no thread for a connection: {error}");
        }
    }
}
