"""Cases of the policies of repositories and registries, and of the registry's settings."""

import json

from record import ACCOUNT, FOREIGN, REGION

APP = {"repositoryName": "app"}


def policy(*statements, **more):
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", **more, "Statement": list(statements)})


def statement(principal, *actions, effect="Allow", **more):
    """A statement about AWS principals: one, or a list of them."""
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": list(actions), **more}


def user_arn(name, account=ACCOUNT):
    """The ARN of a user without a path."""
    return f"arn:aws:iam::{account}:user/{name}"


def make_user(r, name):
    """Makes a user whose id has a name in the transcript."""
    made = r.call("CreateUser", client=r.client("iam"), quiet=True, UserName=name)
    return r.name(made["User"]["UserId"], f"id of {name}")


def no_policies(r, put, **more):
    """Texts that no policy of any resource is."""
    allow = statement("*", "ecr:BatchGetImage", **more)
    r.title("no JSON, and JSON that is no policy")
    for text in ("", "{", "null", "[]", "{}", '"text"', "{'Version': '2012-10-17'}"):
        put(text)
    put('{"Version":"2012-10-17","Version":"2012-10-17","Statement":' + json.dumps(allow) + "}")
    put(policy(allow) + "x")
    r.title("elements that are wrong, missing or too many")
    put(policy())
    put(json.dumps({"Version": "2012-10-18", "Statement": allow}))
    put(policy(allow, Comment="x"))
    for wrong in ({"effect": "Allow"}, {"Effect": "allow"}, {"Effect": None}, {"Action": []}, {"Action": "ecr"},
                  {"Action": "s3:GetObject"}, {"Principal": {}}, {"Principal": {"AWS": []}},
                  {"Principal": {"AWS": "12"}}, {"Principal": {"CanonicalUser": "x"}},
                  {"Principal": {"AWS": user_arn("*")}},
                  {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:group/x"}},
                  {"NotPrincipal": {"AWS": ACCOUNT}}, {"NotAction": "ecr:PutImage"},
                  {"Condition": {"NoSuchOperator": {"aws:SourceIp": "x"}}},
                  {"Condition": {"IpAddress": {"aws:SourceIp": "x"}}},
                  {"Resource": "arn"}, {"Resource": []}, {"Note": "x"}):
        put(policy({**allow, **wrong}))
    for missing in ("Effect", "Principal", "Action"):
        put(policy({key: value for key, value in allow.items() if key != missing}))
    put(policy({"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "ecr:PutImage", **more}))
    r.title("principals that do not exist")
    put(policy(statement(user_arn("absent"), "ecr:BatchGetImage", **more)))
    put(policy(statement(["*", f"arn:aws:iam::{ACCOUNT}:role/absent"], "ecr:BatchGetImage", **more)))
    put(policy(statement(user_arn("absent", FOREIGN), "ecr:BatchGetImage", **more)))


def set_repository_policy(r):
    r.call("CreateRepository", quiet=True, **APP)
    pull = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    first = policy(statement([f"arn:aws:iam::{FOREIGN}:root", FOREIGN], *pull, Sid="Pull from production!"))
    r.title("a policy, given back in ECR's layout")
    r.call(**APP, policyText=first)
    r.call("GetRepositoryPolicy", **APP)
    r.title("another in its place: everything that a policy can have")
    make_user(r, "dev")
    second = policy(
        {"Sid": "same", "Effect": "Allow", "Principal": "*", "Action": "ecr:ListImages",
         "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::1"]}, "Bool": {"aws:SecureTransport": True}}},
        {"Sid": "same", "Effect": "Deny", "NotPrincipal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]},
         "NotAction": "ecr:*", "Resource": "*"},
        {"Sid": "", "Effect": "Allow", "Principal": {"AWS": user_arn("dev"), "Service": ["x.amazonaws.com"]},
         "Action": ["ecr:Put*", "ECR:batchgetimage"], "Condition": {}}, Id="all/of it: \u00fc \"\\")
    r.call(**APP, policyText=second, registryId=ACCOUNT, force=False)
    r.title("the old version of the language, one statement that is no list, a resource of any form")
    r.call(**APP, policyText=json.dumps({"Version": "2008-10-17", "Statement": statement("*", "ecr:*")}))
    r.call(**APP, policyText=json.dumps({"Statement": statement("*", "*", Resource="*")}))
    r.call(**APP, policyText=policy(statement("*", "ecr:*", NotResource=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/b")))
    no_policies(r, lambda text: r.call(**APP, policyText=text))
    r.title("nothing refused was saved")
    r.call("GetRepositoryPolicy", **APP)
    r.title("10,240 characters, and one more")
    for length in (10_240, 10_241):
        room = length - len(policy(statement("*", "ecr:ListImages", Sid="")))
        r.call(**APP, policyText=policy(statement("*", "ecr:ListImages", Sid="x" * room)))
    r.title("characters, not bytes")
    long = policy(statement("*", "ecr:ListImages", Sid="")).replace('""', '"' + "\u00fc" * 6_000 + '"')
    r.call(**APP, policyText=long)
    r.title("one that locks the caller out: refused, unless it is forced")
    locked = policy(statement("*", "ecr:SetRepositoryPolicy", effect="Deny"))
    r.call(**APP, policyText=locked)
    r.call(**APP, policyText=locked, force=False)
    r.call(**APP, policyText=policy(statement(ACCOUNT, "ecr:*", effect="Deny")))
    r.call(**APP, policyText=policy(statement(user_arn("dev"), "ecr:*", effect="Deny")))
    r.call("CreateRepository", quiet=True, repositoryName="locked")
    r.call(repositoryName="locked", policyText=locked, force=True)
    r.call(repositoryName="locked", policyText=first)
    r.call(repositoryName="locked", policyText=first, force=True)
    r.call("DeleteRepositoryPolicy", repositoryName="locked")
    r.call(repositoryName="locked", policyText=first)
    r.title("constraints")
    r.call()
    r.call(**APP)
    r.call(policyText=first)
    r.call(repositoryName="UPPER", policyText=first)
    r.call(**APP, policyText=5)
    r.call(**APP, policyText=first, force="yes")
    r.call(**APP, policyText=first, registryId="12")
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent", policyText=first)
    r.call(**APP, policyText=first, registryId=FOREIGN)
    r.refuse_strangers(**APP, policyText=first)
    r.title("by the CLI")
    r.cli("ecr", "set-repository-policy", "--repository-name", "app", "--policy-text", first)
    r.cli("ecr", "set-repository-policy", "--repository-name", "app", "--policy-text", locked)
    r.cli("ecr", "set-repository-policy", "--repository-name", "app", "--policy-text", locked, "--force",
          "--query", "repositoryName")
    r.cli("ecr", "set-repository-policy", "--repository-name", "absent", "--policy-text", first)


def read_or_delete(r, show):
    """What reading a repository's policy and deleting it have in common; `show` makes a policy and acts on it."""
    r.title("a user that is named, deleted, and made again: the policy stays with the one that is gone")
    names = policy(statement([user_arn("dev"), user_arn("ops")], "ecr:*", Sid="names"))
    for name in ("dev", "ops"):
        make_user(r, name)
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=names)
    show()
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=names)
    r.call("DeleteUser", client=r.client("iam"), quiet=True, UserName="dev")
    show()
    make_user(r, "dev")
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=names)
    r.call("DeleteUser", client=r.client("iam"), quiet=True, UserName="dev")
    make_user(r, "dev")
    show()
    r.title("without a policy")
    r.call("CreateRepository", quiet=True, repositoryName="bare")
    r.call(repositoryName="bare")
    r.title("constraints")
    r.call()
    r.call(repositoryName="UPPER")
    r.call(repositoryName="a")
    r.call(**APP, registryId="12")
    r.title("an unknown repository, another registry")
    r.call(repositoryName="absent")
    r.call(**APP, registryId=FOREIGN)
    r.refuse_strangers(**APP)


def get_repository_policy(r):
    r.call("CreateRepository", quiet=True, **APP)
    text = policy(statement(FOREIGN, "ecr:BatchGetImage", Sid="x"))
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=text)
    r.title("as it was set")
    r.call(**APP)
    r.call(**APP, registryId=ACCOUNT)
    read_or_delete(r, lambda: r.call(**APP))
    r.title("a repository that has the name of one with a policy has none")
    r.call("DeleteRepository", quiet=True, **APP)
    r.call(**APP)
    r.call("CreateRepository", quiet=True, **APP)
    r.call(**APP)
    r.title("by the CLI")
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=text)
    r.cli("ecr", "get-repository-policy", "--repository-name", "app")
    r.cli("ecr", "get-repository-policy", "--repository-name", "app", "--query", "policyText", "--output", "text")
    r.cli("ecr", "get-repository-policy", "--repository-name", "bare")


