//! Identity providers that everybody shares: a trust policy has to tell whose tokens it means.
use super::{Document, Effect, Principals, Statement};
use crate::principal::PrincipalPattern;

/// The host whose tokens every project of the world can get.
const SHARED: &str = "token.actions.githubusercontent.com";

/// The claims of its tokens that tell whose they are: all that begin so. Source: IAM's controls for shared providers.
const TELLING: [&str; 4] = ["sub", "repository", "job_workflow_ref", "enterprise_id"];

impl Document {
    /// The shared identity provider that a trust policy trusts without asking whose the token is, if it does so.
    ///
    /// What counts as asking is a condition on one of the telling claims that an absent claim does not pass, and that
    /// not every value passes.
    pub fn trusts_every_tenant_of(&self) -> Option<&'static str> {
        self.statements
            .iter()
            .any(|statement| {
                statement.effect == Effect::Allow && trusts(statement) && !asks(statement)
            })
            .then_some(SHARED)
    }
}

fn trusts(statement: &Statement) -> bool {
    let Principals::Listed(patterns) = &statement.principals else {
        return false;
    };
    patterns.iter().any(|pattern| match pattern {
        PrincipalPattern::Provider(provider) => {
            let name = provider.split_once(":oidc-provider/");
            name.map_or(&**provider, |(_, name)| name)
                .eq_ignore_ascii_case(SHARED)
        }
        _ => false,
    })
}

fn asks(statement: &Statement) -> bool {
    statement.conditions.iter().any(|condition| {
        let claim = condition
            .key()
            .as_str()
            .strip_prefix(SHARED)
            .and_then(|rest| rest.strip_prefix(':'));
        claim.is_some_and(|claim| TELLING.iter().any(|telling| claim.starts_with(telling)))
            && condition.narrows()
    })
}
