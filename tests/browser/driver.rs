//! A headless Chromium, driven over its DevTools protocol: as much of it as looking at our own pages takes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// What a browser is called, the smaller one first.
const NAMES: [&str; 2] = ["chromium-headless-shell", "chromium"];

/// Longer than anything takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page. It ends with its test, and leaves nothing.
pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    /// The page's, once there is one.
    session: Option<String>,
    calls: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; without any on this machine the test is to be left out, which is said.
    pub fn start() -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let Some(mut process) = NAMES.iter().find_map(|name| spawn(name, &profile)) else {
            // Past the capture of the tests' own output: what was left out must be seen.
            let _ = writeln!(std::io::stderr(), "left out: no {} on this machine", NAMES.join(" or "));
            return None;
        };
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let listening = |line: String| line.strip_prefix("DevTools listening on ").map(str::to_owned);
        let url = lines.by_ref().map_while(Result::ok).find_map(listening).expect("a browser says where it listens");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let authority = url.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(&url, stream).unwrap();
        let mut browser = Self { process, socket, session: None, calls: 0, _profile: profile };
        let page = browser.call("Target.createTarget", &json!({ "url": "about:blank", "width": 1100, "height": 900 }));
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", &attach)["sessionId"].as_str().map(str::to_owned);
        Some(browser)
    }

    /// Calls a method; its result, or null if it fails.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.socket.read().expect("a browser answers");
            let mut answer: Value = serde_json::from_str(message.to_text().unwrap()).unwrap_or_default();
            if answer["id"] == self.calls {
                return answer["result"].take();
            }
        }
    }

    /// Goes to an address.
    pub fn go(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
    }

    /// What a script in the page comes to; null while the page is changing.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        self.call("Runtime.evaluate", &params)["result"]["value"].take()
    }

    /// Waits until a script in the page comes to true.
    pub fn wait_until(&mut self, script: &str) {
        let begun = Instant::now();
        while self.evaluate(script) != true {
            if begun.elapsed() > PATIENCE {
                let page = self.evaluate("document.documentElement.outerHTML");
                panic!("never true: {script}\n{}", page.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes what the page looks like to `NAME.png` in the folder that the variable SCREENSHOTS names, if it is set.
    pub fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS") else { return };
        let shot = self.call("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Debian's command is a script that waits for the browser: the group has both.
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

fn spawn(name: &str, profile: &TempDir) -> Option<Child> {
    let mut command = Command::new(name);
    command.args(["--headless", "--remote-debugging-port=0", "--disable-gpu", "--no-first-run", "--disable-sync"]);
    command.args(["--disable-background-networking", "--disable-component-update", "about:blank"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()
}
