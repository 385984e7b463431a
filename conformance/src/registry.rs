//! The registry under test: sends requests as a client with credentials would.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::auth::{Challenge, Credentials};
use crate::check::{Check, fail};
use crate::http::{self, Framing, Message};
use crate::url::Url;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many redirects are followed.
const REDIRECTS: usize = 5;
/// How many answers with warnings are remembered.
const REMEMBERED: usize = 1000;

/// A registry, and what the suite remembers of it.
#[derive(Debug)]
pub(crate) struct Registry {
    root: Url,
    credentials: Option<Credentials>,
    /// The last token that a challenge led to.
    token: RefCell<Option<String>>,
    /// When the run has to be over.
    until: Instant,
    /// The `Warning` headers of each answer that had some.
    warnings: RefCell<Vec<Vec<String>>>,
}

impl Registry {
    pub(crate) fn new(root: Url, credentials: Option<Credentials>, until: Instant) -> Self {
        Self {
            root,
            credentials,
            token: RefCell::default(),
            until,
            warnings: RefCell::default(),
        }
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// The `Warning` headers of each answer so far that had some.
    pub(crate) fn warnings(&self) -> Vec<Vec<String>> {
        self.warnings.borrow().clone()
    }

    /// A request for a path.
    pub(crate) fn request(&self, method: &'static str, path: &str) -> Request<'_> {
        self.request_at(method, &self.root.at(path))
    }

    /// A request for a place that the registry named.
    pub(crate) fn request_at(&self, method: &'static str, url: &Url) -> Request<'_> {
        Request {
            registry: self,
            message: Message {
                method,
                url: url.clone(),
                headers: Vec::new(),
                body: Vec::new(),
                framing: Framing::Length,
            },
            anonymous: false,
        }
    }

    fn deadline(&self) -> Instant {
        self.until.min(Instant::now() + PATIENCE)
    }

    /// One request as it is, with what is known of credentials.
    fn exchange(&self, request: &Request<'_>) -> Result<Answer, String> {
        let message = &request.message;
        let ours = message.url.authority() == self.root.authority();
        let mut authorized = message.clone();
        if ours && !request.anonymous {
            let token = self.token.borrow().as_ref().map(|t| format!("Bearer {t}"));
            let basic = || self.credentials.as_ref().map(Credentials::basic);
            let value = token.or_else(basic);
            let header = value.map(|v| ("authorization".to_owned(), v));
            authorized.headers.extend(header);
        }
        let raw = http::exchange(&authorized, self.deadline())?;
        let answer = Answer::new(message.method, &message.url, raw);
        let warnings: Vec<String> = answer.headers("warning").map(str::to_owned).collect();
        let mut remembered = self.warnings.borrow_mut();
        if !warnings.is_empty() && remembered.len() < REMEMBERED {
            remembered.push(warnings);
        }
        Ok(answer)
    }

    /// The same, with a new token if the answer demands one.
    fn authorized(&self, request: &Request<'_>) -> Result<Answer, String> {
        let answer = self.exchange(request)?;
        if answer.status() != 401 || request.anonymous {
            return Ok(answer);
        }
        let challenge = answer
            .headers("www-authenticate")
            .find_map(Challenge::parse);
        let Some(challenge) = challenge else {
            return Ok(answer);
        };
        let credentials = self.credentials.as_ref();
        let token = challenge.token(&self.root, credentials, self.deadline())?;
        self.token.replace(Some(token));
        self.exchange(request)
    }

    /// The same, to the end of all redirects of a read.
    fn followed(&self, request: &Request<'_>) -> Result<Answer, String> {
        let mut request = request.clone();
        let mut answer = self.authorized(&request)?;
        for _ in 0..REDIRECTS {
            let is_read = matches!(request.message.method, "GET" | "HEAD");
            if !is_read || !matches!(answer.status(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let to = answer.header("location").unwrap_or_default();
            request.message.url = request.message.url.join(to)?;
            answer = self.authorized(&request)?.after(&answer);
        }
        Err(format!("more than {REDIRECTS} redirects"))
    }
}

/// A request that is being put together.
#[derive(Clone, Debug)]
#[must_use]
pub(crate) struct Request<'a> {
    registry: &'a Registry,
    message: Message,
    anonymous: bool,
}

impl Request<'_> {
    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let header = (name.to_owned(), value.to_owned());
        self.message.headers.push(header);
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.message.body = bytes.to_vec();
        self
    }

    /// Says how the end of the body is told; without it, by its length.
    pub(crate) fn framing(mut self, framing: Framing) -> Self {
        self.message.framing = framing;
        self
    }

    /// Leaves the credentials out.
    pub(crate) fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Sends it. No answer at all ends the test.
    pub(crate) fn send(self) -> Check<Answer> {
        self.registry.followed(&self).or_else(|why| {
            let Message { method, url, .. } = &self.message;
            let expected = format!("an answer to {method} {}", url.target());
            fail(expected, why)
        })
    }
}
