//! The macros of the tables of metrics and of sources.

/// Makes the enum, its list of names and its rows of one table, so that none of them can lack a metric.
macro_rules! metrics {
    (
        quantiles {$(
            $(#[$about:meta])* $quantile:ident = $prefix:literal $percentile:literal,
            $quantile_unit:ident, $quantile_better:ident, $quantile_topic:ident,
            $quantile_family:ident($quantile_kind:path);
        )*}
        plain {$(
            $(#[$doc:meta])* $metric:ident = $name:literal,
            $unit:ident, $better:ident, $topic:ident, $family:ident($kind:expr), [$($source:ident),*];
        )*}
    ) => {
        /// What a check measures.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Metric {
            $($(#[$about])* $quantile {
                /// The quantile, in (0, 1): 0.95 for p95.
                quantile: f64,
            },)*
            $($(#[$doc])* $metric,)*
        }

        /// Every metric without a quantile.
        const PLAIN: &[Metric] = &[$(Metric::$metric),*];
        /// How the names of those with a quantile begin, and such a name.
        const QUANTILES: &[(&str, &str, fn(f64) -> Metric)] = &[$(
            ($prefix, concat!($prefix, $percentile), |quantile| Metric::$quantile { quantile }),
        )*];

        impl Metric {
            fn spec(self) -> Spec {
                match self {
                    $(Metric::$quantile { quantile } => Spec {
                        name: $prefix,
                        unit: Unit::$quantile_unit,
                        better: Better::$quantile_better,
                        topic: Topic::$quantile_topic,
                        family: Family::$quantile_family($quantile_kind(quantile)),
                        sources: &[],
                    },)*
                    $(Metric::$metric => Spec {
                        name: $name,
                        unit: Unit::$unit,
                        better: Better::$better,
                        topic: Topic::$topic,
                        family: Family::$family($kind),
                        sources: &[$(Source::$source),*],
                    },)*
                }
            }

            /// The quantile, of those that are one.
            fn any_quantile(self) -> Option<f64> {
                match self {
                    $(Metric::$quantile { quantile } => Some(quantile),)*
                    $(Metric::$metric => None,)*
                }
            }
        }
    };
}

/// Makes the enum of sources, and what is known of each, from one table.
macro_rules! sources {
    ($($(#[$about:meta])* $source:ident = $name:literal, $label:literal, $how:literal;)*) => {
        /// A source of figures from inside the target.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Source {
            $($(#[$about])* #[serde(rename = $name)] $source,)*
        }

        impl Source {
            /// Every source.
            pub const ALL: &'static [Source] = &[$(Source::$source),*];

            /// The name that profiles and reports use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Source::$source => $name,)*
                }
            }

            /// What must be given so that the source is asked.
            pub fn how_to_ask(self) -> &'static str {
                match self {
                    $(Source::$source => $how,)*
                }
            }
        }

        impl std::fmt::Display for Source {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Source::$source => $label,)*
                })
            }
        }
    };
}
