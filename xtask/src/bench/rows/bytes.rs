//! Rows of large things: bytes are counted.

use crate::bench::content::{Layer, prepare};
use crate::bench::limit as pipeline;
use crate::bench::measure::{Point, of_server};
use crate::bench::rows::Bench;
use crate::bench::server::{self, Kind};
use crate::bench::work;

/// Clients that pull at once: more would only take turns with the server on a small machine.
const PULLERS: usize = 2;
/// Clients that push at once: a docker engine sends five layers together, but only as fast as it compresses them.
const PUSHERS: usize = 4;

/// One large blob again and again, on kept connections.
pub(super) fn blob_get(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let server = bench.start(kind)?;
    let layer = Layer::many(1, bench.plan.blob_size).remove(0);
    work::give_layer(&server, &layer)?;
    work::check_layer(&server, &layer)?;
    let gigabytes = work::gigabytes(std::slice::from_ref(&layer));
    let figures = of_server(&server, || {
        let times = work::get_layer(&server, PULLERS, bench.plan.blob, &layer)?;
        Ok(times * gigabytes)
    })?;
    Ok(vec![Point::new(PULLERS, figures)])
}

/// Layers that the server has never seen, as docker sends them.
pub(super) fn large_push(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let layers = bench.layers();
    let server = bench.start(kind)?;
    let figures = of_server(&server, || work::push_layers(&server, PUSHERS, layers))?;
    Ok(vec![Point::new(PUSHERS, figures)])
}

/// The same layers as the AWS clients send them.
pub(super) fn large_push_api(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let layers = bench.layers();
    let server = bench.start(kind)?;
    let probe = Layer::many(1, 10_000).remove(0);
    if !work::can_upload(&server, &probe)? {
        return Ok(vec![Point::not_built(PUSHERS)]);
    }
    let figures = of_server(&server, || work::upload_layers(&server, PUSHERS, layers))?;
    Ok(vec![Point::new(PUSHERS, figures)])
}

/// The same layers in the pipeline alone.
pub(super) fn limit(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    prepare();
    let layers = bench.layers();
    let place = server::place(kind, bench.folder.path())?;
    let figures = pipeline::measure(&place.path().join("objects"), PUSHERS, layers)?;
    Ok(vec![Point::new(PUSHERS, figures)])
}
