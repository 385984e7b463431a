//! The query protocol: each parameter reads as another decoder reads it.
#![no_main]

use std::borrow::Cow;
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use wharf_wire::query::{InvalidParams, Params};

fuzz_target!(|form: &[u8]| {
    let params = Params::parse(form);
    assert_eq!(params, Params::parse(form), "two readings differ");
    let other = other(form);
    match params {
        Ok(params) => {
            let other = other.expect("text for every reader");
            let mut parts = 0;
            for (name, value) in &other {
                assert_eq!(params.get(name), Some(value.as_str()));
                parts += 1;
            }
            let given = form.split(|b| *b == b'&').filter(|p| !p.is_empty()).count();
            assert_eq!(parts, given, "a parameter twice is taken");
            assert_eq!(
                params.get("\u{0}never\u{0}"),
                other.get("\u{0}never\u{0}").map(String::as_str)
            );
        }
        Err(InvalidParams::NotUtf8) => assert!(other.is_none()),
        Err(InvalidParams::Escape) => assert!(form.contains(&b'%')),
        Err(InvalidParams::TooMany) => assert!(form.len() > 2_000),
        Err(InvalidParams::Twice) => {}
    }
});

/// The parameters by a decoder that leaves a stray `%` as it is; `None` for what is not text.
fn other(form: &[u8]) -> Option<BTreeMap<String, String>> {
    let decoded = |text: &[u8]| {
        let spaced: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        percent_decode(&spaced)
            .decode_utf8()
            .ok()
            .map(Cow::into_owned)
    };
    let mut values = BTreeMap::new();
    for part in form
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
    {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let name = decoded(halves.next().unwrap_or_default())?;
        let value = decoded(halves.next().unwrap_or_default())?;
        values.insert(name, value);
    }
    Some(values)
}
