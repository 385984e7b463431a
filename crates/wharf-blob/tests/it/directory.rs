//! What is written comes back, and nothing else does.
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;
use wharf_blob::{Directory, Error, Flush, ObjectName, RunningHash};
use wharf_keys::frames::{FRAME, HEADER, TAG};
use wharf_keys::{DataKey, open_all, sealed_len};

const BUDGET: usize = 8 << 20;

fn open() -> (TempDir, Directory) {
    let place = tempfile::tempdir().unwrap();
    let directory = Directory::open(&place.path().join("objects"), BUDGET).unwrap();
    (place, directory)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

fn file_of(place: &TempDir, name: ObjectName) -> PathBuf {
    place
        .path()
        .join("objects")
        .join(format!("{:02x}", name.group()))
        .join(name.to_string())
}

async fn write(
    directory: &Directory,
    key: &DataKey,
    group: u8,
    plain: &[u8],
    chunk: usize,
) -> (ObjectName, Flush) {
    let name = ObjectName::random(group).unwrap();
    let mut writer = directory
        .writer(name, key, Some(RunningHash::new()))
        .await
        .unwrap();
    for part in plain.chunks(chunk) {
        writer.write(part).await.unwrap();
    }
    let mut written = writer.finish().await.unwrap();
    assert_eq!(written.size, plain.len() as u64);
    let mut hash = RunningHash::new();
    hash.update(plain);
    assert_eq!(written.hash.take().unwrap().finish(), hash.finish());
    (name, written.flush())
}

async fn read(
    directory: &Directory,
    name: ObjectName,
    key: &DataKey,
    size: usize,
    range: Range<u64>,
) -> Result<Vec<u8>, Error> {
    let mut reader = directory.reader(name, key, size as u64, range).await?;
    let mut plain = Vec::new();
    while let Some(bytes) = reader.next().await? {
        plain.extend_from_slice(&bytes);
    }
    Ok(plain)
}

async fn read_all(
    directory: &Directory,
    name: ObjectName,
    key: &DataKey,
    size: usize,
) -> Result<Vec<u8>, Error> {
    read(directory, name, key, size, 0..size as u64).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_in_any_chunks_comes_back_whole() {
    let (place, directory) = open();
    let key = DataKey::generate().unwrap();
    for length in [
        0,
        1,
        FRAME - 1,
        FRAME,
        FRAME + 1,
        2 * FRAME,
        2 * FRAME + 1,
        4 * FRAME,
        5 * FRAME + 3,
    ] {
        for chunk in [16_384, FRAME, 10 * FRAME] {
            let plain = bytes(length);
            let (name, flush) = write(&directory, &key, 7, &plain, chunk).await;
            flush.wait().await.unwrap();
            assert!(flush.is_over());
            assert!(
                read_all(&directory, name, &key, length).await.unwrap() == plain,
                "{length} by {chunk}"
            );
            let sealed = fs::read(file_of(&place, name)).unwrap();
            assert_eq!(sealed.len() as u64, sealed_len(length as u64));
            assert!(
                open_all(&key, &sealed).unwrap() == plain,
                "the file is what one seal would have made"
            );
        }
    }
    directory.sync_group(7).await.unwrap();
}

#[test]
fn any_range_of_any_object_comes_back_exactly() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let (_place, directory) = open();
    let key = DataKey::generate().unwrap();
    let plain = bytes(5 * FRAME + 77);
    let (name, _) = runtime.block_on(write(&directory, &key, 0, &plain, 50_000));
    let mut runner = TestRunner::new(Config::with_cases(60));
    let ranges = (0..plain.len() as u64 + 10, 0..plain.len() as u64 + 10);
    runner
        .run(&ranges, |(start, length)| {
            let end = start.saturating_add(length);
            let got = runtime
                .block_on(read(&directory, name, &key, plain.len(), start..end))
                .unwrap();
            let within = |at: u64| usize::try_from(at).unwrap().min(plain.len());
            prop_assert!(got == plain[within(start)..within(end)]);
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_is_told_from_every_other_fault() {
    let (place, directory) = open();
    let key = DataKey::generate().unwrap();
    let name = ObjectName::random(1).unwrap();
    assert!(
        matches!(read_all(&directory, name, &key, 1).await, Err(Error::NotFound { name: missing }) if missing == name)
    );
    assert!(matches!(
        directory.flush(name).await,
        Err(Error::NotFound { .. })
    ));
    assert!(!directory.exists(name).await.unwrap());
    assert!(!directory.remove(name).await.unwrap());
    let (name, _) = write(&directory, &key, 1, b"a layer", 100).await;
    assert!(directory.exists(name).await.unwrap());
    assert!(directory.remove(name).await.unwrap());
    assert!(fs::symlink_metadata(file_of(&place, name)).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_once_under_its_final_name() {
    let (place, directory) = open();
    let key = DataKey::generate().unwrap();
    let name = ObjectName::random(3).unwrap();
    let mut writer = directory.writer(name, &key, None).await.unwrap();
    assert!(fs::symlink_metadata(file_of(&place, name)).is_ok());
    assert!(
        directory.writer(name, &key, None).await.is_err(),
        "a second writer of the same object is refused"
    );
    writer.write(b"a layer").await.unwrap();
    assert_eq!(writer.received(), 7);
    assert!(writer.finish().await.unwrap().hash.is_none());
    assert_eq!(
        read_all(&directory, name, &key, 7).await.unwrap(),
        b"a layer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_cut_swapped_and_foreign_objects_are_damaged_and_no_altered_byte_is_handed_out() {
    let (place, directory) = open();
    let (key, other) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let plain = bytes(3 * FRAME + 5);
    let (one, _) = write(&directory, &key, 1, &plain, FRAME).await;
    let (two, _) = write(&directory, &key, 1, &plain, FRAME).await;
    let whole = fs::read(file_of(&place, one)).unwrap();
    let damaged = |result: Result<Vec<u8>, Error>| matches!(result, Err(Error::Damaged { .. }));

    assert!(
        damaged(read_all(&directory, one, &other, plain.len()).await),
        "another key"
    );
    assert!(
        damaged(read_all(&directory, one, &key, plain.len() - 1).await),
        "another length"
    );
    for cut in [0, 10, HEADER, HEADER + FRAME + TAG, whole.len() - 1] {
        fs::write(file_of(&place, one), &whole[..cut]).unwrap();
        assert!(
            damaged(read_all(&directory, one, &key, plain.len()).await),
            "cut at {cut}"
        );
    }
    fs::copy(file_of(&place, two), file_of(&place, one)).unwrap();
    assert!(
        damaged(read_all(&directory, one, &key, plain.len()).await),
        "another object of the same key"
    );

    let second = HEADER + FRAME + TAG..HEADER + 2 * (FRAME + TAG);
    let third = second.end..second.end + FRAME + TAG;
    let mut swapped = whole.clone();
    swapped[second.clone()].copy_from_slice(&whole[third.clone()]);
    swapped[third].copy_from_slice(&whole[second.clone()]);
    fs::write(file_of(&place, one), &swapped).unwrap();
    assert!(
        damaged(read_all(&directory, one, &key, plain.len()).await),
        "frames in another order"
    );

    let mut altered = whole.clone();
    altered[second.start + 9] ^= 1;
    fs::write(file_of(&place, one), &altered).unwrap();
    let mut reader = directory
        .reader(one, &key, plain.len() as u64, 0..plain.len() as u64)
        .await
        .unwrap();
    assert_eq!(
        reader.next().await.unwrap().map(|bytes| bytes.len()),
        Some(FRAME),
        "what is before it is sound"
    );
    assert!(matches!(reader.next().await, Err(Error::Damaged { .. })));
    let untouched = 2 * FRAME as u64..plain.len() as u64;
    let tail = read(&directory, one, &key, plain.len(), untouched)
        .await
        .unwrap();
    assert!(
        tail == plain[2 * FRAME..],
        "frames that are not touched are not read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_one_data_key_share_no_salt() {
    let (place, directory) = open();
    let key = DataKey::generate().unwrap();
    let mut salts = BTreeSet::new();
    for _ in 0..100 {
        let (name, _) = write(&directory, &key, 9, b"the same bytes", 100).await;
        salts.insert(fs::read(file_of(&place, name)).unwrap()[32..64].to_vec());
    }
    assert_eq!(salts.len(), 100);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_has_dropped_from_memory_is_read_from_the_disk() {
    // On a disk: a temporary directory may lie in memory, from which nothing is dropped.
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let directory = Directory::open(&place.path().join("objects"), BUDGET).unwrap();
    let key = DataKey::generate().unwrap();
    let plain = bytes(25 * FRAME + 9);
    let (name, flush) = write(&directory, &key, 4, &plain, FRAME).await;
    flush.wait().await.unwrap();
    let file = fs::File::open(file_of(&place, name)).unwrap();
    let forget = || rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    for ranges in [
        0..plain.len(),
        3 * FRAME + 1..20 * FRAME,
        24 * FRAME..25 * FRAME + 9,
    ] {
        forget();
        let range = ranges.start as u64..ranges.end as u64;
        let mut reader = directory
            .reader(name, &key, plain.len() as u64, range)
            .await
            .unwrap();
        let mut got = Vec::new();
        while let Some(bytes) = reader.next().await.unwrap() {
            got.extend_from_slice(&bytes);
            if got.len() > 12 * FRAME {
                forget();
            }
        }
        assert!(got == plain[ranges]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_and_readers_get_on_with_the_least_budget() {
    let (_place, directory) = open();
    let key = DataKey::generate().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for group in 0..48_u8 {
        let (directory, key) = (directory.clone(), key.clone());
        tasks.spawn(async move {
            let plain = bytes(6 * FRAME + usize::from(group));
            let (name, _) = write(&directory, &key, group, &plain, 30_000).await;
            assert!(read_all(&directory, name, &key, plain.len()).await.unwrap() == plain);
        });
    }
    tasks.join_all().await;
    assert_eq!(
        directory.budget().left(),
        BUDGET,
        "all that was taken is given back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_of_one_user_that_stand_still_hold_up_nobody_else() {
    let (_place, directory) = open();
    let key = DataKey::generate().unwrap();
    let plain = bytes(3 * FRAME);
    let (name, _) = write(&directory, &key, 0, &plain, FRAME).await;
    let slow = directory.on_behalf_of("slow");
    let (mut writers, mut taken) = (Vec::new(), Vec::new());
    while slow.budget().try_take(1 << 20).is_some() {
        writers.push(
            slow.writer(ObjectName::random(1).unwrap(), &key, None)
                .await
                .unwrap(),
        );
    }
    while slow.budget().try_take(FRAME + TAG).is_some() {
        let mut reader = slow
            .reader(name, &key, plain.len() as u64, 0..plain.len() as u64)
            .await
            .unwrap();
        taken.push(reader.next().await.unwrap());
    }
    assert!(directory.budget().left() >= BUDGET / 2);
    let other = directory.on_behalf_of("other");
    let (name, _) = write(&other, &key, 2, &plain, FRAME).await;
    assert!(read_all(&other, name, &key, plain.len()).await.unwrap() == plain);
    drop((writers, taken));
    assert_eq!(directory.budget().left(), BUDGET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_holds_its_share_until_its_bytes_are_dropped() {
    let (_place, directory) = open();
    let key = DataKey::generate().unwrap();
    let (name, _) = write(&directory, &key, 0, &bytes(FRAME), FRAME).await;
    let mut reader = directory
        .reader(name, &key, FRAME as u64, 0..FRAME as u64)
        .await
        .unwrap();
    let held: Bytes = reader.next().await.unwrap().unwrap();
    assert!(reader.next().await.unwrap().is_none());
    let part = held.slice(10..20);
    drop(held);
    assert!(directory.budget().left() < BUDGET);
    drop(part);
    assert_eq!(directory.budget().left(), BUDGET);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_is_listed_once_in_bounded_parts_and_nothing_else_is() {
    let (place, directory) = open();
    let key = DataKey::generate().unwrap();
    let mut written = BTreeSet::new();
    for group in [0, 0, 0, 1, 77, 255, 255] {
        written.insert(write(&directory, &key, group, b"a layer", 100).await.0);
    }
    let stranger = place.path().join("objects/4d/README");
    fs::write(&stranger, "not ours").unwrap();
    fs::write(
        place.path().join("objects/4d").join("00".repeat(16)),
        "in the wrong place",
    )
    .unwrap();
    let mut listing = directory.list();
    let mut listed = Vec::new();
    loop {
        let names = listing.next(2).await.unwrap();
        if names.is_empty() {
            break;
        }
        assert!(names.len() <= 2);
        listed.extend(names);
    }
    assert_eq!(listed.len(), written.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), written);
    assert!(fs::symlink_metadata(stranger).is_ok());
}

#[test]
fn the_directory_and_its_subdirectories_are_for_their_owner_alone_and_opening_again_keeps_them() {
    use std::os::unix::fs::PermissionsExt;
    let (place, directory) = open();
    let objects = place.path().join("objects");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(fs::read_dir(&objects).unwrap().count(), 256);
    assert_eq!((mode(&objects), mode(&objects.join("ff"))), (0o700, 0o700));
    Directory::open(&objects, BUDGET).unwrap();
    assert!(directory.free_bytes().unwrap() > 0);
}
