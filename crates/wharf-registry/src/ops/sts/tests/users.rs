use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_user_is_the_user_but_for_iam_and_most_of_sts() {
    let world = World::open().await;
    let alice = world.user("alice", Some(&allow("*"))).await;
    let answer = world.call(&alice, "GetSessionToken", &[]).await.unwrap();
    let session = world.session(&answer).await;
    assert_eq!(world.who(&session).await.unwrap(), user_arn("alice"));
    ops::ecr::dispatch(&session, "DescribeRepositories", "{}".into())
        .await
        .unwrap();
    assert_eq!(
        refusal(world.call(&session, "ListUsers", &[]).await).0,
        "AccessDenied"
    );
    assert_eq!(
        refusal(
            world
                .call(
                    &session,
                    "GetAccessKeyInfo",
                    &[("AccessKeyId", "AKIAROOTROOTROOTROOT")]
                )
                .await
        )
        .0,
        "AccessDenied"
    );
    for (action, pairs) in [
        ("GetSessionToken", &[][..]),
        ("GetFederationToken", &[("Name", "bob")]),
    ] {
        assert_eq!(
            refusal(world.call(&session, action, pairs).await),
            (
                "AccessDenied".to_owned(),
                format!("Cannot call {action} with session credentials")
            )
        );
    }
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    world.assume(&session, "r", &[]).await.unwrap();
    // No permission is needed, and none is taken away.
    let deny = allow("*").replace("Allow", "Deny");
    let bob = world.user("bob", Some(&deny)).await;
    let answer = world.call(&bob, "GetSessionToken", &[]).await.unwrap();
    let session = world.session(&answer).await;
    assert_eq!(
        world.who(&session).await.unwrap(),
        user_arn("bob"),
        "despite the deny"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_users_last_twelve_hours_and_those_of_root_one() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    let root = world.fixture.ctx();
    for (ctx, asked, seconds) in [
        (&alice, None, 43_200),
        (&alice, Some("129600"), 129_600),
        (&root, None, 3_600),
        (&root, Some("129600"), 3_600),
        (&root, Some("900"), 900),
    ] {
        let pairs: Vec<_> = asked
            .map(|it| ("DurationSeconds", it))
            .into_iter()
            .collect();
        let answer = world.call(ctx, "GetSessionToken", &pairs).await.unwrap();
        let identity = world
            .fixture
            .service
            .identity(key_of(&answer))
            .await
            .unwrap()
            .unwrap();
        let end = identity.expires_at.unwrap();
        let issued = ctx.now / SECOND * SECOND;
        assert_eq!(end, issued + seconds * SECOND, "{asked:?}");
    }
    assert_eq!(
        refusal(
            world
                .call(&alice, "GetSessionToken", &[("DurationSeconds", "129601")])
                .await
        )
        .0,
        "ValidationError"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_federated_user_has_what_was_passed_and_the_issuer_has() {
    let world = World::open().await;
    let policy = allow(r#"sts:GetFederationToken","sts:TagSession","ecr:Describe*"#)
        .replace(r#""Action":"#, r#""Action":["#)
        .replace(r#","Resource""#, r#"],"Resource""#);
    let alice = world.user("alice", Some(&policy)).await;
    let bare = world
        .call(&alice, "GetFederationToken", &[("Name", "bob")])
        .await
        .unwrap();
    let arn = format!("arn:aws:sts::{ACCOUNT}:federated-user/bob");
    assert_eq!(bare["FederatedUser"]["Arn"], arn);
    assert_eq!(
        bare["FederatedUser"]["FederatedUserId"],
        format!("{ACCOUNT}:bob")
    );
    assert_eq!(bare["PackedPolicySize"], 0);
    let bare = world.session(&bare).await;
    assert_eq!(world.who(&bare).await.unwrap(), arn);
    let describe =
        async |ctx: &Ctx| ops::ecr::dispatch(ctx, "DescribeRepositories", "{}".into()).await;
    assert!(describe(&bare).await.is_err(), "nothing was passed");
    let passed = [
        ("Name", "bob"),
        ("Policy", &allow("*")),
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", "b"),
    ];
    let answer = world
        .call(&alice, "GetFederationToken", &passed)
        .await
        .unwrap();
    assert!(answer["PackedPolicySize"].as_i64().unwrap() > 0);
    let session = world.session(&answer).await;
    describe(&session).await.unwrap();
    let create = r#"{"repositoryName":"x/y"}"#;
    assert!(
        ops::ecr::dispatch(&session, "CreateRepository", create.into())
            .await
            .is_err(),
        "the issuer may not"
    );
    world.role("open", &trust("*", ASSUME, "")).await;
    assert_eq!(
        refusal(world.assume(&session, "open", &[]).await).0,
        "AccessDenied"
    );
    for action in ["GetSessionToken", "ListUsers"] {
        assert_eq!(
            refusal(world.call(&session, action, &[]).await).0,
            "AccessDenied",
            "{action}"
        );
    }
    // Who may not federate is told so.
    let carol = world.user("carol", None).await;
    let (_, text) = refusal(
        world
            .call(&carol, "GetFederationToken", &[("Name", "bob")])
            .await,
    );
    assert_eq!(
        text,
        format!(
            "User: {} is not authorized to perform: sts:GetFederationToken on resource: {arn} because no identity-based policy allows the sts:GetFederationToken action",
            user_arn("carol")
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_key_is_told_and_no_message_is_decoded() {
    let world = World::open().await;
    let root = world.fixture.ctx();
    let session = world.call(&root, "GetSessionToken", &[]).await.unwrap();
    for id in ["AKIAROOTROOTROOTROOT", key_of(&session)] {
        let answer = world.root("GetAccessKeyInfo", &[("AccessKeyId", id)]).await;
        assert_eq!(answer["Account"], ACCOUNT);
    }
    let unknown = [("AccessKeyId", "AKIANOBODYNOBODYNOBO")];
    assert_eq!(
        refusal(world.call(&root, "GetAccessKeyInfo", &unknown).await).0,
        "ValidationError"
    );
    let message = [("EncodedMessage", "abc")];
    assert_eq!(
        refusal(
            world
                .call(&root, "DecodeAuthorizationMessage", &message)
                .await
        ),
        (
            "InvalidAuthorizationMessageException".to_owned(),
            "Message is not valid".to_owned()
        )
    );
    let alice = world.user("alice", None).await;
    for (action, pairs) in [
        ("GetAccessKeyInfo", unknown),
        ("DecodeAuthorizationMessage", message),
    ] {
        assert_eq!(
            refusal(world.call(&alice, action, &pairs).await).0,
            "AccessDenied"
        );
    }
}
