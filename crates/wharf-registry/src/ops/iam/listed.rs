//! The lists that users, groups, roles and instance profiles have alike: attached and inline policies, tags.
use wharf_wire::iam::{AttachedPolicy, Tag};

use super::shown;
use crate::action::Action;
use crate::authorize::Resource;
use crate::data::Tx;
use crate::data::iam::{EntityKind, attached, inline};
use crate::page::{Asked, Page};
use crate::{Ctx, Grant, Result};

/// `Marker` and `MaxItems`.
pub(super) type Place = (Option<String>, Option<i64>);

/// The managed policies that are attached to an entity, of those below a path.
pub(super) async fn attached_policies<A: Action>(
    ctx: &Ctx,
    kind: EntityKind,
    name: String,
    prefix: Option<String>,
    place: Place,
) -> Result<Page<AttachedPolicy>> {
    let prefix = prefix.unwrap_or_else(|| "/".to_owned());
    let about = format!("{name} {prefix}");
    let list = move |tx: &mut Tx<'_>, grant: &Grant<A>, page: &Asked| {
        attached::list(tx, grant, &prefix, page)
    };
    let page = of_entity(ctx, kind, name, &about, place, list).await?;
    Ok(page.map(shown::attached_policy))
}

/// The names of an entity's inline policies.
pub(super) async fn inline_policies<A: Action>(
    ctx: &Ctx,
    kind: EntityKind,
    name: String,
    place: Place,
) -> Result<Page<String>> {
    let about = name.clone();
    of_entity::<A, _, _>(ctx, kind, name, &about, place, inline::list).await
}

/// The tags of an entity, in the order of their keys.
pub(super) async fn tags<A: Action>(
    ctx: &Ctx,
    kind: EntityKind,
    name: String,
    place: Place,
) -> Result<Page<Tag>> {
    let about = name.clone();
    let list =
        |tx: &mut Tx<'_>, grant: &Grant<A>, page: &Asked| shown::tags(tx, grant.existing()?, page);
    of_entity(ctx, kind, name, &about, place, list).await
}

/// A page of what an entity has; `about`: all that was asked for, for which alone its marker is good.
async fn of_entity<A, T, F>(
    ctx: &Ctx,
    kind: EntityKind,
    name: String,
    about: &str,
    (marker, limit): Place,
    mut list: F,
) -> Result<Page<T>>
where
    A: Action,
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, &Grant<A>, &Asked) -> Result<Page<T>> + Send + 'static,
{
    let page = Asked::new(A::NAME, about, marker.as_deref(), limit)?;
    let resource = Resource::Entity { kind, name };
    let read = move |tx: &mut Tx<'_>, grant: &Grant<A>| list(tx, grant, &page);
    ctx.read::<A, _, _>(A::NAME, resource, read).await
}
