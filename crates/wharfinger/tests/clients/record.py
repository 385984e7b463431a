"""Drives the AWS SDK for Python and the AWS CLI, and prints what was asked and answered.

Usage: record.py OPERATION

One transcript per operation. What differs from run to run (times, tokens, ids, the
port) is checked for its form and then replaced by a name in angle brackets, so that
two transcripts differ only where the registry's behaviour does. The transcript shows
the answer as it travelled, not as the SDK understood it; where the SDK knows the error
as a modelled one, the line says so.

A line that starts with `!!` reports an answer of a wrong form, and the exit status is 1.
"""

import base64
import calendar
import functools
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import xml.dom.minidom
import xml.parsers.expat
import xml.sax.saxutils

import boto3
import botocore
import botocore.config
import botocore.exceptions
import botocore.session

ACCOUNT = "123456789012"
FOREIGN = "210987654321"
REGION = "us-east-1"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HOST = urllib.parse.urlsplit(ENDPOINT).netloc

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IAM_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
# Of IAM: unique ids and access key ids, instants, and what is told once.
ENTITY = re.compile(r"\b(AIDA|AGPA|AROA|AIPA|ANPA|AKIA|ASIA)[A-Z0-9]{16,17}\b")
INSTANT = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)")
ONCE = re.compile(r"(?<=<SecretAccessKey>)[^<]+|(?<=<Marker>)[^<]+")
TIMES = {"createdAt", "imagePushedAt", "expiresAt", "lastRecordedPullTime"}
LONG = 120


def repository_arn(name, account=ACCOUNT, region=REGION):
    """The ARN of a repository."""
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


@functools.cache
def service_of(operation):
    """The service that has an operation; ECR for those that nobody has."""
    session = botocore.session.get_session()
    for service in ("iam", "sts"):
        if operation in session.get_service_model(service).operation_names:
            return service
    return "ecr"


