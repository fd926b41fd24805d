//! Chromium without a screen, steered over the protocol of its developer tools.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long a page may take for anything: machines may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser with one page; it ends with this.
pub(crate) struct Browser {
    child: Child,
    runtime: Runtime,
    socket: WebSocketStream<TcpStream>,
    session: String,
    last: u64,
    complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Browser {
        let profile = TempDir::new().expect("a temporary folder");
        let mut child = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-port=0",
            ])
            .args([
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium does not start; install chromium");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(
                stderr.read_line(&mut line).expect("a line") > 0,
                "chromium ended"
            );
            if let Some((_, address)) = line.split_once("DevTools listening on ") {
                break address.trim().to_owned();
            }
        };
        // It must not stop because nobody reads what it says.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let connected = runtime.block_on(async {
            let host = address.trim_start_matches("ws://").split('/').next();
            let stream = TcpStream::connect(host.expect("a host"))
                .await
                .expect("a connection");
            tokio_tungstenite::client_async(&address, stream).await
        });
        let mut browser = Browser {
            child,
            runtime,
            socket: connected.expect("its socket").0,
            session: String::new(),
            last: 0,
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let target = target["targetId"].as_str().expect("a target").to_owned();
        let attached = browser.ask(
            "Target.attachToTarget",
            &json!({"targetId": target, "flatten": true}),
        );
        let session = attached["sessionId"].as_str();
        browser.session.push_str(session.expect("a session"));
        browser.ask("Page.enable", &json!({}));
        browser.ask("Runtime.enable", &json!({}));
        browser.ask("Log.enable", &json!({}));
        browser
    }

    /// Goes to a page.
    pub(crate) fn open(&mut self, url: &str) {
        self.ask("Page.navigate", &json!({"url": url}));
        self.wait_for(
            "document.readyState === 'complete' && location.protocol !== 'about:'",
            "the page",
        );
    }

    /// Waits until an expression of the page's is true.
    pub(crate) fn wait_for(&mut self, expression: &str, what: &str) {
        let begun = Instant::now();
        while self.value(expression) != Value::Bool(true) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} does not come:\n{}",
                self.text("body")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes the page so wide, as on a phone or a desk.
    pub(crate) fn widen(&mut self, width: u32) {
        let size =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Shows the page on `screen` or as `print`, `light` or `dark`.
    pub(crate) fn look(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.ask(
            "Emulation.setEmulatedMedia",
            &json!({"media": media, "features": features}),
        );
    }

    /// Brings an element into sight and the pointer to its middle.
    pub(crate) fn point_at(&mut self, selector: &str) {
        let selector = Value::from(selector);
        let middle = self.value(&format!(
            "(() => {{ const one = document.querySelector({selector}); one.scrollIntoView({{block: 'center'}});
               const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        let moved = json!({"type": "mouseMoved", "x": middle[0], "y": middle[1]});
        self.ask("Input.dispatchMouseEvent", &moved);
    }

    /// Has the page do something.
    pub(crate) fn run(&mut self, statement: &str) {
        self.value(&format!("(() => {{ {statement}; }})()"));
    }

    /// Whether an expression of the page's is true now.
    pub(crate) fn holds(&mut self, expression: &str) -> bool {
        self.value(expression) == Value::Bool(true)
    }

    /// What is read in an element.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        self.texts(selector).into_iter().next().unwrap_or_default()
    }

    /// What is read in each of some elements.
    pub(crate) fn texts(&mut self, selector: &str) -> Vec<String> {
        let selector = Value::from(selector);
        let told = self.value(&format!(
            "[...document.querySelectorAll({selector})].map((one) => one.innerText)"
        ));
        let texts = told.as_array().cloned().unwrap_or_default();
        texts
            .iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    /// What the browser complained of: scripts that failed, things that a policy forbade.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// What an expression of the page's comes to now.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        self.ask("Runtime.evaluate", &asked)["result"]["value"].take()
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut asked = json!({"id": self.last, "method": method, "params": parameters});
        if !self.session.is_empty() {
            asked["sessionId"] = self.session.clone().into();
        }
        let socket = &mut self.socket;
        let sent = self
            .runtime
            .block_on(socket.send(Message::text(asked.to_string())));
        sent.expect("chromium listens");
        loop {
            let socket = &mut self.socket;
            let next = async { tokio::time::timeout(PATIENCE, socket.next()).await };
            let told = self.runtime.block_on(next);
            let told = told
                .expect("chromium answers")
                .expect("chromium is there")
                .expect("a message");
            let Ok(mut told) = serde_json::from_str::<Value>(told.to_text().unwrap_or_default())
            else {
                continue;
            };
            match told["method"].as_str() {
                Some("Runtime.exceptionThrown") => self.complaints.push(told["params"].to_string()),
                Some("Log.entryAdded") if told["params"]["entry"]["level"] == "error" => {
                    self.complaints
                        .push(told["params"]["entry"]["text"].to_string());
                }
                _ => {}
            }
            if told["id"] == self.last {
                assert!(told["error"].is_null(), "{method}: {}", told["error"]);
                return told["result"].take();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
