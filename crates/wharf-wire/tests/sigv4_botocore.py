"""Signs requests with botocore: one JSON object a line in, one out.

In:  form ("header", "query" or "s3-query"), method, url, params ([name, value] pairs), headers ([name, value]
     pairs), body (hex), access_key_id, secret, token (or null), region, service, time (YYYYMMDDTHHMMSSZ), expires.
Out: path, query, headers ([lower-case name, value as hex of UTF-8] pairs), as they would go over the wire.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode_sequence


def sign(case):
    now = datetime.datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *args, **kwargs: now

    url, params = case["url"], {}
    if case["form"] == "header":
        if case["params"]:
            url += "?" + percent_encode_sequence(case["params"])
    else:
        # The query signer keeps only the first of a repeated parameter unless it gets a mapping.
        for name, value in case["params"]:
            params.setdefault(name, []).append(value)
    request = AWSRequest(method=case["method"], url=url, params=params, data=bytes.fromhex(case["body"]))
    for name, value in case["headers"]:
        request.headers[name] = value

    credentials = Credentials(case["access_key_id"], case["secret"], case["token"])
    where = (credentials, case["service"], case["region"])
    if case["form"] == "header":
        signer = botocore.auth.SigV4Auth(*where)
    elif case["form"] == "query":
        signer = botocore.auth.SigV4QueryAuth(*where, expires=case["expires"])
    else:
        signer = botocore.auth.S3SigV4QueryAuth(*where, expires=case["expires"])
    signer.add_auth(request)

    # Not from the prepared request, whose headers are a mapping and keep only one of each name.
    prepared = urlsplit(request.prepare().url)
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    if not any(name == "host" for name, _ in headers):
        headers.insert(0, ("host", prepared.netloc))
    return {
        "path": prepared.path or "/",
        "query": prepared.query,
        "headers": [(name, value.encode().hex()) for name, value in headers],
    }


for line in sys.stdin:
    print(json.dumps(sign(json.loads(line))))
