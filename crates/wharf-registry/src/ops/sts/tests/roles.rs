use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_role_trusts_gets_a_session_that_is_the_role() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("deploy", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    world.role_policy("deploy", &allow("iam:ListUsers")).await;
    let answer = world.assume(&alice, "deploy", &[]).await.unwrap();
    let session = world.session(&answer).await;
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-1");
    let id = answer["AssumedRoleUser"]["AssumedRoleId"].as_str().unwrap();
    assert!(id.starts_with("AROA") && id.ends_with(":run-1"), "{id}");
    assert_eq!(answer["AssumedRoleUser"]["Arn"], arn);
    assert_eq!(
        answer["PackedPolicySize"],
        Value::Null,
        "a plain call has none"
    );
    assert_eq!(world.who(&session).await.unwrap(), arn);
    let token = answer["Credentials"]["SessionToken"].as_str().unwrap();
    let service = &world.fixture.service;
    assert!(service.is_token_of(token, key_of(&answer)));
    assert!(!service.is_token_of(token, &alice.principal.access_key_id));
    // It may what the role may, and no more.
    world.call(&session, "ListUsers", &[]).await.unwrap();
    let (code, text) = refusal(world.call(&session, "ListRoles", &[]).await);
    assert_eq!(code, "AccessDenied");
    assert!(
        text.starts_with(&format!("User: {arn} is not authorized")),
        "{text}"
    );
    // What is taken from the role is taken from its sessions.
    let pairs = [
        ("RoleName", "deploy"),
        ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ];
    world.root("AttachRolePolicy", &pairs).await;
    world.call(&session, "ListRoles", &[]).await.unwrap();
    world.root("DetachRolePolicy", &pairs).await;
    assert!(world.call(&session, "ListRoles", &[]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_no_account_and_no_trust_are_one_refusal() {
    let world = World::open().await;
    let alice = world.user("alice", Some(&allow("sts:AssumeRole"))).await;
    world
        .role(
            "other",
            &trust(&role_arn("x"), ASSUME, "").replace(&role_arn("x"), "999999999999"),
        )
        .await;
    let own = format!("arn:aws:iam::{ACCOUNT}:role/");
    for arn in [
        format!("{own}other"),
        format!("{own}missing"),
        format!("{own}path/other"),
        "arn:aws:iam::000000000000:role/other".to_owned(),
        format!("arn:aws:iam::{ACCOUNT}:user/alice"),
    ] {
        let pairs = [("RoleArn", arn.as_str()), ("RoleSessionName", "s1")];
        let (code, text) = refusal(world.call(&alice, "AssumeRole", &pairs).await);
        let expected = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn} because no role trust policy allows the sts:AssumeRole action",
            user_arn("alice")
        );
        assert_eq!((code.as_str(), text), ("AccessDenied", expected));
    }
    // To delegate to the account is not to name the user.
    let bob = world.user("bob", None).await;
    world.role("delegated", &trust(ACCOUNT, ASSUME, "")).await;
    let (_, text) = refusal(world.assume(&bob, "delegated", &[]).await);
    assert!(
        text.ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{text}"
    );
    world.assume(&alice, "delegated", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_arn_and_what_root_asks_is_refused_with_its_text() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    for arn in [
        "nothing-valid-in-here",
        "arn:aws:iam::12:role/some-role",
        "arn:aws:iam::123456789012:",
        "arn:aws:iam:123456789012:r",
    ] {
        let pairs = [("RoleArn", arn), ("RoleSessionName", "s1")];
        assert_eq!(
            refusal(world.call(&alice, "AssumeRole", &pairs).await),
            ("ValidationError".to_owned(), format!("{arn} is invalid"))
        );
    }
    world.role("open", &trust("*", ASSUME, "")).await;
    let root = world.fixture.ctx();
    let text = "Roles may not be assumed by root accounts.".to_owned();
    assert_eq!(
        refusal(world.assume(&root, "open", &[]).await),
        ("AccessDenied".to_owned(), text.clone())
    );
    let session = world.call(&root, "GetSessionToken", &[]).await.unwrap();
    let session = world.session(&session).await;
    assert_eq!(refusal(world.assume(&session, "open", &[]).await).1, text);
    world.assume(&alice, "open", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_opens_only_when_it_is_the_right_one() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    let condition = r#""StringEquals":{"sts:ExternalId":"abc","sts:RoleSessionName":"run-1"}"#;
    world
        .role("ext", &trust(&user_arn("alice"), ASSUME, condition))
        .await;
    assert!(world.assume(&alice, "ext", &[]).await.is_err());
    assert!(
        world
            .assume(&alice, "ext", &[("ExternalId", "abd")])
            .await
            .is_err()
    );
    world
        .assume(&alice, "ext", &[("ExternalId", "abc")])
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_as_long_as_the_role_lets_it() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    let now = world.fixture.service.now();
    let ends = |answer: &Value, after: i64| {
        let end = wharf_policy::date_text(now + after * SECOND);
        // The call is made within two seconds.
        let later = wharf_policy::date_text(now + (after + 1) * SECOND);
        let told = answer["Credentials"]["Expiration"].clone();
        let told = told.as_str().map_or_else(
            || wharf_policy::date_text(told.as_i64().unwrap_or(0) * SECOND),
            str::to_owned,
        );
        assert!([end, later].contains(&told), "{told}");
    };
    ends(&world.assume(&alice, "r", &[]).await.unwrap(), 3_600);
    ends(
        &world
            .assume(&alice, "r", &[("DurationSeconds", "900")])
            .await
            .unwrap(),
        900,
    );
    for (asked, text) in [
        (
            "3601",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        (
            "899",
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
        ),
        (
            "43201",
            "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
        ),
    ] {
        let refused = world
            .assume(&alice, "r", &[("DurationSeconds", asked)])
            .await;
        assert_eq!(
            refusal(refused),
            ("ValidationError".to_owned(), text.to_owned())
        );
    }
    world
        .root(
            "UpdateRole",
            &[("RoleName", "r"), ("MaxSessionDuration", "7200")],
        )
        .await;
    ends(
        &world
            .assume(&alice, "r", &[("DurationSeconds", "7200")])
            .await
            .unwrap(),
        7_200,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn session_policies_limit_and_have_to_be_policies() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    world.role_policy("r", &allow("iam:List*")).await;
    let policy = allow("iam:ListUsers");
    let answer = world
        .assume(&alice, "r", &[("Policy", &policy)])
        .await
        .unwrap();
    let size = answer["PackedPolicySize"].as_i64().unwrap();
    assert!((1..20).contains(&size), "{size}");
    let session = world.session(&answer).await;
    world.call(&session, "ListUsers", &[]).await.unwrap();
    let (_, text) = refusal(world.call(&session, "ListRoles", &[]).await);
    assert!(
        text.ends_with("because no session policy allows the iam:ListRoles action"),
        "{text}"
    );
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let wide = world
        .assume(&alice, "r", &[("PolicyArns.member.1.arn", admin)])
        .await
        .unwrap();
    let wide = world.session(&wide).await;
    world.call(&wide, "ListRoles", &[]).await.unwrap();
    let missing = "arn:aws:iam::123456789012:policy/none";
    let refused = world
        .assume(&alice, "r", &[("PolicyArns.member.1.arn", missing)])
        .await;
    assert_eq!(
        refusal(refused),
        (
            "MalformedPolicyDocument".to_owned(),
            format!("Policy {missing} does not exist or is not attachable.")
        )
    );
    let refused = world.assume(&alice, "r", &[("Policy", "{")]).await;
    assert_eq!(refusal(refused).0, "MalformedPolicyDocument");
    // Whoever is not trusted learns nothing of that.
    let bob = world.user("bob", None).await;
    assert_eq!(
        refusal(world.assume(&bob, "r", &[("Policy", "{")]).await).0,
        "AccessDenied"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_devices_and_contexts_are_refused() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    let device = [
        ("SerialNumber", "arn:aws:iam::123456789012:mfa/alice"),
        ("TokenCode", "123456"),
    ];
    let text = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    for action in ["AssumeRole", "GetSessionToken"] {
        let refused = match action {
            "AssumeRole" => world.assume(&alice, "r", &device).await,
            _ => world.call(&alice, action, &device).await,
        };
        assert_eq!(
            refusal(refused),
            ("AccessDenied".to_owned(), text.to_owned())
        );
    }
    let context = [("ProvidedContexts.member.1.ContextAssertion", "abcdef")];
    assert_eq!(
        refusal(world.assume(&alice, "r", &context).await).0,
        "ValidationError"
    );
}
