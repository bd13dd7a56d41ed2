//! Signals: the first Ctrl-C stops the run and writes everything, the second quits at once; a file that is full ends nothing.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::engine::Stopper;
use crate::unit::{NotStarted, STACK_BYTES};

use super::Exit;
use super::output::to_stderr;

/// Listens for SIGINT and SIGTERM.
pub struct StopSignal {
    state: Arc<Mutex<State>>,
}

struct State {
    /// What is left of the command when it is stopped.
    left: &'static str,
    stopped: bool,
    stoppers: Vec<Stopper>,
}

impl StopSignal {
    /// Begins to listen, in a thread of its own. `left`: what is left of the command when a signal stops it, such as `all
    /// results are written`.
    pub fn listen(left: &'static str) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State { left, stopped: false, stoppers: Vec::new() }));
        let heard = Arc::clone(&state);
        let runtime = runtime()?;
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

    /// What a signal stops from now on, beside what it stops already; stopped at once if one came.
    pub fn stops(&self, stopper: Stopper) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            stopper.stop();
        }
        state.stoppers.push(stopper);
    }

    /// Whether a signal came.
    pub fn was_stopped(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_io().build()
}

/// From now on a write beyond RLIMIT_FSIZE fails, and is told as one to a full disk is: SIGXFSZ, which would end the process
/// without a word, has a handler, which stays when what listened is gone.
pub fn outlive_full_files() {
    let listen = || {
        let runtime = runtime()?;
        let _entered = runtime.enter();
        signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
    };
    // Where it cannot be had, the process may end so, as any other.
    drop(listen());
}

fn hear(state: &Mutex<State>) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match &state.stoppers[..] {
        [_, ..] if !state.stopped => {
            to_stderr(format_args!(
                "\nstopping: open requests are left unfinished and {}; press Ctrl-C again to quit immediately\n",
                state.left
            ));
            state.stoppers.iter().for_each(Stopper::stop);
            state.stopped = true;
        }
        // Nothing was measured yet, or the user will not wait for it to be written.
        _ => std::process::exit(Exit::Stopped as i32),
    }
}
