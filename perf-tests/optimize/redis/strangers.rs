//! What is not Redis, or one that is not well.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use super::{complaint, line, looked};
use crate::support::servers::PASSWORD;

/// A server of one's own that answers each read with the next of some texts, and then is silent.
fn answering(answers: &'static [&'static [u8]]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut chunk = [0; 4096];
            for answer in answers {
                let read = stream.read(&mut chunk).unwrap_or(0);
                if read == 0 || stream.write_all(answer).is_err() {
                    break;
                }
            }
            // Until the other side has had enough.
            while stream.read(&mut chunk).is_ok_and(|read| read > 0) {}
        }
    });
    format!("redis://:{PASSWORD}@{address}/")
}

const INFO: &[u8] = b"$13\r\nused_memory:1\r\n";
const REFUSED: &[u8] = b"-NOPERM no\r\n-NOPERM no\r\n-NOPERM no\r\n-NOPERM no\r\n-NOPERM no\r\n";

#[test]
fn what_only_looks_like_one() {
    let endless: &'static [u8] = vec![b'\n'; 5 << 20].leak();
    let endless = [b"$4194305\r\n".as_slice(), endless].concat().leak();
    let table: [(&'static [&'static [u8]], &str); 8] = [
        (&[], "it did not answer within 2s"),
        (&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], "does not speak the protocol of Redis"),
        (&[b"+OK\r\n", b"\x00\x01\x02"], "does not speak the protocol of Redis"),
        (&[b"+OK\r\n", b"+OK\r\n"], "its INFO holds none of the counters"),
        (&[b"+OK\r\n", b"*0\r\n"], "does not speak the protocol of Redis"),
        (&[b"+OK\r\n", b"-LOADING \x1b[2J\r\n"], "it refuses: LOADING \\x1b[2J"),
        (&[b"-ERR unknown command `AUTH`, with args beginning with: `a-password-of-this-test`\r\n"], "ERR: it does not take the password"),
        (&[b"+OK\r\n", INFO], "it did not answer within 2s"),
    ];
    for (answers, expected) in table {
        let told = complaint(&answering(answers));
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let told = complaint(&answering(vec![b"+OK\r\n".as_slice(), endless].leak()));
    assert!(told.contains("answers without end"), "{told}");
}

#[test]
fn one_that_drips_is_not_waited_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let mut stream = listener.accept().expect("a connection").0;
        stream.write_all(b"$1000\r\n").expect("sent");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let told = complaint(&format!("redis://{address}/"));
    assert_eq!(told, "it did not answer within 2s");
}

#[test]
fn what_was_seen_before_it_fell_silent_stays() {
    // A whole page of keys, and then nothing: no expiry of any of them is known.
    let scan: &[u8] = b"*2\r\n$1\r\n7\r\n*1\r\n$1\r\na\r\n";
    let answers = vec![b"+OK\r\n".as_slice(), INFO, REFUSED, b":5\r\n", scan].leak();
    let facts = looked(&answering(answers)).expect("a look");
    assert_eq!(facts.memory.used, Some(1));
    assert_eq!(facts.slow_commands, Some(5));
    line(
        &facts.unseen,
        "sampling ended early: it did not answer within 2s",
    );
    let sample = facts.sample.expect("what there is of one");
    assert!(!sample.complete && sample.keys == 0, "{sample:?}");
}

#[test]
fn a_walk_without_end_ends() {
    // The same page for ever: the same key, and never the beginning again.
    let page: &[u8] = b"*2\r\n$1\r\n7\r\n*1\r\n$1\r\na\r\n";
    let mut answers = vec![b"+OK\r\n".as_slice(), INFO, REFUSED, b":5\r\n", page];
    answers.push(b":-1\r\n");
    answers.push(b":50\r\n");
    answers.extend(vec![page; 2_000_000]);
    let facts = looked(&answering(answers.leak())).expect("a look");
    let sample = facts.sample.expect("a sample");
    assert_eq!((sample.keys, sample.complete), (1, false));
}
