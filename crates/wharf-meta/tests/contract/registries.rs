use wharf_meta::Store;
use wharf_meta::registries::{self, RegistryRow};

use super::rows::{ACCOUNT, REGION, account, is_foreign_key, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_registry_has_one_policy_or_none,
    a_setting_is_kept_for_each_account_and_region,
];

async fn a_registry_has_one_policy_or_none(store: &Store) {
    account(store).await;
    super::policies::make(store, &[1, 2]).await;
    let get = |region: &'static str| read(store, move |tx| registries::get(tx, ACCOUNT, region));
    let put = |policy: Option<i64>| {
        write(store, move |tx| {
            registries::put_policy(tx, ACCOUNT, REGION, policy)
        })
    };
    assert_eq!(get(REGION).await, Ok(None));
    for policy in [Some(1), Some(2), None, Some(2)] {
        put(policy).await.unwrap();
        let row = RegistryRow {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            policy,
        };
        assert_eq!(get(REGION).await, Ok(Some(row)));
    }
    assert_eq!(get("elsewhere").await, Ok(None));
    assert!(is_foreign_key(&put(Some(3)).await), "no such document");
    assert!(is_foreign_key(
        &write(store, |tx| wharf_meta::policies::delete(tx, 2)).await
    ));
    let nobody = write(store, |tx| {
        registries::put_policy(tx, "999999999999", REGION, None)
    });
    assert!(is_foreign_key(&nobody.await));
}

async fn a_setting_is_kept_for_each_account_and_region(store: &Store) {
    account(store).await;
    let get = |region: &'static str, name: &'static str| {
        read(store, move |tx| {
            registries::get_setting(tx, ACCOUNT, region, name)
        })
    };
    assert_eq!(get(REGION, "SCOPE").await, Ok(None));
    for value in ["V1", "V2"] {
        write(store, move |tx| {
            registries::put_setting(tx, ACCOUNT, REGION, "SCOPE", value)
        })
        .await
        .unwrap();
        assert_eq!(get(REGION, "SCOPE").await, Ok(Some(value.to_owned())));
    }
    assert_eq!(get("elsewhere", "SCOPE").await, Ok(None));
    assert_eq!(get(REGION, "OTHER").await, Ok(None));
    let nobody = write(store, |tx| {
        registries::put_setting(tx, "999999999999", REGION, "SCOPE", "V1")
    });
    assert!(is_foreign_key(&nobody.await));
}
