use super::*;
use crate::json::{self, Node, Value};
use crate::principal::Principal;

/// A condition in the older or newer language, from the JSON of its values.
fn parse(operator: &str, values: &str, language: Language) -> Result<Condition, String> {
    let operator = Operator::parse(operator).ok_or_else(|| format!("{operator}?"))?;
    let node = json::read(values).unwrap();
    let values: Vec<Node> = match node.value {
        Value::List(items) => items,
        _ => vec![node],
    };
    Condition::parse(operator, "A:Key", &values, language)
        .map_err(|(index, problem)| format!("{index}: {problem}"))
}

/// Whether `operator` with these values holds for a request with these of `a:key`.
fn holds(operator: &str, values: &str, request: &[&str]) -> bool {
    let condition = parse(operator, values, Language::Of2012).unwrap();
    let mut context = RequestContext::new(Principal::Anonymous, "a:b", "*", 0);
    match request {
        [one] => context.set("a:KEY", one).unwrap(),
        several => context.set_list("a:KEY", several.iter().copied()).unwrap(),
    }
    context.set("a:name", "v*").unwrap();
    condition.holds(&context)
}

#[test]
fn text_is_compared_with_or_without_case_and_wildcards() {
    for (operator, values, request, expected) in [
        ("StringEquals", r#""a""#, "a", true),
        ("StringEquals", r#""a""#, "A", false),
        ("StringEquals", r#"["b","a"]"#, "a", true),
        ("StringEquals", r#""a*""#, "ab", false),
        ("StringEquals", r#""a*""#, "a*", true),
        ("StringEquals", "5", "5", true),
        ("StringEquals", "true", "true", true),
        ("StringNotEquals", r#"["a","b"]"#, "b", false),
        ("StringNotEquals", r#"["a","b"]"#, "c", true),
        ("StringEqualsIgnoreCase", r#""Ab""#, "aB", true),
        ("StringEqualsIgnoreCase", r#""Ab""#, "aBc", false),
        ("StringNotEqualsIgnoreCase", r#""Ab""#, "aB", false),
        ("StringLike", r#""a*c?""#, "abbcd", true),
        ("StringLike", r#""a*c?""#, "Abbcd", false),
        (
            "StringLike",
            r#""repo:org/*:ref:*""#,
            "repo:org/app:ref:main",
            true,
        ),
        ("StringNotLike", r#"["a*","b*"]"#, "bc", false),
        ("StringNotLike", r#"["a*","b*"]"#, "cc", true),
    ] {
        assert_eq!(
            holds(operator, values, &[request]),
            expected,
            "{operator} {values} {request}"
        );
    }
}

#[test]
fn numbers_dates_and_the_rest_are_compared_by_value() {
    for (operator, values, request, expected) in [
        ("NumericEquals", "300", "300.0", true),
        ("NumericEquals", r#""300""#, "+0300", true),
        ("NumericNotEquals", "300", "300.0", false),
        ("NumericNotEquals", "300", "x", true),
        ("NumericEquals", "300", "x", false),
        ("NumericLessThan", "10", "9.99", true),
        ("NumericLessThan", "10", "10", false),
        ("NumericLessThan", "[1,10]", "5", true),
        ("NumericLessThanEquals", "10", "10", true),
        ("NumericGreaterThan", "-1", "0", true),
        ("NumericGreaterThanEquals", "0", "-0", true),
        ("DateEquals", r#""2026-01-02T00:00Z""#, "2026-01-02", true),
        (
            "DateEquals",
            r#""2026-01-02T02:00:00+02:00""#,
            "1767312000",
            true,
        ),
        ("DateNotEquals", r#""2026""#, "2026-01-01", false),
        ("DateLessThan", r#""2026""#, "2025-12-31T23:59:59Z", true),
        ("DateLessThan", r#""2026""#, "2026-01-01T00:00:00Z", false),
        (
            "DateLessThanEquals",
            r#""2026""#,
            "2026-01-01T00:00:00Z",
            true,
        ),
        (
            "DateGreaterThan",
            "1767312000",
            "2026-01-02T00:00:01Z",
            true,
        ),
        ("DateGreaterThanEquals", r#""2026-01""#, "2026", true),
        ("DateGreaterThan", "2026", "1970-01-01T00:33:47Z", true),
        ("Bool", "true", "TRUE", true),
        ("Bool", r#""False""#, "false", true),
        ("Bool", "true", "false", false),
        ("Bool", "false", "yes", false),
        ("BinaryEquals", r#""QUI=""#, "QUI=", true),
        ("BinaryEquals", r#""QUI=""#, "QUJ=", false),
        ("BinaryEquals", r#""QUI=""#, "QQ==", false),
        (
            "IpAddress",
            r#"["192.0.2.0/24","2001:db8::/32"]"#,
            "192.0.2.7",
            true,
        ),
        (
            "IpAddress",
            r#"["192.0.2.0/24","2001:db8::/32"]"#,
            "2001:db8::7",
            true,
        ),
        ("IpAddress", r#""192.0.2.0/24""#, "::ffff:192.0.2.7", true),
        ("IpAddress", r#""0.0.0.0/0""#, "2001:db8::7", false),
        ("NotIpAddress", r#""192.0.2.0/24""#, "192.0.2.7", false),
        ("NotIpAddress", r#""192.0.2.0/24""#, "198.51.100.7", true),
        ("NotIpAddress", r#""192.0.2.0/24""#, "nowhere", true),
        ("IpAddress", r#""192.0.2.0/24""#, "192.0.2.7/32", false),
        (
            "ArnEquals",
            r#""arn:aws:iam::1:role/*""#,
            "arn:aws:iam::1:role/a/b",
            true,
        ),
        (
            "ArnLike",
            r#""arn:aws:iam::1:role/?""#,
            "arn:aws:iam::1:role/A",
            true,
        ),
        (
            "ArnLike",
            r#""arn:aws:iam::1:role/a""#,
            "arn:aws:iam::1:role/A",
            false,
        ),
        (
            "ArnLike",
            r#""arn:aws:*:*:*:*""#,
            "arn:aws:iam::1:role/a",
            true,
        ),
        ("ArnLike", r#""arn:*:*:*:*:*""#, "role/a", false),
        ("ArnNotLike", r#""arn:aws:iam::1:role/a""#, "role/a", true),
        (
            "ArnNotEquals",
            r#""arn:aws:iam::1:*""#,
            "arn:aws:iam::1:role/a",
            false,
        ),
    ] {
        assert_eq!(
            holds(operator, values, &[request]),
            expected,
            "{operator} {values} {request}"
        );
    }
}

#[test]
fn an_absent_key_fails_what_is_positive_only() {
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringNotEquals", true),
        ("StringEqualsIfExists", true),
        ("StringNotEqualsIfExists", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAllValues:StringEquals", true),
        ("ForAllValues:StringNotEquals", true),
        ("ForAnyValue:StringEqualsIfExists", true),
        ("ForAllValues:StringLikeIfExists", true),
        ("StringNotLike", true),
        ("StringNotEqualsIgnoreCase", true),
    ] {
        assert_eq!(holds(operator, r#""a""#, &[]), expected, "{operator}");
    }
    for (operator, value, expected) in [
        ("NumericLessThan", "1", false),
        ("NumericNotEquals", "1", true),
        ("DateNotEquals", r#""2026""#, true),
        ("DateLessThanIfExists", r#""2026""#, true),
        ("Bool", "false", false),
        ("BoolIfExists", "false", true),
        ("NotIpAddress", r#""0.0.0.0/0""#, true),
        ("ArnNotLike", r#""arn:a:b:c:d:e""#, true),
        ("BinaryEquals", r#""""#, false),
        ("Null", "true", true),
        ("Null", r#""false""#, false),
        ("Null", "[true,false]", true),
    ] {
        assert_eq!(holds(operator, value, &[]), expected, "{operator}");
    }
    assert!(holds("Null", "false", &[""]) && !holds("Null", "true", &[""]));
}

/// Operator, values of the policy, values of the request, whether it holds.
const OF_SEVERAL: &[(&str, &str, &[&str], bool)] = &[
    (
        "ForAllValues:StringEquals",
        r#"["a","b"]"#,
        &["a", "b"],
        true,
    ),
    (
        "ForAllValues:StringEquals",
        r#"["a","b"]"#,
        &["a", "c"],
        false,
    ),
    (
        "ForAnyValue:StringEquals",
        r#"["a","b"]"#,
        &["c", "a"],
        true,
    ),
    (
        "ForAnyValue:StringEquals",
        r#"["a","b"]"#,
        &["c", "d"],
        false,
    ),
    (
        "ForAnyValue:StringNotEquals",
        r#"["a","b"]"#,
        &["a", "b"],
        false,
    ),
    (
        "ForAnyValue:StringNotEquals",
        r#"["a","b"]"#,
        &["a", "c"],
        true,
    ),
    (
        "ForAllValues:StringNotLike",
        r#""key1*""#,
        &["key1:hr", "key1:x"],
        false,
    ),
    (
        "ForAllValues:StringNotLike",
        r#""key1*""#,
        &["key1:hr", "key2:audit"],
        false,
    ),
    (
        "ForAllValues:StringNotLike",
        r#""key1*""#,
        &["key2:audit"],
        true,
    ),
    ("StringEquals", r#""a""#, &["b", "a"], true),
    ("StringNotEquals", r#""a""#, &["a", "a"], false),
    ("ForAnyValue:NumericLessThan", "3", &["5", "2"], true),
    ("ForAllValues:NumericLessThan", "3", &["5", "2"], false),
    (
        "ForAnyValue:IpAddress",
        r#""10.0.0.0/8""#,
        &["11.0.0.1", "10.1.1.1"],
        true,
    ),
];

#[test]
fn set_operators_ask_all_or_any_of_the_values() {
    for (operator, values, request, expected) in OF_SEVERAL {
        let found = holds(operator, values, request);
        assert_eq!(found, *expected, "{operator} {values} {request:?}");
    }
}

#[test]
fn variables_are_literal_and_absent_ones_match_nothing() {
    assert!(holds("StringEquals", r#""${a:Name}""#, &["v*"]));
    assert!(holds("StringLike", r#""x-${a:Name}-*""#, &["x-v*-y"]));
    assert!(!holds("StringLike", r#""${a:Name}""#, &["vx"]));
    assert!(!holds("StringEquals", r#""${a:absent}""#, &[""]));
    assert!(holds("StringNotEquals", r#""${a:absent}""#, &["x"]));
    assert!(!holds("StringNotEquals", r#"["${a:absent}","x"]"#, &["x"]));
    assert!(holds("StringEquals", r#""${a:absent, 'd'}""#, &["d"]));
    assert!(holds(
        "ArnLike",
        r#""arn:aws:iam::1:role/${a:name}""#,
        &["arn:aws:iam::1:role/v*"]
    ));
    let older = parse("StringEquals", r#""${a:name}""#, Language::Of2008).unwrap();
    let mut context = RequestContext::new(Principal::Anonymous, "a:b", "*", 0);
    context.set("a:name", "x").unwrap();
    context.set("a:key", "x").unwrap();
    assert!(!older.holds(&context));
    context.set("a:key", "${a:name}").unwrap();
    assert!(older.holds(&context));
}

#[test]
fn values_that_cannot_be_compared_are_refused_with_their_place() {
    for (operator, values, expected) in [
        ("NumericEquals", r#"[1,"x"]"#, "1: `x` is no number"),
        ("NumericEquals", "1e3", "0: `1e3` is no number"),
        ("DateLessThan", r#""tomorrow""#, "0: `tomorrow` is no date"),
        ("Bool", r#""yes""#, "0: `yes` is no boolean"),
        ("Bool", r#""${a:b}""#, "0: `${a:b}` is no boolean"),
        ("Null", "0", "0: `0` is no boolean"),
        ("BinaryEquals", r#""?""#, "0: `?` is no base64"),
        (
            "IpAddress",
            r#""10.0.0.0/99""#,
            "0: `10.0.0.0/99` is no IP address or range",
        ),
        ("ArnLike", r#""*""#, "0: `*` is no ARN of six fields"),
        (
            "ArnEquals",
            r#""arn:aws:iam::1""#,
            "0: `arn:aws:iam::1` is no ARN of six fields",
        ),
        (
            "StringEquals",
            r#"["a",null]"#,
            "1: this should be a string, a number, or a boolean",
        ),
        (
            "StringEquals",
            r#"[["a"]]"#,
            "0: this should be a string, a number, or a boolean",
        ),
        (
            "StringEquals",
            r#""${a""#,
            "0: a policy variable of `${a` is not well formed",
        ),
    ] {
        assert_eq!(
            parse(operator, values, Language::Of2012).unwrap_err(),
            expected
        );
    }
}

#[test]
fn operators_are_exactly_those_of_the_table() {
    for name in [
        "stringEquals",
        "StringEqualsifExists",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForSomeValues:StringEquals",
        "ForAnyValue:",
        "StringEquals:ForAnyValue",
        "IfExists",
        "",
        "ArnLikeIfExistsIfExists",
        "StringMatches",
    ] {
        assert!(Operator::parse(name).is_none(), "{name}");
    }
    for name in [
        "ForAllValues:ArnNotLikeIfExists",
        "DateLessThanEquals",
        "BinaryEqualsIfExists",
        "Null",
    ] {
        assert_eq!(Operator::parse(name).unwrap().to_string(), name);
    }
}
