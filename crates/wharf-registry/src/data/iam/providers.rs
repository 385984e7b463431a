//! Identity providers of `OpenID Connect`: whose web identity tokens an account's roles may trust.
use wharf_meta::iam::entities::{self as rows, EntityRow};
use wharf_meta::iam::strings;

use super::{EntityKind, arn, changed, entities};
use crate::action::Action;
use crate::action::iam::{
    AddClientIDToOpenIDConnectProvider, CreateOpenIDConnectProvider, DeleteOpenIDConnectProvider,
    ListOpenIDConnectProviders, RemoveClientIDFromOpenIDConnectProvider,
    UpdateOpenIDConnectProviderThumbprint,
};
use crate::data::Tx;
use crate::error::QueryError;
use crate::{Error, Grant, Result};

/// Most client ids of a provider.
const MAX_CLIENT_IDS: usize = 100;
/// Most thumbprints of a provider.
const MAX_THUMBPRINTS: usize = 5;

/// How rows call the lists of a provider.
const CLIENT_IDS: &str = "client-id";
const THUMBPRINTS: &str = "thumbprint";

/// The provider that was granted.
pub(crate) fn existing<A: Action>(grant: &Grant<A>) -> Result<&EntityRow> {
    let provider = EntityKind::OidcProvider.as_str();
    grant
        .entity()
        .filter(|row| row.kind == provider)
        .ok_or_else(|| EntityKind::OidcProvider.missing(grant.arn()))
}

/// A provider's name, of its URL: the same without `https://` and the port that is meant anyway.
///
/// # Errors
/// `ValidationError` for other schemes, a query, a fragment, a user, and, unless `ports`, other ports.
/// Source: iam.md 6.4.
pub(crate) fn name_of(url: &str, ports: bool) -> Result<String> {
    let invalid = || QueryError::validation_error("Invalid Open ID Connect Provider URL");
    let rest = url.strip_prefix("https://").ok_or_else(invalid)?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let authority = authority.strip_suffix(":443").unwrap_or(authority);
    let host = match authority.split_once(':') {
        Some((host, port)) if ports && is_port(port) => host,
        _ => authority,
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let whole = !host.is_empty() && host.bytes().all(named) && host.len() <= 253;
    let plain = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'"' | b'*' | b'<' | b'>' | b':')
    };
    if !whole || !path.unwrap_or_default().bytes().all(plain) {
        return Err(invalid());
    }
    Ok(match path {
        Some(path) => format!("{authority}/{path}"),
        None => authority.to_owned(),
    })
}

/// A number without a zero in front: a port has one name only.
fn is_port(text: &str) -> bool {
    !text.starts_with(['0', '+']) && text.parse::<u16>().is_ok()
}

fn check_client_ids(ids: &[String]) -> Result<()> {
    if ids.len() > MAX_CLIENT_IDS {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MAX_CLIENT_IDS}"
        )));
    }
    Ok(())
}

fn check_thumbprints(thumbprints: &[String]) -> Result<()> {
    if thumbprints.len() > MAX_THUMBPRINTS {
        return Err(QueryError::invalid_input(
            "Thumbprint list must contain fewer than 5 entries.",
        ));
    }
    let hex = |text: &String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !thumbprints.iter().all(hex) {
        return Err(QueryError::invalid_input(
            "A thumbprint is 40 hexadecimal digits.",
        ));
    }
    Ok(())
}

/// A list without what was in it before.
fn distinct(texts: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if !kept.contains(text) {
            kept.push(text.clone());
        }
    }
    kept
}

/// Makes a provider; its ARN.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    grant: &Grant<CreateOpenIDConnectProvider>,
    name: &str,
    client_ids: &[String],
    thumbprints: &[String],
    tags: &[(String, String)],
) -> Result<String> {
    let client_ids = distinct(client_ids);
    check_client_ids(&client_ids)?;
    check_thumbprints(thumbprints)?;
    let row = entities::new_row(grant, EntityKind::OidcProvider, "/", name)?;
    entities::create(tx, grant, EntityKind::OidcProvider, &row, tags)?;
    write(tx, &row, CLIENT_IDS, &client_ids)?;
    write(tx, &row, THUMBPRINTS, thumbprints)?;
    Ok(arn(&row))
}

