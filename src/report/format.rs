//! What follows from the table of report formats, whose rows are in the module above: beside those of their files.

use std::error::Error;

use thiserror::Error;

use super::Format;

/// Makes of one table the formats, their list, and what is known of each.
macro_rules! formats {
    ($($(#[$about:meta])* $format:ident = $name:literal, $file:literal, $help:literal, $render:path;)*) => {
        /// A format of report files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$about])* $format,)*
        }

        impl Format {
            /// Every format, in the order in which they are listed.
            pub const ALL: [Format; [$($name),*].len()] = [$(Format::$format),*];

            /// The name that flags use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Format::$format => $name,)*
                }
            }

            /// The file that a session writes.
            pub fn file(self) -> &'static str {
                match self {
                    $(Format::$format => $file,)*
                }
            }

            /// What it is, in half a line.
            pub fn about(self) -> &'static str {
                match self {
                    $(Format::$format => $help,)*
                }
            }

            /// The report in this format.
            ///
            /// # Errors
            /// When it can't be written so.
            pub fn render(self, report: &Report) -> Result<String, RenderError> {
                match self {
                    $(Format::$format => $render(report).rendered(),)*
                }
            }
        }
    };
}

/// Why a report could not be written in a format.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct RenderError(Box<dyn Error + Send + Sync>);

/// What a format's function returns: a text, or why there is none.
pub(super) trait Rendered {
    fn rendered(self) -> Result<String, RenderError>;
}

impl Rendered for String {
    fn rendered(self) -> Result<String, RenderError> {
        Ok(self)
    }
}

impl<E: Error + Send + Sync + 'static> Rendered for Result<String, E> {
    fn rendered(self) -> Result<String, RenderError> {
        self.map_err(|error| RenderError(Box::new(error)))
    }
}

impl Format {
    /// Reads a format as flags name it.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn names_and_files_are_there_once_and_read_back() {
        let files: BTreeSet<&str> = Format::ALL.iter().map(|format| format.file()).collect();
        assert_eq!(files.len(), Format::ALL.len());
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
        }
        assert_eq!(Format::parse("JSON"), None);
    }

    #[test]
    fn every_format_takes_every_report() {
        for report in [fixture::report(), fixture::hostile(), fixture::searches()] {
            for format in Format::ALL {
                assert!(!format.render(&report).expect("a text").is_empty());
            }
        }
    }

    #[test]
    fn every_format_is_in_the_book() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reports.md");
        let page = std::fs::read_to_string(path).expect("docs/reports.md is readable");
        for format in Format::ALL {
            let row = format!("| `{}` | `{}` | ", format.file(), format.name());
            assert!(page.contains(&row), "docs/reports.md lacks {row}");
        }
    }
}
