//! What `parse` refuses, with which text.

use super::*;

#[test]
fn a_request_without_authentication_is_missing_it() {
    let refused = parse(&request(&basic_headers())).unwrap_err();
    assert_eq!(refused, SigError::Missing);
    assert_eq!(refused.family(), Family::MissingAuthenticationToken);
    assert_eq!(refused.message(), MISSING_TOKEN_QUERY);
    // Parts of a form are not a form of the query.
    let form = "Action=GetCallerIdentity&X-Amz-Date=20260115T120000Z";
    assert_eq!(parse_query(form).unwrap_err(), SigError::Missing);
}

#[test]
fn header_and_query_together_are_refused() {
    let mut headers = basic_headers();
    let authorization = authorization();
    headers.push(("authorization", authorization.as_bytes()));
    for query in [
        presigned(60),
        "X-Amz-Signature=".to_owned(),
        "X%2dAmz-Credential=x".to_owned(),
    ] {
        let refused = parse(&SignedRequest {
            query: &query,
            ..request(&headers)
        })
        .unwrap_err();
        assert_eq!(
            (refused.family(), refused),
            (Family::IncompleteSignature, SigError::BothForms),
            "{query}"
        );
    }
}

#[test]
fn other_algorithms_and_schemes_are_unsupported() {
    for (header, name) in [
        (
            "AWS4-ECDSA-P256-SHA256 Credential=x",
            "AWS4-ECDSA-P256-SHA256",
        ),
        ("Bearer abc", "Bearer"),
        ("aws4-hmac-sha256 Credential=x", "aws4-hmac-sha256"),
        ("", ""),
        ("secret+with/punctuation=", "…"),
    ] {
        let refused = parse_header(header).unwrap_err();
        assert_eq!(
            refused.message(),
            format!("Unsupported AWS 'algorithm': '{name}'.")
        );
        assert_eq!(refused.family(), Family::IncompleteSignature);
    }
    let query = presigned(60).replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    assert!(matches!(
        parse_query(&query),
        Err(SigError::UnsupportedAlgorithm { .. })
    ));
}

#[test]
fn each_missing_part_has_its_sentence() {
    let refused = parse_header("AWS4-HMAC-SHA256 Credential=x").unwrap_err();
    assert_eq!(refused.family(), Family::IncompleteSignature);
    let text = refused.message();
    assert!(
        text.starts_with(
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
             parameter. (Hashed with SHA-256 and encoded with Base64) Authorization="
        ),
        "{text}"
    );
    let headers: Headers<'_> = vec![("host", b"h"), ("authorization", b"AWS4-HMAC-SHA256")];
    let text = parse(&request(&headers)).unwrap_err().message();
    assert!(
        text.starts_with(
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
             parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
             existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed"
        ),
        "{text}"
    );
}

#[test]
fn malformed_repeated_and_unknown_parts_are_refused_without_an_echo() {
    for (header, is_malformed) in [
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, hunter2, Signature=x",
            true,
        ),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,", true),
        (
            "AWS4-HMAC-SHA256 Credential=hunter2, Credential=a/b/c/d/e",
            false,
        ),
        ("AWS4-HMAC-SHA256 credential=hunter2", false),
        ("AWS4-HMAC-SHA256 Extra=hunter2", false),
    ] {
        let refused = parse_header(header).unwrap_err();
        assert_eq!(
            matches!(refused, SigError::MalformedPart { .. }),
            is_malformed,
            "{header}"
        );
        assert_eq!(
            matches!(refused, SigError::UnexpectedPart { .. }),
            !is_malformed,
            "{header}"
        );
        assert_eq!(refused.family(), Family::IncompleteSignature);
        assert!(!refused.message().contains("hunter2"));
    }
}

#[test]
fn parts_may_come_in_any_order_with_and_without_spaces() {
    let scope = "20260115/us-east-1/ecr/aws4_request";
    for header in [
        format!("AWS4-HMAC-SHA256 Credential=K/{scope},SignedHeaders=host;x-amz-date,Signature=0"),
        format!(
            "AWS4-HMAC-SHA256  Signature=0 ,\tSignedHeaders=host;x-amz-date ,  Credential=K/{scope}  "
        ),
    ] {
        assert_eq!(
            parse_header(&header).unwrap().access_key_id,
            "K",
            "{header}"
        );
    }
}

