use super::{Exit, Failure, Talk, open_path};
use crate::cli::CheckArgs;
use crate::report::count;

/// Says everything that is wrong with each config.
pub fn check(args: &CheckArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut exit = Exit::Complete;
    for path in &args.configs {
        match open_path(path, &args.set) {
            Ok(opened) => {
                talk.warnings(&opened.warnings);
                let recipe = &opened.recipe;
                talk.say(&format!(
                    "{}: ok, {}, {}, up to {} each",
                    path.display(),
                    count(recipe.grid.cells().len() as u64, "cell"),
                    count(recipe.wanted(), "row"),
                    count(u64::from(recipe.config.samples.max_asks), "ask"),
                ));
            }
            Err(failure) => exit = talk.explain(&failure),
        }
    }
    Ok(exit)
}
