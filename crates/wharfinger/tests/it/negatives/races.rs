//! Changes of identities at the same time, and cut off: each is whole or not at all, and none is lost between two.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::support::http::Response;
use crate::support::note::note;
use crate::support::people::{Somebody, allow, element, policy, root};
use crate::support::{ACCOUNT, Options, Server, admin, stored};

const ROUNDS: usize = 25;

/// Parameters of an operation of IAM.
type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Does so many things at the same moment: what each came to.
fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let ready = Barrier::new(count);
    std::thread::scope(|scope| {
        let act = &act;
        let ready = &ready;
        let all: Vec<_> = (0..count)
            .map(|at| {
                scope.spawn(move || {
                    ready.wait();
                    act(at)
                })
            })
            .collect();
        all.into_iter()
            .map(|it| it.join().expect("an end"))
            .collect()
    })
}

/// Status and code.
fn outcome(answer: &Response) -> (u16, String) {
    let text = answer.text();
    let code = if text.contains("<Code>") {
        element(&text, "Code")
    } else {
        String::new()
    };
    (answer.status, code)
}

/// How many answers of several succeeded; the others have to have failed like that.
#[track_caller]
fn winners(answers: &[Response], status: u16, code: &str) -> usize {
    let mut count = 0;
    for answer in answers {
        match outcome(answer) {
            (200, _) => count += 1,
            lost => assert_eq!(lost, (status, code.to_owned()), "{}", answer.text()),
        }
    }
    count
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{kind}/{name}")
}

fn trust(who: &Somebody) -> String {
    policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": who.arn}, "Action": "sts:AssumeRole"},
    ]))
}

#[test]
fn p45_of_several_who_make_one_thing_one_does_and_quotas_hold() {
    let server = Server::start(Options::default());
    let root = root(&server);
    let all = policy(&json!([allow(&json!("ecr:*"))]));
    for round in 0..ROUNDS {
        let name = format!("user-{round}");
        // Names are taken in any case of letters.
        let names = [name.clone(), name.to_ascii_uppercase()];
        let made = at_once(4, |at| {
            root.asks(
                &server,
                "iam",
                "CreateUser",
                &[("UserName", &names[at % 2])],
            )
        });
        assert_eq!(winners(&made, 409, "EntityAlreadyExists"), 1);
        let keys = at_once(8, |_| {
            root.asks(&server, "iam", "CreateAccessKey", &[("UserName", &name)])
        });
        assert_eq!(winners(&keys, 409, "LimitExceeded"), 2);
        let listed = root.iam(&server, "ListAccessKeys", &[("UserName", &name)]);
        assert_eq!(listed.matches("<AccessKeyId>").count(), 2, "{listed}");

        let policy_name = format!("policy-{round}");
        let create = [
            ("PolicyName", policy_name.as_str()),
            ("PolicyDocument", &all),
        ];
        let made = at_once(4, |_| root.asks(&server, "iam", "CreatePolicy", &create));
        assert_eq!(winners(&made, 409, "EntityAlreadyExists"), 1);
        let policy_arn = arn("policy", &policy_name);
        let version = [
            ("PolicyArn", policy_arn.as_str()),
            ("PolicyDocument", &all),
            ("SetAsDefault", "true"),
        ];
        let made = at_once(8, |_| {
            root.asks(&server, "iam", "CreatePolicyVersion", &version)
        });
        assert_eq!(winners(&made, 409, "LimitExceeded"), 4);
        let ids: BTreeSet<String> = made
            .iter()
            .filter(|answer| answer.status == 200)
            .map(|answer| element(&answer.text(), "VersionId"))
            .collect();
        assert_eq!(ids, ["v2", "v3", "v4", "v5"].map(str::to_owned).into());
        let listed = root.iam(&server, "ListPolicyVersions", &version[..1]);
        let defaults = listed.matches("<IsDefaultVersion>true<").count();
        assert_eq!(defaults, 1, "{listed}");
    }
    // Ten managed policies of one role.
    let made = [
        ("RoleName", "full"),
        ("AssumeRolePolicyDocument", &trust(&root)),
    ];
    root.iam(&server, "CreateRole", &made);
    let attached = at_once(ROUNDS, |at| {
        let policy_arn = arn("policy", &format!("policy-{at}"));
        let attached = [("RoleName", "full"), ("PolicyArn", policy_arn.as_str())];
        root.asks(&server, "iam", "AttachRolePolicy", &attached)
    });
    let most = winners(&attached, 409, "LimitExceeded");
    let listed = root.iam(&server, "ListAttachedRolePolicies", &[("RoleName", "full")]);
    assert_eq!(listed.matches("<PolicyArn>").count(), most);
    assert!((10..=20).contains(&most), "{most} policies are attached");
}

