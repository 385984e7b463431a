use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::iam::{
    self, AttachedPolicy, CreateRoleResponse, DeleteRoleRequest, GetAccountSummaryResponse,
    ListAttachedRolePoliciesResponse, ListUsersResponse, Role, RoleLastUsed, Tag,
    UpdateRoleRequest, UpdateRoleResponse,
};
use crate::sts::{
    self, Credentials, GetCallerIdentityRequest, GetCallerIdentityResponse, GetSessionTokenResponse,
};

const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// An answer of IAM around its result.
fn document(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{IAM}\">{result}<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn role() -> Role {
    Role {
        path: "/".to_owned(),
        role_name: "ship".to_owned(),
        role_id: "AROAEXAMPLEEXAMPLE567".to_owned(),
        arn: "arn:aws:iam::444455556666:role/ship".to_owned(),
        create_date: Timestamp::from_micros(1_767_323_045_999_999),
        assume_role_policy_document: Some(percent_encode_document("{\"Version\": \"2012-10-17\"}")),
        tags: Some(vec![Tag {
            key: "crew".to_owned(),
            value: "a<b".to_owned(),
        }]),
        ..Role::default()
    }
}

#[test]
fn a_role_is_written_in_the_models_order_without_absent_members() {
    let answer = CreateRoleResponse { role: role() };
    assert_eq!(
        render(IAM, "CreateRole", &answer, "id"),
        document(
            "CreateRole",
            "<CreateRoleResult><Role><Path>/</Path><RoleName>ship</RoleName><RoleId>AROAEXAMPLEEXAMPLE567</RoleId>\
             <Arn>arn:aws:iam::444455556666:role/ship</Arn><CreateDate>2026-01-02T03:04:05Z</CreateDate>\
             <AssumeRolePolicyDocument>%7B%22Version%22%3A%20%222012-10-17%22%7D</AssumeRolePolicyDocument>\
             <Tags><member><Key>crew</Key><Value>a&lt;b</Value></member></Tags></Role></CreateRoleResult>"
        )
    );
    let used = Role {
        role_last_used: Some(RoleLastUsed::default()),
        description: Some(String::new()),
        ..role()
    };
    let xml = render(IAM, "GetRole", &iam::GetRoleResponse { role: used }, "id");
    assert!(
        xml.contains("<Description/>") && xml.contains("<RoleLastUsed/></Role>"),
        "{xml}"
    );
}

#[test]
fn lists_are_members_and_empty_ones_stay() {
    let answer = ListAttachedRolePoliciesResponse {
        attached_policies: Some(
            ["a", "b"]
                .map(|name| AttachedPolicy {
                    policy_name: Some(name.to_owned()),
                    policy_arn: None,
                })
                .to_vec(),
        ),
        is_truncated: Some(false),
        marker: None,
    };
    assert_eq!(
        render(IAM, "ListAttachedRolePolicies", &answer, "id"),
        document(
            "ListAttachedRolePolicies",
            "<ListAttachedRolePoliciesResult><AttachedPolicies><member><PolicyName>a</PolicyName></member>\
             <member><PolicyName>b</PolicyName></member></AttachedPolicies><IsTruncated>false</IsTruncated>\
             </ListAttachedRolePoliciesResult>"
        )
    );
    let none = ListUsersResponse {
        is_truncated: Some(false),
        ..ListUsersResponse::default()
    };
    assert_eq!(
        render(IAM, "ListUsers", &none, "id"),
        document(
            "ListUsers",
            "<ListUsersResult><Users/><IsTruncated>false</IsTruncated></ListUsersResult>"
        )
    );
}

#[test]
fn a_map_is_entries() {
    let answer = GetAccountSummaryResponse {
        summary_map: Some(BTreeMap::from([
            ("Users".to_owned(), 3),
            ("Roles".to_owned(), -1),
        ])),
    };
    assert_eq!(
        render(IAM, "GetAccountSummary", &answer, "id"),
        document(
            "GetAccountSummary",
            "<GetAccountSummaryResult><SummaryMap><entry><key>Roles</key><value>-1</value></entry>\
             <entry><key>Users</key><value>3</value></entry></SummaryMap></GetAccountSummaryResult>"
        )
    );
}

