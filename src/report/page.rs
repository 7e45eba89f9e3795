//! The page as one file: its style, its scripts, and data that no browser takes for either.

use super::packed::{Packed, base64};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// uPlot, which draws series, as its authors minified it.
const UPLOT: &str = include_str!("vendor/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("vendor/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("vendor/uplot/LICENSE");

const STYLE: &str = include_str!("page/style.css");

/// The page's own scripts, in the order in which they need each other.
const SCRIPTS: [&str; 7] = [
    include_str!("page/text.js"),
    include_str!("page/data.js"),
    include_str!("page/bars.js"),
    include_str!("page/customers.js"),
    include_str!("page/charts.js"),
    include_str!("page/customer.js"),
    include_str!("page/page.js"),
];

/// Writes everything before the data. The page may load nothing and run nothing but the scripts of this program.
pub(super) fn begin(out: &mut impl Write, title: &str) -> io::Result<()> {
    let script = script();
    let hash = base64(&Sha256::digest(&script));
    let title = escaped(title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{hash}'; \
         style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – manyfit</title>\n\
         <style>\n{UPLOT_STYLE}\n{STYLE}</style>\n</head>\n<body>\n\
         <header><p class=\"maker\">manyfit report</p><h1><bdi>{title}</bdi></h1><p id=\"lead\">Unpacking…</p></header>\n\
         <noscript><p>This page needs scripts to show its data. It loads nothing from elsewhere.</p></noscript>\n\
         <main id=\"main\"></main>\n"
    )
}

/// Writes a block of data, which `write` writes as lines of JSON.
pub(super) fn write_data<W: Write>(
    out: W,
    id: &str,
    write: impl FnOnce(&mut Packed<W>) -> io::Result<()>,
) -> io::Result<W> {
    let mut out = out;
    write!(out, "<script type=\"text/plain\" id=\"{id}\">")?;
    let mut packed = Packed::new(out);
    write(&mut packed)?;
    let mut out = packed.finish()?;
    writeln!(out, "</script>")?;
    Ok(out)
}

/// Writes everything after the data.
pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    write!(out, "<script>{}</script>\n</body>\n</html>\n", script())
}

/// All scripts as one, so that one hash admits it.
fn script() -> String {
    // Its copyright notice goes with it.
    let licence = UPLOT_LICENCE.replace("*/", "* /");
    format!("/*! uPlot 1.6.32\n{licence}*/\n{UPLOT}\n(() => {{\n\"use strict\";\n{}\n}})();\n", SCRIPTS.join("\n"))
}

/// A text as HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // They would turn what follows them around.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_place_is_called_is_text_of_the_page() {
        let mut page = Vec::new();
        begin(&mut page, "out</title><script>alert(1)</script>\"'&\u{202e}").unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("<title>out&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{fffd}"));
        assert_eq!(page.matches("<script").count(), 0);
    }

    #[test]
    fn the_script_ends_where_the_page_ends_it() {
        let script = script().to_ascii_lowercase();
        assert!(!script.contains("</script") && !script.contains("<!--"));
        for source in SCRIPTS {
            assert!(!source.contains("innerHTML") && !source.contains("insertAdjacentHTML"));
        }
    }
}
