//! A policy that changed decides about the next request, and goes with its repository.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::support::admin;

#[test]
fn a_change_decides_about_the_next_request_of_a_live_login() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let image = Image::new(1, 1);
    root.registry(&server).push(&image, "app", "v1");
    let [user] = root.makes(&server, [("user", log_in())]);
    let registry = user.registry(&server);
    let name = json!({"repositoryName": "app"});
    let allowed = json!([grant(&json!(user.arn), &json!(PULL))]);
    let layer = Digest::of(&image.blobs[1]);
    let blob = format!("/v2/app/blobs/{layer}");
    let statuses = || {
        let manifest = registry.get_manifest("app", "v1").status;
        let by_digest = registry.get_manifest("app", image.digest().as_str()).status;
        (
            manifest,
            by_digest,
            registry.request("GET", &blob, &[], b"").status,
        )
    };
    for _ in 0..20 {
        assert_eq!(statuses(), (403, 403, 403));
        set(&server, "app", &allowed);
        // Twice: the second is answered from what is known.
        assert_eq!(statuses(), (200, 200, 200));
        assert_eq!(statuses(), (200, 200, 200));
        server.call("DeleteRepositoryPolicy", &name);
    }
    let everywhere = {
        let mut statement = grant(&json!(user.arn), &json!(PULL));
        statement["Resource"] = json!("*");
        json!({"policyText": policy(&json!([statement]))})
    };
    for _ in 0..10 {
        assert_eq!(statuses(), (403, 403, 403));
        server.call("PutRegistryPolicy", &everywhere);
        assert_eq!(statuses(), (200, 200, 200));
        let scope = |value: &str| json!({"name": "REGISTRY_POLICY_SCOPE", "value": value});
        server.call("PutAccountSetting", &scope("V1"));
        assert_eq!(statuses(), (403, 403, 403));
        server.call("PutAccountSetting", &scope("V2"));
        assert_eq!(statuses(), (200, 200, 200));
        server.call("DeleteRegistryPolicy", &json!({}));
    }
    // The user's own policy, and the user.
    let own = json!([
        allow(&json!("ecr:GetAuthorizationToken")),
        allow(&json!(PULL))
    ]);
    for _ in 0..10 {
        assert_eq!(statuses(), (403, 403, 403));
        root.allows(&server, "user", &own);
        assert_eq!(statuses(), (200, 200, 200));
        root.allows(&server, "user", &log_in());
    }
}

#[test]
fn no_request_that_begins_after_a_change_was_answered_is_decided_by_what_was_before() {
    const CHANGES: usize = 150;
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    root.registry(&server).push(&Image::new(1, 1), "app", "v1");
    let [user] = root.makes(&server, [("user", log_in())]);
    let registry = user.registry(&server);
    let name = json!({"repositoryName": "app"});
    let allowed = json!([grant(&json!(user.arn), &json!(PULL))]);
    // Changes that were begun, and changes that were answered; after an odd one pulling is allowed.
    let (begun, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let over = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        let pullers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut looks = 0_usize;
                    while !over.load(Ordering::SeqCst) {
                        let least = answered.load(Ordering::SeqCst);
                        let status = registry.get_manifest("app", "v1").status;
                        let most = begun.load(Ordering::SeqCst);
                        if least == most {
                            let expected = if least % 2 == 1 { 200 } else { 403 };
                            assert_eq!(status, expected, "after change {least}");
                            looks += 1;
                        }
                    }
                    looks
                })
            })
            .collect();
        for number in 1..=CHANGES {
            begun.store(number, Ordering::SeqCst);
            if number % 2 == 1 {
                set(&server, "app", &allowed);
            } else {
                server.call("DeleteRepositoryPolicy", &name);
            }
            answered.store(number, Ordering::SeqCst);
            // One look of our own, so that none of the states goes unseen.
            let status = registry.get_manifest("app", "v1").status;
            assert_eq!(status, if number % 2 == 1 { 200 } else { 403 }, "{number}");
        }
        over.store(true, Ordering::SeqCst);
        let looks = pullers.into_iter().map(|it| it.join().expect("a puller"));
        looks.sum::<usize>()
    });
    assert!(looks > 0, "nobody looked between two changes");
}

#[test]
fn a_policy_goes_with_its_repository_and_does_not_come_back_with_it() {
    let server = Server::start(Options::testing());
    let root = root(&server);
    let image = Image::new(1, 1);
    let [user] = root.makes(&server, [("user", log_in())]);
    let registry = user.registry(&server);
    let name = json!({"repositoryName": "app"});
    let make = || {
        root.registry(&server).push(&image, "app", "v1");
        set(
            &server,
            "app",
            &json!([grant(&json!(user.arn), &json!(PULL))]),
        );
        assert_eq!(registry.get_manifest("app", "v1").status, 200);
        server.call(
            "DeleteRepository",
            &json!({"repositoryName": "app", "force": true}),
        );
        denied(&registry.get_manifest("app", "v1"));
    };
    let none = "RepositoryPolicyNotFoundException";
    // Made anew under the same name.
    server.create_repository("app");
    make();
    server.create_repository("app");
    root.fails(&server, "GetRepositoryPolicy", &name, none);
    denied(&registry.get_manifest("app", "v1"));
    // Brought back with its images.
    make();
    let back = server.wharfinger(&["undelete", "app"]);
    assert!(back.status.success(), "{back:?}");
    // A job brings the images.
    while admin::tables(&server)["jobs"] > 1 {}
    root.registry(&server).expect_image(&image, "app", "v1");
    root.fails(&server, "GetRepositoryPolicy", &name, none);
    denied(&registry.get_manifest("app", "v1"));
}
