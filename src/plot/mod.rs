//! Plots of one customer: what Prophet's `plot` and `plot_components` show, and the importances of features.
//!
//! | module | content |
//! |---|---|
//! | `panels` | what is drawn, in numbers |
//! | `axis` | where times and seasons have their ticks |
//! | `draw` | panels as SVG |

mod axis;
mod draw;
mod panels;

pub use draw::svg;
pub use panels::{Panel, Request, panels};
