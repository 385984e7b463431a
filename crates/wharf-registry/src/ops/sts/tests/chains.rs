use super::*;

const ALL: &str = r#""sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity""#;

fn tag<'a>(names: [&'a str; 2], key: &'a str, value: &'a str) -> [(&'a str, &'a str); 2] {
    [(names[0], key), (names[1], value)]
}

const FIRST: [&str; 2] = ["Tags.member.1.Key", "Tags.member.1.Value"];
const SECOND_TAG: [&str; 2] = ["Tags.member.2.Key", "Tags.member.2.Value"];

#[tokio::test(flavor = "multi_thread")]
async fn tags_need_their_own_permission_in_the_trust_policy() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("plain", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    let condition = r#""StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}"#;
    world
        .role("tagged", &trust(&user_arn("alice"), TAGGING, condition))
        .await;
    let blue = tag(FIRST, "Team", "blue");
    let (code, text) = refusal(world.assume(&alice, "plain", &blue).await);
    assert_eq!(code, "AccessDenied");
    assert!(
        text.contains("is not authorized to perform: sts:TagSession on resource:"),
        "{text}"
    );
    let answer = world.assume(&alice, "tagged", &blue).await.unwrap();
    assert_eq!(answer["PackedPolicySize"], 2);
    assert!(
        world
            .assume(&alice, "tagged", &tag(FIRST, "Team", "red"))
            .await
            .is_err()
    );
    assert!(world.assume(&alice, "tagged", &[]).await.is_err());
    // The session has the tag, whatever the role's own says.
    world
        .root(
            "TagRole",
            &[
                ("RoleName", "tagged"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "green"),
            ],
        )
        .await;
    let identity = world
        .fixture
        .service
        .identity(key_of(&answer))
        .await
        .unwrap()
        .unwrap();
    let tags: Vec<_> = identity
        .keys
        .iter()
        .filter(|(key, _)| key.contains("PrincipalTag"))
        .collect();
    assert_eq!(
        tags,
        [&("aws:PrincipalTag/Team".to_owned(), "blue".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_tags_is_told_word_for_word() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world.role("r", &trust(&user_arn("alice"), ALL, "")).await;
    let refused = async |pairs: &[(&str, &str)]| {
        let (code, text) = refusal(world.assume(&alice, "r", pairs).await);
        assert_eq!(code, "InvalidParameterValue");
        text
    };
    let twice = [tag(FIRST, "a", "1"), tag(SECOND_TAG, "A", "2")].concat();
    assert_eq!(
        refused(&twice).await,
        "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    );
    let foreign = [
        &tag(FIRST, "a", "1")[..],
        &[("TransitiveTagKeys.member.1", "b")],
    ]
    .concat();
    assert_eq!(
        refused(&foreign).await,
        "The specified transitive tag key must be included in the requested tags."
    );
    assert!(refused(&tag(FIRST, "AWS:x", "1")).await.contains("aws:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_hands_transitive_tags_on_and_ends_after_an_hour() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world.role("one", &trust(&user_arn("alice"), ALL, "")).await;
    let carried = r#""StringEquals":{"aws:RequestTag/team":"blue","sts:TransitiveTagKeys":"Team"}"#;
    world
        .role("two", &trust(&role_arn("one"), ALL, carried))
        .await;
    world
        .role("untagged", &trust(&role_arn("one"), ASSUME, ""))
        .await;
    for role in ["one", "two"] {
        world
            .root(
                "UpdateRole",
                &[("RoleName", role), ("MaxSessionDuration", "43200")],
            )
            .await;
    }
    let passed = [
        &tag(FIRST, "Team", "blue")[..],
        &tag(SECOND_TAG, "other", "x"),
        &[
            ("TransitiveTagKeys.member.1", "team"),
            ("DurationSeconds", "43200"),
        ],
    ]
    .concat();
    let one = world.assume(&alice, "one", &passed).await.unwrap();
    let one = world.session(&one).await;
    let carried = r#""StringEquals":{"aws:RequestTag/team":"blue","sts:TransitiveTagKeys":"team"}"#;
    let pairs = [
        ("RoleName", "two"),
        ("PolicyDocument", &trust(&role_arn("one"), ALL, carried)),
    ];
    world.root("UpdateAssumeRolePolicy", &pairs).await;
    let two = world
        .assume(&one, "two", &tag(FIRST, "more", "y"))
        .await
        .unwrap();
    let details = world.details(&two).await;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(details.tags, [pair("Team", "blue"), pair("more", "y")]);
    assert_eq!(details.transitive, ["team"]);
    let conflict = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";
    for pairs in [
        tag(FIRST, "TEAM", "red").to_vec(),
        [
            &tag(FIRST, "team", "blue")[..],
            &[("TransitiveTagKeys.member.1", "team")],
        ]
        .concat(),
    ] {
        let refused = refusal(world.assume(&one, "two", &pairs).await);
        assert_eq!(
            refused,
            ("InvalidParameterValue".to_owned(), conflict.to_owned())
        );
    }
    // What is inherited has to be allowed as well.
    let (_, text) = refusal(world.assume(&one, "untagged", &[]).await);
    assert!(text.contains("sts:TagSession"), "{text}");
    let long = world
        .assume(&one, "two", &[("DurationSeconds", "3601")])
        .await;
    assert_eq!(
        refusal(long),
        (
            "ValidationError".to_owned(),
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining".to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_identity_is_set_once_and_needs_its_own_permission() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world.role("one", &trust(&user_arn("alice"), ALL, "")).await;
    world
        .role(
            "two",
            &trust(
                &role_arn("one"),
                ALL,
                r#""StringEquals":{"aws:SourceIdentity":"alice","sts:SourceIdentity":"alice"}"#,
            ),
        )
        .await;
    world
        .role("not", &trust(&role_arn("one"), TAGGING, ""))
        .await;
    let named = [("SourceIdentity", "alice")];
    let answer = world.assume(&alice, "one", &named).await.unwrap();
    assert_eq!(answer["SourceIdentity"], "alice");
    let one = world.session(&answer).await;
    let two = world.assume(&one, "two", &[]).await.unwrap();
    assert_eq!(two["SourceIdentity"], "alice", "it is kept in the chain");
    world.assume(&one, "two", &named).await.unwrap();
    let other = world
        .assume(&one, "two", &[("SourceIdentity", "mallory")])
        .await;
    assert_eq!(refusal(other).0, "AccessDenied");
    let (_, text) = refusal(world.assume(&one, "not", &[]).await);
    assert!(text.contains("sts:SetSourceIdentity"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_assumes_itself_only_when_it_trusts_itself() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    world.role_policy("r", &allow("sts:AssumeRole")).await;
    let session = world.assume(&alice, "r", &[]).await.unwrap();
    let session = world.session(&session).await;
    assert!(world.assume(&session, "r", &[]).await.is_err());
    let both = format!(r#"{}","{}"#, user_arn("alice"), role_arn("r"));
    let both = trust(&both, ASSUME, "")
        .replace(r#"{"AWS":"#, r#"{"AWS":["#)
        .replace(r#""},"Action""#, r#""]},"Action""#);
    world
        .root(
            "UpdateAssumeRolePolicy",
            &[("RoleName", "r"), ("PolicyDocument", &both)],
        )
        .await;
    world.assume(&session, "r", &[]).await.unwrap();
}
