//! `SimulatePrincipalPolicy`: what the policies of a user, group or role, and those that are given, would say of requests.
use wharf_wire::iam::{
    SimulatePolicyResponse as Response, SimulatePrincipalPolicyRequest as Request,
};

use super::simulation::Parameters;
use crate::action::iam::SimulatePrincipalPolicy;
use crate::authorize::Resource;
use crate::data::iam::simulation;
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn simulate_principal_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = request.policy_source_arn;
    let kinds = [":user/", ":group/", ":role/"];
    if !arn.starts_with("arn:aws:iam::") || !kinds.iter().any(|kind| arn.contains(kind)) {
        return Err(QueryError::invalid_input(format!(
            "Invalid Entity Arn: {arn} does not clearly define entity type and name."
        )));
    }
    let parameters = Parameters {
        policies: request.policy_input_list.unwrap_or_default(),
        boundaries: request
            .permissions_boundary_policy_input_list
            .unwrap_or_default(),
        actions: request.action_names,
        resources: request.resource_arns,
        resource_policy: request.resource_policy,
        resource_owner: request.resource_owner,
        caller_arn: request.caller_arn,
        entries: request.context_entries,
    };
    let mut asking = parameters.read(ctx, "SimulatePrincipalPolicy")?;
    let (service, caller) = (ctx.service().clone(), asking.caller.clone());
    let (name, resource) = ("simulate_principal_policy", Resource::Arn(arn));
    let subject = ctx
        .read::<SimulatePrincipalPolicy, _, _>(name, resource, move |tx, grant| {
            let mut subject = simulation::subject(tx, grant, service.policies())?;
            if let Some((account, arn)) = &caller {
                let other = simulation::caller(tx, grant, account, arn)?;
                // The tags are those of whose policies these are.
                if subject.caller.as_ref() != Some(&other) {
                    subject.keys.clear();
                }
                subject.caller = Some(other);
            }
            Ok(subject)
        })
        .await?;
    let simulation = &mut asking.simulation;
    simulation.caller = subject.caller;
    simulation.keys = subject.keys;
    simulation.identity.splice(0..0, subject.sources);
    // A boundary that is given stands in the place of the principal's own.
    simulation.boundary = simulation.boundary.take().or(subject.boundary);
    asking.answer(request.marker, request.max_items).await
}
