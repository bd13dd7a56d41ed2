//! The first Ctrl-C stops the run and writes everything; the second quits at once.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::signal::unix::{SignalKind, signal};

use crate::engine::Stopper;
use crate::unit::{NotStarted, STACK_BYTES};

use super::Exit;

/// Listens for SIGINT and SIGTERM.
pub struct StopSignal {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    stopped: bool,
    stopper: Option<Stopper>,
}

impl StopSignal {
    /// Begins to listen, in a thread of its own.
    pub fn listen() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let heard = Arc::clone(&state);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        // Here and not in the thread: once this returns, no signal is missed.
        let (mut interrupt, mut terminate) = {
            let _entered = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let thread = std::thread::Builder::new().name("signals".to_owned()).stack_size(STACK_BYTES);
        let started = thread.spawn(move || {
            runtime.block_on(async move {
                loop {
                    tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
                    hear(&heard);
                }
            });
        });
        started.map_err(NotStarted::of("a thread for signals"))?;
        Ok(Self { state })
    }

    /// What a signal stops from now on; stopped at once if one came already.
    pub fn stops(&self, stopper: Stopper) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            stopper.stop();
        }
        state.stopper = Some(stopper);
    }

    /// Whether a signal came.
    pub fn was_stopped(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }
}

fn hear(state: &Mutex<State>) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match &state.stopper {
        Some(stopper) if !state.stopped => {
            eprintln!(
                "\nstopping: open requests are left unfinished and all results are written; press Ctrl-C again to quit immediately"
            );
            stopper.stop();
            state.stopped = true;
        }
        // Nothing was measured yet, or the user will not wait for it to be written.
        _ => std::process::exit(Exit::Stopped as i32),
    }
}
