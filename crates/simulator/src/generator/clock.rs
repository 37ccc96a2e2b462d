use adr_core::Timestamp;
use jiff::tz::Offset;

use super::shapes::Precision;

/// Cuts a time to what its text can say.
pub(super) fn cut(time: Timestamp, precision: Precision) -> Timestamp {
    match precision {
        Precision::Seconds => Timestamp::from_secs(time.as_nanos().div_euclid(1_000_000_000)),
        Precision::Millis => time.floor_to_millis(),
        Precision::Nanos => time,
    }
}

/// Writes RFC 3339 in UTC with the fraction digits of that precision.
pub(super) fn write(time: Timestamp, precision: Precision, out: &mut Vec<u8>) {
    let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())) else { return };
    let civil = Offset::UTC.to_datetime(instant);
    let two = |value: i8| {
        let value = value.unsigned_abs();
        [b'0' + value / 10, b'0' + value % 10]
    };
    let century = two(i8::try_from(civil.year() / 100).unwrap_or(0));
    let year = two(i8::try_from(civil.year() % 100).unwrap_or(0));
    let mut text = *b"0000-00-00T00:00:00";
    text[..2].copy_from_slice(&century);
    text[2..4].copy_from_slice(&year);
    for (at, part) in
        [(5, civil.month()), (8, civil.day()), (11, civil.hour()), (14, civil.minute()), (17, civil.second())]
    {
        text[at..at + 2].copy_from_slice(&two(part));
    }
    out.extend_from_slice(&text);
    let nanos = civil.subsec_nanosecond().unsigned_abs();
    let mut digits = [b'.'; 10];
    let mut rest = nanos;
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    match precision {
        Precision::Seconds => {}
        Precision::Millis => out.extend_from_slice(&digits[..4]),
        Precision::Nanos if nanos == 0 => {}
        Precision::Nanos => out.extend_from_slice(trim_zeros(&digits)),
    }
    out.push(b'Z');
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    &digits[..kept]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_times_read_back_as_cut() {
        for (nanos, precision, text) in [
            (1_678_194_079_218_593_680, Precision::Nanos, "2023-03-07T13:01:19.21859368Z"),
            (1_678_194_079_218_593_680, Precision::Millis, "2023-03-07T13:01:19.218Z"),
            (1_678_194_079_218_593_680, Precision::Seconds, "2023-03-07T13:01:19Z"),
            (1_678_194_079_000_000_000, Precision::Nanos, "2023-03-07T13:01:19Z"),
            (1_678_194_079_000_000_000, Precision::Millis, "2023-03-07T13:01:19.000Z"),
            (951_782_400_000_000_001, Precision::Nanos, "2000-02-29T00:00:00.000000001Z"),
        ] {
            let time = Timestamp::from_nanos(nanos);
            let mut out = Vec::new();
            write(time, precision, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
            assert_eq!(Timestamp::parse(&out), Ok(cut(time, precision)));
        }
    }
}
