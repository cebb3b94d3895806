//! A project in a temporary folder, and emogrid run in it.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder that is removed at the end.
pub struct Project {
    folder: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Asserts the exit code, showing all that was said if it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected {text:?} in:\n{}", self.stderr);
        self
    }
}

/// A grid of 2 × 2 cells, two rows each; `URL` and `EXTRA` are filled in.
pub const SMALL: &str = "\
name: small
endpoints: { fake: URL }
prompt: { user: 'Write a {{ sentiment }} post that shows {{ emotion }}: {{ emotion.definition }}' }
grid:
  axes:
    emotion:
      label: true
      values:
        joy: { definition: bright }
        anger: { definition: hot }
    sentiment: [good, bad]
samples: { per_cell: 2, max_asks: 5 }
";

impl Project {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A project with `SMALL` as `small.yaml`.
    pub fn small(url: &str) -> Self {
        let project = Self::new();
        project.write("small.yaml", &SMALL.replace("URL", url));
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces a text in a file; it must be there.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}");
        self.write(name, &text.replace(from, to));
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_emogrid"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        command.env_remove("EMOGRID_LOG").env("NO_COLOR", "1");
        let hear = || {
            // Where the tests run in a script's background they were told to ignore it, and a run would too.
            // Nothing is allocated or locked here.
            unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
            Ok(())
        };
        unsafe { command.pre_exec(hear) };
        command
    }

    pub fn emogrid(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// What a JSON file holds.
    pub fn value(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The lines of a JSONL file.
    pub fn rows(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A grid of `2 × topics` cells, one row each, whose asks are told apart by `topic-NN`; `endpoint`
/// is further keys of the endpoint, such as `, slots: 2`.
pub fn wide(url: &str, topics: usize, endpoint: &str) -> String {
    let topics: Vec<_> = (0..topics).map(|n| format!("topic-{n:02}")).collect();
    format!(
        "\
name: wide
endpoints: {{ fake: {{ url: '{url}'{endpoint} }} }}
prompt: {{ user: 'Write about {{{{ topic }}}} with {{{{ mood }}}}.' }}
grid:
  axes:
    mood: {{ label: true, values: [joy, anger] }}
    topic: [{}]
samples: {{ per_cell: 1, max_asks: 5 }}
",
        topics.join(", ")
    )
}

impl Project {
    /// A project with `wide` as `wide.yaml`.
    pub fn wide(url: &str, topics: usize, endpoint: &str) -> Self {
        let project = Self::new();
        project.write("wide.yaml", &wide(url, topics, endpoint));
        project
    }

    /// Starts a command whose standard error can be read while it runs.
    pub fn watch(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }
}

/// A command under way.
pub struct Running {
    child: Child,
    stderr: std::sync::Arc<std::sync::Mutex<String>>,
    readers: Vec<std::thread::JoinHandle<()>>,
    stdout: std::sync::Arc<std::sync::Mutex<String>>,
}

/// No test waits longer than this for anything.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(20);

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = std::sync::Arc::default();
        let stderr = std::sync::Arc::default();
        let readers = vec![
            collect(child.stdout.take().unwrap(), &stdout),
            collect(child.stderr.take().unwrap(), &stderr),
        ];
        Self { child, stderr, readers, stdout }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: i32) {
        // SAFETY: kill takes two numbers, and the child was not waited for, so its id is its own.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits until standard error holds a text.
    #[track_caller]
    pub fn until_says(&self, text: &str) {
        until(
            &format!("{text:?} on stderr"),
            || self.stderr.lock().unwrap().contains(text),
            || self.stderr.lock().unwrap().clone(),
        );
    }

    /// Waits for the end; one that does not come in time is killed, and fails the test.
    #[track_caller]
    pub fn finish(self) -> Ran {
        self.finish_within(LONGEST)
    }

    #[track_caller]
    pub fn finish_within(mut self, time: std::time::Duration) -> Ran {
        let started = std::time::Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > time {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("still running after {time:?}; it said:\n{}", self.stderr.lock().unwrap());
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        self.readers.into_iter().for_each(|reader| reader.join().unwrap());
        let text = |of: &std::sync::Mutex<String>| of.lock().unwrap().clone();
        Ran { code: status.code(), stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }
}

fn collect(
    mut from: impl std::io::Read + Send + 'static,
    into: &std::sync::Arc<std::sync::Mutex<String>>,
) -> std::thread::JoinHandle<()> {
    let into = into.clone();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..read]));
        }
    })
}

/// Polls until something holds; after a while it fails, saying what it waited for.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool, seen: impl Fn() -> String) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed() < LONGEST, "waited in vain for {what}; there was:\n{}", seen());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
