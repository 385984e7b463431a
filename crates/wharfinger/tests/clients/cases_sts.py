"""Cases of temporary credentials: who gets them, what they are, and what is refused in which words."""

import calendar
import hashlib
import json
import os
import re
import time
import urllib.request

import botocore.awsrequest
import botocore.auth
import botocore.credentials

from record import ACCOUNT, ENDPOINT, FOREIGN, REGION

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
TOKEN = re.compile(r"(?<=<SessionToken>)[\w-]{20,200}(?=</SessionToken>)")
INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
EPOCH = re.compile(r"\b1[0-9]{9}\b")


def until(match):
    """An instant as the time until then, in the quarters of an hour that sessions last."""
    seconds = calendar.timegm(time.strptime(match[0], "%Y-%m-%dT%H:%M:%SZ")) - time.time()
    quarters = round(seconds / 900)
    return f"<in {quarters * 900} s>" if abs(seconds - quarters * 900) < 120 else match[0]


def masked(r):
    """Has the recorder write names for what no two sessions have in common."""
    plain = r.text

    def text(value):
        value = plain(value)
        value = TOKEN.sub("<told once>", value)
        return EPOCH.sub("<epoch>", INSTANT.sub(until, value))

    r.text = text


def trust(principal, actions, **conditions):
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions}
    if conditions:
        statement["Condition"] = conditions
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(action, effect="Allow"):
    """A policy of one statement on everything."""
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


class People:
    """Users of the account, made as the root."""

    def __init__(self, r):
        self.r = r
        self.iam = r.client("iam")
        masked(r)

    def user(self, name, document=None):
        """The keys of a new user."""
        self.iam.create_user(UserName=name)
        if document:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def role(self, name, document, **more):
        """A new role, which may do everything."""
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)
        self.iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)

    def sts(self, keys):
        """A client of whoever has the keys."""
        return self.r.client("sts", **keys)


def keys_of(answer):
    """What a client is made with from an answer."""
    got = answer["Credentials"]
    return {"aws_access_key_id": got["AccessKeyId"], "aws_secret_access_key": got["SecretAccessKey"],
            "aws_session_token": got["SessionToken"]}


