//! What a permission is good for, and what no other way of asking makes of it.

use serde_json::{Value, json};
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{self, SignedRequest, Signer};

use super::{ROUTES, path};
use crate::support::http::{self, Response};
use crate::support::images::Image;
use crate::support::people::{Somebody, allow, policy, root};
use crate::support::registry::Registry;
use crate::support::{ACCOUNT, Options, Server, admin};

const PULL: [&str; 3] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
];
const PUSH: [&str; 5] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
];

/// A server with one image in `private/app`.
fn with_image() -> (Server, Somebody, Image) {
    let server = Server::start(Options::default());
    server.create_repository("private/app");
    let image = Image::new(1, 1);
    server.registry().push(&image, "private/app", "v1");
    let root = root(&server);
    (server, root, image)
}

fn someone(server: &Server, root: &Somebody, name: &str, statements: Value) -> Somebody {
    let [user] = root.makes(server, [(name, statements)]);
    user
}

fn code(answer: &Response) -> (u16, String) {
    let code = answer.json()["errors"][0]["code"].clone();
    (answer.status, code.as_str().unwrap_or_default().to_owned())
}

/// Every way to delete something of an image.
fn deletions(image: &Image) -> Vec<String> {
    let manifest = image.digest();
    let layer = Digest::of(&image.blobs[1]);
    [
        "manifests/v1".to_owned(),
        format!("manifests/{manifest}"),
        format!("blobs/{layer}"),
    ]
    .map(|rest| format!("/v2/private/app/{rest}"))
    .into()
}

#[test]
fn n2_who_may_push_and_pull_deletes_by_no_route_and_no_method() {
    let (server, root, image) = with_image();
    let may = [&PULL[..], &PUSH[..]].concat();
    let user = someone(&server, &root, "pusher", json!([allow(&json!(may))]));
    let registry = user.registry(&server);
    registry.push(&image, "private/app", "v1");
    registry.expect_image(&image, "private/app", "v1");
    let before = admin::tables(&server);
    for path in deletions(&image) {
        let refused = registry.request("DELETE", &path, &[], b"");
        assert_eq!(code(&refused), (403, "DENIED".to_owned()), "{path}");
        // No header makes another method of one, and no unknown method means anything.
        for (method, header) in [
            ("POST", "x-http-method-override"),
            ("GET", "x-http-method"),
            ("PURGE", "accept"),
            ("delete", "accept"),
        ] {
            registry.request(method, &path, &[(header, "DELETE")], b"");
        }
    }
    let ids = json!({"repositoryName": "private/app", "imageIds": [{"imageTag": "v1"}]});
    user.may_not(&server, "BatchDeleteImage", &ids);
    let name = json!({"repositoryName": "private/app", "force": true});
    user.may_not(&server, "DeleteRepository", &name);
    assert_eq!(admin::tables(&server), before);
    registry.expect_image(&image, "private/app", "v1");
}

#[test]
fn n19_who_is_denied_to_delete_images_finds_no_other_way() {
    let (server, root, image) = with_image();
    let deny = json!({"Effect": "Deny", "Action": "ecr:BatchDeleteImage", "Resource": "*"});
    let all = json!([allow(&json!("ecr:*")), deny]);
    let user = someone(&server, &root, "keeper", all);
    let registry = user.registry(&server);
    let before = admin::tables(&server);
    for path in deletions(&image) {
        let refused = registry.request("DELETE", &path, &[], b"");
        assert_eq!(code(&refused), (403, "DENIED".to_owned()), "{path}");
    }
    for id in [
        json!({"imageTag": "v1"}),
        json!({"imageDigest": image.digest().as_str()}),
    ] {
        let ids = json!({"repositoryName": "private/app", "imageIds": [id]});
        user.may_not(&server, "BatchDeleteImage", &ids);
    }
    assert_eq!(admin::tables(&server), before);
}

