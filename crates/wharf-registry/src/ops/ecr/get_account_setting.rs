//! `GetAccountSetting`: a setting of the registry, or what holds until it is set.
use wharf_wire::ecr::{GetAccountSettingRequest as Request, GetAccountSettingResponse as Response};

use crate::action::GetAccountSetting;
use crate::authorize::{Asked, Resource};
use crate::registry_settings::Setting;
use crate::{Ctx, Result, data};

pub(super) async fn get_account_setting(ctx: &Ctx, request: Request) -> Result<Response> {
    let setting = Setting::parse(&request.name)?;
    let asked = Asked::from(Resource::Registry).with("ecr:AccountSetting", setting.name);
    let value = ctx
        .read::<GetAccountSetting, _, _>("get_account_setting", asked, move |tx, grant| {
            data::policies::setting(tx, grant, setting.name)
        })
        .await?;
    Ok(Response {
        name: Some(setting.name.to_owned()),
        value: Some(value.unwrap_or_else(|| setting.default.to_owned())),
    })
}