def delete_repository_policy(r):
    r.call("CreateRepository", quiet=True, **APP)
    text = policy(statement(FOREIGN, "ecr:BatchGetImage"))
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=text)
    r.title("gives back what it deletes")
    r.call(**APP)
    r.title("a second time")
    r.call(**APP)
    r.call("GetRepositoryPolicy", **APP)
    read_or_delete(r, lambda: r.call(**APP))
    r.title("by the CLI")
    r.call("SetRepositoryPolicy", quiet=True, **APP, policyText=text)
    r.cli("ecr", "delete-repository-policy", "--repository-name", "app")
    r.cli("ecr", "delete-repository-policy", "--repository-name", "app")


def everything(account=ACCOUNT):
    """The repositories of a registry."""
    return f"arn:aws:ecr:{REGION}:{account}:repository/*"


def put_registry_policy(r):
    replicate = policy(statement(f"arn:aws:iam::{FOREIGN}:root", "ecr:ReplicateImage", "ecr:CreateRepository",
                                 Resource=everything(), Sid="replicate"))
    r.title("a policy, given back in ECR's layout")
    r.call(policyText=replicate)
    r.call("GetRegistryPolicy")
    r.title("another in its place: any action of ECR")
    r.call(policyText=policy(statement("*", "ecr:BatchGetImage", Resource=[everything(), "*"])))
    r.title("Resource is not implied")
    r.call(policyText=policy(statement("*", "ecr:BatchGetImage")))
    no_policies(r, lambda text: r.call(policyText=text), Resource="*")
    r.title("10,240 characters, and one more")
    for length in (10_240, 10_241):
        room = length - len(policy(statement("*", "ecr:ListImages", Sid="", Resource="*")))
        r.call(policyText=policy(statement("*", "ecr:ListImages", Sid="x" * room, Resource="*")))
    r.title("of the scope V1 only replication, pull through cache, and creation for them")
    r.call("PutAccountSetting", quiet=True, name="REGISTRY_POLICY_SCOPE", value="V1")
    for action in ("ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:*",
                   "ecr:BatchGetImage", "ecr:Batch*", "*"):
        r.call(policyText=policy(statement(FOREIGN, action, Resource=everything())))
    r.title("the caller may lock itself out of everything but deleting it")
    r.call("PutAccountSetting", quiet=True, name="REGISTRY_POLICY_SCOPE", value="V2")
    r.call(policyText=policy(statement("*", "ecr:*", effect="Deny", Resource="*")))
    r.call("GetRegistryPolicy")
    r.call(policyText=replicate)
    r.call("DescribeRepositories")
    r.call("GetAuthorizationToken")
    r.call("DeleteRegistryPolicy")
    r.call(policyText=replicate)
    r.title("constraints")
    r.call()
    r.call(policyText=5)
    r.call(policyText=None)
    r.title("another region has its own")
    r.call("GetRegistryPolicy", client=r.client(region_name="eu-central-1"))
    r.refuse_strangers(policyText=replicate)
    r.title("by the CLI")
    r.cli("ecr", "put-registry-policy", "--policy-text", replicate)
    r.cli("ecr", "put-registry-policy", "--policy-text", "{}")


