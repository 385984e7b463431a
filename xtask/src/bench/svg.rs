//! Curves over the number of clients, as SVG: both axes logarithmic, since servers differ by tens.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::measure::{RATE, SERVER_CPU};
use super::result::Results;
use super::rows::Row;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Left, top, right, bottom.
const MARGINS: [f64; 4] = [72.0, 44.0, 128.0, 48.0];
/// Told apart also by those who see no difference between red and green.
const COLOURS: [&str; 4] = ["#0060a8", "#c44e00", "#007a5e", "#8a4a9e"];
/// Where the pictures lie, below the root.
const FOLDER: &str = "docs/performance";

/// A curve: a name, and points of clients and a figure.
type Curve = (String, Vec<(f64, f64)>);

/// Writes the curves of the rows that were measured at several numbers of clients; their paths below `docs`.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(root: &Path, results: &Results, rows: &[Row]) -> Result<Vec<String>, String> {
    let figures = [
        (RATE, "rate", "a second", 1.0),
        (SERVER_CPU, "cpu", "µs of the server's CPU for one", 1e6),
    ];
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|e| format!("{FOLDER}: {e}"))?;
    let mut written = Vec::new();
    for row in rows {
        for (figure, short, label, factor) in figures {
            let curves = curves(results, row, figure, factor);
            if curves.iter().all(|(_, points)| points.len() < 2) {
                continue;
            }
            let name = format!("{}-{short}.svg", row.id);
            let title = format!("{}: {label}", row.title);
            fs::write(folder.join(&name), draw(&title, &curves))
                .map_err(|e| format!("{FOLDER}/{name}: {e}"))?;
            written.push(format!(
                "![{title}, over the number of clients](performance/{name})"
            ));
        }
    }
    Ok(written)
}

fn curves(results: &Results, row: &Row, figure: &str, factor: f64) -> Vec<Curve> {
    let curve = |name: &str| {
        let mut points: Vec<(f64, f64)> = results
            .of_row(row.id)
            .filter(|series| series.server == name)
            .filter_map(|series| {
                let clients = u32::try_from(series.clients).ok()?;
                Some((f64::from(clients), series.median(figure)? * factor))
            })
            .filter(|(clients, value)| *clients > 0.0 && *value > 0.0)
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        (name.to_owned(), points)
    };
    let curves = row.kinds.iter().map(|kind| curve(kind.name()));
    curves.filter(|(_, points)| !points.is_empty()).collect()
}

/// Where the figures lie in the picture.
struct Frame {
    /// Least and greatest number of clients, and least and greatest power of ten.
    clients: (f64, f64),
    powers: (f64, f64),
}

impl Frame {
    fn of(curves: &[Curve]) -> Self {
        let all = || curves.iter().flat_map(|(_, points)| points);
        let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let (bottom, top) = (
            least(&mut all().map(|p| p.1)).log10().floor(),
            most(&mut all().map(|p| p.1)).log10().ceil(),
        );
        Self {
            clients: (
                least(&mut all().map(|p| p.0)),
                most(&mut all().map(|p| p.0)),
            ),
            powers: (bottom, top.max(bottom + 1.0)),
        }
    }

    fn x(&self, clients: f64) -> f64 {
        let (least, most) = self.clients;
        let [left, _, right, _] = MARGINS;
        let share = (clients / least).log2() / (most / least).log2();
        left + share * (WIDTH - left - right)
    }

    fn y(&self, value: f64) -> f64 {
        let (bottom, top) = self.powers;
        let [_, above, _, below] = MARGINS;
        let share = (value.log10() - bottom) / (top - bottom);
        HEIGHT - below - share * (HEIGHT - above - below)
    }
}

