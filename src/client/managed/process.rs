//! The server's process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::install::{self, Parts, last_line};
use super::{ManagedError, find_program, leftover};
use crate::client::Client;
use crate::config::resolved::{Managed, ManagedModel};

/// A running server of ours. It ends with us, however we end: at our drop, at the end of its
/// standard input, and on Linux at our death.
#[derive(Debug)]
pub struct ManagedServer {
    child: Child,
    /// Held open: the server ends when it closes.
    _stdin: Option<tokio::process::ChildStdin>,
    pub address: String,
    log: PathBuf,
}

impl ManagedServer {
    /// Starts the server and waits until its model is loaded. `say` hears what takes time.
    ///
    /// # Errors
    /// What is missing, or what the server said as it failed.
    pub async fn start(
        managed: &Managed,
        log: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, ManagedError> {
        if let Some(folder) = log.parent() {
            // Commands have no lock of their own.
            leftover::reap(folder, say);
            let io = |source| ManagedError::Io { what: format!("make {}", folder.display()), source };
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        // Each start begins its log anew.
        let _ = std::fs::remove_file(log);
        let program = find_program(&managed.command);
        if program.is_none() && managed.command != "llama-server" {
            return Err(ManagedError::NoCommand { command: managed.command.clone() });
        }
        match (&managed.model, program) {
            (ManagedModel::File(model), Some(program)) => {
                Self::start_program(&program, model, managed, log, say).await
            }
            (ManagedModel::Quickstart, Some(program)) => {
                let site = install::fetch(Parts::Model, say).await?;
                Self::start_program(&program, &site.model, managed, log, say).await
            }
            (_, None) if !managed.args.is_empty() => {
                Err(ManagedError::NoCommandForArgs { command: managed.command.clone() })
            }
            (model, None) => {
                let site = install::fetch(Parts::ModelAndServer, say).await?;
                let model = match model {
                    ManagedModel::File(path) => path.clone(),
                    ManagedModel::Quickstart => site.model.clone(),
                };
                Self::start_python(&site, &model, managed, log, say).await
            }
        }
    }

    async fn start_program(
        program: &Path,
        model: &Path,
        managed: &Managed,
        log: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, ManagedError> {
        let port = free_port()?;
        let name = model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut command = Command::new(program);
        command.arg("-m").arg(model).args(["-a", &name, "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["-np", &managed.slots.to_string()]);
        command.args(["-c", &(u64::from(managed.slots) * u64::from(managed.context)).to_string()]);
        command.args(["--slots", "--metrics"]);
        if let Some(threads) = managed.threads {
            command.args(["-t", &threads.to_string()]);
        }
        if let Some(lora) = &managed.lora {
            command.arg("--lora").arg(lora);
        }
        command.args(&managed.args).stdout(log_file(log)?);
        let server = Self::of(spawn(command, log)?, format!("http://127.0.0.1:{port}"), log);
        server.wait(managed.loading, say).await
    }

    fn of(mut child: Child, address: String, log: &Path) -> Self {
        // Taken, since waiting for a child closes its input.
        let _stdin = child.stdin.take();
        Self { child, _stdin, address, log: log.to_owned() }
    }

    /// Waits until the server says that it is well.
    async fn wait(mut self, within: Duration, say: &(dyn Fn(&str) + Sync)) -> Result<Self, ManagedError> {
        say("starting the model server");
        let client = Client::new(&self.address, None)
            .map_err(|error| ManagedError::Start { why: error.to_string(), log: self.log.clone() })?;
        let well = async {
            while client.get("/health", Duration::from_secs(5)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            () = well => match self.gone() {
                // Somebody else's server answered at the port that was ours a moment ago.
                Some(_) => Err(self.failed()),
                None => Ok(self),
            },
            _ = self.child.wait() => Err(self.failed()),
            () = tokio::time::sleep(within) => Err(ManagedError::Start {
                why: format!("its model did not load within {} s (`managed.loading`)", within.as_secs_f64()),
                log: self.log.clone(),
            }),
        }
    }

    async fn start_python(
        site: &install::Site,
        model: &Path,
        managed: &Managed,
        log: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, ManagedError> {
        say("starting the model server");
        let threads = managed
            .threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u32);
        let mut command = Command::new(&site.python);
        command.arg(&site.serve).arg("--site").arg(&site.folder).arg("--model").arg(model);
        command.args(["--host", "127.0.0.1", "--port", "0"]);
        command.args(["--slots", &managed.slots.to_string()]);
        command.args(["--context-per-slot", &managed.context.to_string()]);
        command.args(["--threads", &threads.to_string()]);
        if let Some(lora) = &managed.lora {
            command.arg("--lora").arg(lora);
        }
        command.stdout(Stdio::piped());
        let mut server = Self::of(spawn(command, log)?, String::new(), log);
        let Some(stdout) = server.child.stdout.take() else {
            return Err(server.failed());
        };
        let mut lines = BufReader::new(stdout).lines();
        match tokio::time::timeout(managed.loading, lines.next_line()).await {
            Ok(Ok(Some(line))) if line.starts_with("listening ") => {
                server.address = line["listening ".len()..].trim().to_owned();
                Ok(server)
            }
            _ => Err(server.failed()),
        }
    }

    fn failed(&self) -> ManagedError {
        let why = std::fs::read(&self.log).map(|log| last_line(&log)).unwrap_or_default();
        ManagedError::Start { why, log: self.log.clone() }
    }

    /// Why the server is gone, if it is.
    pub fn gone(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("the model server ended by itself ({status}); its log: {}", self.log.display()))
    }

    /// Where the server writes what it does.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Ends the server with all that it started, and waits for that.
    pub async fn stop(mut self) {
        self.kill();
        let _ = self.child.wait().await;
        leftover::forget(&self.log);
    }

    /// Ends the server with all that it started.
    ///
    /// It holds nothing that could be lost, so it need not be asked politely; one that hangs would not hear.
    pub fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            // SAFETY: kill takes two numbers. The child was not waited for, so the group is its own.
            unsafe { libc::kill(-id, libc::SIGKILL) };
        }
        let _ = self.child.start_kill();
    }
}

fn log_file(log: &Path) -> Result<Stdio, ManagedError> {
    let io = |source| ManagedError::Io { what: format!("write {}", log.display()), source };
    Ok(std::fs::File::options().append(true).create(true).open(log).map_err(io)?.into())
}

fn spawn(mut command: Command, log: &Path) -> Result<Child, ManagedError> {
    command.stderr(log_file(log)?).stdin(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    {
        // A group of its own: Ctrl-C at the terminal is for us, and the answers in flight are saved.
        command.process_group(0);
    }
    #[cfg(target_os = "linux")]
    {
        let parent = std::process::id();
        // SAFETY: between fork and exec only `prctl`, `getppid` and `_exit` are called, which are
        // async-signal-safe, and nothing is allocated.
        unsafe {
            command.pre_exec(move || {
                if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                // We may have died before the call above.
                if libc::getppid() as u32 != parent {
                    libc::_exit(1);
                }
                Ok(())
            });
        }
    }
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let args = command.as_std().get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let child =
        command.spawn().map_err(|source| ManagedError::Io { what: format!("start {program}"), source })?;
    if let Some(id) = child.id() {
        leftover::record(log, id, &args);
    }
    Ok(child)
}

fn free_port() -> Result<u16, ManagedError> {
    let io = |source| ManagedError::Io { what: "find a free port".into(), source };
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(io)?;
    Ok(listener.local_addr().map_err(io)?.port())
}
