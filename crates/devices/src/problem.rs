use std::fmt;

/// What is wrong with a file of the folder, and what to do. It harms no other file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the folder names it (`acme.yaml`, `keys/acme-1796428800.key`), or a folder's own path.
    pub file: String,
    /// Of which device, where it is about one.
    pub device: Option<String>,
    /// Line and column, counted from 1, where they are known.
    pub place: Option<(u64, u64)>,
    /// In words that quote nothing of the file.
    pub message: String,
    /// Whether the device is left out because of it; else it is a warning.
    pub refused: bool,
}

impl Problem {
    /// The device is left out.
    pub(crate) fn refusal(id: &str, message: impl Into<String>) -> Self {
        let (file, device) = (format!("{id}.yaml"), Some(id.to_owned()));
        Self { file, device, place: None, message: message.into(), refused: true }
    }

    /// Something to mend, and nothing is left out.
    pub(crate) fn warning(file: impl Into<String>, device: Option<&str>, message: impl Into<String>) -> Self {
        let (file, device) = (file.into(), device.map(str::to_owned));
        Self { file, device, place: None, message: message.into(), refused: false }
    }

    pub(crate) fn at(self, place: Option<(u64, u64)>) -> Self {
        Self { place, ..self }
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
