//! Pushing blobs: in chunks, in one piece, interrupted, given up.

use wharf_wire::oci::Digest;

use super::{refused, sha512};
use crate::support::http::Connection;
use crate::support::images::noise;
use crate::support::state::State;
use crate::support::{Options, Server, stored};

const UPLOADS: &str = "/v2/app/blobs/uploads/";

fn started() -> Server {
    let server = Server::start(Options::default());
    server.create_repository("app");
    server
}

#[test]
fn chunks_in_order_make_a_layer_and_every_answer_says_how_far_it_is() {
    let server = started();
    let registry = server.registry();
    let content = noise(1, 2_500);
    let begun = registry
        .request("POST", UPLOADS, &[], b"")
        .expect_status(202);
    assert_eq!(begun.header("range"), Some("0-0"));
    let upload = begun.header("location").expect("a location").to_owned();
    assert_eq!(
        upload,
        format!(
            "{UPLOADS}{}",
            begun.header("docker-upload-uuid").expect("an id")
        )
    );
    let patch = |range: &str, body: &[u8]| {
        registry.request("PATCH", &upload, &[("content-range", range)], body)
    };
    let stands_at = |range: &str| {
        let status = registry
            .request("GET", &upload, &[], b"")
            .expect_status(204);
        assert_eq!(status.header("range"), Some(range));
        assert_eq!(status.header("location"), Some(upload.as_str()));
    };
    let first = patch("0-999", &content[..1_000]).expect_status(202);
    assert_eq!(first.header("range"), Some("0-999"));
    assert_eq!(first.header("location"), Some(upload.as_str()));
    stands_at("0-999");

    // Again, with a gap, with an overlap: refused, and told where it stands.
    for range in ["0-999", "1500-2499", "500-1499", "1001-2000"] {
        let answer = patch(range, &content[..1_000]);
        refused(&answer, 416, "RANGE_INVALID");
        assert_eq!(answer.header("range"), Some("0-999"), "{range}");
    }
    // A range that says another length than the body has, and what is no range.
    for range in ["1000-1998", "1000-2000", "1000", "2000-1000", "1000-x", "-"] {
        let answer = patch(range, &content[1_000..2_000]);
        refused(&answer, 400, "SIZE_INVALID");
    }
    stands_at("0-999");

    patch("1000-1999", &content[1_000..2_000]).expect_status(202);
    stands_at("0-1999");
    let finish = |range: &str, digest: &Digest| {
        let place = format!("{upload}?digest={digest}");
        registry.request(
            "PUT",
            &place,
            &[("content-range", range)],
            &content[2_000..],
        )
    };
    let digest = Digest::of(&content);
    refused(&finish("2001-2500", &digest), 416, "RANGE_INVALID");
    refused(
        &finish("2000-2499", &Digest::of(b"other")),
        400,
        "DIGEST_INVALID",
    );
    stands_at("0-1999");
    let done = finish("2000-2499", &digest).expect_status(201);
    assert_eq!(
        done.header("location"),
        Some(format!("/v2/app/blobs/{digest}").as_str())
    );
    assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(registry.get_blob("app", &digest).body, content);
    let over = registry.request("GET", &upload, &[], b"");
    refused(&over, 404, "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn an_upload_goes_on_where_it_stood_after_the_server_was_killed() {
    let mut server = started();
    let content = noise(2, 900_000);
    let registry = server.registry();
    let uploads: Vec<String> = (0..2)
        .map(|_| registry.try_begin("app").expect("an upload"))
        .collect();
    // Pieces that lie in rows, and pieces that lie in files.
    for upload in &uploads {
        for (from, to) in [(0, 10_000), (10_000, 400_000), (400_000, 400_001)] {
            registry
                .request("PATCH", upload, &[], &content[from..to])
                .expect_status(202);
        }
    }
    server = server.restart();
    let registry = server.registry();
    for (upload, digest) in uploads.iter().zip([Digest::of(&content), sha512(&content)]) {
        let status = registry.request("GET", upload, &[], b"").expect_status(204);
        assert_eq!(status.header("range"), Some("0-400000"));
        let again = [("content-range", "0-9999")];
        let again = registry.request("PATCH", upload, &again, &content[..10_000]);
        refused(&again, 416, "RANGE_INVALID");
        let range = [("content-range", "400001-799999")];
        registry
            .request("PATCH", upload, &range, &content[400_001..800_000])
            .expect_status(202);
        let end = |digest: &Digest| {
            let path = format!("{upload}?digest={digest}");
            registry.request("PUT", &path, &[], &content[800_000..])
        };
        refused(&end(&Digest::of(b"x")), 400, "DIGEST_INVALID");
        refused(&end(&sha512(b"x")), 400, "DIGEST_INVALID");
        let done = end(&digest).expect_status(201);
        assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
        assert!(registry.get_blob("app", &digest).body == content);
    }
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing_and_no_other_is_touched() {
    let server = started();
    let registry = server.registry();
    let other = registry.try_begin("app").expect("an upload");
    registry
        .request("PATCH", &other, &[], &noise(1, 200_000))
        .expect_status(202);
    let before = State::of(&server);
    let upload = registry.try_begin("app").expect("an upload");
    for size in [1_000, 300_000] {
        registry
            .request("PATCH", &upload, &[], &noise(2, size))
            .expect_status(202);
    }
    registry
        .request("DELETE", &upload, &[], b"")
        .expect_status(204);
    let complete = format!("{upload}?digest={}", Digest::of(b""));
    for (method, path) in [
        ("GET", &upload),
        ("PATCH", &upload),
        ("PUT", &complete),
        ("DELETE", &upload),
    ] {
        let answer = registry.request(method, path, &[], b"");
        refused(&answer, 404, "BLOB_UPLOAD_UNKNOWN");
    }
    // What is left of it is the event that tells of its end.
    let told = [("events".to_owned(), 1)].into();
    assert_eq!(before.with_rows(&told).wait_for(&server), Ok(()));
    let path = format!("{other}?digest={}", Digest::of(&noise(1, 200_000)));
    registry.request("PUT", &path, &[], b"").expect_status(201);
}

#[test]
fn a_layer_in_one_piece_is_stored_under_its_digest_and_under_no_other() {
    let server = started();
    let registry = server.registry();
    for (seed, size) in [(1, 0), (2, 1), (3, 70_000), (4, 700_000)] {
        let content = noise(seed, size);
        let before = State::of(&server);
        for wrong in [Digest::of(b"x"), sha512(b"x")] {
            let path = format!("{UPLOADS}?digest={wrong}");
            let answer = registry.request("POST", &path, &[], &content);
            refused(&answer, 400, "DIGEST_INVALID");
        }
        // What was received and given up is told, if it was stored for a moment.
        let told = |events: u64| {
            let more = [("events".to_owned(), events)].into();
            before.clone().with_rows(&more).look_once(&server)
        };
        let left = (0..=2).map(told).find(Result::is_ok);
        assert!(left.is_some(), "{:?}", told(0));
        // By POST, and by POST and PUT.
        let digest = Digest::of(&content);
        let path = format!("{UPLOADS}?digest={digest}");
        let done = registry
            .request("POST", &path, &[], &content)
            .expect_status(201);
        assert_eq!(
            done.header("location"),
            Some(format!("/v2/app/blobs/{digest}").as_str())
        );
        assert!(registry.get_blob("app", &digest).body == content);
        let more = [content.clone(), b"more".to_vec()].concat();
        let upload = registry.try_begin("app").expect("an upload");
        let path = format!("{upload}?digest={}", Digest::of(&more));
        registry
            .request("PUT", &path, &[], &more)
            .expect_status(201);
        assert!(registry.get_blob("app", &Digest::of(&more)).body == more);
    }
}

#[test]
fn a_chunk_of_unannounced_length_is_taken_and_one_that_breaks_off_is_not() {
    let server = started();
    let registry = server.registry();
    let content = noise(5, 150_000);
    let upload = registry.try_begin("app").expect("an upload");
    let send = |whole: bool| {
        let mut connection = Connection::open(server.authority()).expect("a connection");
        let mut framed = Vec::new();
        for piece in content.chunks(7_000) {
            framed.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            framed.extend_from_slice(piece);
            framed.extend_from_slice(b"\r\n");
        }
        if whole {
            framed.extend_from_slice(b"0\r\n\r\n");
        }
        let headers = [
            ("authorization", registry.authorization()),
            ("transfer-encoding", "chunked"),
        ];
        connection
            .send("PATCH", &upload, &headers, &framed)
            .expect("a request");
        if !whole {
            connection.finish().expect("an end");
        }
        connection.receive(false)
    };
    let broken = send(false);
    assert!(broken.map_or(400, |answer| answer.status) >= 400);
    let status = registry
        .request("GET", &upload, &[], b"")
        .expect_status(204);
    assert_eq!(status.header("range"), Some("0-0"));
    let taken = send(true).expect("an answer").expect_status(202);
    assert_eq!(taken.header("range"), Some("0-149999"));
    let digest = Digest::of(&content);
    let path = format!("{upload}?digest={digest}");
    registry.request("PUT", &path, &[], b"").expect_status(201);
    assert!(registry.get_blob("app", &digest).body == content);
    assert_eq!(stored::object_files(server.data_dir()).len(), 1);
}

#[test]
fn an_announced_algorithm_binds_nobody() {
    let server = started();
    let registry = server.registry();
    for (seed, announced) in [
        (1, "?digest-algorithm=sha512"),
        (2, "?digest-algorithm=sha256"),
        (3, "?digest-algorithm="),
        (4, ""),
    ] {
        for (shift, by_512) in [(0, true), (10, false)] {
            let content = noise(seed + shift, 90_000);
            let path = format!("{UPLOADS}{announced}");
            let begun = registry.request("POST", &path, &[], b"").expect_status(202);
            let upload = begun.header("location").expect("a location");
            registry
                .request("PATCH", upload, &[], &content[..50_000])
                .expect_status(202);
            let digest = if by_512 {
                sha512(&content)
            } else {
                Digest::of(&content)
            };
            let path = format!("{upload}?digest={digest}");
            registry
                .request("PUT", &path, &[], &content[50_000..])
                .expect_status(201);
            assert!(registry.get_blob("app", &digest).body == content);
            // The other digest is known only of what was named by it; sha256 always.
            assert!(registry.get_blob("app", &Digest::of(&content)).body == content);
            let by_other = registry.get_blob("app", &sha512(&content)).status;
            assert_eq!(by_other, if by_512 { 200 } else { 404 });
        }
    }
}
