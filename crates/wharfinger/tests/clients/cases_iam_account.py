"""Cases of IAM's operations on the account, and of simulations."""

import json

from cases_iam_users import ADMINISTRATOR, PREFIX, allow, tags
from record import ACCOUNT, FOREIGN

REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/app"
ELSEWHERE = f"arn:aws:ecr:us-east-1:{FOREIGN}:repository/team/app"


def get_account_summary(r):
    r.title("a new account")
    r.call()
    r.user("u")
    r.call("CreateGroup", quiet=True, GroupName="g")
    r.title("with a user and a group")
    summary = r.call(quiet=True)["SummaryMap"]
    print({name: value for name, value in summary.items() if value == 1})
    r.title("a user without permission")
    r.call(client=r.user("nobody"))
    r.title("by the CLI")
    r.cli("iam", "get-account-summary", "--query", "SummaryMap.[Users,UsersQuota]")


def create_account_alias(r):
    r.title("an alias, and another in its place")
    r.call(AccountAlias="harbor")
    r.call(AccountAlias="new-harbor")
    r.call("ListAccountAliases")
    r.title("one that is taken, by whomever")
    r.call(AccountAlias="new-harbor")
    other = r.stranger()
    r.call(client=other, AccountAlias="new-harbor")
    r.call(client=other, AccountAlias="harbor")
    r.call(AccountAlias="harbor")
    r.title("constraints")
    r.call()
    for bad in ("", "ab", "Upper", "-a-b", "a-b-", "a--b", "a_b", "a" * 64, "123456789012"):
        r.call(AccountAlias=bad)
    r.title("a user without permission")
    r.call(client=r.user("nobody"), AccountAlias="other")
    r.title("by the CLI")
    r.cli("iam", "create-account-alias", "--account-alias", "cli")


def delete_account_alias(r):
    r.call("CreateAccountAlias", quiet=True, AccountAlias="harbor")
    r.title("another one")
    r.call(AccountAlias="other")
    r.title("that of another account")
    r.call(client=r.stranger(), AccountAlias="harbor")
    r.title("the one that is there, and is no more")
    r.call(AccountAlias="harbor")
    r.call(AccountAlias="harbor")
    r.title("constraints")
    r.call()
    r.call(AccountAlias="Upper")
    r.title("a user without permission")
    r.call(client=r.user("nobody"), AccountAlias="harbor")
    r.title("by the CLI")
    r.call("CreateAccountAlias", quiet=True, AccountAlias="cli")
    r.cli("iam", "delete-account-alias", "--account-alias", "cli")


def list_account_aliases(r):
    r.title("none")
    r.call()
    r.call("CreateAccountAlias", quiet=True, AccountAlias="harbor")
    r.title("one")
    r.call()
    r.call(MaxItems=1)
    r.title("constraints")
    r.call(MaxItems=0)
    r.call(Marker="no-such-marker")
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "list-account-aliases")


def get_account_authorization_details(r):
    r.title("a new account")
    r.call()
    r.call("CreateUser", quiet=True, UserName="una", Path="/team/", Tags=tags(("k", "v")),
           PermissionsBoundary=ADMINISTRATOR)
    r.call("PutUserPolicy", quiet=True, UserName="una", PolicyName="p", PolicyDocument=json.dumps(allow("ecr:*")))
    r.call("CreateGroup", quiet=True, GroupName="g")
    r.call("PutGroupPolicy", quiet=True, GroupName="g", PolicyName="q", PolicyDocument=json.dumps(allow("iam:*")))
    r.call("AddUserToGroup", quiet=True, GroupName="g", UserName="una")
    r.call("CreateUser", quiet=True, UserName="vera")
    r.title("with users, a group, and a policy of AWS as a boundary")
    r.call()
    r.title("some kinds")
    r.call(Filter=["Group"])
    r.call(Filter=["AWSManagedPolicy", "Role"])
    r.call(Filter=["LocalManagedPolicy"])
    r.title("two at a time")
    first = r.call(MaxItems=2)
    r.call(MaxItems=2, Marker=first["Marker"])
    r.call(Filter=["User"], Marker=first["Marker"])
    r.title("constraints")
    r.call(MaxItems=0)
    r.call(MaxItems=1001)
    r.call(Filter=["Robot"])
    r.call(Marker="no-such-marker")
    r.without_permission()
    r.title("by the CLI")
    r.cli("iam", "get-account-authorization-details", "--filter", "User", "--query", "UserDetailList[].UserName")


