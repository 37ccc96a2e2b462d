//! The text of a device file.

use serde_saphyr::{Error, Location};

use crate::{Device, fields};

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Line and column, counted from 1, where they are known.
    pub(crate) place: Option<(u64, u64)>,
    /// In words that quote nothing of the text.
    pub(crate) message: String,
}

/// Reads the text of the device `id`.
pub(crate) fn parse(id: &str, text: &str) -> Result<Device, Fault> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let device = serde_saphyr::from_str_with_options::<Device>(text, options);
    let device = device.map_err(|error| Fault { place: place(&error), message: words(error.without_snippet()) })?;
    let organization = fields::organization(device.configuration.org_id.as_deref(), device.provider.is_some());
    match organization {
        Ok(()) => Ok(Device { id: id.to_owned(), ..device }),
        Err(message) => Err(Fault { place: line_of("configuration", text), message: message.to_owned() }),
    }
}

/// Where a field stands, written as most people write it.
fn line_of(field: &str, text: &str) -> Option<(u64, u64)> {
    let line = text.lines().position(|line| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')))?;
    Some((line as u64 + 1, 1))
}

/// Writes the text of a device, and proves that reading it gives the device back.
pub(crate) fn render(device: &Device) -> Result<String, String> {
    let fields = serde_saphyr::to_string(device).map_err(|error| format!("it cannot be written as YAML: {error}"))?;
    let text = format!(
        "# A device of jumpcloud-adr. May be edited by hand: a change by the program keeps the fields, not comments.\n{fields}"
    );
    match parse(&device.id, &text) {
        Ok(read) if read == *device => Ok(text),
        Ok(_) => Err("its fields are not read as they are written; remove unusual characters from them".to_owned()),
        Err(fault) => Err(fault.message),
    }
}

fn place(error: &Error) -> Option<(u64, u64)> {
    let place = |location: Location| (location.line(), location.column());
    match error.without_snippet() {
        // What is missing has no place.
        Error::SerdeMissingField { .. } => None,
        _ => error.location().map(place).filter(|(line, _)| *line > 0),
    }
}

fn words(error: &Error) -> String {
    const FIELDS: &str =
        "device_name, cce_ip, access_id, secret_key, configuration, region, base_url, key, paused and provider";
    match error {
        Error::Message { msg, .. } => msg.split(" at line ").next().unwrap_or(msg).to_owned(),
        // The field is not quoted: a key pasted in the wrong place is not repeated in a log.
        Error::SerdeUnknownField { expected, .. } => {
            let known = if expected.len() > 3 { FIELDS.to_owned() } else { expected.join(" and ") };
            format!("this field is not known: the fields here are {known}")
        }
        Error::SerdeMissingField { field, .. } => format!("the field `{field}` is missing: write it"),
        Error::DuplicateMappingKey { .. } => "this field is given twice: keep one of the two".to_owned(),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("this is not what belongs here: write {expected}")
        }
        Error::InvalidBooleanStrict { .. } => "this is neither true nor false: write one of the two".to_owned(),
        Error::MultipleDocuments { .. } => {
            "the file holds more than one YAML document: write a file for each device".to_owned()
        }
        Error::Eof { .. } => "the file is empty: write the fields of a device, such as `device_name: Acme`".to_owned(),
        _ => "this is not YAML that a device file may hold: write `field: value` on each line, text with special \
              characters in quotes"
            .to_owned(),
    }
}
