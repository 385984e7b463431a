//! Patterns that are matched by hand: those that the regular expressions cannot take or that do not say what
//! they mean, and that of documents too long for them. Each takes a whole value.

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
pub(crate) fn tag_key(value: &str) -> bool {
    !value.is_empty() && tag_value(value)
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
///
/// Numbers and separators exactly; of letters, also the marks that letters are written with (`Alphabetic` of Unicode,
/// not only its categories `L`): tags in the scripts of India are spelled with them.
pub(crate) fn tag_value(value: &str) -> bool {
    value.chars().all(|character| {
        character.is_alphanumeric()
            || is_separator(character)
            || matches!(character, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
    })
}

/// The categories `Zs`, `Zl` and `Zp`, all of them.
const fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// `[\u0009\u000A\u000D\u0020-\u00FF]+`, of 131,072 characters too.
pub(crate) fn policy_document(value: &str) -> bool {
    !value.is_empty()
        && value
            .chars()
            .all(|character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
}

/// `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`, where the last range is
/// meant to be everything above the first 65,536 characters, and is not spelled so.
pub(crate) fn arn(value: &str) -> bool {
    !value.is_empty()
        && value.chars().all(|character| {
            matches!(
                character,
                '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..
            )
        })
}

/// `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: no hyphen beside another, nor at an end.
pub(crate) fn account_alias(value: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = value.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && !value.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_take_letters_numbers_and_separators_of_every_script() {
        for good in [
            "a",
            "Über",
            "環境",
            "٣",
            "½",
            "a b\u{3000}c",
            "_.:/=+-@",
            "हिन्दी".get(..6).unwrap_or("x"),
        ] {
            assert!(tag_key(good), "{good:?}");
        }
        for bad in [
            "a\n", "a\tb", "a*", "a%", "\u{200b}", "😀", "a#", "a,b", "\0",
        ] {
            assert!(!tag_key(bad) && !tag_value(bad), "{bad:?}");
        }
        assert!(!tag_key("") && tag_value(""));
    }

    #[test]
    fn documents_take_latin_1_and_nothing_else() {
        let long = "ÿ".repeat(131_072);
        for good in ["{}\r\n\t", "\u{7f}", "é", long.as_str()] {
            assert!(policy_document(good));
        }
        for bad in ["", "\0", "\u{b}", "Ā", "😀"] {
            assert!(!policy_document(bad), "{bad:?}");
        }
    }

    #[test]
    fn arns_take_what_xml_can_carry_but_for_most_controls() {
        assert!(arn("arn:aws:iam::111122223333:role/ü😀\u{85}"));
        for bad in ["", "a\0", "\u{7f}", "\u{80}", "\u{86}", "\u{fffe}"] {
            assert!(!arn(bad), "{bad:?}");
        }
    }

    #[test]
    fn aliases_have_single_hyphens_inside() {
        let longest = "a".repeat(63);
        for good in ["abc", "a-b", "0-1-2", longest.as_str()] {
            assert!(account_alias(good), "{good}");
        }
        for bad in [
            "",
            "ab",
            "-ab",
            "ab-",
            "a--b",
            "Abc",
            "a_b",
            "abc\n",
            &format!("{longest}a"),
        ] {
            assert!(!account_alias(bad), "{bad:?}");
        }
    }
}
