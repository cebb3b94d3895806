//! What can be done about what an audit found. Each is worked out here and carried out by others.

mod counterpart;
mod drops;
mod raise;
mod rewrite;
mod swap;
mod weights;

pub use counterpart::Counterparts;
pub use drops::{Drop, Drops, Held, drops};
pub use raise::{Added, Deficit, Evened, Raise, added, deficits, raise};
pub use rewrite::{Ban, Rewriting, Task, WITHOUT};
pub use swap::Swapper;
pub use weights::{Weighed, drawn, weights};
