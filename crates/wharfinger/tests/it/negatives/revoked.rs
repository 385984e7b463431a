//! What was taken away is gone with the answer to whoever took it, also where reads are answered from memory.

use std::sync::{Condvar, Mutex};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::http::Connection;
use crate::support::images::Image;
use crate::support::people::{Somebody, allow, another_account, policy, root};
use crate::support::registry::Registry;
use crate::support::{ACCOUNT, Options, Server};

const REPOSITORY: &str = "kept/app";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";

/// An operation of IAM by root, with its parameters.
type Step = (&'static str, Vec<(&'static str, String)>);

fn step<const N: usize>(action: &'static str, parameters: [(&'static str, &str); N]) -> Step {
    let parameters = parameters.map(|(name, value)| (name, value.to_owned()));
    (action, parameters.into())
}

fn run(server: &Server, who: &Somebody, (action, parameters): &Step) {
    let parameters: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    who.iam(server, action, &parameters);
}

/// A server with an image that is pulled.
fn with_image(options: Options) -> (Server, Somebody, Image) {
    let server = Server::start(options);
    server.create_repository(REPOSITORY);
    let image = Image::new(1, 1);
    server.registry().push(&image, REPOSITORY, "v1");
    let root = root(&server);
    (server, root, image)
}

/// Every way to read the image, each by its status.
fn reads(server: &Server, who: &Somebody, registry: &Registry, image: &Image) -> Vec<u16> {
    let digest = image.digest();
    let layer = Digest::of(&image.blobs[1]);
    let mut statuses = Vec::new();
    for (method, path) in [
        ("GET", "manifests/v1".to_owned()),
        ("HEAD", "manifests/v1".to_owned()),
        ("GET", format!("manifests/{digest}")),
        ("HEAD", format!("manifests/{digest}")),
        ("GET", format!("blobs/{layer}")),
        ("HEAD", format!("blobs/{layer}")),
        ("GET", "tags/list".to_owned()),
        ("GET", format!("referrers/{digest}")),
    ] {
        let path = format!("/v2/{REPOSITORY}/{path}");
        let answer = registry.request(method, &path, &[("accept", "*/*")], b"");
        statuses.push(answer.status);
    }
    let get = json!({"registryId": ACCOUNT, "repositoryName": REPOSITORY, "imageIds": [{"imageTag": "v1"}]});
    statuses.push(who.call(server, "BatchGetImage", &get).0);
    statuses
}

/// Those who may read, each with what takes that away and the status of the registry protocol from then on.
struct Case {
    name: &'static str,
    who: Somebody,
    taken: Vec<Step>,
    then: u16,
}

impl Case {
    fn new(name: &'static str, who: Somebody, taken: Vec<Step>, then: u16) -> Self {
        Self {
            name,
            who,
            taken,
            then,
        }
    }
}

/// A user with one policy, by name.
fn user(server: &Server, root: &Somebody, name: &'static str) -> Somebody {
    let [user] = root.makes(server, [(name, json!([allow(&json!("ecr:*"))]))]);
    user
}

/// A session of a new role that `by` may assume and that may do all of ECR by the policy `own`.
fn role(server: &Server, root: &Somebody, by: &Somebody, name: &str) -> Somebody {
    let trust = policy(&json!([{
        "Effect": "Allow", "Principal": {"AWS": by.arn}, "Action": "sts:AssumeRole",
    }]));
    let made = [("RoleName", name), ("AssumeRolePolicyDocument", &trust)];
    root.iam(server, "CreateRole", &made);
    put_role_policy(server, root, name, &json!([allow(&json!("ecr:*"))]));
    assume(server, by, name)
}

fn assume(server: &Server, by: &Somebody, name: &str) -> Somebody {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "run")];
    by.session(server, "AssumeRole", &asked)
}

fn put_role_policy(server: &Server, root: &Somebody, name: &str, statements: &Value) {
    let document = policy(statements);
    let own = [
        ("RoleName", name),
        ("PolicyName", "own"),
        ("PolicyDocument", &document),
    ];
    root.iam(server, "PutRolePolicy", &own);
}

