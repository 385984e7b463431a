//! The server ends amid uploads through the API: what was acknowledged is there, and the upload goes on.

use std::os::unix::process::ExitStatusExt as _;

use wharf_wire::oci::Digest;

use super::{MIB, REPOSITORY, layers, server};
use crate::support::images::noise;
use crate::support::layers::{Layers, exception};
use crate::support::{Server, admin, stored};

/// The points that the way of a layer's bytes passes, as the crash tests of the docker plane walk them.
const POINTS: &[&str] = &[
    "before-extent-file",
    "after-extent-file",
    "before-extent-row",
    "after-extent-row",
    "before-blob-sync",
    "after-blob-sync",
    "after-dir-sync",
    "after-blob-commit",
];

/// Sends what is still to be sent and completes, as a client does that does not know how far it came. Gives up where the
/// server ends.
fn go_on(layers: Layers<'_>, upload: &str, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut first = 0;
    for part in parts {
        let answer = layers.part(upload, first, part)?;
        let last = first + part.len() - 1;
        if exception(&answer) == "UploadNotFoundException" {
            // It was completed, and the answer was lost.
            return Ok(());
        }
        if answer.status != 200 {
            // It was received, and the answer was lost.
            assert_eq!(
                exception(&answer),
                "InvalidLayerPartException",
                "{answer:?}"
            );
            let received = answer.json()["lastValidByteReceived"].as_u64();
            assert!(received >= Some(last as u64), "{received:?} {last}");
        }
        first = last + 1;
    }
    let digest = Digest::of(&parts.concat());
    let answer = layers.complete(upload, &digest)?;
    assert_eq!(answer.json()["layerDigest"], digest.as_str(), "{answer:?}");
    Ok(())
}

fn expect(server: &Server, whole: &[u8]) {
    let digest = Digest::of(whole);
    let told = layers(server).availability(&digest);
    assert_eq!(told["layerAvailability"], "AVAILABLE", "{told}");
    let answer = server.registry().get_blob(REPOSITORY, &digest);
    assert!(
        answer.expect_status(200).body == whole,
        "it came back changed"
    );
}

#[test]
fn an_upload_goes_on_after_an_abort_at_each_point_of_its_way() {
    let mut server = server();
    for (seed, point) in (0..).step_by(10).zip(POINTS) {
        // A last part in a row and one in a file: the first part passes all points but those of the end.
        for (seed, rest) in [(seed, 1_000), (seed + 5, 100_000)] {
            let (one, two) = (noise(seed, 5 * MIB), noise(seed + 1, rest));
            let parts = [one.as_slice(), &two];
            let upload = layers(&server).begin().expect("an upload");
            admin::arm(&server, point);
            let cut_off = go_on(layers(&server), &upload, &parts);
            assert!(cut_off.is_err(), "{point} was never passed");
            let status = server.process().wait();
            assert_eq!(status.signal(), Some(6), "{point}: {status}");
            server = server.restart();
            go_on(layers(&server), &upload, &parts).expect("answers");
            expect(&server, &parts.concat());
        }
    }
    admin::sweep_when_all_is_over(&server);
    stored::expect_files_equal_live_objects(server.data_dir());
}

#[test]
fn parts_that_were_acknowledged_survive_kills_between_them() {
    let mut server = server();
    let parts: Vec<Vec<u8>> = (0..4).map(|seed| noise(seed, 5 * MIB)).collect();
    let upload = layers(&server).begin().expect("an upload");
    let mut first = 0;
    for part in &parts {
        let answer = layers(&server).part(&upload, first, part);
        answer.expect("an answer").expect_status(200);
        first += part.len();
        server.kill9();
        server = server.restart();
    }
    let whole = parts.concat();
    let digest = Digest::of(&whole);
    let done = layers(&server).complete(&upload, &digest);
    done.expect("an answer").expect_status(200);
    // What was answered is there after one more.
    server.kill9();
    server = server.restart();
    expect(&server, &whole);
}

#[test]
fn an_upload_is_over_a_day_after_its_last_part_and_leaves_nothing() {
    let server = server();
    let layers = layers(&server);
    let upload = layers.begin().expect("an upload");
    let part = noise(1, 300_000);
    layers
        .part(&upload, 0, &part)
        .expect("an answer")
        .expect_status(200);
    admin::advance(&server, 23 * 3_600);
    let more = layers
        .part(&upload, part.len(), b"more")
        .expect("an answer");
    more.expect_status(200);
    admin::sweep_when_all_is_over(&server);
    let late = layers
        .part(&upload, part.len() + 4, b"late")
        .expect("an answer");
    assert_eq!(exception(&late), "UploadNotFoundException", "{late:?}");
    assert_eq!(admin::tables(&server)["uploads"], 0);
    assert!(stored::object_files(server.data_dir()).is_empty());
}