const POLICY: &str = "arn:aws:iam::123456789012:policy/raced";
const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}"#;

/// An operation of IAM.
type Call = (&'static str, Parameters<'static>);

/// What makes a thing, what uses it, what deletes it, and what ends the use.
const RACES: [[Call; 4]; 6] = [
    [
        (
            "CreatePolicy",
            &[("PolicyName", "raced"), ("PolicyDocument", DOCUMENT)],
        ),
        (
            "AttachRolePolicy",
            &[("RoleName", "role"), ("PolicyArn", POLICY)],
        ),
        ("DeletePolicy", &[("PolicyArn", POLICY)]),
        (
            "DetachRolePolicy",
            &[("RoleName", "role"), ("PolicyArn", POLICY)],
        ),
    ],
    [
        (
            "CreatePolicy",
            &[("PolicyName", "raced"), ("PolicyDocument", DOCUMENT)],
        ),
        (
            "PutRolePermissionsBoundary",
            &[("RoleName", "role"), ("PermissionsBoundary", POLICY)],
        ),
        ("DeletePolicy", &[("PolicyArn", POLICY)]),
        ("DeleteRolePermissionsBoundary", &[("RoleName", "role")]),
    ],
    [
        ("CreateUser", &[("UserName", "raced")]),
        (
            "PutUserPolicy",
            &[
                ("UserName", "raced"),
                ("PolicyName", "own"),
                ("PolicyDocument", DOCUMENT),
            ],
        ),
        ("DeleteUser", &[("UserName", "raced")]),
        (
            "DeleteUserPolicy",
            &[("UserName", "raced"), ("PolicyName", "own")],
        ),
    ],
    [
        ("CreateUser", &[("UserName", "raced")]),
        ("CreateAccessKey", &[("UserName", "raced")]),
        ("DeleteUser", &[("UserName", "raced")]),
        ("DeleteAccessKey", &[("UserName", "raced")]),
    ],
    [
        ("CreateGroup", &[("GroupName", "raced")]),
        (
            "AddUserToGroup",
            &[("GroupName", "raced"), ("UserName", "member")],
        ),
        ("DeleteGroup", &[("GroupName", "raced")]),
        (
            "RemoveUserFromGroup",
            &[("GroupName", "raced"), ("UserName", "member")],
        ),
    ],
    [
        ("CreateInstanceProfile", &[("InstanceProfileName", "raced")]),
        (
            "AddRoleToInstanceProfile",
            &[("InstanceProfileName", "raced"), ("RoleName", "role")],
        ),
        ("DeleteInstanceProfile", &[("InstanceProfileName", "raced")]),
        (
            "RemoveRoleFromInstanceProfile",
            &[("InstanceProfileName", "raced"), ("RoleName", "role")],
        ),
    ],
];