def entry(name, kind, *values):
    """A context entry."""
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}


def simulate_both(r, **base):
    """What both operations have: entries, resources, boundaries, resource policies, paging, constraints."""
    r.title("a condition that lacks its key, and one that has it")
    tls = json.dumps(allow("ecr:GetDownloadUrlForLayer", condition={"Bool": {"aws:SecureTransport": "true"}}))
    asked = {**base, "PolicyInputList": [tls], "ActionNames": ["ecr:GetDownloadUrlForLayer"]}
    r.call(**asked)
    r.call(**asked, ContextEntries=[entry("aws:SecureTransport", "boolean", "true")])
    r.call(**asked, ContextEntries=[entry("aws:SecureTransport", "boolean", "false")])
    r.title("entries that are none")
    for bad in (entry("aws:SecureTransport", "boolean", "perhaps"), entry("n:key", "numeric", "one"),
                entry("aws:SourceIp", "ip", "10.0.0"), entry("d:key", "date", "yesterday"),
                entry("b:key", "binary", "*"), entry("s:key", "string"), entry("s:key", "string", "a", "b"),
                {"ContextKeyName": "s:key", "ContextKeyValues": ["a"]},
                {"ContextKeyType": "string", "ContextKeyValues": ["a"]}, entry("s:key", "text", "a")):
        r.call(**asked, ContextEntries=[bad])
    r.title("an explicit deny, with where it stands")
    both = '{"Version": "2012-10-17", "Statement": [\n  {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"},\n' \
           '  {"Effect": "Deny", "Action": "ecr:Delete*",\n   "Resource": "*"}\n]}'
    asked = {**base, "PolicyInputList": [both]}
    r.call(**asked, ActionNames=["ecr:DeleteRepository", "ecr:PutImage"])
    r.title("each action on each resource")
    mine = json.dumps(allow("ecr:PutImage", resource=REPOSITORY))
    named = {**base, "PolicyInputList": [mine], "ActionNames": ["ecr:PutImage", "ecr:BatchGetImage"],
             "ResourceArns": [REPOSITORY, REPOSITORY + "2"]}
    r.marked_pages("EvaluationResults", **named)
    first = r.call(quiet=True, MaxItems=1, **named)["Marker"]
    r.call(**{**named, "ActionNames": ["ecr:PutImage"]}, Marker=first)
    r.title("a boundary that allows it, one that does not, two")
    for boundary in ([mine], [json.dumps(allow("ecr:Get*"))], [mine, mine]):
        r.call(**asked, ActionNames=["ecr:PutImage"], ResourceArns=[REPOSITORY],
               PermissionsBoundaryPolicyInputList=boundary)
    r.title("a repository's policy: within the account, and across accounts")
    caller = f"{PREFIX}:user/caller"
    own = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "ecr:BatchGetImage"}]})
    pull = {**base, "ActionNames": ["ecr:BatchGetImage"], "ResourcePolicy": own, "CallerArn": caller}
    r.call(**pull, PolicyInputList=[mine], ResourceArns=[REPOSITORY])
    r.call(**pull, PolicyInputList=[mine], ResourceArns=[ELSEWHERE])
    r.call(**pull, PolicyInputList=[both], ResourceArns=[ELSEWHERE])
    r.call(**pull, PolicyInputList=[mine], ResourceOwner=f"arn:aws:iam::{FOREIGN}:root")
    r.title("constraints")
    r.call(**base)
    r.call(**asked, ActionNames=[])
    for bad in ("ecr", "ecr:", "ecr:*", "a"):
        r.call(**asked, ActionNames=[bad])
    plain = {**asked, "ActionNames": ["ecr:PutImage"]}
    r.call(**plain, ResourceArns=["repository"])
    r.call(**plain, ResourcePolicy="{", CallerArn=caller)
    r.call(**plain, CallerArn=f"{PREFIX}:role/caller")
    r.call(**plain, CallerArn=f"{PREFIX}:root")
    r.call(**plain, ResourceOwner="somebody")
    r.call(**{**plain, "PolicyInputList": ["{"]})
    r.call(**{**plain, "PolicyInputList": [own]})
    r.call(**plain, MaxItems=0)
    r.call(**plain, Marker="no-such-marker")


