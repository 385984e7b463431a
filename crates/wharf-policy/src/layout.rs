//! Documents as text: written anew in ECR's layout, and with other principals in the places where theirs stand.

use crate::json::{self, Node, Value};

/// A document in the layout in which ECR gives policies back: members in their order, two spaces for each object around
/// them, spaces on both sides of a colon, lists on one line. `None` for what is no JSON.
///
/// Source: answers observed of ECR.
pub fn in_ecr_layout(text: &str) -> Option<String> {
    let document = json::read(text).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    write(&mut out, &document.value, 0);
    Some(out)
}

fn write(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number),
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { " " } else { ", " });
                write(out, &item.value, depth);
            }
            out.push_str(" ]");
        }
        Value::Object(members) if members.is_empty() => out.push_str("{ }"),
        Value::Object(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index == 0 { "\n" } else { ",\n" });
                indent(out, depth + 1);
                out.push_str(&quoted(&member.name));
                out.push_str(" : ");
                write(out, &member.node.value, depth + 1);
            }
            out.push('\n');
            indent(out, depth);
            out.push('}');
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// A text as JSON: only what must be is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' => {
                out.push_str("\\u00");
                out.extend([u32::from(char) >> 4, u32::from(char) & 15].map(hex_digit));
            }
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

fn hex_digit(number: u32) -> char {
    char::from_digit(number, 16).unwrap_or('0')
}

/// The text with the principals of type `AWS` replaced for which `renamed` has another name; all else stays as it is.
/// `None` for what is no JSON.
pub fn rename_principals(
    text: &str,
    mut renamed: impl FnMut(&str) -> Option<String>,
) -> Option<String> {
    let document = json::read(text).ok()?;
    let mut names = Vec::new();
    for statement in each(member(&document, "Statement")?) {
        for element in ["Principal", "NotPrincipal"] {
            if let Some(named) = member(statement, element).and_then(|it| member(it, "AWS")) {
                names.extend(each(named));
            }
        }
    }
    names.sort_by_key(|node| node.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for node in names {
        let Value::Text(name) = &node.value else {
            continue;
        };
        if let Some(now) = renamed(name) {
            out.push_str(text.get(at..node.start)?);
            out.push_str(&quoted(&now));
            at = node.end;
        }
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Object(members) => {
            let found = members.iter().find(|member| &*member.name == name)?;
            Some(&found.node)
        }
        _ => None,
    }
}

/// The elements of a list; anything else is its own only element.
fn each(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_laid_out_as_ecr_does() {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a b","Effect":"Allow","Principal":{"AWS":["1","2"]},"Action":["ecr:A","ecr:B"],"Condition":{}}]}"#;
        let laid_out = r#"{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Sid" : "a b",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : [ "1", "2" ]
    },
    "Action" : [ "ecr:A", "ecr:B" ],
    "Condition" : { }
  } ]
}"#;
        assert_eq!(in_ecr_layout(text).as_deref(), Some(laid_out));
        assert_eq!(in_ecr_layout(laid_out).as_deref(), Some(laid_out));
        assert_eq!(in_ecr_layout("{"), None);
    }

    #[test]
    fn only_principals_are_renamed_and_nothing_around_them_changes() {
        let text = r#"{ "Statement" : [{"Principal":{"AWS":["x", "y"],"Service":"x"},
  "Condition":{"StringEquals":{"aws:PrincipalArn":"x"}}}, {"NotPrincipal":{"AWS":"x"}}, {"Principal":"x"}]}"#;
        let renamed = rename_principals(text, |name| (name == "x").then(|| "z\"".to_owned()));
        let expected = r#"{ "Statement" : [{"Principal":{"AWS":["z\"", "y"],"Service":"x"},
  "Condition":{"StringEquals":{"aws:PrincipalArn":"x"}}}, {"NotPrincipal":{"AWS":"z\""}}, {"Principal":"x"}]}"#;
        assert_eq!(renamed.as_deref(), Some(expected));
        assert_eq!(rename_principals(text, |_| None).as_deref(), Some(text));
    }
}