#[test]
fn p45_what_is_deleted_while_it_is_used_is_either_kept_or_used_by_nothing() {
    let server = Server::start(Options::default());
    let root = root(&server);
    let made = [
        ("RoleName", "role"),
        ("AssumeRolePolicyDocument", &trust(&root)),
    ];
    root.iam(&server, "CreateRole", &made);
    root.iam(&server, "CreateUser", &[("UserName", "member")]);
    let before = admin::tables(&server);
    for [make, use_it, delete, release] in RACES {
        let mut deleted_first = 0;
        for _ in 0..ROUNDS {
            root.iam(&server, make.0, make.1);
            let both = at_once(2, |at| {
                let (action, parameters) = [use_it, delete][at];
                root.asks(&server, "iam", action, parameters)
            });
            let [using, deleted] = [&both[0], &both[1]].map(outcome);
            match (using.0, deleted.0) {
                (200, 409) => {
                    assert_eq!(deleted.1, "DeleteConflict", "{}", delete.0);
                    let key = (release.0 == "DeleteAccessKey")
                        .then(|| element(&both[0].text(), "AccessKeyId"));
                    let mut parameters = release.1.to_vec();
                    parameters.extend(key.iter().map(|id| ("AccessKeyId", id.as_str())));
                    root.iam(&server, release.0, &parameters);
                    root.iam(&server, delete.0, delete.1);
                }
                // A boundary holds no policy back: its role may do nothing then.
                (200, 200) if use_it.0 == "PutRolePermissionsBoundary" => {
                    root.iam(&server, release.0, release.1);
                }
                (404, 200) => {
                    assert_eq!(using.1, "NoSuchEntity", "{}", use_it.0);
                    deleted_first += 1;
                }
                _ => panic!("{}: {using:?}, {}: {deleted:?}", use_it.0, delete.0),
            }
        }
        note(&format!(
            "{} was first in {deleted_first} of {ROUNDS} rounds",
            delete.0
        ));
        // Nothing is left of either.
        let mut after = admin::tables(&server);
        // What happened, and what was signed with, is kept.
        for table in ["events", "usage"] {
            after.insert(table.to_owned(), before[table]);
        }
        assert_eq!(after, before, "{}", delete.0);
    }
}

#[test]
fn n4_a_session_that_was_given_while_its_role_was_deleted_is_none() {
    let server = Server::start(Options::default());
    let root = root(&server);
    let [user] = root.makes(&server, [("user", json!([allow(&json!("sts:*"))]))]);
    let made = [
        ("RoleName", "raced"),
        ("AssumeRolePolicyDocument", &trust(&user)),
    ];
    let role_arn = arn("role", "raced");
    let assumed = [("RoleArn", role_arn.as_str()), ("RoleSessionName", "run")];
    let mut given = 0;
    for _ in 0..ROUNDS {
        root.iam(&server, "CreateRole", &made);
        let both = at_once(2, |at| match at {
            0 => user.asks(&server, "sts", "AssumeRole", &assumed),
            _ => root.asks(&server, "iam", "DeleteRole", &made[..1]),
        });
        assert_eq!(both[1].status, 200, "{}", both[1].text());
        if both[0].status != 200 {
            assert_eq!(outcome(&both[0]), (403, "AccessDenied".to_owned()));
            continue;
        }
        given += 1;
        let text = both[0].text();
        let mut session = user.clone();
        session.credentials.access_key_id = element(&text, "AccessKeyId");
        session.credentials.secret = element(&text, "SecretAccessKey");
        session.credentials.session_token = Some(element(&text, "SessionToken"));
        let who = session.asks(&server, "sts", "GetCallerIdentity", &[]);
        assert_eq!(outcome(&who), (403, "InvalidClientTokenId".to_owned()));
        // Nor is it one of the next role of that name.
        root.iam(&server, "CreateRole", &made);
        let who = session.asks(&server, "sts", "GetCallerIdentity", &[]);
        assert_eq!(outcome(&who), (403, "InvalidClientTokenId".to_owned()));
        root.iam(&server, "DeleteRole", &made[..1]);
    }
    note(&format!("{given} of {ROUNDS} sessions were given first"));
}