#[test]
fn no_answer_has_no_result_and_an_empty_one_an_empty_result() {
    assert_eq!(
        Answer::to::<DeleteRoleRequest>(()).xml("id"),
        document("DeleteRole", "")
    );
    assert_eq!(
        render(IAM, "DeleteRole", &None::<Role>, "id"),
        document("DeleteRole", "")
    );
    assert_eq!(
        Answer::to::<UpdateRoleRequest>(UpdateRoleResponse {}).xml("id"),
        document("UpdateRole", "<UpdateRoleResult/>")
    );
}

#[test]
fn what_no_shape_has_leaves_no_half_of_a_document() {
    #[derive(Serialize)]
    enum Odd {
        Pair(u8, u8),
    }
    assert_eq!(
        render(IAM, "X", &[Odd::Pair(1, 2)], "id"),
        document("X", "")
    );
}

#[test]
fn an_answer_of_sts_is_xml_and_json() {
    let answer = Answer::to::<GetCallerIdentityRequest>(GetCallerIdentityResponse {
        arn: Some("arn:a<&>".to_owned()),
        account: Some("1".to_owned()),
        user_id: None,
    });
    assert_eq!(
        answer.xml("id"),
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:a&lt;&amp;&gt;</Arn><Account>1</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    );
    assert_eq!(
        answer.json("id"),
        r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"1","Arn":"arn:a<&>"},"ResponseMetadata":{"RequestId":"id"}}}"#
    );
    assert!(!format!("{answer:?}").contains("arn:"));
}

#[test]
fn times_in_json_are_seconds_and_absent_members_are_left_out() {
    let session = GetSessionTokenResponse {
        credentials: Some(Credentials {
            access_key_id: "ASIA".to_owned(),
            secret_access_key: "s".to_owned(),
            session_token: "t".to_owned(),
            expiration: Timestamp::from_seconds(1_767_323_045),
        }),
    };
    assert_eq!(
        render_json("GetSessionToken", &session, "id"),
        r#"{"GetSessionTokenResponse":{"GetSessionTokenResult":{"Credentials":{"AccessKeyId":"ASIA","Expiration":1767323045,"SecretAccessKey":"s","SessionToken":"t"}},"ResponseMetadata":{"RequestId":"id"}}}"#
    );
    let nothing = render_json(
        "GetSessionToken",
        &sts::GetSessionTokenResponse::default(),
        "id",
    );
    assert!(
        nothing.contains(r#""GetSessionTokenResult":{}"#),
        "{nothing}"
    );
    assert!(!render_json("X", &(), "id").contains("Result"));
}

#[test]
fn times_are_rendered_to_the_second() {
    for (micros, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_399_000_000, "2000-02-28T23:59:59Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00Z"),
    ] {
        let xml = render("", "X", &[Timestamp::from_micros(micros)], "");
        assert!(xml.contains(&format!("<member>{text}</member>")), "{xml}");
    }
    let _far = render("", "X", &Timestamp::from_seconds(i64::MAX), "");
}

#[test]
fn documents_keep_unreserved_characters_alone() {
    assert_eq!(
        percent_encode_document("aZ09-_.~ +/*'(){}\n\u{e9}"),
        "aZ09-_.~%20%2B%2F%2A%27%28%29%7B%7D%0A%C3%A9"
    );
}

proptest! {
    #[test]
    fn whatever_the_text_the_document_stays_whole(text in any::<String>(), id in any::<String>()) {
        let answer = ListUsersResponse { marker: Some(text), ..ListUsersResponse::default() };
        let xml = render(IAM, "ListUsers", &answer, &id);
        prop_assert_eq!(xml.matches("<Marker").count(), 1);
        prop_assert!(xml.starts_with("<ListUsersResponse xmlns="));
        prop_assert!(xml.ends_with("</RequestId></ResponseMetadata></ListUsersResponse>") || id.is_empty());
        prop_assert_eq!(xml.matches('<').count(), xml.matches('>').count());
    }
}
