use std::str::FromStr;
use std::time::Duration;

use super::text::written_as_text;

/// So many in so long: `10/s`, `600/min`, `5000/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

impl Rate {
    /// So many a second.
    pub const fn per_second(count: u32) -> Self {
        Self { count, per: Duration::from_secs(1) }
    }

    /// The time from one to the next.
    pub fn interval(self) -> Duration {
        self.per / self.count.max(1)
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is no rate: write how many in what time, such as 10/s, 600/min or 5000/h");
        let (number, unit) = text.trim().split_once('/').ok_or_else(fault)?;
        let per = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return Err(fault()),
        };
        match number.trim().parse() {
            Ok(count) if count > 0 => Ok(Self { count, per: Duration::from_secs(per) }),
            _ => Err(fault()),
        }
    }
}

written_as_text!(Rate, "a rate", ["/s", "/min", "/h"], "^[0-9]+ */ *(s|m|min|h)$", "10/s or 600/min");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_nonsense_is_refused() {
        assert_eq!("10/s".parse(), Ok(Rate::per_second(10)));
        assert_eq!("600 / min".parse(), Ok(Rate { count: 600, per: Duration::from_secs(60) }));
        for text in ["10", "0/s", "-1/s", "10/d", "/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
