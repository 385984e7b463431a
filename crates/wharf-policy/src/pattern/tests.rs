use proptest::prelude::*;
use regex_lite::RegexBuilder;

use super::*;
use crate::document::Problem;
use crate::principal::Principal;

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
    ResourcePattern::parse(pattern, Language::Of2012)
        .unwrap()
        .matches(text, None)
}

fn action(pattern: &str, text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    Actions::parse(std::iter::once(pattern))
        .unwrap()
        .matches(&lower, hash(&lower))
}

fn request(keys: &[(&str, &str)]) -> RequestContext {
    let mut request = RequestContext::new(Principal::Anonymous, "a:b", "*", 0);
    for (key, value) in keys {
        request.set(key, value).unwrap();
    }
    request
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
    for (bad, problem) in [
        ("", Problem::ActionVendor),
        ("**", Problem::ActionVendor),
        ("PutImage", Problem::ActionVendor),
        ("*:PutImage", Problem::VendorInvalid("*".into())),
        ("e?r:PutImage", Problem::VendorInvalid("e?r".into())),
        (":PutImage", Problem::VendorInvalid(String::new())),
        ("\u{e9}:x", Problem::VendorInvalid("\u{e9}".into())),
        ("ecr:", Problem::ActionForm("ecr:".into())),
        ("ecr:Put Image", Problem::ActionForm("ecr:Put Image".into())),
        ("ecr:a:b", Problem::ActionColons),
    ] {
        let found = Actions::parse(["ecr:Get*", bad].into_iter()).unwrap_err();
        assert_eq!(found, (1, problem), "{bad}");
    }
}

#[test]
fn many_actions_are_found_by_name_and_by_wildcard() {
    let names: Vec<String> = (0..200).map(|index| format!("ecr:Do{index}")).collect();
    let texts = names.iter().map(String::as_str).chain(["sts:Get*"]);
    let actions = Actions::parse(texts).unwrap();
    let asks = |action: &str| actions.matches(action, hash(action));
    assert!(names.iter().all(|name| asks(&name.to_ascii_lowercase())));
    assert!(asks("sts:getcalleridentity"));
    assert!(!asks("ecr:do200") && !asks("ecr:do") && !asks("sts:assumerole"));
    // Two names of one hash are still two names.
    assert!(!actions.matches("ecr:other", hash("ecr:do1")));
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
        "arn:aws::x",
        "arn:aws:",
        "arn:aws:ecr:\u{100}",
    ] {
        let problem = ResourcePattern::parse(bad, Language::Of2012).unwrap_err();
        assert_eq!(problem, Problem::ResourceForm(bad.to_owned()), "{bad}");
    }
    for bad in ["arn:aws:*", "arn:aws:e*:x", "arn:aws:${aws:x}:x"] {
        let problem = ResourcePattern::parse(bad, Language::Of2012).unwrap_err();
        assert_eq!(problem, Problem::ResourceVendor, "{bad}");
    }
    let problem = ResourcePattern::parse("arn:amazon:ecr:*", Language::Of2012).unwrap_err();
    assert!(matches!(problem, Problem::Partition { partition, .. } if partition == "amazon"));
}

#[test]
fn variables_stand_for_values_literally() {
    let own = "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/Team}/*";
    let pattern = ResourcePattern::parse(own, Language::Of2012).unwrap();
    let arn = |name: &str| format!("arn:aws:ecr:us-east-1:123456789012:repository/{name}");
    let asks = |team: &str, name: &str| {
        pattern.matches(
            &arn(name),
            Some(&request(&[("aws:principaltag/team", team)])),
        )
    };
    assert!(asks("blue", "blue/app") && !asks("blue", "red/app"));
    assert!(asks("*", "*/app") && !asks("*", "blue/app"));
    assert!(asks("a:b", "a:b/app"));
    assert!(!pattern.matches(&arn("x/app"), Some(&request(&[]))));
    assert!(!pattern.matches(&arn("/app"), None));
    let mut several = request(&[]);
    several.set_list("aws:PrincipalTag/team", ["blue"]).unwrap();
    assert!(!pattern.matches(&arn("blue/app"), Some(&several)));
    let older = ResourcePattern::parse(own, Language::Of2008).unwrap();
    assert!(!older.matches(
        &arn("blue/app"),
        Some(&request(&[("aws:principaltag/team", "blue")]))
    ));
    assert!(older.matches(&arn("${aws:PrincipalTag/Team}/app"), None));
}

