//! Whether a page is what browsers and screen readers can rely on.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::{Token, Tokenizer};

/// Elements without content.
const VOID: [&str; 6] = ["br", "img", "input", "link", "meta", "hr"];

/// An element with its attributes.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// Names of the elements around it, the outermost first.
    pub(super) within: Vec<String>,
    pub(super) text: String,
}

impl Element {
    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }
}

/// All elements of a page, in order. A page that is not well-formed ends the test.
pub(super) fn elements(page: &str) -> Vec<Element> {
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for token in Tokenizer::new(page) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                let within = open.iter().map(|index| found[*index].name.clone()).collect();
                let name = text(&tag.name);
                if !VOID.contains(&name.as_str()) && !tag.self_closing {
                    open.push(found.len());
                }
                found.push(Element { name, attributes, within, text: String::new() });
            }
            Token::EndTag(tag) => {
                let ended = open.pop().expect("an element ends that has not begun");
                assert_eq!(found[ended].name, text(&tag.name), "elements overlap");
            }
            Token::String(string) => {
                for index in &open {
                    found[*index].text.push_str(&text(&string));
                }
            }
            Token::Error(error) => panic!("not well-formed: {error:?}"),
            Token::Comment(_) | Token::Doctype(_) => {}
        }
    }
    assert!(open.is_empty(), "elements are left open");
    found
}

/// Holds a whole page against what all pages promise.
pub(super) fn check(page: &str) {
    let elements = elements(page);
    let all = |name: &'static str| elements.iter().filter(move |element| element.name == name);
    for (name, count) in [("h1", 1), ("main", 1), ("title", 1), ("header", 1), ("footer", 1)] {
        let drawn = all(name).filter(|element| !element.within.contains(&"svg".to_owned())).count();
        assert_eq!(drawn, count, "{name}");
    }
    let mut ids = BTreeSet::new();
    for id in elements.iter().filter_map(|element| element.get("id")) {
        assert!(ids.insert(id), "the id {id} is there twice");
    }
    for element in &elements {
        discreet(element);
        for attribute in ["for", "aria-labelledby", "aria-describedby"] {
            for id in element.get(attribute).unwrap_or_default().split_whitespace() {
                assert!(ids.contains(id), "{attribute} names {id}, which is not there: {element:?}");
            }
        }
        if let Some(target) = element.get("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(target), "#{target} leads nowhere");
        }
    }
    let labels: BTreeSet<_> = all("label").filter_map(|label| label.get("for")).collect();
    for input in elements.iter().filter(|element| matches!(&*element.name, "input" | "select" | "textarea")) {
        if input.get("type") != Some("hidden") {
            assert!(labels.contains(input.get("id").expect("an id")), "no label: {input:?}");
        }
    }
    for element in elements.iter().filter(|element| matches!(&*element.name, "a" | "button" | "th")) {
        assert!(!element.text.trim().is_empty(), "nothing to read: {element:?}");
    }
    for form in all("form").filter(|form| form.get("method") == Some("post")) {
        assert!(form.get("action").is_some_and(|action| action.starts_with('/')), "{form:?}");
    }
    assert_eq!(
        all("form").filter(|form| form.get("method") == Some("post")).count(),
        all("input").filter(|input| input.get("name") == Some("csrf")).count()
    );
}

/// Nothing inline, and nothing from elsewhere.
fn discreet(element: &Element) {
    assert!(element.name != "style", "a style in the page");
    assert!(
        element.name != "script" || element.text.is_empty() && element.get("src").is_some(),
        "a script in the page"
    );
    for (name, value) in &element.attributes {
        assert!(name != "style" && !name.starts_with("on"), "{name} in {element:?}");
        if matches!(&**name, "href" | "src" | "action") {
            assert!(value.starts_with('/') && !value.starts_with("//") || value.starts_with('#'), "{value} leads away");
        }
    }
}
