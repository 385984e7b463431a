//! Two sessions at once, where each alone would be right and both together wrong.
use std::sync::{Arc, Barrier};

use wharf_meta::iam::{attachments, entities};
use wharf_meta::jobs::{self, Lease, NewJob};
use wharf_meta::registry_keys::{self, RegistryKeyRow};
use wharf_meta::{
    Database, Error, Result, Store, Tx, blobs, events, links, manifests, repositories, tags,
};

use super::rows::{ACCOUNT, REGION, account, manifest, read, repository, write};

wharf_meta::statements! {
    UNLINK = "DELETE FROM links WHERE repository = $1 AND digest = $2";
}

pub static CASES: &[crate::Case] = &cases![
    a_push_and_the_removal_of_its_layer_do_not_both_win,
    a_push_of_a_shared_layer_and_the_removal_of_its_last_link_leave_no_link_to_a_blob_given_up,
    two_pushes_of_one_immutable_tag_do_not_both_win,
    two_repositories_of_one_name_do_not_both_win,
    a_tag_and_the_deletion_of_its_image_do_not_both_win,
    two_workers_do_not_lease_one_job,
    two_first_uses_make_one_registry_key,
    two_sequencers_give_each_event_one_place,
    two_users_of_one_name_do_not_both_win,
    an_attachment_and_the_deletion_of_its_user_do_not_both_win,
];

const LOST: Error = Error::Closed;

/// Where the first runs of two closures meet: both have read before either writes.
///
/// `SQLite` has one writer, so there they come one after the other and do not wait.
#[derive(Clone)]
struct Meeting(Option<Arc<Barrier>>);

impl Meeting {
    fn new(store: &Store) -> Self {
        Self((store.database() == Database::PostgreSql).then(|| Arc::new(Barrier::new(2))))
    }

    /// Waits for the other in the first run only: after that the other may be gone.
    fn meet(&mut self) {
        if let Some(barrier) = self.0.take() {
            barrier.wait();
        }
    }
}

/// Runs both at once; whether each won. One that lost must have said so by itself.
async fn both(
    store: &Store,
    one: impl FnMut(&mut Tx) -> Result<()> + Send + 'static,
    other: impl FnMut(&mut Tx) -> Result<()> + Send + 'static,
) -> (bool, bool) {
    let (one, other) = tokio::join!(write(store, one), write(store, other));
    for answer in [&one, &other] {
        assert!(matches!(answer, Ok(()) | Err(Error::Closed)), "{answer:?}");
    }
    (one.is_ok(), other.is_ok())
}

fn won(condition: bool) -> Result<()> {
    if condition { Ok(()) } else { Err(LOST) }
}

async fn a_push_and_the_removal_of_its_layer_do_not_both_win(store: &Store) {
    write(store, |tx| {
        let (account, region) = (ACCOUNT.to_owned(), REGION.to_owned());
        let (encryption, digest) = ("AES256".to_owned(), "sha256:layer".to_owned());
        blobs::insert(
            tx,
            &blobs::BlobRow {
                id: 1,
                account,
                region,
                encryption,
                digest,
                size: 1,
                media_type: None,
                created_at: 1,
            },
        )?;
        blobs::link(tx, 7, "sha256:layer", 1, 0, 1)
    })
    .await
    .unwrap();
    let (mut here, mut there) = (Meeting::new(store), Meeting::new(store));
    there.0.clone_from(&here.0);
    let push = move |tx: &mut Tx| {
        won(manifests::linked_blob(tx, 7, "sha256:layer")?.is_some())?;
        here.meet();
        let (row, sealed) = manifest("sha256:image");
        manifests::insert(tx, 7, &row, &sealed)?;
        manifests::add_link(tx, 7, "sha256:image", 0, "sha256:layer")
    };
    let remove = move |tx: &mut Tx| {
        won(!blobs::is_held(tx, 7, "sha256:layer")?)?;
        there.meet();
        tx.run(&UNLINK, &[&7, &"sha256:layer"]).map(drop)
    };
    let (pushed, removed) = both(store, push, remove).await;
    assert_ne!(pushed, removed, "one wins");
    let held = read(store, |tx| {
        Ok((
            manifests::get(tx, 7, "sha256:image")?.is_some(),
            manifests::linked_blob(tx, 7, "sha256:layer")?.is_some(),
        ))
    });
    assert_eq!(held.await, Ok((pushed, pushed)), "an image has its layer");
}

