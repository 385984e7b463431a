//! `SimulateCustomPolicy`: what the policies that are given would say of requests.
use wharf_wire::iam::{SimulateCustomPolicyRequest as Request, SimulatePolicyResponse as Response};

use super::simulation::Parameters;
use crate::action::iam::SimulateCustomPolicy;
use crate::authorize::Resource;
use crate::data::iam::simulation;
use crate::{Ctx, Result};

pub(super) async fn simulate_custom_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let parameters = Parameters {
        policies: request.policy_input_list,
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
    let mut asking = parameters.read(ctx, "SimulateCustomPolicy")?;
    let caller = asking.caller.clone();
    let name = "simulate_custom_policy";
    asking.simulation.caller = ctx
        .read::<SimulateCustomPolicy, _, _>(name, Resource::Registry, move |tx, grant| {
            let caller = caller.as_ref();
            caller
                .map(|(account, arn)| simulation::caller(tx, grant, account, arn))
                .transpose()
        })
        .await?;
    asking.answer(request.marker, request.max_items).await
}
