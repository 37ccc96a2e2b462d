//! A field of a form: its label, what belongs there, and what is wrong with what was filled in.

use maud::{Markup, html};

use super::icon::Icon;
use super::words::sentence;
use crate::desk::{Field, Refused};

/// What becomes of a key.
pub(crate) const KEPT: &str =
    "It is kept in a file that only this program's user can read, sealed where --seal is given, and never shown again.";

/// The name of a field in a form; its input has the same id.
pub(crate) fn name(field: Field) -> &'static str {
    match field {
        Field::DeviceName => "device_name",
        Field::CceIp => "cce_ip",
        Field::AccessId => "access_id",
        Field::SecretKey => "secret_key",
        Field::Configuration => "configuration",
        Field::Region => "region",
        Field::BaseUrl => "base_url",
        Field::KeyExpires => "key_expires",
        Field::Organizations => "include",
    }
}

/// As its label has it.
pub(crate) fn label(field: Field) -> &'static str {
    match field {
        Field::DeviceName => "Device Name",
        Field::CceIp => "CCE IP",
        Field::AccessId => "Access ID / Username",
        Field::SecretKey => "Password / Secret Key",
        Field::Configuration => "Configuration JSON",
        Field::Region => "Region",
        Field::BaseUrl => "Base URL",
        Field::KeyExpires => "Key expires",
        Field::Organizations => "Organizations",
    }
}

/// A form that may have been refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) refused: Option<&'a Refused>,
}

impl Fields<'_> {
    /// What is wrong with a field.
    pub(crate) fn wrong(&self, field: Field) -> Option<&str> {
        self.refused.filter(|refused| refused.fields.contains(&field)).map(|refused| refused.message.as_str())
    }

    /// The first field that is wrong, which the cursor goes to.
    pub(crate) fn is_first(&self, field: Field) -> bool {
        self.refused.is_some_and(|refused| refused.fields.iter().min() == Some(&field))
    }

    /// The ids of the texts that tell about a field, for its input.
    pub(crate) fn about(&self, field: Field) -> String {
        let name = name(field);
        if self.wrong(field).is_some() { format!("{name}-wrong {name}-hint") } else { format!("{name}-hint") }
    }

    /// A field around its input.
    pub(crate) fn draw(&self, field: Field, hint: &Markup, input: &Markup) -> Markup {
        let wrong = self.wrong(field);
        html! {
            div.field .wrong[wrong.is_some()] {
                label for=(name(field)) { (label(field)) }
                (input)
                p.hint id={ (name(field)) "-hint" } { (hint) }
                @if let Some(message) = wrong {
                    p.message id={ (name(field)) "-wrong" } { (Icon::Warning.draw()) (sentence(message)) }
                }
            }
        }
    }

    /// The text in a line of input.
    pub(crate) fn line(&self, field: Field, kind: &str, value: &str, placeholder: Option<&str>) -> Markup {
        html! {
            input id=(name(field)) name=(name(field)) type=(kind) value=(value) placeholder=[placeholder] autocomplete="off"
                spellcheck="false" autofocus[self.is_first(field)] required[field == Field::DeviceName]
                aria-describedby=(self.about(field)) aria-invalid=[self.wrong(field).map(|_| "true")];
        }
    }

    /// A secret: what was filled in never comes back.
    pub(crate) fn secret(&self, field: Field) -> Markup {
        html! {
            input id=(name(field)) name=(name(field)) type="password" required autocomplete="new-password" spellcheck="false"
                autofocus[self.is_first(field)] aria-describedby=(self.about(field))
                aria-invalid=[self.wrong(field).map(|_| "true")];
        }
    }

    /// Above the form: that it was refused, why, and where.
    pub(crate) fn summary(&self) -> Markup {
        let Some(refused) = self.refused else { return html! {} };
        html! {
            div.notice.bad role="alert" tabindex="-1" autofocus[refused.fields.is_empty()] {
                (Icon::Warning.draw())
                div {
                    p { (sentence(&refused.message)) }
                    @if !refused.fields.is_empty() {
                        p {
                            "See "
                            @for (index, field) in refused.fields.iter().enumerate() {
                                @if index > 0 { ", " }
                                a href={ "#" (name(*field)) } { (label(*field)) }
                            }
                            "."
                        }
                    }
                }
            }
        }
    }
}
