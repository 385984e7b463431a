//! Push: blobs in pieces, with the way back after a mistake.

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must_equal, not_offered};
use crate::content::Blob;
use crate::trial::Trial;
use crate::url::Url;

pub(super) const GROUP: Group = Group {
    name: "chunks",
    category: "push",
    tests: tests![
        the_last_chunk_comes_with_the_put => "PUSH-28 PUSH-34 PUSH-36 PUSH-38 END-05",
        all_chunks_come_before_the_put => "PUSH-27 PUSH-28 PUSH-33 PUSH-38",
        a_chunk_is_answered_with_location_and_range => "PUSH-29",
        the_closed_session_says_where_the_blob_is => "PUSH-39",
        no_blob_is_there_before_the_put => "PUSH-35",
        a_first_chunk_that_does_not_begin_at_zero_is_refused => "PUSH-24 PUSH-32",
        a_gap_between_chunks_is_refused => "PUSH-31 PUSH-32 END-05",
        a_chunk_that_comes_again_is_refused => "PUSH-32",
        a_last_chunk_out_of_order_is_refused => "PUSH-32",
        a_range_outside_the_grammar_is_refused => "PUSH-25",
        a_range_of_another_length_than_the_chunk_is_refused => "PUSH-23",
        an_open_session_tells_how_far_it_is => "PUSH-40 PUSH-41 END-13",
        a_new_session_tells_that_it_is_open => "PUSH-40 PUSH-41",
        an_upload_goes_on_after_a_refused_chunk => "PUSH-42 PUSH-30",
        the_digest_is_that_of_the_whole => "PUSH-37",
        a_minimum_is_a_number_and_chunks_of_it_are_taken => "PUSH-22 PUSH-26",
    ],
};

/// An upload in chunks of a size that the registry accepts.
struct Upload<'a> {
    t: &'a Trial<'a>,
    blob: Blob,
    size: usize,
    place: Url,
}

impl<'a> Upload<'a> {
    /// Opens a session for a blob of some chunks, the last of which is one byte shorter.
    fn of(t: &'a Trial<'a>, chunks: usize) -> Check<Self> {
        let opened = t.request("POST", "blobs/uploads/").send()?.expect(202)?;
        let size = least(&opened)?.unwrap_or(0).max(1000);
        Ok(Self {
            t,
            blob: t.blob(chunks * size - 1),
            size,
            place: opened.location()?,
        })
    }

    /// The bytes of a chunk, counted from zero.
    fn bytes(&self, number: usize) -> &[u8] {
        let mut chunks = self.blob.bytes.chunks(self.size);
        chunks.nth(number).unwrap_or_default()
    }

    /// The range of a chunk.
    fn range(&self, number: usize) -> String {
        let first = number * self.size;
        format!("{first}-{}", first + self.bytes(number).len() - 1)
    }

    /// Sends a chunk, saying of it what is true.
    fn send(&self, number: usize) -> Check<Answer> {
        self.send_as(number, &self.range(number))
    }

    /// Sends a chunk, saying any range of it.
    fn send_as(&self, number: usize, range: &str) -> Check<Answer> {
        let request = self.t.request_at("PATCH", &self.place);
        let request = request.header("content-type", "application/octet-stream");
        let request = request.header("content-range", range);
        request.body(self.bytes(number)).send()
    }

    /// Sends a chunk that has to be accepted.
    fn accepted(&mut self, number: usize) -> Check {
        self.place = self.send(number)?.expect(202)?.location()?;
        Ok(())
    }

    /// Sends the closing PUT with a chunk, saying any range of it.
    fn close_with(&self, number: usize, range: &str) -> Check<Answer> {
        let url = self.place.with_query("digest", &self.blob.digest);
        let request = self.t.request_at("PUT", &url);
        let request = request.header("content-type", "application/octet-stream");
        let request = request.header("content-range", range);
        request.body(self.bytes(number)).send()
    }

    /// Closes the session without any more bytes.
    fn close(&self) -> Check<Answer> {
        self.t.close_upload(&self.place, &self.blob.digest, b"")
    }

    /// Asks how far it is.
    fn status(&self) -> Check<Answer> {
        self.t.request_at("GET", &self.place).send()?.expect(204)
    }

    /// What `Range` says once this many chunks are there.
    fn through(&self, chunks: usize) -> String {
        format!("0-{}", (chunks * self.size).min(self.blob.bytes.len()) - 1)
    }
}

/// The least size of a chunk, where the registry has one. One of many mebibytes is not tried.
fn least(opened: &Answer) -> Check<Option<usize>> {
    const MOST: usize = 8 * 1024 * 1024;
    let Some(text) = opened.header("oci-chunk-min-length") else {
        return Ok(None);
    };
    match text.parse() {
        Ok(size) if size <= MOST => Ok(Some(size)),
        Ok(size) => not_offered(format!("chunks of less than {size} bytes")),
        Err(_) => crate::check::fail("OCI-Chunk-Min-Length: a number", opened.told()),
    }
}

