//! Actions of AWS STS.
use super::{MakesSessions, NeedsNoPermission};

actions! {
    AssumeRole = "sts:AssumeRole": MakesSessions;
    AssumeRoleWithWebIdentity = "sts:AssumeRoleWithWebIdentity": MakesSessions;
    DecodeAuthorizationMessage = "sts:DecodeAuthorizationMessage";
    GetAccessKeyInfo = "sts:GetAccessKeyInfo";
    GetFederationToken = "sts:GetFederationToken": MakesSessions;
    GetSessionToken = "sts:GetSessionToken": MakesSessions, NeedsNoPermission;
    SetSourceIdentity = "sts:SetSourceIdentity";
    TagSession = "sts:TagSession";
}
