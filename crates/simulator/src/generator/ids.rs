use crate::random::{hex16, mix};

/// 32 hexadecimal digits in capitals with hyphens, as RADIUS events have them; one per identity.
pub(super) fn upper_uuid(identity: u64) -> [u8; 36] {
    let (high, low) = (hex16(mix(identity ^ 0x7261_6469_7573)), hex16(identity));
    let mut digits = high.iter().chain(&low).map(u8::to_ascii_uppercase);
    std::array::from_fn(|at| match at {
        8 | 13 | 18 | 23 => b'-',
        _ => digits.next().expect("32 digits and 4 hyphens make 36"),
    })
}

/// Writes a number below 1,000.
pub(super) fn decimal(number: u64, out: &mut Vec<u8>) {
    if number >= 100 {
        out.push(b'0' + (number / 100 % 10) as u8);
    }
    if number >= 10 {
        out.push(b'0' + (number / 10 % 10) as u8);
    }
    out.push(b'0' + (number % 10) as u8);
}