class Recorder:
    """Prints the transcript and remembers which names stand for which values."""

    def __init__(self, operation):
        self.operation = operation
        self.names = {HOST: "<registry>", os.environ["AWS_ACCESS_KEY_ID"]: "<access key>"}
        self.codes = set()
        self.faults = 0
        self.clients = {}
        self.answer = None
        self.asked = None

    # What is printed.

    def title(self, text):
        """Begins a case."""
        print(f"\n## {text}")

    def fault(self, text):
        """Reports an answer of a wrong form."""
        self.faults += 1
        print(f"!! {text}")

    def name(self, value, name):
        """Prints `<name>` wherever `value` would stand."""
        self.names[value] = f"<{name}>"
        return value

    def shown(self, value, key=None):
        """A value as the transcript shows it."""
        if isinstance(value, dict):
            return {k: self.shown(v, k) for k, v in value.items()}
        if isinstance(value, list):
            if len(value) > 12:
                return [self.shown(value[0]), f"… {len(value)} in all"]
            return [self.shown(v) for v in value]
        if key in TIMES:
            return self.time(key, value)
        if key == "authorizationToken":
            return self.token(value)
        if key == "downloadUrl":
            return self.url(value)
        if key in ("SecretAccessKey", "Marker", "NextToken") and value != "no-such-marker":
            return "<told once>"
        if key == "nextToken" and value not in ("", "no-such-token"):
            return "<next token>"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return value.decode("ascii") if len(value) <= LONG else f"<{len(value)} bytes>"
        return value

    def text(self, value):
        """A string with the known values in it replaced by their names."""
        value = ONCE.sub("<told once>", value)
        for known in sorted(self.names, key=len, reverse=True):
            value = value.replace(known, self.names[known])
        value = UUID.sub("<uuid>", value)
        value = INSTANT.sub(self.instant, ENTITY.sub(r"<\1…>", value))
        # Runs of one character stand for a length, which is what the case is about.
        return re.sub(r"(.)\1{39,}", lambda m: f"{m[1]}…({len(m[0])} times)", value, flags=re.S)

    def instant(self, match):
        """Checks an instant of an XML document: now, where it is not AWS's own."""
        at = calendar.timegm(time.strptime(match[0][:19], "%Y-%m-%dT%H:%M:%S"))
        return "<now>" if abs(at - time.time()) < 120 else match[0]

    def time(self, key, value):
        """Checks an instant in epoch seconds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fault(f"{key} is no number: {value!r}")
            return value
        expected = time.time() + (12 * 3600 if key == "expiresAt" else 0)
        if abs(value - expected) > 120:
            self.fault(f"{key} is {value - expected:.0f} s away from what it should be")
        return "<in 12 h>" if key == "expiresAt" else "<now>"

    def token(self, value):
        """Checks an authorization token: base64 of `AWS:password`, one colon, at most 300."""
        decoded = base64.b64decode(value, validate=True).decode("ascii")
        user, _, password = decoded.partition(":")
        if user != "AWS" or ":" in password or not 0 < len(password) <= 300 or re.search(r"\s", password):
            self.fault("the token is not AWS and a password of at most 300 characters without colon")
        self.names[password] = "<password>"
        return "<token>"

    def url(self, value):
        """Checks the form of a layer's URL, and hides what differs from run to run."""
        credential = r"X-Amz-Credential=[\w-]{80,100}%2F\d{8}%2Fus-east-1%2Fs3%2Faws4_request"
        signature = "&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}"
        form = (re.escape(ENDPOINT) + r"/layers/\d{12}/us-east-1/\w+/sha256/[0-9a-f]{64}"
                r"\?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + credential
                + r"&X-Amz-Date=\d{8}T\d{6}Z&X-Amz-Expires=3600" + signature)
        if not re.fullmatch(form, value):
            self.fault(f"the URL has another form: {value}")
        for hidden in ("Credential", "Date", "Signature"):
            value = re.sub(rf"X-Amz-{hidden}=[^&]*", f"X-Amz-{hidden}=<{hidden.lower()}>", value)
        return value.replace(HOST, "<registry>")

    # Calls by the SDK.

    def client(self, service="ecr", **changes):
        """An SDK client without the SDK's own validation and retries."""
        key = (service, tuple(sorted(changes.items())))
        if key in self.clients:
            return self.clients[key]
        options = {"parameter_validation": False, "retries": {"total_max_attempts": 1}}
        if changes.pop("unsigned", False):
            options["signature_version"] = botocore.UNSIGNED
        client = boto3.session.Session().client(
            service, config=botocore.config.Config(**options), **changes
        )
        client.meta.events.register("before-parse", self.see)
        self.clients[key] = client
        return client

    def see(self, response_dict, **_):
        """Keeps the answer as it travelled."""
        self.answer = response_dict

    def call(self, operation=None, client=None, quiet=False, **parameters):
        """Calls an operation, prints the exchange, and returns the answer, or None if refused."""
        operation = operation or self.operation
        client = client or self.client(service_of(operation))
        service = service_of(operation)
        client = client or self.client(service)
        method = botocore.xform_name(operation)
        code, modelled = None, False
        if not quiet:
            print(f"> {operation} {json.dumps(self.shown(parameters), ensure_ascii=False)}")
        try:
            result = getattr(client, method)(**parameters)
        except botocore.exceptions.ClientError as error:
            result = None
            code = error.response["Error"]["Code"]
            modelled = type(error) is not botocore.exceptions.ClientError
            if operation == self.operation:
                self.codes.add(code)
        if quiet:
            if code:
                self.fault(f"{operation} was to succeed: {code}: {self.answer['body']!r}")
            return result
        self.headers(code)
        self.status(code, modelled)
        self.asked = (operation, code)
        self.body(self.answer["body"])
        return result

    def raw(self, body, operation=None):
        """Sends a body that the SDK would not make, signed."""
        service = service_of(operation or self.operation)
        event = f"before-sign.{service}." + (operation or self.operation)
        client = self.client(service)

        def replace(request, **_):
            request.data = body

        client.meta.events.register(event, replace)
        try:
            shown = body.decode("utf-8", "backslashreplace")
            print(f"> body {json.dumps(self.shown(shown), ensure_ascii=False)}")
            code, modelled = None, False
            try:
                getattr(client, botocore.xform_name(operation or self.operation))()
            except botocore.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                modelled = type(error) is not botocore.exceptions.ClientError
                self.codes.add(code)
            except Exception as error:  # The SDK fails in many ways on an answer it cannot read.
                self.fault(f"the SDK cannot read the answer: {error!r}")
            self.headers(code)
            self.status(code, modelled)
            self.asked = (operation or self.operation, code)
            self.body(self.answer["body"])
        finally:
            client.meta.events.unregister(event, replace)

    def status(self, code, modelled):
        """Prints the status, the code, and whether the SDK has a class for it."""
        words = [str(self.answer["status_code"]), code or ""]
        print(f"< {' '.join(words).strip()}{', modelled' if modelled else ''}")

    def headers(self, code):
        """Checks the headers that clients rely on."""
        headers = {k.lower(): v for k, v in self.answer["headers"].items()}
        if not UUID.fullmatch(headers.get("x-amzn-requestid", "")):
            self.fault(f"x-amzn-RequestId is {headers.get('x-amzn-requestid')!r}")
        kind = headers.get("content-type")
        if kind not in ("application/x-amz-json-1.1", "text/xml"):
            self.fault(f"Content-Type is {kind!r}")
        if code and kind != "text/xml" and headers.get("x-amzn-errortype") != code:
            self.fault(f"x-amzn-ErrorType is {headers.get('x-amzn-errortype')!r}")

    def body(self, body):
        """Prints the body of an answer."""
        text = body.decode("utf-8", "backslashreplace")
        try:
            if IAM_NAMESPACE in text:
                self.iam(text)
                return
            if text.startswith("<"):
                pretty = xml.dom.minidom.parseString(text).toprettyxml(indent="  ")
                lines = [line for line in pretty.splitlines()[1:] if line.strip()]
                print(self.text("\n".join(lines)))
                return
            value = json.loads(text)
        except (ValueError, xml.parsers.expat.ExpatError):
            self.fault(f"the body is neither JSON nor XML: {text!r}")
            return
        kind = value.pop("__type", None)
        if kind and set(value) == {"message"}:
            print(self.text(value["message"]))
        else:
            print(json.dumps(self.shown(value), indent=2, ensure_ascii=False))

    def iam(self, text):
        """Checks what is around each answer of IAM, and prints what is inside."""
        operation, code = self.asked
        kind = "Sender" if self.answer["status_code"] < 500 else "Receiver"
        about = f'<(Error|{operation})Response xmlns="{IAM_NAMESPACE}">(.*)</\\1Response>'
        outer = re.fullmatch(about, text, flags=re.S)
        inner = outer[2] if outer else ""
        if code:
            form = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>(.*)</Message></Error><RequestId>(.*)</RequestId>"
        else:
            form = (f"(<{operation}Result>.*</{operation}Result>|<{operation}Result/>)?"
                    "<ResponseMetadata><RequestId>(.*)</RequestId></ResponseMetadata>")
        found = re.fullmatch(form, inner, flags=re.S)
        if not found or bool(code) != (outer[1] == "Error") or not UUID.fullmatch(found[2]):
            self.fault(f"the answer has another form: {text}")
        elif code:
            print(self.text(xml.sax.saxutils.unescape(found[1], {"&quot;": '"', "&apos;": "'"})))
        elif found[1] == f"<{operation}Result/>":
            print(found[1])
        elif found[1]:
            pretty = xml.dom.minidom.parseString(found[1]).toprettyxml(indent="  ")
            lines = [line[2:] for line in pretty.splitlines()[2:-1] if line.strip()]
            print(self.text("\n".join(lines)))

    def pages(self, key, **parameters):
        """Walks the pages of one element to the end, and returns all elements."""
        elements, token, pages = [], None, 0
        while pages < 20:
            more = {"nextToken": token} if token else {}
            page = self.call(maxResults=1, **parameters, **more)
            if page is None:
                return elements
            elements += page[key]
            pages += 1
            token = page.get("nextToken")
            if not token:
                print(f"-- {len(elements)} in {pages} pages")
                return elements
        self.fault("the pages do not end")
        return elements

    def marked_pages(self, key, **parameters):
        """The same for IAM, two elements at a time."""
        elements, marker, pages = [], None, 0
        while pages < 20:
            more = {"Marker": marker} if marker else {}
            page = self.call(MaxItems=2, **parameters, **more)
            if page is None:
                return elements
            elements += page[key]
            pages += 1
            marker = page.get("Marker")
            if page["IsTruncated"] != bool(marker):
                self.fault(f"IsTruncated is {page['IsTruncated']}, and the marker {marker!r}")
            if not marker:
                print(f"-- {len(elements)} in {pages} pages")
                return elements
        self.fault("the pages do not end")
        return elements

    def as_key(self, key, service="iam"):
        """A client with the access key that CreateAccessKey answered."""
        self.names.setdefault(key["AccessKeyId"], f"<key of {key.get('UserName', 'root')}>")
        return self.client(service, aws_access_key_id=key["AccessKeyId"],
                           aws_secret_access_key=key["SecretAccessKey"])

    def user(self, name, policy=None, **more):
        """A new user, and a client that is it."""
        self.call("CreateUser", quiet=True, UserName=name, **more)
        if policy:
            self.call("PutUserPolicy", quiet=True, UserName=name, PolicyName="own",
                      PolicyDocument=json.dumps(policy))
        key = self.call("CreateAccessKey", quiet=True, UserName=name)["AccessKey"]
        return self.as_key(key)

    def stranger(self):
        """The root of another account."""
        line = [os.environ["TESTED_PROGRAM"], "account", "create", "other", "--json",
                "--data-dir", os.environ["TESTED_DATA_DIR"]]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
        given = json.loads(done.stdout)
        self.name(given["access_key_id"], "key of the other account")
        self.name(given["account"], "other account")
        return self.client("iam", aws_access_key_id=given["access_key_id"],
                           aws_secret_access_key=given["secret_access_key"])

    def without_permission(self, **parameters):
        """The call of a user that may nothing, and of another account, where nothing of ours is."""
        self.title("a user without permission")
        self.call(client=self.user("nobody"), **parameters)
        self.title("another account")
        self.call(client=self.stranger(), **parameters)

    # Refusals that each operation has.

    def refuse_strangers(self, **parameters):
        """Without a signature, with a wrong one, and with a key that does not exist."""
        service = service_of(self.operation)
        self.title("without a signature")
        self.call(client=self.client(service, unsigned=True), **parameters)
        self.title("signed with another secret")
        self.call(client=self.client(service, aws_secret_access_key="x" * 40,
                                     aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"]), **parameters)
        self.title("signed with a key that does not exist")
        self.call(client=self.client(service, aws_secret_access_key="x" * 40,
                                     aws_access_key_id="AKIAQQQQQQQQQQQQQQQQ"), **parameters)

    # Calls by the CLI.

    def cli(self, *arguments, stdin=None, show=True):
        """Runs the AWS CLI and prints what it said."""
        shown = [self.text(a) if len(a) <= LONG else f"<{len(a)} characters>" for a in arguments]
        print("$ aws " + " ".join(a if re.fullmatch(r"[\w./:=,<>@-]+", a) else f"'{a}'" for a in shown))
        done = subprocess.run(["aws", *arguments], capture_output=True, text=True, input=stdin,
                              timeout=60, check=False)
        print(f"exit {done.returncode}")
        output = done.stdout.strip()
        if output and show:
            try:
                print(json.dumps(self.shown(json.loads(output)), indent=2, ensure_ascii=False))
            except ValueError:
                print(self.text(output))
        for line in done.stderr.strip().splitlines():
            if line.strip() and "usage" not in line:
                print(self.text(line))
        return output

    def download(self, answer, content):
        """Gets what a URL gives, with no header of any kind of ours."""
        with urllib.request.urlopen(answer["downloadUrl"], timeout=30) as given:
            if given.read() != content:
                self.fault("the URL gives something else")
        print(f"-- {len(content)} bytes by the URL")

    # The docker plane, for the layers that images need.

    def password(self):
        """A password for the docker plane."""
        data = self.client().get_authorization_token()["authorizationData"][0]
        return data["authorizationToken"]

    def push_blob(self, repository, content, digest):
        """Stores a blob by one request."""
        request = urllib.request.Request(
            f"{ENDPOINT}/v2/{repository}/blobs/uploads/?digest={digest}", data=content, method="POST",
            headers={"Authorization": f"Basic {self.password()}",
                     "Content-Type": "application/octet-stream"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            if answer.status != 201:
                self.fault(f"a blob push answered {answer.status}")

    def unprovoked(self):
        """Names the errors that the service model lists and this transcript does not show."""
        model = self.client(service_of(self.operation)).meta.service_model.operation_model(self.operation)
        codes = {s.metadata.get("error", {}).get("code", s.name) for s in model.error_shapes}
        missing = sorted(codes - self.codes)
        print(f"\n-- modelled errors not provoked: {', '.join(missing) or 'none'}")


def main():
    """Runs the cases of the operation named on the command line."""
    # The cases are imported late: they import this module.
    import cases_iam_access
    import cases_iam_account
    import cases_iam_attached
    import cases_iam_groups
    import cases_iam_managed
    import cases_iam_policies
    import cases_iam_providers
    import cases_iam_roles
    import cases_iam_users
    import cases_images
    import cases_layers
    import cases_policies
    import cases_registry
    import cases_repositories
    import cases_sts

    operation = sys.argv[1]
    recorder = Recorder(operation)
    cases = {**cases_iam_access.CASES, **cases_iam_account.CASES, **cases_iam_attached.CASES,
             **cases_iam_groups.CASES, **cases_iam_managed.CASES, **cases_iam_policies.CASES,
             **cases_iam_providers.CASES, **cases_iam_roles.CASES, **cases_iam_users.CASES,
             **cases_images.CASES, **cases_layers.CASES, **cases_policies.CASES,
             **cases_registry.CASES, **cases_repositories.CASES, **cases_sts.CASES}
    print(f"# {operation}")
    cases[operation](recorder)
    if operation != "UnknownOperations":
        recorder.unprovoked()
    return 1 if recorder.faults else 0


if __name__ == "__main__":
    sys.exit(main())
