//! The macro of the tables of flags.

/// Makes of one table of flags: the struct with what was given of each, the rows, and the reader from one to the other.
///
/// A row is: field, its type, what the flag takes and how that is read (a reader of `value.rs`); name, alias or letter,
/// variables; whether the command that repeats a session has it, and whether it has an effect under `compare --ab`; help.
/// The field of a flag that is accepted without effect begins with an underscore.
///
/// `FIELD()` is the flag without its value.
macro_rules! flags {
    (
        $(#[$about:meta])*
        $table:ident {$(
            $field:ident: $type:ty = $reader:expr,
            $name:literal $(alias $alias:literal)? $(letter $letter:literal)?, [$($variable:literal),*],
            $rerun:ident, $ab:ident, $help:literal;
        )*}
        $(beside {$($(#[$note:meta])* $other:ident: $other_type:ty),*})?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default)]
        pub(in crate::harness) struct $table {
            $(pub(in crate::harness) $field: $type,)*
            $($($(#[$note])* pub(in crate::harness) $other: $other_type,)*)?
        }

        impl $table {
            /// The flags, in the order in which the help shows them.
            pub(in crate::harness) const ROWS: &[&Flag] = &[$(Self::$field()),*];

            $(pub(in crate::harness) const fn $field() -> &'static Flag {
                const FLAG: Flag = Flag {
                    name: $name,
                    aliases: &[$($alias)?],
                    letters: &[$($letter)?],
                    variables: &[$($variable),*],
                    takes: $reader.takes(),
                    rerun: Rerun::$rerun,
                    ab: Ab::$ab,
                    help: $help,
                };
                &FLAG
            })*

            /// Reads the values; what is wrong with them is added to `problems`.
            pub(in crate::harness) fn read(typed: &Typed, problems: &mut Vec<Diagnostic>) -> Self {
                Self {
                    $($field: {
                        let flag = Self::$field();
                        $reader.read(flag, typed.all(flag), problems)
                    },)*
                    $($($other: Default::default(),)*)?
                }
            }
        }
    };
}
