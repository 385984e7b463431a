use super::*;
use crate::uploads::tests::fixture::{Fixture, KEY_ID};
use crate::{Endpoint, RequestInfo};

const HOUR: Micros = 3_600_000_000;

/// A URL taken apart: host, path, query.
fn parts(url: &str) -> (&str, &str, &str) {
    let (_, rest) = url.split_once("://").unwrap();
    let (host, _) = rest.split_once('/').unwrap();
    let (path, query) = rest
        .strip_prefix(host)
        .and_then(|target| target.split_once('?'))
        .unwrap();
    (host, path, query)
}

fn at(fixture: &Fixture, url: &str, now: Micros) -> Result<Ticket, Refused> {
    let (host, path, query) = parts(url);
    check(&fixture.service, path, query, Some(host), now)
}

/// The same request, of a client that came by another address.
fn by(ctx: &Ctx, scheme: &str, authority: &str, domain: bool) -> Ctx {
    let endpoint = Endpoint {
        scheme: scheme.to_owned(),
        authority: authority.to_owned(),
        domain,
    };
    let request = RequestInfo {
        endpoint,
        ..(**ctx).clone()
    };
    Ctx::new(ctx.service().clone(), request)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_says_who_asked_for_which_layer_and_shows_no_key() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    let ctx = fixture.ctx();
    let made = of_layer(&ctx, &fixture.name, &digest).await.unwrap();
    assert_eq!(made.digest, digest);
    let beginning = format!(
        "http://localhost:4640/layers/123456789012/us-east-1/team/app/sha256/{}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=",
        digest.hex()
    );
    assert!(made.url.starts_with(&beginning), "{}", made.url);
    for parameter in [
        "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=",
        "&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=",
    ] {
        assert!(made.url.contains(parameter), "{}", made.url);
    }
    assert!(!made.url.contains(KEY_ID));
    assert!(!format!("{made:?}").contains("Signature"));
    let ticket = at(&fixture, &made.url, ctx.now).unwrap();
    assert_eq!(ticket.access_key_id, KEY_ID);
    assert_eq!(ticket.layer.digest, digest);
    assert_eq!(ticket.layer.repository, fixture.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_is_good_for_its_hour_of_domain_time() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    let ctx = fixture.ctx();
    let url = of_layer(&ctx, &fixture.name, &digest).await.unwrap().url;
    // Its second began at most a second before it was made.
    let made = ctx.now / 1_000_000 * 1_000_000;
    assert!(at(&fixture, &url, made + HOUR).is_ok());
    for (now, late) in [(made + HOUR + 1, true), (made - HOUR, false)] {
        let refused = Refused::Time {
            expired: late,
            at: made,
            expires_seconds: LIFETIME_SECONDS,
        };
        assert_eq!(at(&fixture, &url, now), Err(refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_cannot_be_bent() {
    let fixture = Fixture::open().await;
    let (digest, other) = (
        fixture.push(&[b"a layer"]).await,
        fixture.push(&[b"another"]).await,
    );
    let ctx = fixture.ctx();
    let url = of_layer(&ctx, &fixture.name, &digest).await.unwrap().url;
    let mismatch = Err(Refused::Signature(SigError::Mismatch));
    for (from, to) in [
        (digest.hex(), other.hex()),
        ("team/app", "team/other"),
        ("123456789012", "210987654321"),
        ("localhost:4640", "localhost:4641"),
        ("localhost:4640", "127.0.0.1:4640"),
        ("Expires=3600", "Expires=7200"),
        ("Signature=", "Signature=0"),
        (
            "&X-Amz-Signature=",
            "&response-content-type=text%2Fhtml&X-Amz-Signature=",
        ),
        ("SignedHeaders=host", "SignedHeaders=host%3Brange"),
    ] {
        let bent = url.replacen(from, to, 1);
        assert_ne!(bent, url);
        assert_eq!(at(&fixture, &bent, ctx.now), mismatch, "{bent}");
    }
    let (_, credential) = url.split_once("Credential=").unwrap();
    let reference = credential.split_once("%2F").unwrap().0;
    let bent = url.replace(reference, KEY_ID);
    assert_eq!(at(&fixture, &bent, ctx.now), mismatch);
    let token = format!("{url}&X-Amz-Security-Token=x");
    assert_eq!(at(&fixture, &token, ctx.now), Err(Refused::Token));
    for (from, to) in [
        ("/us-east-1/", "/eu-west-1/"),
        ("%2Fus-east-1", "%2Feu-west-1"),
        ("%2Fs3%2F", "%2Fecr%2F"),
        ("aws4_request", "aws5_request"),
    ] {
        let refused = at(&fixture, &url.replace(from, to), ctx.now);
        assert!(
            matches!(refused, Err(Refused::Signature(SigError::Scope { .. }))),
            "{refused:?}"
        );
    }
    let (host, path, query) = parts(&url);
    for bent in [
        path.to_uppercase(),
        format!("{path}/"),
        path.replace("/team/", "/x/../team/"),
        path.replace("team/", "team%2F"),
    ] {
        let refused = check(&fixture.service, &bent, query, Some(host), ctx.now);
        assert_eq!(refused, Err(Refused::Path), "{bent}");
    }
    let none = check(&fixture.service, path, "", Some(host), ctx.now);
    assert_eq!(none, Err(Refused::Signature(SigError::Missing)));
    let hostless = check(&fixture.service, path, query, None, ctx.now);
    assert_eq!(hostless, mismatch);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_root_key_takes_a_url() {
    let (fixture, stranger) = (Fixture::open().await, Fixture::open().await);
    let digest = fixture.push(&[b"a layer"]).await;
    assert_eq!(stranger.push(&[b"a layer"]).await, digest);
    let ctx = fixture.ctx();
    let url = of_layer(&ctx, &fixture.name, &digest).await.unwrap().url;
    assert_eq!(
        at(&stranger, &url, ctx.now),
        Err(Refused::Signature(SigError::Mismatch))
    );
    let fixture = fixture.reopen().await;
    assert!(at(&fixture, &url, ctx.now).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_leads_to_the_address_that_its_asker_can_use() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    let ctx = fixture.ctx();
    for (scheme, authority, domain, base, host) in [
        (
            "https",
            "R.example",
            false,
            "https://R.example",
            "r.example",
        ),
        ("https", "[::1]:443", false, "https://[::1]:443", "[::1]"),
        (
            "http",
            "r.example:80",
            false,
            "http://r.example:80",
            "r.example",
        ),
        (
            "https",
            "ecr.example:8443",
            true,
            "https://123456789012.dkr.ecr.us-east-1.ecr.example:8443",
            "123456789012.dkr.ecr.us-east-1.ecr.example:8443",
        ),
    ] {
        let ctx = by(&ctx, scheme, authority, domain);
        let url = of_layer(&ctx, &fixture.name, &digest).await.unwrap().url;
        assert!(url.starts_with(&format!("{base}/layers/")), "{url}");
        let (_, path, query) = parts(&url);
        let sent = check(&fixture.service, path, query, Some(host), ctx.now);
        assert!(sent.is_ok(), "{url}: {sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_no_image_holds_has_no_url_by_the_api() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    let ctx = fixture.ctx();
    let ask = async |digest: &str| {
        let (account, name) = (ctx.account.clone(), fixture.name.clone());
        of_image_layer(&ctx, account, name, digest).await
    };
    let inaccessible = ask(digest.as_str()).await;
    assert!(matches!(inaccessible, Err(Error::LayerInaccessible { .. })));
    let long = format!("sha256:{}", "a".repeat(1_000_000));
    for absent in [Digest::of(b"nothing").as_str(), "md5:abc", &long] {
        let gone = Error::LayerNotFound {
            digest: absent.chars().take(1_000).collect(),
            name: "team/app".to_owned(),
            registry: "123456789012".to_owned(),
        };
        assert_eq!(ask(absent).await, Err(gone));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_ends_with_the_access_key_that_asked_for_it() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    let ctx = fixture.ctx();
    let url = of_layer(&ctx, &fixture.name, &digest).await.unwrap().url;
    let ticket = at(&fixture, &url, ctx.now).unwrap();
    assert_eq!(ticket.access_key_id, KEY_ID);
    assert!(fixture.pull(&digest).await.is_ok());
    let end = crate::known::tests::set_key_status("Inactive");
    let store = fixture.service.store();
    let ended = store.write("end", wharf_meta::Durability::Hard, end).await;
    assert!(ended.unwrap());
    // The URL is still well signed; what it opens is decided anew.
    assert!(at(&fixture, &url, ctx.now).is_ok());
    assert_eq!(fixture.pull(&digest).await, Err(Error::CredentialsGone));
}
