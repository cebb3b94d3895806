//! Renderings, remembered for all cells that share them.
//!
//! When a template is rendered it is traced which axes it reads. A value that it only prints leaves
//! a gap; whatever else is done with a value (an attribute, a comparison, a filter) reads it. What
//! comes out is a skeleton, and it is the same for every cell with the same values on the axes that
//! were read: such a cell takes the same way through the template. So for most prompts a cell costs
//! a copy with its values' names in the gaps.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object};
use minijinja::{Error, Output, State, Value, escape_formatter};

use crate::grid::{Cell, Grid, ValueObject};
use crate::tokens::{self, Kind, Token};

/// The most skeletons of one template.
const MOST: usize = 8192;
/// The most bytes of texts in them.
const MOST_BYTES: usize = 1 << 20;
/// Renderings that no skeleton came of, before none is looked for any more.
const PATIENCE: u32 = 256;
/// Begins a gap in a text; another character after it tells the axis. Neither stands for anything in
/// Unicode, and a template that prints them itself is not remembered.
const GAP: char = '\u{10FFFE}';
const FIRST_AXIS: u32 = 0xF_0000;

/// What a rendering read.
#[derive(Debug)]
pub struct Trace {
    /// Whether values that are printed leave gaps, or count as read.
    gaps: bool,
    /// By axis, a bit each.
    read: AtomicU64,
    /// It read what differs from ask to ask, or more than can be told.
    boundless: AtomicBool,
    /// How many gaps were left.
    left: AtomicUsize,
}

impl Trace {
    pub fn new(gaps: bool) -> Arc<Self> {
        let (read, left) = (AtomicU64::new(0), AtomicUsize::new(0));
        Arc::new(Self { gaps, read, boundless: AtomicBool::new(false), left })
    }

    pub fn leaves_gaps(&self) -> bool {
        self.gaps
    }

    pub fn read(&self, axis: usize) {
        match axis {
            0..64 => _ = self.read.fetch_or(1 << axis, Ordering::Relaxed),
            _ => self.boundless(),
        }
    }

    pub fn boundless(&self) {
        self.boundless.store(true, Ordering::Relaxed);
    }

    /// The axes that were read; `None` where that is not all that the text depends on.
    fn axes(&self) -> Option<Vec<usize>> {
        let read = self.read.load(Ordering::Relaxed);
        let bounded = !self.boundless.load(Ordering::Relaxed);
        bounded.then(|| (0..64).filter(|axis| read >> axis & 1 == 1).collect())
    }
}

/// A value of an axis that tells what is done with it.
pub struct Traced {
    value: Arc<ValueObject>,
    axis: usize,
    trace: Arc<Trace>,
}

impl Traced {
    pub fn new(value: Arc<ValueObject>, axis: usize, trace: Arc<Trace>) -> Self {
        Self { value, axis, trace }
    }

    fn read(&self) -> &Arc<ValueObject> {
        self.trace.read(self.axis);
        &self.value
    }
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

impl Object for Traced {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Object::get_value(self.read(), key)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Object::get_value_by_str(self.read(), key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Object::enumerate(self.read())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Object::render(self.read(), f)
    }
}

/// Prints a value, or leaves a gap for it.
pub fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.downcast_object_ref::<Traced>() {
        Some(Traced { axis, trace, .. }) => {
            trace.left.fetch_add(1, Ordering::Relaxed);
            let axis = char::from_u32(FIRST_AXIS + *axis as u32).unwrap_or(GAP);
            fmt::Write::write_char(out, GAP)?;
            fmt::Write::write_char(out, axis).map_err(Error::from)
        }
        None => escape_formatter(out, state, value),
    }
}

/// Whether printing is all that can become of what a template prints.
///
/// Macros, blocks and the like make a text of it that can be compared or changed; what another file
/// does is not looked at.
pub fn only_prints(source: &str) -> bool {
    const PLAIN: &[&str] = &["for", "endfor", "if", "elif", "else", "endif"];
    const NOT: &[&str] = &["recursive", "self", "super", "caller"];
    let begins = |tag: &[Token]| tag.iter().find(|token| token.kind != Kind::Sign).map(|token| token.at);
    tokens::tags(source).iter().all(|tag| {
        let statement = begins(tag).is_some_and(|at| {
            let before = source[..at].trim_end_matches(|c: char| c.is_whitespace() || c == '-' || c == '+');
            before.ends_with("{%")
        });
        let first = tag.iter().find(|token| token.kind != Kind::Sign).map_or("", |token| token.text);
        let calls_loop = tag.windows(2).any(|two| two[0].text == "loop" && two[1].text == "(");
        let plain = tag.iter().all(|token| token.kind != Kind::Name || !NOT.contains(&token.text));
        (!statement || PLAIN.contains(&first)) && plain && !calls_loop
    })
}

/// A text with gaps for the names of values.
#[derive(Debug)]
struct Skeleton {
    text: String,
    /// Where a name goes, and of which axis; in order.
    gaps: Vec<(usize, usize)>,
}

