use std::io::Write;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Exit, Failure, Talk};
use crate::cli::{Cli, ManArgs};
use crate::report::count;

/// Writes manual pages: the program's own to standard output, or one a command into a folder.
pub fn man(args: &ManArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.folder else {
        std::io::stdout().lock().write_all(&page(&program)?)?;
        return Ok(Exit::Complete);
    };
    std::fs::create_dir_all(folder)?;
    let commands: Vec<&Command> = std::iter::once(&program).chain(program.get_subcommands()).collect();
    for command in &commands {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        std::fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    }
    talk.say(&format!("wrote {} to {}", count(commands.len() as u64, "page"), folder.display()));
    Ok(Exit::Complete)
}

/// The manual page of one command.
fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let program = concat!("emogrid ", env!("CARGO_PKG_VERSION"));
    let mut text = Vec::new();
    Man::new(command.clone()).source(program).manual("emogrid").render(&mut text)?;
    // What stands after the options begins with examples, whose lines are to stay as they are.
    let text = String::from_utf8_lossy(&text).replace("\nExamples:\n", "\n");
    Ok(text.replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n").into_bytes())
}