#[test]
fn defaults_and_escapes_are_understood() {
    let glob = |text: &str| Glob::like(text, Language::Of2012).unwrap();
    let matches = |text: &str, value: &str| {
        glob(text).matches(value, Case::Sensitive, Some(&request(&[("a:k", "v")])))
    };
    assert!(matches("x-${a:k,'none'}", "x-v") && matches("x-${ A:K }", "x-v"));
    assert!(matches("x-${a:absent, 'no ne'}", "x-no ne") && matches("${a:absent,''}", ""));
    assert!(matches("${a:absent, 'a,b*'}", "a,b*") && !matches("${a:absent, 'a,b*'}", "a,bc"));
    assert!(matches("${*}${?}${$}{a:k}", "*?${a:k}") && !matches("${*}", "v"));
    assert!(matches("$x*}", "$xy}") && matches("*${a:k}?", "abvc") && matches("*${a:k}*", "vv"));
    for bad in [
        "${",
        "${}",
        "${ }",
        "${a:k",
        "${a${b}}",
        "${a,b}",
        "${a,'b}",
        "${a,'${b}'}",
        "${**}",
        "${a*}",
        "${a,''b'}",
    ] {
        assert!(Glob::like(bad, Language::Of2012).is_err(), "{bad}");
        assert!(Glob::like(bad, Language::Of2008).is_ok(), "{bad}");
    }
}

#[test]
fn variables_before_the_fifth_colon_are_refused() {
    for bad in [
        "arn:aws:ecr:${aws:RequestedRegion}:1:x",
        "arn:aws:ecr:r:${aws:PrincipalAccount}:x",
        "arn:aws:ecr:r:${*}:x",
        "arn:aws:ecr:${a:b}",
    ] {
        let problem = ResourcePattern::parse(bad, Language::Of2012).unwrap_err();
        assert_eq!(problem, Problem::VariablePlace(bad.to_owned()), "{bad}");
        assert!(
            ResourcePattern::parse(bad, Language::Of2008).is_ok(),
            "{bad}"
        );
    }
    assert!(ResourcePattern::parse("arn:aws:ecr:r:1:${a:b}", Language::Of2012).is_ok());
}

#[test]
fn arns_of_conditions_match_field_by_field() {
    let asks = |pattern: &str, text: &str| {
        let keys = request(&[("aws:sourcearn", "arn:aws:iam::1:role/x")]);
        Glob::arn(pattern, Language::Of2012)
            .unwrap()
            .matches(text, Case::Sensitive, Some(&keys))
    };
    assert!(asks("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a:b/c"));
    assert!(asks("arn:aws:iam::*:role/*", "arn:aws:iam::1:role/a"));
    assert!(!asks("arn:aws:iam:*:role/*", "arn:aws:iam::1:role/a"));
    assert!(!asks("arn:aws:*:role/a", "arn:aws:iam::1:role/a"));
    assert!(asks("arn:*:ia?:*:?:*a*", "arn:aws:iam::1:role/a"));
    assert!(asks("${aws:SourceArn}", "arn:aws:iam::1:role/x"));
    assert!(asks("${aws:SourceArn}/*", "arn:aws:iam::1:role/x/a:b"));
    assert!(asks("arn:aws:iam::1:a?b*c", "arn:aws:iam::1:a:b:c"));
}

