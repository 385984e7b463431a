use wharf_policy::Kind;

use super::*;

const PUSH: &str = "ecr:PutImage";
const REPOSITORY: &str = "arn:aws:ecr:us-east-1:123456789012:repository/app";

fn source(id: &str, text: &str, kind: Kind) -> Source {
    Source {
        id: id.to_owned(),
        kind: None,
        text: text.to_owned(),
        document: Arc::new(Document::parse(text, kind).unwrap()),
    }
}

fn simulation(policies: &[&str]) -> Simulation {
    let policies = policies.iter().enumerate();
    Simulation {
        caller: None,
        account: "123456789012".to_owned(),
        keys: Vec::new(),
        identity: policies
            .map(|(at, text)| source(&at.to_string(), text, Kind::Managed))
            .collect(),
        boundary: None,
        resource_policy: None,
        owner: None,
        actions: vec![PUSH.to_owned()],
        resources: None,
        entries: Vec::new(),
        now: 0,
        spellings: Spellings::default(),
    }
}

fn policy(effect: &str, action: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"{condition}}}]}}"#
    )
}

fn entry(name: &str, kind: ContextKeyTypeEnum, values: &[&str]) -> ContextEntry {
    ContextEntry {
        context_key_name: Some(name.to_owned()),
        context_key_values: Some(values.iter().map(|it| (*it).to_owned()).collect()),
        context_key_type: Some(kind),
    }
}

fn only(simulation: &Simulation) -> EvaluationResult {
    assert_eq!(simulation.len(), 1);
    simulation.result(0).unwrap()
}

const ALLOWED: PolicyEvaluationDecisionType = PolicyEvaluationDecisionType::Allowed;
const DENIED: PolicyEvaluationDecisionType = PolicyEvaluationDecisionType::ExplicitDeny;
const NOT_ALLOWED: PolicyEvaluationDecisionType = PolicyEvaluationDecisionType::ImplicitDeny;

#[test]
fn keys_that_are_missing_are_spelled_as_the_policy_spells_them_and_only_for_the_action() {
    let condition = r#","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"${aws:UserName}"}}"#;
    let push = policy("Allow", "ecr:Put*", "*", condition);
    let pull = policy(
        "Allow",
        "ecr:BatchGetImage",
        "*",
        r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
    );
    let mut asked = simulation(&[&push, &pull]);
    let result = only(&asked);
    assert_eq!(result.eval_decision, NOT_ALLOWED);
    assert_eq!(
        result.missing_context_values.unwrap(),
        ["aws:PrincipalTag/Team", "aws:UserName"]
    );
    for (name, value) in [("aws:username", "blue"), ("AWS:PRINCIPALTAG/team", "blue")] {
        let kind = ContextKeyTypeEnum::String;
        asked.entries.push(entry(name, kind, &[value]));
    }
    let result = only(&asked);
    assert_eq!(result.eval_decision, ALLOWED);
    assert!(result.missing_context_values.unwrap().is_empty());
}

#[test]
fn the_time_is_known_only_when_it_is_given() {
    let late = r#","Condition":{"DateGreaterThan":{"aws:CurrentTime":"1960-01-01T00:00:00Z"}}"#;
    let mut asked = simulation(&[&policy("Allow", "*", "*", late)]);
    let result = only(&asked);
    assert_eq!(result.eval_decision, NOT_ALLOWED);
    assert_eq!(result.missing_context_values.unwrap(), ["aws:CurrentTime"]);
    let kind = ContextKeyTypeEnum::Date;
    asked.entries = vec![entry("aws:CurrentTime", kind, &["1970-01-01T00:00:00Z"])];
    assert_eq!(only(&asked).eval_decision, ALLOWED);
}

#[test]
fn the_statements_told_are_those_that_decide() {
    let allow = policy("Allow", "*", "*", "");
    let deny = policy("Deny", PUSH, "*", "");
    let elsewhere = policy("Deny", "s3:*", "*", "");
    let ids = |result: EvaluationResult| -> Vec<Option<String>> {
        let matched = result.matched_statements.unwrap();
        matched.into_iter().map(|it| it.source_policy_id).collect()
    };
    let result = only(&simulation(&[&allow, &deny, &elsewhere, &allow]));
    assert_eq!(result.eval_decision, DENIED);
    assert_eq!(ids(result), [Some("1".to_owned())]);
    let result = only(&simulation(&[&allow, &elsewhere, &allow]));
    assert_eq!(ids(result), [Some("0".to_owned()), Some("2".to_owned())]);
    let result = only(&simulation(&[&elsewhere]));
    assert_eq!(result.eval_decision, NOT_ALLOWED);
    assert!(ids(result).is_empty());
}

#[test]
fn lists_are_sets_and_single_values_are_none() {
    let each = r#","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#;
    let mut asked = simulation(&[&policy("Allow", "*", "*", each)]);
    let list = ContextKeyTypeEnum::StringList;
    asked.entries = vec![entry("aws:TagKeys", list, &["a", "b"])];
    assert_eq!(only(&asked).eval_decision, ALLOWED);
    asked.entries = vec![entry("aws:TagKeys", list, &["a", "c"])];
    assert_eq!(only(&asked).eval_decision, NOT_ALLOWED);
    // A set never stands for a variable.
    let mut asked = simulation(&[&policy(
        "Allow",
        "*",
        "arn:aws:ecr:*:*:repository/${x:y}",
        "",
    )]);
    asked.resources = Some(vec![REPOSITORY.to_owned()]);
    asked.entries = vec![entry("x:y", list, &["app"])];
    assert_eq!(only(&asked).eval_decision, NOT_ALLOWED);
    asked.entries = vec![entry("x:y", ContextKeyTypeEnum::String, &["app"])];
    assert_eq!(only(&asked).eval_decision, ALLOWED);
}

