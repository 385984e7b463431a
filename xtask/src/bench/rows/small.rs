//! Rows of small things: requests are counted.

use crate::bench::content::{Image, Layer};
use crate::bench::measure::{Point, latencies, of_server};
use crate::bench::rows::Bench;
use crate::bench::server::Kind;
use crate::bench::work::{self, Limit};

/// Bytes of the small blob.
const BLOB: u64 = 10_000;

/// One manifest by its tag, on kept connections.
pub(super) fn manifest_get(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let server = bench.start(kind)?;
    let image = Image::new(0);
    work::give_image(&server, &image)?;
    work::check_manifest(&server, &image)?;
    let warm_up = Limit::Units(bench.plan.warm_up);
    let measure = |(clients, limit): &(usize, Limit)| {
        work::get_manifest(&server, *clients, warm_up)?;
        let figures = of_server(&server, || work::get_manifest(&server, *clients, *limit))?;
        Ok(Point::new(*clients, figures))
    };
    bench.plan.get.iter().map(measure).collect()
}

/// Images of a layer, a config and a manifest that nobody has pushed before.
pub(super) fn small_push(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let server = bench.start(kind)?;
    let warm_up = Limit::Units(bench.plan.warm_up);
    work::push_small(&server, 1, Limit::Units(1))?;
    work::push_small(&server, 16, warm_up)?;
    let measure = |(clients, limit): &(usize, Limit)| {
        let figures = of_server(&server, || work::push_small(&server, *clients, *limit))?;
        Ok(Point::new(*clients, figures))
    };
    bench.plan.push.iter().map(measure).collect()
}

/// One small blob again and again, on one kept connection: how long the client waits for each.
pub(super) fn small_blob_get(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let server = bench.start(kind)?;
    let layer = Layer::many(1, BLOB).remove(0);
    work::give_layer(&server, &layer)?;
    work::check_layer(&server, &layer)?;
    work::get_layer(&server, 1, Limit::Units(bench.plan.warm_up), &layer)?;
    let mut times = Vec::new();
    let mut figures = of_server(&server, || {
        times = work::time_layer(&server, bench.plan.small_blob, &layer)?;
        Ok(crate::bench::measure::precise(times.len() as u64))
    })?;
    figures.extend(latencies(times));
    Ok(vec![Point::new(1, figures)])
}
