//! The audit log as a directory: what is in it, what is found, and which changes of it are noticed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "helpers of tests may stop with a message"
)]
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;
use wharf_watch::audit::{
    Decision, Fault, Filter, Log, Options, Principal, Record, Verified, VerifyError, find, search,
    time, verify,
};

/// 2026-11-25T00:00:00Z
const NOON: i64 = 1_795_564_800_000_000;
const DAY: i64 = 86_400_000_000;

fn options(segment_bytes: u64) -> Options {
    Options {
        segment_bytes,
        retention_days: 0,
        wall: Arc::new(|| NOON),
    }
}

fn id(n: u64) -> String {
    format!("00000000-0000-4000-8000-{n:012x}")
}

fn record(n: u64) -> Record<'static> {
    let denied = n % 10 == 3;
    let name = if n.is_multiple_of(2) { "even" } else { "odd" };
    let resource = format!("arn:aws:ecr:us-east-1:123456789012:repository/team/{name}");
    Record {
        at: time(NOON + i64::try_from(n).unwrap() * 1_000).into(),
        request_id: id(n).into(),
        source: format!("192.0.2.{}", n % 4).into(),
        user_agent: Some("docker/29".into()),
        secure: true,
        event_source: "ecr.amazonaws.com".into(),
        event_name: "PutImage".into(),
        region: "us-east-1".into(),
        account: "123456789012".into(),
        principal: Principal {
            kind: "IAMUser".into(),
            unique_id: "AIDAEXAMPLE".into(),
            arn: "arn:aws:iam::123456789012:user/ci".into(),
            account: "123456789012".into(),
            access_key_id: "AKIAEXAMPLE".into(),
            issuer: None,
        },
        resource: Some(resource.clone().into()),
        status: if denied { 403 } else { 201 },
        error_code: denied.then(|| "AccessDeniedException".into()),
        error_message: None,
        decisions: vec![Decision {
            action: "ecr:PutImage".into(),
            resource: resource.into(),
            allowed: !denied,
            detail: Decision::detail_of(r#"{"decision":{"set":"identity"}}"#),
        }],
    }
}

fn filled(dir: &Path, segment_bytes: u64, count: u64) {
    let log = Log::open(dir, options(segment_bytes)).unwrap();
    for n in 0..count {
        log.append(&record(n));
    }
    log.close();
}

/// The files of a log that the tests take apart: three whole segments and a fourth.
static SAMPLE: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 8_000, 40);
    let files = fs::read_dir(folder.path()).unwrap();
    let names = files.map(|file| PathBuf::from(file.unwrap().file_name()));
    names
        .map(|name| (name.clone(), fs::read(folder.path().join(name)).unwrap()))
        .collect()
});

fn segment(number: u64) -> PathBuf {
    format!("audit-{number:012}.jsonl").into()
}

fn copied() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in SAMPLE.iter() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// Every line of every segment, in order.
fn all_lines(dir: &Path) -> Vec<Value> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .collect();
    paths.sort();
    let lines = paths.iter().flat_map(|path| lines(path));
    lines
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

#[track_caller]
fn fault(dir: &Path) -> (String, u64, Fault) {
    match verify(dir).unwrap_err() {
        VerifyError::Break(it) => {
            let name = it.file.file_name().unwrap().to_str().unwrap().to_owned();
            (name, it.line, it.fault)
        }
        VerifyError::Read { path, cause } => panic!("{path}: {cause}"),
    }
}