#[test]
fn n6_who_may_only_log_in_gets_nothing_also_not_from_memory() {
    let (server, root, image) = with_image();
    // What others have read is in memory.
    let known = root.registry(&server);
    for _ in 0..2 {
        known.expect_image(&image, "private/app", "v1");
        known.expect_image(&image, "private/app", image.digest().as_str());
    }
    let upload = known.try_begin("private/app").expect("an upload");
    let user = someone(
        &server,
        &root,
        "idle",
        json!([allow(&json!("ecr:GetAuthorizationToken"))]),
    );
    let registry = user.registry(&server);
    for (digest, tag) in [(Digest::of(&image.blobs[1]), "v1"), (image.digest(), "v1")] {
        for (method, route) in ROUTES {
            let path = path(route, digest.as_str(), &upload).replace("/v1", &format!("/{tag}"));
            let answer = registry.request(method, &path, &[("accept", "*/*")], b"");
            let expected = if path == "/v2/" { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
    let by_digest = format!("/v2/private/app/manifests/{}", image.digest());
    let refused = registry.request("GET", &by_digest, &[("accept", "*/*")], b"");
    assert_eq!(code(&refused), (403, "DENIED".to_owned()));
}

#[test]
fn n14_a_mount_reads_its_source_by_this_session_and_not_by_its_role() {
    let (server, root, image) = with_image();
    server.create_repository("team/app");
    let user = someone(&server, &root, "dev", json!([allow(&json!("sts:*"))]));
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"},
    ]));
    let made = [("RoleName", "wide"), ("AssumeRolePolicyDocument", &trust)];
    root.iam(&server, "CreateRole", &made);
    let all = policy(&json!([allow(&json!("ecr:*"))]));
    let own = [
        ("RoleName", "wide"),
        ("PolicyName", "own"),
        ("PolicyDocument", &all),
    ];
    root.iam(&server, "PutRolePolicy", &own);
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/wide");
    let team = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/*");
    let narrow = policy(&json!([
        allow(&json!("ecr:GetAuthorizationToken")),
        {"Effect": "Allow", "Action": "ecr:*", "Resource": team},
    ]));
    let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "run")];
    let passed = [&asked[..], &[("Policy", narrow.as_str())]].concat();
    let (wide, narrow) = (
        user.session(&server, "AssumeRole", &asked),
        user.session(&server, "AssumeRole", &passed),
    );
    let layer = Digest::of(&image.blobs[1]);
    let mount = |who: &Somebody| {
        let path = format!("/v2/team/app/blobs/uploads/?mount={layer}&from=private/app");
        who.registry(&server).request("POST", &path, &[], b"")
    };
    let begun = mount(&narrow).expect_status(202);
    assert_eq!(begun.header("docker-content-digest"), None);
    let head = format!("/v2/team/app/blobs/{layer}");
    let registry = narrow.registry(&server);
    registry.request("HEAD", &head, &[], b"").expect_status(404);
    mount(&wide).expect_status(201);
    registry.request("HEAD", &head, &[], b"").expect_status(200);
}

#[test]
fn n18_the_state_of_an_upload_is_not_the_clients_to_make() {
    let (server, root, _) = with_image();
    let registry = root.registry(&server);
    let upload = registry.try_begin("private/app").expect("an upload");
    let id = upload.rsplit('/').next().expect("an id").to_owned();
    let before = admin::tables(&server);
    let state = "gASVGAAAAAAAAACMAm9zlIwGc3lzdGVtlJOUjAJpZJSFlFKULg==";
    let digest = Digest::of(b"");
    for made_up in [
        id.replace(['0', '1', '2', '3'], "f"),
        format!("{id}0"),
        id.replace('-', ""),
        state.to_owned(),
        "..%2f..%2fprivate".to_owned(),
        "%00".to_owned(),
        "{}".to_owned(),
    ] {
        let path = format!("/v2/private/app/blobs/uploads/{made_up}");
        for (method, path) in [
            ("GET", path.clone()),
            ("PATCH", format!("{path}?_state={state}")),
            ("PUT", format!("{path}?_state={state}&digest={digest}")),
            ("DELETE", path.clone()),
        ] {
            let answer = registry.request(method, &path, &[], b"");
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        }
        let part = json!({
            "repositoryName": "private/app", "uploadId": made_up,
            "partFirstByte": 0, "partLastByte": 2, "layerPartBlob": "YWJj",
        });
        let (status, answer) = root.call(&server, "UploadLayerPart", &part);
        let kind = answer["__type"].as_str();
        let clean = ["UploadNotFoundException", "InvalidParameterException"];
        let clean = kind.is_some_and(|it| clean.contains(&it));
        assert!(status == 400 && clean, "{made_up}: {answer}");
    }
    assert_eq!(admin::tables(&server), before);
    // And beside the right one it changes nothing.
    let path = format!("{upload}?_state={state}");
    registry.request("GET", &path, &[], b"").expect_status(204);
}

#[test]
fn n24_every_limit_of_a_session_counts_on_both_planes() {
    let (server, root, image) = with_image();
    let all = json!([allow(&json!(["ecr:*", "sts:*", "iam:*"]))]);
    let user = someone(&server, &root, "owner", all);
    let read = json!([allow(&json!(PULL))]);
    let read = policy(&read);
    let lent = [("Name", "guest"), ("Policy", read.as_str())];
    let guest = user.session(&server, "GetFederationToken", &lent);
    let unlent = user.session(&server, "GetFederationToken", &lent[..1]);
    let own = user.session(&server, "GetSessionToken", &[]);
    let [bounded] = root.makes(&server, [("bounded", json!([allow(&json!("*"))]))]);
    let made = [("PolicyName", "bound"), ("PolicyDocument", read.as_str())];
    root.iam(&server, "CreatePolicy", &made);
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/bound");
    let bound = [
        ("UserName", "bounded"),
        ("PermissionsBoundary", arn.as_str()),
    ];
    root.iam(&server, "PutUserPermissionsBoundary", &bound);

    let put = json!({"repositoryName": "private/app", "imageTag": "v2",
        "imageManifest": std::str::from_utf8(&image.manifest).expect("text")});
    for (name, who) in [("guest", &guest), ("bounded", &bounded)] {
        let registry = who.registry(&server);
        registry.expect_image(&image, "private/app", "v1");
        who.may_not(&server, "PutImage", &put);
        let refused = registry
            .try_put_manifest(&image, "private/app", "v2")
            .expect("an answer");
        assert_eq!(code(&refused), (403, "DENIED".to_owned()), "{name}");
        let refused = registry.request("POST", "/v2/private/app/blobs/uploads/", &[], b"");
        assert_eq!(code(&refused), (403, "DENIED".to_owned()), "{name}");
        for (service, action) in [("iam", "ListUsers"), ("iam", "CreateUser")] {
            let named = [("UserName", "made")];
            let refused = who.asks(&server, service, action, &named);
            assert_eq!(refused.status, 403, "{name} {action}");
        }
    }
    // What was lent without a policy is nothing, and no session of a user administers users.
    unlent.may_not(
        &server,
        "ListImages",
        &json!({"repositoryName": "private/app"}),
    );
    for session in [&own, &guest] {
        let refused = session.asks(&server, "iam", "ListUsers", &[]);
        assert_eq!(refused.status, 403, "{}", refused.text());
        let refused = session.asks(&server, "sts", "GetSessionToken", &[]);
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
}

/// An ECR call signed for a region.
fn call_in(server: &Server, region: &str, operation: &str, body: &Value) -> Response {
    let key = server.credentials();
    let body = body.to_string();
    let signer = Signer {
        access_key_id: &key.access_key_id,
        secret: &key.secret,
        region,
        service: "ecr",
    };
    let at = now();
    let mut headers = vec![
        ("host".to_owned(), server.authority().to_owned()),
        ("x-amz-date".to_owned(), sigv4::amz_date(at)),
        (
            "x-amz-target".to_owned(),
            format!("AmazonEC2ContainerRegistry_V20150921.{operation}"),
        ),
        (
            "content-type".to_owned(),
            "application/x-amz-json-1.1".to_owned(),
        ),
    ];
    let lent: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let hash = Digest::of(body.as_bytes());
    let request = SignedRequest {
        method: "POST",
        path: "/",
        query: "",
        headers: &lent,
        body_sha256: Some(hash.hex()),
    };
    let authorization = sigv4::sign(&request, &signer, at).expect("a signature");
    headers.push(("authorization".to_owned(), authorization));
    http::request(server.authority(), "POST", "/", &headers, body.as_bytes())
}

#[expect(clippy::disallowed_methods, reason = "a client's own clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

#[test]
fn n5_a_password_of_one_region_counts_in_no_other() {
    use base64::Engine as _;
    let server = Server::start(Options {
        env: vec![("WHARFINGER_DOMAIN".to_owned(), "registry.test".to_owned())],
        ..Options::default()
    });
    server.create_repository("app");
    let image = Image::new(1, 1);
    server.registry().push(&image, "app", "v1");
    let answer = call_in(&server, "eu-west-1", "GetAuthorizationToken", &json!({}));
    let answer = answer.expect_status(200).json();
    let token = answer["authorizationData"][0]["authorizationToken"].as_str();
    let decoded = base64::engine::general_purpose::STANDARD.decode(token.expect("a token"));
    let decoded = String::from_utf8(decoded.expect("base64")).expect("text");
    let password = decoded.strip_prefix("AWS:").expect("user AWS");
    let (here, there) = (server.password(), password.to_owned());
    let get = |password: &str, region: &str, path: &str| {
        let host = format!("{ACCOUNT}.dkr.ecr.{region}.registry.test");
        let registry = Registry::new(server.authority(), password);
        registry.request("GET", path, &[("host", &host), ("accept", "*/*")], b"")
    };
    for path in [
        "/v2/",
        "/v2/_catalog",
        "/v2/app/manifests/v1",
        "/v2/app/tags/list",
    ] {
        for (password, region) in [(&there, "us-east-1"), (&here, "eu-west-1")] {
            let refused = get(password, region, path);
            assert_eq!(
                code(&refused),
                (403, "DENIED".to_owned()),
                "{region} {path}"
            );
            let text = refused.text();
            assert!(
                text.contains("The authorization token was issued for region "),
                "{text}"
            );
        }
        get(&here, "us-east-1", path).expect_status(200);
    }
    // Where no host tells the region, the password does: there is no such repository there.
    let plain = Registry::new(server.authority(), &there);
    let missing = plain.get_manifest("app", "v1").expect_status(404);
    assert_eq!(missing.json()["errors"][0]["code"], "NAME_UNKNOWN");
    assert_eq!(
        get(&there, "eu-west-1", "/v2/_catalog").json(),
        json!({"repositories": []})
    );
}

