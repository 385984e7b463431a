//! What is asked: who wants to do what to which resource, and the circumstances.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::instant::{self, Instant};
use crate::pattern;
use crate::principal::Principal;

/// Most condition keys of one request.
pub const MAX_KEYS: usize = 512;
/// Most values of one key.
pub const MAX_VALUES: usize = 1_000;
/// Longest key or value, in bytes.
pub const MAX_VALUE_BYTES: usize = 8_192;

/// A condition key or its values are longer, or more, than a request may have.
///
/// Leaving them out instead could let a `Deny` pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request has too many condition keys or values, or one that is too long")]
pub struct ContextTooLarge;

/// A request: who wants to do what to which resource, and the condition keys.
///
/// The keys that follow from the principal and the time are set by [`Self::new`]; the caller sets the others.
/// Names of keys are compared without regard to case.
#[derive(Debug, Clone)]
pub struct RequestContext {
    principal: Principal,
    action: Box<str>,
    /// The action in lower case, and its hash.
    lower: Box<str>,
    hash: u64,
    resource: Box<str>,
    fields: Option<Fields>,
    /// Sorted by hash, then by name.
    keys: Vec<(Key, Values)>,
}

/// The name of a condition key, in lower case, with its hash: names mostly differ in that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    hash: u64,
    name: Cow<'static, str>,
}

impl Key {
    /// Takes a name in any case.
    pub(crate) fn new(name: &str) -> Self {
        Self::of_lower(Cow::Owned(name.to_ascii_lowercase()))
    }

    fn of_lower(name: Cow<'static, str>) -> Self {
        Self {
            hash: pattern::hash(&name),
            name,
        }
    }

    /// The name, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }
}

/// The values of a key.
#[derive(Debug, Clone)]
enum Values {
    /// Of a key that has one at most.
    One(KeyValue),
    /// Of a key that can have several.
    Many(Box<[KeyValue]>),
}

/// One value of a key.
#[derive(Debug, Clone)]
pub(crate) struct KeyValue {
    pub(crate) text: Box<str>,
    /// What the text says, of keys that policies mostly ask about so.
    pub(crate) read: Read,
}

/// A text read in advance, because many statements may ask about it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read {
    Not,
    Date(Instant),
    Address(Option<IpAddr>),
}

impl From<&str> for KeyValue {
    fn from(text: &str) -> Self {
        Self {
            text: text.into(),
            read: Read::Not,
        }
    }
}

/// Where the five colons stand that part the fields of an ARN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields([usize; 5]);

impl Fields {
    /// The first five colons of a text.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let mut colons = text.match_indices(':').map(|(at, _)| at);
        let mut found = [0; 5];
        for place in &mut found {
            *place = colons.next()?;
        }
        Some(Self(found))
    }

    /// The six fields of the text that the colons were found in.
    pub(crate) fn of<'a>(&self, text: &'a str) -> Option<[&'a str; 6]> {
        let mut rest = text;
        let mut passed = 0;
        let mut fields = [""; 6];
        for (field, colon) in fields.iter_mut().zip(self.0) {
            let (this, behind) = rest.split_at_checked(colon - passed)?;
            (*field, rest) = (this, behind.strip_prefix(':')?);
            passed = colon + 1;
        }
        *fields.last_mut()? = rest;
        Some(fields)
    }
}

impl RequestContext {
    /// Begins a request.
    ///
    /// `action` is `service:Name`; `resource` is an ARN, or `*` for an action without a resource, which only the
    /// pattern `*` matches; `now` is in microseconds since 1970.
    /// Sets `aws:CurrentTime`, `aws:EpochTime`, `aws:PrincipalType`, `aws:ViaAWSService` and, where the principal has
    /// them, `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:userid`, `aws:username`, `aws:PrincipalIsAWSService` and
    /// `aws:PrincipalServiceName`.
    pub fn new(principal: Principal, action: &str, resource: &str, now: i64) -> Self {
        let mut request = Self {
            principal: Principal::Anonymous,
            action: Box::default(),
            lower: Box::default(),
            hash: 0,
            resource: Box::default(),
            fields: None,
            keys: Vec::with_capacity(16),
        };
        request.ask(action, resource);
        let mut put = |key, text: String, read| {
            let text = text.into();
            let key = Key::of_lower(Cow::Borrowed(key));
            request.put(key, Values::One(KeyValue { text, read }));
        };
        for (key, value) in principal.keys() {
            put(key, value, Read::Not);
        }
        let seconds = now.div_euclid(1_000_000);
        let read = Read::Date(instant::of_seconds(seconds));
        put("aws:currenttime", instant::text(seconds), read);
        put("aws:epochtime", seconds.to_string(), read);
        put("aws:viaawsservice", "false".to_owned(), Read::Not);
        request.principal = principal;
        request
    }

    /// Asks for another action or resource, under the same circumstances.
    pub fn ask(&mut self, action: &str, resource: &str) {
        self.action = action.into();
        self.lower = action.to_ascii_lowercase().into();
        self.hash = pattern::hash(&self.lower);
        self.resource = resource.into();
        self.fields = Fields::find(resource).filter(|_| resource.matches(':').count() == 5);
    }

    /// Sets a key that has one value, replacing what it had.
    ///
    /// # Errors
    /// [`ContextTooLarge`].
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ContextTooLarge> {
        self.room(key, std::iter::once(value))?;
        let key = Key::new(key);
        let mut it = KeyValue::from(value);
        if key.as_str() == "aws:sourceip" {
            it.read = Read::Address(value.parse().ok());
        }
        self.put(key, Values::One(it));
        Ok(())
    }

