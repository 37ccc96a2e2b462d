//! Timestamps as the headers write them. The date is worked out once a day, the rest is a few digits.

use adr_core::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Writes timestamps of one kind, and remembers the date of the last one.
#[derive(Debug)]
pub(super) struct DateTexts<const LENGTH: usize> {
    day: i64,
    text: [u8; LENGTH],
    write: fn(Date) -> [u8; LENGTH],
}

/// RFC 3339 in UTC: `2026-03-01T12:00:00.250Z`.
pub(super) type Rfc3339 = DateTexts<11>;

/// As RFC 3164 has it: `Mar  1 12:00:00`, in UTC.
pub(super) type Bsd = DateTexts<7>;

impl<const LENGTH: usize> DateTexts<LENGTH> {
    fn at(write: fn(Date) -> [u8; LENGTH]) -> Self {
        Self { day: 0, text: write(date(0)), write }
    }

    /// The date's text and the second of the day.
    fn split(&mut self, time: Timestamp) -> (&[u8; LENGTH], u32) {
        let seconds = time.as_nanos().div_euclid(NANOS_PER_SECOND);
        let day = seconds.div_euclid(SECONDS_PER_DAY);
        if day != self.day {
            self.text = (self.write)(date(day));
            self.day = day;
        }
        let second = u32::try_from(seconds.rem_euclid(SECONDS_PER_DAY)).expect("less than a day");
        (&self.text, second)
    }
}

fn date(day: i64) -> Date {
    let midnight = jiff::Timestamp::from_second(day * SECONDS_PER_DAY).expect("a timestamp ends in the year 2262");
    Offset::UTC.to_datetime(midnight).date()
}

impl Rfc3339 {
    pub(super) fn new() -> Self {
        Self::at(|date| {
            let mut text = *b"0000-00-00T";
            digits(&mut text[..4], date.year().unsigned_abs().into());
            digits(&mut text[5..7], date.month().unsigned_abs().into());
            digits(&mut text[8..10], date.day().unsigned_abs().into());
            text
        })
    }

    /// With milliseconds, or with microseconds where there are any. RFC 5424 allows no more: they are cut off.
    pub(super) fn write(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        let (date, second) = self.split(time);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        text[..11].copy_from_slice(date);
        time_of_day(&mut text[11..19], second);
        let micros = u32::try_from(time.as_nanos().rem_euclid(NANOS_PER_SECOND) / 1000).expect("less than a second");
        if micros.is_multiple_of(1000) {
            digits(&mut text[20..23], micros / 1000);
            text[23] = b'Z';
            out.extend_from_slice(&text[..24]);
        } else {
            digits(&mut text[20..26], micros);
            out.extend_from_slice(&text);
        }
    }
}

impl Bsd {
    pub(super) fn new() -> Self {
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        Self::at(|date| {
            let mut text = *b"Jan  0 ";
            let month = usize::from(date.month().unsigned_abs()) - 1;
            text[..3].copy_from_slice(&MONTHS[3 * month..3 * month + 3]);
            digits(&mut text[4..6], date.day().unsigned_abs().into());
            if text[4] == b'0' {
                text[4] = b' ';
            }
            text
        })
    }

    pub(super) fn write(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        let (date, second) = self.split(time);
        let mut text = *b"Jan  0 00:00:00";
        text[..7].copy_from_slice(date);
        time_of_day(&mut text[7..], second);
        out.extend_from_slice(&text);
    }
}

/// `00:00:00`
fn time_of_day(out: &mut [u8], second: u32) {
    digits(&mut out[..2], second / 3600);
    digits(&mut out[3..5], second / 60 % 60);
    digits(&mut out[6..8], second % 60);
}

fn digits(out: &mut [u8], mut number: u32) {
    for place in out.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).expect("one digit");
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc3339(text: &str) -> String {
        let mut out = Vec::new();
        Rfc3339::new().write(Timestamp::parse(text.as_bytes()).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn bsd(text: &str) -> String {
        let mut out = Vec::new();
        Bsd::new().write(Timestamp::parse(text.as_bytes()).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn milliseconds_always_microseconds_as_needed() {
        for (given, expected) in [
            ("2026-03-01T12:34:56Z", "2026-03-01T12:34:56.000Z"),
            ("2026-03-01T12:34:56.25Z", "2026-03-01T12:34:56.250Z"),
            ("2026-03-01T12:34:56.250001Z", "2026-03-01T12:34:56.250001Z"),
            ("2026-03-01T12:34:56.250100Z", "2026-03-01T12:34:56.250100Z"),
            ("2026-03-01T12:34:56.999999999Z", "2026-03-01T12:34:56.999999Z"),
            ("2024-02-29T23:59:59.001+01:00", "2024-02-29T22:59:59.001Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("1678-01-01T00:00:00Z", "1678-01-01T00:00:00.000Z"),
            ("2261-12-31T23:59:59Z", "2261-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc3339(given), expected);
        }
    }

    #[test]
    fn the_old_form_pads_the_day_with_a_space() {
        assert_eq!(bsd("2026-03-01T02:04:06.9Z"), "Mar  1 02:04:06");
        assert_eq!(bsd("2026-12-31T23:59:59Z"), "Dec 31 23:59:59");
        assert_eq!(bsd("2026-05-10T00:00:00Z"), "May 10 00:00:00");
    }

    #[test]
    fn the_remembered_date_follows_the_time_both_ways() {
        let (mut new, mut old) = (Rfc3339::new(), Bsd::new());
        let mut time = Timestamp::parse(b"1999-12-30T21:13:07.5Z").unwrap();
        for step in 0..20_000u32 {
            let (mut text, mut short) = (Vec::new(), Vec::new());
            new.write(time, &mut text);
            old.write(time, &mut short);
            assert_eq!(Timestamp::parse(&text), Ok(time), "step {step}");
            let text = String::from_utf8(text).unwrap();
            let short = String::from_utf8(short).unwrap();
            assert_eq!(short[4..6].trim().parse::<u8>(), text[8..10].parse(), "{text} {short}");
            assert_eq!(short[7..], text[11..19]);
            let day = std::time::Duration::from_secs(30_011);
            time = if step % 7 == 0 { time.minus(day * 3) } else { time.plus(day) };
        }
    }
}