impl Skeleton {
    /// Takes the gaps out of a text; `None` where it holds others than were left.
    fn new(marked: &str, left: usize) -> Option<Self> {
        let mut text = String::with_capacity(marked.len());
        let mut gaps = Vec::with_capacity(left);
        let mut pieces = marked.split(GAP);
        text.push_str(pieces.next()?);
        for piece in pieces {
            let axis = piece.chars().next()?;
            gaps.push((text.len(), u32::from(axis).checked_sub(FIRST_AXIS)? as usize));
            text.push_str(&piece[axis.len_utf8()..]);
        }
        (gaps.len() == left).then_some(Self { text, gaps })
    }

    /// Hands over the text with a cell's names in it.
    fn fill<'a>(&self, name: impl Fn(usize) -> &'a str, take: &mut dyn FnMut(&str)) {
        if self.gaps.is_empty() {
            return take(&self.text);
        }
        let mut out = String::with_capacity(self.text.len() + 64 * self.gaps.len());
        let mut from = 0;
        for (at, axis) in &self.gaps {
            out.push_str(&self.text[from..*at]);
            out.push_str(name(*axis));
            from = *at;
        }
        out.push_str(&self.text[from..]);
        take(&out);
    }
}

/// The skeletons of one template.
#[derive(Debug, Default)]
pub struct Memo(OnceLock<Option<Slots>>);

/// One for each combination of values on the axes that are read.
#[derive(Debug)]
struct Slots {
    axes: Vec<usize>,
    slots: Vec<OnceLock<Skeleton>>,
    bytes: AtomicUsize,
    in_vain: AtomicU32,
}

/// What is to be done for a cell.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Its text was handed over.
    Done,
    /// Render it with a trace, and remember what comes of it.
    Trace,
    /// Render it as it is.
    Render,
}

impl Memo {
    /// Hands over the text of a cell, if it is known.
    pub fn recall(&self, grid: &Grid, cell: Cell, take: &mut dyn FnMut(&str)) -> Next {
        let slots = match self.0.get() {
            None => return Next::Trace,
            Some(None) => return Next::Render,
            Some(Some(slots)) => slots,
        };
        match slots.slots[slots.index(grid, cell)].get() {
            Some(skeleton) => {
                skeleton.fill(|axis| grid.name(cell, axis), take);
                Next::Done
            }
            None if slots.in_vain.load(Ordering::Relaxed) >= PATIENCE => Next::Render,
            None => Next::Trace,
        }
    }

    /// Remembers a rendering, and hands over its text; `false` where it must be rendered as it is.
    pub fn keep(
        &self,
        grid: &Grid,
        cell: Cell,
        marked: &str,
        trace: &Trace,
        take: &mut dyn FnMut(&str),
    ) -> bool {
        let Some(skeleton) = Skeleton::new(marked, trace.left.load(Ordering::Relaxed)) else {
            _ = self.0.set(None);
            return false;
        };
        skeleton.fill(|axis| grid.name(cell, axis), take);
        let read = trace.axes();
        let slots = self.0.get_or_init(|| Slots::new(grid, read.clone()?));
        if let Some(slots) = slots {
            slots.keep(grid, cell, skeleton, read);
        }
        true
    }
}

impl Slots {
    /// `None` where there would be too many to be of use.
    fn new(grid: &Grid, axes: Vec<usize>) -> Option<Self> {
        let sizes = axes.iter().map(|axis| grid.axes[*axis].values.len());
        let size = sizes.fold(1usize, usize::saturating_mul);
        (size <= MOST && size * 2 <= grid.size().max(2)).then(|| Self {
            axes,
            slots: (0..size).map(|_| OnceLock::new()).collect(),
            bytes: AtomicUsize::new(0),
            in_vain: AtomicU32::new(0),
        })
    }

    fn index(&self, grid: &Grid, cell: Cell) -> usize {
        let value =
            |index: usize, axis: &usize| index * grid.axes[*axis].values.len() + grid.value(cell, *axis);
        self.axes.iter().fold(0, value)
    }

