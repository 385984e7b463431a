//! Why a web identity token is refused, in the words that STS uses.

/// Longest issuer that a message repeats, in characters: more than any provider's URL.
const SHOWN: usize = 300;

/// Why a web identity token is refused.
///
/// Source: STS `AssumeRoleWithWebIdentity`; what STS has no known text for is in our words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum TokenError {
    /// Not three base64url parts of which the first two are JSON objects, or of a wrong size.
    NotAJwt,
    /// One of `iss`, `sub`, `aud`, `iat` and `exp` is absent.
    MissingClaim(&'static str),
    /// A claim is there, but of a type that it cannot have: a float for a time, a number for the subject.
    ClaimType(&'static str),
    /// Two claims have the same name but for the case, which condition keys ignore.
    ClaimNames,
    /// Nobody is registered under the token's issuer, or it does not begin with `https://`.
    NoProvider {
        /// The claim `iss`.
        issuer: String,
    },
    /// The header asks for an algorithm that is not allowed, for one that the key is not for, or for an extension.
    Algorithm,
    /// The provider has no such key, or does not publish keys as it should.
    NoKey,
    /// Not signed with the key.
    Signature,
    /// Expired by more than the tolerance. Both in seconds since 1970.
    Expired {
        /// When the token was judged.
        now: i64,
        /// The claim `exp`.
        expires: i64,
    },
    /// `iat` or `nbf` is in the future by more than the tolerance.
    NotYet(&'static str),
    /// The subject has less than 6 or more than 255 characters.
    Subject,
    /// The audience is not among the provider's client ids.
    Audience,
    /// The provider's chain ends in no known authority, and in none of its thumbprints either.
    Thumbprint,
    /// The provider does not answer.
    Communication,
}

impl TokenError {
    /// The error's code: `InvalidIdentityToken`, `ExpiredTokenException` or `IDPCommunicationError`, each with status 400.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "ExpiredTokenException",
            Self::Communication => "IDPCommunicationError",
            Self::NotAJwt
            | Self::MissingClaim(_)
            | Self::ClaimType(_)
            | Self::ClaimNames
            | Self::NoProvider { .. }
            | Self::Algorithm
            | Self::NoKey
            | Self::Signature
            | Self::NotYet(_)
            | Self::Subject
            | Self::Audience
            | Self::Thumbprint => "InvalidIdentityToken",
        }
    }

    /// The text that the client is answered.
    pub fn message(&self) -> String {
        let fixed = match self {
            Self::NotAJwt => {
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
            }
            Self::MissingClaim(name) => return format!("Missing a required claim: {name}"),
            Self::ClaimType(name) => {
                return format!("The claim {name} of the ID Token is not of the required type");
            }
            Self::ClaimNames => "The ID Token has claims whose names differ only in their case",
            Self::NoProvider { issuer } => {
                let issuer: String = issuer.chars().take(SHOWN).collect();
                return format!("No OpenIDConnect provider found in your account for {issuer}");
            }
            Self::Algorithm => {
                "The ID Token is not signed with a supported algorithm that fits the key of the identity provider"
            }
            Self::NoKey => {
                "Couldn't retrieve verification key from your identity provider,  please reference \
                 AssumeRoleWithWebIdentity documentation for requirements"
            }
            Self::Signature => {
                "The signature of the ID Token does not match the key of the identity provider"
            }
            Self::Expired { now, expires } => {
                return format!(
                    "Token expired: current date/time {now} must be before the expiration date/time {expires}"
                );
            }
            Self::NotYet(name) => {
                return format!("The ID Token is not valid yet: {name} is in the future");
            }
            Self::Subject => "The subject of the ID Token must have from 6 to 255 characters",
            Self::Audience => "Incorrect token audience",
            Self::Thumbprint => {
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
            }
            Self::Communication => "The identity provider could not be reached",
        };
        fixed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_texts_are_word_for_word() {
        let expired = TokenError::Expired {
            now: 1_740_387_458,
            expires: 1_740_319_004,
        };
        let issuer = "https://token.actions.githubusercontent.com".to_owned();
        for (error, code, text) in [
            (
                TokenError::NotAJwt,
                "InvalidIdentityToken",
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
            ),
            (
                TokenError::MissingClaim("aud"),
                "InvalidIdentityToken",
                "Missing a required claim: aud",
            ),
            (
                TokenError::NoProvider { issuer },
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
            ),
            (
                TokenError::NoKey,
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
            ),
            (
                expired,
                "ExpiredTokenException",
                "Token expired: current date/time 1740387458 must be before the expiration date/time 1740319004",
            ),
            (
                TokenError::Audience,
                "InvalidIdentityToken",
                "Incorrect token audience",
            ),
            (
                TokenError::Thumbprint,
                "InvalidIdentityToken",
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            ),
            (
                TokenError::Communication,
                "IDPCommunicationError",
                "The identity provider could not be reached",
            ),
        ] {
            assert_eq!((error.code(), error.message().as_str()), (code, text));
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_message_repeats_no_issuer_without_end() {
        let issuer = format!("https://{}", "a".repeat(10_000));
        assert!(TokenError::NoProvider { issuer }.message().len() < 400);
    }
}