async fn a_push_of_a_shared_layer_and_the_removal_of_its_last_link_leave_no_link_to_a_blob_given_up(
    store: &Store,
) {
    write(store, |tx| {
        blobs::insert(tx, &super::blobs::blob(1, "sha256:layer"))?;
        blobs::link(tx, 7, "sha256:layer", 1, 0, 1)
    })
    .await
    .unwrap();
    let (mut here, mut there) = (Meeting::new(store), Meeting::new(store));
    there.0.clone_from(&here.0);
    let push = move |tx: &mut Tx| {
        let found = blobs::find(tx, ACCOUNT, REGION, "AES256", "sha256:layer")?;
        here.meet();
        won(found.is_some())?;
        blobs::link(tx, 8, "sha256:layer", 1, 99, 1)
    };
    let remove = move |tx: &mut Tx| {
        links::remove(tx, 7, "sha256:layer", 1)?;
        let last = links::of_blob(tx, 1)?.is_none();
        there.meet();
        if last {
            blobs::give_up(tx, 1, "sha256:layer", 1)?;
        }
        Ok(())
    };
    let (pushed, removed) = both(store, push, remove).await;
    assert!(removed, "the removal is never in the way");
    let linked = read(store, |tx| blobs::find_link(tx, 8, "sha256:layer")).await;
    let given_up = read(store, |tx| blobs::given_up(tx, 9, 9)).await.unwrap();
    assert_eq!(
        (linked.unwrap().is_some(), given_up.is_empty()),
        (pushed, pushed),
        "either the push found it and it stays, or it went"
    );
}

async fn two_pushes_of_one_immutable_tag_do_not_both_win(store: &Store) {
    let meeting = Meeting::new(store);
    let push = |digest: &'static str| {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            won(tags::get(tx, 7, "v1")?.is_none())?;
            meeting.meet();
            let (row, sealed) = manifest(digest);
            manifests::insert(tx, 7, &row, &sealed)?;
            tags::insert(tx, 7, "v1", digest, 1)
        }
    };
    let (one, other) = both(store, push("sha256:1"), push("sha256:2")).await;
    assert_ne!(one, other, "one wins");
    let winner = if one { "sha256:1" } else { "sha256:2" };
    assert_eq!(
        read(store, |tx| tags::get(tx, 7, "v1")).await,
        Ok(Some(winner.to_owned()))
    );
    assert_eq!(
        store.table_counts().await.unwrap()["manifests"],
        1,
        "the loser leaves no image"
    );
}

async fn two_repositories_of_one_name_do_not_both_win(store: &Store) {
    account(store).await;
    let meeting = Meeting::new(store);
    let create = |id: i64| {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            won(repositories::by_name(tx, ACCOUNT, REGION, "app")?.is_none())?;
            meeting.meet();
            repositories::insert(tx, &repository(id, "app"))
        }
    };
    let (one, other) = both(store, create(1), create(2)).await;
    assert_ne!(one, other, "one wins");
    let row = read(store, |tx| {
        repositories::by_name(tx, ACCOUNT, REGION, "app")
    })
    .await
    .unwrap()
    .unwrap();
    assert_eq!(row.id, if one { 1 } else { 2 });
}

async fn a_tag_and_the_deletion_of_its_image_do_not_both_win(store: &Store) {
    write(store, |tx| {
        let (row, sealed) = manifest("sha256:1");
        manifests::insert(tx, 7, &row, &sealed)
    })
    .await
    .unwrap();
    let meeting = Meeting::new(store);
    let (mut here, mut there) = (meeting.clone(), meeting);
    let tag = move |tx: &mut Tx| {
        won(manifests::get(tx, 7, "sha256:1")?.is_some())?;
        here.meet();
        tags::insert(tx, 7, "v1", "sha256:1", 1)
    };
    let delete = move |tx: &mut Tx| {
        won(tags::of_digest(tx, 7, "sha256:1")?.is_empty())?;
        there.meet();
        manifests::delete(tx, 7, "sha256:1")
    };
    let (tagged, deleted) = both(store, tag, delete).await;
    assert_ne!(tagged, deleted, "one wins");
    let counts = store.table_counts().await.unwrap();
    assert_eq!(
        (counts["tags"], counts["manifests"]),
        (i64::from(tagged), i64::from(tagged))
    );
}

