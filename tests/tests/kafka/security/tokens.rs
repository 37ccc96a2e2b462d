//! OAUTHBEARER: tokens that end while the connection goes on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adr_core::FailureKind::Unauthorized;
use adr_tests::kafka::{Broker, Listener, Security, USER, Version, read_all};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::scene::{Scene, send, token, trusted};
use super::{lines, no_secret, run};

/// Seconds. The broker lets a connection live for 3 s before it must log in anew. It takes no login within a second after
/// another, which a token's last second would bring about.
const LIFE: f64 = 10.0;

fn settings(broker: &Broker, sasl: Value) -> Value {
    json!({"tls": trusted(broker), "sasl": sasl})
}

pub(super) fn renewed(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    run(async {
        let sasl = json!({"mechanism": "oauthbearer", "token": {"env": "TOKEN"}});
        let scene = Scene::new(&broker, &broker.address(Listener::Oauth), &settings(&broker, sasl));
        scene.vault.set_by("TOKEN", || token(USER, LIFE));
        let mut sink = scene.sink();
        send(&mut sink, "first").await.expect("delivered");
        let asked = scene.vault.asked();
        let (start, mut sent) = (Instant::now(), 1);
        while start.elapsed() < Duration::from_secs(14) {
            send(&mut sink, &format!("event {sent}")).await.unwrap_or_else(|failure| panic!("event {sent}: {failure}"));
            sent += 1;
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(read_all(&broker.bootstrap(), &scene.topic).len(), sent);
        let renewals = scene.vault.asked() - asked;
        assert!(renewals >= 1, "{renewals}");
        let told = lines::told_by(&scene.name);
        assert!(told.is_empty(), "nothing was wrong: {told:#?}");

        // Nobody renews it any more: it is told by what is missing, and is over once there is another.
        let last = token(USER, 1.0);
        scene.vault.set("TOKEN", &last);
        let start = Instant::now();
        let failure = loop {
            assert!(start.elapsed() < Duration::from_secs(20), "nothing is told of it");
            // For a moment the brokers may be the first to notice.
            match scene.check().await {
                Err(failure) if failure.message.contains("has expired") => break failure,
                _ => {}
            }
            sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(failure.kind, Unauthorized, "{failure}");
        no_secret(&[&last], &failure.message);
        scene.vault.set_by("TOKEN", || token(USER, LIFE));
        scene.send("again").await.expect("let in");
    });
}

/// What was asked of a token endpoint, and what it is to say.
struct Endpoint {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Endpoint {
    /// One that lives as long as the process.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/token?tenant=site", listener.local_addr().expect("an address"));
        let (asked, answer) = (Arc::new(Mutex::default()), Arc::new(Mutex::new((500, String::new()))));
        let endpoint = Self { address, asked: Arc::clone(&asked), answer: Arc::clone(&answer) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.expect("a connection"));
                let mut request = String::new();
                while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).is_ok_and(|read| read > 0) {}
                let length =
                    request.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).expect("a body");
                request.push_str(&String::from_utf8(body).expect("text"));
                asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let (status, body) = answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                // A client that has heard enough may be gone.
                let _ = reader.into_inner().write_all((head + &body).as_bytes());
            }
        });
        endpoint
    }

    fn says(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const SECRET: &str = "client/secret+7";

pub(super) fn endpoint(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    let endpoint = Endpoint::start();
    let sasl = json!({
        "mechanism": "oauthbearer", "token_endpoint": endpoint.address, "client_id": "sender",
        "client_secret": {"env": "SECRET"}, "scope": "kafka write",
    });
    let scene = Scene::new(&broker, &broker.address(Listener::Oauth), &settings(&broker, sasl));
    scene.vault.set("SECRET", SECRET);
    let refused = [
        (400, r#"{"error":"invalid_client","error_description":"client/secret+7 is wrong"}"#, "invalid_client"),
        (302, "", "gives no token (302"),
        (503, "", "gives no token (503"),
        (200, "<html>", "no access_token"),
        (200, &"x".repeat(100_000), "far more than a token"),
        (200, r#"{"access_token":"canary line\nbreak"}"#, "no token has"),
    ];
    run(async {
        for (status, body, words) in refused {
            endpoint.says(status, body);
            let failure = scene.check().await.expect_err(words);
            let place = endpoint.address.split('?').next().expect("a place");
            assert!(failure.message.contains(words) && failure.message.contains(place), "{failure}");
            no_secret(&[SECRET, "client%2Fsecret%2B7", "canary"], &failure.message);
        }
        // An opaque token would do as well, but not for this broker's validator.
        let given = token(USER, 600.0);
        endpoint.says(200, &json!({"access_token": given, "token_type": "Bearer", "expires_in": 3}).to_string());
        let before = endpoint.asked().len();
        let said = scene.check().await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(said.contains("to sender by OAUTHBEARER"), "{said}");
        let mut sink = scene.sink();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(6) {
            send(&mut sink, "event").await.unwrap_or_else(|failure| panic!("{failure}"));
            sleep(Duration::from_millis(100)).await;
        }
        let asked = endpoint.asked();
        // One serves all clients, until it is old.
        assert!((2..=6).contains(&(asked.len() - before)), "{} times", asked.len() - before);
        let last = asked.last().expect("asked");
        assert!(last.starts_with("POST /token?tenant=site ") && last.contains("authorization: Basic "), "{last}");
        assert!(last.ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka+write"), "{last}");
        no_secret(&[SECRET, &given], &said);
    });
}