/// Replaces a list.
fn write(tx: &mut Tx<'_>, provider: &EntityRow, kind: &str, texts: &[String]) -> Result<()> {
    strings::delete_all(tx.meta, &provider.id, kind)?;
    for (position, text) in texts.iter().enumerate() {
        let position = i64::try_from(position).map_err(Error::internal)?;
        strings::insert(tx.meta, &provider.id, kind, position, text)?;
    }
    Ok(())
}

/// The client ids of a provider, and its thumbprints, each in the order given.
pub(crate) fn lists_of(
    tx: &mut Tx<'_>,
    provider: &EntityRow,
) -> Result<(Vec<String>, Vec<String>)> {
    let client_ids = strings::of(tx.meta, &provider.id, CLIENT_IDS)?;
    Ok((client_ids, strings::of(tx.meta, &provider.id, THUMBPRINTS)?))
}

/// All providers of the account: the quota is far below what one read gives.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    grant: &Grant<ListOpenIDConnectProviders>,
) -> Result<Vec<EntityRow>> {
    let (account, kind) = (grant.account().as_str(), EntityKind::OidcProvider.as_str());
    Ok(rows::page(tx.meta, account, kind, "/", "", 1_000)?)
}

/// Removes a provider. One that is gone already: nothing changes.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteOpenIDConnectProvider>) -> Result<()> {
    let Ok(provider) = existing(grant) else {
        return Ok(());
    };
    strings::delete_all(tx.meta, &provider.id, CLIENT_IDS)?;
    strings::delete_all(tx.meta, &provider.id, THUMBPRINTS)?;
    entities::delete(tx, grant, provider)
}

/// Replaces the thumbprints.
pub(crate) fn set_thumbprints(
    tx: &mut Tx<'_>,
    grant: &Grant<UpdateOpenIDConnectProviderThumbprint>,
    thumbprints: &[String],
) -> Result<()> {
    let provider = existing(grant)?;
    check_thumbprints(thumbprints)?;
    write(tx, provider, THUMBPRINTS, thumbprints)?;
    changed(tx, grant, "identity-changed", &arn(provider))
}

/// Adds a client id; one that is there already stays where it is.
pub(crate) fn add_client_id(
    tx: &mut Tx<'_>,
    grant: &Grant<AddClientIDToOpenIDConnectProvider>,
    client_id: &str,
) -> Result<()> {
    let provider = existing(grant)?;
    let mut client_ids = strings::of(tx.meta, &provider.id, CLIENT_IDS)?;
    if client_ids.iter().any(|it| it == client_id) {
        return Ok(());
    }
    client_ids.push(client_id.to_owned());
    check_client_ids(&client_ids)?;
    write(tx, provider, CLIENT_IDS, &client_ids)?;
    changed(tx, grant, "identity-changed", &arn(provider))
}

/// Removes a client id; one that is not there is passed over.
pub(crate) fn remove_client_id(
    tx: &mut Tx<'_>,
    grant: &Grant<RemoveClientIDFromOpenIDConnectProvider>,
    client_id: &str,
) -> Result<()> {
    let provider = existing(grant)?;
    let mut client_ids = strings::of(tx.meta, &provider.id, CLIENT_IDS)?;
    let before = client_ids.len();
    client_ids.retain(|it| it != client_id);
    if client_ids.len() == before {
        return Ok(());
    }
    write(tx, provider, CLIENT_IDS, &client_ids)?;
    changed(tx, grant, "identity-changed", &arn(provider))
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_provider_is_named_by_an_https_url_and_nothing_else() {
        for (url, name) in [
            ("https://idp.example.com", "idp.example.com"),
            ("https://idp.example.com:443/a", "idp.example.com/a"),
            ("https://idp.example.com/id/EX", "idp.example.com/id/EX"),
        ] {
            assert_eq!(name_of(url, false).expect(url), name);
        }
        for url in [
            "idp.example.com",
            "http://idp.example.com",
            "https://",
            "https://idp.example.com:8443",
            "https://idp.example.com?a=b",
            "https://idp.example.com/x#y",
            "https://me@idp.example.com",
            "https://idp.example.com/a b",
            "https://idp.example.com/a:b",
        ] {
            assert!(name_of(url, false).is_err(), "{url}");
        }
    }
}