fn ids(records: &[Record<'_>]) -> Vec<String> {
    records.iter().map(|it| it.request_id.to_string()).collect()
}

fn search_all(dir: &Path, filter: &Filter, limit: usize) -> Vec<Record<'static>> {
    let mut found = Vec::new();
    let told = search(dir, filter, limit, |record| {
        found.push(record);
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(told.unwrap(), found.len());
    found
}

#[test]
fn what_was_appended_is_found_by_its_id_over_segments_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("audit");
    filled(&dir, 8_000, 40);
    let log = Log::open(&dir, options(8_000)).unwrap();
    log.append(&record(40));
    log.close();
    let Verified {
        segments,
        records,
        first,
        unfinished,
        ..
    } = verify(&dir).unwrap();
    assert_eq!((records, first, unfinished), (41, 1, 0));
    assert!(segments >= 3, "{segments}");
    for n in [0, 17, 39, 40] {
        let found = find(&dir, &id(n)).unwrap();
        assert_eq!(ids(&found), [id(n)]);
        assert_eq!(found[0].principal, record(n).principal);
        assert_eq!(found[0].decisions[0].allowed, n % 10 != 3);
    }
    assert!(find(&dir, &id(41)).unwrap().is_empty());
    assert!(find(&dir, "no id at all").unwrap().is_empty());
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for file in fs::read_dir(&dir).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn an_index_that_is_missing_short_or_wrong_hides_nothing_and_is_made_anew() {
    let folder = copied();
    let dir = folder.path();
    let index = |n: u64| dir.join(format!("audit-{n:012}.idx"));
    let whole: Vec<Vec<u8>> = (1..=3).map(|n| fs::read(index(n)).unwrap()).collect();
    fs::remove_file(index(1)).unwrap();
    fs::write(index(2), &whole[1][..whole[1].len() - 24]).unwrap();
    fs::write(index(3), vec![7; whole[2].len()]).unwrap();
    for n in 0..40 {
        assert_eq!(ids(&find(dir, &id(n)).unwrap()), [id(n)]);
    }
    Log::open(dir, options(8_000)).unwrap().close();
    for (n, whole) in (1..=3).zip(whole) {
        assert_eq!(fs::read(index(n)).unwrap(), whole, "{n}");
    }
}

/// Sets a part of a filter.
type Set<'a> = &'a dyn Fn(&mut Filter);

#[test]
fn a_search_tells_the_newest_first_and_only_what_fits() {
    let folder = copied();
    let dir = folder.path();
    let all = Filter::default();
    let newest: Vec<String> = (30..40).rev().map(id).collect();
    assert_eq!(ids(&search_all(dir, &all, 10)), newest);
    assert_eq!(search_all(dir, &all, 1_000).len(), 40);
    let denied = Filter {
        denied: true,
        ..Filter::default()
    };
    assert_eq!(
        ids(&search_all(dir, &denied, 1_000)),
        [33, 23, 13, 3].map(id)
    );
    let whole = "arn:aws:ecr:us-east-1:123456789012:repository/team";
    let text = |text: &str| Some(text.to_owned());
    let cases: [(Set<'_>, usize); 14] = [
        (&|it| it.since = Some(NOON + 35_000), 5),
        (&|it| it.until = Some(NOON + 35_000), 35),
        (&|it| it.source = Some([192, 0, 2, 1].into()), 10),
        (&|it| it.resource = text("team/e"), 20),
        (&|it| it.resource = text(whole), 40),
        (&|it| it.resource = text("eam"), 0),
        (&|it| it.action = text("putimage"), 40),
        (&|it| it.action = text("ECR:PutImage"), 40),
        (&|it| it.action = text("Put"), 0),
        (&|it| it.principal = text("user/ci"), 40),
        (&|it| it.principal = text("AKIAEXAMPLE"), 40),
        (&|it| it.principal = text("AKIA"), 0),
        (&|it| it.account = text("123456789012"), 40),
        (&|it| it.account = text("1"), 0),
    ];
    for (set, expected) in cases {
        let mut filter = Filter::default();
        set(&mut filter);
        let found = search_all(dir, &filter, 1_000).len();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[test]
fn an_altered_line_is_named() {
    let folder = copied();
    let path = folder.path().join(segment(2));
    let mut all = lines(&path);
    all[3] = all[3].replace("repository/team", "repository/tean");
    assert_ne!(lines(&path), all);
    fs::write(&path, all.concat()).unwrap();
    let name = "audit-000000000002.jsonl".to_owned();
    assert_eq!(fault(folder.path()), (name, 5, Fault::Hash));
}

#[test]
fn lines_removed_doubled_or_swapped_are_noticed() {
    for change in [
        |all: &mut Vec<String>| drop(all.remove(3)),
        |all: &mut Vec<String>| all.insert(3, all[3].clone()),
        |all: &mut Vec<String>| all.swap(3, 4),
    ] {
        let folder = copied();
        let path = folder.path().join(segment(2));
        let mut all = lines(&path);
        change(&mut all);
        fs::write(&path, all.concat()).unwrap();
        let (name, line, fault) = fault(folder.path());
        assert_eq!(
            (name.as_str(), fault),
            ("audit-000000000002.jsonl", Fault::Hash)
        );
        assert!((4..=5).contains(&line), "{line}");
    }
}

#[test]
fn segments_that_are_not_there_are_noticed() {
    let last = SAMPLE
        .keys()
        .filter(|it| it.extension().is_some_and(|e| e == "jsonl"))
        .count() as u64;
    for number in 1..=last {
        let folder = copied();
        fs::remove_file(folder.path().join(segment(number))).unwrap();
        let (name, _, fault) = fault(folder.path());
        if number == last {
            assert!(matches!(fault, Fault::Truncated { .. }), "{fault:?}");
        } else {
            assert_eq!(fault, Fault::Missing);
            assert_eq!(name, segment(number).to_str().unwrap());
        }
        // Nothing is healed by a start.
        Log::open(folder.path(), options(8_000)).unwrap().close();
        assert!(verify(folder.path()).is_err(), "{number}");
    }
    let folder = copied();
    for number in 1..=last {
        fs::remove_file(folder.path().join(segment(number))).unwrap();
    }
    assert!(verify(folder.path()).is_err());
    let log = Log::open(folder.path(), options(8_000)).unwrap();
    log.append(&record(1));
    log.close();
    assert!(verify(folder.path()).is_err());
}

#[test]
fn a_tail_that_was_cut_off_is_noticed_even_after_a_start() {
    let last = segment(SAMPLE.len() as u64 / 2);
    for cut in ["one line", "half a line"] {
        let folder = copied();
        let path = folder.path().join(&last);
        let mut all = lines(&path);
        let gone = all.pop().unwrap();
        if cut == "half a line" {
            all.push(gone[..gone.len() / 2].to_owned());
        }
        fs::write(&path, all.concat()).unwrap();
        let (_, _, why) = fault(folder.path());
        assert!(
            matches!(why, Fault::Truncated { .. } | Fault::Torn),
            "{cut}: {why:?}"
        );
        let log = Log::open(folder.path(), options(8_000)).unwrap();
        log.append(&record(99));
        log.close();
        let (_, _, why) = fault(folder.path());
        assert_eq!(why, Fault::Hash, "{cut}");
    }
}

#[test]
fn a_head_that_is_missing_or_from_before_is_noticed() {
    let folder = copied();
    fs::remove_file(folder.path().join("head")).unwrap();
    assert_eq!(fault(folder.path()), ("head".to_owned(), 0, Fault::Head));
    // A start says so, and goes on.
    Log::open(folder.path(), options(8_000)).unwrap().close();
    assert!(verify(folder.path()).is_ok());
    let told = all_lines(folder.path());
    assert_eq!(told.last().unwrap()["recovered"]["head"], "missing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_byte_that_is_changed_anywhere_is_noticed(at in any::<prop::sample::Index>(), to in 1_u8..=255) {
        let folder = copied();
        let mut files: Vec<_> = SAMPLE.iter().filter(|(name, _)| name.extension().is_none_or(|it| it == "jsonl")).collect();
        // The head is small, and as important as a segment.
        let head = files.iter().position(|(name, _)| name.ends_with("head")).unwrap();
        files.extend(std::iter::repeat_n(files[head], 20));
        let total = files.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut at = at.index(total);
        for (name, bytes) in files {
            if at < bytes.len() {
                let mut bytes = bytes.clone();
                bytes[at] ^= to;
                fs::write(folder.path().join(name), bytes).unwrap();
                break;
            }
            at -= bytes.len();
        }
        prop_assert!(matches!(verify(folder.path()), Err(VerifyError::Break(_))));
    }
}

#[test]
fn a_last_line_that_is_not_whole_is_cut_off_and_nothing_else_and_that_is_said() {
    let folder = copied();
    let path = folder.path().join(segment(SAMPLE.len() as u64 / 2));
    let before = fs::read(&path).unwrap();
    fs::write(&path, [&before[..], b"{\"seq\":45,\"pre"].concat()).unwrap();
    assert_eq!(verify(folder.path()).unwrap().unfinished, 14);
    Log::open(folder.path(), options(80_000)).unwrap().close();
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.records, verified.unfinished), (40, 0));
    assert!(fs::read(&path).unwrap().starts_with(&before));
    let told = all_lines(folder.path());
    let recovered = &told.last().unwrap()["recovered"];
    assert_eq!(
        (&recovered["cut"], &recovered["head"]),
        (&14.into(), &"good".into())
    );
}

/// A clock that tests move.
fn clock(from: i64) -> (Arc<AtomicI64>, Arc<dyn Fn() -> i64 + Send + Sync>) {
    let now = Arc::new(AtomicI64::new(from));
    let wall = Arc::clone(&now);
    (now, Arc::new(move || wall.load(Ordering::SeqCst)))
}

#[test]
fn a_day_ends_a_segment_and_old_ones_are_removed_with_a_line_that_proves_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let (now, wall) = clock(NOON);
    let options = Options {
        segment_bytes: 1 << 20,
        retention_days: 3,
        wall,
    };
    let log = Log::open(dir, options).unwrap();
    let mut kept_copy = Vec::new();
    for day in 0..8 {
        now.store(NOON + day * DAY, Ordering::SeqCst);
        log.append(&record(u64::try_from(day).unwrap()));
        log.flush();
        assert!(verify(dir).is_ok(), "day {day}");
        if day == 3 {
            kept_copy = fs::read(dir.join(segment(1))).unwrap();
        }
    }
    log.close();
    let verified = verify(dir).unwrap();
    assert!(verified.first > 1 && verified.segments == 5, "{verified:?}");
    assert!(find(dir, &id(0)).unwrap().is_empty());
    assert_eq!(ids(&find(dir, &id(7)).unwrap()), [id(7)]);
    assert!(!dir.join("audit-000000000001.idx").try_exists().unwrap());
    let told = all_lines(dir);
    let removed = told
        .iter()
        .rev()
        .find_map(|line| line.get("removed"))
        .unwrap();
    assert_eq!((&removed["from"], &removed["to"]), (&3.into(), &3.into()));
    assert_eq!(removed["first"]["segment"], 4);
    // Somebody else may not do the same.
    let first = dir.join(segment(4));
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    assert_eq!(fault(dir).2, Fault::Missing);
    fs::write(&first, bytes).unwrap();
    assert!(verify(dir).is_ok());
    fs::write(dir.join(segment(1)), kept_copy).unwrap();
    assert_eq!(fault(dir).2, Fault::Missing);
}

#[test]
fn what_finds_no_room_is_counted_and_the_log_says_how_much_that_was() {
    const SENT: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    // While the test holds this, the writer waits for the time.
    let gate = Arc::new(Mutex::new(()));
    let theirs = Arc::clone(&gate);
    let wall = move || {
        drop(theirs.lock().unwrap());
        NOON
    };
    let options = Options {
        segment_bytes: 64 << 20,
        retention_days: 0,
        wall: Arc::new(wall),
    };
    let log = Log::open(folder.path(), options).unwrap();
    let held = gate.lock().unwrap();
    for n in 0..SENT {
        log.append(&record(n));
    }
    drop(held);
    // A question finds no room either until the writer has taken something.
    while verify(folder.path()).unwrap().records == 0 {
        std::thread::yield_now();
    }
    log.close();
    let told = all_lines(folder.path());
    let lost: u64 = told.iter().filter_map(|it| it["lost"].as_u64()).sum();
    let kept = verify(folder.path()).unwrap().records;
    assert!(lost > 0, "nothing was lost");
    assert_eq!(lost + kept, SENT);
}

#[tokio::test]
async fn who_waits_is_told_when_the_record_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), options(8_000)).unwrap();
    for n in 0..3 {
        log.append_and_wait(&record(n)).await.unwrap();
        let head = fs::read_to_string(folder.path().join("head")).unwrap();
        let head: Value = serde_json::from_str(&head).unwrap();
        assert_eq!(head["seq"], n + 2);
        assert_eq!(verify(folder.path()).unwrap().last.seq, n + 2);
    }
    log.close();
    assert!(log.append_and_wait(&record(4)).await.is_err());
}