def simulate_custom_policy(r):
    r.title("who would ask is not said: keys of the caller are missing")
    of_caller = json.dumps(allow("ecr:PutImage", resource="arn:aws:ecr:*:*:repository/${aws:username}"))
    asked = {"PolicyInputList": [of_caller], "ActionNames": ["ecr:PutImage"],
             "ResourceArns": [f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/una"]}
    r.call(**asked)
    r.title("and is said")
    r.call(**asked, CallerArn=f"{PREFIX}:user/una")
    r.title("a resource's policy needs a caller")
    r.call(PolicyInputList=[], ActionNames=["ecr:PutImage"], ResourcePolicy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}]}))
    simulate_both(r)
    r.title("a user without permission")
    r.call(client=r.user("nobody"), **asked)
    r.title("by the CLI")
    r.cli("iam", "simulate-custom-policy", "--policy-input-list", json.dumps(allow("ecr:PutImage")),
          "--action-names", "ecr:PutImage")


def simulate_principal_policy(r):
    user = f"{PREFIX}:user/team/una"
    r.call("CreateUser", quiet=True, UserName="una", Path="/team/", Tags=tags(("team", "blue")))
    r.call("PutUserPolicy", quiet=True, UserName="una", PolicyName="own", PolicyDocument=json.dumps(
        allow("ecr:PutImage", resource="arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*")))
    r.call("CreateGroup", quiet=True, GroupName="g")
    r.call("PutGroupPolicy", quiet=True, GroupName="g", PolicyName="shared",
           PolicyDocument=json.dumps(allow("ecr:BatchGetImage")))
    r.call("AddUserToGroup", quiet=True, GroupName="g", UserName="una")
    blue = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/blue/app"
    r.title("policies of the user and of its group")
    r.call(PolicySourceArn=user, ActionNames=["ecr:PutImage", "ecr:BatchGetImage", "ecr:DeleteRepository"],
           ResourceArns=[blue])
    r.title("together with one that is given")
    r.call(PolicySourceArn=user, ActionNames=["ecr:DeleteRepository"],
           PolicyInputList=[json.dumps(allow("ecr:Delete*"))])
    r.title("of the group alone")
    r.call(PolicySourceArn=f"{PREFIX}:group/g", ActionNames=["ecr:BatchGetImage", "ecr:PutImage"])
    r.title("its own boundary, and another in its place")
    r.call("PutUserPermissionsBoundary", quiet=True, UserName="una", PermissionsBoundary=ADMINISTRATOR)
    r.call(PolicySourceArn=user, ActionNames=["ecr:BatchGetImage"])
    r.call(PolicySourceArn=user, ActionNames=["ecr:BatchGetImage"],
           PermissionsBoundaryPolicyInputList=[json.dumps(allow("ecr:Get*"))])
    r.title("it says what the registry does")
    key = r.call("CreateAccessKey", quiet=True, UserName="una")["AccessKey"]
    r.call("ListUsers", client=r.as_key(key))
    r.call(PolicySourceArn=user, ActionNames=["iam:ListUsers"])
    r.title("ones that do not exist")
    for kind in ("user", "group", "role"):
        r.call(PolicySourceArn=f"{PREFIX}:{kind}/absent", ActionNames=["ecr:PutImage"])
    r.call(PolicySourceArn=f"{PREFIX}:user/una", ActionNames=["ecr:PutImage"])
    r.title("what has no policies")
    for bad in (f"{PREFIX}:root", f"arn:aws:sts::{ACCOUNT}:assumed-role/role/session", "x" * 20, "x"):
        r.call(PolicySourceArn=bad, ActionNames=["ecr:PutImage"])
    r.title("of another account")
    r.call(PolicySourceArn=f"arn:aws:iam::{FOREIGN}:user/una", ActionNames=["ecr:PutImage"])
    r.call("DeleteUserPermissionsBoundary", quiet=True, UserName="una")
    simulate_both(r, PolicySourceArn=user)
    r.without_permission(PolicySourceArn=user, ActionNames=["ecr:PutImage"])
    r.title("by the CLI")
    r.cli("iam", "simulate-principal-policy", "--policy-source-arn", user, "--action-names", "ecr:PutImage",
          "--query", "EvaluationResults[].EvalDecision")


CASES = {
    "CreateAccountAlias": create_account_alias,
    "DeleteAccountAlias": delete_account_alias,
    "GetAccountAuthorizationDetails": get_account_authorization_details,
    "GetAccountSummary": get_account_summary,
    "ListAccountAliases": list_account_aliases,
    "SimulateCustomPolicy": simulate_custom_policy,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
