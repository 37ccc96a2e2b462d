//! Names of users.

const LONGEST: usize = 64;

/// What is wrong with a name.
pub(crate) fn check(name: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    if name.is_empty() {
        Err("is blank")
    } else if name.len() > LONGEST {
        Err("is longer than 64 characters")
    } else if !name.bytes().all(is_plain) {
        Err("has characters besides letters, digits, `.`, `_`, `-` and `@`")
    } else {
        Ok(())
    }
}

/// Names that differ in their capitals are one name, as in the addresses that they often are.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}
