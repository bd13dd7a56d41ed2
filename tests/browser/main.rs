//! The pages of the services that ship, as a person sees them: in a headless Chromium, if this machine has one.
#![allow(clippy::unwrap_used)] // tests: a failure is what they are for

mod driver;
#[allow(dead_code)] // this file uses a part of it
#[path = "../target_remote/client.rs"]
mod remote;

use scrutinio::target::{self, Config, ServiceKind};
use serde_json::json;

use driver::Browser;

/// Whether all that the page has loaded came from its own server.
const ALL_OWN: &str = "performance.getEntriesByType('resource').every(it => it.name.startsWith(location.origin))";

#[test]
fn a_person_logs_on_and_watches_a_desktop() {
    let Some(mut browser) = Browser::start() else { return };
    let server = remote::serve(remote::quick(), None);
    browser.go(&format!("http://{}/", server.address));
    browser.wait_until("document.querySelector('input[name=username]') !== null");
    browser.screenshot("logon");
    browser.evaluate(
        "document.querySelector('[name=username]').value = 'e042'; \
         document.querySelector('[name=password]').value = 'pass-e042'; \
         document.querySelector('form button').click()",
    );
    browser.wait_until("document.querySelector('tr[data-id=e042-1] a') !== null");
    browser.screenshot("desktops");
    browser.evaluate("document.querySelector('tr[data-id=e042-1] a').click()");
    browser.wait_until("Number(document.querySelector('canvas')?.dataset.frames) >= 30");
    // A hand moves over the desktop, and a frame answers.
    for x in 0..10 {
        browser.call("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": 300 + x, "y": 400 }));
    }
    browser.wait_until("Number(document.querySelector('canvas').dataset.answered) >= 1");
    let drawn = "(() => { const it = document.querySelector('canvas'); \
                 const pixels = it.getContext('2d').getImageData(0, 0, it.width, it.height).data; \
                 return new Set(pixels).size > 4 })()";
    browser.wait_until(drawn);
    assert_eq!(browser.evaluate(ALL_OWN), true);
    browser.screenshot("desktop");
    // One is left and taken up again.
    assert_eq!(browser.evaluate("document.querySelector('#again').checkVisibility()"), false);
    browser.evaluate("document.querySelector('[name=disconnect]').click()");
    browser.wait_until("document.querySelector('#again').checkVisibility()");
    browser.evaluate("document.querySelector('#again').click()");
    browser.wait_until("document.querySelector('#state').textContent === 'connected, session 1, resumed'");
    browser.evaluate("document.querySelector('[name=logoff]').click()");
    browser.wait_until("document.querySelector('tr[data-id=e042-1]')?.dataset.state === 'stopped'");
}

#[test]
fn the_election_says_when_its_page_was_made_and_loads_it_again_each_minute() {
    let Some(mut browser) = Browser::start() else { return };
    let config = Config {
        service: ServiceKind::Election { store: None },
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        target::run(&config, |addresses| tell.send(addresses[0]).unwrap(), async { drop(stopped.await) })
    });
    browser.go(&format!("http://{}/", told.recv().unwrap()));
    browser.wait_until("Date.now() - new Date(document.querySelector('time.rendered')?.dateTime) < 60 * 60 * 1000");
    assert_eq!(browser.evaluate("document.querySelector('meta[http-equiv=refresh]').content"), "60");
    assert_eq!(browser.evaluate(ALL_OWN), true);
    browser.screenshot("election");
    drop(stop);
    serving.join().unwrap().unwrap();
}
