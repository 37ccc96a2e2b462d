use adr_core::{FailureKind, SecretString};

use super::{Field, Form};

/// What may be asked for.
#[derive(Clone, Debug)]
pub enum Change {
    /// The Add-On Store's form: asks JumpCloud whether key and organization are right, then saves.
    Add(Form),
    /// The same without saving.
    Try(Form),
    /// Asks JumpCloud with the key that is there.
    Test(String),
    /// Another key, asked for at JumpCloud before it takes the place of the one that is there.
    RotateKey {
        /// The device.
        id: String,
        /// The new key.
        secret: SecretString,
        /// When it ends, as it was entered; blank where that is not known.
        expires: String,
    },
    /// Reads no more until it is resumed.
    Pause(String),
    /// Goes on where it was.
    Resume(String),
    /// Removes it with its key. What ADR has, it keeps.
    Remove(String),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The device.
    pub id: String,
    /// In a sentence, for who asked.
    pub message: String,
}

/// Why something was not done, and where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The fields that are wrong; none where it is not about a field.
    pub fields: Vec<Field>,
    /// What kind of thing is wrong: decides the exit code.
    pub kind: FailureKind,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refused {
    /// What is about no field of a form.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { fields: Vec::new(), kind, message: message.into() }
    }

    /// What was entered in this field cannot be taken.
    pub fn field(field: Field, message: impl Into<String>) -> Self {
        Self { fields: vec![field], kind: FailureKind::Config, message: message.into() }
    }
}
