//! Small pictures, drawn in the colour of the text beside them. They say nothing that the text does not.

use maud::{Markup, PreEscaped, html};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Add,
    Bars,
    Check,
    Clock,
    Cross,
    Dash,
    Flow,
    Forward,
    Hourglass,
    Key,
    Moon,
    Pause,
    Plug,
    Search,
    Store,
    Theme,
    Warning,
}

impl Icon {
    pub(crate) fn draw(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" {
                (PreEscaped(self.shape()))
            }
        }
    }

    fn shape(self) -> &'static str {
        match self {
            Self::Add => r#"<path d="M8 3v10M3 8h10"/>"#,
            Self::Bars => r#"<path d="M3 13V8M8 13V3M13 13V6"/>"#,
            Self::Check => r#"<path d="m3.5 8.5 3 3 6-7"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3l2 1.5"/>"#,
            Self::Cross => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
            Self::Dash => r#"<path d="M4 8h8"/>"#,
            Self::Flow => {
                r#"<circle cx="3.5" cy="8" r="1.75"/><circle cx="12.5" cy="3.75" r="1.75"/><circle cx="12.5" cy="12.25" r="1.75"/><path d="m5.1 7.2 5.8-2.7M5.1 8.8l5.8 2.7"/>"#
            }
            Self::Forward => r#"<path d="m3 4 4.5 4L3 12M8.5 4 13 8l-4.5 4"/>"#,
            Self::Hourglass => r#"<path d="M4 2.5h8M4 13.5h8M5 2.5c0 3.5 6 5.5 6 11M11 2.5c0 3.5-6 5.5-6 11"/>"#,
            Self::Key => r#"<circle cx="5.25" cy="10.75" r="2.75"/><path d="m7.25 8.75 5.25-5.25M10.5 5.5l2 2"/>"#,
            Self::Moon => r#"<path d="M12.5 9.8A5.3 5.3 0 0 1 6.2 3.5a5.3 5.3 0 1 0 6.3 6.3Z"/>"#,
            Self::Pause => r#"<path d="M5.5 3.5v9M10.5 3.5v9"/>"#,
            Self::Plug => r#"<path d="M6 2.5v3M10 2.5v3M4.5 5.5h7v2a3.5 3.5 0 0 1-7 0ZM8 11v2.5"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4"/><path d="m10 10 3.5 3.5"/>"#,
            Self::Store => {
                r#"<path d="M2.5 6.5 3.5 3h9l1 3.5M3.5 7.5V13h9V7.5M2.5 6.5c0 1.7 2.7 1.7 2.7 0 0 1.7 2.8 1.7 2.8 0 0 1.7 2.8 1.7 2.8 0 0 1.7 2.7 1.7 2.7 0"/>"#
            }
            Self::Theme => r#"<circle cx="8" cy="8" r="5.5"/><path class="filled" d="M8 2.5a5.5 5.5 0 0 1 0 11Z"/>"#,
            Self::Warning => r#"<path d="M8 2.5 14 13H2ZM8 6.5v3M8 11.2v.1"/>"#,
        }
    }
}
