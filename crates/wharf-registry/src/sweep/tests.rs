use wharf_keys::DataKey;
use wharf_meta::objects;

use super::*;
use crate::data::bytes::DAY;
use crate::uploads;
use crate::uploads::tests::fixture::{Fixture, bytes};

const LARGE: usize = 300_000;

/// A file as a process leaves it that ended while it wrote: with its row, or, after a loss of power, without.
async fn leave(fixture: &Fixture, with_row: bool) -> ObjectName {
    let name = ObjectName::random(7).unwrap();
    if with_row {
        let (row, now) = (name.to_string(), fixture.service.now());
        let insert = move |tx: &mut wharf_meta::Tx| {
            objects::insert_pending(
                tx,
                &row,
                "local",
                now,
                "ab000000-0000-4000-8000-000000000000",
            )
        };
        fixture
            .service
            .store()
            .write("leave", Durability::Soft, insert)
            .await
            .unwrap();
    }
    let mut writer = fixture
        .service
        .objects()
        .writer(name, &DataKey::generate().unwrap(), None)
        .await
        .unwrap();
    writer.write(&bytes(1, LARGE)).await.unwrap();
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn after_one_sweep_the_files_are_those_of_live_objects_and_of_uploads_that_go_on() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[&bytes(1, LARGE)]).await;
    let upload = fixture.begin().await;
    fixture.append(&upload, &bytes(2, LARGE)).await.unwrap();
    let before = fixture.everything().await;
    leave(&fixture, true).await;
    leave(&fixture, false).await;
    assert_eq!(fixture.files().len(), 4);
    let swept = run(&fixture.service).await.unwrap();
    assert_eq!(
        swept,
        Swept {
            unfinished: 1,
            objects: 1,
            orphans: 1,
            ..Swept::default()
        }
    );
    assert_eq!(fixture.everything().await, before);
    let mut states = fixture.states().await;
    states.sort();
    assert_eq!(states, ["live", "pending"]);
    assert_eq!(fixture.pull(&digest).await.unwrap().len(), LARGE);
    assert_eq!(
        run(&fixture.service).await.unwrap(),
        Swept::default(),
        "there is nothing left to do"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_goes_on_with_for_a_day_is_removed_with_its_objects() {
    let fixture = Fixture::open().await;
    let before = fixture.everything().await;
    let upload = fixture.begin().await;
    fixture.append(&upload, &bytes(1, LARGE)).await.unwrap();
    fixture.service.advance_clock(DAY - 60_000_000);
    fixture.append(&upload, &bytes(2, LARGE)).await.unwrap();
    fixture.service.advance_clock(DAY / 2);
    assert_eq!(
        run(&fixture.service).await.unwrap(),
        Swept::default(),
        "each chunk gives it another day"
    );
    fixture.service.advance_clock(DAY);
    assert!(
        matches!(
            fixture.status(&upload).await,
            Err(crate::Error::UploadNotFound { .. })
        ),
        "before it is swept too"
    );
    let swept = run(&fixture.service).await.unwrap();
    assert_eq!(
        swept,
        Swept {
            uploads: 1,
            objects: 2,
            ..Swept::default()
        }
    );
    assert_eq!(fixture.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_process_is_writing_is_left_alone() {
    let fixture = Fixture::open().await;
    let name = leave(&fixture, true).await;
    let stray = leave(&fixture, false).await;
    let writing = (
        fixture.service.running().writing(name),
        fixture.service.running().writing(stray),
    );
    assert_eq!(run(&fixture.service).await.unwrap(), Swept::default());
    drop(writing);
    let swept = run(&fixture.service).await.unwrap();
    assert_eq!((swept.unfinished, swept.orphans), (1, 1));
    assert!(fixture.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_may_be_reading_stays_two_hours_and_a_missing_one_stops_nothing() {
    let fixture = Fixture::open().await;
    let plain = bytes(1, LARGE);
    let (one, two) = (bytes(2, LARGE), bytes(3, LARGE));
    let digest = fixture.push(&[&one, &two, &plain]).await;
    // One of three files is lost; a push heals the layer and dooms all three.
    std::fs::remove_file(&fixture.files()[0]).unwrap();
    assert!(fixture.pull(&digest).await.is_err());
    fixture.push(&[&one, &two, &plain]).await;
    assert_eq!(run(&fixture.service).await.unwrap(), Swept::default());
    assert_eq!(fixture.files().len(), 5);
    fixture.service.advance_clock(2 * 3_600_000_000);
    assert_eq!(
        run(&fixture.service).await.unwrap(),
        Swept {
            objects: 3,
            ..Swept::default()
        }
    );
    assert_eq!(fixture.states().await, ["live", "live", "live"]);
    assert_eq!(fixture.rows("objects").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_removal_leaves_an_event_that_says_why() {
    let fixture = Fixture::open().await;
    let upload = fixture.begin().await;
    fixture.append(&upload, &bytes(1, LARGE)).await.unwrap();
    leave(&fixture, true).await;
    leave(&fixture, false).await;
    fixture.service.advance_clock(2 * DAY);
    run(&fixture.service).await.unwrap();
    let events = fixture
        .service
        .store()
        .read("events", |tx| wharf_meta::events::after(tx, 0, 100))
        .await
        .unwrap();
    let swept: Vec<_> = events
        .iter()
        .filter(|row| row.event.principal == "sweep")
        .map(|row| row.event.kind.as_str())
        .collect();
    assert_eq!(
        swept,
        [
            "upload-removed",
            "objects-doomed",
            "objects-removed",
            "objects-removed"
        ]
    );
    assert!(
        events
            .iter()
            .filter(|row| row.event.principal == "sweep")
            .all(|row| row.event.details.contains("reason"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_beside_pushes_takes_nothing_from_them() {
    let fixture = Fixture::open().await;
    let push = async |seed: usize| {
        let plain = bytes(seed, LARGE + seed);
        let id = uploads::start(&fixture.ctx(), &fixture.name, None)
            .await
            .unwrap();
        let digest = wharf_wire::oci::Digest::of(&plain);
        fixture.append(&id, &plain).await.unwrap();
        fixture.complete(&id, &digest).await.unwrap();
        assert!(fixture.pull(&digest).await.unwrap() == plain);
    };
    let pushes = futures_util::future::join_all((0..20).map(push));
    let sweeps = async {
        for _ in 0..20 {
            run(&fixture.service).await.unwrap();
        }
    };
    futures_util::future::join(pushes, sweeps).await;
    assert_eq!(fixture.states().await, vec!["live"; 20]);
}