    /// Sets a key that can have several values, replacing what it had. Without a value, the key is absent.
    ///
    /// Such a key never stands for a policy variable, even when it has one value.
    ///
    /// # Errors
    /// [`ContextTooLarge`].
    pub fn set_list<'a>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
    ) -> Result<(), ContextTooLarge> {
        let values = values.into_iter();
        self.room(key, values.clone())?;
        let values: Box<[KeyValue]> = values.map(Into::into).collect();
        if values.is_empty() {
            self.remove(key);
        } else {
            self.put(Key::new(key), Values::Many(values));
        }
        Ok(())
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        if let Ok(at) = self.find(&Key::new(key)) {
            self.keys.remove(at);
        }
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What is to be done, as it was given.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// What it is to be done to.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The values of a key; none when it is absent.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.get(&Key::new(key))
            .into_iter()
            .flatten()
            .map(|value| &*value.text)
    }

    /// All keys, in lower case, each with its values; the order is fixed, but not the alphabet's.
    pub fn keys(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str> + Clone)> + Clone {
        self.keys.iter().map(|(key, values)| {
            let values = match values {
                Values::One(value) => std::slice::from_ref(value),
                Values::Many(values) => values,
            };
            (key.as_str(), values.iter().map(|value| &*value.text))
        })
    }

    /// The resource's fields, if it is an ARN without a colon in its sixth field.
    pub(crate) fn fields(&self) -> Option<[&str; 6]> {
        self.fields?.of(&self.resource)
    }

    /// The action in lower case, and its hash.
    pub(crate) fn lower_action(&self) -> (&str, u64) {
        (&self.lower, self.hash)
    }

    /// The values of a key. There is at least one.
    pub(crate) fn get(&self, key: &Key) -> Option<&[KeyValue]> {
        let (_, values) = self.keys.get(self.find(key).ok()?)?;
        Some(match values {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        })
    }

    /// What a variable stands for.
    pub(crate) fn variable(&self, key: &Key) -> Option<&str> {
        match self.keys.get(self.find(key).ok()?)? {
            (_, Values::One(value)) => Some(&value.text),
            (_, Values::Many(_)) => None,
        }
    }

    fn room<'a>(
        &self,
        key: &str,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<(), ContextTooLarge> {
        let mut count = 0;
        let long = key.len() > MAX_VALUE_BYTES
            || values
                .inspect(|_| count += 1)
                .any(|value| value.len() > MAX_VALUE_BYTES);
        if long || count > MAX_VALUES || self.keys.len() >= MAX_KEYS {
            return Err(ContextTooLarge);
        }
        Ok(())
    }

    fn find(&self, key: &Key) -> Result<usize, usize> {
        self.keys.binary_search_by(|(its, _)| its.cmp(key))
    }

    fn put(&mut self, key: Key, values: Values) {
        match self.find(&key) {
            Ok(at) => {
                if let Some((_, old)) = self.keys.get_mut(at) {
                    *old = values;
                }
            }
            Err(at) => self.keys.insert(at, (key, values)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestContext {
        RequestContext::new(
            Principal::Anonymous,
            "ecr:PutImage",
            "*",
            1_767_323_045_678_901,
        )
    }

    #[test]
    fn keys_are_found_in_any_case_and_replaced() {
        let mut request = request();
        request.set("aws:PrincipalTag/Team", "blue").unwrap();
        request.set("AWS:principaltag/TEAM", "red").unwrap();
        let found: Vec<&str> = request.values("aws:principalTag/team").collect();
        assert_eq!(found, ["red"]);
        request.remove("aws:PRINCIPALTAG/team");
        assert_eq!(request.values("aws:PrincipalTag/Team").count(), 0);
    }

    #[test]
    fn the_time_is_a_key_in_both_forms() {
        let request = request();
        assert_eq!(
            request.variable(&Key::new("aws:CurrentTime")),
            Some("2026-01-02T03:04:05Z")
        );
        assert_eq!(
            request.variable(&Key::new("aws:epochtime")),
            Some("1767323045")
        );
    }

    #[test]
    fn a_list_is_no_variable_and_an_empty_one_is_absent() {
        let mut request = request();
        request.set_list("aws:TagKeys", ["a"]).unwrap();
        assert_eq!(request.variable(&Key::new("aws:tagkeys")), None);
        assert!(request.get(&Key::new("aws:tagkeys")).is_some());
        request.set_list("aws:TagKeys", []).unwrap();
        assert!(request.get(&Key::new("aws:tagkeys")).is_none());
    }

    #[test]
    fn bounds_are_exact() {
        let mut request = request();
        assert!(request.set("k", &"x".repeat(MAX_VALUE_BYTES)).is_ok());
        assert!(request.set("k", &"x".repeat(MAX_VALUE_BYTES + 1)).is_err());
        assert!(request.set(&"x".repeat(MAX_VALUE_BYTES + 1), "").is_err());
        assert!(request.set_list("k", vec!["x"; MAX_VALUES]).is_ok());
        assert!(request.set_list("k", vec!["x"; MAX_VALUES + 1]).is_err());
        for index in request.keys.len()..MAX_KEYS {
            assert!(request.set(&format!("t/{index}"), "x").is_ok());
        }
        assert!(request.set("one:more", "x").is_err());
    }
}
