use proptest::prelude::*;

use super::*;

#[test]
fn parameters_are_decoded_and_found_by_name() {
    let params =
        Params::parse(b"Action=GetCallerIdentity&&Version=2011-06-15&a%2Fb=%e2%82%AC+%2B&flag")
            .expect("valid");
    assert_eq!(params.get("Action"), Some("GetCallerIdentity"));
    assert_eq!(params.get("a/b"), Some("€ +"));
    assert_eq!(params.get("flag"), Some(""));
    assert_eq!(params.get("action"), None);
    assert_eq!(
        Params::parse(b"a=b=c").expect("valid").get("a"),
        Some("b=c")
    );
    assert_eq!(Params::parse(b"").expect("valid").get(""), None);
}

#[test]
fn bad_parameters_are_refused() {
    for (form, error) in [
        (&b"a=%"[..], InvalidParams::Escape),
        (b"a=%4", InvalidParams::Escape),
        (b"a=%+1", InvalidParams::Escape),
        (b"%zz=1", InvalidParams::Escape),
        (b"a=%ff", InvalidParams::NotUtf8),
        (b"\xff=1", InvalidParams::NotUtf8),
        (b"Action=a&A%63tion=b", InvalidParams::Twice),
    ] {
        assert_eq!(Params::parse(form), Err(error), "{form:?}");
    }
}

#[test]
fn two_thousand_parameters_are_read_and_one_more_is_refused() {
    let mut form: Vec<String> = (0..2_000).map(|number| format!("p{number}=x")).collect();
    assert!(Params::parse(form.join("&").as_bytes()).is_ok());
    form.push("more=x".to_owned());
    assert_eq!(
        Params::parse(form.join("&").as_bytes()),
        Err(InvalidParams::TooMany)
    );
}

#[test]
fn debug_output_of_parameters_shows_no_value() {
    let params = Params::parse(b"X-Amz-Security-Token=secret").expect("valid");
    assert_eq!(format!("{params:?}"), r#"{"X-Amz-Security-Token"}"#);
}

#[test]
fn an_error_names_whose_fault_it_is() {
    assert_eq!(
        render_error("urn:a", 400, "InvalidAction", "Could not find 'x'", "id"),
        "<ErrorResponse xmlns=\"urn:a\"><Error><Type>Sender</Type>\
         <Code>InvalidAction</Code><Message>Could not find &apos;x&apos;</Message></Error>\
         <RequestId>id</RequestId></ErrorResponse>"
    );
    assert!(
        render_error("urn:a", 500, "InternalFailure", "", "id").contains("<Type>Receiver</Type>")
    );
}

proptest! {
    #[test]
    fn parsing_never_panics(form in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _parsed = Params::parse(&form);
    }

    #[test]
    fn any_pair_reads_back_as_it_was_encoded(name in ".{0,20}", value in ".{0,20}") {
        let encode = |text: &str| {
            let escapes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            escapes.concat()
        };
        let params = Params::parse(format!("{}={}", encode(&name), encode(&value)).as_bytes());
        let params = params.expect("valid");
        prop_assert_eq!(params.get(&name), Some(value.as_str()));
    }

    #[test]
    fn escaped_text_has_no_markup_and_no_control_character(text in any::<String>()) {
        let escaped = escape(&text);
        prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\r', '\0', '\x1b']));
    }
}
