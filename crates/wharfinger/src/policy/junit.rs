//! Results as JUnit XML, which CI systems show.
use super::run::CaseResult;

/// One suite, named after the file.
pub(super) fn text(file: &str, results: &[CaseResult]) -> String {
    let failed = results.iter().filter(|it| it.failure.is_some()).count();
    let (all, suite) = (results.len(), escaped(file));
    let counts = format!(r#"tests="{all}" failures="{failed}" errors="0" skipped="0""#);
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>\n"
    );
    let cases: Vec<String> = results.iter().map(|it| case(&suite, it)).collect();
    format!("{head}{}  </testsuite>\n</testsuites>\n", cases.concat())
}

fn case(suite: &str, result: &CaseResult) -> String {
    let head = format!(
        "    <testcase classname=\"{suite}\" name=\"{}\"",
        escaped(&result.name)
    );
    match &result.failure {
        None => format!("{head}/>\n"),
        Some((line, why)) => format!(
            "{head}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
            escaped(line),
            escaped(why)
        ),
    }
}

/// Text as XML takes it; characters that it has not become U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(char),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_reasons_cannot_break_the_xml() {
        let result = CaseResult {
            name: "a <b> & \"c\"\u{1b}".to_owned(),
            failure: Some(("x".to_owned(), "]]></failure>\n".to_owned())),
        };
        let text = text("f\".toml", &[result]);
        assert!(
            text.contains("name=\"a &lt;b&gt; &amp; &quot;c&quot;\u{fffd}\""),
            "{text}"
        );
        assert!(
            text.contains(">]]&gt;&lt;/failure&gt;\n</failure>"),
            "{text}"
        );
        assert!(
            text.contains("<testsuite name=\"f&quot;.toml\" tests=\"1\" failures=\"1\""),
            "{text}"
        );
    }
}
