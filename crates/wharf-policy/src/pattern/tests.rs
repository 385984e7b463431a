use proptest::prelude::*;
use regex_lite::RegexBuilder;

use super::*;

/// The rule of resource patterns, written down a second time as a regular expression.
fn resource_regex(pattern: &str) -> String {
    let fields: Vec<&str> = pattern.splitn(6, ':').collect();
    let mut regex = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let in_sixth_field = index == 5;
        let (body, ends_in_run) = match field.strip_suffix('*') {
            Some(body) => (body.trim_end_matches('*'), true),
            None => (*field, false),
        };
        let mut part: String = body
            .chars()
            .map(|char| match char {
                '*' if in_sixth_field => ".*".to_owned(),
                '?' if in_sixth_field => ".".to_owned(),
                '*' => "[^:]*".to_owned(),
                '?' => "[^:]".to_owned(),
                literal => regex_lite::escape(&literal.to_string()),
            })
            .collect();
        if ends_in_run {
            part.push_str(".*");
        }
        regex.push(part);
    }
    format!("^(?:{})$", regex.join(":"))
}

fn is_match(regex: &str, text: &str, case: Case) -> bool {
    RegexBuilder::new(regex)
        .dot_matches_new_line(true)
        .case_insensitive(case == Case::Ignored)
        .build()
        .unwrap()
        .is_match(text)
}

fn resource(pattern: &str, text: &str) -> bool {
    ResourcePattern::parse(pattern).unwrap().matches(text)
}

fn action(pattern: &str, text: &str) -> bool {
    ActionPattern::parse(pattern).unwrap().matches(text)
}

const APP: &str = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";

#[test]
fn actions_match_without_regard_to_case() {
    assert!(action("*", "ecr:PutImage"));
    assert!(action("ECR:putimage", "ecr:PutImage"));
    assert!(action("ecr:Put*", "ecr:PutImage"));
    assert!(action("ecr:*image", "ecr:PutImage"));
    assert!(action("ecr:Put?mage", "ecr:PutImage"));
    assert!(!action("ecr:Put?", "ecr:PutImage"));
    assert!(!action("ecr:PutImage", "ecr:PutImageTagMutability"));
    assert!(!action("ecr-public:*", "ecr:PutImage"));
    assert!(!action("sts:*", "ecr:PutImage"));
}