fn subject(text: &str) -> Subject<'_> {
    Subject {
        text,
        fifth_colon: fifth_colon(text),
        case: Case::Sensitive,
        request: None,
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
        let compile = |text: &str, reach: &dyn Fn(usize) -> Reach| {
            Glob::compile(text, &pieces(text, true, Language::Of2012).unwrap(), reach)
        };
        let action = compile(&pattern, &|_| Reach::Anything);
        let field = compile(&pattern, &|_| Reach::WithinField);
        let arn = compile(&pattern, &|_| Reach::WithinArn);
        // Behind no, one and all colons of an ARN.
        let resources = ["arn:", "arn:aws:ecr:", "arn:aws:ecr:a:a:"].map(|head| {
            let whole = format!("{head}{pattern}");
            let glob = compile(&whole, &|offset| {
                resource::reach(&whole, fifth_colon(&whole), offset)
            });
            let prefix = glob.prefix.strip_prefix(head).unwrap().into();
            Glob { prefix, ..glob }
        });
        for glob in [action, field, arn].iter().chain(&resources) {
            // Only the walk is counted, so the whole pattern goes through it.
            let mut tokens = vec![Token::Literal(glob.prefix.clone())];
            tokens.extend(glob.rest.iter().cloned());
            for unit in ["a", "aaa:", "a:", ":"] {
                let looks = |length: usize| {
                    let text = unit.repeat(length / unit.len());
                    walk(&tokens, &text, &subject(&text)).1
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
    fn arn_wildcards_agree_with_six_regexes(pattern in "[ab*?:]{0,14}", text in "[ab:]{0,14}") {
        let (pattern, text) = (format!("arn{pattern}"), format!("arn{text}"));
        let fields = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<String>>();
        let (its, given) = (fields(&pattern), fields(&text));
        let expected = its.len() == given.len() && its.iter().zip(&given).all(|(its, given)| {
            let regex = format!("^{}$", its.replace('*', ".*").replace('?', "."));
            is_match(&regex, given, Case::Sensitive)
        });
        let glob = Glob::arn(&pattern, Language::Of2012).unwrap();
        prop_assert_eq!(glob.matches(&text, Case::Sensitive, None), expected, "{} {}", pattern, text);
    }

    #[test]
    fn texts_agree_with_a_regex_in_both_cases(pattern in "[abA*?${}]{0,10}", text in "[abAB${}]{0,10}") {
        let escaped: String = pattern.chars().map(|char| match char {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            literal => regex_lite::escape(&literal.to_string()),
        }).collect();
        let glob = Glob::like(&pattern, Language::Of2008).unwrap();
        for case in [Case::Sensitive, Case::Ignored] {
            let expected = is_match(&format!("^{escaped}$"), &text, case);
            prop_assert_eq!(glob.matches(&text, case, None), expected, "{} {}", pattern, text);
        }
    }

    #[test]
    fn a_variable_matches_as_its_value_written_out(
        before in "[ab*?]{0,4}", value in "[ab]{0,3}", after in "[ab*?]{0,4}", text in "[ab]{0,8}",
    ) {
        let with = Glob::like(&format!("{before}${{a:k}}{after}"), Language::Of2012).unwrap();
        let without = Glob::like(&format!("{before}{value}{after}"), Language::Of2012).unwrap();
        let keys = request(&[("a:k", &value)]);
        prop_assert_eq!(
            with.matches(&text, Case::Sensitive, Some(&keys)),
            without.matches(&text, Case::Sensitive, None)
        );
    }

    #[test]
    fn matching_never_panics(pattern in ".{0,40}", text in ".{0,40}") {
        let _never_panics = ResourcePattern::parse(&pattern, Language::Of2012).map(|it| it.matches(&text, None));
        let _never_panics = Actions::parse(std::iter::once(&*pattern)).map(|it| it.matches(&text, 0));
        let _never_panics = Glob::arn(&pattern, Language::Of2012).map(|it| it.matches(&text, Case::Ignored, None));
    }
}
