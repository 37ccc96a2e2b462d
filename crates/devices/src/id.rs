//! Ids of devices: what their files are called.

/// Longer ids make unhandy file names.
const LONGEST: usize = 64;

/// Whether it may be an id.
pub(crate) fn is_id(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    // A leading `-` would be an option on every command line.
    !text.is_empty() && !text.starts_with('-') && text.len() <= LONGEST && text.bytes().all(good)
}

/// An id after the Device Name that is not taken yet: `Acme Inc.` is `acme-inc`, the next `acme-inc-2`.
pub(crate) fn free_id(device_name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut id = String::new();
    for letter in device_name.chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9' | '_') => id.push(letter),
            _ if id.is_empty() || id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    id.truncate(LONGEST - 8);
    let id = id.trim_end_matches('-');
    let id = if id.is_empty() { "device" } else { id };
    if !taken(id) {
        return id.to_owned();
    }
    let mut number = 2u32;
    loop {
        let next = format!("{id}-{number}");
        if !taken(&next) {
            return next;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids_and_no_id_is_given_twice() {
        for (name, wanted) in
            [("Acme", "acme"), (" Acme, Inc. (EU)", "acme-inc-eu"), ("Ünïq_1", "n-q_1"), ("日本", "device")]
        {
            assert_eq!(free_id(name, |_| false), wanted, "{name}");
        }
        assert_eq!(free_id("Acme", |id| ["acme", "acme-2"].contains(&id)), "acme-3");
        let long = free_id(&"x".repeat(300), |id| id.len() < LONGEST - 7);
        assert!(is_id(&long) && long.ends_with("-2"), "{long}");
        for wrong in ["", "Acme", "a b", "-a", "../a", "a.b", "é"] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
