//! How much memory a cell takes: `cargo bench --bench scale` measures a million of them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use emogrid::dataset::evaluate::evaluate;
use emogrid::dataset::snapshot::Difference;
use emogrid::dataset::{Models, Totals};
use emogrid::fingerprint::{Identity, Room};
use emogrid::grid::Size;
use emogrid::pipeline::{self, Files, Opened, Rows, StoreBook};
use emogrid::store::{Completion, Kind, Reader, StoreDir, Writer};

/// The system's allocator, and how many bytes it gave at the most.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps to the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that some work held at the most beyond what was held before.
fn most<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let done = work();
    (done, MOST.load(Ordering::Relaxed) - before)
}

fn project(folder: &Path, contexts: usize) -> Opened {
    let mut config = "name: many
endpoints: { a: http://127.0.0.1:9 }
prompt: { user: 'A {{ emotion }} post on {{ context }}, {{ sentiment }}, {{ emotion.definition }}' }
dedup: { scope: dataset }
grid:
  axes:
    emotion: { from: goemotions, label: true }
    sentiment: { from: sentiments }
    context: ["
        .to_owned();
    (0..contexts).for_each(|number| write!(config, "c{number}, ").unwrap());
    std::fs::write(folder.join("many.yaml"), config + "]\n").unwrap();
    pipeline::open(&folder.join("many.yaml"), &[], Size::Any)
        .unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn models(opened: &Opened) -> Models {
    Models::new(&opened.recipe.config, &[Identity::Named { name: "mock".into() }])
}

/// What `plan` does.
fn plan(folder: &Path, contexts: usize) -> Totals {
    let opened = project(folder, contexts);
    let recipe = &opened.recipe;
    let reader = Reader::open(&StoreDir::new(recipe.config.project.store())).unwrap();
    let mut book = StoreBook::new(recipe, models(&opened), reader.as_ref(), Vec::new(), false).unwrap();
    let mut cells = Difference::new(&recipe.grid, None::<std::io::Cursor<Vec<u8>>>);
    let mut rows = Rows::new(pipeline::previous_rows(&Files::new(recipe.config.dataset_dir())));
    evaluate::<(), _>(&recipe.quotas, &mut book, &mut (&mut cells, &mut rows)).unwrap()
}

/// Stores an answer for every cell.
fn fill(folder: &Path, contexts: usize) {
    let opened = project(folder, contexts);
    let recipe = &opened.recipe;
    let (told, committed) = mpsc::channel();
    let written = move |written: emogrid::store::Written| told.send(written.tickets.len()).unwrap();
    let writer = Writer::open(&StoreDir::new(recipe.config.project.store()), written).unwrap();
    let (models, mut room) = (models(&opened), Room::default());
    for cell in 0..recipe.grid.size() {
        let fingerprint = recipe.fingerprint(&models, cell, 0, &mut room).unwrap();
        let answer = format!(
            r#"{{"choices":[{{"message":{{"content":"{{\"text\":\"This is text {cell}.\"}}"}},"finish_reason":"stop"}}]}}"#
        );
        let completion = Completion {
            fingerprint,
            max_tokens: recipe.config.sampling.max_tokens,
            kind: Kind::Chat,
            request: recipe.ask(&models, cell, 0).unwrap().canonical(),
            answer,
            ended: true,
            tokens: None,
        };
        writer.completion(cell as u64, completion).unwrap();
    }
    drop(writer);
    assert_eq!(committed.iter().sum::<usize>(), recipe.grid.size());
}

#[test]
fn a_cell_takes_few_bytes() {
    // Few and many cells of one shape, both more than are looked up at a time, so that what is the same
    // for both does not count.
    let (few, many) = (220, 520);
    let cells = (many - few) * 28 * 3;
    let folders = [few, many].map(|contexts| (tempfile::tempdir().unwrap(), contexts));
    for (stored, bound) in [(false, 16), (true, 40)] {
        let [few, many] = folders.each_ref().map(|(folder, contexts)| {
            if stored {
                fill(folder.path(), *contexts);
            }
            let (totals, most) = most(|| plan(folder.path(), *contexts));
            let cells = *contexts as u64 * 28 * 3;
            assert_eq!((totals.rows, totals.demands), if stored { (cells, 0) } else { (0, cells) });
            most
        });
        let each = many.saturating_sub(few) / cells;
        assert!(each <= bound, "a cell takes {each} bytes, stored: {stored} ({few} and {many} in all)");
    }
}