def assume_role(r):
    people = People(r)
    alice = people.sts(people.user("alice"))
    bob = people.sts(people.user("bob", policy("sts:*")))
    trusted = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}
    everything = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    people.role("deploy", trust(trusted, everything))
    people.role("plain", trust(trusted, "sts:AssumeRole", StringEquals={"sts:ExternalId": "shared"}))
    people.role("next", trust({"AWS": ROLE}, everything), MaxSessionDuration=43200)
    call = {"client": alice, "RoleArn": ROLE, "RoleSessionName": "run-1"}
    plain = {**call, "RoleArn": ROLE.replace("deploy", "plain")}
    r.title("whom the role trusts")
    session = r.call(**call)
    r.call("GetCallerIdentity", client=people.sts(keys_of(session)))
    r.title("with policies, tags and a source identity")
    passed = {"Policy": policy("ecr:*"), "PolicyArns": [{"arn": ADMINISTRATOR}],
              "Tags": [{"Key": "team", "Value": "blue"}], "TransitiveTagKeys": ["team"],
              "SourceIdentity": "alice", "DurationSeconds": 900}
    session = r.call(**call, **passed)
    r.title("a chain")
    chained = {"client": people.sts(keys_of(session)), "RoleSessionName": "next-1",
               "RoleArn": ROLE.replace("deploy", "next")}
    wide = r.call(**call, **{**passed, "Policy": policy("*")}, quiet=True)
    chained["client"] = people.sts(keys_of(wide))
    r.call(**chained)
    r.call(**chained, DurationSeconds=3601)
    r.call(**chained, Tags=[{"Key": "Team", "Value": "red"}])
    r.call(**chained, SourceIdentity="mallory")
    r.title("an external id")
    r.call(**plain)
    r.call(**plain, ExternalId="other")
    r.call(**plain, ExternalId="shared")
    r.title("tags that the trust policy does not allow")
    r.call(**plain, ExternalId="shared", Tags=[{"Key": "a", "Value": "b"}])
    r.title("no trust, no role, no account")
    r.call(**{**call, "client": bob})
    r.call(**{**call, "client": bob, "RoleArn": ROLE.replace("deploy", "none")})
    r.call(**{**call, "client": bob, "RoleArn": ROLE.replace(ACCOUNT, FOREIGN)})
    r.title("the root")
    r.call(**{**call, "client": r.client("sts")})
    r.title("what is too long")
    r.call(**call, DurationSeconds=3601)
    r.title("session policies")
    r.call(**call, Policy="{")
    r.call(**call, Policy=policy("ecr:*") + " " * 3000)
    r.call(**call, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}])
    r.call(**call, PolicyArns=[{"arn": ADMINISTRATOR}] * 11)
    words = [hashlib.sha512(bytes([n])).hexdigest() for n in range(50)]
    r.call(**call, Tags=[{"Key": f"k{n}", "Value": word} for n, word in enumerate(words)])
    r.title("tags")
    r.call(**call, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    r.call(**call, TransitiveTagKeys=["a"])
    r.call(**call, Tags=[{"Key": "aws:a", "Value": "1"}])
    r.title("codes of a device, contexts")
    r.call(**call, SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/alice", TokenCode="123456")
    r.call(**call, ProvidedContexts=[{"ProviderArn": "arn:aws:iam::aws:contextProvider/x", "ContextAssertion": "abcd"}])
    r.title("constraints")
    r.call(client=alice)
    r.call(client=alice, RoleArn="nothing-valid-in-here", RoleSessionName="run-1")
    r.call(client=alice, RoleArn=ROLE, RoleSessionName="Session1:2")
    r.call(client=alice, RoleArn="short", RoleSessionName="a", DurationSeconds=899, ExternalId="a",
           SourceIdentity="a:b")
    r.call(**call, DurationSeconds=43201)
    r.title("a session with another's token, without one, and a long-term key with one")
    keys, more = keys_of(session), keys_of(wide)
    for mixed in ({**keys, "aws_session_token": more["aws_session_token"]},
                  {**keys, "aws_session_token": None},
                  {**keys, "aws_session_token": "x" * 100},
                  {**people.user("carol"), "aws_session_token": keys["aws_session_token"]}):
        r.call("GetCallerIdentity", client=people.sts(mixed))
    r.refuse_strangers(RoleArn=ROLE, RoleSessionName="run-1")


def assume_role_with_web_identity(r):
    people = People(r)
    tokens = json.loads(os.environ["TEST_WEB_IDENTITY_TOKENS"])
    for token in tokens.values():
        if len(token) > 40:
            r.name(token, "web identity token")
    issuer = "token.actions.githubusercontent.com"
    people.iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"])
    provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    condition = {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
                 "StringLike": {f"{issuer}:sub": "repo:your-org/your-repo:*"}}
    people.role("deploy", trust(provider, "sts:AssumeRoleWithWebIdentity", **condition))
    people.role("aws", trust({"AWS": "*"}, ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]))
    call = {"RoleArn": ROLE, "RoleSessionName": "GitHubActions"}
    r.title("whom the provider vouches for")
    session = r.call(**call, WebIdentityToken=tokens["good"])
    r.call("GetCallerIdentity", client=people.sts(keys_of(session)))
    r.call(**call, WebIdentityToken=tokens["good"], Policy=policy("ecr:*"), DurationSeconds=900)
    r.title("no trust, no role, another repository")
    r.call(**{**call, "RoleArn": ROLE.replace("deploy", "aws")}, WebIdentityToken=tokens["good"])
    r.call(**{**call, "RoleArn": ROLE.replace("deploy", "none")}, WebIdentityToken=tokens["good"])
    r.call(**call, WebIdentityToken=tokens["subject"])
    r.title("the provider is looked for in the role's account")
    r.call(**{**call, "RoleArn": ROLE.replace(ACCOUNT, FOREIGN)}, WebIdentityToken=tokens["good"])
    r.title("tokens")
    for name in ("issuer", "audience", "expired", "early", "none", "own key", "key id", "claim"):
        print(f"-- {name}")
        r.call(**call, WebIdentityToken=tokens[name])
    r.call(**call, WebIdentityToken="not-a-token")
    r.title("what is too long, and policies")
    r.call(**call, WebIdentityToken=tokens["good"], DurationSeconds=3601)
    r.call(**call, WebIdentityToken=tokens["good"], Policy="{")
    r.call(**call, WebIdentityToken=tokens["good"], ProviderId="www.amazon.com")
    r.title("constraints")
    r.call()
    r.call(RoleArn="nothing-valid-in-here", RoleSessionName="a", WebIdentityToken="a")
    r.title("by the CLI")
    r.cli("sts", "assume-role-with-web-identity", "--role-arn", ROLE, "--role-session-name", "run-1",
          "--web-identity-token", tokens["good"], "--query", "AssumedRoleUser.Arn")


def get_session_token(r):
    people = People(r)
    alice = people.sts(people.user("alice", policy("sts:*", "Deny")))
    people.role("deploy", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}, "sts:AssumeRole"))
    r.title("a user, despite a deny")
    session = people.sts(keys_of(r.call(client=alice)))
    r.call("GetCallerIdentity", client=session)
    r.call(client=alice, DurationSeconds=900)
    r.title("root: an hour at most")
    root = r.call(DurationSeconds=129600)
    r.call("GetCallerIdentity", client=people.sts(keys_of(root)))
    r.title("a session asks")
    r.call(client=session)
    r.call("GetFederationToken", client=session, Name="bob")
    r.call("GetAccessKeyInfo", client=people.sts(keys_of(root)), AccessKeyId="AKIAQQQQQQQQQQQQQQQQ")
    r.title("codes of a device")
    r.call(client=alice, SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/alice", TokenCode="123456")
    r.title("constraints")
    r.call(DurationSeconds=899)
    r.call(DurationSeconds=129601, SerialNumber="short", TokenCode="12345x")
    r.refuse_strangers()


def get_federation_token(r):
    people = People(r)
    alice = people.sts(people.user("alice", policy(["sts:GetFederationToken", "sts:TagSession"])))
    bob = people.sts(people.user("bob"))
    r.title("without policies")
    session = people.sts(keys_of(r.call(client=alice, Name="guest")))
    r.call("GetCallerIdentity", client=session)
    r.title("with a policy and tags")
    r.call(client=alice, Name="guest", Policy=policy("ecr:*"), Tags=[{"Key": "a", "Value": "b"}],
           DurationSeconds=900)
    r.title("the root")
    r.call(Name="guest")
    r.title("without permission")
    r.call(client=bob, Name="guest")
    r.title("a session asks")
    r.call(client=session, Name="guest")
    r.call("GetSessionToken", client=session)
    r.call("AssumeRole", client=session, RoleArn=ROLE, RoleSessionName="run-1")
    r.title("policies and tags")
    r.call(Name="guest", Policy="{")
    r.call(Name="guest", Policy=policy("ecr:*") + " " * 2048)
    r.call(Name="guest", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    r.title("constraints")
    r.call()
    r.call(Name="a", DurationSeconds=899)
    r.refuse_strangers(Name="guest")


def get_access_key_info(r):
    people = People(r)
    alice = people.sts(people.user("alice"))
    r.title("a key of the account")
    r.call(AccessKeyId=os.environ["AWS_ACCESS_KEY_ID"])
    r.title("an unknown key")
    r.call(AccessKeyId="AKIAQQQQQQQQQQQQQQQQ")
    r.title("without permission")
    r.call(client=alice, AccessKeyId="AKIAQQQQQQQQQQQQQQQQ")
    r.title("constraints")
    r.call()
    r.call(AccessKeyId="short")
    r.call(AccessKeyId="with space in it")


def decode_authorization_message(r):
    people = People(r)
    alice = people.sts(people.user("alice"))
    r.title("what no service encoded")
    r.call(EncodedMessage="abcdef")
    r.title("without permission")
    r.call(client=alice, EncodedMessage="abcdef")
    r.title("constraints")
    r.call()
    r.call(EncodedMessage="")
    r.call(EncodedMessage="a" * 10241)


def get_caller_identity(r):
    people = People(r)
    r.title("root")
    r.call()
    r.title("another region")
    r.call(client=r.client("sts", region_name="eu-west-1"))
    r.title("a user, despite a deny")
    alice = people.user("alice", policy("*", "Deny"))
    r.call(client=people.sts(alice))
    r.refuse_strangers()
    r.title("another action")
    r.call("AssumeRoot", client=r.client("sts"), TargetPrincipal=ACCOUNT,
           TaskPolicyArn={"arn": ADMINISTRATOR})
    r.title("as JSON, and presigned")
    for headers in ({"Accept": "application/json"}, {}):
        print(f"> GET / {headers}")
        keys = botocore.credentials.Credentials(alice["aws_access_key_id"], alice["aws_secret_access_key"])
        url = f"{ENDPOINT}/?Action=GetCallerIdentity&Version=2011-06-15"
        request = botocore.awsrequest.AWSRequest("GET", url, headers={**headers, "x-k8s-aws-id": "cluster"})
        botocore.auth.SigV4QueryAuth(keys, "sts", REGION, expires=60).add_auth(request)
        send = urllib.request.Request(request.url, headers=dict(request.headers))
        with urllib.request.urlopen(send, timeout=30) as answer:
            print(f"< {answer.status} {answer.headers['content-type']}")
            r.body(answer.read())
    r.title("by the CLI")
    r.cli("sts", "get-caller-identity")


CASES = {
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "DecodeAuthorizationMessage": decode_authorization_message,
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}