#[test]
fn n29_only_listed_filters_are_taken() {
    let (server, root, _) = with_image();
    for (action, name, value) in [
        (
            "GetAccountAuthorizationDetails",
            "Filter.member.1",
            "Secret",
        ),
        ("ListPolicies", "Scope", "Secrets"),
        ("ListPolicies", "PolicyUsageFilter", "SecretKey"),
        ("ListEntitiesForPolicy", "EntityFilter", "AccessKey"),
        ("ListEntitiesForPolicy", "PolicyUsageFilter", "Secret"),
    ] {
        let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
        let parameters = [("PolicyArn", arn), (name, value)];
        let answer = root.asks(&server, "iam", action, &parameters);
        let text = answer.text();
        let refused = answer.status == 400 && text.contains("<Code>ValidationError</Code>");
        assert!(refused, "{action} {name}: {text}");
    }
    for operation in ["ListImages", "DescribeImages"] {
        let asked = json!({"repositoryName": "private/app", "filter": {"tagStatus": "SECRET"}});
        root.fails(&server, operation, &asked, "InvalidParameterException");
        // Members that no filter has say nothing: neither fewer nor more, nor in another order.
        let plain = root.does(
            &server,
            operation,
            &json!({"repositoryName": "private/app"}),
        );
        let asked = json!({"repositoryName": "private/app", "sortBy": "secret",
            "filter": {"secret": "a%", "registryId": "0"}});
        assert_eq!(root.does(&server, operation, &asked), plain, "{operation}");
    }
}

