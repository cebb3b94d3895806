//! Being asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Hears Ctrl-C, SIGTERM and a closed terminal; each `next` is one of them.
pub struct Interrupts {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self::new()
    }
}

impl Interrupts {
    #[cfg(unix)]
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            terminate: heard(libc::SIGTERM).then(|| signal(SignalKind::terminate()).ok()).flatten(),
            interrupt: heard(libc::SIGINT).then(|| signal(SignalKind::interrupt()).ok()).flatten(),
            hangup: heard(libc::SIGHUP).then(|| signal(SignalKind::hangup()).ok()).flatten(),
        }
    }

    #[cfg(not(unix))]
    pub fn new() -> Self {
        Self {}
    }

    #[cfg(unix)]
    pub async fn next(&mut self) {
        async fn of(signal: Option<&mut tokio::signal::unix::Signal>) {
            let heard = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if heard.is_none() {
                std::future::pending::<()>().await;
            }
        }
        tokio::select! {
            () = of(self.terminate.as_mut()) => {}
            () = of(self.interrupt.as_mut()) => {}
            () = of(self.hangup.as_mut()) => {}
        }
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        // Without a handler the system ends us at once; what is committed is kept.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether any came, for work that lets nobody wait for them meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    /// Listens from now on, in a thread that ends with the process.
    pub fn listen() -> Self {
        let came = Self::default();
        let told = came.clone();
        let listen = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(async { Interrupts::new().next().await });
                told.0.store(true, Ordering::Relaxed);
            }
        };
        // Without it they are heard once the work is done.
        let _ = std::thread::Builder::new().name("interrupts".into()).spawn(listen);
        came
    }

    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a signal is to be heard: what `nohup` or a shell told us to ignore stays ignored.
#[cfg(unix)]
fn heard(signal: libc::c_int) -> bool {
    // SAFETY: all-zero bytes are a valid `sigaction`, which the call fills in; no handler is set.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) != 0 || now.sa_sigaction != libc::SIG_IGN
    }
}