def get_registry_policy(r):
    r.title("none yet")
    r.call()
    make_user(r, "dev")
    r.call("PutRegistryPolicy", quiet=True, policyText=policy(
        statement(user_arn("dev"), "ecr:BatchGetImage", Resource=everything())))
    r.title("as it was put; a member that the model does not know is ignored")
    r.call()
    r.raw(b'{"registryId":"' + FOREIGN.encode() + b'"}')
    r.title("a user that it names is gone")
    r.call("DeleteUser", client=r.client("iam"), quiet=True, UserName="dev")
    r.call()
    r.refuse_strangers()
    r.title("by the CLI")
    r.cli("ecr", "get-registry-policy")
    r.cli("ecr", "get-registry-policy", "--region", "eu-central-1")


def delete_registry_policy(r):
    r.title("none yet")
    r.call()
    text = policy(statement(FOREIGN, "ecr:ReplicateImage", Resource=everything()))
    r.call("PutRegistryPolicy", quiet=True, policyText=text)
    r.title("gives back what it deletes")
    r.call()
    r.title("a second time")
    r.call()
    r.call("GetRegistryPolicy")
    r.refuse_strangers()
    r.title("by the CLI")
    r.call("PutRegistryPolicy", quiet=True, policyText=text)
    r.cli("ecr", "delete-registry-policy")
    r.cli("ecr", "delete-registry-policy")


SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V1", "V2"),
    "BLOB_MOUNTING": ("ENABLED", "DISABLED"),
}


def get_account_setting(r):
    r.title("until they are set")
    for name in SETTINGS:
        r.call(name=name)
    r.title("what was set, in its region")
    r.call("PutAccountSetting", quiet=True, name="BLOB_MOUNTING", value="ENABLED")
    r.call(name="BLOB_MOUNTING")
    r.call(client=r.client(region_name="eu-central-1"), name="BLOB_MOUNTING")
    r.title("names that are none")
    for name in ("", "blob_mounting", "NO_SUCH_SETTING", 5):
        r.call(name=name)
    r.call()
    r.refuse_strangers(name="BLOB_MOUNTING")
    r.title("by the CLI")
    r.cli("ecr", "get-account-setting", "--name", "REGISTRY_POLICY_SCOPE")
    r.cli("ecr", "get-account-setting", "--name", "NO_SUCH_SETTING")


def put_account_setting(r):
    r.title("each value, and the same again")
    for name, values in SETTINGS.items():
        for value in values:
            r.call(name=name, value=value)
        r.call(name=name, value=value)
        r.call("GetAccountSetting", name=name)
    r.title("names and values that are none")
    r.call(name="NO_SUCH_SETTING", value="ENABLED")
    for name in SETTINGS:
        r.call(name=name, value="ON")
    r.call(name="REGISTRY_POLICY_SCOPE", value="")
    r.call(name="BLOB_MOUNTING", value="enabled")
    r.call(name="BASIC_SCAN_TYPE_VERSION", value="CLAIR")
    r.call(name="BLOB_MOUNTING", value=True)
    r.call(name="BLOB_MOUNTING")
    r.call(value="ENABLED")
    r.call()
    r.title("nothing refused was set")
    r.call("GetAccountSetting", name="BLOB_MOUNTING")
    r.refuse_strangers(name="BLOB_MOUNTING", value="ENABLED")
    r.title("by the CLI")
    r.cli("ecr", "put-account-setting", "--name", "BLOB_MOUNTING", "--value", "ENABLED")
    r.cli("ecr", "put-account-setting", "--name", "BLOB_MOUNTING", "--value", "SOMETIMES")


CASES = {
    "DeleteRegistryPolicy": delete_registry_policy,
    "DeleteRepositoryPolicy": delete_repository_policy,
    "GetAccountSetting": get_account_setting,
    "GetRegistryPolicy": get_registry_policy,
    "GetRepositoryPolicy": get_repository_policy,
    "PutAccountSetting": put_account_setting,
    "PutRegistryPolicy": put_registry_policy,
    "SetRepositoryPolicy": set_repository_policy,
}
