use std::fmt;
use std::time::Duration;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z. Covers the years 1678 to 2261.
///
/// Timestamps are compared as instants, never as text: one stream mixes 0 to 9 fraction digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is no timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 timestamp with 0 to 9 fraction digits between the years 1678 and 2261")]
pub struct ParseTimestampError;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl Timestamp {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds since 1970; saturates at the ends of the range.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds since 1970; saturates at the ends of the range.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The same instant without its part below the millisecond.
    pub const fn floor_to_millis(self) -> Self {
        Self::from_millis(self.as_millis())
    }

    /// So much later; saturates.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// So much earlier; saturates.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses RFC 3339: a date, `T` or a space, a time with 0 to 9 fraction digits, and `Z` or an offset.
    pub fn parse(text: &[u8]) -> Result<Self, ParseTimestampError> {
        parse(text).ok_or(ParseTimestampError)
    }

    /// RFC 3339 in UTC with exactly three fraction digits, as requests use it.
    pub fn to_rfc3339_millis(self) -> String {
        let (date, time) = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.0,
            date.1,
            date.2,
            time.0,
            time.1,
            time.2,
            self.0.rem_euclid(NANOS_PER_SECOND) / 1_000_000
        )
    }

    fn civil(self) -> ((i64, u8, u8), (i64, i64, i64)) {
        let seconds = self.0.div_euclid(NANOS_PER_SECOND);
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        (civil_from_days(days), (of_day / 3600, of_day / 60 % 60, of_day % 60))
    }
}

/// RFC 3339 in UTC with as many fraction digits as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = self.civil();
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.0, date.1, date.2, time.0, time.1, time.2)?;
        let nanos = self.0.rem_euclid(NANOS_PER_SECOND);
        if nanos != 0 {
            let digits = format!("{nanos:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (head, rest) = text.split_at_checked(19)?;
    let separators = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if !separators {
        return None;
    }
    let year = number(&head[0..4])?;
    let month = number(&head[5..7])?;
    let day = number(&head[8..10])?;
    let (hour, minute, second) = (number(&head[11..13])?, number(&head[14..16])?, number(&head[17..19])?);
    // 60 is a leap second: RFC 3339 allows it, and it is the first instant of the next minute.
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, rest) = fraction(rest)?;
    let offset = offset_seconds(rest)?;
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(nanos).map(Timestamp)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let scale = 10i64.pow(9 - u32::try_from(count).ok()?);
    Some((number(&digits[..count])? * scale, &digits[count..]))
}

fn offset_seconds(rest: &[u8]) -> Option<i64> {
    match rest {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 12 and 1 to 31")]
    (year, month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Option<i64> {
        Timestamp::parse(text.as_bytes()).ok().map(Timestamp::as_nanos)
    }

    #[test]
    fn zero_to_nine_fraction_digits_are_instants() {
        let base = 1_678_194_079_000_000_000;
        assert_eq!(nanos("2023-03-07T13:01:19Z"), Some(base));
        assert_eq!(nanos("2023-03-07T13:01:19.2Z"), Some(base + 200_000_000));
        assert_eq!(nanos("2023-03-07T13:01:19.218Z"), Some(base + 218_000_000));
        assert_eq!(nanos("2023-03-07T13:01:19.21859368Z"), Some(base + 218_593_680));
        assert_eq!(nanos("2023-03-07T13:01:19.218593681Z"), Some(base + 218_593_681));
        assert_eq!(nanos("2023-03-07T14:01:19+01:00"), Some(base));
        assert!(nanos("2023-03-07T13:01:19.2Z") < nanos("2023-03-07T13:01:19.21Z"));
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "",
            "2023-03-07",
            "2023-03-07T13:01:19",
            "2023-03-07T13:01:19.Z",
            "2023-03-07T13:01:19.1234567890Z",
            "2023-02-29T13:01:19Z",
            "2023-13-01T13:01:19Z",
            "2023-03-07T24:01:19Z",
            "2023-03-07T13:01:19+00:00Z",
            "20x3-03-07T13:01:19Z",
            "9999-03-07T13:01:19Z",
            "2023-03-07T13:01:19Z ",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }

    #[test]
    fn writing_and_reading_agree_over_four_centuries() {
        let mut seconds = -9_000_000_000i64;
        while seconds < 9_000_000_000 {
            for extra in [0, 1, 120_000_000, 999_999_999] {
                let time = Timestamp::from_nanos(seconds * NANOS_PER_SECOND + extra);
                assert_eq!(Timestamp::parse(time.to_string().as_bytes()), Ok(time));
            }
            seconds += 86_399 * 7 + 13;
        }
    }

    #[test]
    fn requests_carry_milliseconds_rounded_down() {
        let time = Timestamp::parse(b"2024-02-29T23:59:59.9999Z").expect("a timestamp");
        assert_eq!(time.to_rfc3339_millis(), "2024-02-29T23:59:59.999Z");
        assert_eq!(time.floor_to_millis().to_string(), "2024-02-29T23:59:59.999Z");
    }
}
