//! Key files: what they are called, what may be in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adr_core::{ExposeSecret, SecretRef, SecretString, Timestamp};

use crate::dir::Dir;
use crate::seal::is_sealed;

/// Where they are, below the folder.
pub(crate) const FOLDER: &str = "keys";
/// More is no key.
pub(crate) const LARGEST: u64 = 64 << 10;

/// Whether it is the name of a file in `keys`, and of nothing else.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(|letter| letter == '/' || char::is_control(letter))
}

/// The second in the name, if a change of the device `id` has given it.
pub(crate) fn second_of(name: &str, id: &str) -> Option<i64> {
    let number = name.strip_prefix(id)?.strip_prefix('-')?.strip_suffix(".key")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// The name of the file in `keys` that a device refers to, if it is there that its key is kept.
pub(crate) fn own(folder: &Path, reference: &SecretRef) -> Option<String> {
    let SecretRef::File(path) = reference else { return None };
    let path = folder.join(path);
    let name = path.strip_prefix(folder.join(FOLDER)).ok()?.to_str()?;
    is_name(name).then(|| name.to_owned())
}

/// What a key file that does not exist yet is called: after its device and the time, and later than the former one, so
/// that a reference to it is another one than any before.
pub(crate) fn free_name(folder: &Path, id: &str, former: Option<&str>, now: Timestamp) -> String {
    let former = former.and_then(|name| second_of(name, id)).map_or(0, |second| second.saturating_add(1));
    let mut second = now.as_millis().div_euclid(1000).max(former);
    loop {
        let name = format!("{id}-{second}.key");
        if fs::symlink_metadata(folder.join(FOLDER).join(&name)).is_err() {
            return name;
        }
        second = second.wrapping_add(1).max(0);
    }
}

/// The reference to it, as a device file says it.
pub(crate) fn reference(name: &str) -> SecretRef {
    SecretRef::File(PathBuf::from(FOLDER).join(name))
}

/// The folder of keys; None where it is missing.
pub(crate) fn open_folder(folder: &Dir) -> io::Result<Option<Dir>> {
    match folder.sub(FOLDER) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// A key as it will be kept: without the line break that is pasted along.
pub(crate) fn checked(secret: &SecretString) -> Result<SecretString, &'static str> {
    let text = secret.expose_secret().trim();
    if text.is_empty() {
        return Err(
            "the key is empty: paste the API key (JumpCloud console, Profile > My API Key) or the client secret",
        );
    }
    if text.contains(char::is_control) {
        return Err("the key has a line break or another control character in it: paste the key alone, as one line");
    }
    if !text.is_ascii() {
        return Err("the key has letters in it that no key has: copy the key itself, not what hides it on the screen");
    }
    if is_sealed(text) {
        return Err("this is the text of a sealed key file: paste the key itself");
    }
    if text.len() as u64 > LARGEST / 2 {
        return Err("this is too long for a key: paste the key and nothing else");
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_folder_and_nowhere_else() {
        let folder = Path::new("/etc/devices");
        for (path, wanted) in [
            ("keys/acme-1.key", Some("acme-1.key")),
            ("./keys/acme-1.key", Some("acme-1.key")),
            ("/etc/devices/keys/a b", Some("a b")),
            ("keys/../acme.yaml", None),
            ("keys/..", None),
            ("keys", None),
            ("keys/.hidden", None),
            ("keys/a/b", None),
            ("/etc/other/keys/acme-1.key", None),
            ("acme-1.key", None),
        ] {
            let own = own(folder, &SecretRef::File(path.into()));
            assert_eq!(own.as_deref(), wanted, "{path}");
        }
        assert_eq!(own(folder, &SecretRef::Env("keys/acme-1.key".to_owned())), None);
        assert_eq!(second_of("acme-17.key", "acme"), Some(17));
        for other in
            ["acme-17-18.key", "acme-.key", "acme--5.key", "acme-17.key.new", "acme", "acme-99999999999999999999.key"]
        {
            assert_eq!(second_of(other, "acme"), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let now = Timestamp::from_secs(1_796_428_800);
        let name = free_name(folder.path(), "acme", None, now);
        assert_eq!(name, "acme-1796428800.key");
        fs::write(folder.path().join(FOLDER).join(name), "").unwrap();
        assert_eq!(free_name(folder.path(), "acme", None, now), "acme-1796428801.key");
        assert_eq!(free_name(folder.path(), "acme", None, Timestamp::from_secs(-5)), "acme-0.key");
        let after = |former: &str| free_name(folder.path(), "acme", Some(former), now);
        assert_eq!(after("acme-1796428900.key"), "acme-1796428901.key", "a clock that was put back");
        assert_eq!(after("by-hand.key"), "acme-1796428801.key");
        assert_eq!(after(&format!("acme-{}.key", i64::MAX)), format!("acme-{}.key", i64::MAX));
    }

    #[test]
    fn what_is_pasted_along_is_no_part_of_a_key() {
        assert_eq!(checked(&SecretString::from(" \r\nkey-1\n")).unwrap().expose_secret(), "key-1");
        for wrong in ["", " \n", "a\nb", "a\0b", "a\tb", "••••••", "jumpcloud-adr-sealed:1:AAAA", &"x".repeat(40_000)]
        {
            checked(&SecretString::from(wrong)).unwrap_err();
        }
    }
}
