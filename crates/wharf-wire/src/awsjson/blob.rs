//! Blobs travel as base64, and are decoded where they lie: a layer part is never in memory twice.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use super::DecodeError;

/// Characters decoded at once: whole groups of four, few enough for the stack.
const PIECE: usize = 4_096;
/// Bytes that so many characters stand for.
const DECODED: usize = PIECE / 4 * 3;

/// The bytes of the JSON string that lies at `place` in a body, quotes included: base64 of the standard alphabet, padded.
///
/// They take the place of the text; a body that somebody else holds as well is copied.
/// # Errors
/// `Serialization` for what is not base64.
pub(super) fn take(body: Bytes, place: &Range<usize>) -> Result<Bytes, DecodeError> {
    let mut body = body
        .try_into_mut()
        .unwrap_or_else(|shared| BytesMut::from(&*shared));
    let decoded = body
        .get_mut(place.clone())
        .and_then(within_quotes)
        .and_then(|text| {
            let length = unescape(text)?;
            unbase64(text.get_mut(..length)?)
        });
    let Some(length) = decoded else {
        return Err(DecodeError::Serialization(
            "a blob is not valid base64".to_owned(),
        ));
    };
    let mut bytes = body.split_off(place.start.saturating_add(1).min(body.len()));
    bytes.truncate(length);
    Ok(bytes.freeze())
}

fn within_quotes(text: &mut [u8]) -> Option<&mut [u8]> {
    let (_, rest) = text.split_first_mut()?;
    rest.split_last_mut().map(|(_, within)| within)
}

/// Replaces JSON's escapes in place; how many characters are left. Some encoders write each `/` as `\/`.
fn unescape(text: &mut [u8]) -> Option<usize> {
    if !text.contains(&b'\\') {
        return Some(text.len());
    }
    let (mut read, mut written) = (0, 0);
    while let Some(byte) = text.get(read).copied() {
        let (byte, length) = if byte == b'\\' {
            escaped(text.get(read + 1..)?)?
        } else {
            (byte, 1)
        };
        *text.get_mut(written)? = byte;
        (read, written) = (read + length, written + 1);
    }
    Some(written)
}

/// The character behind a backslash and the length of the whole escape; none for those that base64 does not have.
fn escaped(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b'/', ..] => Some((b'/', 2)),
        [b'u', digits @ ..] => {
            let digits = std::str::from_utf8(digits.get(..4)?).ok()?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            Some((u8::try_from(code).ok()?, 6))
        }
        _ => None,
    }
}

/// Decodes in place, front to back: what is written never reaches what is still to be read. How many bytes come out.
fn unbase64(text: &mut [u8]) -> Option<usize> {
    let mut decoded = [0_u8; DECODED];
    let (mut read, mut written) = (0, 0);
    while read < text.len() {
        let end = text.len().min(read + PIECE);
        let made = STANDARD
            .decode_slice(text.get(read..end)?, &mut decoded)
            .ok()?;
        if end < text.len() && made < DECODED {
            // Padding before the end.
            return None;
        }
        let place = text.get_mut(written..written + made)?;
        place.copy_from_slice(decoded.get(..made)?);
        (read, written) = (end, written + made);
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(json: &str) -> Option<Vec<u8>> {
        let body = Bytes::from(format!("{{\"b\":{json}}}"));
        let place = 5..5 + json.len();
        take(body, &place).ok().map(|bytes| bytes.to_vec())
    }

    #[test]
    fn escapes_of_json_are_read_and_what_is_not_base64_is_refused() {
        assert_eq!(taken(r#""""#), Some(Vec::new()));
        assert_eq!(taken(r#""AP8=""#), Some(vec![0, 0xff]));
        assert_eq!(taken(r#""\/\/8=""#), Some(vec![0xff, 0xff]));
        assert_eq!(taken(r#""\u002f\u002F8\u003d""#), Some(vec![0xff, 0xff]));
        for bad in [
            r#""AP8""#,
            r#""A""#,
            r#""AP8=AP8=""#,
            r#""AP8=\n""#,
            r#""\\\"AA""#,
            r#""\u0141AAA""#,
            r#""-_8=""#,
            r#"" AP8=""#,
        ] {
            assert_eq!(taken(bad), None, "{bad}");
        }
    }

    #[test]
    fn padding_is_refused_at_the_edge_of_a_piece_too() {
        let piece = "A".repeat(PIECE - 1) + "=";
        assert_eq!(
            taken(&format!("\"{piece}\"")).map(|b| b.len()),
            Some(DECODED - 1)
        );
        assert_eq!(taken(&format!("\"{piece}AAAA\"")), None);
    }

    #[test]
    fn the_bytes_lie_where_the_text_lay() {
        let text = STANDARD.encode(vec![7_u8; 100_000]);
        let body = Bytes::from(format!("{{\"b\":\"{text}\"}}"));
        let place = 5..5 + text.len() + 2;
        let begins = body.as_ptr().addr() + 6;
        let bytes = take(body, &place).unwrap();
        assert_eq!(bytes.as_ptr().addr(), begins);
        assert_eq!(bytes, vec![7_u8; 100_000]);
    }

    proptest! {
        #[test]
        fn every_sequence_of_bytes_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..20_000), slashes: bool) {
            let mut text = STANDARD.encode(&bytes);
            if slashes {
                text = text.replace('/', "\\/").replace('+', "\\u002b");
            }
            prop_assert_eq!(taken(&format!("\"{text}\"")), Some(bytes));
        }
    }
}
