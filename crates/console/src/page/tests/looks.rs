//! Whether texts can be read on what they stand on.

use std::collections::BTreeMap;

/// The colours of the style: name to its light and its dark value.
fn colours() -> BTreeMap<&'static str, [&'static str; 2]> {
    let style = include_str!("../../../assets/style/frame.css");
    let pair = |line: &'static str| {
        let (name, rest) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
        let (light, dark) = rest.strip_suffix(");")?.split_once(", ")?;
        Some((name, [light, dark]))
    };
    style.lines().filter_map(pair).collect()
}

fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn every_text_stands_out_from_its_ground_in_light_and_dark() {
    let colours = colours();
    let mut pairs: Vec<(&str, &str)> = vec![("on-accent", "accent")];
    for ground in ["ground", "surface", "raised"] {
        pairs.extend(["text", "muted", "accent", "good", "warning", "bad"].map(|text| (text, ground)));
    }
    pairs.extend(["text", "accent"].map(|text| (text, "accent-soft")));
    let soft = [
        ("good", "good-soft"),
        ("busy", "busy-soft"),
        ("warning", "warning-soft"),
        ("bad", "bad-soft"),
        ("quiet", "quiet-soft"),
    ];
    for (text, ground) in pairs.into_iter().chain(soft) {
        for theme in [0, 1] {
            let (a, b) = (luminance(colours[text][theme]), luminance(colours[ground][theme]));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "{text} on {ground} ({theme}): {contrast:.2}");
        }
    }
}