fn delete_own(kind: &'static str, name: &str) -> Step {
    let (action, parameter) = match kind {
        "role" => ("DeleteRolePolicy", "RoleName"),
        _ => ("DeleteUserPolicy", "UserName"),
    };
    step(action, [(parameter, name), ("PolicyName", "own")])
}

fn delete_key(user: &Somebody, name: &str) -> Step {
    let id = user.credentials.access_key_id.as_str();
    step("DeleteAccessKey", [("UserName", name), ("AccessKeyId", id)])
}

/// A user without a policy of its own, after root has done something for it.
fn given<const N: usize>(
    server: &Server,
    root: &Somebody,
    name: &'static str,
    (action, parameters): (&'static str, [(&'static str, &str); N]),
) -> Somebody {
    let [user] = root.makes(server, [(name, Value::Null)]);
    run(server, root, &step(action, parameters));
    user
}

/// Users, by what of their policies is taken from them.
fn cases_of_policies(server: &Server, root: &Somebody) -> Vec<Case> {
    let nothing = policy(&json!([{"Effect": "Deny", "Action": "*", "Resource": "*"}]));
    let all = policy(&json!([allow(&json!("ecr:*"))]));
    let [versions, bounds] = ["versions", "bounds"].map(|name| {
        let made = [("PolicyName", name), ("PolicyDocument", &all)];
        root.iam(server, "CreatePolicy", &made);
        format!("arn:aws:iam::{ACCOUNT}:policy/{name}")
    });
    let version = |arn: &str| {
        let parameters = [
            ("PolicyArn", arn),
            ("PolicyDocument", &nothing),
            ("SetAsDefault", "true"),
        ];
        vec![step("CreatePolicyVersion", parameters)]
    };
    let bounded = user(server, root, "bounded");
    let bound = [("UserName", "bounded"), ("PermissionsBoundary", &bounds)];
    root.iam(server, "PutUserPermissionsBoundary", &bound);
    let own = [("UserName", "attached"), ("PolicyArn", READ_ONLY)];
    let other = [("UserName", "versioned"), ("PolicyArn", versions.as_str())];
    let attached = given(server, root, "attached", ("AttachUserPolicy", own));
    let versioned = given(server, root, "versioned", ("AttachUserPolicy", other));
    let inline = user(server, root, "inline");
    let deleted = vec![delete_own("user", "inline")];
    let detached = vec![step("DetachUserPolicy", own)];
    vec![
        Case::new("an inline policy deleted", inline, deleted, 403),
        Case::new("a policy detached", attached, detached, 403),
        Case::new("a policy's version", versioned, version(&versions), 403),
        Case::new("a boundary's version", bounded, version(&bounds), 403),
    ]
}

/// Users, by what of their groups and keys is taken from them.
fn cases_of_members(server: &Server, root: &Somebody) -> Vec<Case> {
    for group in ["team", "crew"] {
        let attached = [("GroupName", group), ("PolicyArn", READ_ONLY)];
        root.iam(server, "CreateGroup", &attached[..1]);
        root.iam(server, "AttachGroupPolicy", &attached);
    }
    let [out, within] = [("team", "leaver"), ("crew", "stayer")]
        .map(|(group, name)| [("GroupName", group), ("UserName", name)]);
    let leaver = given(server, root, "leaver", ("AddUserToGroup", out));
    let stayer = given(server, root, "stayer", ("AddUserToGroup", within));
    let [off, gone] = ["switched-off", "key-gone"].map(|name| user(server, root, name));
    let deactivate = [
        ("UserName", "switched-off"),
        ("AccessKeyId", &off.credentials.access_key_id),
        ("Status", "Inactive"),
    ];
    let deactivated = vec![step("UpdateAccessKey", deactivate)];
    let deleted = vec![delete_key(&gone, "key-gone")];
    let removed = vec![step("RemoveUserFromGroup", out)];
    let detached = [("GroupName", "crew"), ("PolicyArn", READ_ONLY)];
    let detached = vec![step("DetachGroupPolicy", detached)];
    vec![
        Case::new("a member removed", leaver, removed, 403),
        Case::new("a group's policy detached", stayer, detached, 403),
        Case::new("a key deactivated", off, deactivated, 401),
        Case::new("a key deleted", gone, deleted, 401),
    ]
}