/// The picture.
fn draw(title: &str, curves: &[Curve]) -> String {
    let frame = Frame::of(curves);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n"
    );
    grid(&mut svg, &frame, curves);
    let names = spread(
        curves
            .iter()
            .map(|(_, points)| points.last().map_or(HEIGHT, |(_, value)| frame.y(*value))),
    );
    for (index, ((name, points), place)) in curves.iter().zip(names).enumerate() {
        let colour = COLOURS.get(index % COLOURS.len()).unwrap_or(&"#222");
        let places: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{:.1},{:.1}", frame.x(*x), frame.y(*y)))
            .collect();
        let line = places.join(" ");
        add(
            &mut svg,
            format_args!(
                "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>"
            ),
        );
        for (x, y) in points {
            let (x, y, told) = (frame.x(*x), frame.y(*y), short(*y));
            add(
                &mut svg,
                format_args!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"><title>{told}</title></circle>"
                ),
            );
        }
        let x = WIDTH - MARGINS[2] + 10.0;
        let y = place + 4.0;
        add(
            &mut svg,
            format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{name}</text>"),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Lines at powers of ten, and a mark at each number of clients.
fn grid(svg: &mut String, frame: &Frame, curves: &[Curve]) {
    let [left, _, right, below] = MARGINS;
    let mut power = frame.powers.0;
    while power <= frame.powers.1 {
        let value = 10_f64.powf(power);
        let (y, told, end, before) = (frame.y(value), short(value), WIDTH - right, left - 8.0);
        add(
            svg,
            format_args!(
                "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\" stroke=\"#ccc\"/>\n\
             <text x=\"{before}\" y=\"{:.1}\" text-anchor=\"end\">{told}</text>",
                y + 4.0
            ),
        );
        power += 1.0;
    }
    let mut clients: Vec<f64> = curves
        .iter()
        .flat_map(|(_, points)| points.iter().map(|p| p.0))
        .collect();
    clients.sort_by(f64::total_cmp);
    clients.dedup();
    for count in clients {
        let (x, y) = (frame.x(count), HEIGHT - below + 18.0);
        add(
            svg,
            format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{count}</text>"),
        );
    }
    let (x, y) = (left.midpoint(WIDTH - right), HEIGHT - 8.0);
    add(
        svg,
        format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">clients</text>"),
    );
}

fn add(svg: &mut String, element: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(svg, "{element}").unwrap_or_default();
}

/// Heights of names, moved down where two would lie on each other.
fn spread(heights: impl Iterator<Item = f64>) -> Vec<f64> {
    const LINE: f64 = 16.0;
    let mut order: Vec<(usize, f64)> = heights.enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut least = f64::NEG_INFINITY;
    for (_, height) in &mut order {
        *height = height.max(least);
        least = *height + LINE;
    }
    order.sort_by_key(|(index, _)| *index);
    order.into_iter().map(|(_, height)| height).collect()
}

/// A number in few signs.
fn short(value: f64) -> String {
    if value >= 1_000.0 {
        let thousands = value / 1_000.0;
        return if thousands >= 10.0 {
            format!("{thousands:.0} k")
        } else {
            let told = format!("{thousands:.1}");
            format!("{} k", told.trim_end_matches(".0"))
        };
    }
    if value >= 10.0 {
        format!("{value:.0}")
    } else {
        let told = format!("{value:.2}");
        told.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::tests::results;
    use crate::bench::rows::{ROWS, find};
    use crate::bench::server::Kind;

    #[test]
    fn a_curve_goes_through_its_points_in_order() {
        let results = results(&[
            ("small-push", Kind::Wharfinger, 16, RATE, &[100.0]),
            ("small-push", Kind::Wharfinger, 1, RATE, &[10.0]),
            ("small-push", Kind::DockerRegistry, 1, RATE, &[1.0]),
        ]);
        let row = find("small-push").unwrap();
        let curves = curves(&results, row, RATE, 1.0);
        assert_eq!(
            curves[0],
            ("wharfinger".to_owned(), vec![(1.0, 10.0), (16.0, 100.0)])
        );
        let svg = draw("Pushes", &curves);
        // From the middle of the left edge to the upper right corner.
        assert!(
            svg.contains("<polyline points=\"72.0,178.0 512.0,44.0\""),
            "{svg}"
        );
        assert!(svg.contains(">docker-registry</text>"), "{svg}");
    }

    #[test]
    fn names_do_not_lie_on_each_other() {
        let places = spread([100.0, 98.0, 300.0].into_iter());
        assert!(places == vec![114.0, 98.0, 300.0], "{places:?}");
    }

    #[test]
    fn numbers_are_short() {
        let told = [0.5, 3.0, 42.4, 1_000.0, 1_530.0, 60_000.0].map(short);
        assert_eq!(told, ["0.5", "3", "42", "1 k", "1.5 k", "60 k"]);
    }

    #[test]
    fn only_rows_with_several_numbers_of_clients_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let results = results(&[
            ("small-push", Kind::Wharfinger, 16, RATE, &[100.0]),
            ("small-push", Kind::Wharfinger, 1, RATE, &[10.0]),
            ("blob-get", Kind::Wharfinger, 2, RATE, &[1.0]),
        ]);
        let written = write(folder.path(), &results, ROWS).unwrap();
        assert_eq!(
            written,
            [
                "![Push of an image of 10 KB: a second, over the number of clients](performance/small-push-rate.svg)"
            ]
        );
        let svg = folder.path().join("docs/performance/small-push-rate.svg");
        assert!(fs::read_to_string(svg).unwrap().starts_with("<svg"));
    }
}