#[test]
fn actions_without_prefix_or_with_a_wildcard_in_it_are_refused() {
    for bad in [
        "",
        "**",
        "PutImage",
        "*:PutImage",
        "e?r:PutImage",
        "ecr:",
        ":PutImage",
        "ecr:Put Image",
        "ecr:a:b",
        "é:x",
    ] {
        assert!(ActionPattern::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn resources_match_whole_and_with_regard_to_case() {
    for pattern in [
        "*",
        APP,
        "arn:aws:ecr:*",
        "arn:aws:ecr:*:*:repository/*",
        "arn:aws:ecr:*:repository/team/app",
        "arn:aws:ecr:us-*:1234567890??:repository/team*",
        "arn:aws:ecr:us-east-?:*:repository/t*a?p",
        "arn:*:ecr:us-east-1:123456789012:repository/team/app",
    ] {
        assert!(resource(pattern, APP), "{pattern}");
    }
    for pattern in [
        "arn:aws:ecr:us-east-1:123456789012:repository/team",
        "arn:aws:ecr:us-east-1:123456789012:repository/team/App",
        "arn:aws:ecr:us-east-1:123456789012:repository/team/app?",
        "arn:aws:ecr:us*-1-x:*:repository/*",
        "arn:aws:ecr:?:*:repository/*",
        "arn:aws:sts:*",
        "arn:aws:ecr::123456789012:repository/team/app",
        // Not the last of its field, so within one field only.
        "arn:aws:ecr:us*2:repository/team/app",
    ] {
        assert!(!resource(pattern, APP), "{pattern}");
    }
}

#[test]
fn a_request_without_resource_is_matched_by_a_lone_star_only() {
    assert!(resource("*", "*"));
    assert!(!resource("arn:aws:ecr:*", "*"));
    assert!(!resource("arn:aws:ecr:*:*:*", "*"));
}

#[test]
fn resources_that_are_no_arn_or_leave_the_service_open_are_refused() {
    for bad in [
        "",
        "?",
        "**",
        "team/app",
        "arn",
        "arn:",
        "arn:aws",
        "arn::ecr:*",
        "arn:aws:*",
        "arn:aws:e*:x",
        "arn:aws::x",
    ] {
        assert!(ResourcePattern::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn n42_hostile_patterns_take_steps_in_proportion_to_the_text() {
    let hostile = [
        "*a".repeat(200) + "b",
        "a*".repeat(200) + "b",
        "*".repeat(400),
        "?*".repeat(200) + "b",
        "*?".repeat(200) + "b",
        "*".to_owned() + &"a".repeat(200) + "b",
        "*:*a".repeat(100) + "b",
        "*aaaa*b".to_owned(),
    ];
    for pattern in hostile {
        let action = Glob::compile(&pattern, |_| Reach::Anything);
        let field = Glob::compile(&pattern, |_| Reach::WithinField);
        // Behind no, one and all colons of an ARN.
        let resources = ["arn:", "arn:aws:ecr:", "arn:aws:ecr:a:a:"].map(|head| {
            let whole = format!("{head}{pattern}");
            let glob = Glob::compile(&whole, |offset| ResourcePattern::reach(&whole, offset));
            let prefix = glob.prefix.strip_prefix(head).unwrap().into();
            Glob { prefix, ..glob }
        });
        for glob in [action, field].iter().chain(&resources) {
            // Only the walk is counted, so the whole pattern goes through it.
            let mut tokens = vec![Token::Literal(glob.prefix.clone())];
            tokens.extend(glob.rest.iter().cloned());
            for unit in ["a", "aaa:", "a:", ":"] {
                let looks = |length: usize| {
                    let text = unit.repeat(length / unit.len());
                    walk(&tokens, &text, Case::Sensitive).1
                };
                for length in [1_000, 2_000, 4_000] {
                    let bound = 6 * (length + 1) * (pattern.len() + 1);
                    assert!(looks(length) <= bound, "{glob:?} {unit}: {}", looks(length));
                }
                // Twice the text, at most about twice the looks.
                let (half, whole) = (looks(2_000), looks(4_000));
                let bound = 2 * half + half / 10 + 10 * pattern.len();
                assert!(whole <= bound, "{glob:?} {unit}: {half}, then {whole}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn action_wildcards_agree_with_a_regex(name in "[abA*?]{1,8}", requested in "[abAB]{0,8}") {
        let pattern = format!("ecr:{name}");
        let requested = format!("ECR:{requested}");
        let regex = format!("^ecr:{}$", name.replace('*', ".*").replace('?', "."));
        prop_assert_eq!(action(&pattern, &requested), is_match(&regex, &requested, Case::Ignored), "{}", regex);
    }

    #[test]
    fn resource_wildcards_agree_with_a_regex(tail in "[ab*?:/]{0,12}", requested in "[ab:/]{0,12}") {
        let pattern = format!("arn:aws:ecr:{tail}");
        let requested = format!("arn:aws:ecr:{requested}");
        let regex = resource_regex(&pattern);
        prop_assert_eq!(resource(&pattern, &requested), is_match(&regex, &requested, Case::Sensitive), "{} {}", pattern, regex);
    }

    #[test]
    fn a_resource_made_from_a_pattern_matches_it(
        pieces in prop::collection::vec(("[a-c/]{0,3}", prop::sample::select(vec!["", "*", "?"]), "[a-c/:]{1,1}", "[a-c/:]{0,4}"), 0..6),
    ) {
        let mut pattern = "arn:aws:ecr:r:1:".to_owned();
        let mut text = pattern.clone();
        for (literal, wildcard, one, run) in &pieces {
            pattern += literal;
            pattern += wildcard;
            text += literal;
            text += match *wildcard { "*" => run, "?" => one, _ => "" };
        }
        prop_assert!(resource(&pattern, &text), "{} {}", pattern, text);
    }

    #[test]
    fn matching_never_panics(pattern in ".{0,40}", text in ".{0,40}") {
        let _never_panics = ResourcePattern::parse(&pattern).map(|pattern| pattern.matches(&text));
        let _never_panics = ActionPattern::parse(&pattern).map(|pattern| pattern.matches(&text));
    }
}
