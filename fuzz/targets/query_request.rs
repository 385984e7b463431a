//! Requests of the query protocol: read alike twice, bounded, and refused with as many texts as are counted.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use wharf_wire::iam::{
    CreateAccountAliasRequest, CreateOpenIDConnectProviderRequest, CreatePolicyVersionRequest,
    CreateRoleRequest, GetAccountAuthorizationDetailsRequest, ListUsersResponse,
    ListVirtualMFADevicesRequest, SimulateCustomPolicyRequest, UntagUserRequest,
};
use wharf_wire::query::{DecodeError, Input, Params, decode, render};
use wharf_wire::sts::{AssumeRoleRequest, AssumeRoleWithWebIdentityRequest};

fuzz_target!(|form: &[u8]| {
    let Ok(params) = Params::parse(form) else {
        return;
    };
    if let Some(role) = read::<CreateRoleRequest>(&params) {
        assert!(role.role_name.len() <= 64);
        assert!(
            role.assume_role_policy_document
                .chars()
                .all(|c| c <= '\u{ff}')
        );
        let tags = role.tags.unwrap_or_default();
        assert!(tags.len() <= 50);
        assert!(
            tags.iter()
                .all(|tag| !tag.key.is_empty() && !tag.key.contains(['\n', '#']))
        );
    }
    if let Some(untag) = read::<UntagUserRequest>(&params) {
        let given = untag.tag_keys.iter().all(|key| form_has(&params, key));
        assert!(given, "a value that was not sent");
    }
    if let Some(request) = read::<AssumeRoleWithWebIdentityRequest>(&params) {
        let shown = format!("{request:?}");
        assert!(shown.contains("web_identity_token: …"), "{shown}");
    }
    read::<AssumeRoleRequest>(&params);
    read::<CreateAccountAliasRequest>(&params);
    read::<CreateOpenIDConnectProviderRequest>(&params);
    read::<CreatePolicyVersionRequest>(&params);
    read::<GetAccountAuthorizationDetailsRequest>(&params);
    read::<ListVirtualMFADevicesRequest>(&params);
    read::<SimulateCustomPolicyRequest>(&params);
    let answer = ListUsersResponse {
        marker: params.get("Marker").map(str::to_owned),
        ..ListUsersResponse::default()
    };
    let xml = render("urn:x", "ListUsers", &answer, "id");
    assert_eq!(xml.matches('<').count(), xml.matches('>').count());
    assert!(xml.ends_with("<RequestId>id</RequestId></ResponseMetadata></ListUsersResponse>"));
});

fn read<T: Input + Debug + PartialEq>(params: &Params) -> Option<T> {
    let read = decode::<T>(params);
    assert_eq!(read, decode::<T>(params), "two readings differ");
    match read {
        Ok(request) => Some(request),
        Err(DecodeError::Malformed(_)) => None,
        Err(DecodeError::Validation(text)) => {
            let count = text
                .split(' ')
                .next()
                .and_then(|word| word.parse::<usize>().ok());
            let count = count.expect("a number");
            let told = text.matches("failed to satisfy constraint: ").count();
            // A value that is repeated may hold the words too.
            assert!((1..=100).contains(&count) && told >= count, "{text}");
            assert!(T::SERVICE.echoes || told == count, "{text}");
            None
        }
    }
}

/// Whether a value of a list was among the parameters, in either spelling.
fn form_has(params: &Params, value: &str) -> bool {
    (1..=2_000).any(|number| {
        ["TagKeys.member.", "TagKeys."]
            .iter()
            .any(|prefix| params.get(&format!("{prefix}{number}")) == Some(value))
    })
}
