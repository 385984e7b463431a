use serde_json::{Value, json};
use tokio::task::JoinSet;
use wharf_meta::Durability;
use wharf_meta::iam::entities as rows;
use wharf_policy::Kind;
use wharf_wire::query::{Params, percent_encode_document};

use crate::data::iam::{EntityKind, documents};
use crate::uploads::tests::fixture::Fixture;
use crate::{Ctx, Error, Result, data, ops};

const ACCOUNT: &str = "123456789012";
const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Calls an operation of IAM; the answer is its XML.
async fn call(ctx: &Ctx, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encode_document(value)));
    let form = pairs.collect::<Vec<_>>().join("&");
    let params = Params::parse(form.as_bytes()).unwrap();
    let answer = ops::iam::dispatch(ctx, action, &params).await?;
    Ok(answer.xml("id"))
}

/// What a refusal says.
fn refused(result: &Result<String>) -> String {
    match result {
        Err(Error::Query(error)) => format!("{} {}", error.code, error.message),
        other => panic!("{other:?}"),
    }
}

async fn insert(fixture: &Fixture, entities: Vec<rows::EntityRow>) {
    let insert = move |tx: &mut wharf_meta::Tx| {
        entities
            .iter()
            .try_for_each(|entity| rows::insert(tx, entity))
    };
    let store = fixture.service.store();
    store
        .write("insert", Durability::Hard, insert)
        .await
        .unwrap();
}

fn entity(kind: EntityKind, name: &str, path: &str, document: Option<i64>) -> rows::EntityRow {
    rows::EntityRow {
        id: wharf_identity::new_unique_id(kind.prefix()).unwrap(),
        account: ACCOUNT.to_owned(),
        kind: kind.as_str().to_owned(),
        name_key: name.to_ascii_lowercase(),
        name: name.to_owned(),
        path: path.to_owned(),
        created_at: 1,
        updated_at: 1,
        description: None,
        document,
        boundary: None,
        max_session: None,
        default_version: None,
        last_version: None,
    }
}

/// Saves a trust policy; the id of its document.
async fn trust(fixture: &Fixture, text: &str) -> i64 {
    let text = text.to_owned();
    let now = fixture.service.now();
    let save = move |tx: &mut data::Tx<'_>| {
        documents::save(tx, Kind::Trust, &text, now).map_err(|error| match error {
            documents::Unsaved::Failed(error) => error,
            other => Error::internal(format!("{other:?}")),
        })
    };
    let service = &fixture.service;
    service
        .write("trust", Durability::Hard, save)
        .await
        .unwrap()
}