async fn two_workers_do_not_lease_one_job(store: &Store) {
    write(store, |tx| {
        let (kind, payload) = ("k".to_owned(), "{}".to_owned());
        jobs::enqueue(
            tx,
            &NewJob {
                id: 1,
                kind,
                payload,
                next_run: 0,
                created_at: 0,
            },
        )
    })
    .await
    .unwrap();
    let meeting = Meeting::new(store);
    let lease = |owner: &'static str| {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            // Both have looked before either leases.
            jobs::by_id(tx, 1)?;
            meeting.meet();
            won(jobs::lease(
                tx,
                Lease {
                    owner,
                    now: 1,
                    wall: 1,
                    until: 100,
                },
            )?
            .is_some())
        }
    };
    let (one, other) = both(store, lease("one"), lease("other")).await;
    assert_ne!(one, other, "one wins");
    assert_eq!(
        read(store, |tx| jobs::by_id(tx, 1))
            .await
            .unwrap()
            .unwrap()
            .fence,
        1
    );
}

async fn two_first_uses_make_one_registry_key(store: &Store) {
    let meeting = Meeting::new(store);
    let make = |secret: u8| {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            if let Some(made) = registry_keys::current(tx, ACCOUNT, REGION)? {
                return Ok(made.wrapped);
            }
            meeting.meet();
            let (account, region, wrapped) = (ACCOUNT.to_owned(), REGION.to_owned(), vec![secret]);
            let row = RegistryKeyRow {
                account,
                region,
                material: 1,
                wrapped,
                created_at: 1,
            };
            registry_keys::insert(tx, &row).map(|()| row.wrapped)
        }
    };
    let (one, other) = tokio::join!(write(store, make(1)), write(store, make(2)));
    assert_eq!(one.unwrap(), other.unwrap());
}

async fn two_sequencers_give_each_event_one_place(store: &Store) {
    write(store, |tx| {
        ["a", "b", "c", "d"]
            .iter()
            .try_for_each(|id| events::insert(tx, &super::events::event(id, 0)))
    })
    .await
    .unwrap();
    let meeting = Meeting::new(store);
    let stamp = || {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            events::last_seq(tx)?;
            meeting.meet();
            events::stamp(tx, 3)
        }
    };
    let (one, other) = tokio::join!(write(store, stamp()), write(store, stamp()));
    let stamped = one.unwrap() + other.unwrap();
    assert_eq!(
        stamped,
        if store.database() == Database::PostgreSql {
            4
        } else {
            0
        }
    );
    let places: Vec<i64> = read(store, |tx| events::after(tx, 0, 10))
        .await
        .unwrap()
        .iter()
        .map(|row| row.seq)
        .collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

async fn two_users_of_one_name_do_not_both_win(store: &Store) {
    account(store).await;
    let meeting = Meeting::new(store);
    let create = |id: &'static str, name: &'static str| {
        let mut meeting = meeting.clone();
        move |tx: &mut Tx| {
            won(entities::by_name(tx, ACCOUNT, "user", "ann")?.is_none())?;
            meeting.meet();
            entities::insert(tx, &super::iam_entities::user(id, name))
        }
    };
    let (one, other) = both(store, create("AIDA1", "Ann"), create("AIDA2", "ANN")).await;
    assert_ne!(one, other, "one wins");
    let row = read(store, |tx| entities::by_name(tx, ACCOUNT, "user", "ann"));
    let row = row.await.unwrap().unwrap();
    assert_eq!(row.id, if one { "AIDA1" } else { "AIDA2" });
}

async fn an_attachment_and_the_deletion_of_its_user_do_not_both_win(store: &Store) {
    account(store).await;
    super::iam_entities::insert(store, vec![super::iam_entities::user("A", "ann")]).await;
    let meeting = Meeting::new(store);
    let (mut here, mut there) = (meeting.clone(), meeting);
    let attach = move |tx: &mut Tx| {
        won(entities::by_id(tx, "A")?.is_some())?;
        here.meet();
        attachments::insert(tx, &super::iam_parts::attachment("A", "arn:a")).map(drop)
    };
    let delete = move |tx: &mut Tx| {
        won(attachments::count(tx, "A")? == 0)?;
        there.meet();
        entities::delete(tx, "A").map(drop)
    };
    let (attached, deleted) = both(store, attach, delete).await;
    assert_ne!(attached, deleted, "one wins");
    let counts = store.table_counts().await.unwrap();
    assert_eq!(
        (counts["iam_attachments"], counts["iam_entities"]),
        (i64::from(attached), i64::from(attached))
    );
}