/// Rows that something names that is not there, or that nothing names.
const ASTRAY: &[&str] = &[
    "PRAGMA foreign_key_check",
    "SELECT 'a key without a user', access_key_id FROM access_keys WHERE principal <> account \
     AND principal NOT IN (SELECT id FROM iam_entities)",
    "SELECT 'a document of nobody', id FROM policies WHERE id NOT IN ( \
     SELECT document FROM iam_entities WHERE document IS NOT NULL \
     UNION SELECT document FROM iam_inline_policies UNION SELECT document FROM iam_policy_versions \
     UNION SELECT policy FROM registries WHERE policy IS NOT NULL \
     UNION SELECT policy FROM repositories WHERE policy IS NOT NULL)",
    "SELECT 'an attachment of no policy', policy_arn FROM iam_attachments WHERE policy_arn LIKE '%:123456789012:%' \
     AND policy_arn NOT IN (SELECT 'arn:aws:iam::' || account || ':policy' || path || name FROM iam_entities WHERE kind = 'policy')",
    "SELECT 'a policy without its default version', name FROM iam_entities e WHERE kind = 'policy' AND NOT EXISTS ( \
     SELECT 1 FROM iam_policy_versions v WHERE v.entity = e.id AND v.version = e.default_version)",
    "SELECT 'a role without a trust policy', name FROM iam_entities WHERE kind = 'role' AND document IS NULL",
    "SELECT 'a member of nothing', owner FROM iam_members WHERE owner NOT IN (SELECT id FROM iam_entities) \
     OR member NOT IN (SELECT id FROM iam_entities)",
];

/// One client's life of a user, a policy, a role and a group, in order; each is made anew under a number.
fn life(number: usize) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let all = policy(&json!([allow(&json!("ecr:*"))]));
    let role_trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "sts:AssumeRole"},
    ]));
    let name = format!("n{number}");
    let owned = |parameter| (parameter, name.clone());
    let user = || owned("UserName");
    let document = || ("PolicyDocument", all.clone());
    let inline = || ("PolicyName", "own".to_owned());
    let policy_arn = || ("PolicyArn", arn("policy", &name));
    vec![
        ("CreateUser", vec![user()]),
        ("PutUserPolicy", vec![user(), inline(), document()]),
        ("CreatePolicy", vec![owned("PolicyName"), document()]),
        ("AttachUserPolicy", vec![user(), policy_arn()]),
        ("CreatePolicyVersion", vec![policy_arn(), document()]),
        ("CreateGroup", vec![owned("GroupName")]),
        ("AddUserToGroup", vec![owned("GroupName"), user()]),
        (
            "CreateRole",
            vec![
                owned("RoleName"),
                ("AssumeRolePolicyDocument", role_trust.clone()),
            ],
        ),
        ("CreateAccessKey", vec![user()]),
        ("PutUserPolicy", vec![user(), inline(), document()]),
        ("DetachUserPolicy", vec![user(), policy_arn()]),
        (
            "UpdateAssumeRolePolicy",
            vec![owned("RoleName"), ("PolicyDocument", role_trust)],
        ),
        ("DeleteRole", vec![owned("RoleName")]),
        ("RemoveUserFromGroup", vec![owned("GroupName"), user()]),
        ("DeleteGroup", vec![owned("GroupName")]),
    ]
}

/// Whether a name is listed.
fn listed(server: &Server, root: &Somebody, action: &str, name: &str, of: &str) -> bool {
    let text = root.iam(server, action, &[("UserName", name)]);
    text.contains(of)
}

