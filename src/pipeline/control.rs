//! A run can be spoken to while it goes on: over a socket that only its user can open, one line of
//! JSON each way.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::StoreDir;

/// What a run is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Order {
    /// Sends nothing more for now; what is under way goes on.
    Pause,
    Resume,
    /// Sends nothing more, waits for what is under way, and ends.
    Drain,
    /// So many requests at a time from now on, at one endpoint or at all.
    Concurrency {
        at_a_time: u32,
        endpoint: Option<String>,
    },
    Status,
}

/// How a run is, as it answers every order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RunStatus {
    pub name: String,
    pub pid: u32,
    /// `waiting` for its endpoints, `running`, `paused`, or `draining` where it is about to end.
    pub state: String,
    pub rows: u64,
    pub wanted: u64,
    pub requests: u64,
    pub under_way: u64,
    pub waiting: u64,
    pub completion_tokens: u64,
    /// What was spent by the `price` of endpoints, and the most that may be; none where no endpoint has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<f64>,
    pub seconds: f64,
    pub endpoints: Vec<EndpointStatus>,
    /// What was done, where that is not just what was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the order was not carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndpointStatus {
    pub name: String,
    /// `awaited`, `there`, `away` or `aside`.
    pub state: String,
    pub at_a_time: u32,
    pub under_way: u64,
    pub requests: u64,
    /// What was spent at its price, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// Why no run is told to send nothing at a time.
pub const NONE: &str = "0 at a time sends nothing: `emogrid ctl pause` does that, and `resume` goes on";

/// The longest path that every system takes for a socket.
const LONGEST: usize = 100;

/// Where the run of a config name listens.
fn socket(dir: &StoreDir, name: &str) -> PathBuf {
    let folder = std::path::absolute(dir.folder()).unwrap_or_else(|_| dir.folder().to_owned());
    let path = folder.join(format!("{name}.sock"));
    if path.as_os_str().len() <= LONGEST {
        return path;
    }
    let hash = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
    PathBuf::from("/tmp").join(format!("emogrid-{}.sock", &hash[..24]))
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    /// Orders as they come in, each with the way to answer it.
    pub struct Orders {
        incoming: mpsc::UnboundedReceiver<(Order, oneshot::Sender<RunStatus>)>,
        path: Option<PathBuf>,
        listening: Option<tokio::task::JoinHandle<()>>,
        /// Closed when nobody is being answered any more.
        answering: mpsc::Receiver<()>,
    }

    impl Orders {
        /// Listens for a run that holds its lock. Where that is not possible nobody can speak to the
        /// run, which goes on all the same.
        pub fn listen(dir: &StoreDir, name: &str) -> Self {
            let path = socket(dir, name);
            let (heard, incoming) = mpsc::unbounded_channel();
            let (busy, answering) = mpsc::channel(1);
            // One that was left by a run that died; the lock says that it is ours to remove.
            if path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
                let _ = std::fs::remove_file(&path);
            }
            let listener = UnixListener::bind(&path).and_then(|listener| {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
                Ok(listener)
            });
            match listener {
                Ok(listener) => {
                    let listening = tokio::spawn(hear(listener, heard, busy));
                    Self { incoming, path: Some(path), listening: Some(listening), answering }
                }
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "no socket for `emogrid ctl`");
                    Self { incoming, path: None, listening: None, answering }
                }
            }
        }

        /// The next order; never, where nobody can be heard.
        pub async fn next(&mut self) -> (Order, oneshot::Sender<RunStatus>) {
            match self.incoming.recv().await {
                Some(order) => order,
                None => std::future::pending().await,
            }
        }
    }

    impl Orders {
        /// Hears nobody any more, and waits a moment until who was heard has been answered.
        pub async fn close(mut self) {
            if let Some(listening) = self.listening.take() {
                listening.abort();
            }
            // What was not taken up is refused by that.
            self.incoming.close();
            while self.incoming.try_recv().is_ok() {}
            let _ = tokio::time::timeout(Duration::from_secs(1), self.answering.recv()).await;
        }
    }

    impl Drop for Orders {
        fn drop(&mut self) {
            if let Some(listening) = &self.listening {
                listening.abort();
            }
            if let Some(path) = &self.path {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    async fn hear(
        listener: UnixListener,
        heard: mpsc::UnboundedSender<(Order, oneshot::Sender<RunStatus>)>,
        busy: mpsc::Sender<()>,
    ) {
        // SAFETY: takes nothing, and cannot fail.
        let me = unsafe { libc::geteuid() };
        while let Ok((stream, _)) = listener.accept().await {
            let allowed = stream.peer_cred().is_ok_and(|peer| peer.uid() == me || peer.uid() == 0);
            if allowed {
                let (heard, busy) = (heard.clone(), busy.clone());
                // One that says nothing keeps nobody else from speaking.
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(Duration::from_secs(10), answer(stream, heard)).await;
                    drop(busy);
                });
            }
        }
    }

    async fn answer(
        stream: UnixStream,
        heard: mpsc::UnboundedSender<(Order, oneshot::Sender<RunStatus>)>,
    ) -> io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        BufReader::new(read.take(4096)).read_line(&mut line).await?;
        let Ok(order) = serde_json::from_str::<Order>(&line) else {
            return write.write_all(b"{\"refused\":\"no such order\"}\n").await;
        };
        let (reply, answered) = oneshot::channel();
        if heard.send((order, reply)).is_ok()
            && let Ok(status) = answered.await
        {
            let mut text = serde_json::to_vec(&status).unwrap_or_default();
            text.push(b'\n');
            write.write_all(&text).await?;
        }
        Ok(())
    }

    /// The config names of which a run goes on.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn running(dir: &StoreDir) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(dir.folder()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut out = Vec::new();
        for entry in entries {
            let path = entry?.path();
            // Each run leaves a lock; only one that goes on can be reached.
            if path.extension().is_some_and(|ending| ending == "lock")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
                && std::os::unix::net::UnixStream::connect(socket(dir, name)).is_ok()
            {
                out.push(name.to_owned());
            }
        }
        out.sort();
        Ok(out)
    }

    /// Tells the run of a config name something, and says how it is then; `None` where no run of
    /// that name goes on.
    ///
    /// # Errors
    /// A run that does not answer.
    pub fn tell(dir: &StoreDir, name: &str, order: &Order) -> io::Result<Option<RunStatus>> {
        use std::io::{BufRead, BufReader, Write};
        use std::os::unix::net::UnixStream;
        let mut stream = match UnixStream::connect(socket(dir, name)) {
            Ok(stream) => stream,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(format!("{}\n", serde_json::to_string(order)?).as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        match serde_json::from_str(&line) {
            Ok(status) => Ok(Some(status)),
            // It ended just then.
            Err(_) if line.is_empty() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
mod unix {
    use super::*;

    /// Nobody can speak to a run on this system.
    pub struct Orders;

    impl Orders {
        pub fn listen(_: &StoreDir, _: &str) -> Self {
            Self
        }

        pub async fn next(&mut self) -> (Order, tokio::sync::oneshot::Sender<RunStatus>) {
            std::future::pending().await
        }

        pub async fn close(self) {}
    }

    /// # Errors
    /// Always: this system has no such sockets.
    pub fn running(_: &StoreDir) -> io::Result<Vec<String>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "runs cannot be spoken to on this system"))
    }

    /// # Errors
    /// Always: this system has no such sockets.
    pub fn tell(_: &StoreDir, _: &str, _: &Order) -> io::Result<Option<RunStatus>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "runs cannot be spoken to on this system"))
    }
}

pub use unix::{Orders, running, tell};