async fn shown(fixture: &Fixture, document: i64) -> Value {
    let read = move |tx: &mut data::Tx<'_>| documents::text(tx, document);
    let text = fixture.service.read("text", read).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_shows_the_user_it_names_by_its_new_arn_and_one_that_is_gone_by_its_id() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let made = call(&ctx, "CreateUser", &[("UserName", "ann")])
        .await
        .unwrap();
    let (_, id) = made.split_once("<UserId>").unwrap();
    let (id, _) = id.split_once('<').unwrap();
    let named = |principal: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"AWS": principal}}]})
    };
    let before = named("arn:aws:iam::123456789012:user/ann");
    let document = trust(&fixture, &before.to_string()).await;
    assert_eq!(shown(&fixture, document).await, before);
    let rename = [
        ("UserName", "ann"),
        ("NewUserName", "eve"),
        ("NewPath", "/team/"),
    ];
    call(&ctx, "UpdateUser", &rename).await.unwrap();
    let after = named("arn:aws:iam::123456789012:user/team/eve");
    assert_eq!(shown(&fixture, document).await, after);
    // Another user of the old name is somebody else.
    call(&ctx, "CreateUser", &[("UserName", "ann")])
        .await
        .unwrap();
    assert_eq!(shown(&fixture, document).await, after);
    call(&ctx, "DeleteUser", &[("UserName", "eve")])
        .await
        .unwrap();
    assert_eq!(shown(&fixture, document).await, named(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_give_one_user_a_key_two_succeed() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    call(&ctx, "CreateUser", &[("UserName", "u")])
        .await
        .unwrap();
    let mut tries = JoinSet::new();
    for _ in 0..8 {
        let ctx = ctx.clone();
        tries.spawn(async move { call(&ctx, "CreateAccessKey", &[("UserName", "u")]).await });
    }
    let mut made = 0;
    for each in tries.join_all().await {
        match each {
            Ok(_) => made += 1,
            refusal => assert_eq!(
                refused(&refusal),
                "LimitExceeded Cannot exceed quota for AccessKeysPerUser: 2"
            ),
        }
    }
    assert_eq!(made, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_groups_that_take_one_user_ten_have_it() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    call(&ctx, "CreateUser", &[("UserName", "u")])
        .await
        .unwrap();
    let groups = (0..15).map(|n| entity(EntityKind::Group, &format!("g{n}"), "/", None));
    insert(&fixture, groups.collect()).await;
    let mut tries = JoinSet::new();
    for n in 0..15 {
        let (ctx, group) = (ctx.clone(), format!("g{n}"));
        tries.spawn(async move {
            let asked = [("GroupName", group.as_str()), ("UserName", "u")];
            call(&ctx, "AddUserToGroup", &asked).await
        });
    }
    for refusal in tries.join_all().await {
        if refusal.is_err() {
            assert_eq!(
                refused(&refusal),
                "LimitExceeded Cannot exceed quota for GroupsPerUser: 10"
            );
        }
    }
    let listed = call(&ctx, "ListGroupsForUser", &[("UserName", "u")]).await;
    assert_eq!(listed.unwrap().matches("<member>").count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_quota_of_groups_and_no_more() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let (quota, _) = EntityKind::Group.quota();
    let groups = (1..quota).map(|n| entity(EntityKind::Group, &format!("g{n}"), "/", None));
    insert(&fixture, groups.collect()).await;
    call(&ctx, "CreateGroup", &[("GroupName", "last")])
        .await
        .unwrap();
    let refusal = call(&ctx, "CreateGroup", &[("GroupName", "one-more")]).await;
    assert_eq!(
        refused(&refusal),
        "LimitExceeded Cannot exceed quota for GroupsPerAccount: 500"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_has_inline_policies_unless_a_service_owns_it() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let anybody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let (own, others) = (
        trust(&fixture, anybody).await,
        trust(&fixture, anybody).await,
    );
    let roles = vec![
        entity(EntityKind::Role, "Mine", "/", Some(own)),
        entity(
            EntityKind::Role,
            "theirs",
            "/aws-service-role/x/",
            Some(others),
        ),
    ];
    insert(&fixture, roles).await;
    let policy = [
        ("RoleName", "mine"),
        ("PolicyName", "p"),
        ("PolicyDocument", ALL),
    ];
    call(&ctx, "PutRolePolicy", &policy).await.unwrap();
    let named = [("RoleName", "mine"), ("PolicyName", "p")];
    let got = call(&ctx, "GetRolePolicy", &named).await.unwrap();
    assert!(got.contains("<RoleName>Mine</RoleName>"), "{got}");
    assert!(got.contains(&percent_encode_document(ALL)), "{got}");
    let all = call(&ctx, "ListRolePolicies", &[("RoleName", "MINE")]).await;
    assert!(all.unwrap().contains("<member>p</member>"));
    call(&ctx, "DeleteRolePolicy", &named).await.unwrap();
    assert_eq!(
        refused(&call(&ctx, "DeleteRolePolicy", &named).await),
        "NoSuchEntity The role policy with name p cannot be found."
    );
    let text = "UnmodifiableEntity Cannot perform the operation on the protected role 'theirs' - this role is only modifiable by AWS";
    let [_, name, document] = policy;
    let theirs = [("RoleName", "theirs"), name, document];
    assert_eq!(refused(&call(&ctx, "PutRolePolicy", &theirs).await), text);
    let theirs = &theirs[..2];
    assert_eq!(refused(&call(&ctx, "DeleteRolePolicy", theirs).await), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_gone_leaves_no_count_of_its_use() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let made = call(&ctx, "CreateAccessKey", &[]).await.unwrap();
    let (_, id) = made.split_once("<AccessKeyId>").unwrap();
    let (id, _) = id.split_once('<').unwrap();
    let mut user = ctx.principal.clone();
    id.clone_into(&mut user.access_key_id);
    fixture.service.count_key_use(&user, "ecr", &ctx.region);
    fixture.service.count_key_use(&user, "ecr", &ctx.region);
    let asked = [("AccessKeyId", id)];
    let told = call(&ctx, "GetAccessKeyLastUsed", &asked).await.unwrap();
    assert!(told.contains("<ServiceName>ecr</ServiceName><Region>us-east-1</Region>"));
    assert_eq!(fixture.rows("usage").await, 1);
    call(&ctx, "DeleteAccessKey", &asked).await.unwrap();
    assert_eq!(fixture.rows("usage").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_simulated_as_one_of_its_sessions_whose_name_nobody_knows() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let anybody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let trust = trust(&fixture, anybody).await;
    let role = entity(EntityKind::Role, "ci", "/team/", Some(trust));
    insert(&fixture, vec![role]).await;
    let own = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ecr:PutImage","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/team/ci"}}},
        {"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringLike":{"aws:userId":"*:main"}}}]}"#;
    let policy = [
        ("RoleName", "ci"),
        ("PolicyName", "own"),
        ("PolicyDocument", own),
    ];
    call(&ctx, "PutRolePolicy", &policy).await.unwrap();
    let asked = [
        ("PolicySourceArn", "arn:aws:iam::123456789012:role/team/ci"),
        ("ActionNames.member.1", "ecr:PutImage"),
    ];
    let told = call(&ctx, "SimulatePrincipalPolicy", &asked).await.unwrap();
    for part in [
        "<EvalDecision>allowed</EvalDecision>",
        "<SourcePolicyId>role_ci_own</SourcePolicyId><SourcePolicyType>role</SourcePolicyType>",
        "<MissingContextValues><member>aws:userId</member></MissingContextValues>",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let details = call(&ctx, "GetAccountAuthorizationDetails", &[]).await;
    let details = details.unwrap();
    let document = percent_encode_document(anybody);
    for part in [
        format!("<AssumeRolePolicyDocument>{document}</AssumeRolePolicyDocument>"),
        "<InstanceProfileList/>".to_owned(),
        "<PolicyName>own</PolicyName>".to_owned(),
    ] {
        assert!(details.contains(&part), "{part}: {details}");
    }
}
