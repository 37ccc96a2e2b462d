use std::fmt;

/// What is wrong with a file of the folder, and what to do. It harms no other file.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as the folder names it (`acme.yaml`, `keys/acme-1796428800.key`), or a folder's own path.
    pub file: String,
    /// Of which device, where it is about one.
    pub device: Option<String>,
    /// The organization that the device has: what its file said when this folder last read it and it was right, else what
    /// looks like one in it. None where that is not known, and for a provider.
    pub organization: Option<String>,
    /// Line and column, counted from 1, where they are known.
    pub place: Option<(u64, u64)>,
    /// In words that quote nothing of the file.
    pub message: String,
    /// Whether the device is left out because of it; else it is a warning.
    pub refused: bool,
}

impl Problem {
    /// What to call what it is about: the device's id; where there is none, as the name of the file is no id, that name
    /// without `.yaml`.
    pub fn name(&self) -> &str {
        self.device.as_deref().unwrap_or_else(|| self.file.strip_suffix(".yaml").unwrap_or(&self.file))
    }

    /// The device is left out.
    pub(crate) fn refusal(id: &str, message: impl Into<String>) -> Self {
        let (file, device) = (format!("{id}.yaml"), Some(id.to_owned()));
        Self { file, device, organization: None, place: None, message: message.into(), refused: true }
    }

    /// Something to mend, and nothing is left out.
    pub(crate) fn warning(file: impl Into<String>, device: Option<&str>, message: impl Into<String>) -> Self {
        let (file, device) = (file.into(), device.map(str::to_owned));
        Self { file, device, organization: None, place: None, message: message.into(), refused: false }
    }

    pub(crate) fn at(self, place: Option<(u64, u64)>) -> Self {
        Self { place, ..self }
    }
}

/// Says nothing of the organization: somebody may have put the key there.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, device, place, message, refused, organization: _ } = self;
        f.debug_struct("Problem")
            .field("file", file)
            .field("device", device)
            .field("place", place)
            .field("message", message)
            .field("refused", refused)
            .finish_non_exhaustive()
    }
}

/// As compilers say it: `acme.yaml:3:1: ...`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}
