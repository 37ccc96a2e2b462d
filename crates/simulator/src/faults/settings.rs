use std::time::Duration;

/// The settings of a fault on the command line: `every=10,retry=5s`.
pub(super) struct Settings<'a> {
    pairs: Vec<(&'a str, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> Settings<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, String> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) =
                part.split_once('=').ok_or_else(|| format!("`{part}` is not of the form name=value"))?;
            let (name, value) = (name.trim(), value.trim());
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(format!("`{name}` is given twice"));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs, known: Vec::new() })
    }

    /// Takes a setting and reads its value.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
        form: &str,
    ) -> Result<Option<T>, String> {
        self.known.push(name);
        let Some(at) = self.pairs.iter().position(|(other, _)| *other == name) else { return Ok(None) };
        let (_, value) = self.pairs.remove(at);
        read(value).map(Some).ok_or_else(|| format!("`{name}={value}` is not {form}"))
    }

    pub(super) fn count(&mut self, name: &'static str) -> Result<Option<u64>, String> {
        self.take(name, |value| value.parse().ok(), "a whole number")
    }

    pub(super) fn share(&mut self, name: &'static str) -> Result<Option<f64>, String> {
        let read = |value: &str| value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        self.take(name, read, "a share between 0 and 1")
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Result<Option<Duration>, String> {
        self.take(name, duration, "a duration such as 500ms, 5s, 2m, 1h or 7d")
    }

    pub(super) fn size(&mut self, name: &'static str) -> Result<Option<u64>, String> {
        self.take(name, size, "a size such as 4096, 10kB or 100MB")
    }

    /// Whatever was not taken is not a setting of this fault.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("it has no setting `{name}`, but {}", self.known.join(", "))),
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "kB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}