#[test]
fn n23_parameters_that_no_operation_has_make_nobody_more() {
    let (server, root, _) = with_image();
    let made = [
        ("UserName", "plain"),
        ("UserId", "AIDAAAAAAAAAAAAAAAAAA"),
        ("Arn", "arn:aws:iam::123456789012:root"),
        ("AccountId", "210987654321"),
        ("IsAdmin", "true"),
        ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("Groups.member.1", "admins"),
    ];
    let text = root.iam(&server, "CreateUser", &made);
    for told in ["arn:aws:iam::123456789012:user/plain", "<UserId>AIDA"] {
        assert!(text.contains(told), "{text}");
    }
    assert!(!text.contains("AIDAAAAAAAAAAAAAAAAAA"), "{text}");
    let attached = root.iam(&server, "ListAttachedUserPolicies", &made[..1]);
    assert!(!attached.contains("AdministratorAccess"), "{attached}");
    let key = root.iam(&server, "CreateAccessKey", &made);
    let plain = Somebody {
        arn: "arn:aws:iam::123456789012:user/plain".to_owned(),
        id: String::new(),
        credentials: crate::support::sign::Credentials {
            access_key_id: crate::support::people::element(&key, "AccessKeyId"),
            secret: crate::support::people::element(&key, "SecretAccessKey"),
            session_token: None,
        },
    };
    let forged = json!({"repositoryName": "private/app", "principal": root.arn, "isAdmin": true});
    plain.may_not(&server, "ListImages", &forged);
    let who = [("PrincipalArn", root.arn.as_str()), ("UserName", "plain")];
    let refused = plain.asks(&server, "iam", "GetUser", &who);
    assert_eq!(refused.status, 403, "{}", refused.text());
}