/// Sessions, by what is taken from them or from whoever they are of.
fn cases_of_sessions(server: &Server, root: &Somebody) -> Vec<Case> {
    let [issuer, lender, renter] = ["issuer", "lender", "renter"].map(|name| {
        let all = json!([allow(&json!(["ecr:*", "sts:*"]))]);
        let [user] = root.makes(server, [(name, all)]);
        user
    });
    let passed = policy(&json!([allow(&json!("ecr:*"))]));
    let of_user = issuer.session(server, "GetSessionToken", &[]);
    let lent = [("Name", "guest"), ("Policy", passed.as_str())];
    let federated = lender.session(server, "GetFederationToken", &lent);
    let session = |name: &str| role(server, root, &renter, name);
    // What the repository grants needs no policy of the role's own.
    let named = session("named");
    let granted = json!([{
        "Effect": "Allow", "Action": "ecr:*",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:role/named")},
    }]);
    let set = json!({"repositoryName": REPOSITORY, "policyText": policy(&granted)});
    server.call("SetRepositoryPolicy", &set);
    let revoked = policy(&json!([
        allow(&json!("ecr:*")),
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition":
            {"DateLessThan": {"aws:TokenIssueTime": "2999-01-01T00:00:00Z"}}},
    ]));
    let older = [
        ("RoleName", "older"),
        ("PolicyName", "own"),
        ("PolicyDocument", &revoked),
    ];
    let gone = |user: &Somebody, name: &str| {
        let deleted = step("DeleteUser", [("UserName", name)]);
        vec![delete_own("user", name), delete_key(user, name), deleted]
    };
    let deleted = |name: &str| {
        let policy = delete_own("role", name);
        vec![policy, step("DeleteRole", [("RoleName", name)])]
    };
    let poorer = vec![delete_own("role", "poor")];
    let older = vec![step("PutRolePolicy", older)];
    let (issuers, lenders) = (gone(&issuer, "issuer"), gone(&lender, "lender"));
    vec![
        Case::new("a role's policy deleted", session("poor"), poorer, 403),
        Case::new("a role deleted", session("gone"), deleted("gone"), 401),
        Case::new(
            "a role that a repository named",
            named,
            deleted("named"),
            401,
        ),
        Case::new("older sessions revoked", session("older"), older, 403),
        Case::new("the user of a session deleted", of_user, issuers, 401),
        Case::new("the lender to a guest deleted", federated, lenders, 401),
    ]
}

#[test]
fn n4_a_live_password_ends_at_once_with_what_it_rests_on() {
    let (server, root, image) = with_image(Options::default());
    let mut cases = cases_of_policies(&server, &root);
    cases.extend(cases_of_members(&server, &root));
    cases.extend(cases_of_sessions(&server, &root));
    let registries: Vec<Registry> = cases.iter().map(|it| it.who.registry(&server)).collect();
    for (case, registry) in cases.iter().zip(&registries) {
        // The second time around from memory.
        for _ in 0..3 {
            let statuses = reads(&server, &case.who, registry, &image);
            let read = |status: &u16| matches!(status, 200 | 307);
            assert!(statuses.iter().all(read), "{}: {statuses:?}", case.name);
        }
    }
    for (at, (case, registry)) in cases.iter().zip(&registries).enumerate() {
        for taken in &case.taken {
            run(&server, &root, taken);
        }
        let statuses = reads(&server, &case.who, registry, &image);
        let [by_registry @ .., by_api] = statuses.as_slice() else {
            panic!("no statuses");
        };
        let refused = by_registry.iter().all(|status| *status == case.then);
        assert!(refused && *by_api == 400, "{}: {statuses:?}", case.name);
        // And from nobody else.
        if let (Some(other), Some(registry)) = (cases.get(at + 1), registries.get(at + 1)) {
            let statuses = reads(&server, &other.who, registry, &image);
            assert!(!statuses.contains(&403), "{}: {statuses:?}", other.name);
        }
    }
    root.registry(&server)
        .expect_image(&image, REPOSITORY, "v1");
}

