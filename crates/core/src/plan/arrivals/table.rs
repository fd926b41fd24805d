//! The macro of the table of models.

/// Makes the enums of the models, and their calls, from one table, so that none of them can lack one.
macro_rules! arrivals {
    ($($(#[$about:meta])* $kind:ident: $model:ident = $name:literal;)*) => {
        /// When requests are due.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "kind")]
        pub enum Arrivals {
            $($(#[$about])* #[serde(rename = $name)] $kind($model),)*
        }

        /// A model of arrivals without its data, as a profile names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ArrivalKind {
            $($(#[$about])* $kind,)*
        }

        impl ArrivalKind {
            /// Every model.
            pub const ALL: &'static [ArrivalKind] = &[$(ArrivalKind::$kind),*];

            /// What a profile calls it.
            pub fn name(self) -> &'static str {
                match self {
                    $(ArrivalKind::$kind => $name,)*
                }
            }

            /// The keys of a scenario that go with this model and not with every other.
            pub fn keys(self) -> &'static [ArrivalKey] {
                match self {
                    $(ArrivalKind::$kind => <$model as ArrivalModel>::KEYS,)*
                }
            }

            /// The model that the keys describe; `None` when one that it needs is missing.
            pub fn read(self, keys: &ArrivalKeys) -> Option<Arrivals> {
                match self {
                    $(ArrivalKind::$kind => $model::read(keys).map(Arrivals::$kind),)*
                }
            }

            /// Why no request at all would be due in a judged part of this length, if so.
            pub fn nothing_due(self, keys: &ArrivalKeys, measure: Duration) -> Option<String> {
                match self {
                    $(ArrivalKind::$kind => $model::nothing_due(keys, measure),)*
                }
            }
        }

        impl Arrivals {
            /// Who sends the requests.
            pub fn senders(&self) -> Senders {
                match self {
                    $(Arrivals::$kind(model) => model.senders(),)*
                }
            }

            /// The same at another load of a search: so many users, or requests per second.
            #[must_use]
            pub fn at_load(&self, load: f64) -> Arrivals {
                match self {
                    $(Arrivals::$kind(model) => Arrivals::$kind(model.at_load(load)),)*
                }
            }

            /// The due times of this user, or of all requests where they are of no user in particular.
            fn due_times(&self, plan: &Plan, user: u32) -> ModelSchedule {
                match self {
                    $(Arrivals::$kind(model) => ModelSchedule::$kind(model.due_times(plan, user)),)*
                }
            }
        }

        /// As people say it: `100 users, each asking every 1.00 s to 2.00 s`.
        impl fmt::Display for Arrivals {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Arrivals::$kind(model) => model.fmt(f),)*
                }
            }
        }

        /// The due times of any model.
        #[derive(Debug, Clone)]
        enum ModelSchedule {
            $($kind(<$model as ArrivalModel>::Schedule),)*
        }

        impl Schedule for ModelSchedule {
            fn due(&self, k: u64, n: u64) -> u64 {
                match self {
                    $(ModelSchedule::$kind(times) => times.due(k, n),)*
                }
            }

            fn is_socket(&self) -> bool {
                match self {
                    $(ModelSchedule::$kind(times) => times.is_socket(),)*
                }
            }
        }
    };
}
