//! A syslog receiver of a few lines: octet counting over TCP, messages kept.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A listener on loopback that keeps the messages of all its connections until it is dropped.
#[derive(Debug)]
pub struct OctetReceiver {
    /// Where it listens.
    pub address: String,
    messages: Arc<Mutex<Vec<String>>>,
}

impl OctetReceiver {
    /// Listens on a free port, with a thread for each connection.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("it has an address").to_string();
        let messages: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = messages.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || read(stream, &kept));
            }
        });
        Self { address, messages }
    }

    /// How many messages have come.
    pub fn count(&self) -> usize {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The bodies (the JSON objects) of all messages so far, in the order they came.
    pub fn bodies(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let body = |message: &String| message[message.find('{').expect("a JSON body")..].to_owned();
        messages.iter().map(body).collect()
    }
}

/// Reads to the end of the connection. A message that is cut off is none.
fn read(stream: TcpStream, kept: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        if stream.read_until(b' ', &mut length).is_err() || length.pop() != Some(b' ') {
            return;
        }
        let length: usize = std::str::from_utf8(&length).ok().and_then(|text| text.parse().ok()).expect("a length");
        let mut message = vec![0; length];
        if stream.read_exact(&mut message).is_err() {
            return;
        }
        let message = String::from_utf8(message).expect("UTF-8");
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }
}
