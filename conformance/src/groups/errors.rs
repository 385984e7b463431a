//! How refusals are told, and what any answer may say besides.

use serde_json::Value;

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, not_offered};
use crate::content::{Document, media};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "errors",
    category: "errors",
    tests: tests![
        a_json_body_has_the_shape_of_errors => "ERR-01 ERR-02",
        a_code_is_of_capitals_and_underscores => "ERR-03",
        a_code_is_one_of_the_table => "ERR-09 LEG-05",
        a_message_is_text => "ERR-04 ERR-05 ERR-06",
        a_detail_is_any_json => "ERR-07 ERR-08",
        a_body_is_told_to_be_json => "ERR-02",
        an_unknown_blob_has_its_code => "CODE-01",
        an_unknown_upload_has_its_code => "CODE-03",
        a_wrong_digest_has_its_code => "CODE-04",
        a_broken_manifest_has_its_code => "CODE-06",
        an_unknown_manifest_has_its_code => "CODE-07",
        a_broken_name_has_its_code => "CODE-08",
        an_unknown_repository_has_its_code => "CODE-09",
        missing_credentials_have_their_code => "CODE-11",
        warnings_are_of_their_form => "WARN-01 WARN-02 WARN-03 WARN-04",
        warnings_are_short => "WARN-05",
    ],
};

/// The codes of the specification, and those that it inherits.
const CODES: &[&str] = &[
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
    "TAG_INVALID",
    "MANIFEST_UNVERIFIED",
];

/// Refusals of many kinds.
fn refusals(t: &Trial<'_>) -> Check<Vec<Answer>> {
    t.tagged_image(&t.tag())?;
    let image = t.unpushed_image()?;
    let no_image = Document::of_text(media::MANIFEST, "no json");
    let session = t.open_upload()?;
    let refusals = vec![
        t.get_manifest(&t.tag())?,
        t.get_manifest(&t.no_digest())?,
        t.get(&format!("blobs/{}", t.no_digest()))?,
        t.get("blobs/sha256:abc")?,
        t.put_manifest(&image, "-a")?,
        t.put_manifest(&image, &t.no_digest())?,
        t.put_manifest(&no_image, &t.tag())?,
        t.close_upload(&session, &t.no_digest(), b"something")?,
        t.request_in(&t.no_repository(), "GET", "tags/list")
            .send()?,
        t.request_in("UPPER", "GET", "tags/list").send()?,
    ];
    refusals.into_iter().map(Answer::expect_refusal).collect()
}

/// The errors of all JSON bodies of refusals, each with what was asked and answered.
fn errors(t: &Trial<'_>) -> Check<Vec<(Value, String)>> {
    let mut errors = Vec::new();
    for refusal in refusals(t)? {
        let body: Value = serde_json::from_slice(refusal.body()).unwrap_or_default();
        let list = body.get("errors").and_then(Value::as_array);
        let told = |e: &Value| (e.clone(), refusal.told());
        errors.extend(list.into_iter().flatten().map(told));
    }
    if errors.is_empty() {
        return not_offered("no refusal has errors in JSON");
    }
    Ok(errors)
}

/// The code of an error, empty where it has none.
fn code(error: &Value) -> &str {
    let code = error.get("code").and_then(Value::as_str);
    code.unwrap_or_default()
}

fn a_json_body_has_the_shape_of_errors(t: &Trial<'_>) -> Check {
    const SHAPE: &str = "{\"errors\": [{\"code\": …}]} where the body is JSON";
    let mut bodies = 0;
    for refusal in refusals(t)? {
        let Ok(body) = serde_json::from_slice::<Value>(refusal.body()) else {
            continue;
        };
        bodies += 1;
        let list = body.get("errors").and_then(Value::as_array);
        let shaped = list.is_some_and(|l| !l.is_empty() && l.iter().all(Value::is_object));
        must(shaped, SHAPE, refusal.told())?;
    }
    if bodies == 0 {
        return not_offered("no body of a refusal is JSON");
    }
    Ok(())
}

fn a_code_is_of_capitals_and_underscores(t: &Trial<'_>) -> Check {
    for (error, told) in errors(t)? {
        let code = code(&error);
        let spelled = code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        must(
            !code.is_empty() && spelled,
            "a code such as NAME_UNKNOWN",
            told,
        )?;
    }
    Ok(())
}

fn a_code_is_one_of_the_table(t: &Trial<'_>) -> Check {
    for (error, told) in errors(t)? {
        must(
            CODES.contains(&code(&error)),
            "a code of the specification",
            told,
        )?;
    }
    Ok(())
}