/// After a kill: what was acknowledged of a life is there, and what was undone is not.
fn expect(server: &Server, root: &Somebody, number: usize, done: usize) {
    let name = format!("n{number}");
    let is = |action: &str, parameter: &str, value: &str| {
        root.asks(server, "iam", action, &[(parameter, value)])
            .status
            == 200
    };
    // Of what was not answered either is right: only what lies safely behind or before it is looked at.
    let at = |made: usize| done > made;
    if at(0) {
        assert!(is("GetUser", "UserName", &name), "{name} after {done}");
    }
    if at(1) {
        assert!(listed(server, root, "ListUserPolicies", &name, "own"));
    }
    if at(2) {
        assert!(is("GetPolicy", "PolicyArn", &arn("policy", &name)));
    }
    if at(3) && done < 10 {
        let of = arn("policy", &name);
        assert!(listed(server, root, "ListAttachedUserPolicies", &name, &of));
    }
    if at(8) {
        assert!(listed(server, root, "ListAccessKeys", &name, "AKIA"));
    }
    if at(10) {
        let of = arn("policy", &name);
        assert!(!listed(
            server,
            root,
            "ListAttachedUserPolicies",
            &name,
            &of
        ));
    }
    if at(12) {
        assert!(!is("GetRole", "RoleName", &name), "{name} after {done}");
    }
    if at(14) {
        assert!(!is("GetGroup", "GroupName", &name), "{name} after {done}");
    }
}

/// One client's lives until the server is gone: the number of each, and how many of its changes were acknowledged.
fn lives(
    server: &Server,
    who: &Somebody,
    numbers: &AtomicUsize,
    (answered, killed): (&AtomicUsize, &AtomicBool),
) -> Vec<(usize, usize)> {
    let mut lives = Vec::new();
    while !killed.load(Ordering::SeqCst) {
        let number = numbers.fetch_add(1, Ordering::SeqCst);
        let mut done = 0;
        for (action, parameters) in life(number) {
            let parameters: Vec<(&str, &str)> = parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let Ok(answer) = who.tries(server, "iam", action, &parameters) else {
                break;
            };
            assert_eq!(answer.status, 200, "{action}: {}", answer.text());
            done += 1;
            answered.fetch_add(1, Ordering::SeqCst);
        }
        lives.push((number, done));
    }
    lives
}

/// Clients that change identities at once.
const CLIENTS: usize = 4;

/// Clients that live until so many changes were acknowledged, and then the server is killed.
fn live_until_killed(
    server: &mut Server,
    numbers: &AtomicUsize,
    until: usize,
) -> Vec<(usize, usize)> {
    let (answered, killed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let who = root(server);
    let process = i32::try_from(server.process().id()).ok();
    let process = process.and_then(rustix::process::Pid::from_raw);
    std::thread::scope(|scope| {
        let (server, who, state) = (&*server, &who, (&answered, &killed));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(move || lives(server, who, numbers, state)))
            .collect();
        while answered.load(Ordering::SeqCst) < until {
            let over = clients
                .iter()
                .any(std::thread::ScopedJoinHandle::is_finished);
            assert!(!over, "a client ended");
            std::thread::yield_now();
        }
        killed.store(true, Ordering::SeqCst);
        let signal = rustix::process::Signal::KILL;
        rustix::process::kill_process(process.expect("an id"), signal).expect("a kill");
        let clients = clients.into_iter();
        clients
            .flat_map(|it| it.join().expect("a client"))
            .collect()
    })
}

#[test]
fn changes_of_identities_that_a_kill_cuts_off_are_whole_or_nothing() {
    const KILLS: usize = 12;
    let mut server = Server::start(Options::default());
    let numbers = AtomicUsize::new(0);
    let (mut acknowledged, mut cut_off) = (0, 0);
    for kill in 0..KILLS {
        let lives = live_until_killed(&mut server, &numbers, 25 + kill * 17);
        server = server.restart();
        let root = root(&server);
        for question in ASTRAY {
            let rows = stored::query(server.data_dir(), question);
            assert!(rows.is_empty(), "{question}: {rows:?}");
        }
        let whole = life(0).len();
        cut_off += lives.iter().filter(|(_, done)| *done < whole).count();
        for (number, done) in lives {
            acknowledged += done;
            expect(&server, &root, number, done);
        }
    }
    note(&format!(
        "{KILLS} kills cut off {cut_off} of the clients; {acknowledged} changes acknowledged"
    ));
    assert!(cut_off >= KILLS, "only {cut_off} were cut off");
}
