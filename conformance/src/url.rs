//! Places on a registry: the part of URLs that a suite without TLS needs.

/// The longest URL that is followed.
const LONGEST: usize = 8 * 1024;

/// `http://authority target`, where the target is a path with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    authority: String,
    target: String,
}

impl Url {
    /// The root of a registry, such as `http://localhost:5000`.
    ///
    /// # Errors
    /// A sentence, when it is another kind of URL.
    pub(crate) fn registry(text: &str) -> Result<Self, String> {
        let url = Self::absolute(text)?;
        match url.target.as_str() {
            "/" | "/v2" | "/v2/" => Ok(url.at("/")),
            path => Err(format!(
                "the API is at the root of a registry: `{path}` is no root"
            )),
        }
    }

    fn absolute(text: &str) -> Result<Self, String> {
        sound(text)?;
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| format!("`{text}` is no absolute URL"))?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(format!(
                "`{scheme}` is not supported: the suite speaks plain http"
            ));
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() || authority.contains('@') {
            return Err(format!("`{text}` names no host alone"));
        }
        let empty = Self {
            authority: authority.to_owned(),
            target: "/".to_owned(),
        };
        Ok(if path.starts_with('/') {
            empty.at(path)
        } else {
            empty.at(&format!("/{path}"))
        })
    }

    /// Another path on the same host; a fragment is left out.
    pub(crate) fn at(&self, target: &str) -> Self {
        let target = target.split('#').next().unwrap_or("/");
        Self {
            authority: self.authority.clone(),
            target: target.to_owned(),
        }
    }

    /// What a `Location` means in the answer to a request for this URL: absolute or relative.
    ///
    /// # Errors
    /// A sentence, when it is no URL that can be asked for.
    pub(crate) fn join(&self, location: &str) -> Result<Self, String> {
        sound(location)?;
        if location.contains("://") && !location.starts_with(['/', '?']) {
            return Self::absolute(location);
        }
        if location.starts_with("//") {
            return Self::absolute(&format!("http:{location}"));
        }
        if location.starts_with('/') {
            return Ok(self.at(location));
        }
        let path = self.target.split('?').next().unwrap_or("/");
        if location.starts_with('?') {
            return Ok(self.at(&format!("{path}{location}")));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(self.at(&format!("{folder}/{location}")))
    }

    /// This URL with one more parameter; the value is sent as it is.
    pub(crate) fn with_query(&self, name: &str, value: &str) -> Self {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.at(&format!("{}{mark}{name}={value}", self.target))
    }

    /// `host:port` or `host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

/// Refuses what would not stay in its place of a request's first line.
fn sound(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("a URL of {} bytes", text.len()));
    }
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(format!("`{}` is no URL", crate::check::shortened(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::registry("http://localhost:5000").unwrap()
    }

    #[test]
    fn a_registry_is_a_root() {
        assert_eq!(
            Url::registry("http://localhost:5000/v2/").unwrap(),
            base().at("/")
        );
        for bad in [
            "localhost:5000",
            "https://localhost",
            "http://",
            "http://u:p@host",
            "http://host/prefix",
            "http://ho st",
        ] {
            assert!(Url::registry(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_location_is_absolute_or_relative() {
        let from = base().at("/v2/app/blobs/uploads/?mount=x");
        for (location, authority, target) in [
            ("http://other:1/a?b=c", "other:1", "/a?b=c"),
            ("//other/a", "other", "/a"),
            (
                "/v2/x?next=http://y",
                "localhost:5000",
                "/v2/x?next=http://y",
            ),
            ("id", "localhost:5000", "/v2/app/blobs/uploads/id"),
            ("?n=1", "localhost:5000", "/v2/app/blobs/uploads/?n=1"),
            ("/a#part", "localhost:5000", "/a"),
        ] {
            let url = from.join(location).unwrap();
            assert_eq!((url.authority(), url.target()), (authority, target));
        }
    }

    #[test]
    fn a_location_that_would_split_a_request_is_refused() {
        for bad in ["/a b", "/a\r\nx: y", "/ä", "https://host/"] {
            assert!(base().join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_parameter_is_added_to_those_that_are_there() {
        let url = base().at("/u");
        assert_eq!(url.with_query("a", "1").target(), "/u?a=1");
        assert_eq!(
            url.with_query("a", "1").with_query("b", "2").target(),
            "/u?a=1&b=2"
        );
    }
}
