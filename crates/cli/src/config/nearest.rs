//! The name that somebody meant.

/// The candidate that is nearest to `name`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' ', '.'], "_");
    let wanted = plain(name);
    let allowed = (wanted.chars().count() / 3).max(1);
    let near = candidates.into_iter().filter_map(|candidate| {
        let other = plain(candidate);
        let mut distance = distance(&wanted, &other);
        // A beginning or an end of a name is meant as that name: `key` for `secret_key`.
        if wanted.len() >= 3 && (other.starts_with(&wanted) || other.ends_with(&wanted) || wanted.starts_with(&other)) {
            distance = distance.min(1);
        }
        (distance <= allowed).then_some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many letters to insert, remove, change or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood_and_strangers_are_not() {
        let names = ["device_name", "secret_key", "services", "settle", "start"];
        let near = |name| nearest(name, names);
        assert_eq!(near("secert_key"), Some("secret_key"));
        assert_eq!(near("SecretKey"), Some("secret_key"));
        assert_eq!(near("key"), Some("secret_key"));
        assert_eq!(near("devicename"), Some("device_name"));
        assert_eq!(near("service"), Some("services"));
        assert_eq!(near("compression"), None);
        assert_eq!(near("x"), None);
    }
}