fn the_last_chunk_comes_with_the_put(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 2)?;
    upload.accepted(0)?;
    upload.close_with(1, &upload.range(1))?.expect(201)?;
    t.must_have_blob(&upload.blob)
}

fn all_chunks_come_before_the_put(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 3)?;
    for number in 0..3 {
        upload.accepted(number)?;
    }
    upload.close()?.expect(201)?;
    t.must_have_blob(&upload.blob)
}

fn a_chunk_is_answered_with_location_and_range(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 2)?;
    for number in 0..2 {
        let answer = upload.send(number)?.expect(202)?;
        let expected = upload.through(number + 1);
        must_equal("Range", &expected, answer.must_have("range")?)?;
        upload.place = answer.location()?;
    }
    Ok(())
}

fn the_closed_session_says_where_the_blob_is(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 1)?;
    upload.accepted(0)?;
    let place = upload.close()?.expect(201)?.location()?;
    let pulled = t.request_at("GET", &place).send()?.expect(200)?;
    pulled.expect_body(&upload.blob.bytes).map(drop)
}

fn no_blob_is_there_before_the_put(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 1)?;
    upload.accepted(0)?;
    t.must_lack_blob(&upload.blob.digest)
}

fn a_first_chunk_that_does_not_begin_at_zero_is_refused(t: &Trial<'_>) -> Check {
    let upload = Upload::of(t, 2)?;
    upload.send(1)?.expect(416).map(drop)
}

fn a_gap_between_chunks_is_refused(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 3)?;
    upload.accepted(0)?;
    upload.send(2)?.expect(416).map(drop)
}

fn a_chunk_that_comes_again_is_refused(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 2)?;
    upload.accepted(0)?;
    upload.send(0)?.expect(416).map(drop)
}

fn a_last_chunk_out_of_order_is_refused(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 3)?;
    upload.accepted(0)?;
    upload.close_with(2, &upload.range(2))?.expect(416)?;
    t.must_lack_blob(&upload.blob.digest)
}

fn a_range_outside_the_grammar_is_refused(t: &Trial<'_>) -> Check {
    let upload = Upload::of(t, 1)?;
    for range in ["0-", "-1", "a-b", "5-0", "0-99999999999999999999999"] {
        upload.send_as(0, range)?.expect_refusal()?;
    }
    Ok(())
}

fn a_range_of_another_length_than_the_chunk_is_refused(t: &Trial<'_>) -> Check {
    let upload = Upload::of(t, 1)?;
    // Ends are inclusive: whoever counts otherwise is one off.
    let range = format!("0-{}", upload.blob.bytes.len());
    upload.send_as(0, &range)?.expect_refusal().map(drop)
}

fn an_open_session_tells_how_far_it_is(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 2)?;
    upload.accepted(0)?;
    let answer = upload.status()?;
    must_equal("Range", &upload.through(1), answer.must_have("range")?)?;
    upload.place = answer.location()?;
    upload.close_with(1, &upload.range(1))?.expect(201)?;
    t.must_have_blob(&upload.blob)
}

fn a_new_session_tells_that_it_is_open(t: &Trial<'_>) -> Check {
    let upload = Upload::of(t, 1)?;
    let answer = upload.status()?;
    answer.location()?;
    // No byte is the last one yet: what stands after the dash is the registry's choice.
    let range = answer.must_have("range")?;
    let begins = range.get(..2).unwrap_or_default();
    must_equal("the beginning of Range", "0-", begins)
}

fn an_upload_goes_on_after_a_refused_chunk(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 3)?;
    upload.accepted(0)?;
    upload.send(2)?.expect(416)?;
    let status = upload.status()?;
    must_equal("Range", &upload.through(1), status.must_have("range")?)?;
    upload.place = status.location()?;
    upload.accepted(1)?;
    upload.accepted(2)?;
    upload.close()?.expect(201)?;
    t.must_have_blob(&upload.blob)
}

fn the_digest_is_that_of_the_whole(t: &Trial<'_>) -> Check {
    let mut upload = Upload::of(t, 2)?;
    upload.accepted(0)?;
    let last = Blob::new(upload.bytes(1).to_vec());
    let answer = t.close_upload(&upload.place, &last.digest, &last.bytes)?;
    answer.expect(400)?;
    t.must_lack_blob(&last.digest)
}

fn a_minimum_is_a_number_and_chunks_of_it_are_taken(t: &Trial<'_>) -> Check {
    let opened = t.request("POST", "blobs/uploads/").send()?.expect(202)?;
    if least(&opened)?.is_none() {
        return not_offered("chunks of any size are taken");
    }
    let mut upload = Upload::of(t, 2)?;
    upload.accepted(0)?;
    upload.accepted(1)?;
    upload.close()?.expect(201)?;
    t.must_have_blob(&upload.blob)
}
