//! What a story needs: a simulated JumpCloud, the program that serves devices, and a browser.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use adr_core::Clock;
use adr_simulator::SimulatorOptions;
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Map, json};

use crate::common::{CANARY, JumpCloud, Now, folder, program};

/// How long a person would wait.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "correct horse battery staple";
const TEMPLATE: &str = "\
sources:
  jumpcloud: { type: jumpcloud, poll_interval: 1s, settle: 0s }
transforms:
  adr: { type: adr, inputs: [jumpcloud] }
sinks:
  cce: { type: file, inputs: [adr], path: \"FOLDER/${DEVICE_CCE}.ndjson\" }
";

/// A child process that ends with the test.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Scene {
    pub(crate) jumpcloud: JumpCloud,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) address: String,
    serving: RefCell<Option<Running>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let hour = Duration::from_secs(3600);
        let until = Some(Now.now().plus(hour));
        let options = SimulatorOptions { events: 7200, span: 2 * hour, until, ..SimulatorOptions::default() };
        let (jumpcloud, folder) = (JumpCloud::new(options), folder());
        let template = TEMPLATE.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(folder.path().join("template.yaml"), template).expect("writes");
        user(folder.path());
        let scene = Self { jumpcloud, folder, address: free_address(), serving: RefCell::default() };
        scene.serve();
        scene
    }

    /// Serves until it is [killed](Self::kill).
    pub(crate) fn serve(&self) {
        let log = OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = program();
        command.args(["serve", "--devices", "devices", "--template", "template.yaml", "--state-dir", "state"]);
        command.args(["--listen", &self.address]).current_dir(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.serving.replace(Some(Running(command.spawn().expect("it starts"))));
        answers(&self.address);
    }

    /// It is killed.
    pub(crate) fn kill(&self) {
        self.serving.take();
    }

    /// How often a change was asked for.
    pub(crate) fn asked(&self, action: &str) -> usize {
        let audit = std::fs::read_to_string(self.folder.path().join("devices/audit.ndjson")).unwrap_or_default();
        audit.lines().filter(|line| line.contains(&format!("\"action\":\"{action}\""))).count()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// An administrator who may sign in.
fn user(folder: &Path) {
    let mut command = program();
    command.args(["user", "add", "jane", "--role", "administrator", "--devices", "devices"]).current_dir(folder);
    let mut adding = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    adding.stdin.take().expect("a pipe").write_all(PASSWORD.as_bytes()).expect("it reads");
    assert!(adding.wait().expect("it ends").success());
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Waits until somebody listens there.
fn answers(address: &str) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < LIMIT, "nobody listens at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A browser, driven.
pub(crate) struct Browser {
    pub(crate) client: Client,
    _driver: Running,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) async fn start(scripts: bool) -> Self {
        let address = free_address();
        let port = address.rsplit(':').next().expect("a port");
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = Running(command.spawn().expect("chromedriver starts"));
        answers(&address);
        let profile = folder();
        let mut options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1440,900",
                format!("--user-data-dir={}", profile.path().display()),
            ],
        });
        if !scripts {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{address}"))
            .await
            .expect("a session");
        Self { client, _driver: driver, _profile: profile }
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("it loads");
    }

    pub(crate) async fn element(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(LIMIT);
        wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("no {css}: {error}"))
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.element(css).await;
        field.clear().await.expect("it is a field");
        field.send_keys(text).await.expect("it takes text");
    }

    /// Clicks what a person reads there.
    pub(crate) async fn click(&self, words: &str) {
        let xpath = format!(
            "//*[self::a or self::button or self::summary][normalize-space(.)='{words}' or starts-with(normalize-space(.), '{words} ')]"
        );
        let wait = self.client.wait().at_most(LIMIT);
        let found =
            wait.for_element(Locator::XPath(&xpath)).await.unwrap_or_else(|error| panic!("no {words}: {error}"));
        found.click().await.expect("it can be clicked");
    }

    /// Puts a function in the place of `fetch`, which it has as `real`.
    pub(crate) async fn network(&self, function: &str) {
        let script = format!("window.real ||= window.fetch; window.fetch = {function};");
        self.client.execute(&script, Vec::new()).await.expect("a script");
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.element(css).await.text().await.unwrap_or_default()
    }

    /// Waits until a part of the page says something, without loading it again.
    pub(crate) async fn until(&self, css: &str, words: &str) {
        let begun = Instant::now();
        loop {
            // A part that is being exchanged may be gone for a moment.
            let text = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(words) {
                return;
            }
            assert!(begun.elapsed() < LIMIT, "{css} does not say {words:?} but {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the browser complains about: scripts that fail, policies that are broken.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Log).await.expect("a log");
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) async fn end(self) {
        self.client.close().await.expect("it ends");
    }
}

/// The browser's own log: no part of the WebDriver standard.
#[derive(Debug)]
struct Log;

impl fantoccini::wd::WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

pub(crate) fn key() -> &'static str {
    CANARY
}
