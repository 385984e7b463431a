use super::*;
use crate::sweep;

async fn session_of_a_role(world: &World) -> (Ctx, Value) {
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    world.role_policy("r", &allow("*")).await;
    let answer = world
        .assume(&alice, "r", &[("DurationSeconds", "900")])
        .await
        .unwrap();
    (alice, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_at_its_second_and_its_row_is_swept() {
    let world = World::open().await;
    let (_, answer) = session_of_a_role(&world).await;
    let service = &world.fixture.service;
    let end = service
        .identity(key_of(&answer))
        .await
        .unwrap()
        .unwrap()
        .expires_at
        .unwrap();
    assert_eq!(end % SECOND, 0);
    let mut ctx = world.session(&answer).await.request().as_ref().clone();
    ctx.now = end - 1;
    world
        .who(&Ctx::new(service.clone(), ctx.clone()))
        .await
        .unwrap();
    ctx.now = end;
    let late = Ctx::new(service.clone(), ctx);
    assert!(matches!(world.who(&late).await, Err(Error::ExpiredToken)));
    assert!(matches!(
        world.call(&late, "ListUsers", &[]).await,
        Err(Error::ExpiredToken)
    ));
    assert_eq!(sweep::run(service).await.unwrap().sessions, 0);
    service.advance_clock(901 * SECOND);
    assert_eq!(sweep::run(service).await.unwrap().sessions, 1);
    assert_eq!(world.fixture.rows("sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_go_with_their_role_or_user() {
    let world = World::open().await;
    let (alice, answer) = session_of_a_role(&world).await;
    let session = world.session(&answer).await;
    let own = world.call(&alice, "GetSessionToken", &[]).await.unwrap();
    let own = world.session(&own).await;
    world.who(&session).await.unwrap();
    let gone = |result: Result<String>| matches!(result, Err(Error::CredentialsGone));
    let inline = move |tx: &mut wharf_meta::Tx| {
        let role = wharf_meta::iam::entities::by_name(tx, ACCOUNT, "role", "r")?.unwrap();
        for row in wharf_meta::iam::inline::of(tx, &role.id, "", 10)? {
            wharf_meta::iam::inline::delete(tx, &role.id, &row.name)?;
        }
        Ok::<_, wharf_meta::Error>(())
    };
    let store = world.fixture.service.store();
    store
        .write("inline", Durability::Hard, inline)
        .await
        .unwrap();
    world.root("DeleteRole", &[("RoleName", "r")]).await;
    assert!(gone(world.who(&session).await));
    // A role of the same name is another one.
    world
        .role("r", &trust(&user_arn("alice"), ASSUME, ""))
        .await;
    assert!(gone(world.who(&session).await));
    world.who(&own).await.unwrap();
    let id = alice.principal.access_key_id.clone();
    let remove =
        move |tx: &mut wharf_meta::Tx| wharf_meta::access_keys::delete(tx, &id).map(|_| ());
    store.write("key", Durability::Hard, remove).await.unwrap();
    world.who(&own).await.unwrap();
    world.root("DeleteUser", &[("UserName", "alice")]).await;
    assert!(gone(world.who(&own).await));
    assert_eq!(world.fixture.rows("sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_sessions_are_revoked_by_a_deny_on_their_time_of_issue() {
    let world = World::open().await;
    let (alice, answer) = session_of_a_role(&world).await;
    let old = world.session(&answer).await;
    world.call(&old, "ListUsers", &[]).await.unwrap();
    world.fixture.service.advance_clock(10 * SECOND);
    let before = wharf_policy::date_text(world.fixture.service.now() - 5 * SECOND);
    let deny = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"DateLessThan":{{"aws:TokenIssueTime":"{before}"}}}}}}]}}"#
    );
    world.role_policy("r", &deny).await;
    let (_, text) = refusal(world.call(&old, "ListUsers", &[]).await);
    assert!(
        text.ends_with("with an explicit deny in an identity-based policy"),
        "{text}"
    );
    // To say who one is stays allowed.
    world.who(&old).await.unwrap();
    // A request of today, not of before the clock was moved.
    let alice = world.ctx_of(&alice.principal.access_key_id).await.unwrap();
    let new = world.assume(&alice, "r", &[]).await.unwrap();
    let new = world.session(&new).await;
    world.call(&new, "ListUsers", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_password_ends_with_its_session_and_is_short_whatever_the_session_carries() {
    let world = World::open().await;
    let alice = world.user("alice", None).await;
    world
        .role("r", &trust(&user_arn("alice"), TAGGING, ""))
        .await;
    world.role_policy("r", &allow("ecr:*")).await;
    let policy = allow("ecr:*");
    let policy = format!("{policy}{}", " ".repeat(2_048 - policy.len()));
    let names: Vec<[String; 2]> = (1..=50)
        .map(|at| {
            [
                format!("Tags.member.{at}.Key"),
                format!("Tags.member.{at}.Value"),
            ]
        })
        .collect();
    let values: Vec<[String; 2]> = (1..=50)
        .map(|at| [format!("key{at}"), format!("value{at}")])
        .collect();
    let mut pairs = vec![("Policy", policy.as_str())];
    for (name, value) in names.iter().zip(&values) {
        pairs.extend([
            (name[0].as_str(), value[0].as_str()),
            (name[1].as_str(), value[1].as_str()),
        ]);
    }
    let answer = world.assume(&alice, "r", &pairs).await.unwrap();
    let session = world.session(&answer).await;
    let token = ops::ecr::dispatch(&session, "GetAuthorizationToken", "{}".into())
        .await
        .unwrap();
    let token: Value = serde_json::from_slice(&token).unwrap();
    let data = &token["authorizationData"][0];
    let service = world.fixture.service.clone();
    let end = service
        .identity(key_of(&answer))
        .await
        .unwrap()
        .unwrap()
        .expires_at
        .unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "seconds of this century")]
    let told = data["expiresAt"].as_f64().unwrap() as i64;
    assert_eq!(
        told,
        end / SECOND,
        "the session ends before twelve hours do"
    );
    let decoded = {
        use base64::Engine as _;
        let text = data["authorizationToken"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    };
    let password = String::from_utf8(decoded).unwrap();
    let password = password.strip_prefix("AWS:").unwrap();
    assert!(
        password.len() <= 300 && !password.contains(':'),
        "{}",
        password.len()
    );
    let (principal, ..) = service.open_password(password).await.unwrap();
    assert_eq!(principal.unique_id, session.principal.unique_id);
    let url = wharf_identity::seal_reference(service.token_key(), key_of(&answer));
    assert!(url.is_ok(), "layer URLs name the session");
    service.advance_clock(3_601 * SECOND);
    assert!(service.open_password(password).await.is_err());
}
