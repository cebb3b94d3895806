//! Being asked to stop.

/// Hears Ctrl-C, SIGTERM and a closed terminal; each `next` is one of them.
pub struct Interrupts {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Interrupts {
    #[cfg(unix)]
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
            hangup: signal(SignalKind::hangup()).ok(),
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
