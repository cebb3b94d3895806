//! A process's cost, for every benchmark that starts one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

pub struct Measured {
    /// Seconds, user and system.
    pub cpu: f64,
    pub wall: f64,
    /// Megabytes at the most.
    pub peak: f64,
}

/// Runs a command to its end; it must succeed.
pub fn measure(mut command: impl std::borrow::BorrowMut<Command>) -> Measured {
    let command = command.borrow_mut().stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    // Waited for below, with its usage.
    #[allow(clippy::zombie_processes)]
    let child = command.spawn().unwrap();
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid `rusage`, and both pointers are to locals.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(child.id() as i32, &mut status, 0, &mut usage);
        assert_eq!(waited, child.id() as i32);
        usage
    };
    let wall = started.elapsed().as_secs_f64();
    assert_eq!(status, 0, "{command:?} failed");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Measured {
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall,
        peak: usage.ru_maxrss as f64 / 1024.0,
    }
}

/// The binary of this build, in a folder.
pub fn emogrid(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emogrid"));
    command.args(args).current_dir(folder);
    command
}
