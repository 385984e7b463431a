//! Rows that many cases need, written through the modules themselves.
use wharf_meta::manifests::{ManifestRow, SealedManifest};
use wharf_meta::repositories::RepositoryRow;
use wharf_meta::{Durability, Error, Result, Store, Tx, accounts};

/// The account of all rows here.
pub const ACCOUNT: &str = "123456789012";
/// The region of all rows here.
pub const REGION: &str = "eu-west-3";

/// Writes hard, for cases that have nothing to say about it.
pub async fn write<T: Send + 'static>(
    store: &Store,
    closure: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.write("case", Durability::Hard, closure).await
}

/// Reads.
pub async fn read<T: Send + 'static>(
    store: &Store,
    closure: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.read("case", closure).await
}

/// Inserts [`ACCOUNT`].
pub async fn account(store: &Store) {
    let row = accounts::AccountRow {
        account: ACCOUNT.to_owned(),
        name: "first".to_owned(),
        created_at: 1,
        alias: None,
    };
    write(store, move |tx| accounts::insert(tx, &row))
        .await
        .unwrap();
}

/// A repository's row, not inserted.
pub fn repository(id: i64, name: &str) -> RepositoryRow {
    RepositoryRow {
        id,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        name: name.to_owned(),
        created_at: 1,
        tag_mutability: "IMMUTABLE".to_owned(),
        mutability_filters: None,
        scan_on_push: false,
        encryption_type: "AES256".to_owned(),
        kms_key: None,
        policy: None,
    }
}

/// A manifest's row and bytes, not inserted.
pub fn manifest(digest: &str) -> (ManifestRow, SealedManifest) {
    let row = ManifestRow {
        digest: digest.to_owned(),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        size: 3,
        image_size: 5,
        depth: 0,
        subject: None,
        artifact_type: None,
        config_media_type: None,
        annotations: None,
        pushed_at: 1,
        keep_until: None,
    };
    let sealed = SealedManifest {
        key_id: "registry".to_owned(),
        material: 1,
        wrapped: vec![1, 2],
        sealed: vec![0, 255, 3],
    };
    (row, sealed)
}

/// Whether a write failed because a row with its key exists.
pub fn is_unique<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Unique { .. }))
}

/// Whether a write failed because of a reference between rows.
pub fn is_foreign_key<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::ForeignKey { .. }))
}