#[test]
fn credentials_of_other_than_five_parts_are_echoed_to_the_caller_only() {
    for value in [
        "",
        "K",
        "K/d/r/s",
        "K/x/d/r/s/t",
        "/d/r/s/t",
        "hunter2+/=/hunter2/x/y/z/w",
    ] {
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={value}, SignedHeaders=host;x-amz-date, Signature=0"
        );
        let refused = parse_header(&header).unwrap_err();
        assert_eq!(refused.family(), Family::IncompleteSignature);
        assert_eq!(
            refused.message(),
            format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{value}'"
            )
        );
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
}

#[test]
fn signed_headers_must_hold_the_host_in_canonical_order() {
    let with = |signed: &str| {
        parse_header(&format!(
            "AWS4-HMAC-SHA256 Credential=K/20260115/us-east-1/ecr/aws4_request, SignedHeaders={signed}, Signature=0"
        ))
    };
    assert!(with("host;x-amz-date").is_ok());
    assert!(with(":authority;x-amz-date").is_ok());
    let refused = with("x-amz-date").unwrap_err();
    assert_eq!(
        refused.message(),
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    );
    for signed in [
        "",
        "x-amz-date;host",
        "host;host;x-amz-date",
        "Host;x-amz-date",
        "host;;x-amz-date",
        "host;x-amz-date;",
    ] {
        assert_eq!(
            with(signed).unwrap_err(),
            SigError::SignedHeadersNotCanonical,
            "{signed}"
        );
    }
    let refused = with("host").unwrap_err();
    assert_eq!(
        refused,
        SigError::UnsignedHeaders {
            names: "x-amz-date".to_owned()
        }
    );
    assert_eq!(refused.family(), Family::InvalidSignature);
}

#[test]
fn unsigned_amz_headers_are_refused_in_both_forms() {
    let authorization = authorization();
    let mut headers = basic_headers();
    headers.push(("authorization", authorization.as_bytes()));
    headers.push(("x-amzn-trace-id", b"Root=1"));
    assert!(parse(&request(&headers)).is_ok());
    headers.push(("x-amz-security-token", b"T"));
    headers.push(("x-amz-target", b"X"));
    let names = "x-amz-security-token, x-amz-target".to_owned();
    assert_eq!(
        parse(&request(&headers)).unwrap_err(),
        SigError::UnsignedHeaders { names }
    );
    let headers: Headers<'_> = vec![("host", b"ecr.example"), ("x-amz-target", b"X")];
    let query = presigned(60);
    let refused = parse(&SignedRequest {
        query: &query,
        ..request(&headers)
    })
    .unwrap_err();
    assert_eq!(
        refused,
        SigError::UnsignedHeaders {
            names: "x-amz-target".to_owned()
        }
    );
}

#[test]
fn headers_that_must_be_single_are_refused_when_repeated() {
    let authorization = authorization();
    for name in [
        "authorization",
        "host",
        "x-amz-date",
        "x-amz-security-token",
    ] {
        let mut headers = basic_headers();
        headers.push(("authorization", authorization.as_bytes()));
        headers.push((name, b"x"));
        if name == "x-amz-security-token" {
            headers.push((name, b"x"));
        }
        let refused = parse(&request(&headers)).unwrap_err();
        assert_eq!(
            (refused.family(), refused),
            (Family::IncompleteSignature, SigError::Repeated { name })
        );
    }
    let query = format!("{}&X-Amz-Date=x", presigned(60));
    assert_eq!(
        parse_query(&query).unwrap_err(),
        SigError::Repeated { name: "X-Amz-Date" }
    );
}

#[test]
fn the_date_header_will_do_and_the_amz_date_wins() {
    let mut headers: Headers<'_> = vec![("host", b"h"), ("date", b"Thu, 15 Jan 2026 12:00:00 GMT")];
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    headers.push(("authorization", authorization.as_bytes()));
    let presented = parse(&request(&headers)).unwrap();
    assert_eq!(presented.time, NOON);
    assert_eq!(verify(&presented, &request(&headers), SECRET, NOON), Ok(()));

    let mut headers: Headers<'_> = vec![
        ("host", b"h"),
        ("date", b"nonsense"),
        ("x-amz-date", b"20260115T120000Z"),
    ];
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    headers.push(("authorization", authorization.as_bytes()));
    assert_eq!(parse(&request(&headers)).unwrap().time, NOON);
}

