//! Request targets that may be logged: a type that cannot hold a secret query value.
use std::fmt;

/// What stands in the place of a value that is not shown.
const HIDDEN: &str = "***";

/// Longest target kept, in bytes; the rest is cut off and marked.
const LONGEST: usize = 1024;

/// Query parameters whose values are shown: none of them can carry a secret. All others are hidden.
const SHOWN: &[&str] = &[
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "digest",
    "from",
    "last",
    "mount",
    "n",
];

/// A path and query in which only harmless query values are left, and no control characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedTarget(String);

impl MaskedTarget {
    /// Keeps the path, and the values of the few query parameters that cannot be secret.
    pub fn new(path: &str, query: Option<&str>) -> Self {
        let mut shown = String::with_capacity(path.len() + query.map_or(0, str::len) + 1);
        for (number, segment) in path.split('/').enumerate() {
            if number > 0 {
                shown.push('/');
            }
            if shown.len() > LONGEST {
                break;
            }
            push_plain(&mut shown, if is_name(segment) { segment } else { HIDDEN });
        }
        let mut separator = '?';
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            if shown.len() > LONGEST {
                break;
            }
            shown.push(separator);
            separator = '&';
            match pair.split_once('=') {
                Some((name, value)) if SHOWN.contains(&name) && is_name(value) => {
                    push_plain(&mut shown, name);
                    shown.push('=');
                    push_plain(&mut shown, value);
                }
                Some((name, _)) => {
                    push_plain(&mut shown, name);
                    shown.push('=');
                    shown.push_str(HIDDEN);
                }
                // A name without a value may itself be a secret that was put in the wrong place.
                None if pair.is_empty() => {}
                None => shown.push_str(HIDDEN),
            }
        }
        cut(&mut shown);
        Self(shown)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Longest tag, and longest digest: the longest segments of a path that may have capital letters.
const LONGEST_WORD: usize = 140;

/// Whether a segment of a path can be the name of something. Passwords and session tokens are longer than tags and
/// digests, and have the capital letters that repositories' names have not.
fn is_name(segment: &str) -> bool {
    segment.len() <= LONGEST_WORD || !segment.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Copies printable ASCII; all else could forge a log line and becomes `?`.
fn push_plain(into: &mut String, text: &str) {
    into.extend(
        text.chars()
            .map(|c| if c.is_ascii_graphic() { c } else { '?' }),
    );
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        // All characters are ASCII here, so every index is a boundary.
        text.truncate(LONGEST);
        text.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presigned_request_shows_neither_credential_nor_token_nor_signature() {
        let query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=AKIASECRET%2F2026\
                     &X-Amz-Security-Token=TOKENSECRET&X-Amz-Signature=SIGSECRET&X-Amz-Expires=60";
        let shown = MaskedTarget::new("/", Some(query));
        assert!(!shown.as_str().contains("SECRET"), "{shown}");
        assert!(
            shown
                .as_str()
                .starts_with("/?Action=GetCallerIdentity&Version=2011-06-15")
        );
        assert!(shown.as_str().ends_with("&X-Amz-Expires=60"));
    }

    #[test]
    fn parameters_nobody_knows_are_hidden_too() {
        let shown = MaskedTarget::new("/v2/a/tags/list", Some("n=5&password=hunter2&SECRET&=x"));
        assert_eq!(shown.as_str(), "/v2/a/tags/list?n=5&password=***&***&=***");
    }

    #[test]
    fn n28_a_password_in_the_place_of_a_name_is_hidden() {
        let password = "Ab3_".repeat(50);
        let shown = MaskedTarget::new(&format!("/v2/a/manifests/{password}"), None);
        assert_eq!(shown.as_str(), "/v2/a/manifests/***");
        let shown = MaskedTarget::new(&format!("/v2/{password}/tags/list"), Some("n=1"));
        assert_eq!(shown.as_str(), "/v2/***/tags/list?n=1");
        let shown = MaskedTarget::new("/v2/_catalog", Some(&format!("n=1&last={password}")));
        assert_eq!(shown.as_str(), "/v2/_catalog?n=1&last=***");
        // The longest names are shown.
        for name in [
            "a".repeat(256),
            "V".repeat(128),
            format!("sha512:{}", "0".repeat(128)),
        ] {
            let path = format!("/v2/a/manifests/{name}");
            assert_eq!(MaskedTarget::new(&path, None).as_str(), path);
        }
    }

    #[test]
    fn control_characters_and_endless_paths_do_not_reach_the_log() {
        let shown = MaskedTarget::new("/a\n200 forged\u{202e}", None);
        assert_eq!(shown.as_str(), "/a?200?forged?");
        let long = MaskedTarget::new(&"/é".repeat(9_000), Some("n=1"));
        assert_eq!(long.as_str().len(), LONGEST + 3);
    }
}
