//! Groups of people that stand under negative labels more, or less, than everybody else.

use super::groups::GROUPS;
use super::identity::LEAST;
use super::metric::{Case, Measure, PARITY};
use super::statistics::{benjamini_hochberg, folded, newcombe, two_proportions};
use super::table::{Column, Table};
use super::{Options, human, percent};

pub fn parity(table: &Table, options: &Options) -> Vec<Measure> {
    let columns = table.labels().filter(|_| options.is_on(&PARITY));
    columns.map(|column| of_column(table, column, options)).collect()
}

fn of_column(table: &Table, column: &Column, options: &Options) -> Measure {
    let negative: Vec<bool> =
        column.values.iter().map(|name| options.negative.contains(&name.to_lowercase())).collect();
    let counts = column.counts();
    let has = |bad: bool| negative.iter().zip(&counts).any(|(is_bad, rows)| *is_bad == bad && *rows > 0);
    if !has(true) || !has(false) {
        let why = "which labels are negative is not known; name them with `--negative`, or give values a \
                   `polarity`";
        return options.nothing(&PARITY, &column.name, why);
    }
    let rows: Vec<(usize, bool)> =
        (0..table.rows()).filter_map(|row| Some((row, negative[column.only(row)?]))).collect();
    let all = (rows.iter().filter(|(_, bad)| *bad).count(), rows.len());
    let of_group = |group: usize| {
        let members = rows.iter().filter(|(row, _)| table.groups(*row).has(group));
        members.fold((0, 0), |(bad, n), (_, is_bad)| (bad + usize::from(*is_bad), n + 1))
    };
    let counts: Vec<(usize, (usize, usize))> = (0..GROUPS.len())
        .map(|group| (group, of_group(group)))
        .filter(|(_, (_, n))| *n >= LEAST && rows.len() - n >= LEAST)
        .collect();
    if counts.is_empty() {
        let why = format!("no group of people stands in {LEAST} rows");
        return options.nothing(&PARITY, &column.name, why);
    }
    let rest = |(bad, n): (usize, usize)| (all.0 - bad, all.1 - n);
    let p: Vec<f64> = counts.iter().map(|(_, own)| two_proportions(*own, rest(*own)).1).collect();
    let q = benjamini_hochberg(&p);
    let gap = |own: (usize, usize)| {
        let rest = rest(own);
        own.0 as f64 / own.1 as f64 - rest.0 as f64 / rest.1 as f64
    };
    let cases = counts
        .iter()
        .zip(&q)
        .map(|((group, own), q)| {
            let (gap, ends) = (gap(*own), newcombe(*own, rest(*own)));
            let case = Case::new(own.1, gap.abs()).between(folded(ends)).with_p(*q).with("gap", gap);
            case.against(human::parity(GROUPS[*group])).named(GROUPS[*group])
        })
        .collect();
    let measure = options.measure(&PARITY, &column.name, None, cases);
    let base = all.0 as f64 / all.1 as f64;
    let mut said = Vec::new();
    let mut offenders = Vec::new();
    for part in measure.parts.iter().filter(|part| part.verdict.is_alarm()) {
        let Some((group, own)) = counts.iter().find(|(group, _)| GROUPS[*group] == part.case.name) else {
            continue;
        };
        let share = own.0 as f64 / own.1 as f64;
        said.push(format!("{} {} of {} rows", part.case.name, percent(share), own.1));
        let over = gap(*own);
        let blamed =
            rows.iter().rev().filter(|(row, bad)| *bad == (over > 0.0) && table.groups(*row).has(*group));
        offenders.extend(blamed.take((over.abs() * own.1 as f64).ceil() as usize).map(|(row, _)| *row));
    }
    let finding = match said.is_empty() {
        true => {
            format!("{} of rows have a negative label; no group's share is told to be another", percent(base))
        }
        false => format!("labels are negative for {}; for all, {}", said.join(", "), percent(base)),
    };
    measure
        .saying(
            finding,
            "name people by a pick that knows nothing of the label (a list under `lists`), or swap \
             them: `emogrid audit FILE --swap OUT.jsonl`",
        )
        .blaming(table, offenders)
}