    fn keep(&self, grid: &Grid, cell: Cell, skeleton: Skeleton, read: Option<Vec<usize>>) {
        // One that read fewer axes is the same for all values of the others.
        let fits = read.is_some_and(|read| read.iter().all(|axis| self.axes.contains(axis)));
        let length = skeleton.text.len();
        if fits && self.bytes.fetch_add(length, Ordering::Relaxed) + length <= MOST_BYTES {
            _ = self.slots[self.index(grid, cell)].set(skeleton);
        } else {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config;
    use crate::prompt::Prompts;

    const CONFIG: &str = "
endpoints: { a: http://h }
lists: { topics: topics.txt }
grid:
  axes:
    emotion:
      label: true
      values:
        joy: { polarity: positive, examples: [yes, \"it's \\\"on\\\"\"] }
        anger: { polarity: negative, examples: [no] }
        ' odd ': { polarity: negative, examples: [] }
    context: [work, family, joy]
    voice: [plain, loud]
prompt:
  user: { from: user.j2 }
";

    const TEMPLATES: &[&str] = &[
        "Nothing is read.",
        "{{ emotion }} at {{ context }}, {{ voice }} and {{ emotion }}",
        "  {{ emotion }}\n",
        "{{ emotion }}: {{ emotion.polarity }}{% for e in emotion.examples %} - {{ e }}, {{ context }}{% endfor %}",
        "{% if emotion.name == 'joy' %}{{ context }}{% else %}{{ voice.name }}{% endif %} {{ voice }}",
        "{% if context.name == 'work' %}{{ emotion.polarity }}{% elif voice %}{{ voice.name }}{% endif %}.",
        "{{ emotion | upper }} {{ context ~ '!' }} {{ voice }}",
        "{{ [emotion, context] }} {{ {'a': voice} }}",
        "{{ emotion == context }} {{ emotion.name == context.name }} {{ voice == voice }}",
        "{{ emotion is sameas emotion }} {{ emotion is sameas context }} {{ voice is mapping }} {{ voice }}",
        "{{ emotion if voice.name == 'loud' else context }}",
        "{{ 'joy' in context.name }} {{ 'name' in emotion }} {{ voice | length }} {{ context | list }}",
        "{% for x in [emotion, context, voice] %}{{ loop.index }} {{ x }}, {% endfor %}",
        "{% set x = context %}{{ x }} {% set y %}{{ emotion }}{% endset %}{{ y | upper }} {{ y == 'joy' }}",
        "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(emotion) | length }} {{ m(voice) }}",
        "{% filter upper %}{{ emotion }}{% endfilter %} {{ voice }}",
        "{% include 'part.j2' %} {{ emotion }}",
        "{% from 'macros.j2' import shout %}{{ shout(voice) }}{{ emotion }}",
        "{{ lists.topics | pick }} {{ emotion }}",
        "{{ lists.topics | first }} {{ ask }} {{ emotion }}",
        "{{ [emotion, context] | pick }}",
        "{{ emotion | tojson }} {{ voice }}",
        "{{ '%s' | format(emotion) }} {{ context | string | length }}",
        "{%- if emotion == 'joy' -%} never {%- endif -%} {{ voice }}",
        "{% raw %}{{ emotion }}{% endraw %} {{ voice }} {# {{ x }} #}",
        "{{ emotion }} \u{10FFFE}\u{F0000} {{ voice }}",
        "{% for v in [voice, voice] recursive %}{{ v }}{% if loop.depth0 == 0 %}{{ loop([emotion]) | upper }}{% endif %}{% endfor %}",
        "{{ emotion.examples | join(context) }} {{ voice }}",
        "{{ (context, voice) | sort | join }} {{ [voice, context, emotion] | unique | list | length }}",
        "{{ dict(a=emotion) }} {{ emotion | default('x') }} {{ (voice, context)[0] }}",
    ];

    /// A memo makes no difference: every text is that of a rendering as it is.
    #[test]
    fn what_is_remembered_is_what_would_be_rendered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, CONFIG).unwrap();
        std::fs::write(folder.path().join("topics.txt"), "sun\nrain\nsnow\nwind\n").unwrap();
        let mut remembered = 0;
        for template in TEMPLATES {
            let mut loaded = config::load(&path, &[]).unwrap();
            let (grid, _) = Grid::build(&loaded.config, &loaded.report.sources).unwrap();
            let file = |name: &str, text: &str| (name.to_owned(), Ok(text.to_owned()));
            let files = BTreeMap::from([
                file("user.j2", template),
                file("part.j2", "{{ context }} {{ voice.name | upper }}"),
                file("macros.j2", "{% macro shout(x) %}{{ x | upper }}{% endmacro %}"),
            ]);
            let axes = crate::grid::axes(&loaded.config);
            let prompts = Prompts::compile(&loaded.config, &axes, files, None, &mut loaded.report);
            let prompts = prompts.unwrap_or_else(|| panic!("{}", loaded.report.render(false)));
            let root = &prompts.variants[0].template;
            for ask in 0..2 {
                for cell in grid.cells() {
                    let plain = prompts.render_root(root, &grid, (cell, ask), None, true).0.unwrap();
                    let messages = prompts.render(&grid, cell, ask).unwrap();
                    assert_eq!(messages[0].content, plain.trim(), "{template:?} at {}", grid.describe(cell));
                }
            }
            let known = |cell| root.memo.recall(&grid, cell, &mut |_| {}) == Next::Done;
            remembered += usize::from(grid.cells().all(known));
        }
        assert!(remembered > 10, "only {remembered} templates were remembered");
    }

    #[test]
    fn what_a_template_prints_may_become_something_else() {
        for (source, expected) in [
            ("{{ a }} {% if b == 'set' %}{% for x in y %}{{ x }}{% endfor %}{% endif %}", true),
            ("{%- if a -%}{%- endif -%} {# {% set %} #}{% raw %}{% set %}{% endraw %}", true),
            ("{% set a = b %}", false),
            ("{%- set a = b %}", false),
            ("{% include 'x' %}", false),
            ("{{ loop(x) }}", false),
            ("{{ self.title() }}", false),
        ] {
            assert_eq!(only_prints(source), expected, "{source}");
        }
    }
}