#[test]
fn a_flood_of_unknown_callers_is_a_bounded_number_of_lines() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), options(64 << 20)).unwrap();
    for n in 0..1_000_000_u32 {
        log.unknown(
            NOON,
            std::net::IpAddr::V4(n.into()),
            "UnrecognizedClientException",
        );
    }
    log.close();
    let told = all_lines(folder.path());
    assert!(told.len() < 1_100, "{}", told.len());
    let sum: u64 = told
        .iter()
        .filter_map(|it| it["unknown"]["count"].as_u64())
        .sum();
    assert_eq!(sum, 1_000_000);
    let others = told
        .iter()
        .find(|it| it["unknown"]["source"] == "others")
        .unwrap();
    assert_eq!(others["unknown"]["count"], 1_000_000 - 1_024);
    assert!(verify(folder.path()).is_ok());
}

#[test]
fn texts_and_explanations_are_cut_to_a_bound_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), options(8 << 20)).unwrap();
    let mut wordy = record(1);
    wordy.user_agent = Some("é".repeat(5_000).into());
    wordy.error_message = Some("x".repeat(5_000).into());
    log.append(&wordy);
    let mut huge = record(2);
    let detail = format!("[\n\"{}\"\n]", "y".repeat(300_000));
    huge.decisions[0].detail = Decision::detail_of(&detail);
    log.append(&huge);
    let mut broken = record(3);
    broken.decisions[0].detail = Decision::detail_of("{\n\"a\":\n1}");
    log.append(&broken);
    log.close();
    assert_eq!(verify(folder.path()).unwrap().records, 3);
    let found = |n: u64| find(folder.path(), &id(n)).unwrap().remove(0);
    let agent = found(1).user_agent.unwrap().into_owned();
    assert!(agent.len() <= 1_024 && agent.ends_with("é[cut]"), "{agent}");
    assert_eq!(found(1).error_message.unwrap().len(), 2_048);
    assert_eq!(found(2).decisions[0].detail.get(), "{\"cut\":300006}");
    assert_eq!(found(3).decisions[0].detail.get(), "{ \"a\": 1}");
}
