//! Fills a Redis.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::servers::{PASSWORD, Redis};

/// One connection that has given the password.
pub(crate) struct Writer {
    stream: TcpStream,
    sent: usize,
}

impl Writer {
    pub(crate) fn connect(redis: &Redis) -> Writer {
        let url = redis.url();
        let address = url.rsplit_once('@').expect("a password").1;
        let stream = TcpStream::connect(address.trim_end_matches('/')).expect("a connection");
        let mut writer = Writer { stream, sent: 0 };
        writer.ask(&[b"AUTH", PASSWORD.as_bytes()]);
        writer.settle();
        writer
    }

    pub(crate) fn ask(&mut self, words: &[&[u8]]) {
        let mut command = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            command.extend(format!("${}\r\n", word.len()).bytes());
            command.extend(*word);
            command.extend(b"\r\n");
        }
        self.stream.write_all(&command).expect("sent");
        self.sent += 1;
        if self.sent >= 500 {
            self.settle();
        }
    }

    /// A command of words without spaces in them.
    pub(crate) fn say(&mut self, command: &str) {
        let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        self.ask(&words);
        self.settle();
    }

    /// Waits for the answers, all of one line.
    pub(crate) fn settle(&mut self) {
        let mut answers = Vec::new();
        let mut chunk = [0; 4096];
        let mut lines = 0;
        while lines < self.sent {
            let read = self.stream.read(&mut chunk).expect("an answer");
            lines += chunk[..read].split(|byte| *byte == b'\n').count() - 1;
            assert!(read > 0, "it closed the connection");
            answers.extend_from_slice(&chunk[..read]);
        }
        let text = String::from_utf8_lossy(&answers);
        assert!(text.lines().all(|line| !line.starts_with('-')), "{text}");
        self.sent = 0;
    }
}
