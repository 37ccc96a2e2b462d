//! How many rows to ask for, and how much memory they may need.

use crate::settings::API_MAX_LIMIT;

/// Adapts the page limit and the memory demand to the events seen.
#[derive(Clone, Debug)]
pub(crate) struct Sizing {
    /// Rows at most, by configuration.
    setting: u32,
    /// A moving mean of bytes an event.
    mean_event: usize,
    /// A moving peak of bytes a page.
    recent_page: usize,
    /// Rows at most, since pages were too large; grows back.
    ceiling: u32,
    /// Bytes that a page was known to need when it did not fit.
    wanted: usize,
    /// Ask for all the API gives: more events share one millisecond than a page has rows.
    all: bool,
}

/// A page should come to about so many bytes.
pub(crate) const TARGET: usize = 4 << 20;

/// No page is reserved less.
const MIN_DEMAND: usize = 64 << 10;

/// What an event is taken for before one was seen: a common size of a JumpCloud event.
const FIRST_GUESS: usize = 1536;

const MIN_ROWS: u32 = 10;

impl Sizing {
    pub(crate) fn new(setting: u32) -> Self {
        Self { setting, mean_event: FIRST_GUESS, recent_page: 0, ceiling: API_MAX_LIMIT, wanted: 0, all: false }
    }

    /// Rows to ask for next.
    pub(crate) fn limit(&self) -> u32 {
        if self.all {
            return API_MAX_LIMIT;
        }
        let fitting = u32::try_from(TARGET / self.mean_event.max(1)).unwrap_or(u32::MAX);
        // The floor bows to a page that was too large, and to the user.
        fitting.max(MIN_ROWS).min(self.ceiling).min(self.setting).clamp(1, API_MAX_LIMIT)
    }

    /// Bytes to reserve before asking.
    pub(crate) fn demand(&self) -> usize {
        self.recent_page.saturating_mul(2).clamp(MIN_DEMAND, TARGET).max(self.wanted)
    }

    /// A page came and was taken in.
    pub(crate) fn page(&mut self, rows: usize, bytes: usize) {
        if let Some(mean) = bytes.checked_div(rows) {
            // A page of larger events counts at once, smaller ones bit by bit.
            self.mean_event = if mean > self.mean_event { mean } else { (self.mean_event * 3 + mean) / 4 }.max(1);
        }
        self.recent_page = bytes.max(self.recent_page / 2);
        self.ceiling = self.ceiling.saturating_mul(2).min(API_MAX_LIMIT);
        self.wanted = 0;
        self.all = false;
    }

    /// A page was too large, or too slow in coming: ask for fewer rows. False if one row was asked for already.
    pub(crate) fn shrink(&mut self) -> bool {
        let limit = self.limit();
        self.all = false;
        self.ceiling = (limit / 4).max(1);
        limit > 1
    }

    /// A page needed so many bytes and the budget had no room: ask for them beforehand.
    pub(crate) fn want(&mut self, bytes: usize) {
        self.wanted = self.wanted.max(bytes);
    }

    /// A page of a single millisecond brought nothing new: ask for as much as there can be.
    pub(crate) fn ask_for_all(&mut self) {
        self.all = true;
        self.ceiling = API_MAX_LIMIT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_events_come_by_the_thousands_and_huge_ones_by_the_dozen() {
        let mut sizing = Sizing::new(10_000);
        assert_eq!(sizing.limit(), 2730);
        for _ in 0..20 {
            sizing.page(1000, 200_000);
        }
        assert_eq!(sizing.limit(), 10_000);
        sizing.page(50, 50 * 76_000);
        assert_eq!(sizing.limit(), 55);
        sizing.page(1, 50 << 20);
        assert_eq!(sizing.limit(), MIN_ROWS);
        assert_eq!(Sizing::new(3).limit(), 3);
    }

    #[test]
    fn an_idle_tenant_reserves_little_and_a_busy_one_no_more_than_the_target() {
        let mut sizing = Sizing::new(10_000);
        assert_eq!(sizing.demand(), MIN_DEMAND);
        sizing.page(9000, 9_000_000);
        assert_eq!(sizing.demand(), TARGET);
        for _ in 0..10 {
            sizing.page(0, 2);
        }
        assert_eq!(sizing.demand(), MIN_DEMAND);
        sizing.want(30 << 20);
        assert_eq!(sizing.demand(), 30 << 20);
    }

    #[test]
    fn too_large_a_page_shrinks_down_to_one_row_and_grows_back() {
        let mut sizing = Sizing::new(10_000);
        let mut asked = vec![sizing.limit()];
        while sizing.shrink() {
            asked.push(sizing.limit());
        }
        assert_eq!(asked, [2730, 682, 170, 42, 10, 2, 1]);
        for _ in 0..14 {
            sizing.page(1, 1000);
        }
        assert!(sizing.limit() > 2000);
    }
}
