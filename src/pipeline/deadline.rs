//! When a run is to end, by the clock on the wall.

use std::time::{Duration, Instant};

use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, Zoned};

use super::stop::Stop;
use crate::config::resolved::RunLimits;

/// How often a wait looks at the clock: timers stand still while a machine sleeps.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The end of a run, with the setting that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Timestamp,
    pub why: Stop,
}

impl Deadline {
    /// What a config's `run:` comes to. `until` is the next such time after the process began, however
    /// long a run waits before it asks; `for` counts from the run's own begin.
    pub fn of(limits: &RunLimits, process: &Zoned, run: Timestamp) -> Option<Self> {
        let lasts = limits.lasts.and_then(|lasts| {
            Some(Self {
                at: run.checked_add(jiff::SignedDuration::try_from(lasts).ok()?).ok()?,
                why: Stop::For,
            })
        });
        let until = limits
            .until
            .and_then(|time| Some(Self { at: next(time, process)?.timestamp(), why: Stop::Until }));
        [lasts, until].into_iter().flatten().min_by_key(|deadline| deadline.at)
    }

    /// How long it is until then; zero when it is over.
    pub fn left(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.at.duration_since(now)).unwrap_or_default()
    }

    /// The same end, so much earlier.
    pub fn earlier(self, by: Duration) -> Self {
        let at = jiff::SignedDuration::try_from(by).ok().and_then(|by| self.at.checked_sub(by).ok());
        Self { at: at.unwrap_or(self.at), ..self }
    }

    /// The same as a timer takes it. It holds until the machine sleeps, so it is asked for anew.
    pub fn instant(&self) -> Instant {
        Instant::now() + self.left(Timestamp::now())
    }

    /// Comes back when the time has come.
    pub async fn passed(&self) {
        loop {
            match self.left(Timestamp::now()) {
                Duration::ZERO => return,
                left => tokio::time::sleep(left.min(LOOK_AGAIN)).await,
            }
        }
    }
}

/// The next moment at which clocks here come to show `time`: where they go back over it, the first of both that
/// is to come; where they leap over it, the leap.
fn next(time: jiff::civil::Time, now: &Zoned) -> Option<Zoned> {
    let zone = now.time_zone();
    let days = [Some(now.date()), now.date().tomorrow().ok()];
    let moments = days.into_iter().flatten().flat_map(|day| {
        let shown = zone.to_ambiguous_zoned(day.to_datetime(time));
        let (first, second) = (shown.clone().earlier().ok(), shown.clone().later().ok());
        match shown.offset() {
            AmbiguousOffset::Unambiguous { .. } => [first, None],
            AmbiguousOffset::Fold { .. } => [first, second],
            AmbiguousOffset::Gap { .. } => {
                let leap = first.and_then(|before| zone.following(before.timestamp()).next());
                [leap.map(|leap| leap.timestamp().to_zoned(zone.clone())), None]
            }
        }
    });
    moments.flatten().find(|moment| moment > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(until: Option<i8>, lasts: Option<Duration>) -> RunLimits {
        RunLimits {
            until: until.map(|hours| jiff::civil::time(hours, 30, 0, 0)),
            lasts,
            max_requests: None,
            token_budget: None,
            max_cost: None,
            tries: 5,
            timeouts: 2,
            circuit: 8,
            hedge: 3,
            alike: true,
            max_leaving: 0,
        }
    }

    /// By the clocks of Berlin; what they show twice is the first.
    fn berlin(now: &str) -> Zoned {
        let zone = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        now.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone).unwrap()
    }

    #[test]
    fn an_hour_that_clocks_show_twice_or_never_ends_a_run_once() {
        let minutes = |now: &Zoned| {
            let limits = RunLimits { until: Some(jiff::civil::time(2, 30, 0, 0)), ..limits(None, None) };
            let deadline = Deadline::of(&limits, now, now.timestamp()).unwrap();
            deadline.left(now.timestamp()).as_secs() / 60
        };
        // Back: 02:30 comes three hours after 23:30, and an hour later once more.
        assert_eq!(minutes(&berlin("2026-10-24T23:30:00")), 180);
        assert_eq!(minutes(&berlin("2026-10-25T02:29:00")), 1);
        assert_eq!(minutes(&berlin("2026-10-25T02:45:00")), 45);
        let again = berlin("2026-10-25T02:45:00").checked_add(jiff::Span::new().hours(1)).unwrap();
        assert_eq!(minutes(&again), 23 * 60 + 45);
        // Forth: from 02:00 to 03:00.
        assert_eq!(minutes(&berlin("2026-03-28T23:30:00")), 150);
        assert_eq!(minutes(&berlin("2026-03-29T03:10:00")), 23 * 60 + 20);
    }

    #[test]
    fn until_is_the_next_time_that_clocks_show_it() {
        let at = |now: &str| {
            let now = berlin(now);
            let deadline = Deadline::of(&limits(Some(6), None), &now, now.timestamp()).unwrap();
            deadline.left(now.timestamp()).as_secs()
        };
        assert_eq!(at("2026-11-23T23:30:00"), 7 * 3600);
        assert_eq!(at("2026-11-23T06:29:30"), 30);
        assert_eq!(at("2026-11-23T06:30:00"), 24 * 3600);
        // The night in which clocks go back is an hour longer.
        assert_eq!(at("2026-10-24T23:30:00"), 8 * 3600);
    }

    /// A run that waited until after its end is over, and does not take the next day's.
    #[test]
    fn a_wait_does_not_move_the_end() {
        let (process, run) = (berlin("2026-11-23T23:00:00"), berlin("2026-11-24T07:00:00").timestamp());
        let deadline = Deadline::of(&limits(Some(6), None), &process, run).unwrap();
        assert_eq!((deadline.left(run), deadline.why), (Duration::ZERO, Stop::Until));
        let hour = Some(Duration::from_secs(3600));
        let deadline = Deadline::of(&limits(Some(9), hour), &process, run).unwrap();
        assert_eq!((deadline.left(run), deadline.why), (Duration::from_secs(3600), Stop::For));
        assert_eq!(Deadline::of(&limits(None, None), &process, run), None);
    }

    /// What counts is the clock, not how long a timer ran: a machine that slept for hours ends on time.
    #[test]
    fn time_goes_on_while_the_machine_sleeps() {
        let began = berlin("2026-11-23T23:00:00");
        let deadline = Deadline::of(&limits(Some(6), None), &began, began.timestamp()).unwrap();
        assert_eq!(deadline.left(berlin("2026-11-24T06:29:00").timestamp()), Duration::from_secs(60));
        assert_eq!(deadline.left(berlin("2026-11-24T09:00:00").timestamp()), Duration::ZERO);
    }
}