/// What readers may expect now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Something is being changed: either is right.
    Changing,
    Granted,
    Revoked(u16),
    Over,
}

/// The phase, its number, and how many answers came that began in it.
#[derive(Debug)]
struct Stage {
    state: Mutex<(usize, Phase, usize)>,
    changed: Condvar,
}

impl Stage {
    fn now(&self) -> (usize, Phase) {
        let state = self.state.lock().expect("a lock");
        (state.0, state.1)
    }

    /// Begins a phase.
    fn set(&self, phase: Phase) {
        let mut state = self.state.lock().expect("a lock");
        *state = (state.0 + 1, phase, 0);
        self.changed.notify_all();
    }

    /// Counts an answer to a request that was begun in a phase, if that lasts.
    fn count(&self, number: usize) -> bool {
        let mut state = self.state.lock().expect("a lock");
        let lasts = state.0 == number;
        state.2 += usize::from(lasts);
        self.changed.notify_all();
        lasts
    }

    /// Waits until so many requests were begun and answered in this phase.
    fn wait_for(&self, answers: usize) {
        let state = self.state.lock().expect("a lock");
        let waited =
            self.changed
                .wait_timeout_while(state, std::time::Duration::from_mins(1), |it| {
                    it.2 < answers
                });
        let (state, timeout) = waited.expect("a lock");
        drop(state);
        assert!(!timeout.timed_out(), "the readers have stopped");
    }
}

/// Ends the readers when it is dropped.
struct End<'a>(&'a Stage);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.set(Phase::Over);
    }
}

const READERS: usize = 8;
const ROUNDS: usize = 40;

/// Reads until all is over; how many answers were judged.
fn read_on(stage: &Stage, server: &Server, registry: &Registry, path: &str) -> usize {
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let mut judged = 0;
    loop {
        let (number, phase) = stage.now();
        if phase == Phase::Over {
            return judged;
        }
        let accept = [("accept", "*/*")];
        let answer = registry.request_on(&mut connection, "GET", path, &accept, b"");
        let status = answer.expect("an answer").status;
        if !stage.count(number) {
            continue;
        }
        // It was begun and answered within one phase.
        let expected = match phase {
            Phase::Granted => 200,
            Phase::Revoked(status) => status,
            Phase::Changing | Phase::Over => continue,
        };
        assert_eq!(status, expected, "{phase:?} {path}");
        judged += 1;
    }
}

/// What is called so, whom it concerns, how they are refused without it, and what gives and takes it.
type Way<'a> = (&'a str, &'a Somebody, u16, &'a dyn Fn(bool));

/// Gives and takes, while readers read.
fn race(
    name: &str,
    server: &Server,
    (registry, paths): (&Registry, &[String]),
    refused: u16,
    change: &dyn Fn(bool),
) {
    let stage = Stage {
        state: Mutex::new((0, Phase::Granted, 0)),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let stage = &stage;
        let readers: Vec<_> = (0..READERS)
            .map(|at| {
                let path = &paths[at % paths.len()];
                scope.spawn(move || read_on(stage, server, registry, path))
            })
            .collect();
        // Whatever happens, the readers end.
        let end = End(stage);
        for _ in 0..ROUNDS {
            for (allowed, phase) in [(false, Phase::Revoked(refused)), (true, Phase::Granted)] {
                stage.wait_for(2 * READERS);
                stage.set(Phase::Changing);
                change(allowed);
                stage.set(phase);
            }
        }
        drop(end);
        for reader in readers {
            let judged = reader.join().expect("a reader");
            assert!(judged >= ROUNDS, "{name}: {judged}");
        }
    });
}

