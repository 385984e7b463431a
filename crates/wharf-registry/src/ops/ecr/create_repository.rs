//! `CreateRepository`: makes an empty repository in the caller's registry.
use wharf_wire::ecr::{
    CreateRepositoryRequest as Request, CreateRepositoryResponse as Response, EncryptionType,
    ImageTagMutability,
};

use super::convert;
use crate::action::{CreateRepository, TagResource};
use crate::authorize::{Asked, Resource};
use crate::data::repositories::{self, MAX_TAGS, NewRepository};
use crate::mutability::TagMutability;
use crate::{Ctx, Error, Result};

pub(super) async fn create_repository(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let tags = convert::tags(request.tags.as_deref().unwrap_or_default())?;
    if tags.len() > MAX_TAGS {
        return Err(Error::TooManyTags {
            name: name.to_string(),
            registry: account.to_string(),
        });
    }
    let tag_mutability = TagMutability::new(
        request
            .image_tag_mutability
            .unwrap_or(ImageTagMutability::Mutable),
        request.image_tag_mutability_exclusion_filters.clone(),
    )?;
    check_encryption(&request)?;
    let scanning = request
        .image_scanning_configuration
        .and_then(|scanning| scanning.scan_on_push);
    let new = NewRepository {
        name: name.clone(),
        tag_mutability,
        scan_on_push: scanning.unwrap_or(false),
    };
    // The registry's key is made before its first image, so that a push waits for no write of its own.
    if account == ctx.account {
        ctx.service().registry_key(&account, &ctx.region).await?;
    }
    let asked = Asked::from(Resource::Name { account, name }).with_tags(&tags);
    let row = ctx
        .write::<CreateRepository, _, _>("create_repository", asked, move |tx, grant| {
            let tagging = if tags.is_empty() {
                None
            } else {
                Some(grant.also::<TagResource>()?)
            };
            let row = repositories::create(tx, grant, &new)?;
            if let Some(tagging) = tagging {
                repositories::put_tags_on(tx, &tagging, &row, &tags)?;
            }
            Ok(row)
        })
        .await?;
    Ok(Response {
        repository: Some(convert::repository(ctx, &row)?),
    })
}

fn check_encryption(request: &Request) -> Result<()> {
    let Some(encryption) = &request.encryption_configuration else {
        return Ok(());
    };
    match encryption.encryption_type {
        EncryptionType::Aes256 if encryption.kms_key.is_some() => Err(Error::invalid(
            "encryptionConfiguration",
            "Invalid encryption configuration: Encryption key should not be set for AES256 encryption.",
        )),
        EncryptionType::Aes256 => Ok(()),
        // deviations::KMS_LATER
        EncryptionType::Kms | EncryptionType::KmsDsse => Err(Error::Kms {
            code: "UnsupportedOperationException".to_owned(),
            reason: format!(
                "{} encryption is not supported by this registry yet",
                encryption.encryption_type.as_str()
            ),
        }),
    }
}
