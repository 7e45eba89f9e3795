//! Panels as SVG.

use super::{
    axis::TimeAxis,
    panels::{Panel, SeriesPanel},
};
use crate::error::{Error, Result};
use plotters::{
    chart::ChartBuilder,
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Circle, Polygon, Rectangle, Text},
    prelude::{LineSeries, RGBColor, SVGBackend},
    style::{Color, IntoFont, WHITE},
};
use std::fmt::Display;

/// Pixels.
const WIDTH: u32 = 960;
const FIRST_HEIGHT: u32 = 420;
const HEIGHT: u32 = 200;
const BAR_HEIGHT: u32 = 24;

const INK: RGBColor = RGBColor(27, 31, 36);
const GRID: RGBColor = RGBColor(221, 226, 231);
const ACCENT: RGBColor = RGBColor(11, 98, 184);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws panels one below the other.
///
/// # Errors
/// [`Error::Bug`] if they cannot be drawn.
pub fn svg(panels: &[Panel]) -> Result<String> {
    let height = |(place, panel): (usize, &Panel)| match panel {
        Panel::Bars { bars, .. } => 60 + BAR_HEIGHT * bars.len() as u32,
        Panel::Series(_) if place == 0 => FIRST_HEIGHT,
        Panel::Series(_) => HEIGHT,
    };
    let heights: Vec<u32> = panels.iter().enumerate().map(height).collect();
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, heights.iter().sum())).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let mut rest = root;
        for (panel, height) in panels.iter().zip(heights) {
            let (area, below) = rest.split_vertically(height);
            rest = below;
            match panel {
                Panel::Series(panel) => draw_series(&area, panel)?,
                Panel::Bars { title, bars } => draw_bars(&area, title, bars)?,
            }
        }
        rest.present().map_err(failed)?;
    }
    Ok(text)
}

fn failed(error: impl Display) -> Error {
    Error::Bug(format!("a plot cannot be drawn: {error}"))
}

fn draw_series(area: &Area<'_>, panel: &SeriesPanel) -> Result<()> {
    let SeriesPanel { title, points, line, band, written, is_share } = panel;
    let ends = band.iter().flat_map(|(time, lower, upper)| [(*time, *lower), (*time, *upper)]);
    let all = points.iter().chain(line).copied().chain(ends).filter(|(_, value)| value.is_finite());
    let none = (i64::MAX, i64::MIN, f64::INFINITY, f64::NEG_INFINITY);
    let (first, last, least, most) = all.fold(none, |(first, last, least, most), (time, value)| {
        (first.min(time), last.max(time), value.min(least), value.max(most))
    });
    if first > last {
        return Ok(());
    }
    let margin = if most > least { 0.05 * (most - least) } else { 0.5 * most.abs().max(1.0) };
    let axis = TimeAxis { first, last: last.max(first + 1) };
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(title, ("sans-serif", 18).into_font().color(&INK))
        .x_label_area_size(28)
        .y_label_area_size(72)
        .build_cartesian_2d(axis, (least - margin)..(most + margin))
        .map_err(failed)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(GRID)
        .x_labels(8)
        .y_labels(6)
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .x_label_formatter(&|time| axis.write(*time, *written))
        .y_label_formatter(&|value| if *is_share { format!("{:.1} %", 100.0 * value) } else { short(*value) })
        .draw()
        .map_err(failed)?;
    let upper = band.iter().map(|(time, _, upper)| (*time, *upper));
    let outline: Vec<(i64, f64)> = upper.chain(band.iter().rev().map(|(time, lower, _)| (*time, *lower))).collect();
    if outline.iter().all(|(_, value)| value.is_finite()) && !outline.is_empty() {
        chart.draw_series([Polygon::new(outline, ACCENT.mix(0.2))]).map_err(failed)?;
    }
    let finite =
        |points: &[(i64, f64)]| points.iter().copied().filter(|(_, value)| value.is_finite()).collect::<Vec<_>>();
    chart.draw_series(LineSeries::new(finite(line), ACCENT.stroke_width(2))).map_err(failed)?;
    chart.draw_series(finite(points).into_iter().map(|point| Circle::new(point, 1, INK.filled()))).map_err(failed)?;
    Ok(())
}

fn draw_bars(area: &Area<'_>, title: &str, bars: &[(String, f64)]) -> Result<()> {
    let style = |size: u32| ("sans-serif", size).into_font().color(&INK);
    area.draw(&Text::new(title.to_owned(), (12, 14), style(16))).map_err(failed)?;
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    for (row, (name, value)) in bars.iter().enumerate() {
        let top = 46 + row as i32 * BAR_HEIGHT as i32;
        let length = if most > 0.0 { (value / most * 560.0) as i32 } else { 0 };
        area.draw(&Text::new(name.clone(), (12, top), style(13))).map_err(failed)?;
        let bar = Rectangle::new([(300, top - 2), (300 + length, top + 14)], ACCENT.filled());
        area.draw(&bar).map_err(failed)?;
        area.draw(&Text::new(short(*value), (306 + length, top), style(12))).map_err(failed)?;
    }
    Ok(())
}

/// A number with as many digits as an axis needs.
fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        1e6.. => format!("{number:.3e}"),
        100.0.. => format!("{number:.0}"),
        1.0.. => format!("{number:.2}"),
        1e-3.. => format!("{number:.4}"),
        _ => format!("{number:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::axis::Written, *};

    fn panel(title: &str) -> Panel {
        Panel::Series(SeriesPanel {
            title: title.into(),
            points: vec![(0, 1.0), (86_400_000, f64::NAN), (172_800_000, 3.0)],
            line: vec![(172_800_000, 2.0), (259_200_000, 2.5)],
            band: vec![(172_800_000, 1.0, 3.0), (259_200_000, 1.0, 4.0)],
            written: Written::Date,
            is_share: false,
        })
    }

    #[test]
    fn names_are_text_of_the_drawing() {
        let name = "</text><script>alert('1')</script>&\"";
        let drawing = svg(&[panel(name), Panel::Bars { title: name.into(), bars: vec![(name.into(), 1.0)] }]).unwrap();
        assert!(!drawing.contains("<script") && drawing.contains("&lt;script&gt;"));
        assert_eq!(drawing.matches("<svg").count(), 1);
    }

    #[test]
    fn a_panel_has_its_points_its_line_and_its_band() {
        let drawing = svg(&[panel("a"), panel("b")]).unwrap();
        assert_eq!(drawing.matches("<circle").count(), 4, "two finite points in each");
        assert_eq!(drawing.matches("<polygon").count(), 2);
        let nothing = SeriesPanel {
            points: Vec::new(),
            line: Vec::new(),
            band: Vec::new(),
            ..match panel("") {
                Panel::Series(panel) => panel,
                Panel::Bars { .. } => unreachable!("a series"),
            }
        };
        svg(&[Panel::Series(nothing)]).unwrap();
    }
}