#[test]
fn n4_no_request_that_begins_after_a_revocation_was_answered_succeeds() {
    let (server, root, image) = with_image(Options::default());
    let [renter] = root.makes(&server, [("renter", json!([allow(&json!("sts:*"))]))]);
    let session = role(&server, &root, &renter, "raced");
    let keyed = user(&server, &root, "keyed");
    let key = keyed.credentials.access_key_id.clone();
    let status = |status: &str| {
        let parameters = [
            ("UserName", "keyed"),
            ("AccessKeyId", &key),
            ("Status", status),
        ];
        root.iam(&server, "UpdateAccessKey", &parameters);
    };
    let document = policy(&json!([allow(&json!("iam:*"))]));
    let made = [("PolicyName", "bound"), ("PolicyDocument", &document)];
    root.iam(&server, "CreatePolicy", &made);
    let bounding = format!("arn:aws:iam::{ACCOUNT}:policy/bound");
    let boundary = |allowed: bool| {
        let bound = [
            ("RoleName", "raced"),
            ("PermissionsBoundary", bounding.as_str()),
        ];
        if allowed {
            root.iam(&server, "DeleteRolePermissionsBoundary", &bound[..1]);
        } else {
            root.iam(&server, "PutRolePermissionsBoundary", &bound);
        }
    };
    let own = |allowed: bool| {
        if allowed {
            put_role_policy(&server, &root, "raced", &json!([allow(&json!("ecr:*"))]));
        } else {
            run(&server, &root, &delete_own("role", "raced"));
        }
    };
    let of_repository = |allowed: bool| {
        let effect = if allowed { "Allow" } else { "Deny" };
        let statement =
            json!([{"Effect": effect, "Principal": "*", "Action": "ecr:BatchGetImage"}]);
        let set = json!({"repositoryName": REPOSITORY, "policyText": policy(&statement)});
        root.does(&server, "SetRepositoryPolicy", &set);
    };
    let by_key = |allowed: bool| status(if allowed { "Active" } else { "Inactive" });
    let ways: [Way<'_>; 4] = [
        ("a role's policy", &session, 403, &own),
        ("a role's boundary", &session, 403, &boundary),
        ("a user's key", &keyed, 401, &by_key),
        ("a repository's policy", &keyed, 403, &of_repository),
    ];
    let paths =
        ["v1", image.digest().as_str()].map(|it| format!("/v2/{REPOSITORY}/manifests/{it}"));
    for (name, who, refused, change) in ways {
        let registry = who.registry(&server);
        race(name, &server, (&registry, &paths), refused, change);
    }
}

#[test]
fn n4_what_another_account_was_granted_ends_at_once_too() {
    let (server, root, image) = with_image(Options {
        env: vec![("WHARFINGER_DOMAIN".to_owned(), "registry.test".to_owned())],
        ..Options::default()
    });
    let other = another_account(&server);
    let [guest] = other.makes(&server, [("guest", json!([allow(&json!("ecr:*"))]))]);
    let set = |statements: &Value| {
        let body = json!({"repositoryName": REPOSITORY, "policyText": policy(statements)});
        root.does(&server, "SetRepositoryPolicy", &body);
    };
    let granted = json!([{"Effect": "Allow", "Principal": {"AWS": guest.arn}, "Action": "ecr:*"}]);
    let registry = guest.registry(&server);
    let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.registry.test");
    let get = || {
        let headers = [("host", host.as_str()), ("accept", "*/*")];
        let path = format!("/v2/{REPOSITORY}/manifests/{}", image.digest());
        registry.request("GET", &path, &headers, b"").status
    };
    for _ in 0..3 {
        set(&granted);
        assert_eq!([get(), get(), get()], [200; 3]);
        server.call(
            "DeleteRepositoryPolicy",
            &json!({"repositoryName": REPOSITORY}),
        );
        assert_eq!(get(), 403);
        set(&granted);
        assert_eq!(get(), 200);
        other.iam(
            &server,
            "DeleteUserPolicy",
            &[("UserName", "guest"), ("PolicyName", "own")],
        );
        assert_eq!(get(), 403);
        other.allows(&server, "guest", &json!([allow(&json!("ecr:*"))]));
        assert_eq!(get(), 200);
    }
    let id = guest.credentials.access_key_id.as_str();
    let off = [
        ("UserName", "guest"),
        ("AccessKeyId", id),
        ("Status", "Inactive"),
    ];
    other.iam(&server, "UpdateAccessKey", &off);
    assert_eq!(get(), 401);
}
