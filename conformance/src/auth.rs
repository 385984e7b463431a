//! Who the suite is for the registry: nobody, a user with a password, or the bearer of a token that
//! the registry's `WWW-Authenticate` says where to get.

use std::fmt;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::check::shortened;
use crate::http::{self, Framing, Message};
use crate::url::Url;

/// A user and a password.
#[derive(Clone)]
pub struct Credentials {
    /// The user's name, without a colon.
    pub user: String,
    /// The password, or a token that stands for one.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// The value of `Authorization`.
    pub(crate) fn basic(&self) -> String {
        let pair = format!("{}:{}", self.user, self.password);
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// What a `WWW-Authenticate: Bearer …` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    service: Option<String>,
    scope: Option<String>,
}

impl Challenge {
    /// Reads the header; none where it is no challenge for a bearer.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self {
            realm: String::new(),
            service: None,
            scope: None,
        };
        let mut rest = rest.trim_start();
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_start();
            // A quoted value may hold commas: `repository:app:pull,push`.
            let (value, following) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').unwrap_or((after, "")),
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "realm" => value.clone_into(&mut challenge.realm),
                "service" => challenge.service = Some(value.to_owned()),
                "scope" => challenge.scope = Some(value.to_owned()),
                _ => {}
            }
            rest = following.trim_start_matches([',', ' ']);
        }
        (!challenge.realm.is_empty()).then_some(challenge)
    }

    /// Gets the token.
    ///
    /// # Errors
    /// A sentence, when there is none to be had.
    pub(crate) fn token(
        &self,
        from: &Url,
        credentials: Option<&Credentials>,
        deadline: Instant,
    ) -> Result<String, String> {
        let mut url = from.join(&self.realm)?;
        for (name, value) in [("service", &self.service), ("scope", &self.scope)] {
            if let Some(value) = value {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
                url = url.with_query(name, &value);
            }
        }
        let authorization = credentials.map(|c| ("authorization".to_owned(), c.basic()));
        let message = Message {
            method: "GET",
            url,
            headers: authorization.into_iter().collect(),
            body: Vec::new(),
            framing: Framing::Length,
        };
        let raw = http::exchange(&message, deadline)?;
        let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|k| body.get(k));
        let token = token.and_then(Value::as_str).unwrap_or_default();
        if raw.status == 200 && !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(token.to_owned())
        } else {
            Err(format!(
                "{} gives no token: {}",
                shortened(&self.realm),
                raw.status
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_with_commas_in_its_scope() {
        let header = r#"Bearer realm="http://a/token",service="b",scope="repository:c:pull,push""#;
        let expected = Challenge {
            realm: "http://a/token".to_owned(),
            service: Some("b".to_owned()),
            scope: Some("repository:c:pull,push".to_owned()),
        };
        assert_eq!(Challenge::parse(header), Some(expected));
    }

    #[test]
    fn other_challenges_and_garbage_are_none() {
        for header in [
            "",
            "Basic realm=\"x\"",
            "Bearer",
            "Bearer realm=\"open",
            "Bearer =,=,=",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let credentials = Credentials {
            user: "me".to_owned(),
            password: "hidden".to_owned(),
        };
        assert!(!format!("{credentials:?}").contains("hidden"));
    }
}
