//! Where a text that is too long for one message is cut.

use std::ops::Range;

/// What RFC 5424 puts before a text to say that it is UTF-8.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Whether a text must begin with a [`BOM`]. Pure ASCII needs none; what is no UTF-8 must not claim to be, and goes as
/// what RFC 5424 calls MSG-ANY: its bytes as they are.
pub(super) fn needs_bom(text: &[u8]) -> bool {
    !text.is_ascii() && str::from_utf8(text).is_ok()
}

/// Cuts `text` into parts of at most `room` bytes each, the byte order mark of a part that may need one included. The
/// parts come in order and are all of the text; no character is cut in two.
pub(super) fn cut(text: &[u8], room: usize, bom: bool, parts: &mut Vec<Range<usize>>) {
    debug_assert!(room >= BOM.len() + 4, "room for a mark and any one character");
    parts.clear();
    let mut start = 0;
    while start < text.len() {
        let mut end = boundary(text, start, room);
        if bom && !text[start..end].is_ascii() {
            end = boundary(text, start, room - BOM.len());
        }
        parts.push(start..end);
        start = end;
    }
}

/// The last place at most `room` after `start` where no character is cut. In what is no UTF-8, just there.
fn boundary(text: &[u8], start: usize, room: usize) -> usize {
    let most = start + room;
    if most >= text.len() {
        return text.len();
    }
    let begins_character = |place: &usize| !(0x80..0xC0).contains(&text[*place]);
    (most - 3..=most).rev().find(begins_character).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &[u8], room: usize, bom: bool) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        cut(text, room, bom, &mut parts);
        parts
    }

    #[test]
    fn a_mark_is_for_text_that_is_not_ascii_and_is_utf_8() {
        assert!(!needs_bom(b"{\"a\":1}"));
        assert!(needs_bom("ü".as_bytes()));
        assert!(!needs_bom(b"\xff\xfe"));
        assert!(!needs_bom(b"\xc0\x80"), "an overlong form is no UTF-8");
    }

    #[test]
    fn characters_stay_whole_and_marks_have_room() {
        assert_eq!(parts(b"abcdefgh", 7, true), [0..7, 7..8]);
        assert_eq!(parts("abc𝄞𝄞".as_bytes(), 8, false), [0..7, 7..11]);
        assert_eq!(parts("abc𝄞𝄞".as_bytes(), 8, true), [0..3, 3..7, 7..11]);
        assert_eq!(parts(&[0x80; 16], 8, false), [0..8, 8..16]);
        assert!(parts(b"", 8, true).is_empty());
    }

    proptest! {
        #[test]
        fn parts_are_all_of_the_text_and_fit(text in "\\PC{0,200}|[aü€𝄞]{0,200}", room in 7usize..40, bom: bool) {
            let parts = parts(text.as_bytes(), room, bom);
            let mut end = 0;
            for part in &parts {
                prop_assert_eq!(part.start, end);
                prop_assert!(part.end > part.start);
                end = part.end;
                let piece = text.get(part.clone());
                prop_assert!(piece.is_some(), "a character is cut in two");
                let mark = if bom && needs_bom(piece.unwrap().as_bytes()) { BOM.len() } else { 0 };
                prop_assert!(part.len() + mark <= room);
            }
            prop_assert_eq!(end, text.len());
        }

        #[test]
        fn bytes_of_any_kind_are_cut_without_loss(text: Vec<u8>, room in 7usize..40, bom: bool) {
            let parts = parts(&text, room, bom);
            let joined: Vec<u8> = parts.iter().flat_map(|part| text[part.clone()].to_vec()).collect();
            prop_assert_eq!(joined, text);
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= room));
        }
    }
}