fn a_message_is_text(t: &Trial<'_>) -> Check {
    for (error, told) in errors(t)? {
        let message = error.get("message");
        must(
            message.is_none_or(Value::is_string),
            "a message of text",
            &told,
        )?;
        let text = message.and_then(Value::as_str).unwrap_or_default();
        t.should(
            !text.contains(char::is_control),
            "a message for people",
            told,
        );
    }
    Ok(())
}

fn a_detail_is_any_json(t: &Trial<'_>) -> Check {
    // Whatever it is, it has been read as JSON by now.
    let errors = errors(t)?;
    if errors
        .iter()
        .any(|(error, _)| error.get("detail").is_some())
    {
        Ok(())
    } else {
        not_offered("no error has a detail")
    }
}

fn a_body_is_told_to_be_json(t: &Trial<'_>) -> Check {
    for refusal in refusals(t)? {
        if !refusal.codes().is_empty() {
            let seen = refusal.header("content-type").unwrap_or("none");
            let json = seen.split(';').next() == Some("application/json");
            t.should(json, "Content-Type application/json", seen);
        }
    }
    Ok(())
}

/// Notes where a refusal does not tell its code.
fn has_code(t: &Trial<'_>, answer: Answer, codes: &[&str]) -> Check {
    let answer = answer.expect_refusal()?;
    t.should(answer.has_code(codes), &codes.join(" or "), answer.told());
    Ok(())
}

fn an_unknown_blob_has_its_code(t: &Trial<'_>) -> Check {
    t.push_blob(&t.blob(10))?;
    let answer = t.get(&format!("blobs/{}", t.no_digest()))?;
    has_code(t, answer, &["BLOB_UNKNOWN"])
}

fn an_unknown_upload_has_its_code(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(10), t.open_upload()?);
    t.close_upload(&session, &blob.digest, &blob.bytes)?
        .expect(201)?;
    let answer = t.request_at("GET", &session).send()?;
    has_code(t, answer, &["BLOB_UPLOAD_UNKNOWN"])
}

fn a_wrong_digest_has_its_code(t: &Trial<'_>) -> Check {
    let answer = t.close_upload(&t.open_upload()?, &t.no_digest(), b"something")?;
    has_code(t, answer, &["DIGEST_INVALID"])?;
    let answer = t.put_manifest(&t.unpushed_image()?, &t.no_digest())?;
    has_code(t, answer, &["DIGEST_INVALID"])
}

fn a_broken_manifest_has_its_code(t: &Trial<'_>) -> Check {
    let document = Document::of_text(media::MANIFEST, "no json");
    let answer = t.put_manifest(&document, &t.tag())?;
    has_code(t, answer, &["MANIFEST_INVALID"])
}

fn an_unknown_manifest_has_its_code(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    for reference in [t.tag(), t.no_digest()] {
        has_code(t, t.get_manifest(&reference)?, &["MANIFEST_UNKNOWN"])?;
    }
    Ok(())
}

fn a_broken_name_has_its_code(t: &Trial<'_>) -> Check {
    let answer = t.request_in("UPPER", "GET", "tags/list").send()?;
    has_code(t, answer, &["NAME_INVALID"])
}

fn an_unknown_repository_has_its_code(t: &Trial<'_>) -> Check {
    let name = t.no_repository();
    let answer = t.request_in(&name, "GET", "tags/list").send()?;
    has_code(t, answer, &["NAME_UNKNOWN"])
}

fn missing_credentials_have_their_code(t: &Trial<'_>) -> Check {
    if !t.registry().has_credentials() {
        return not_offered("the suite has no credentials to leave out");
    }
    let request = t.request("GET", "tags/list").anonymous();
    let answer = request.send()?.expect_one_of(&[200, 401, 403])?;
    if answer.status() == 200 {
        return not_offered("reading is open to everybody");
    }
    has_code(t, answer, &["UNAUTHORIZED", "DENIED"])
}

/// The `Warning` headers of all answers of the run so far, by answer.
fn warnings(t: &Trial<'_>) -> Check<Vec<Vec<String>>> {
    let warnings = t.registry().warnings();
    if warnings.is_empty() {
        return not_offered("no answer had a warning");
    }
    Ok(warnings)
}

fn warnings_are_of_their_form(t: &Trial<'_>) -> Check {
    for warning in warnings(t)?.iter().flatten() {
        let quoted = warning
            .strip_prefix("299 - \"")
            .and_then(|w| w.strip_suffix('"'));
        // A quote inside of the text is escaped: a bare one would begin a date.
        let plain = quoted.is_some_and(|text| !text.replace("\\\"", "").contains('"'));
        must(plain, "299 - \"text\", without a date", warning)?;
    }
    Ok(())
}

fn warnings_are_short(t: &Trial<'_>) -> Check {
    for answer in warnings(t)? {
        let bytes: usize = answer.iter().map(String::len).sum();
        must(bytes <= 4096, "at most 4096 bytes of warnings", bytes)?;
    }
    Ok(())
}
