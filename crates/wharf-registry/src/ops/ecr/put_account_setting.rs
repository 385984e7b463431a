//! `PutAccountSetting`: sets a setting of the registry. Saying the same again changes nothing.
use wharf_wire::ecr::{PutAccountSettingRequest as Request, PutAccountSettingResponse as Response};

use crate::action::PutAccountSetting;
use crate::authorize::{Asked, Resource};
use crate::registry_settings::Setting;
use crate::{Ctx, Result, data};

pub(super) async fn put_account_setting(ctx: &Ctx, request: Request) -> Result<Response> {
    let setting = Setting::parse(&request.name)?;
    let value = setting.value(&request.value)?;
    let asked = Asked::from(Resource::Registry).with("ecr:AccountSetting", setting.name);
    ctx.write::<PutAccountSetting, _, _>("put_account_setting", asked, move |tx, grant| {
        data::policies::put_setting(tx, grant, setting.name, value)
    })
    .await?;
    Ok(Response {
        name: Some(setting.name.to_owned()),
        value: Some(value.to_owned()),
    })
}
