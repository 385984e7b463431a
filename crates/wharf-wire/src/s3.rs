//! The errors of an object store, for who downloads by a presigned URL and expects one.
//!
//! **Source:** Amazon S3 API reference, "Error responses"; the answers observed.

use crate::query::{element, escape};

/// The XML document of a refusal. `details` are its elements beside code and message, by name.
pub fn render_error(
    code: &str,
    message: &str,
    details: &[(&str, String)],
    request_id: &str,
) -> String {
    let known = [("Code", code), ("Message", message)];
    let more = details
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain([("RequestId", request_id)]);
    let elements: Vec<String> = known
        .into_iter()
        .chain(more)
        .map(|(name, text)| element(name, &escape(text)))
        .collect();
    let error = element("Error", &elements.concat());
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_document_whose_texts_are_escaped() {
        let details = [("Key", "a<b>&c".to_owned())];
        assert_eq!(
            render_error("NoSuchKey", "It's gone.", &details, "ID"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>It&apos;s gone.</Message>\
             <Key>a&lt;b&gt;&amp;c</Key><RequestId>ID</RequestId></Error>"
        );
    }
}