#[test]
fn across_accounts_both_sides_are_told() {
    let foreign = "arn:aws:ecr:us-east-1:210987654321:repository/app";
    let caller = "arn:aws:iam::123456789012:user/u";
    let own = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{caller}"}},"Action":"{PUSH}"}}]}}"#
    );
    let mut asked = simulation(&[&policy("Allow", "ecr:Get*", "*", "")]);
    asked.caller = Some(Principal::User(wharf_policy::User {
        arn: caller.into(),
        account: "123456789012".into(),
        name: "u".into(),
        id: "".into(),
    }));
    let policy_of_it = source("ResourcePolicy", &own, Kind::Repository);
    asked.resource_policy = Some((policy_of_it, ResourceKind::Ordinary));
    for (resource, decision, told) in [(REPOSITORY, ALLOWED, 0), (foreign, NOT_ALLOWED, 2)] {
        asked.resources = Some(vec![resource.to_owned()]);
        let result = only(&asked);
        assert_eq!(result.eval_decision, decision, "{resource}");
        let details = result.eval_decision_details.unwrap();
        assert_eq!(details.len(), told, "{details:?}");
        if told > 0 {
            assert_eq!(details["IAM Policy"], NOT_ALLOWED);
            assert_eq!(details["Resource Policy"], ALLOWED);
        }
    }
    // The owner counts where the ARN has none.
    asked.resources = None;
    assert_eq!(only(&asked).eval_decision, ALLOWED);
    asked.owner = Some("210987654321".to_owned());
    let result = only(&asked);
    assert_eq!(result.eval_decision, NOT_ALLOWED);
    assert!(result.eval_decision_details.is_none());
}

#[test]
fn a_boundary_tells_whether_it_allows() {
    let mut asked = simulation(&[&policy("Allow", "*", "*", "")]);
    assert!(only(&asked).permissions_boundary_decision_detail.is_none());
    for (action, decision) in [(PUSH, ALLOWED), ("s3:*", NOT_ALLOWED)] {
        let text = policy("Allow", action, "*", "");
        asked.boundary = Some(source("b", &text, Kind::Managed));
        let result = only(&asked);
        assert_eq!(result.eval_decision, decision);
        let told = result.permissions_boundary_decision_detail.unwrap();
        let allowed = decision == ALLOWED;
        assert_eq!(told.allowed_by_permissions_boundary, Some(allowed));
    }
}

#[test]
fn entries_are_refused_unless_they_are_of_their_type() {
    use ContextKeyTypeEnum as Type;
    for (kind, good, bad) in [
        (Type::Numeric, "-1.5", "inf"),
        (Type::Boolean, "TRUE", "yes"),
        (Type::Ip, "2001:db8::1", "10.0.0.0/8"),
        (Type::Binary, "AQID", "?"),
        (Type::Date, "2026-01-02", "tomorrow"),
    ] {
        assert!(check_entries(&[entry("k:k", kind, &[good])]).is_ok());
        assert!(check_entries(&[entry("k:k", kind, &[bad])]).is_err());
        assert!(check_entries(&[entry("k:k", kind, &[good, good])]).is_err());
    }
    let list = [entry("k:k", Type::NumericList, &["1", "2"])];
    assert!(check_entries(&list).is_ok());
    assert!(check_entries(&[entry("k:k", Type::StringList, &[])]).is_err());
    // No request has such a key; leaving it out could let a deny pass.
    let mut asked = simulation(&[&policy("Allow", "*", "*", "")]);
    asked.entries = vec![entry(&"k".repeat(9_000), Type::String, &["v"])];
    assert!(asked.result(0).is_err());
}

#[test]
fn a_page_is_shorter_the_more_statements_there_are() {
    let small = simulation(&[&policy("Allow", "*", "*", "")]);
    assert_eq!(small.page_limit(), Ok(999));
    let statement = r#"{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*"}"#;
    let many = vec![statement; 900].join(",");
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{many}]}}"#);
    let large = simulation(&[text.as_str(); 40]);
    let limit = large.page_limit().unwrap();
    assert!((1..10).contains(&limit), "{limit}");
}

#[test]
fn policies_and_values_that_cost_too_much_together_are_refused() {
    let pattern = format!("*{}b*", "a".repeat(300));
    let condition = format!(r#","Condition":{{"StringLike":{{"k:k":["{pattern}"]}}}}"#);
    let mut asked = simulation(&[policy("Allow", "*", "*", &condition).as_str(); 15]);
    let value = "a".repeat(8_000);
    asked.entries = vec![entry(
        "k:k",
        ContextKeyTypeEnum::StringList,
        &[value.as_str(); 10],
    )];
    let few = asked.page_limit().unwrap();
    assert!((1..10).contains(&few), "{few}");
    asked.entries = vec![entry(
        "k:k",
        ContextKeyTypeEnum::StringList,
        &[value.as_str(); 100],
    )];
    assert!(asked.page_limit().is_err());
}
