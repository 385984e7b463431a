//! Who comes with the token of an identity provider: what policies may ask about them, and the gate for them.
use std::sync::Arc;

use wharf_identity::Claims;
use wharf_wire::ids::AccountId;

use super::{Asked, authorize_as};
use crate::action::MakesSessions;
use crate::authorize::Policies;
use crate::ctx::RequestInfo;
use crate::identity::{Credentials, Identity, SessionDetails};
use crate::{Grant, Principal, Result, data};

/// Somebody whom a registered provider vouches for, in the account that it is registered in.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    pub(crate) account: AccountId,
    pub(crate) provider_arn: String,
    /// The issuer without `https://`: what condition keys begin with.
    pub(crate) provider_url: String,
    pub(crate) claims: Claims,
}

impl WebIdentity {
    /// How audit and events name them, who are nobody of the account yet: provider, audience and subject.
    pub(crate) fn principal(&self) -> Principal {
        let (provider, claims) = (&self.provider_arn, &self.claims);
        let name = format!("{provider}:{}:{}", claims.audience, claims.subject);
        Principal {
            account: self.account.clone(),
            entity: String::new(),
            unique_id: name.clone(),
            arn: name,
            access_key_id: String::new(),
        }
    }

    /// As decisions see them: no policies of their own, no tags.
    pub(crate) fn identity(&self) -> Arc<Identity> {
        let provider = self.provider_arn.as_str().into();
        Arc::new(Identity {
            principal: self.principal(),
            credentials: Credentials::WebIdentity,
            caller: wharf_policy::Principal::WebIdentity(provider),
            keys: Vec::new(),
            policies: Vec::new(),
            boundary: None,
            session_policies: None,
            expires_at: None,
            details: SessionDetails::default(),
        })
    }

    /// The question with the claims as condition keys: `{provider}:aud`, `sub`, `amr`, `oaud`, and every further claim
    /// of one value. Source: sts.md 5.3.
    pub(crate) fn keys(&self, asked: Asked) -> Asked {
        let (url, claims) = (&self.provider_url, &self.claims);
        // A provider called like a service would have its claims taken for the service's own keys.
        if !url.contains(['.', ':']) {
            return asked;
        }
        let mut asked = asked
            .with(format!("{url}:aud"), claims.audience.as_str())
            .with_list(format!("{url}:oaud"), claims.original_audience.clone())
            .with_list(format!("{url}:amr"), claims.amr.clone());
        // A claim with a colon in its name could stand for one of another provider.
        let plain = claims
            .scalars
            .iter()
            .filter(|(name, _)| !name.contains(':'));
        for (name, value) in plain {
            asked = asked.with(format!("{url}:{name}"), value.as_str());
        }
        // Whatever a token calls its claims, the subject is the subject.
        asked.with(format!("{url}:sub"), claims.subject.as_str())
    }
}

/// The gate: the same decision as everybody's, by the role's trust policy alone.
pub(crate) fn gate<A: MakesSessions>(
    identity: Arc<Identity>,
    asked: Asked,
) -> impl FnMut(&mut data::Tx<'_>, &Policies, &Arc<RequestInfo>) -> Result<Grant<A>> + Send + 'static
{
    move |tx, policies, request| {
        authorize_as::<A>(tx, policies, request, Arc::clone(&identity), &asked)
    }
}
