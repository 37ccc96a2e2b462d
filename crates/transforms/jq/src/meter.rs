//! What a program may use up on one event: steps, bytes and stack.
//!
//! Whoever writes events must not be able to stop the process, and a program that takes too much must end whatever its
//! own `try` says. So values count what is done with them, and a run that is over its limit is unwound.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How much stack a program may have; tokio's workers have 2 MiB in all.
const STACK: usize = 640 * 1024;
/// Steps for any event, however small.
const STEPS: u64 = 500_000;
/// Steps more for each byte of an event.
const STEPS_PER_BYTE: u64 = 16;

#[derive(Clone, Copy)]
struct Meter {
    left: u64,
    /// The address that the stack may not reach.
    floor: usize,
}

/// No program runs.
const FREE: Meter = Meter { left: u64::MAX, floor: 0 };

thread_local! {
    static METER: Cell<Meter> = const { Cell::new(FREE) };
}

/// Why a run was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Steps,
    Stack,
    Depth,
    Digits,
}

impl Stop {
    fn reason(self) -> &'static str {
        match self {
            Self::Steps => "took too many steps or too much memory",
            Self::Stack => "is nested too deeply to run",
            Self::Depth => "made a value that is nested too deeply",
            Self::Digits => "made a number with too many digits",
        }
    }
}

/// Counts `steps`; ends the run when there are none left.
#[inline]
pub(crate) fn spend(steps: usize) {
    let meter = METER.get();
    match meter.left.checked_sub(steps as u64) {
        Some(left) => METER.set(Meter { left, ..meter }),
        None => stop(Stop::Steps),
    }
    if here() < meter.floor {
        stop(Stop::Stack);
    }
}

/// Ends the run. No panic hook is called: this is no bug.
#[cold]
pub(crate) fn stop(why: Stop) -> ! {
    resume_unwind(Box::new(why))
}

/// Runs `run`, which may use what is allowed for an event of so many bytes.
pub(crate) fn limited<T>(bytes: usize, run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let left = STEPS + STEPS_PER_BYTE * bytes as u64;
    METER.set(Meter { left, floor: here().saturating_sub(STACK) });
    let result = catch_unwind(AssertUnwindSafe(run));
    METER.set(FREE);
    match result {
        Ok(result) => result,
        Err(panic) => match panic.downcast_ref::<Stop>() {
            Some(stop) => Err(format!("the program {}", stop.reason())),
            None => resume_unwind(panic),
        },
    }
}

#[inline]
fn here() -> usize {
    let local = 0u8;
    std::ptr::from_ref(&local).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(left: u32) -> u32 {
        spend(1);
        if left == 0 { 0 } else { std::hint::black_box(deep(left - 1)) + 1 }
    }

    #[test]
    fn a_run_ends_before_its_stack_does_and_the_next_one_is_free() {
        assert_eq!(limited(0, || Ok(deep(400_000))), Err("the program is nested too deeply to run".to_owned()));
        assert_eq!(limited(0, || Ok(deep(100))), Ok(100));
        spend(usize::MAX);
    }
}
