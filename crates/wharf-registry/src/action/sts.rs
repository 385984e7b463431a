//! Actions of AWS STS.

actions! {
    AssumeRole = "sts:AssumeRole";
    DecodeAuthorizationMessage = "sts:DecodeAuthorizationMessage";
    GetAccessKeyInfo = "sts:GetAccessKeyInfo";
    GetFederationToken = "sts:GetFederationToken";
    SetSourceIdentity = "sts:SetSourceIdentity";
    TagSession = "sts:TagSession";
}