#[test]
fn what_is_no_date_is_echoed_and_refused() {
    for value in [
        "2026-01-15T12:00:00Z",
        "Thu, 15 Jan 2026 12:00:00 GMT",
        "20260230T000000Z",
    ] {
        let headers: Headers<'_> = vec![
            ("host", b"h"),
            ("x-amz-date", value.as_bytes()),
            ("authorization", b"AWS4-HMAC-SHA256 Credential=K/d/r/s/t, SignedHeaders=host;x-amz-date, Signature=0"),
        ];
        let refused = parse(&request(&headers)).unwrap_err();
        assert_eq!(refused.family(), Family::IncompleteSignature);
        assert_eq!(
            refused.message(),
            format!(
                "Date must be in ISO-8601 'basic format'. Got '{value}'. See http://en.wikipedia.org/wiki/ISO_8601"
            )
        );
    }
}

#[test]
fn presigned_lives_from_a_second_to_a_week() {
    let with = |expires: &str| {
        let query = presigned(60).replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        parse_query_unsigned_date(&query)
    };
    for accepted in ["1", "604800", "0060"] {
        assert!(with(accepted).is_ok(), "{accepted}");
    }
    for long in ["604801", "99999999999999999999"] {
        let refused = with(long).unwrap_err();
        assert_eq!(
            refused.message(),
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds"
        );
    }
    for bad in ["0", "-1", "1.5", "x", "", "%2B60"] {
        assert_eq!(with(bad).unwrap_err(), SigError::ExpiresMalformed, "{bad}");
    }
}

/// `parse_query` without the `x-amz-date` header, which a presigned request would have to sign.
fn parse_query_unsigned_date(query: &str) -> Result<Presented, SigError> {
    parse(&SignedRequest {
        query,
        ..request(&vec![("host", b"ecr.example")])
    })
}

#[test]
fn each_missing_or_malformed_parameter_of_the_query_form_is_refused() {
    let whole = presigned(60);
    for (index, _) in whole.split('&').enumerate() {
        let mut pairs: Vec<&str> = whole.split('&').collect();
        let left_out = pairs.remove(index);
        let refused = parse_query_unsigned_date(&pairs.join("&")).unwrap_err();
        assert_eq!(refused, SigError::QueryIncomplete, "{left_out}");
    }
    let refused = parse_query_unsigned_date(&whole.replace("%2Faws4_request", "")).unwrap_err();
    assert_eq!(
        (refused.family(), refused),
        (Family::IncompleteSignature, SigError::QueryCredential)
    );
    let refused = parse_query_unsigned_date(&whole.replace("T120000Z", "T1200Z")).unwrap_err();
    assert!(matches!(refused, SigError::BadDate { .. }));
}

#[test]
fn sizes_are_bounded() {
    let authorization = authorization();
    let right = {
        let mut headers = basic_headers();
        headers.push(("authorization", authorization.as_bytes()));
        headers
    };
    assert!(parse(&request(&right)).is_ok());
    let too_large =
        |request: SignedRequest<'_>| matches!(parse(&request), Err(SigError::TooLarge { .. }));
    let mut many = right.clone();
    many.resize(MAX_HEADERS + 1, ("a", b""));
    assert!(too_large(request(&many)));
    let long = vec![b'a'; MAX_HEADER_BYTES];
    let mut large = right.clone();
    large.push(("a", &long));
    assert!(too_large(request(&large)));
    let path = "/".repeat(MAX_PATH_BYTES + 1);
    assert!(too_large(SignedRequest {
        path: &path,
        ..request(&right)
    }));
    let query = "a".repeat(MAX_QUERY_BYTES + 1);
    assert!(too_large(SignedRequest {
        query: &query,
        ..request(&right)
    }));
    let query = "&".repeat(MAX_PARAMETERS);
    assert!(too_large(SignedRequest {
        query: &query,
        ..request(&right)
    }));
}
